"""The figures for monitoring: how much stands where, over everything; no content, so that it can be watched from outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, literal, select

from engine.commands.beat import DEAD_AFTER
from engine.jobs import queue
from engine.queries.reading import Reading
from engine.store import tables as t


@dataclass(frozen=True)
class Worker:
    """A process that does background work. Instants of real time, aware, UTC."""

    host: str
    pid: int
    started_at: datetime
    seen_at: datetime
    stopped_at: datetime | None  # in order
    alive: bool


@dataclass(frozen=True)
class Counts:
    """Seconds are by the engine's clock, but those of `background_age`, which are real; 0 where nothing waits."""

    open_tasks: int
    overdue_tasks: int
    incidents: int  # not resolved, `retrying` ones included
    incidents_by_code: Mapping[str, int]
    due_timers: int  # whose instant has come, in cases that may move
    oldest_due_timer: float
    waiting_jobs: int  # due and not done, those being worked on included
    oldest_job: float
    scheduled_jobs: int  # for later
    failed_jobs: int  # given up
    suspended_instances: int
    workers: tuple[Worker, ...]  # seen in the last week, the latest sign first
    background_age: float | None  # seconds since the latest sign of life; None where nobody ever gave one

    @property
    def workers_alive(self) -> int:
        return sum(worker.alive for worker in self.workers)

    @property
    def overdue(self) -> float:
        """Seconds that the oldest thing to be done in the background is late."""
        return max(self.oldest_due_timer, self.oldest_job)


@dataclass(frozen=True)
class Gauges:
    """Seven statements."""

    def answer(self, reading: Reading) -> Counts:
        connection, now = reading.connection, reading.now
        open_ = t.task_open
        late = func.count().filter(t.task.c.due_at <= now)
        tasks = connection.execute(select(func.count(), late).select_from(t.task).where(open_)).one()
        codes = connection.execute(
            select(t.incident.c.code, func.count()).where(t.incident.c.state != "resolved").group_by(t.incident.c.code)
        ).all()
        by_code = {code: int(count) for code, count in codes}
        # A timer whose job was given up is an incident, and not late because nobody looks.
        failed = select(t.job.c.id).where(
            t.job.c.key == literal(f"{queue.TIMERS}:") + t.timer.c.instance_id, t.job.c.failed
        )
        timers = connection.execute(
            select(func.count(), func.min(t.timer.c.due_at))
            .join(t.instance, t.instance.c.id == t.timer.c.instance_id)
            .where(t.timer.c.due_at <= now, t.instance.c.state.in_(("active", "incident")), ~failed.exists())
        ).one()
        job = t.job.c
        due = ~job.failed & (job.run_at <= now)
        jobs = connection.execute(
            select(
                func.count().filter(due),
                func.min(job.run_at).filter(due),
                func.count().filter(~job.failed & (job.run_at > now)),
                func.count().filter(job.failed),
            ).select_from(t.job)
        ).one()
        suspended = connection.scalar(select(func.count()).where(t.instance.c.state == "suspended")) or 0
        workers = _workers(reading)
        wall = reading.engine.wall.now()
        return Counts(
            open_tasks=tasks[0],
            overdue_tasks=tasks[1],
            incidents=sum(by_code.values()),
            incidents_by_code=by_code,
            due_timers=timers[0],
            oldest_due_timer=_age(timers[1], now),
            waiting_jobs=jobs[0],
            oldest_job=_age(jobs[1], now),
            scheduled_jobs=jobs[2],
            failed_jobs=jobs[3],
            suspended_instances=suspended,
            workers=workers,
            background_age=max(0.0, (wall - workers[0].seen_at).total_seconds()) if workers else None,
        )


def _workers(reading: Reading) -> tuple[Worker, ...]:
    fresh = reading.engine.wall.now() - DEAD_AFTER
    rows = reading.connection.execute(select(t.worker).order_by(t.worker.c.seen_at.desc()).limit(50))
    return tuple(
        Worker(
            row.host,
            row.pid,
            row.started_at,
            row.seen_at,
            row.stopped_at,
            row.stopped_at is None and row.seen_at > fresh,
        )
        for row in rows
    )


def _age(at: datetime | None, now: datetime) -> float:
    return max(0.0, (now - at).total_seconds()) if at is not None else 0.0
