from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from engine import history
from engine.engine import Engine
from engine.errors import Busy, Forbidden, Invalid, TooMany, Unauthenticated
from engine.identity import accounts, login, passwords, sessions, tables, throttle, tokens
from engine.identity.accounts import DisableAccount, SetPassword
from engine.identity.memberships import GrantMembership, RevokeMembership
from engine.registry import Actor, Membership
from engine.store import tables as t
from forms.i18n import T
from tests.unit.identity.conftest import HERE, PASSWORD, START, Wall, account


def enter(engine: Engine, wall: Wall, username: str = "wang", password: str = PASSWORD, **more: str) -> login.Opened:
    return login.log_in(engine, username, password, address=more.pop("address", HERE), at=wall.now(), **more)


def kinds(engine: Engine) -> list[str]:
    with engine.store.snapshot() as connection:
        return [line.kind for line in history.every(connection)]


def rows(engine: Engine, table) -> list[dict]:  # type: ignore[no-untyped-def]
    with engine.store.snapshot() as connection:
        return [dict(row._mapping) for row in connection.execute(select(table))]


def test_a_login_opens_a_session_with_the_accounts_memberships(engine_: Engine, wall: Wall) -> None:
    account(engine_, "wang", "hr")
    opened = enter(engine_, wall, " WANG ")
    found = login.live_session(engine_, opened.key, at=wall.now())
    assert found is not None
    assert found.actor.username == "wang"
    assert found.actor.memberships == {Membership("hr")}
    assert kinds(engine_)[-1] == "logged_in"


def test_the_database_holds_neither_password_nor_key(engine_: Engine, wall: Wall) -> None:
    account(engine_, "wang")
    opened = enter(engine_, wall)
    issued = tokens.issue(engine_, "wang", PASSWORD, address=HERE, at=wall.now())
    for table in (tables.account, tables.session, tables.token, t.event):
        for row in rows(engine_, table):
            assert not {PASSWORD, opened.key, issued.token} & {str(value) for value in row.values()}
            assert PASSWORD not in str(row)
    assert len(opened.key) >= 43  # 256 bits


def test_wrong_unknown_and_disabled_are_answered_alike(engine_: Engine, wall: Wall) -> None:
    account(engine_, "wang")
    account(engine_, "gone")
    engine_.run(DisableAccount(username="gone", actor=None, at=wall.now()))
    answers = set()
    for username, password in (("wang", "wrong password"), ("nobody", PASSWORD), ("gone", PASSWORD), ("", "")):
        with pytest.raises(Unauthenticated) as refused:
            enter(engine_, wall, username, password)
        answers.add((refused.value.code, str(refused.value.text)))
    assert len(answers) == 1
    assert kinds(engine_).count("login_failed") == 4


def test_an_unknown_username_takes_as_long_as_a_known_one(engine_: Engine, wall: Wall, monkeypatch) -> None:
    """The time is the hash's: both names cost exactly one, with the same parameters."""
    account(engine_, "wang")
    costs: list[str] = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> bool:
            costs.append(str(hash).rsplit("$", 2)[0])
            return super().verify(hash, password)

    monkeypatch.setattr(passwords, "_hasher", Counting(time_cost=2, memory_cost=19 * 1024, parallelism=1))
    for name in ("wang", "nobody"):
        with pytest.raises(Unauthenticated):
            enter(engine_, wall, name, "wrong password")
    assert len(costs) == 2
    assert costs[0] == costs[1]


def test_a_username_nobody_has_is_not_written_down(engine_: Engine, wall: Wall) -> None:
    with pytest.raises(Unauthenticated):
        enter(engine_, wall, "my-secret-typed-here", "x")
    assert "my-secret-typed-here" not in str(rows(engine_, t.event)) + str(rows(engine_, tables.login_attempt))


def test_failures_are_delayed_ever_longer_and_even_the_right_password_waits(engine_: Engine, wall: Wall) -> None:
    account(engine_, "wang")
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            enter(engine_, wall, password="wrong password")
    with pytest.raises(TooMany) as waiting:
        enter(engine_, wall)
    assert waiting.value.facts["retry_after"] == 1
    wall.pass_(seconds=1)
    with pytest.raises(Unauthenticated):
        enter(engine_, wall, password="wrong password")
    wall.pass_(seconds=1)
    with pytest.raises(TooMany):
        enter(engine_, wall)
    wall.pass_(seconds=1)
    assert enter(engine_, wall).session.actor.username == "wang"
    with pytest.raises(Unauthenticated):  # the count has begun anew
        enter(engine_, wall, password="wrong password")


def test_others_can_log_in_meanwhile_and_the_owner_from_elsewhere(engine_: Engine, wall: Wall) -> None:
    account(engine_, "wang")
    account(engine_, "li")
    for _ in range(6):
        with pytest.raises((Unauthenticated, TooMany)):
            enter(engine_, wall, password="wrong password")
    assert enter(engine_, wall, "li").session.actor.username == "li"
    assert enter(engine_, wall, address="203.0.113.9").session.actor.username == "wang"


def test_an_address_that_tries_many_usernames_waits_too(engine_: Engine, wall: Wall) -> None:
    account(engine_, "wang")
    for number in range(50):
        engine_.run(login.BeginAttempt(username=f"user{number}", address=HERE, at=wall.now()))
    with pytest.raises(TooMany):
        enter(engine_, wall)
    assert enter(engine_, wall, address="203.0.113.9")


