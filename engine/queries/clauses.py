"""Which steps of the diagrams name a clause as their ground (property `clause`), and what each clause is called."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from engine import policy
from engine.bpmn.elements import split_names
from engine.errors import Forbidden, NotFound
from engine.queries.reading import Reading
from engine.registry import Actor
from engine.store import tables as t
from forms.i18n import T


@dataclass(frozen=True)
class ClauseStep:
    """One step that names one clause. `element_id` None: the process as a whole. `lane`: who does it, where a lane says so."""

    number: str
    definition_id: str
    definition_key: str
    process_name: str
    element_id: str | None
    name: str
    lane: str | None


@dataclass(frozen=True)
class ClauseSteps:
    """Every step of the active release that names a clause, process by process in the order of the files; with `definition_id`
    those of that one version of a process. One statement. Empty without a release. Raises Forbidden, NotFound."""

    actor: Actor
    definition_id: str | None = None

    def answer(self, reading: Reading) -> list[ClauseStep]:
        if not policy.allows(self.actor, "definition.read"):
            raise Forbidden(T("您没有这项权限。"), action="definition.read")
        deployment, part = t.deployment.c, t.deployment_definition.c
        if self.definition_id is None:
            asked = select(deployment.id).where(deployment.state == "active")
        else:
            asked = select(part.deployment_id).where(part.definition_id == self.definition_id).limit(1)
        release_id = reading.connection.scalar(asked)
        if release_id is None:
            if self.definition_id is not None:
                raise NotFound(T("没有这个定义。"))
            return []
        release = reading.engine.releases.get(reading.connection, release_id)
        found = []
        for key, info in sorted(release.bpmn.processes.items()):
            definition_id = release.definition_ids[("process", key)]
            if self.definition_id not in (None, definition_id):
                continue
            for number in split_names(info.properties.get("clause")):
                found.append(ClauseStep(number, definition_id, key, info.name, None, info.name, None))
            for element in info.elements.values():
                lane = element.lane.name if element.lane else None
                for number in split_names(element.properties.get("clause")):
                    found.append(ClauseStep(number, definition_id, key, info.name, element.id, element.label, lane))
        return found
