"""What is open in every process, with its date: for those who watch over deadlines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, cast, exists, func, literal, null, or_, select, union_all

from engine import policy
from engine.queries import shaped
from engine.queries.reading import Reading
from engine.queries.views import DueCounts, DueItem, DueLines, ProcessCount
from engine.registry import Actor
from engine.store import tables as t
from engine.store.metadata import UtcDateTime

RUNNING = ("active", "incident")
WHENS = ("late", "week", "later", "undated")
SORTS = ("due_at", "process", "name", "assignee", "since")


@dataclass(frozen=True)
class DueList:
    """One line for every open task the actor may see; for a case that no person has, one for every timer it waits for, else
    one for itself. So every open case stands here, and once for everything it waits for. Six statements at most.

    `definition_key`: of the process that was started. `step_key`, `element_id`: of the process and step where it stands.
    `scopes`: cases that belong to one of them. `group`: offered to it. `assignee`: a username. `q`: in the step's name or
    the business key. `when`: late, week (due up to `week_ends`), later, undated. `sort_by`: one of `SORTS`; without
    a date comes last. The counts are of all lines that the other filters leave, whatever `when` is.
    """

    actor: Actor
    week_ends: datetime
    definition_key: str | None = None
    step_key: str | None = None
    element_id: str | None = None
    scopes: Sequence[str] | None = None
    group: str | None = None
    assignee: str | None = None
    q: str | None = None
    when: str | None = None
    sort_by: str = "due_at"
    sort_order: str = "asc"
    first_result: int = 0
    max_results: int = 50

    def answer(self, reading: Reading) -> DueLines:
        lines = self._lines().subquery("line")
        line, instance, definition = lines.c, t.instance.c, t.definition.c
        found = (
            select(
                lines,
                instance.business_key,
                instance.state.label("instance_state"),
                instance.definition_key.label("process_key"),
                definition.name.label("process_name"),
            )
            .join(t.instance, instance.id == line.instance_id)
            .join(t.definition, definition.id == instance.definition_id)
        )
        processes = _processes(reading, found)
        found = found.where(*self._wanted(line))
        counts = self._counts(reading, found)
        shown = found.where(self._dated(line.due_at, reading.now))
        columns = {"process": definition.name, "name": line.name, "assignee": line.assignee, "since": line.since}
        column = columns.get(self.sort_by, line.due_at)
        directed = column.desc() if self.sort_order == "desc" else column.asc()
        ordered = shown.order_by(column.is_(None), directed, line.due_at.is_(None), line.due_at, line.id)
        rows = reading.connection.execute(shaped.limited(ordered, self.first_result, self.max_results)).all()
        offered = shaped.offers(reading.connection, rows)
        known = shaped.names(reading.connection, (row.assignee for row in rows))
        items = [
            DueItem(
                kind=row.kind,
                id=row.id,
                element_id=row.element_id,
                name=row.name or "",
                definition_key=row.definition_key,
                process_instance_id=row.instance_id,
                process_key=row.process_key,
                process_name=row.process_name,
                business_key=row.business_key,
                instance_state=row.instance_state,
                candidate_groups=tuple(one.value for one in offered.get(row.id, []) if one.kind == "group"),
                candidate_users=tuple(one.value for one in offered.get(row.id, []) if one.kind == "user"),
                assignee=row.assignee,
                assignee_name=known.get(row.assignee, row.assignee),
                since=row.since,
                due_at=row.due_at,
                overdue=row.due_at is not None and row.due_at <= reading.now,
            )
            for row in rows
        ]
        total: int = getattr(counts, self.when) if self.when in WHENS else counts.total
        return DueLines(items, total, counts, processes)

    def _lines(self) -> Any:
        """Tasks, timers of cases that no person has, and cases that have neither; the same columns each."""
        instance, task, timer = t.instance.c, t.task.c, t.timer.c
        seen = policy.instance_filter(self.actor)
        no_task = ~exists().where(task.instance_id == instance.id, t.task_open)
        no_timer = ~exists().where(timer.instance_id == instance.id)
        tasks = select(
            literal("task").label("kind"),
            task.id,
            task.element_id,
            task.name,
            task.definition_key,
            task.instance_id,
            task.assignee,
            task.created_at.label("since"),
            task.due_at,
        ).where(t.task_open, policy.task_filter(self.actor))
        timers = (
            select(
                literal("timer"),
                timer.id,
                timer.element_id,
                timer.name,
                timer.definition_key,
                timer.instance_id,
                cast(null(), t.Key),
                cast(null(), UtcDateTime),
                timer.due_at,
            )
            .join(t.instance, instance.id == timer.instance_id)
            .where(instance.state.in_(RUNNING), no_task, seen)
        )
        cases = select(
            literal("case"),
            instance.id,
            cast(null(), t.Key),
            cast(null(), t.Name),
            instance.definition_key,
            instance.id,
            cast(null(), t.Key),
            instance.started_at,
            cast(null(), UtcDateTime),
        ).where(instance.state.in_((*RUNNING, "suspended")), no_task, no_timer, seen)
        return union_all(tasks, timers, cases)

    def _wanted(self, line: Any) -> list[ColumnElement[bool]]:
        wanted: list[ColumnElement[bool]] = []
        for column, value in (
            (t.instance.c.definition_key, self.definition_key),
            (line.definition_key, self.step_key),
            (line.element_id, self.element_id),
            (line.assignee, self.assignee),
        ):
            if value is not None:
                wanted.append(column == value)
        if self.scopes is not None:
            scope = t.instance_scope.c
            wanted.append(line.instance_id.in_(select(scope.instance_id).where(scope.scope.in_(self.scopes))))
        if self.group is not None:
            candidate = t.task_candidate.c
            offered = select(candidate.task_id).where(candidate.kind == "group", candidate.value == self.group)
            wanted.append(line.id.in_(offered))
        if self.q:
            wanted.append(or_(shaped.contains(line.name, self.q), shaped.contains(t.instance.c.business_key, self.q)))
        return wanted

    def _dated(self, due_at: ColumnElement[datetime], now: datetime) -> ColumnElement[bool]:
        spans = _spans(due_at, now, self.week_ends)
        return spans.get(self.when or "", literal(value=True))

    def _counts(self, reading: Reading, found: Select[Any]) -> DueCounts:
        line = found.subquery()
        spans = _spans(line.c.due_at, reading.now, self.week_ends)
        sums = [func.sum(case((condition, 1), else_=0)).label(name) for name, condition in spans.items()]
        row = reading.connection.execute(select(func.count().label("total"), *sums).select_from(line)).one()
        return DueCounts(row.total, row.late or 0, row.week or 0, row.later or 0, row.undated or 0)


def _spans(due_at: ColumnElement[Any], now: datetime, week_ends: datetime) -> dict[str, ColumnElement[bool]]:
    return {
        "late": due_at <= now,
        "week": and_(due_at > now, due_at <= week_ends),
        "later": and_(due_at > now, due_at > week_ends),
        "undated": due_at.is_(None),
    }


def _processes(reading: Reading, found: Select[Any]) -> tuple[ProcessCount, ...]:
    """The processes that have open lines, to choose from."""
    line = found.subquery()
    query = select(line.c.process_key, func.max(line.c.process_name).label("name"), func.count().label("n"))
    rows = reading.connection.execute(query.group_by(line.c.process_key).order_by(line.c.process_key))
    return tuple(ProcessCount(row.process_key, row.name, row.n) for row in rows)
