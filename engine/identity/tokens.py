"""API tokens for programs: random, shown once, kept as a hash, ending by themselves. Times are real time, handed in as `at`."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, insert, update

from engine.errors import Forbidden
from engine.identity import audit, login, people, sessions
from engine.identity.tables import account, token
from engine.registry import Actor
from engine.store.metadata import new_id
from forms.i18n import T

if TYPE_CHECKING:
    from engine.commands.step import Step
    from engine.engine import Engine
    from engine.queries.reading import Reading

LIFETIME = timedelta(hours=12)
PREFIX = "zp_"  # so that a leaked token is found by searching


@dataclass(frozen=True)
class Issued:
    token: str = field(repr=False)
    expires_at: datetime


def issue(engine: Engine, username: str, password: str, *, address: str, at: datetime) -> Issued:
    """A token for whoever knows the password. Raises Unauthenticated, TooMany, Forbidden (PASSWORD_MUST_CHANGE)."""
    person = login.check_password(engine, username, password, address=address, at=at)
    if person.must_change:
        raise Forbidden(T("请先登录网页，把发给您的一次性密码改掉。"), code="PASSWORD_MUST_CHANGE")
    return engine.run(IssueToken(account_id=person.actor.account_id, address=address, at=at))


def actor_of(engine: Engine, key: str, *, at: datetime) -> Actor | None:
    """Whose live token this is, or None."""
    return engine.ask(TokenActor(key=key, at=at))


@dataclass(frozen=True)
class IssueToken:
    """For an account whose password was just found right."""

    account_id: str
    address: str
    at: datetime

    def execute(self, step: Step) -> Issued:
        person = people.by_id(step.connection, self.account_id)
        if person is None or person.disabled:
            raise Forbidden(T("这个账户已停用。"))
        login.forgive(step.connection, person.actor.username, self.address)
        key = PREFIX + secrets.token_urlsafe(32)
        expires = self.at + LIFETIME
        step.connection.execute(delete(token).where(token.c.expires_at < self.at - LIFETIME))
        step.connection.execute(
            insert(token).values(
                id=new_id(),
                key_hash=sessions.key_hash(key),
                account_id=self.account_id,
                created_at=self.at,
                expires_at=expires,
            )
        )
        audit.record(step, "token_issued", {"address": self.address}, actor=person.actor)
        return Issued(key, expires)


@dataclass(frozen=True)
class TokenActor:
    key: str = field(repr=False)
    at: datetime

    def answer(self, reading: Reading) -> Actor | None:
        return actor(reading.connection, self.key, at=self.at)


def actor(connection: Connection, key: str, *, at: datetime) -> Actor | None:
    """Whose token this is, or None: unknown, ended, expired, account disabled or with a handed-out password."""
    query = people.with_groups(token.c.ended_at, token.c.expires_at)
    query = query.join(token, token.c.account_id == account.c.id).where(token.c.key_hash == sessions.key_hash(key))
    rows = connection.execute(query).all()
    person = people.of_rows(rows)
    if person is None or rows[0].ended_at is not None or at >= rows[0].expires_at:
        return None
    return None if person.disabled or person.must_change else person.actor


def end_logins(connection: Connection, account_id: str, *, at: datetime) -> None:
    """Every browser and every program of this account logs in again."""
    sessions.end_all(connection, account_id, at=at)
    end_all(connection, account_id, at=at)


def end_all(connection: Connection, account_id: str, *, at: datetime) -> None:
    connection.execute(
        update(token).where(token.c.account_id == account_id, token.c.ended_at.is_(None)).values(ended_at=at)
    )
