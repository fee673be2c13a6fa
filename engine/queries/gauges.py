from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from engine.queries.reading import Reading
from engine.store import tables as t


@dataclass(frozen=True)
class Counts:
    """How much stands where, over everything; no content, so that it can be watched from outside."""

    open_tasks: int
    overdue_tasks: int
    incidents: int
    due_timers: int
    waiting_jobs: int


@dataclass(frozen=True)
class Gauges:
    """The figures for monitoring."""

    def answer(self, reading: Reading) -> Counts:
        def count(*conditions: object) -> int:
            return reading.connection.execute(select(func.count()).where(*conditions)).scalar_one()  # type: ignore[arg-type]

        open_ = t.task.c.state == "open"
        return Counts(
            open_tasks=count(open_),
            overdue_tasks=count(open_, t.task.c.due_at <= reading.now),
            incidents=count(t.incident.c.state != "resolved"),
            due_timers=count(t.timer.c.due_at <= reading.now),
            waiting_jobs=count(t.job.c.failed.is_(False), t.job.c.run_at <= reading.now),
        )
