"""The work list: what there is to do, for whoever asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from engine import policy
from engine.queries import shaped
from engine.queries.reading import Page, Reading
from engine.queries.views import TaskItem
from engine.registry import Actor
from engine.store import tables as t

SORTS = {"due_at": t.task.c.due_at, "created_at": t.task.c.created_at, "name": t.task.c.name}


@dataclass(frozen=True)
class WorkList:
    """Open tasks the actor may see, overdue first by default. Five statements at most.

    `mine`: assigned to me, or unassigned and mine to take. `candidate_group`: offered to that group and unassigned.
    `q` searches name and business key. `sort_by`: due_at (without date last), created_at, name; `sort_order`: asc, desc.
    """

    actor: Actor
    mine: bool = False
    process_instance_id: str | None = None
    definition_key: str | None = None
    element_id: str | None = None
    assignee: str | None = None
    candidate_group: str | None = None
    overdue: bool = False
    due_before: datetime | None = None
    q: str | None = None
    sort_by: str = "due_at"
    sort_order: str = "asc"
    first_result: int = 0
    max_results: int = 50

    def answer(self, reading: Reading) -> Page[TaskItem]:
        query = shaped.tasks().where(t.task.c.state == "open", policy.task_filter(self.actor), *self._wanted(reading))
        rows = reading.connection.execute(
            shaped.limited(query.order_by(*self._order()), self.first_result, self.max_results)
        ).all()
        return Page(shaped.task_items(reading, self.actor, rows), shaped.count(reading.connection, query))

    def _wanted(self, reading: Reading) -> list[ColumnElement[bool]]:
        task = t.task.c
        wanted: list[ColumnElement[bool]] = []
        for column, value in (
            (task.instance_id, self.process_instance_id),
            (task.definition_key, self.definition_key),
            (task.element_id, self.element_id),
            (task.assignee, self.assignee),
        ):
            if value is not None:
                wanted.append(column == value)
        if self.mine:
            wanted.append(policy.open_to(self.actor))
        if self.candidate_group is not None:
            candidate = t.task_candidate.c
            offered = select(candidate.task_id).where(
                candidate.kind == "group", candidate.value == self.candidate_group
            )
            wanted += [task.assignee.is_(None), task.id.in_(offered)]
        if self.overdue:
            wanted.append(task.due_at <= reading.now)
        if self.due_before is not None:
            wanted.append(task.due_at < self.due_before)
        if self.q:
            named = shaped.contains(task.name, self.q), shaped.contains(t.instance.c.business_key, self.q)
            wanted.append(or_(*named))
        return wanted

    def _order(self) -> list[Any]:
        column = SORTS.get(self.sort_by, t.task.c.due_at)
        directed = column.desc() if self.sort_order == "desc" else column.asc()
        return [column.is_(None), directed, t.task.c.created_at, t.task.c.id]
