"""The job rows: something to be looked at, at or after an instant, once per key.

A job is put in the transaction that wants it, and deleted in the transaction that has done it: so its effect happens
exactly once, although it may be tried more often. Attempts are counted before they run, because one that kills its
worker counts too. Leases are kept by the wall clock; `run_at` by the engine's.

Timers have no jobs until they are due: their rows are the truth, and `promote` turns what is due into jobs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, delete, func, literal, or_, select, update

from engine.store import tables as t
from engine.store.metadata import new_id
from engine.store.upsert import insert_new

TIMERS, DELIVER, START, RETRY, EFFECT = "timers", "deliver", "start", "retry", "effect"
MOST_ATTEMPTS = 3
LEASE = timedelta(seconds=60)
BATCH = 20


@dataclass(frozen=True)
class Job:
    id: str
    kind: str
    key: str
    payload: Mapping[str, Any]
    instance_id: str | None
    attempts: int  # this one included
    lease: str  # proves that whoever finishes the job still holds it


def put(
    connection: Connection,
    now: datetime,
    kind: str,
    key: str,
    payload: Mapping[str, Any],
    *,
    run_at: datetime | None = None,
    instance_id: str | None = None,
) -> bool:
    """Ask for something to be done at `run_at` (now where None). False where the key is waiting already."""
    row = insert_new(connection, t.job).values(
        id=new_id(),
        key=key,
        kind=kind,
        instance_id=instance_id,
        payload=dict(payload),
        run_at=run_at or now,
        attempts=0,
        failed=False,
        created_at=now,
    )
    return connection.execute(row).rowcount == 1


def timers_key(instance_id: str) -> str:
    return f"{TIMERS}:{instance_id}"


def _ripe_timers() -> Select[Any]:
    """Instances that may move and have a timer nobody is looking at yet, with the earliest of their instants."""
    key = literal(f"{TIMERS}:") + t.timer.c.instance_id
    return (
        select(t.timer.c.instance_id, func.min(t.timer.c.due_at).label("due_at"))
        .join(t.instance, t.instance.c.id == t.timer.c.instance_id)
        .where(t.instance.c.state.in_(("active", "incident")), ~select(t.job.c.id).where(t.job.c.key == key).exists())
        .group_by(t.timer.c.instance_id)
    )


def next_due(connection: Connection) -> datetime | None:
    """The earliest instant at which something is to be done; None when nothing waits for a time."""
    ripe = _ripe_timers().subquery()
    timer_at = connection.scalar(select(func.min(ripe.c.due_at)))
    job_at = connection.scalar(select(func.min(t.job.c.run_at)).where(~t.job.c.failed))
    return min((at for at in (timer_at, job_at) if at is not None), default=None)


def take(connection: Connection, now: datetime, wall: datetime) -> tuple[list[Job], list[Row[Any]]]:
    """Lease what is due, at most `BATCH` jobs. Answers the jobs, and the rows of those tried too often, now given up."""
    due = _ripe_timers().where(t.timer.c.due_at <= now).order_by(func.min(t.timer.c.due_at)).limit(BATCH)
    for instance_id, due_at in connection.execute(due).all():
        put(
            connection,
            now,
            TIMERS,
            timers_key(instance_id),
            {"instance_id": instance_id},
            run_at=due_at,
            instance_id=instance_id,
        )
    job = t.job
    free = or_(job.c.lease_until.is_(None), job.c.lease_until < wall)
    rows = connection.execute(
        select(job)
        .where(and_(~job.c.failed, job.c.run_at <= now, free))
        .order_by(job.c.run_at, job.c.created_at)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    jobs, given_up = [], []
    for row in rows:
        if row.attempts >= MOST_ATTEMPTS:
            given_up.append(row)
            continue
        lease = new_id()
        connection.execute(
            update(job)
            .where(job.c.id == row.id)
            .values(attempts=row.attempts + 1, lease=lease, lease_until=wall + LEASE)
        )
        jobs.append(Job(row.id, row.kind, row.key, row.payload, row.instance_id, row.attempts + 1, lease))
    return jobs, given_up


def hold(connection: Connection, job: Job) -> bool:
    """Lock the job's row; False where somebody else has done it or taken it over meanwhile."""
    found = connection.scalar(select(t.job.c.lease).where(t.job.c.id == job.id).with_for_update())
    return found == job.lease


def finish(connection: Connection, job: Job) -> None:
    connection.execute(delete(t.job).where(t.job.c.id == job.id))


def put_back(connection: Connection, job: Job, run_at: datetime, *, uncounted: bool = False) -> None:
    """Let it be tried again at `run_at`; `uncounted` where the try never began."""
    attempts = job.attempts - 1 if uncounted else job.attempts
    connection.execute(
        update(t.job)
        .where(t.job.c.id == job.id, t.job.c.lease == job.lease)
        .values(run_at=run_at, lease=None, lease_until=None, attempts=attempts)
    )


def give_up(connection: Connection, job_id: str) -> None:
    connection.execute(update(t.job).where(t.job.c.id == job_id).values(failed=True, lease=None, lease_until=None))


def revive(connection: Connection, job_id: str, now: datetime) -> None:
    """A person lets a job that was given up be tried again."""
    connection.execute(
        update(t.job).where(t.job.c.id == job_id).values(failed=False, attempts=0, run_at=now, lease_until=None)
    )


def free_all(connection: Connection) -> None:
    """Take over every lease at once: only where no other process can be working (SQLite)."""
    connection.execute(update(t.job).where(t.job.c.lease.is_not(None)).values(lease=None, lease_until=None))
