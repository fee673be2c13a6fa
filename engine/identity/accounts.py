"""Commands and queries over accounts. Only an administrator manages accounts; `actor` None is the command line of the machine itself.

Every change ends the sessions and tokens of the account it changes. `at` is real time (sessions), `step.now` the engine's (records).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, or_, select, update

from engine import policy
from engine.errors import Conflict, Invalid, Refused, Unauthenticated
from engine.identity import audit, login, memberships, passwords, people, tokens
from engine.identity.tables import account, membership
from engine.queries.reading import MOST_RESULTS, Page
from engine.registry import Actor, Membership
from engine.store.metadata import new_id
from forms.i18n import T

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from engine.commands.step import Step
    from engine.engine import Engine
    from engine.queries.reading import Reading

USERNAME = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}")


@dataclass(frozen=True)
class AccountItem:
    """What administration sees of an account. Datetimes aware, UTC."""

    id: str
    username: str
    name: str
    memberships: tuple[Membership, ...]
    disabled: bool
    must_change: bool
    created_at: datetime
    password_at: datetime


@dataclass(frozen=True)
class CreateAccount:
    """A new account. Without `password` and `password_hash` a one-time password is made, which must be changed at first login.

    Answers `{"id", "username", "name", "one_time_password": text or None}`. Raises Forbidden, Invalid, Conflict (username taken).
    """

    username: str
    name: str
    actor: Actor | None
    memberships: tuple[Membership, ...] = ()
    password: str | None = field(default=None, repr=False)
    password_hash: str | None = field(default=None, repr=False)  # made by `passwords.make_hash`, to make many at once
    must_change: bool = False

    def execute(self, step: Step) -> dict[str, Any]:
        people.need_manager(self.actor)
        username = people.normal(self.username)
        if not USERNAME.fullmatch(username):
            raise Invalid({"username": [T("用户名由 2 到 64 个小写字母、数字或 . _ - @ 组成，以字母或数字开头。")]})
        name = self.name.strip()
        if not name or len(name) > 100 or not name.isprintable():
            raise Invalid({"name": [T("请填写姓名，不超过 100 个字。")]})
        if people.find(step.connection, username) is not None:
            raise Conflict(T("用户名“{username}”已有人使用。", username=username))
        handed_out = None
        hashed = self.password_hash
        if hashed is None:
            handed_out = None if self.password is not None else passwords.one_time()
            hashed = passwords.make_hash(self.password or handed_out or "", username=username)
        account_id = new_id()
        step.connection.execute(
            insert(account).values(
                id=account_id,
                username=username,
                name=name,
                password_hash=hashed,
                must_change=self.must_change or handed_out is not None,
                disabled=False,
                created_at=step.now,
                password_at=step.now,
            )
        )
        for belongs in self.memberships:
            memberships.add(step, account_id, belongs, self.actor)
        groups = sorted(memberships.words(m) for m in self.memberships)
        audit.record(step, "account_created", {"username": username, "groups": groups}, actor=self.actor)
        return {"id": account_id, "username": username, "name": name, "one_time_password": handed_out}


@dataclass(frozen=True)
class SetPassword:
    """The administrator hands out a new password, to be changed at the next login. Answers `{"username", "one_time_password"}`.

    `password` (the command line only) sets that one instead. Raises Forbidden, NotFound, Invalid.
    """

    username: str
    actor: Actor | None
    at: datetime
    password: str | None = field(default=None, repr=False)

    def execute(self, step: Step) -> dict[str, Any]:
        people.need_manager(self.actor)
        person = people.need(step.connection, self.username)
        handed_out = None if self.password is not None else passwords.one_time()
        hashed = passwords.make_hash(self.password or handed_out or "", username=person.actor.username)
        _store_password(step, person.actor.account_id, hashed, must_change=handed_out is not None, at=self.at)
        audit.record(step, "password_reset", {"username": person.actor.username}, actor=self.actor)
        return {"username": person.actor.username, "one_time_password": handed_out}


def change_password(
    engine: Engine, actor: Actor, current: str, new: str, *, address: str, at: datetime
) -> login.Opened:
    """The own password. Every session and token of the account ends; the answer is a fresh session for this browser.

    Raises Invalid (`current` wrong; `new` too easy, or the same as before) and TooMany.
    """
    try:
        person = login.check_password(engine, actor.username, current, address=address, at=at)
    except Unauthenticated as error:
        raise Invalid({"current": [T("现在的密码不正确。")]}) from error
    if new == current:
        raise Invalid({"new": [T("新密码不能与现在的相同。")]})
    found = passwords.weakness(new, username=actor.username)
    if found:
        raise Invalid({"new": [found]})
    hashed = passwords.make_hash(new, username=actor.username)
    return engine.run(ReplacePassword(account_id=person.actor.account_id, password_hash=hashed, address=address, at=at))


@dataclass(frozen=True)
class ReplacePassword:
    """The second half of `change_password`: the current password was just found right."""

    account_id: str
    password_hash: str = field(repr=False)
    address: str
    at: datetime

    def execute(self, step: Step) -> login.Opened:
        _store_password(step, self.account_id, self.password_hash, must_change=False, at=self.at)
        opened = login.OpenSession(account_id=self.account_id, address=self.address, at=self.at).execute(step)
        audit.record(step, "password_changed", {}, actor=opened.session.actor)
        return opened


@dataclass(frozen=True)
class DisableAccount:
    """Nobody can log in with it any more; what it did stays. `disabled=False` lets it in again. Answers `{"username", "disabled"}`.

    Raises Forbidden, NotFound, Refused (LAST_ADMIN, SELF).
    """

    username: str
    actor: Actor | None
    at: datetime
    disabled: bool = True

    def execute(self, step: Step) -> dict[str, Any]:
        people.need_manager(self.actor)
        person = people.need(step.connection, self.username)
        if self.disabled and self.actor is not None and self.actor.account_id == person.actor.account_id:
            raise Refused(T("不能停用自己的账户。"), code="SELF")
        step.connection.execute(
            update(account).where(account.c.id == person.actor.account_id).values(disabled=self.disabled)
        )
        if self.disabled and policy.ADMIN in person.actor.groups:
            memberships.need_an_admin(step.connection)
        tokens.end_logins(step.connection, person.actor.account_id, at=self.at)
        kind = "account_disabled" if self.disabled else "account_enabled"
        audit.record(step, kind, {"username": person.actor.username}, actor=self.actor)
        return {"username": person.actor.username, "disabled": self.disabled}


@dataclass(frozen=True)
class AccountList:
    """Accounts by username. `q` searches username and name; `group` keeps its members. Raises Forbidden."""

    actor: Actor | None
    q: str | None = None
    group: str | None = None
    first_result: int = 0
    max_results: int = 50

    def answer(self, reading: Reading) -> Page[AccountItem]:
        people.need_manager(self.actor)
        found = select(account)
        if self.q:
            found = found.where(
                or_(
                    account.c.username.contains(self.q, autoescape=True),
                    account.c.name.contains(self.q, autoescape=True),
                )
            )
        if self.group:
            found = found.where(
                account.c.id.in_(select(membership.c.account_id).where(membership.c.group_key == self.group))
            )
        total = reading.connection.execute(select(func.count()).select_from(found.subquery())).scalar_one()
        rows = reading.connection.execute(
            found.order_by(account.c.username).offset(self.first_result).limit(min(self.max_results, MOST_RESULTS))
        ).all()
        belongs = _memberships(reading.connection, [row.id for row in rows])
        return Page([_item(row, belongs.get(row.id, ())) for row in rows], total)


@dataclass(frozen=True)
class AccountView:
    """One account. Raises Forbidden, NotFound."""

    username: str
    actor: Actor | None

    def answer(self, reading: Reading) -> AccountItem:
        people.need_manager(self.actor)
        account_id = people.need(reading.connection, self.username).actor.account_id
        row = reading.connection.execute(select(account).where(account.c.id == account_id)).one()
        return _item(row, _memberships(reading.connection, [account_id]).get(account_id, ()))


@dataclass(frozen=True)
class WithPassword:
    """Usernames of live accounts that can be entered with `password`. Slow on purpose; for `zhiping check`."""

    password: str = field(repr=False)
    at_most: int = 20

    def answer(self, reading: Reading) -> list[str]:
        rows = reading.connection.execute(
            select(account.c.username, account.c.password_hash)
            .where(account.c.disabled.is_(False), account.c.password_hash.is_not(None))
            .order_by(account.c.username)
        ).all()
        known: dict[str, bool] = {}  # demo accounts share one hash
        found = []
        for username, hashed in rows:
            if hashed not in known:
                known[hashed] = passwords.verify(self.password, hashed)
            if known[hashed]:
                found.append(username)
            if len(found) >= self.at_most:
                break
        return found


def _store_password(step: Step, account_id: str, hashed: str, *, must_change: bool, at: datetime) -> None:
    step.connection.execute(
        update(account)
        .where(account.c.id == account_id)
        .values(password_hash=hashed, must_change=must_change, password_at=step.now)
    )
    tokens.end_logins(step.connection, account_id, at=at)


def _memberships(connection: Connection, account_ids: Iterable[str]) -> dict[str, tuple[Membership, ...]]:
    rows = connection.execute(
        select(membership)
        .where(membership.c.account_id.in_(list(account_ids)))
        .order_by(membership.c.group_key, membership.c.scope)
    )
    found: dict[str, tuple[Membership, ...]] = {}
    for row in rows:
        found[row.account_id] = (*found.get(row.account_id, ()), Membership(row.group_key, row.scope or None))
    return found


def _item(row: Any, belongs: tuple[Membership, ...]) -> AccountItem:
    return AccountItem(
        row.id, row.username, row.name, belongs, row.disabled, row.must_change, row.created_at, row.password_at
    )
