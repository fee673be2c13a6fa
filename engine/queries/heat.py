"""Where the cases of one diagram stand, how many of them are late, and how long people take there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

from sqlalchemy import String, cast, func, select

from engine import policy
from engine.errors import Forbidden
from engine.queries import shaped
from engine.queries.definitions import DefinitionView
from engine.queries.reading import Page, Reading
from engine.queries.views import HeatPlace, HeatView, InstanceItem
from engine.registry import Actor
from engine.store import tables as t
from forms.i18n import T

LATEST = 500  # completions that the medians look at
ONLY = ("late", "incident")


@dataclass(frozen=True)
class Heat:
    """For every step of one version of a process, also where another process calls it: the running cases that stand there,
    those of them with an overdue task, failures, and the median time of the latest 500 tasks done. Seconds. Seven
    statements. Raises NotFound, Forbidden."""

    actor: Actor
    definition_id: str

    def answer(self, reading: Reading) -> HeatView:
        key = _readable(reading, self.actor, self.definition_id)
        task = t.task.c
        standing: dict[str, int] = defaultdict(int)
        cases = 0
        for _, elements in _standing(reading, self.definition_id, key):
            cases += 1
            for element_id in elements:
                standing[element_id] += 1
        late = dict(_late(reading, self.definition_id, key))
        broken = dict(_broken(reading, self.definition_id, key))
        waited: dict[str, list[float]] = defaultdict(list)
        done = (
            select(task.element_id, task.created_at, task.closed_at)
            .where(task.instance_id.in_(_cases(self.definition_id)), task.definition_key == key)
            .where(task.state == "completed")
            .order_by(task.closed_at.desc())
            .limit(LATEST)
        )
        for row in reading.connection.execute(done):
            waited[row.element_id].append((row.closed_at - row.created_at).total_seconds())
        places = sorted(standing.keys() | late.keys() | broken.keys() | waited.keys())
        return HeatView(
            definition_id=self.definition_id,
            cases=cases,
            late=_late_cases(reading, self.definition_id, key),
            places=tuple(
                HeatPlace(
                    element_id=place,
                    cases=standing.get(place, 0),
                    late=late.get(place, 0),
                    incidents=broken.get(place, 0),
                    completed=len(waited.get(place, ())),
                    median_seconds=median(waited[place]) if waited.get(place) else None,
                )
                for place in places
            ),
        )


@dataclass(frozen=True)
class StandingAt:
    """The running cases that stand at one step of one version of a process (at any, for None), oldest first; `only`: late
    (an overdue task there) or incident. Seven statements. Raises NotFound, Forbidden."""

    actor: Actor
    definition_id: str
    element_id: str | None = None
    only: str | None = None
    first_result: int = 0
    max_results: int = 50

    def answer(self, reading: Reading) -> Page[InstanceItem]:
        key = _readable(reading, self.actor, self.definition_id)
        instance, incident = t.instance.c, t.incident.c
        query = shaped.instances()
        if self.only == "late":
            query = query.where(instance.id.in_(_tasks(reading, self.definition_id, key, self.element_id)))
        elif self.only == "incident":
            stuck = select(incident.instance_id).where(incident.state != "resolved", incident.definition_key == key)
            if self.element_id is not None:
                stuck = stuck.where(incident.element_id == self.element_id)
            query = query.where(instance.id.in_(stuck), instance.id.in_(_cases(self.definition_id)))
        else:
            found = [
                instance_id
                for instance_id, elements in _standing(reading, self.definition_id, key)
                if self.element_id is None or self.element_id in elements
            ]
            first = max(self.first_result, 0)
            rows = reading.connection.execute(
                query.where(instance.id.in_(found[first : first + max(self.max_results, 0)])).order_by(
                    instance.started_at, instance.id
                )
            ).all()
            return Page(_items(reading, rows), len(found))
        ordered = query.order_by(instance.started_at, instance.id)
        rows = reading.connection.execute(shaped.limited(ordered, self.first_result, self.max_results)).all()
        return Page(_items(reading, rows), shaped.count(reading.connection, query))


def _readable(reading: Reading, actor: Actor, definition_id: str) -> str:
    """The key of the definition."""
    key = DefinitionView(actor, definition_id).answer(reading).key
    if not policy.allows(actor, "statistics.read"):
        raise Forbidden(T("您没有这项权限。"))
    return key


def _cases(definition_id: str) -> Any:
    """Cases that run with this version: those of the releases it belongs to."""
    part = t.deployment_definition.c
    releases = select(part.deployment_id).where(part.definition_id == definition_id)
    return select(t.instance.c.id).where(t.instance.c.deployment_id.in_(releases))


def _standing(reading: Reading, definition_id: str, key: str) -> Iterator[tuple[str, set[str]]]:
    """Running cases that are somewhere in the process, oldest first, with the steps they stand at."""
    instance, state = t.instance.c, t.instance_state.c
    query = (
        select(instance.id, state.active)
        .join(t.instance, instance.id == state.instance_id)
        .where(instance.ended_at.is_(None), instance.id.in_(_cases(definition_id)))
        .where(cast(state.active, String).contains(f'"{key}"', autoescape=True))  # spares reading all the others
        .order_by(instance.started_at, instance.id)
    )
    for row in reading.connection.execute(query):
        elements = {each["element_id"] for each in row.active if each["definition_key"] == key}
        if elements:
            yield row.id, elements


def _tasks(reading: Reading, definition_id: str, key: str, element_id: str | None = None) -> Any:
    """Instances with an overdue open task of this process."""
    task = t.task.c
    query = select(task.instance_id).where(
        task.instance_id.in_(_cases(definition_id)),
        task.definition_key == key,
        task.state == "open",
        task.due_at <= reading.now,
    )
    return query if element_id is None else query.where(task.element_id == element_id)


def _late(reading: Reading, definition_id: str, key: str) -> list[tuple[str, int]]:
    task = t.task.c
    query = _tasks(reading, definition_id, key).with_only_columns(
        task.element_id, func.count(func.distinct(task.instance_id)).label("n")
    )
    return [(row.element_id, row.n) for row in reading.connection.execute(query.group_by(task.element_id))]


def _late_cases(reading: Reading, definition_id: str, key: str) -> int:
    late = _tasks(reading, definition_id, key).with_only_columns(func.count(func.distinct(t.task.c.instance_id)))
    return reading.connection.scalar(late) or 0


def _broken(reading: Reading, definition_id: str, key: str) -> list[tuple[str, int]]:
    incident = t.incident.c
    query = (
        select(incident.element_id, func.count(func.distinct(incident.instance_id)).label("n"))
        .where(incident.instance_id.in_(_cases(definition_id)), incident.definition_key == key)
        .where(incident.state != "resolved", incident.element_id.is_not(None))
        .group_by(incident.element_id)
    )
    return [(row.element_id, row.n) for row in reading.connection.execute(query)]


def _items(reading: Reading, rows: Any) -> list[InstanceItem]:
    known = shaped.names(reading.connection, (row.started_by for row in rows))
    return [shaped.instance_item(row, known) for row in rows]