def test_sessions_end_when_idle_when_old_and_on_log_out(engine_: Engine, wall: Wall) -> None:
    account(engine_, "wang")
    opened = enter(engine_, wall)
    for _ in range(24):
        wall.pass_(minutes=29)
        if wall.now() - START < sessions.ABSOLUTE:
            assert login.live_session(engine_, opened.key, at=wall.now()) is not None
    wall.at = START + sessions.ABSOLUTE
    assert login.live_session(engine_, opened.key, at=wall.now()) is None

    again = enter(engine_, wall)
    assert login.live_session(engine_, again.key, at=wall.pass_(minutes=30)) is None

    third = enter(engine_, wall)
    login.log_out(engine_, third.session.key_hash, at=wall.now())
    assert login.live_session(engine_, third.key, at=wall.now()) is None
    assert login.session_owner(engine_, third.key) == third.session.actor.account_id


def test_a_login_replaces_the_browsers_old_session(engine_: Engine, wall: Wall) -> None:
    account(engine_, "wang")
    first = enter(engine_, wall)
    second = enter(engine_, wall, replaces=first.key)
    assert first.key != second.key
    assert login.live_session(engine_, first.key, at=wall.now()) is None
    assert login.live_session(engine_, second.key, at=wall.now()) is not None


@pytest.mark.parametrize("key", ["", "x", "\ud800", "a" * 10_000])
def test_keys_that_never_were_open_nothing(engine_: Engine, wall: Wall, key: str) -> None:
    assert login.live_session(engine_, key, at=wall.now()) is None
    assert tokens.actor_of(engine_, key, at=wall.now()) is None


def changes(wall: Wall) -> dict[str, object]:
    at = wall.now()
    return {
        "password": SetPassword(username="wang", actor=None, at=at),
        "granted": GrantMembership(username="wang", membership=Membership("expert"), actor=None, at=at),
        "revoked": RevokeMembership(username="wang", membership=Membership("hr"), actor=None, at=at),
        "disabled": DisableAccount(username="wang", actor=None, at=at),
    }


@pytest.mark.parametrize("change", ["password", "granted", "revoked", "disabled"])
def test_a_change_of_the_account_ends_its_sessions_and_tokens(engine_: Engine, wall: Wall, change: str) -> None:
    account(engine_, "wang", "hr")
    account(engine_, "li")
    mine, other = enter(engine_, wall), enter(engine_, wall, "li")
    token = tokens.issue(engine_, "wang", PASSWORD, address=HERE, at=wall.now()).token
    engine_.run(changes(wall)[change])  # type: ignore[arg-type]
    assert login.live_session(engine_, mine.key, at=wall.now()) is None
    assert tokens.actor_of(engine_, token, at=wall.now()) is None
    assert login.live_session(engine_, other.key, at=wall.now()) is not None


def test_tokens_expire_by_themselves(engine_: Engine, wall: Wall) -> None:
    account(engine_, "wang", "hr")
    issued = tokens.issue(engine_, "wang", PASSWORD, address=HERE, at=wall.now())
    assert issued.expires_at == START + timedelta(hours=12)
    found = tokens.actor_of(engine_, issued.token, at=issued.expires_at - timedelta(seconds=1))
    assert found is not None
    assert found.groups == {"hr"}
    assert tokens.actor_of(engine_, issued.token, at=issued.expires_at) is None


def test_a_one_time_password_opens_nothing_but_its_own_change(engine_: Engine, wall: Wall, admin: Actor) -> None:
    account(engine_, "wang")
    handed = engine_.run(SetPassword(username="wang", actor=admin, at=wall.now()))["one_time_password"]
    with pytest.raises(Unauthenticated):
        enter(engine_, wall)
    opened = enter(engine_, wall, password=handed)
    assert opened.session.must_change
    with pytest.raises(Forbidden) as refused:
        tokens.issue(engine_, "wang", handed, address=HERE, at=wall.now())
    assert refused.value.code == "PASSWORD_MUST_CHANGE"

    renewed = accounts.change_password(
        engine_, opened.session.actor, handed, "a better password", address=HERE, at=wall.now()
    )
    assert not renewed.session.must_change
    assert login.live_session(engine_, opened.key, at=wall.now()) is None
    assert login.live_session(engine_, renewed.key, at=wall.now()) is not None
    assert enter(engine_, wall, password="a better password")


def test_changing_the_own_password_needs_the_current_one(engine_: Engine, wall: Wall) -> None:
    actor = account(engine_, "wang")

    def change(current: str, new: str) -> dict[str, list[object]]:
        with pytest.raises(Invalid) as refused:
            accounts.change_password(engine_, actor, current, new, address=HERE, at=wall.now())
        return refused.value.errors  # type: ignore[return-value]

    assert "current" in change("wrong password", "a better password")
    assert "new" in change(PASSWORD, PASSWORD)
    assert "new" in change(PASSWORD, "short")
    assert enter(engine_, wall)


def test_reading_goes_on_while_nothing_can_be_written(
    engine_: Engine, wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> None:
    account(engine_, "wang")
    opened = enter(engine_, wall)

    def busy(*_: object) -> None:
        raise Busy(T("系统正忙，请稍后再试。"))

    monkeypatch.setattr(login.TouchSession, "execute", busy)
    assert login.live_session(engine_, opened.key, at=wall.pass_(minutes=5)) is not None


def test_many_tries_at_once_do_not_outrun_the_delay(engine_: Engine, wall: Wall) -> None:
    account(engine_, "wang")
    at = wall.now()

    def attempt(_: int) -> str:
        try:
            login.log_in(engine_, "wang", "wrong password", address=HERE, at=at)
        except (Unauthenticated, TooMany) as error:
            return error.code
        return "in"

    with ThreadPoolExecutor(8) as threads:
        answers = Counter(threads.map(attempt, range(24)))
    assert answers == {"LOGIN_FAILED": throttle.FREE_PER_ACCOUNT, "TOO_MANY": 24 - throttle.FREE_PER_ACCOUNT}
