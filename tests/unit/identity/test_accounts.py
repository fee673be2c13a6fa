from __future__ import annotations

import pytest

from engine.engine import Engine
from engine.errors import Conflict, Forbidden, Invalid, NotFound, Refused, ZhipingError
from engine.identity import people
from engine.identity.accounts import AccountList, AccountView, CreateAccount, DisableAccount, SetPassword, WithPassword
from engine.identity.memberships import GrantMembership, RevokeMembership, read, words
from engine.registry import Actor, Membership
from tests.unit.identity.conftest import PASSWORD, Wall, account


def test_an_administrator_makes_accounts_with_one_time_passwords(engine_: Engine, admin: Actor) -> None:
    made = engine_.run(
        CreateAccount(
            username="HR-u01",
            name="王秀英",
            actor=admin,
            memberships=(Membership("hr", "unit:u01"), Membership("staff")),
        )
    )
    assert made["username"] == "hr-u01"
    assert made["one_time_password"]
    view = engine_.ask(AccountView(username="hr-u01", actor=admin))
    assert (view.name, view.must_change, view.disabled) == ("王秀英", True, False)
    assert view.memberships == (Membership("hr", "unit:u01"), Membership("staff"))


@pytest.mark.parametrize("username", ["", "a", "wang xiu", "王", "../etc", "a" * 65, "-x", "nul\x00nul"])
def test_usernames_that_cannot_be(engine_: Engine, admin: Actor, username: str) -> None:
    with pytest.raises(Invalid) as refused:
        engine_.run(CreateAccount(username=username, name="x", actor=admin))
    assert "username" in refused.value.errors


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\nb", "\x00"])
def test_names_that_cannot_be(engine_: Engine, admin: Actor, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        engine_.run(CreateAccount(username="wang", name=name, actor=admin))
    assert "name" in refused.value.errors


def test_a_username_is_given_once(engine_: Engine, admin: Actor) -> None:
    account(engine_, "wang")
    with pytest.raises(Conflict):
        engine_.run(CreateAccount(username="Wang", name="x", actor=admin))


def test_only_administrators_manage(engine_: Engine, admin: Actor, wall: Wall) -> None:
    for group in ("process_owner", "manager", "inspector", "hr"):
        somebody = account(engine_, group.replace("_", "-"), group)
        for command in (
            CreateAccount(username="new", name="x", actor=somebody),
            SetPassword(username="admin", actor=somebody, at=wall.now()),
            DisableAccount(username="admin", actor=somebody, at=wall.now()),
            GrantMembership(username=somebody.username, membership=Membership("admin"), actor=somebody, at=wall.now()),
            RevokeMembership(username="admin", membership=Membership("admin"), actor=somebody, at=wall.now()),
        ):
            with pytest.raises(Forbidden):
                engine_.run(command)  # type: ignore[arg-type]
        for query in (AccountList(actor=somebody), AccountView(username="admin", actor=somebody)):
            with pytest.raises(Forbidden):
                engine_.ask(query)  # type: ignore[arg-type]


def test_memberships_come_and_go(engine_: Engine, admin: Actor, wall: Wall) -> None:
    account(engine_, "wang")
    belongs = Membership("hr", "unit:u01")
    for _ in range(2):
        engine_.run(GrantMembership(username="wang", membership=belongs, actor=admin, at=wall.now()))
    assert engine_.ask(AccountView(username="wang", actor=admin)).memberships == (belongs,)
    with pytest.raises(NotFound):
        engine_.run(RevokeMembership(username="wang", membership=Membership("hr"), actor=admin, at=wall.now()))
    engine_.run(RevokeMembership(username="wang", membership=belongs, actor=admin, at=wall.now()))
    assert engine_.ask(AccountView(username="wang", actor=admin)).memberships == ()


@pytest.mark.parametrize(
    "belongs", [Membership(""), Membership("x" * 256), Membership("a\nb"), Membership("hr", "\x00")]
)
def test_groups_that_cannot_be(engine_: Engine, admin: Actor, wall: Wall, belongs: Membership) -> None:
    with pytest.raises(Invalid):
        engine_.run(GrantMembership(username="admin", membership=belongs, actor=admin, at=wall.now()))


def test_the_last_administrator_stays(engine_: Engine, admin: Actor, wall: Wall) -> None:
    for command in (
        DisableAccount(username="admin", actor=None, at=wall.now()),
        RevokeMembership(username="admin", membership=Membership("admin"), actor=None, at=wall.now()),
    ):
        with pytest.raises(Refused) as refused:
            engine_.run(command)  # type: ignore[arg-type]
        assert refused.value.code == "LAST_ADMIN"
    account(engine_, "admin2", "admin")
    with pytest.raises(Refused) as refused:
        engine_.run(DisableAccount(username="admin", actor=admin, at=wall.now()))
    assert refused.value.code == "SELF"
    engine_.run(DisableAccount(username="admin", actor=None, at=wall.now()))


def test_a_disabled_account_is_nobody_until_enabled(engine_: Engine, admin: Actor, wall: Wall) -> None:
    account(engine_, "wang")
    engine_.run(DisableAccount(username="wang", actor=admin, at=wall.now()))
    with engine_.store.snapshot() as connection, pytest.raises(NotFound):
        people.actor(connection, "wang")
    engine_.run(DisableAccount(username="wang", actor=admin, at=wall.now(), disabled=False))
    with engine_.store.snapshot() as connection:
        assert people.actor(connection, "WANG").username == "wang"


def test_lists_are_searched_and_paged(engine_: Engine, admin: Actor) -> None:
    for number in range(5):
        account(engine_, f"c-{number:03}", "candidate")
    account(engine_, "other_one", "staff")
    page = engine_.ask(AccountList(actor=admin, group="candidate", first_result=1, max_results=2))
    assert (page.total, [item.username for item in page.items]) == (5, ["c-001", "c-002"])
    assert [i.username for i in engine_.ask(AccountList(actor=admin, q="r_o")).items] == ["other_one"]
    assert engine_.ask(AccountList(actor=admin, q="%")).total == 0


def test_accounts_with_a_known_password_are_found(engine_: Engine, admin: Actor, wall: Wall) -> None:
    account(engine_, "c-001", password="demo-zhiping")
    account(engine_, "c-002", password="demo-zhiping")
    engine_.run(DisableAccount(username="c-002", actor=admin, at=wall.now()))
    assert engine_.ask(WithPassword("demo-zhiping")) == ["c-001"]


def test_nothing_of_a_refused_change_stays(engine_: Engine, admin: Actor) -> None:
    with pytest.raises(ZhipingError):
        engine_.run(CreateAccount(username="wang", name="x", actor=admin, memberships=(Membership("a\nb"),)))
    with pytest.raises(NotFound):
        engine_.ask(AccountView(username="wang", actor=admin))


@pytest.mark.parametrize("text", ["admin", "hr@unit:u01"])
def test_memberships_in_words(text: str) -> None:
    assert words(read(text)) == text


def test_the_password_is_not_in_the_commands_repr() -> None:
    assert PASSWORD not in repr(CreateAccount(username="x", name="x", actor=None, password=PASSWORD))
