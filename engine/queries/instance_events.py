"""The history of one instance."""

from __future__ import annotations

from dataclasses import dataclass

import orjson
from sqlalchemy import select

from engine.queries import shaped
from engine.queries.instance_view import visible
from engine.queries.reading import Page, Reading
from engine.queries.veil import Veil
from engine.queries.views import EventItem
from engine.registry import Actor
from engine.store import tables as t
from forms.i18n import Text


@dataclass(frozen=True)
class InstanceEvents:
    """The timeline of an instance, oldest first (`newest_first` turns it round), without what its process keeps secret. Three
    statements. Raises NotFound."""

    actor: Actor
    instance_id: str
    newest_first: bool = False
    first_result: int = 0
    max_results: int = 200

    def answer(self, reading: Reading) -> Page[EventItem]:
        instance = visible(reading, self.actor, self.instance_id)
        veil = Veil.over(reading, self.actor, instance.deployment_id, instance.definition_key)
        event = t.event.c
        query = select(t.event).where(event.stream == instance.id)
        ordered = query.order_by(event.seq.desc() if self.newest_first else event.seq)
        rows = reading.connection.execute(shaped.limited(ordered, self.first_result, self.max_results)).all()
        known = shaped.names(reading.connection, (row.actor for row in rows))
        items = []
        for row in rows:
            body = orjson.loads(row.body)
            who = veil.person(row.actor)
            items.append(
                EventItem(
                    seq=row.seq,
                    at=row.at,
                    actor=who,
                    actor_name=known.get(who, who) if who else None,
                    kind=row.kind,
                    element_id=row.element_id,
                    name=row.name,
                    definition_key=row.definition_key,
                    task_id=row.task_id,
                    data=veil.event_data(body["data"], row.definition_key, row.element_id, row.kind),
                    text=veil.event_text(row.kind, row.actor, Text.load(body["text"]) if body["text"] else None),
                    hash=row.hash,
                )
            )
        return Page(items, instance.events)
