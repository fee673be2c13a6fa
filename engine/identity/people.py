"""Reading accounts: the one place where an account's rows become an `Actor`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, select

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
    return of_rows(connection.execute(with_groups().where(account.c.username == normal(username))).all())


def by_id(connection: Connection, account_id: str) -> Person | None:
    return of_rows(connection.execute(with_groups().where(account.c.id == account_id)).all())


def with_groups(*columns: ColumnElement[Any]) -> Select[Any]:
    """An account with one row for each of its memberships, one without any; `columns` of what the caller joins to it.
    Every request begins with this: who somebody is costs one statement."""
    kept = (account.c.id, account.c.username, account.c.name, account.c.disabled, account.c.must_change)
    groups = (account.c.password_hash, membership.c.group_key, membership.c.scope)
    return (
        select(*kept, *groups, *columns)
        .select_from(account)
        .outerjoin(membership, membership.c.account_id == account.c.id)
    )


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


def of_rows(rows: Sequence[Row[Any]]) -> Person | None:
    """The person in the rows of `with_groups`; None where there are none."""
    if not rows:
        return None
    row = rows[0]
    groups = frozenset(Membership(each.group_key, each.scope or None) for each in rows if each.group_key is not None)
    return Person(
        actor=Actor(row.id, row.username, row.name, groups),
        disabled=row.disabled,
        must_change=row.must_change,
        password_hash=row.password_hash,
    )
