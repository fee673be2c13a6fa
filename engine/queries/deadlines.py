"""What has a date: timers that will fire, and tasks that are due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import literal, select, union_all

from engine import policy
from engine.queries import shaped
from engine.queries.reading import Page, Reading
from engine.queries.views import DeadlineItem
from engine.registry import Actor
from engine.store import tables as t

RUNNING = ("active", "incident")


@dataclass(frozen=True)
class Deadlines:
    """Timers of the instances and due tasks the actor may see, earliest first, up to `until` (all where None). Two
    statements."""

    actor: Actor
    until: datetime | None = None
    first_result: int = 0
    max_results: int = 50

    def answer(self, reading: Reading) -> Page[DeadlineItem]:
        instance = t.instance.c
        parts = []
        for kind, table, condition in (
            ("timer", t.timer, policy.instance_filter(self.actor)),
            ("task", t.task, t.task_open & policy.task_filter(self.actor)),
        ):
            column = table.c
            query = (
                select(
                    literal(kind).label("kind"),
                    column.due_at.label("at"),
                    column.id,
                    column.element_id,
                    column.name,
                    column.definition_key,
                    column.instance_id,
                    instance.business_key,
                )
                .join(t.instance, instance.id == column.instance_id)
                .where(column.due_at.is_not(None), instance.state.in_(RUNNING), condition)
            )
            parts.append(query.where(column.due_at <= self.until) if self.until is not None else query)
        both = union_all(*parts).subquery()
        query = select(both)
        ordered = query.order_by(both.c.at, both.c.id)
        rows = reading.connection.execute(shaped.limited(ordered, self.first_result, self.max_results)).all()
        items = [
            DeadlineItem(
                kind=row.kind,
                at=row.at,
                id=row.id,
                element_id=row.element_id,
                name=row.name,
                definition_key=row.definition_key,
                process_instance_id=row.instance_id,
                business_key=row.business_key,
                overdue=row.at <= reading.now,
            )
            for row in rows
        ]
        return Page(items, shaped.count(reading.connection, query))
