"""Reading accounts: the one place where an account's rows become an `Actor`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from engine import policy
from engine.errors import Forbidden, NotFound
from engine.identity.tables import account, membership
from engine.registry import Actor, Membership
from forms.i18n import T


@dataclass(frozen=True)
class Person:
    """An account with everything that login and administration look at."""

    actor: Actor
    disabled: bool
    must_change: bool
    password_hash: str | None


def normal(username: str) -> str:
    """Usernames are compared without case and surrounding space."""
    return username.strip().lower()


def find(connection: Connection, username: str) -> Person | None:
    row = connection.execute(select(account).where(account.c.username == normal(username))).first()
    return _person(connection, row) if row else None


def by_id(connection: Connection, account_id: str) -> Person | None:
    row = connection.execute(select(account).where(account.c.id == account_id)).first()
    return _person(connection, row) if row else None


def need(connection: Connection, username: str) -> Person:
    """Raises NotFound."""
    person = find(connection, username)
    if person is None:
        raise NotFound(T("没有用户名为“{username}”的账户。", username=normal(username)))
    return person


def actor(connection: Connection, username: str) -> Actor:
    """The actor behind a username; a disabled account is none. Raises NotFound."""
    person = need(connection, username)
    if person.disabled:
        raise NotFound(T("账户“{username}”已停用。", username=person.actor.username))
    return person.actor


def need_manager(actor: Actor | None) -> None:
    """Raises Forbidden unless an administrator, or the command line of the machine (None), asks."""
    if actor is not None and not policy.allows(actor, "account.manage"):
        raise Forbidden(T("只有管理员可以管理账户。"))


def _person(connection: Connection, row: Row[Any]) -> Person:
    groups = connection.execute(
        select(membership.c.group_key, membership.c.scope).where(membership.c.account_id == row.id)
    )
    memberships = frozenset(Membership(group, scope or None) for group, scope in groups)
    return Person(
        actor=Actor(row.id, row.username, row.name, memberships),
        disabled=row.disabled,
        must_change=row.must_change,
        password_hash=row.password_hash,
    )
