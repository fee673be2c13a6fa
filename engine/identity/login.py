"""Logging in and out, by password for browsers and by token for programs.

The slow part, the password hash, is worked outside any transaction: an attempt is counted as failed before it is tried, and
the count is taken back after success, so that tries in parallel cannot outrun the delay. `at` is real time everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import Connection, delete, update
from sqlalchemy.exc import DBAPIError

from engine.errors import Busy, TooMany, Unauthenticated
from engine.identity import attempts, audit, passwords, people, sessions, throttle
from engine.identity.tables import login_attempt
from forms.i18n import T

if TYPE_CHECKING:
    from engine.commands.step import Step
    from engine.engine import Engine
    from engine.queries.reading import Reading


log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Opened:
    """A fresh session; `key` goes into the cookie and is kept nowhere else."""

    key: str = field(repr=False)
    session: sessions.Session


def log_in(
    engine: Engine, username: str, password: str, *, address: str, at: datetime, replaces: str | None = None
) -> Opened:
    """Open a session. `replaces` is the key of a session to end (the browser's old one).

    Raises Unauthenticated (unknown, wrong, disabled: all the same) and TooMany.
    """
    person = check_password(engine, username, password, address=address, at=at)
    return engine.run(OpenSession(account_id=person.actor.account_id, address=address, at=at, replaces=replaces))


def check_password(engine: Engine, username: str, password: str, *, address: str, at: datetime) -> people.Person:
    """The account if the password is right; counts and records the attempt. Raises as `log_in`."""
    attempt = engine.run(BeginAttempt(username=username, address=address, at=at))
    matches = passwords.verify(password, attempt.password_hash if attempt else None)
    if attempt is None or attempt.disabled or not matches:
        engine.run(RecordFailure(username=username, address=address))
        raise Unauthenticated(T("用户名或密码不正确。"), code="LOGIN_FAILED")
    return attempt


def live_session(engine: Engine, key: str, *, at: datetime) -> sessions.Session | None:
    """The session behind a cookie, kept alive by being used."""
    found = engine.ask(SessionOf(key=key, at=at))
    if found is not None and found.stale(at):
        try:
            engine.run(TouchSession(key_hash=found.key_hash, at=at))
        except (Busy, DBAPIError) as error:
            # While nothing can be written (a stalled writer, a full disk) people can still read.
            log.warning("session not touched", error=type(error).__name__)
    return found


def session_owner(engine: Engine, key: str) -> str | None:
    return engine.ask(SessionOwner(key=key))


def log_out(engine: Engine, key_hash: str, *, at: datetime) -> None:
    engine.run(EndSession(key_hash=key_hash, at=at))


@dataclass(frozen=True)
class BeginAttempt:
    """Counts an attempt and gives the account it is for (None: no such account). Raises TooMany while a wait is running."""

    username: str
    address: str
    at: datetime

    def execute(self, step: Step) -> people.Person | None:
        connection = step.connection
        attempts.forget_old(connection, self.at)
        subjects = throttle.subjects(people.normal(self.username), self.address)
        counts = {subject: attempts.lock_count(connection, subject, self.at) for subject, _ in subjects}
        wait = max(throttle.wait_left(counts[s][0], free, counts[s][1], self.at) for s, free in subjects)
        if wait:
            seconds = max(1, round(wait.total_seconds()))
            raise TooMany(T("尝试次数过多，请在 {seconds} 秒后再试。", seconds=seconds), retry_after=seconds)
        for subject, (failures, _) in counts.items():
            connection.execute(
                update(login_attempt)
                .where(login_attempt.c.subject == subject)
                .values(failures=failures + 1, last_at=self.at)
            )
        return people.find(connection, self.username)


@dataclass(frozen=True)
class RecordFailure:
    username: str
    address: str

    def execute(self, step: Step) -> None:
        person = people.find(step.connection, self.username)
        # A username nobody has may be a password typed into the wrong box: it is not written down.
        username = person.actor.username if person else None
        audit.record(step, "login_failed", {"username": username, "address": self.address})


@dataclass(frozen=True)
class OpenSession:
    """Takes back the counted attempt and opens a session for an account whose password was right."""

    account_id: str
    address: str
    at: datetime
    replaces: str | None = field(default=None, repr=False)

    def execute(self, step: Step) -> Opened:
        connection = step.connection
        person = people.by_id(connection, self.account_id)
        if person is None or person.disabled:
            raise Unauthenticated(T("用户名或密码不正确。"), code="LOGIN_FAILED")
        forgive(connection, person.actor.username, self.address)
        if self.replaces:
            sessions.end(connection, sessions.key_hash(self.replaces), at=self.at)
        key = sessions.open_(connection, self.account_id, address=self.address, at=self.at)
        audit.record(step, "logged_in", {"address": self.address}, actor=person.actor)
        return Opened(key, sessions.Session(sessions.key_hash(key), person.actor, person.must_change, self.at))


@dataclass(frozen=True)
class EndSession:
    key_hash: str
    at: datetime

    def execute(self, step: Step) -> None:
        sessions.end(step.connection, self.key_hash, at=self.at)


@dataclass(frozen=True)
class TouchSession:
    key_hash: str
    at: datetime

    def execute(self, step: Step) -> None:
        sessions.touch(step.connection, self.key_hash, at=self.at)


@dataclass(frozen=True)
class SessionOf:
    key: str = field(repr=False)
    at: datetime

    def answer(self, reading: Reading) -> sessions.Session | None:
        return sessions.read(reading.connection, self.key, at=self.at)


@dataclass(frozen=True)
class SessionOwner:
    key: str = field(repr=False)

    def answer(self, reading: Reading) -> str | None:
        return sessions.owner(reading.connection, self.key)


def forgive(connection: Connection, username: str, address: str) -> None:
    """After a success: the account's count from this address is gone, the address' own goes one down."""
    (own, _), (shared, _) = throttle.subjects(people.normal(username), address)
    connection.execute(delete(login_attempt).where(login_attempt.c.subject == own))
    connection.execute(
        update(login_attempt)
        .where(login_attempt.c.subject == shared, login_attempt.c.failures > 0)
        .values(failures=login_attempt.c.failures - 1)
    )
