"""The job rows: something to be looked at, at or after an instant, once per key.

A job is put in the transaction that wants it, and deleted in the transaction that has done it: so its effect happens
exactly once, although it may be tried more often. Attempts are counted before they run, because one that kills its
worker counts too; and a worker holds one job at a time, so that nothing is counted against a job that never began.
Leases are kept by the wall clock; `run_at` by the engine's. A lease begins with the name of its worker, and a lease that
is still written down when the job is free again says that its worker died with it.

Timers have no jobs until they are due: their rows are the truth, and `promote` turns what is due into jobs.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    delete,
    func,
    literal,
    or_,
    select,
    update,
)

from engine.store import tables as t
from engine.store.metadata import UtcDateTime, new_id
from engine.store.upsert import insert_new

TIMERS, DELIVER, START, RETRY, EFFECT = "timers", "deliver", "start", "retry", "effect"
RETRY_MANY = "retry_many"
MOVE, MOVE_BACK = "move", "move_back"
ACTIVATE = "activate"
MOST_ATTEMPTS = 3  # of a job whose workers die; one that fails and says so is tried as `backoff` tells
BATCH = 50  # timers that become jobs in one go


def _free(wall: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    return or_(t.job.c.lease_until.is_(None), t.job.c.lease_until < wall)


def _died_too_often() -> ColumnElement[bool]:
    return and_(t.job.c.attempts >= MOST_ATTEMPTS, t.job.c.lease.is_not(None))


# Built once: every job begins and ends with them.
_NOW: BindParameter[datetime] = bindparam("now", type_=UtcDateTime)
_WALL: BindParameter[datetime] = bindparam("wall", type_=UtcDateTime)
_NEXT = (
    select(t.job.c.id)
    .where(~t.job.c.failed, t.job.c.run_at <= _NOW, _free(_WALL), ~_died_too_often())
    .order_by(t.job.c.run_at, t.job.c.created_at)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_TAKE = (
    update(t.job)
    .where(t.job.c.id == _NEXT.scalar_subquery())
    .values(attempts=t.job.c.attempts + 1, lease=bindparam("token"), lease_until=bindparam("until"))
    .returning(t.job.c.id, t.job.c.kind, t.job.c.key, t.job.c.payload, t.job.c.instance_id, t.job.c.attempts)
)
_FINISH = delete(t.job).where(t.job.c.id == bindparam("job"), t.job.c.lease == bindparam("held"))


@dataclass(frozen=True)
class Job:
    id: str
    kind: str
    key: str
    payload: Mapping[str, Any]
    instance_id: str | None
    attempts: int  # this one included
    lease: str  # proves that whoever finishes the job still holds it


def worker_name() -> str:
    """A new one. Short, because each lease begins with it."""
    return secrets.token_hex(4)


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
    """Timers that nobody is looking at yet of instances that may move, the earliest first: read in the order of their index
    and left as soon as enough are found, however many wait."""
    timer, key = t.timer.c, literal(f"{TIMERS}:") + t.timer.c.instance_id
    return (
        select(timer.instance_id, timer.due_at)
        .join(t.instance, t.instance.c.id == timer.instance_id)
        .where(t.instance.c.state.in_(("active", "incident")), ~select(t.job.c.id).where(t.job.c.key == key).exists())
        .order_by(timer.due_at)
    )


def next_due(connection: Connection) -> datetime | None:
    """The earliest instant at which something is to be done; None when nothing waits for a time."""
    timer = connection.execute(_ripe_timers().limit(1)).first()
    job_at = connection.scalar(select(func.min(t.job.c.run_at)).where(~t.job.c.failed))
    return min((at for at in (timer.due_at if timer else None, job_at) if at is not None), default=None)


def promote(connection: Connection, now: datetime) -> None:
    """Turn due timers into jobs, one for each instance, the earliest `BATCH` first."""
    due: dict[str, datetime] = {}
    for instance_id, due_at in connection.execute(_ripe_timers().where(t.timer.c.due_at <= now).limit(BATCH)):
        due.setdefault(instance_id, due_at)
    if due:
        connection.execute(insert_new(connection, t.job), [_timers_job(now, *one) for one in due.items()])


def _timers_job(now: datetime, instance_id: str, due_at: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "key": timers_key(instance_id),
        "kind": TIMERS,
        "instance_id": instance_id,
        "payload": {"instance_id": instance_id},
        "run_at": due_at,
        "attempts": 0,
        "failed": False,
        "created_at": now,
    }


def take(connection: Connection, now: datetime, wall: datetime, worker: str, lease: timedelta) -> Job | None:
    """Lease the next due job to `worker` and count the attempt; None where there is none to be had."""
    token = f"{worker}:{secrets.token_hex(12)}"
    row = connection.execute(_TAKE, {"now": now, "wall": wall, "token": token, "until": wall + lease}).first()
    return Job(row.id, row.kind, row.key, row.payload, row.instance_id, row.attempts, token) if row else None


def given_up(connection: Connection, now: datetime, wall: datetime) -> Sequence[Row[Any]]:
    """Locks the due jobs whose last attempt was the last one they get, because its worker died too."""
    job = t.job
    rows = select(job).where(~job.c.failed, job.c.run_at <= now, _free(wall), _died_too_often())
    return connection.execute(rows.limit(BATCH).with_for_update(skip_locked=True)).all()


def abandoned(connection: Connection, worker: str | None) -> Sequence[Row[Any]]:
    """Locks the jobs that `worker` seems to hold although it does nothing; None means anybody's."""
    job = t.job
    rows = select(job).where(~job.c.failed, job.c.lease_until.is_not(None))
    if worker is not None:
        rows = rows.where(job.c.lease.startswith(f"{worker}:", autoescape=True))
    return connection.execute(rows.with_for_update()).all()


