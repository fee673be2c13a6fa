"""Instances, for whoever may see them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import or_

from engine import policy
from engine.queries import shaped
from engine.queries.reading import Page, Reading
from engine.queries.views import InstanceItem
from engine.registry import Actor
from engine.store import tables as t

SORTS = {name: t.instance.c[name] for name in ("started_at", "ended_at", "business_key", "state")}


@dataclass(frozen=True)
class InstanceList:
    """Instances the actor may see. Three statements. `sort_by`: started_at, ended_at, business_key, state; `q` searches
    business key and process name."""

    actor: Actor
    state: str | None = None
    definition_key: str | None = None
    business_key: str | None = None
    started_by: str | None = None
    q: str | None = None
    sort_by: str = "started_at"
    sort_order: str = "desc"
    first_result: int = 0
    max_results: int = 50

    def answer(self, reading: Reading) -> Page[InstanceItem]:
        instance = t.instance.c
        query = shaped.instances().where(policy.instance_filter(self.actor))
        for column, value in (
            (instance.state, self.state),
            (instance.definition_key, self.definition_key),
            (instance.business_key, self.business_key),
            (instance.started_by, self.started_by),
        ):
            if value is not None:
                query = query.where(column == value)
        if self.q:
            query = query.where(
                or_(shaped.contains(instance.business_key, self.q), shaped.contains(t.definition.c.name, self.q))
            )
        column = SORTS.get(self.sort_by, instance.started_at)
        directed = column.asc() if self.sort_order == "asc" else column.desc()
        ordered = query.order_by(column.is_(None), directed, instance.id)
        rows = reading.connection.execute(shaped.limited(ordered, self.first_result, self.max_results)).all()
        known = shaped.names(reading.connection, (row.started_by for row in rows))
        return Page([shaped.instance_item(row, known) for row in rows], shaped.count(reading.connection, query))
