"""The history of one instance."""

from __future__ import annotations

from dataclasses import dataclass

from engine import history
from engine.queries import shaped
from engine.queries.instance_view import visible
from engine.queries.reading import MOST_RESULTS, Page, Reading
from engine.queries.veil import Veil
from engine.queries.views import EventItem
from engine.registry import Actor


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
        skipped, most = max(self.first_result, 0), min(max(self.max_results, 0), MOST_RESULTS)
        first = instance.events - skipped - most + 1 if self.newest_first else skipped + 1
        rows = history.read(reading.connection, instance.id, first, first + most - 1) if most else []
        if self.newest_first:
            rows.reverse()
        known = shaped.names(reading.connection, (row.actor for row in rows))
        items = []
        for row in rows:
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
                    data=veil.event_data(row.data, row.definition_key, row.element_id, row.kind),
                    text=veil.event_text(row.kind, row.actor, row.text),
                    hash=row.hash,
                )
            )
        return Page(items, instance.events)