def rest(connection: Connection, job_id: str, until: datetime) -> None:
    """Nobody takes an abandoned job before `until` by the wall clock, so that what is behind it comes first."""
    connection.execute(update(t.job).where(t.job.c.id == job_id).values(lease_until=until))


def hold(connection: Connection, job: Job) -> bool:
    """Lock the job's row; False where somebody else has done it or taken it over meanwhile."""
    found = connection.scalar(select(t.job.c.lease).where(t.job.c.id == job.id).with_for_update())
    return found == job.lease


def held(connection: Connection, job: Job) -> bool:
    """As `hold`, in a snapshot: a look before something that cannot be taken back."""
    return connection.scalar(select(t.job.c.lease).where(t.job.c.id == job.id)) == job.lease


def finish(connection: Connection, job: Job) -> bool:
    """Take the job away, in the transaction that does it; False where somebody else has done it or taken it over."""
    return connection.execute(_FINISH, {"job": job.id, "held": job.lease}).rowcount == 1


def put_back(connection: Connection, job_id: str, run_at: datetime, attempts: int) -> None:
    """Let a job that is locked be tried again at `run_at`."""
    connection.execute(
        update(t.job).where(t.job.c.id == job_id).values(run_at=run_at, lease=None, lease_until=None, attempts=attempts)
    )


def give_up(connection: Connection, job_id: str, problem: Mapping[str, Any]) -> None:
    """`problem`: `{"code", "text": Text.dump()}`, for whoever looks at it."""
    connection.execute(
        update(t.job)
        .where(t.job.c.id == job_id)
        .values(failed=True, lease=None, lease_until=None, problem=dict(problem))
    )


def revive(connection: Connection, job_id: str, now: datetime) -> None:
    """A person lets a job that was given up be tried again."""
    connection.execute(
        update(t.job)
        .where(t.job.c.id == job_id)
        .values(failed=False, attempts=0, run_at=now, lease=None, lease_until=None, problem=None)
    )
