"""What could not be done, for those who put it right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from engine import policy
from engine.commands.allowed import require
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
    element_id: str | None = None
    code: str | None = None
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
        if self.element_id is not None:
            query = query.where(incident.element_id == self.element_id)
        if self.code is not None:
            query = query.where(incident.code == self.code)
        ordered = query.order_by(incident.created_at.desc(), incident.id)
        rows = reading.connection.execute(shaped.limited(ordered, self.first_result, self.max_results)).all()
        roots = {(row.deployment_id, row.root_key) for row in rows}
        veils = {root: Veil.over(reading, self.actor, *root) for root in roots}
        items = [veils[row.deployment_id, row.root_key].incident(shaped.incident_item(row)) for row in rows]
        return Page(items, shaped.count(reading.connection, query))


@dataclass(frozen=True)
class StandingStep:
    """How many cases stand still at one step for one cause: `open` wait for a person, `retrying` are tried again by themselves."""

    definition_key: str
    element_id: str | None  # None: a job that belongs to the case, not to a step
    open: int
    retrying: int
    since: datetime


@dataclass(frozen=True)
class IncidentGroup:
    """Everything that stands still for one cause, by step, most first."""

    code: str
    steps: tuple[StandingStep, ...]

    @property
    def open(self) -> int:
        return sum(step.open for step in self.steps)

    @property
    def retrying(self) -> int:
        return sum(step.retrying for step in self.steps)

    @property
    def since(self) -> datetime:
        return min(step.since for step in self.steps)


@dataclass(frozen=True)
class IncidentGroups:
    """What is not resolved, by cause, most first. One statement. Raises Forbidden."""

    actor: Actor

    def answer(self, reading: Reading) -> list[IncidentGroup]:
        require(self.actor, "incident.read")
        incident = t.incident.c
        place = (incident.code, incident.definition_key, incident.element_id)
        open_ = func.count().filter(incident.state == "open").label("waiting")
        retrying = func.count().filter(incident.state == "retrying").label("retrying")
        rows = reading.connection.execute(
            select(*place, open_, retrying, func.min(incident.created_at).label("since"))
            .where(incident.state != "resolved")
            .group_by(*place)
            .order_by(func.count().desc(), *place)
        )
        found: dict[str, list[StandingStep]] = {}
        for row in rows:
            step = StandingStep(row.definition_key, row.element_id, row.waiting, row.retrying, row.since)
            found.setdefault(row.code, []).append(step)
        groups = [IncidentGroup(code, tuple(steps)) for code, steps in found.items()]
        return sorted(groups, key=lambda group: (-group.open, -group.retrying, group.code))
