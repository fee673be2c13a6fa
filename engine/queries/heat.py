"""Where the cases of one diagram stand, how many of them are late, and how long people take there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

import orjson
from sqlalchemy import String, cast, func, select

from engine import policy
from engine.errors import Forbidden
from engine.queries import shaped
from engine.queries.definitions import DefinitionView
from engine.queries.reading import MOST_RESULTS, Page, Reading
from engine.queries.views import HeatPlace, HeatView, InstanceItem
from engine.registry import Actor
from engine.store import tables as t
from forms.i18n import T

LATEST = 500  # completions that the medians look at
ONLY = ("late", "incident")


@dataclass(frozen=True)
class Heat:
    """For every step of one version of a process, also where another process calls it: the running cases that stand there,
    those of them that are late, failures, and the median time of the latest 500 tasks done, in seconds. A case is late at
    a step with an overdue task, and at one of `calls` (the process's call activities) with an overdue task in what is
    called there. Six statements. Raises NotFound, Forbidden."""

    actor: Actor
    definition_id: str
    calls: frozenset[str] = frozenset()

    def answer(self, reading: Reading) -> HeatView:
        key = _readable(reading, self.actor, self.definition_id)
        standing = dict(_standing(reading, self.definition_id, key))
        late = _late(reading, self.definition_id, key, standing, self.calls)
        here: dict[str, int] = defaultdict(int)
        for elements in standing.values():
            for element_id in elements:
                here[element_id] += 1
        broken = dict(_broken(reading, self.definition_id, key))
        waited = _waited(reading, self.definition_id, key)
        return HeatView(
            definition_id=self.definition_id,
            cases=len(standing),
            late=len({one for ids in late.values() for one in ids}),
            places=tuple(
                HeatPlace(
                    element_id=place,
                    cases=here.get(place, 0),
                    late=len(late.get(place, ())),
                    incidents=broken.get(place, 0),
                    completed=len(waited.get(place, ())),
                    median_seconds=median(waited[place]) if waited.get(place) else None,
                )
                for place in sorted(here.keys() | late.keys() | broken.keys() | waited.keys())
            ),
        )


@dataclass(frozen=True)
class StandingAt:
    """The running cases that stand at one step of one version of a process (at any, for None), oldest first; `only`: late
    (as `Heat` counts them) or incident. Six statements. Raises NotFound, Forbidden."""

    actor: Actor
    definition_id: str
    element_id: str | None = None
    only: str | None = None
    calls: frozenset[str] = frozenset()
    first_result: int = 0
    max_results: int = 50

    def answer(self, reading: Reading) -> Page[InstanceItem]:
        key = _readable(reading, self.actor, self.definition_id)
        if self.only == "incident":
            found = _stuck(reading, self.definition_id, key, self.element_id)
        else:
            standing = dict(_standing(reading, self.definition_id, key))
            found = [
                one for one, elements in standing.items() if self.element_id is None or self.element_id in elements
            ]
            if self.only == "late":
                late = _late(reading, self.definition_id, key, standing, self.calls)
                kept = {one for place, ids in late.items() for one in ids if self.element_id in (None, place)}
                found = [one for one in standing if one in kept]
        first = max(self.first_result, 0)
        shown = found[first : first + min(max(self.max_results, 0), MOST_RESULTS)]
        instance = t.instance.c
        rows = reading.connection.execute(
            shaped.instances().where(instance.id.in_(shown)).order_by(instance.started_at, instance.id)
        ).all()
        known = shaped.names(reading.connection, (row.started_by for row in rows))
        return Page([shaped.instance_item(row, known) for row in rows], len(found))


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
    active = cast(state.active, String)
    query = (
        select(instance.id, active.label("active"))
        .join(t.instance, instance.id == state.instance_id)
        .where(instance.ended_at.is_(None), instance.id.in_(_cases(definition_id)))
        .where(active.contains(f'"{key}"', autoescape=True))  # spares reading all the others
        .order_by(instance.started_at, instance.id)
    )
    read: dict[str, set[str]] = {}  # twenty thousand cases stand at a handful of places
    for instance_id, text in reading.connection.execute(query):
        if text not in read:
            read[text] = {each["element_id"] for each in orjson.loads(text) if each["definition_key"] == key}
        if read[text]:
            yield instance_id, read[text]


def _late(
    reading: Reading, definition_id: str, key: str, standing: Mapping[str, set[str]], calls: frozenset[str]
) -> Mapping[str, set[str]]:
    """Step -> the cases that are late there."""
    task = t.task.c
    overdue = select(task.instance_id, task.definition_key, task.element_id).where(
        task.instance_id.in_(_cases(definition_id)), t.task_open, task.due_at <= reading.now
    )
    found: dict[str, set[str]] = defaultdict(set)
    for row in reading.connection.execute(overdue):
        if row.instance_id not in standing:
            continue
        places = {row.element_id} if row.definition_key == key else standing[row.instance_id] & calls
        for place in places:
            found[place].add(row.instance_id)
    return found


def _waited(reading: Reading, definition_id: str, key: str) -> Mapping[str, list[float]]:
    """Step -> seconds from offered to done, of the latest tasks of the process."""
    task = t.task.c
    done = (
        select(task.element_id, task.created_at, task.closed_at)
        .where(task.instance_id.in_(_cases(definition_id)), task.definition_key == key, task.state == "completed")
        .order_by(task.closed_at.desc())
        .limit(LATEST)
    )
    waited: dict[str, list[float]] = defaultdict(list)
    for row in reading.connection.execute(done):
        waited[row.element_id].append((row.closed_at - row.created_at).total_seconds())
    return waited


def _stuck(reading: Reading, definition_id: str, key: str, element_id: str | None) -> list[str]:
    """Cases with a failure here, oldest first."""
    instance, incident = t.instance.c, t.incident.c
    failed = select(incident.instance_id).where(incident.state != "resolved", incident.definition_key == key)
    if element_id is not None:
        failed = failed.where(incident.element_id == element_id)
    query = select(instance.id).where(instance.id.in_(failed), instance.id.in_(_cases(definition_id)))
    return list(reading.connection.scalars(query.order_by(instance.started_at, instance.id)))


def _broken(reading: Reading, definition_id: str, key: str) -> list[tuple[str, int]]:
    incident = t.incident.c
    query = (
        select(incident.element_id, func.count(func.distinct(incident.instance_id)).label("n"))
        .where(incident.instance_id.in_(_cases(definition_id)), incident.definition_key == key)
        .where(incident.state != "resolved", incident.element_id.is_not(None))
        .group_by(incident.element_id)
    )
    return [(row.element_id, row.n) for row in reading.connection.execute(query)]
