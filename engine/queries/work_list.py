"""The work list: what there is to do, for whoever asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, func, or_, select

from engine import filters, policy
from engine.queries import shaped
from engine.queries.reading import MOST_RESULTS, Page, Reading
from engine.queries.views import TaskItem
from engine.registry import Actor
from engine.store import tables as t

SORTS = ("due_at", "created_at", "name")


@dataclass(frozen=True)
class WorkPage(Page[TaskItem]):
    """`late`: how many of what is the actor's to do are past their date, as far as they were counted. `release_id`: of
    the active release, so that a page needs no statement of its own to know it. Both only where they were asked for."""

    late: int = 0
    release_id: str | None = None


@dataclass(frozen=True)
class WorkList:
    """Open tasks the actor may see, overdue first by default. Two statements, one more for an empty page.

    `mine`: assigned to me, or unassigned and mine to take. `candidate_group`: offered to that group and unassigned.
    `due_before`: due before that instant. `process_variable`: name and value of variables of the case, all of which must
    fit (`engine/filters.py`). `q` searches name and business key. `sort_by`: due_at (without date last), created_at, name;
    `sort_order`: asc, desc. `counted`: how far to count; a list of twenty thousand is not read to its end for a figure
    that nobody reads to the last digit. `desk`: answer `late` and `release_id`, too.
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
    process_variable: Sequence[tuple[str, str]] = ()
    q: str | None = None
    sort_by: str = "due_at"
    sort_order: str = "asc"
    first_result: int = 0
    max_results: int = 50
    counted: int | None = None
    desk: bool = False

    def answer(self, reading: Reading) -> WorkPage:
        first, most = max(self.first_result, 0), min(max(self.max_results, 0), MOST_RESULTS)
        found = self._found(reading)
        if self.counted is not None:
            found = found.limit(max(self.counted + 1, first + most))
        # Looked for once, in the narrow index; whole rows are read for the page alone, and what is counted is counted here.
        seen = found.cte("found")
        told = self._told(reading, seen)
        page = select(seen.c.id).order_by(*self._order(seen)).offset(first).limit(most).subquery("page")
        query = shaped.tasks().add_columns(*told).join(page, page.c.id == t.task.c.id).order_by(*self._order(t.task))
        rows = reading.connection.execute(query).all()
        figures = rows[0] if rows else reading.connection.execute(select(*told)).one()
        total, more = figures.total, False
        if self.counted is not None and total > self.counted:
            total, more = self.counted, True
        late, release = (figures.late, figures.release) if self.desk else (0, None)
        return WorkPage(shaped.task_items(reading, self.actor, rows), total, more, late, release)

    def _found(self, reading: Reading) -> Select[Any]:
        """The ids of all that fit, in order."""
        task = t.task.c
        columns = [task.id, task.due_at, task.created_at]
        query = select(*columns, task.name) if self.sort_by == "name" else select(*columns)
        if self.q:
            query = query.join(t.instance, t.instance.c.id == task.instance_id)
        # What is the actor's to take they may see.
        allowed = policy.open_to(self.actor) if self.mine else policy.task_filter(self.actor)
        return query.where(t.task_open, allowed, *self._wanted(reading)).order_by(*self._order(t.task))

    def _told(self, reading: Reading, seen: FromClause) -> list[Any]:
        told = [select(func.count()).select_from(seen).scalar_subquery().label("total")]
        if self.desk:
            late = self._late(reading, seen).scalar_subquery().label("late")
            active = select(t.deployment.c.id).where(t.deployment.c.state == "active")
            told += [late, active.scalar_subquery().label("release")]
        return told

    def _late(self, reading: Reading, seen: FromClause) -> Select[Any]:
        narrowed = self.process_variable or self.q or self.due_before or self.candidate_group or self.assignee
        named = self.process_instance_id or self.definition_key or self.element_id
        if self.mine and self.sort_by == "due_at" and self.sort_order == "asc" and not (narrowed or named):
            return select(func.count()).select_from(seen).where(seen.c.due_at <= reading.now)
        late = select(t.task.c.id).where(t.task_open, policy.open_to(self.actor), t.task.c.due_at <= reading.now)
        if self.counted is not None:
            late = late.limit(self.counted)
        return select(func.count()).select_from(late.subquery())

    def _wanted(self, reading: Reading) -> list[ColumnElement[bool]]:
        task = t.task.c
        wanted: list[ColumnElement[bool]] = filters.fitting(self.actor, self.process_variable)
        for column, value in (
            (task.instance_id, self.process_instance_id),
            (task.definition_key, self.definition_key),
            (task.element_id, self.element_id),
            (task.assignee, self.assignee),
        ):
            if value is not None:
                wanted.append(column == value)
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

    def _order(self, rows: FromClause) -> list[Any]:
        column = rows.c[self.sort_by if self.sort_by in SORTS else "due_at"]
        directed = column.desc() if self.sort_order == "desc" else column.asc()
        return [directed.nulls_last() if column.key == "due_at" else directed, rows.c.created_at, rows.c.id]
