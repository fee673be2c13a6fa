"""Which instances are meant, and what stands in the way of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, false, or_, select

from engine.bpmn import moving
from engine.bpmn.drive import Run
from engine.bpmn.elements import CONTAINERS, split_names
from engine.bpmn.guard import Guard
from engine.bpmn.model import ActiveElement, OnlyLooking, Picture
from engine.bpmn.moving import Names, Plan, Remark
from engine.bpmn.picture import picture
from engine.commands.case import CODEC, state_signed
from engine.commands.services import Functions
from engine.errors import Invalid, NotFound
from engine.releases import LoadedRelease
from engine.store import tables as t
from forms.i18n import T, Text

if TYPE_CHECKING:
    from engine.engine import Engine

OPEN: Final = ("active", "incident", "suspended")
MOST: Final = 1_000  # instances in one go; what is more is asked for again


@dataclass(frozen=True)
class Judged:
    """One instance and what would become of it. `standing`: where it stands now."""

    instance_id: str
    definition_key: str
    business_key: str | None
    deployment_id: str
    standing: tuple[Remark, ...]  # one per place, its text the step's name
    obstacles: tuple[Remark, ...]
    notes: tuple[Remark, ...]

    @property
    def may_move(self) -> bool:
        return not self.obstacles


@dataclass(frozen=True)
class Source:
    """The deployment or definition that instances are moved away from; neither means wherever they are. Of a definition those are meant
    that run it or would come to it by calls: `roots` says on which deployment which processes they are instances of."""

    deployment_id: str | None = None
    definition_id: str | None = None
    roots: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @classmethod
    def read(cls, connection: Connection, engine: Engine, given: str | None) -> Source:
        """Raises NotFound."""
        if given is None:
            return cls()
        if connection.scalar(select(t.deployment.c.id).where(t.deployment.c.id == given)) is not None:
            return cls(deployment_id=given)
        definition = connection.execute(select(t.definition).where(t.definition.c.id == given)).first()
        if definition is None:
            raise NotFound(T("没有这次发布，也没有这个流程版本。"))
        part, instance = t.deployment_definition.c, t.instance.c
        running = (
            select(instance.deployment_id)
            .join(t.deployment_definition, part.deployment_id == instance.deployment_id)
            .where(part.definition_id == given, instance.state.in_(OPEN))
            .distinct()
        )
        on = sorted(connection.scalars(running))
        roots = tuple((each, _using(engine.releases.get(connection, each), definition)) for each in on)
        return cls(definition_id=given, roots=roots)

    def condition(self) -> list[ColumnElement[bool]]:
        instance = t.instance.c
        if self.deployment_id is not None:
            return [instance.deployment_id == self.deployment_id]
        if self.definition_id is None:
            return []
        chosen = [(instance.deployment_id == on) & instance.definition_key.in_(keys) for on, keys in self.roots]
        return [or_(false(), *chosen)]


def _using(release: LoadedRelease, definition: Row[Any]) -> tuple[str, ...]:
    """The processes that are this definition, show this form or ask this table, and all that call them."""
    processes = release.bpmn.processes
    found = {definition.key} if definition.kind == "process" else set()
    named = {"form": "form_key", "decision": "decision_ref"}.get(definition.kind)
    if named is not None:
        elements = ((key, each) for key, info in processes.items() for each in info.elements.values())
        found = {key for key, each in elements if getattr(each, named) == definition.key}
    while (
        callers := {
            key for key, info in processes.items() if any(each.called in found for each in info.elements.values())
        }
        - found
    ):
        found |= callers
    return tuple(sorted(found))


def target_of(connection: Connection, given: str) -> str:
    """The deployment to move to: by its own id, or the newest that holds this definition. Raises NotFound."""
    if connection.scalar(select(t.deployment.c.id).where(t.deployment.c.id == given)) is not None:
        return given
    part, deployment = t.deployment_definition, t.deployment
    newest = (
        select(deployment.c.id)
        .join(part, part.c.deployment_id == deployment.c.id)
        .where(part.c.definition_id == given)
        .order_by((deployment.c.state == "active").desc(), deployment.c.uploaded_at.desc(), deployment.c.id.desc())
    )
    found: str | None = connection.scalar(newest.limit(1))
    if found is None:
        raise NotFound(T("没有这次发布，也没有这个流程版本。"))
    return found


def concerned(source: Source, target: str, instances: Sequence[str] | None) -> Select[Any]:
    """The instances that are meant, the oldest first: those named, else all that run and are not on `target` yet."""
    instance = t.instance.c
    chosen = [instance.state.in_(OPEN), instance.deployment_id != target]
    if instances is not None:
        chosen = [instance.id.in_(list(instances))]
    return select(instance.id).where(*chosen, *source.condition()).order_by(instance.started_at, instance.id)


def check_named(instances: Sequence[str] | None, found: Sequence[str]) -> None:
    """Raises NotFound where some of those named are not there, Invalid for too many."""
    if instances is not None and len(set(instances)) > MOST:
        raise Invalid({"instances": [T("一次最多移动 {n} 件。", n=MOST)]})
    if instances is not None and set(instances) - set(found):
        raise NotFound(T("所选的事有的不存在，或者不在指定的旧版本上。"))


@dataclass
class Judge:
    """Looks at instances without changing them. `target`: the release they would be moved to."""

    connection: Connection
    engine: Engine
    target: LoadedRelease
    names: Names
    now: datetime
    _guards: dict[str, Guard] = field(default_factory=dict)

    def all(self, ids: Sequence[str]) -> Iterator[Judged]:
        instance, state = t.instance, t.instance_state
        for start in range(0, len(ids), 200):
            query = (
                select(instance, state.c.codec, state.c.blob, state.c.mac)
                .join(state, state.c.instance_id == instance.c.id)
                .where(instance.c.id.in_(list(ids[start : start + 200])))
                .order_by(instance.c.started_at, instance.c.id)
            )
            for row in self.connection.execute(query).all():
                yield self.one(row)

    def one(self, row: Row[Any]) -> Judged:
        """`row`: an instance with `codec`, `blob` and `mac` of its state."""
        keys = self.engine.settings.keys_for("state")
        if row.codec != CODEC or not state_signed(keys, row.mac, row.id, row.deployment_id, row.revision, row.blob):
            text = T("流程状态与保存时不一致，已拒绝读取。")
            return self._judged(row, (), [Remark("STATE_DAMAGED", text, row.definition_key)], ())
        if row.state not in OPEN:
            return self._judged(row, (), [Remark("ENDED", T("流程已经结束。"), row.definition_key)], ())
        release = self.engine.releases.get(self.connection, row.deployment_id)
        services = OnlyLooking(self.now, Functions(self.engine.registry, self.connection, self.now))
        run = Run.load(release.bpmn, row.definition_key, row.blob, services, release.limits)
        seen = picture(run.workflow)
        before = self.before(release, seen, row.state, row.deployment_id)
        planned = self.plan(release, run) if not before else Plan(obstacles=before)
        standing = tuple(_place(release, one) for one in seen.active)
        return self._judged(row, standing, planned.obstacles, planned.notes)

    def before(self, release: LoadedRelease, seen: Picture, state: str, deployment_id: str) -> list[Remark]:
        """What forbids to move it, wherever it would go."""
        if deployment_id == self.target.id:
            return [Remark("SAME_RELEASE", T("已经在这个版本上。"), "")]
        if state == "suspended":
            return [Remark("SUSPENDED", T("流程已暂停，请先恢复，再移动。"), "")]
        registry, guard = self.engine.registry, self._guard(release)
        places = {(place.definition_key, place.element_id) for place in seen.active}
        places |= {(timer.definition_key, timer.element_id) for timer in seen.timers}
        places |= {(waiting.definition_key, waiting.element_id) for waiting in seen.messages}
        for key, element_id in sorted(places):
            element = release.bpmn.processes[key].elements[element_id]
            voting = guard.scope(element.process, element.parent)
            if (
                voting
                or element.topic in registry.protected.topics
                or element.decision_ref in registry.protected.decisions
            ):
                text = T("停在“{name}”，表决或定结果的步骤正在进行，办完这几步再移动。", name=element.label)
                return [Remark("VOTE_RUNNING", text, element.process, element.id, element.name)]
        return []

    def plan(self, release: LoadedRelease, run: Run) -> Plan:
        """How it would be moved: what is still to come of votes, results, notices and certificates comes in the new release too, and
        what is over does not come again, however its steps are mapped or drawn there."""
        planned = moving.plan(run, self.target.bpmn, self.names)
        if planned.obstacles:
            return planned
        before, after = self._guard(release), self._guard(self.target)
        for old, new in planned.stands:
            due, coming = before.ahead(old.process, old.id), after.ahead(new.process, new.id)
            if due - coming:
                text = T(
                    "停在“{name}”：后面还有投票、结果、公示或发证的步骤，新版本里从这里走不到了。请办完那些步骤再移动。",
                    name=old.label,
                )
                planned.obstacles.append(Remark("SKIPS_VOTE", text, old.process, old.id, old.name))
            elif (coming - due) & before.all_of(old.process):
                text = T(
                    "停在“{name}”：已经办过的投票、结果、公示或发证的步骤，在新版本里会再办一次，不能移动。",
                    name=old.label,
                )
                planned.obstacles.append(Remark("REPEATS_VOTE", text, old.process, old.id, old.name))
        planned.obstacles += self._told(release, {run.process_key, *(old.process for old, _ in planned.stands)})
        return planned

    def _told(self, release: LoadedRelease, keys: set[str]) -> Iterator[Remark]:
        """What these processes keep secret stays so: a case that was begun under that promise is not moved to where it is told."""
        for key in sorted(keys):
            was, will = (each.bpmn.info(key).properties for each in (release, self.target))
            if names := set(split_names(was.get("secret"))) - set(split_names(will.get("secret"))):
                text = T("新版本不再把 {names} 列为保密内容，正在办理的事不能移过去。", names=sorted(names))
                yield Remark("SECRET_TOLD", text, key)
            if names := set(split_names(was.get("outsiders"))) - set(split_names(will.get("outsiders"))):
                words = [self.engine.registry.groups.get(name, name) for name in sorted(names)]
                text = T("新版本不再对{names}隐去办理经过，正在办理的事不能移过去。", names=words)
                yield Remark("SECRET_TOLD", text, key)

    def _guard(self, release: LoadedRelease) -> Guard:
        registry = self.engine.registry
        return self._guards.setdefault(release.id, Guard(release.bpmn, registry.protected, registry.handlers))

    @staticmethod
    def _judged(
        row: Row[Any], standing: tuple[Remark, ...], obstacles: Sequence[Remark], notes: Sequence[Remark]
    ) -> Judged:
        place = (row.id, row.definition_key, row.business_key, row.deployment_id)
        return Judged(*place, standing, tuple(obstacles), tuple(dict.fromkeys(notes)))


def _place(release: LoadedRelease, one: ActiveElement) -> Remark:
    """Where it stands; AROUND for what only holds the steps that stand inside it."""
    element = release.bpmn.processes[one.definition_key].elements[one.element_id]
    code = "AROUND" if element.type in CONTAINERS else "STANDS"
    return Remark(code, Text(one.name or one.element_id), one.definition_key, one.element_id, one.name)


def checked_names(given: Mapping[str, Any], sources: Sequence[LoadedRelease], target: LoadedRelease) -> Names:
    """The mapping as `{process: {old: new or None}}`. `{old: new}` without a process is meant for every process that has `old`.

    Raises Invalid (`mapping`) for an element that neither release knows, or two that become one."""
    new = target.bpmn.processes
    names: dict[str, dict[str, str | None]] = {}
    problems: list[Text] = []
    olds: dict[str, set[str]] = {}
    for release in sources:
        for key, info in release.bpmn.processes.items():
            olds.setdefault(key, set()).update(info.elements)
    for name, value in given.items():
        if isinstance(value, Mapping):
            names.setdefault(name, {}).update(value)
            continue
        found = [key for key, elements in olds.items() if name in elements]
        if not found:
            problems.append(T("旧版本里没有“{id}”这一步。", id=name))
        for key in found:
            names.setdefault(key, {})[name] = value
    for key, pairs in names.items():
        wanted = [target_id for target_id in pairs.values() if target_id is not None]
        for old_id, new_id in pairs.items():
            if old_id not in olds.get(key, set()):
                problems.append(T("旧版本里没有“{id}”这一步。", id=old_id))
            if new_id is None:
                continue
            if not isinstance(new_id, str) or key not in new or new_id not in new[key].elements:
                problems.append(T("新版本里没有“{id}”这一步。", id=str(new_id)))
            elif wanted.count(new_id) > 1:
                problems.append(T("“{id}”被指定了两次。", id=new_id))
    if problems:
        raise Invalid({"mapping": list(dict.fromkeys(problems))})
    return {key: dict(pairs) for key, pairs in names.items() if pairs}


def sources_of(connection: Connection, engine: Engine, ids: Sequence[str], source: Source) -> list[LoadedRelease]:
    """The releases these instances are on; that of `source` even where nobody is on it."""
    found: set[str] = set()
    for start in range(0, len(ids), 500):
        some = t.instance.c.id.in_(list(ids[start : start + 500]))
        found.update(connection.scalars(select(t.instance.c.deployment_id).where(some).distinct()))
    if source.deployment_id is not None:
        found.add(source.deployment_id)
    elif source.definition_id is not None:
        found.add(target_of(connection, source.definition_id))
    return [engine.releases.get(connection, each) for each in sorted(found)]
