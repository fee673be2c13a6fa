"""Who belongs to which group, and where. A change ends the account's sessions: the next request sees the new rights."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, func, select

from engine import policy
from engine.errors import Invalid, NotFound, Refused
from engine.identity import audit, people, tokens
from engine.identity.tables import account, membership
from engine.registry import Actor, Membership
from engine.store.upsert import insert_new
from forms.i18n import T

if TYPE_CHECKING:
    from engine.commands.step import Step


def words(belongs: Membership) -> str:
    """`hr@unit:u01`, or `admin` for everywhere: how the command line and the history write a membership."""
    return f"{belongs.group}@{belongs.scope}" if belongs.scope else belongs.group


def read(text: str) -> Membership:
    """The reverse of `words`."""
    group, _, scope = text.strip().partition("@")
    return Membership(group, scope or None)


@dataclass(frozen=True)
class GrantMembership:
    """Answers `{"username", "group", "scope"}`; granting twice changes nothing. Raises Forbidden, NotFound, Invalid."""

    username: str
    membership: Membership
    actor: Actor | None
    at: datetime

    def execute(self, step: Step) -> dict[str, Any]:
        people.need_manager(self.actor)
        person = people.need(step.connection, self.username)
        if self.membership not in person.actor.memberships:
            add(step, person.actor.account_id, self.membership, self.actor)
            tokens.end_logins(step.connection, person.actor.account_id, at=self.at)
            data = {"username": person.actor.username, "group": words(self.membership)}
            audit.record(step, "membership_granted", data, actor=self.actor)
        return _answer(person.actor.username, self.membership)


@dataclass(frozen=True)
class RevokeMembership:
    """Answers as `GrantMembership`. Raises Forbidden, NotFound, Refused (LAST_ADMIN)."""

    username: str
    membership: Membership
    actor: Actor | None
    at: datetime

    def execute(self, step: Step) -> dict[str, Any]:
        people.need_manager(self.actor)
        person = people.need(step.connection, self.username)
        if self.membership not in person.actor.memberships:
            raise NotFound(T("这个账户不属于“{group}”。", group=words(self.membership)))
        step.connection.execute(
            delete(membership).where(
                membership.c.account_id == person.actor.account_id,
                membership.c.group_key == self.membership.group,
                membership.c.scope == (self.membership.scope or ""),
            )
        )
        if self.membership.group == policy.ADMIN:
            need_an_admin(step.connection)
        tokens.end_logins(step.connection, person.actor.account_id, at=self.at)
        data = {"username": person.actor.username, "group": words(self.membership)}
        audit.record(step, "membership_revoked", data, actor=self.actor)
        return _answer(person.actor.username, self.membership)


def add(step: Step, account_id: str, belongs: Membership, by: Actor | None) -> None:
    """One row. Raises Invalid for a group or scope that cannot be one."""
    for name, text, longest in (("group", belongs.group, 255), ("scope", belongs.scope or "-", 100)):
        if not text.strip() or len(text) > longest or not text.isprintable():
            raise Invalid({name: [T("组名或范围不能使用。")]})
    step.connection.execute(
        insert_new(step.connection, membership).values(
            account_id=account_id,
            group_key=belongs.group,
            scope=belongs.scope or "",
            granted_at=step.now,
            granted_by=by.username if by else None,
        )
    )


def need_an_admin(connection: Connection) -> None:
    """Raises Refused where nobody is left who could manage accounts."""
    left = connection.execute(
        select(func.count())
        .select_from(membership.join(account, account.c.id == membership.c.account_id))
        .where(membership.c.group_key == policy.ADMIN, account.c.disabled.is_(False))
    ).scalar_one()
    if not left:
        raise Refused(T("至少要留一位可用的管理员。"), code="LAST_ADMIN")


def _answer(username: str, belongs: Membership) -> dict[str, Any]:
    return {"username": username, "group": belongs.group, "scope": belongs.scope}
