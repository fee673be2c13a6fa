"""What could not be done, for those who put it right."""

from __future__ import annotations

from dataclasses import dataclass

from engine import policy
from engine.queries import shaped
from engine.queries.reading import Page, Reading
from engine.queries.veil import Veil
from engine.queries.views import IncidentItem
from engine.registry import Actor
from engine.store import tables as t


@dataclass(frozen=True)
class IncidentList:
    """Incidents of the instances the actor may see, newest first; `state` None means all that are not resolved."""

    actor: Actor
    state: str | None = None
    process_instance_id: str | None = None
    definition_key: str | None = None
    first_result: int = 0
    max_results: int = 50

    def answer(self, reading: Reading) -> Page[IncidentItem]:
        incident = t.incident.c
        query = shaped.incidents().where(policy.instance_filter(self.actor))
        query = query.where(incident.state == self.state if self.state else incident.state != "resolved")
        if self.process_instance_id is not None:
            query = query.where(incident.instance_id == self.process_instance_id)
        if self.definition_key is not None:
            query = query.where(incident.definition_key == self.definition_key)
        ordered = query.order_by(incident.created_at.desc(), incident.id)
        rows = reading.connection.execute(shaped.limited(ordered, self.first_result, self.max_results)).all()
        roots = {(row.deployment_id, row.root_key) for row in rows}
        veils = {root: Veil.over(reading, self.actor, *root) for root in roots}
        items = [veils[row.deployment_id, row.root_key].incident(shaped.incident_item(row)) for row in rows]
        return Page(items, shaped.count(reading.connection, query))
