"""What the viewer paints: where an instance stands and where it has been, across the processes it called."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from engine import history
from engine.queries import shaped
from engine.queries.instance_view import visible
from engine.queries.reading import Reading
from engine.queries.veil import Veil
from engine.queries.views import ActiveElementItem, DiagramView
from engine.registry import Actor
from engine.store import tables as t


@dataclass(frozen=True)
class InstanceDiagram:
    """Where an instance stands and has been, for the viewer: the root diagram first, then called ones in the order they
    were entered. Six statements. Raises NotFound."""

    actor: Actor
    instance_id: str

    def answer(self, reading: Reading) -> list[DiagramView]:
        connection = reading.connection
        instance = visible(reading, self.actor, self.instance_id)
        veil = Veil.over(reading, self.actor, instance.deployment_id, instance.definition_key)
        part, definition = t.deployment_definition.c, t.definition.c
        visited = dict.fromkeys(
            (line.definition_key, line.element_id)
            for line in history.read(connection, instance.id)
            if line.element_id is not None and line.definition_key is not None
        )
        kept = connection.scalar(select(t.instance_state.c.active).where(t.instance_state.c.instance_id == instance.id))
        active = [ActiveElementItem(**each) for each in kept or ()] if not instance.ended_at else []
        timers = [
            shaped.timer_item(row)
            for row in connection.execute(
                select(t.timer).where(t.timer.c.instance_id == instance.id).order_by(t.timer.c.due_at)
            )
        ]
        incidents = [
            veil.incident(shaped.incident_item(row))
            for row in connection.execute(
                shaped.incidents().where(t.incident.c.instance_id == instance.id, t.incident.c.state != "resolved")
            )
        ]
        keys = list(dict.fromkeys([instance.definition_key, *(key for key, _ in visited)]))
        rows = connection.execute(
            select(definition.id, definition.key, definition.name)
            .join(t.deployment_definition, part.definition_id == definition.id)
            .where(part.deployment_id == instance.deployment_id, definition.kind == "process", definition.key.in_(keys))
        )
        found = {row.key: row for row in rows}
        return [
            DiagramView(
                definition_id=found[key].id,
                definition_key=key,
                name=found[key].name,
                active=tuple(each for each in active if each.definition_key == key),
                visited=tuple(element for place, element in visited if place == key),
                timers=tuple(each for each in timers if each.definition_key == key),
                incidents=tuple(each for each in incidents if each.definition_key == key),
            )
            for key in keys
            if key in found
        ]
