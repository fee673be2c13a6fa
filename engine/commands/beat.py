"""Signs of life of the background work: so that a stop of the service is known even where nothing fell due in it, and
so that somebody sees at once that nobody works."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update

from engine import replies
from engine.commands.step import Step
from engine.store import tables as t
from engine.store.metadata import new_id
from engine.store.upsert import insert_new

NAME = "background"
EVERY = timedelta(minutes=1)
NOTICEABLE = timedelta(minutes=5)  # shorter silences are a restart or a busy machine


@dataclass(frozen=True)
class Beat:
    """Say that the background work is there, by the engine's clock. A silence since the last beat is kept for good; kept
    replies of more than a day are forgotten.

    Answers whether there was one of at least `NOTICEABLE`."""

    def execute(self, step: Step) -> bool:
        row = t.heartbeat
        made = step.connection.execute(insert_new(step.connection, row).values(name=NAME, at=step.now))
        if made.rowcount == 1:
            return False
        last = step.connection.execute(select(row.c.at).where(row.c.name == NAME).with_for_update()).scalar_one()
        if step.now <= last:
            return False
        step.connection.execute(update(row).where(row.c.name == NAME).values(at=step.now))
        if (step.now.date(), step.now.hour) != (last.date(), last.hour):
            replies.sweep(step.connection, step.now)
        if step.now - last < NOTICEABLE:
            return False
        step.connection.execute(insert(t.silence).values(id=new_id(), from_at=last, to_at=step.now))
        return True


SIGN_EVERY = timedelta(seconds=30)
DEAD_AFTER = timedelta(minutes=2)  # without a sign
FORGOTTEN_AFTER = timedelta(days=7)


@dataclass(frozen=True)
class SignOfLife:
    """A process says that it does background work. Both instants are real time, whatever the engine's clock says."""

    worker_id: str
    host: str
    pid: int
    started_at: datetime
    at: datetime

    def execute(self, step: Step) -> None:
        row = t.worker
        seen = update(row).where(row.c.id == self.worker_id).values(seen_at=self.at)
        if step.connection.execute(seen).rowcount:
            return
        step.connection.execute(delete(row).where(row.c.seen_at < self.at - FORGOTTEN_AFTER))
        values = {"id": self.worker_id, "host": self.host, "pid": self.pid, "started_at": self.started_at}
        step.connection.execute(insert(row).values(**values, seen_at=self.at))


@dataclass(frozen=True)
class SignOff:
    """A process ends its background work in order."""

    worker_id: str
    at: datetime

    def execute(self, step: Step) -> None:
        row = t.worker
        step.connection.execute(
            update(row).where(row.c.id == self.worker_id).values(seen_at=self.at, stopped_at=self.at)
        )
