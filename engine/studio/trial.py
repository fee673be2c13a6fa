"""A change tried out by hand: one person plays everybody, on a private database with a clock of its own.

What is done is carried out by the same steps as a scenario test (`engine.scenarios.doing`) and written down as such, so that it can be
kept as one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import func, select

from engine import policy
from engine.attachments.tables import attachment
from engine.clock import local
from engine.commands.complete_task import CompleteTask
from engine.engine import Engine
from engine.errors import BpmnError, Forbidden, NotFound, Refused, ZhipingError
from engine.queries import shaped
from engine.queries.reading import Reading
from engine.queries.views import TaskItem
from engine.registry import Actor
from engine.scenarios.doing import do
from engine.scenarios.expecting import Differs, observed
from engine.scenarios.sandbox import SECONDS, OutOfTime, TrialClock
from engine.scenarios.scene import FILE, Scene
from engine.scenarios.script import Step, instant
from engine.scenarios.writing import referred
from engine.store import tables as t
from engine.store.packed import unpack
from forms.i18n import T

log = structlog.get_logger(__name__)

MOST_STEPS = 180  # of one trial: it must fit into one scenario


@dataclass
class Told:
    """What is kept of a trial besides its database; plain JSON."""

    id: str
    owner: str  # username of the person whose trial it is
    change: str
    process: str
    fingerprint: str  # of the release it was begun with
    at: str  # ISO, where its clock stood first
    secret: str  # key of its database, which holds nothing real
    calls: dict[str, Any] = field(default_factory=dict)
    given: list[dict[str, Any]] = field(default_factory=list)  # steps as a test file writes them: [{"case": {…}}, …]
    start: dict[str, Any] | None = None
    steps: list[dict[str, Any]] = field(default_factory=list)
    names: dict[str, Any] = field(default_factory=dict)  # what acts have answered
    instance: str | None = None  # begun by `start`
    scenario: str | None = None  # name of the scenario it follows
    rest: list[dict[str, Any]] = field(default_factory=list)  # what of it is left to be done


@dataclass(frozen=True)
class OpenTask:
    """An open task, and who of the kit may do it now."""

    task: TaskItem
    people: tuple[str, ...]  # usernames, in the kit's order


class Trial:
    """One sandbox while it is open. Steps raise Refused and its kin with a sentence; what was not done is not written down."""

    def __init__(self, engine: Engine, clock: TrialClock, told: Told, people: Mapping[str, Actor]) -> None:
        """`clock`: the engine's own."""
        self.engine = engine
        self._clock = clock
        self.told = told
        self.people = people
        self.scene = Scene(engine, people, told.process)
        self.scene.names.update(told.names)
        self.scene.started = told.instance

    @property
    def begun(self) -> bool:
        """Whether an instance of the process is there."""
        return self.scene.instance() is not None

    # -- what can be done ------------------------------------------------------------------------------------------------

    def perform(self, kind: str, name: str, given: Any) -> None:
        """One step as a test file writes it. `kind` as in `script.Step`, `name` of the act, else the kind."""
        if len(self.told.steps) + len(self.told.given) >= MOST_STEPS:
            raise Refused(T("一次试办最多 {n} 步，请重新开始。", n=MOST_STEPS), code="TRIAL_TOO_LONG")
        begun = self.begun
        self._attempt(lambda: do(self.scene, Step(kind, name, given, 0)))
        self._written(kind, {name: given}, begun)

    def complete(self, person: Actor, task_id: str, variables: Mapping[str, Any]) -> None:
        """Do one open task through its form. Raises Invalid, Conflict, Refused, NotFound as for the real task."""
        begun = self.begun
        with self.engine.store.snapshot() as connection:
            task = t.task.c
            row = connection.execute(select(task.element_id, task.data).where(task.id == task_id)).first()
        if row is None:
            raise Refused(T("没有这个任务。"), code="NO_SUCH_TASK")
        known = {**self.scene.variables(self.scene.instance()), **unpack(row.data)}
        given: dict[str, Any] = {"element": row.element_id, "by": person.username}
        if variables:
            given["variables"] = referred(self._filed(dict(variables)), self.scene.names, known)
        self._attempt(lambda: self.scene.run(CompleteTask(task_id, person, variables)))
        self._written("task", {"task": given}, begun)

    def send(self, name: str, correlation: Mapping[str, Any], variables: Mapping[str, Any]) -> None:
        """A message as another process sends it. Raises as `perform`."""
        known = self.scene.variables(self.scene.instance())
        given: dict[str, Any] = {"name": name}
        if correlation:
            given["correlation"] = referred(correlation, self.scene.names, known)
        if variables:
            given["variables"] = dict(variables)
        self.perform("message", "message", given)

    def move_clock(self, until: datetime) -> int:
        """Let time pass; answers how many timers fired. Raises Refused (CLOCK_BACKWARDS)."""
        if until <= self.scene.now:
            raise Refused(T("时钟只能往前拨。"), code="CLOCK_BACKWARDS")
        begun = self.begun
        fired: list[int] = []
        self._attempt(lambda: fired.append(self.engine.work(until)))
        self._written("clock", {"clock": local(until).replace(tzinfo=None).isoformat()}, begun)
        return fired[0]

    def follow(self) -> None:
        """Do what comes next in the scenario this trial follows. Raises as `perform`."""
        if not self.told.rest:
            raise Refused(T("这个场景的步骤已经办完。"), code="SCENARIO_DONE")
        [(name, given)] = self.told.rest[0].items()
        kind = name if name in ("start", "task", "clock", "message", "expect") else "act"
        if isinstance(given, Mapping) and given.get("refused"):
            self._refused(kind, name, given)
        else:
            self.perform(kind, name, given)
        del self.told.rest[0]

    def scenario(self, name: str) -> dict[str, Any]:
        """What was done, as a scenario that expects what is there now. Raises Refused (NOTHING_DONE)."""
        told = self.told
        if not self.begun:
            raise Refused(T("还没有发起流程，没有可以存的内容。"), code="NOTHING_DONE")
        parts = {"given": told.given, "calls": told.calls, "start": told.start, "steps": told.steps}
        done = {key: part for key, part in parts.items() if part}
        return {"name": name, "at": told.at, **done, "expect": observed(self.scene)}

    # -- where it stands -------------------------------------------------------------------------------------------------

    def open_tasks(self) -> list[OpenTask]:
        """All open tasks of the sandbox, oldest first."""
        with self.engine.store.snapshot() as connection:
            reading = Reading(connection, self.engine.now(), self.engine)
            query = shaped.tasks().where(t.task.c.state == "open").order_by(t.task.c.created_at, t.task.c.id)
            rows = connection.execute(query).all()
            offered, barred = shaped.concerns(connection, rows)
            found = []
            for row in rows:
                candidates, out = offered.get(row.id, []), barred.get(row.id, frozenset())
                facts = policy.TaskFacts.of(row, candidates, out)
                people = tuple(
                    name for name, each in self.people.items() if policy.allows(each, "task.complete", facts)
                )
                found.append(OpenTask(shaped.task_item(reading, NOBODY, row, candidates, out), people))
            return found

    def instances(self) -> list[tuple[str, str, str]]:
        """(id, process key, state) of all instances: the tried one first, then the newest."""
        instance = t.instance.c
        query = select(instance.id, instance.definition_key, instance.state).order_by(
            instance.started_at.desc(), instance.id
        )
        with self.engine.store.snapshot() as connection:
            found = [(row.id, row.definition_key, row.state) for row in connection.execute(query)]
        own = self.scene.instance()
        return sorted(found, key=lambda each: each[0] != own)

    def next_due(self) -> datetime | None:
        """When the next timer fires; None where none waits."""
        with self.engine.store.snapshot() as connection:
            return connection.scalar(select(func.min(t.timer.c.due_at)).where(t.timer.c.due_at > self.scene.now))

    def awaited(self) -> list[dict[str, Any]]:
        """What is waited for from elsewhere: element, name, message, correlation."""
        waiting = t.waiting_message.c
        query = select(waiting.id, waiting.element_id, waiting.name, waiting.message, waiting.correlation)
        with self.engine.store.snapshot() as connection:
            return [dict(row._mapping) for row in connection.execute(query.order_by(waiting.name, waiting.id))]

    # -- inside ----------------------------------------------------------------------------------------------------------

    def _attempt(self, work: Callable[[], object]) -> None:
        """A sentence for whatever a diagram, an act or a typed step does wrong: it is the trial's and nobody else's."""
        self._clock.afresh()
        try:
            work()
        except OutOfTime:
            text = T("这一步用时超过 {n} 秒，已停下。请检查流程图中有没有不停重复的地方。", n=int(SECONDS))
            raise Refused(text, code="TRIAL_OUT_OF_TIME") from None
        except (NotFound, Forbidden) as error:  # of the sandbox's people and tasks, not of who asked
            raise Refused(error.text, code=error.code) from error
        except ZhipingError:
            raise
        except (Differs, BpmnError) as error:
            raise Refused(error.text, code="TRIAL_STEP") from error
        except Exception as error:
            log.warning("trial step failed", error=repr(error))
            text = T("这一步出错（{error}），没有办成。", error=type(error).__name__)
            raise Refused(text, code="TRIAL_STEP") from error

    def _refused(self, kind: str, name: str, given: Mapping[str, Any]) -> None:
        """A step that the scenario wants to be refused."""
        begun = self.begun
        try:
            self._attempt(lambda: do(self.scene, Step(kind, name, given, 0)))
        except ZhipingError as error:
            if error.code != given["refused"]:
                raise
        else:
            text = T("这一步应被拒绝（{wanted}），实际办成了。", wanted=given["refused"])
            raise Refused(text, code="TRIAL_STEP")
        self._written(kind, {name: given}, begun)

    def _written(self, kind: str, step: dict[str, Any], begun: bool) -> None:
        self.told.names = self.scene.names
        self.told.instance = self.scene.started
        if kind == "start":
            self.told.start = step["start"]
        elif begun or self.told.start is not None:
            self.told.steps.append(step)
        else:
            self.told.given.append(step)

    def _filed(self, value: Any) -> Any:
        """Files handed in stand in a test by their names: their ids are others each time."""
        if isinstance(value, Mapping):
            return {key: self._filed(each) for key, each in value.items()}
        if isinstance(value, list):
            if value and all(isinstance(each, str) for each in value) and (named := self._names_of(value)):
                return {FILE: named}
            return [self._filed(each) for each in value]
        return value

    def _names_of(self, ids: Sequence[str]) -> str | None:
        with self.engine.store.snapshot() as connection:
            found = connection.execute(
                select(attachment.c.id, attachment.c.name).where(attachment.c.id.in_(list(ids)))
            ).all()
        return str(found[0].name) if found else None


NOBODY = Actor("trial", "trial", "", frozenset())


def later(text: str) -> datetime:
    """An ISO date or time typed by a person; a date alone means nine in the morning. Raises ValueError."""
    return instant(f"{text}T09:00" if len(text) == 10 else text)
