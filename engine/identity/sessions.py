"""Browser sessions, kept by the server. The browser holds a random key, the database only its hash.

All times here are real time, handed in as `at`: a demonstration that stops the engine's clock must not stop a session from ending.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from engine.identity import people
from engine.identity.tables import account, session
from engine.registry import Actor

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
TOUCH = timedelta(minutes=1)  # `seen_at` is written at most this often, so that reading stays reading
KEEP = timedelta(days=2)  # an ended session still says whose half-filled form may be given back


@dataclass(frozen=True)
class Session:
    """A live session. `key_hash` names it in the database and is no secret worth stealing."""

    key_hash: str
    actor: Actor
    must_change: bool
    seen_at: datetime

    def stale(self, at: datetime) -> bool:
        return at - self.seen_at >= TOUCH


def key_hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


def open_(connection: Connection, account_id: str, *, address: str, at: datetime) -> str:
    """A new session; returns the key for the cookie (256 bits). Old rows are swept on the way."""
    key = secrets.token_urlsafe(32)
    connection.execute(delete(session).where(session.c.started_at < at - KEEP))
    connection.execute(
        insert(session).values(
            key_hash=key_hash(key), account_id=account_id, started_at=at, seen_at=at, address=address[:64]
        )
    )
    return key


def read(connection: Connection, key: str, *, at: datetime) -> Session | None:
    """The live session behind a key, or None: unknown, ended, idle too long, too old, or its account disabled."""
    its = session.c
    query = people.with_groups(its.key_hash, its.ended_at, its.seen_at, its.started_at)
    query = query.join(session, its.account_id == account.c.id).where(its.key_hash == key_hash(key))
    rows = connection.execute(query).all()
    person = people.of_rows(rows)
    if person is None or person.disabled:
        return None
    row = rows[0]
    if row.ended_at is not None or at - row.seen_at >= IDLE or at - row.started_at >= ABSOLUTE:
        return None
    return Session(row.key_hash, person.actor, person.must_change, row.seen_at)


def owner(connection: Connection, key: str) -> str | None:
    """Account id a session belonged to, live or ended; to give a lost form back to the one who typed it."""
    return connection.execute(select(session.c.account_id).where(session.c.key_hash == key_hash(key))).scalar()


def touch(connection: Connection, hashed: str, *, at: datetime) -> None:
    connection.execute(
        update(session)
        .where(session.c.key_hash == hashed, session.c.ended_at.is_(None), session.c.seen_at < at)
        .values(seen_at=at)
    )


def end(connection: Connection, hashed: str, *, at: datetime) -> None:
    connection.execute(
        update(session).where(session.c.key_hash == hashed, session.c.ended_at.is_(None)).values(ended_at=at)
    )


def end_all(connection: Connection, account_id: str, *, at: datetime) -> None:
    """After a change of password or membership: every browser logs in again."""
    connection.execute(
        update(session).where(session.c.account_id == account_id, session.c.ended_at.is_(None)).values(ended_at=at)
    )
