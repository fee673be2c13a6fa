"""What moving would do, before anybody does it; and how far a move is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, case, func, or_, select

from engine import policy
from engine.bpmn.elements import Element
from engine.bpmn.moving import Names
from engine.commands.allowed import require
from engine.errors import NotFound
from engine.jobs import queue
from engine.moving import judging
from engine.moving.judging import MOST, OPEN, Judge, Judged, Source
from engine.moving.one import told
from engine.moving.tables import move_batch, move_item
from engine.queries import shaped
from engine.queries.reading import Reading
from engine.registry import Actor
from engine.releases import LoadedRelease
from engine.store import tables as t
from forms.i18n import T, Text

# What a mapping can answer.
ASKED: Final = frozenset(
    {"NO_ELEMENT", "NO_EVENT", "OTHER_TYPE", "OTHER_SCOPE", "OTHER_EDGE", "MAPPED_TWICE", "FOUR_EYES"}
)


@dataclass(frozen=True)
class Choice:
    element_id: str
    name: str
    known: bool  # the old release has an element of this id: it is more likely to be that one


@dataclass(frozen=True)
class Question:
    """An element of the old release that somebody has to find in the new one. `chosen`: what the mapping says, "" for nothing yet;
    `None` among the answers (`may_drop`): it is not waited for any more."""

    definition_key: str
    element_id: str
    name: str
    type: str
    choices: tuple[Choice, ...]
    may_drop: bool
    chosen: str | None


@dataclass(frozen=True)
class Preview:
    """`left`: how many instances there are beyond those judged. `sources`: the releases they are on."""

    target: str
    sources: tuple[str, ...]
    judged: tuple[Judged, ...]
    left: int
    questions: tuple[Question, ...]
    mapping: Names

    @property
    def movable(self) -> int:
        return sum(one.may_move for one in self.judged)


@dataclass(frozen=True)
class MovePreview:
    """What would become of each instance. Arguments as `MoveInstances`; a candidate can be looked at, too.

    Raises Forbidden, NotFound, Invalid (`mapping`)."""

    target: str
    actor: Actor
    source: str | None = None
    mapping: Mapping[str, Any] = field(default_factory=dict)
    instances: Sequence[str] | None = None
    most: int = MOST

    def answer(self, reading: Reading) -> Preview:
        require(self.actor, "deployment.read")
        connection, engine = reading.connection, reading.engine
        source, target_id = Source.read(connection, engine, self.source), judging.target_of(connection, self.target)
        target = engine.releases.get(connection, target_id)
        chosen = judging.concerned(source, target_id, self.instances)
        ids = list(connection.scalars(chosen.limit(min(self.most, MOST))))
        judging.check_named(self.instances, ids)
        total = connection.scalar(select(func.count()).select_from(chosen.order_by(None).subquery())) or 0
        sources = judging.sources_of(connection, engine, ids, source)
        names = judging.checked_names(self.mapping, sources, target)
        judged = tuple(Judge(connection, engine, target, names, reading.now).all(ids))
        questions = _questions(judged, names, sources, target)
        return Preview(target_id, tuple(each.id for each in sources), judged, total - len(ids), questions, names)


@dataclass(frozen=True)
class Standing:
    """A release with instances on it: id, when it was uploaded, its comment, how many run."""

    deployment_id: str
    uploaded_at: datetime
    comment: str
    running: int


@dataclass(frozen=True)
class RunningReleases:
    """The releases that instances run on, the newest first. Raises Forbidden."""

    actor: Actor

    def answer(self, reading: Reading) -> list[Standing]:
        require(self.actor, "deployment.read")
        instance, deployment = t.instance.c, t.deployment.c
        running = func.count().label("running")
        rows = reading.connection.execute(
            select(deployment.id, deployment.uploaded_at, deployment.comment, running)
            .join(t.instance, instance.deployment_id == deployment.id)
            .where(instance.state.in_(OPEN))
            .group_by(deployment.id, deployment.uploaded_at, deployment.comment)
            .order_by(deployment.uploaded_at.desc(), deployment.id)
        )
        return [Standing(row.id, row.uploaded_at, row.comment, row.running) for row in rows]


@dataclass(frozen=True)
class MovedItem:
    """An instance that did not do what was asked. `state`: refused, stayed, stopped, or stuck where its job was given up."""

    instance_id: str
    definition_key: str
    business_key: str | None
    state: str
    at: datetime | None
    messages: tuple[Text, ...]


@dataclass(frozen=True)
class Moved:
    """A batch. `counts` by state (waiting, moved, refused, stopped, returning, returned, stayed, stuck); `by`, `stopped_by`,
    `undone_by`: display names."""

    id: str
    target: str
    source: str | None
    mapping: Names
    reason: str
    by: str
    at: datetime
    stopped_by: str | None
    stopped_at: datetime | None
    undone_by: str | None
    undone_at: datetime | None
    undo_reason: str | None
    counts: dict[str, int]
    items: tuple[MovedItem, ...] = ()

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def over(self) -> bool:
        return not self.counts.get("waiting") and not self.counts.get("returning")

    @property
    def state(self) -> str:
        """running, done, or undone: what a program asks for first."""
        if not self.over:
            return "running"
        return "undone" if self.undone_at is not None else "done"


@dataclass(frozen=True)
class MoveBatch:
    """How far a move is, with what did not work. Four statements. Raises NotFound."""

    actor: Actor
    batch_id: str

    def answer(self, reading: Reading) -> Moved:
        found = _batches(reading, [move_batch.c.id == self.batch_id], 1)
        if not found or not policy.allows(self.actor, "deployment.read"):
            raise NotFound(T("没有这次移动。"))
        item, instance = move_item.c, t.instance.c
        rows = reading.connection.execute(
            select(
                item.instance_id,
                item.state,
                item.at,
                item.texts,
                instance.definition_key,
                instance.business_key,
                t.job.c.failed.label("stuck"),
            )
            .join(t.instance, instance.id == item.instance_id)
            .outerjoin(t.job, t.job.c.key == _KEY)
            .where(
                item.batch_id == self.batch_id, or_(item.state.in_(("refused", "stayed", "stopped")), t.job.c.failed)
            )
            .order_by(item.state, item.instance_id)
            .limit(MOST)
        )
        items = tuple(
            MovedItem(
                row.instance_id,
                row.definition_key,
                row.business_key,
                "stuck" if row.stuck else row.state,
                row.at,
                tuple(told(row.texts)),
            )
            for row in rows
        )
        return replace(found[0], items=items)


@dataclass(frozen=True)
class MoveBatches:
    """The last five moves to one release, without their items. Raises Forbidden."""

    actor: Actor
    target: str

    def answer(self, reading: Reading) -> list[Moved]:
        require(self.actor, "deployment.read")
        return _batches(reading, [move_batch.c.to_deployment_id == self.target], 5)


# The key of the job that moves one of them, or takes it back (`engine.moving.commands.job_key`).
_KIND = case((move_item.c.state == "returning", queue.MOVE_BACK), else_=queue.MOVE)
_KEY = _KIND + ":" + move_item.c.batch_id + ":" + move_item.c.instance_id


def _batches(reading: Reading, conditions: list[ColumnElement[bool]], most: int) -> list[Moved]:
    item = move_item.c
    query = select(move_batch).where(*conditions).order_by(move_batch.c.asked_at.desc(), move_batch.c.id).limit(most)
    rows = reading.connection.execute(query).all()
    people = [name for row in rows for name in (row.asked_by, row.stopped_by, row.undone_by)]
    known = shaped.names(reading.connection, people)
    counts: dict[str, dict[str, int]] = {row.id: {} for row in rows}
    counted = (
        select(item.batch_id, item.state, t.job.c.failed.label("stuck"), func.count().label("n"))
        .outerjoin(t.job, t.job.c.key == _KEY)
        .where(item.batch_id.in_(list(counts)))
        .group_by(item.batch_id, item.state, t.job.c.failed)
    )
    for row in reading.connection.execute(counted) if rows else ():
        state = "stuck" if row.stuck else row.state
        counts[row.batch_id][state] = counts[row.batch_id].get(state, 0) + row.n

    def name(username: str | None) -> str | None:
        return known.get(username, username) if username is not None else None

    return [
        Moved(
            row.id,
            row.to_deployment_id,
            row.source,
            row.mapping,
            row.reason,
            name(row.asked_by) or "",
            row.asked_at,
            name(row.stopped_by),
            row.stopped_at,
            name(row.undone_by),
            row.undone_at,
            row.undo_reason,
            counts[row.id],
        )
        for row in rows
    ]


def _questions(
    judged: Sequence[Judged], names: Names, sources: Sequence[LoadedRelease], target: LoadedRelease
) -> tuple[Question, ...]:
    """What a mapping could answer: every element that stands in the way, and those already mapped."""
    asked: dict[tuple[str, str], None] = {(key, old): None for key, pairs in names.items() for old in pairs}
    for one in judged:
        for remark in one.obstacles:
            if remark.code in ASKED and remark.element_id is not None:
                asked[remark.definition_key, remark.element_id] = None
    return tuple(q for key, old in asked if (q := _question(key, old, names, sources, target)) is not None)


def _question(
    key: str, old_id: str, names: Names, sources: Sequence[LoadedRelease], target: LoadedRelease
) -> Question | None:
    olds: dict[str, Element] = {}
    for release in sources:
        if key in release.bpmn.processes:
            olds.update(release.bpmn.processes[key].elements)
    info = target.bpmn.processes.get(key)
    if info is None or old_id not in olds:
        return None
    old = olds[old_id]
    fitting = [
        Choice(each.id, each.label, each.id in olds)
        for each in info.elements.values()
        if each.type == old.type and each.event.kind == old.event.kind and (each.loop is None) == (old.loop is None)
    ]
    edge = old.type == "boundaryEvent"
    return Question(
        key,
        old.id,
        old.label,
        old.type,
        tuple(sorted(fitting, key=lambda choice: choice.known)),
        edge or old.human,
        names.get(key, {}).get(old.id, ""),
    )
