"""One scenario while it is played: its engine, its names, and the verbs that steps and the office's acts share."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from io import BytesIO
from typing import Any

from sqlalchemy import Connection, select

from engine.attachments.keeping import upload
from engine.bpmn.elements import Element
from engine.bpmn.feel import Feel
from engine.commands.port import Command, Query
from engine.engine import Engine
from engine.errors import Refused
from engine.queries.views import TaskItem
from engine.queries.work_list import WorkList
from engine.registry import Actor
from engine.store import tables as t
from engine.store.packed import unpack
from forms.i18n import T

FILE = "file"  # {file: 照片.png} hands a small picture in; a form's field gets its id
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)

feel = Feel()


class Scene:
    """What an act is handed. `names` holds what earlier acts have answered, by name."""

    def __init__(self, engine: Engine, people: Mapping[str, Actor], process: str) -> None:
        self.engine = engine
        self.process = process
        self.names: dict[str, Any] = {}
        self.started: str | None = None  # the instance the scenario began itself
        self._people = people

    @property
    def now(self) -> datetime:
        """Aware, in UTC."""
        return self.engine.now()

    def actor(self, name: str) -> Actor:
        """Somebody of the kit. Raises Refused (NO_SUCH_PERSON)."""
        found = self._people.get(name)
        if found is None:
            raise Refused(T("没有“{who}”这个人。", who=name), code="NO_SUCH_PERSON")
        return found

    def run(self, command: Command[Any]) -> Any:
        """Execute a command, then let messages and due timers run."""
        done = self.engine.run(command)
        self.engine.work()
        return done

    def ask(self, query: Query[Any]) -> Any:
        return self.engine.ask(query)

    def transaction(self) -> AbstractContextManager[Connection]:
        """For acts that put rows straight into the register; `Scene.run` for everything a command does."""
        return self.engine.store.transaction()

    def snapshot(self) -> AbstractContextManager[Connection]:
        return self.engine.store.snapshot()

    def attach(self, name: str, actor: Actor) -> str:
        """Hand a small picture in; answers its id."""
        return upload(self.engine, BytesIO(PICTURE), name, actor=actor).id

    # -- the instance -------------------------------------------------------------------------------------------------

    def instance(self, process: str | None = None) -> str | None:
        """The scenario's own instance, or the newest of another process; None while there is none."""
        if process is None and self.started is not None:
            return self.started
        instance = t.instance.c
        query = select(instance.id).where(instance.definition_key == (process or self.process))
        with self.snapshot() as connection:
            return connection.scalar(query.order_by(instance.started_at.desc(), instance.id).limit(1))

    def variables(self, instance_id: str | None) -> dict[str, Any]:
        """All variables of an instance as they stand, secret ones too."""
        state = t.instance_state.c
        with self.snapshot() as connection:
            kept = connection.scalar(select(state.variables).where(state.instance_id == instance_id))
        return dict(unpack(kept)) if kept is not None else {}

    def label(self, element: str) -> str:
        """The name people know a step by, with its id; the id alone for one without."""
        named = [found.name for found in self._drawn(element) if found.name and found.name != element]
        return f"{named[0]}（{element}）" if named else element

    def human(self, element: str) -> bool:
        """Whether a person does this step."""
        return any(found.human for found in self._drawn(element))

    def _drawn(self, element: str) -> list[Element]:
        """The elements of that id in the release's processes."""
        with self.snapshot() as connection:
            active = connection.execute(select(t.deployment.c.id).where(t.deployment.c.state == "active")).scalar_one()
            processes = self.engine.releases.get(connection, active).bpmn.processes
        return [process.elements[element] for process in processes.values() if element in process.elements]

    def task(self, element: str, actor: Actor) -> TaskItem | None:
        """The open task of that element which the actor sees: of the scenario's own instance first, else the oldest."""
        query = WorkList(actor=actor, element_id=element, sort_by="created_at", max_results=50)
        found = self.engine.ask(query).items
        own = self.instance()
        return next((each for each in found if each.process_instance_id == own), found[0] if found else None)

    # -- values -------------------------------------------------------------------------------------------------------

    def value(self, given: Any, actor: Actor | None = None, task: TaskItem | None = None) -> Any:
        """What the YAML says, with FEEL (`=…`) worked out over the names, the instance's variables and those of the task,
        and files handed in by the actor. Raises FeelError, Refused."""
        if isinstance(given, str):
            return self.evaluate(given[1:], self._on(task)) if given.startswith("=") else given
        if isinstance(given, Mapping):
            if set(given) == {FILE} and actor is not None:
                return [self.attach(str(given[FILE]), actor)]
            return {key: self.value(each, actor, task) for key, each in given.items()}
        if isinstance(given, list):
            return [self.value(each, actor, task) for each in given]
        return given

    def evaluate(self, expression: str, more: Mapping[str, Any] | None = None) -> Any:
        """FEEL over the instance's variables, then `more`, then the names of what acts have answered."""
        known = {**self.variables(self.instance()), **(more or {}), **self.names}
        with self.snapshot() as connection:
            functions = self.engine.registry.bind_functions(connection, self.now)
            return feel.evaluate(expression, known, functions, self.now)

    def _on(self, task: TaskItem | None) -> dict[str, Any]:
        if task is None:
            return {}
        with self.snapshot() as connection:
            kept = connection.scalar(select(t.task.c.data).where(t.task.c.id == task.id))
        return dict(unpack(kept)) if kept is not None else {}
