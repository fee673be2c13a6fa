"""Definitions: every version of every process, table, form and drawing, and how the processes do."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from statistics import median
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Text, cast, func, select

from engine import policy
from engine.errors import Forbidden, NotFound
from engine.policy import StartFacts
from engine.queries.reading import Page, Reading
from engine.queries.views import DefinitionContent, DefinitionItem, DefinitionStatisticsView, ElementStatistics
from engine.registry import Actor
from engine.store import tables as t
from forms.i18n import T

COLUMNS = tuple(column for column in t.definition.c if column.key != "content")
LATEST = 500  # completions per definition that the median looks at


@dataclass(frozen=True)
class DefinitionList:
    """All versions of all definitions, newest version first; `active` keeps those of the active release, `startable`
    those the actor may start. Three statements."""

    actor: Actor
    kind: str | None = None
    key: str | None = None
    active: bool = False
    startable: bool = False
    first_result: int = 0
    max_results: int = 50

    def answer(self, reading: Reading) -> Page[DefinitionItem]:
        definition = t.definition.c
        conditions: list[ColumnElement[bool]] = []
        if self.kind is not None:
            conditions.append(definition.kind == self.kind)
        if self.key is not None:
            conditions.append(definition.key == self.key)
        if self.active or self.startable:
            conditions.append(definition.id.in_(_active()))
        if self.startable:
            conditions.append(definition.kind == "process")
        found = items(reading, self.actor, *conditions)
        if self.startable:
            found = [item for item in found if item.may_start]
        first, most = max(self.first_result, 0), max(self.max_results, 0)
        return Page(found[first : first + most], len(found))


@dataclass(frozen=True)
class DefinitionView:
    """One version of a definition. Two statements. Raises NotFound."""

    actor: Actor
    definition_id: str

    def answer(self, reading: Reading) -> DefinitionItem:
        found = items(reading, self.actor, t.definition.c.id == self.definition_id)
        if not found:
            raise NotFound(T("没有这个定义。"))
        return found[0]


@dataclass(frozen=True)
class DefinitionXml:
    """The file of a definition as it was uploaded. One statement. Raises NotFound."""

    actor: Actor
    definition_id: str

    def answer(self, reading: Reading) -> DefinitionContent:
        row = reading.connection.execute(select(t.definition).where(t.definition.c.id == self.definition_id)).first()
        if row is None or not policy.allows(self.actor, "definition.read"):
            raise NotFound(T("没有这个定义。"))
        return DefinitionContent(row.id, row.key, row.kind, row.file_name, row.content)


@dataclass(frozen=True)
class DefinitionStatistics:
    """How many instances and incidents stand where, and how long people took (of the latest 500 tasks). Times in
    seconds. Five statements. Raises NotFound, Forbidden."""

    actor: Actor
    definition_id: str

    def answer(self, reading: Reading) -> DefinitionStatisticsView:
        connection = reading.connection
        DefinitionView(self.actor, self.definition_id).answer(reading)
        if not policy.allows(self.actor, "statistics.read"):
            raise Forbidden(T("您没有这项权限。"))
        instance, task, incident, state = t.instance.c, t.task.c, t.incident.c, t.instance_state.c
        mine = instance.definition_id == self.definition_id
        totals: dict[str, int] = {
            row.state: row.n
            for row in connection.execute(
                select(instance.state, func.count().label("n")).where(mine).group_by(instance.state)
            )
        }
        standing: dict[tuple[str, str], int] = defaultdict(int)
        # Twenty thousand instances stand at a handful of places: the database puts together those that stand alike.
        alike = cast(state.active, Text)
        active = select(alike.label("elements"), func.count().label("n")).join(
            t.instance, instance.id == state.instance_id
        )
        for elements, n in connection.execute(active.where(mine, instance.ended_at.is_(None)).group_by(alike)):
            for place in {(each["definition_key"], each["element_id"]) for each in orjson.loads(elements)}:
                standing[place] += n
        broken: dict[tuple[str, str], int] = {
            (row.definition_key, row.element_id): row.n
            for row in connection.execute(
                select(incident.definition_key, incident.element_id, func.count().label("n"))
                .join(t.instance, instance.id == incident.instance_id)
                .where(mine, incident.state != "resolved", incident.element_id.is_not(None))
                .group_by(incident.definition_key, incident.element_id)
            )
        }
        waited: dict[tuple[str, str], list[float]] = defaultdict(list)
        done = (
            select(task.definition_key, task.element_id, task.created_at, task.closed_at)
            .join(t.instance, instance.id == task.instance_id)
            .where(mine, task.state == "completed")
            .order_by(task.closed_at.desc())
            .limit(LATEST)
        )
        for row in connection.execute(done):
            waited[row.definition_key, row.element_id].append((row.closed_at - row.created_at).total_seconds())
        places = sorted(standing.keys() | broken.keys() | waited.keys())
        return DefinitionStatisticsView(
            definition_id=self.definition_id,
            running=sum(totals.get(name, 0) for name in ("active", "incident", "suspended")),
            completed=totals.get("completed", 0),
            cancelled=totals.get("cancelled", 0),
            elements=tuple(
                ElementStatistics(
                    element_id=element_id,
                    definition_key=key,
                    instances=standing.get((key, element_id), 0),
                    incidents=broken.get((key, element_id), 0),
                    completed=len(waited.get((key, element_id), ())),
                    median_seconds=median(waited[key, element_id]) if waited.get((key, element_id)) else None,
                )
                for key, element_id in places
            ),
        )


def items(reading: Reading, actor: Actor, *conditions: ColumnElement[bool]) -> list[DefinitionItem]:
    """Definitions with the releases they belong to; two statements. Empty for who may not read any."""
    if not policy.allows(actor, "definition.read"):
        return []
    definition, part, deployment = t.definition.c, t.deployment_definition.c, t.deployment.c
    rows = reading.connection.execute(
        select(*COLUMNS).where(*conditions).order_by(definition.kind, definition.key, definition.version.desc())
    ).all()
    releases: dict[str, list[Any]] = defaultdict(list)
    for row in reading.connection.execute(
        select(part.definition_id, deployment.id, deployment.state)
        .join(t.deployment, deployment.id == part.deployment_id)
        .where(part.definition_id.in_(select(definition.id).where(*conditions)))
        .order_by(deployment.uploaded_at, deployment.id)
    ):
        releases[row.definition_id].append(row)
    found = []
    for row in rows:
        active = any(release.state == "active" for release in releases[row.id])
        facts = StartFacts(frozenset(row.starter_groups))
        found.append(
            DefinitionItem(
                id=row.id,
                key=row.key,
                kind=row.kind,
                version=row.version,
                name=row.name,
                file_name=row.file_name,
                sha256=row.sha256,
                created_at=row.created_at,
                active=active,
                deployment_ids=tuple(release.id for release in releases[row.id]),
                starter_groups=tuple(row.starter_groups),
                may_start=active
                and row.kind == "process"
                and policy.allows(actor, "process.start", facts)
                and not _started_by_processes(reading, row.key, releases[row.id]),
            )
        )
    return found


def _started_by_processes(reading: Reading, key: str, releases: list[Any]) -> bool:
    release_id = next(release.id for release in releases if release.state == "active")
    info = reading.engine.releases.get(reading.connection, release_id).bpmn.info(key)
    return info.properties.get("startedBy") == "process"


def _active() -> Any:
    part, deployment = t.deployment_definition.c, t.deployment.c
    return (
        select(part.definition_id)
        .join(t.deployment, deployment.id == part.deployment_id)
        .where(deployment.state == "active")
    )
