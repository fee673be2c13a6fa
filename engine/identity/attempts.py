"""Counting what went wrong, by subject: failed logins (`login`) and wrong guesses (`guesses`)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, select

from engine.identity import throttle
from engine.identity.tables import login_attempt
from engine.store.upsert import insert_new


def lock_count(connection: Connection, subject: str, at: datetime) -> tuple[int, datetime]:
    """Failures and when the last was; the row is made and held, so that others with the same subject wait here."""
    connection.execute(insert_new(connection, login_attempt).values(subject=subject, failures=0, last_at=at))
    row = connection.execute(
        select(login_attempt.c.failures, login_attempt.c.last_at)
        .where(login_attempt.c.subject == subject)
        .with_for_update()
    ).one()
    if at - row.last_at >= throttle.FORGET:
        return 0, at
    return row.failures, row.last_at


def forget_old(connection: Connection, at: datetime) -> None:
    # Rows that somebody holds are left for the next time: waiting for them here could end in a deadlock.
    old = (
        select(login_attempt.c.subject)
        .where(login_attempt.c.last_at < at - throttle.FORGET)
        .with_for_update(skip_locked=True)
    )
    connection.execute(delete(login_attempt).where(login_attempt.c.subject.in_(old)))
