"""The sign of life of the background work: so that a stop of the service is known even where nothing fell due in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import insert, select, update

from engine.commands.step import Step
from engine.store import tables as t
from engine.store.metadata import new_id
from engine.store.upsert import insert_new

NAME = "background"
EVERY = timedelta(minutes=1)
NOTICEABLE = timedelta(minutes=5)  # shorter silences are a restart or a busy machine


@dataclass(frozen=True)
class Beat:
    """Say that the background work is there, by the engine's clock. A silence since the last beat is kept for good.

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
        if step.now - last < NOTICEABLE:
            return False
        step.connection.execute(insert(t.silence).values(id=new_id(), from_at=last, to_at=step.now))
        return True
