"""Which of many cases and tasks a reader may open, so that a list links only to what will not be refused."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select

from engine import policy
from engine.queries.reading import Reading
from engine.registry import Actor
from engine.store import tables as t


@dataclass(frozen=True)
class Visible:
    """The ids among those given that the actor may read: of instances, and of tasks. Two statements at most."""

    actor: Actor
    instance_ids: Collection[str] = ()
    task_ids: Collection[str] = ()

    def answer(self, reading: Reading) -> tuple[frozenset[str], frozenset[str]]:
        cases: frozenset[str] = frozenset()
        tasks: frozenset[str] = frozenset()
        if self.instance_ids:
            wanted = t.instance.c.id.in_(self.instance_ids), policy.instance_filter(self.actor)
            cases = frozenset(reading.connection.scalars(select(t.instance.c.id).where(*wanted)))
        if self.task_ids:
            asked = t.task.c.id.in_(self.task_ids), policy.task_filter(self.actor)
            tasks = frozenset(reading.connection.scalars(select(t.task.c.id).where(*asked)))
        return cases, tasks
