"""A model through the whole engine: commands, rows, jobs and history on a database."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from engine.clock import FixedClock
from engine.commands.complete_task import CompleteTask
from engine.commands.deploy import Deploy
from engine.commands.publish_message import PublishMessage
from engine.commands.start_instance import StartInstance
from engine.engine import Engine
from engine.queries.instance_view import InstanceView
from engine.queries.task_view import TaskView
from engine.queries.work_list import WorkList
from engine.registry import Handler, Registry, StepContext
from forms.i18n import T
from tests.faults.models.blocks import CASE, grow
from tests.faults.models.drawing import draw
from tests.faults.models.oracle import Game, Wait
from tests.faults.models.play import BEGIN, MOST, Difference, answer, beginning, choose, repeated, text, values
from tests.integration.engine.conftest import ADMIN, ANN, OWNER, Anything, Counted


def registry() -> Registry:
    def work(context: StepContext, params: dict[str, Any]) -> dict[str, Any]:
        return answer(params, broken=False)

    made = Registry(groups={"clerks": T("科员")})
    made.add_handlers([Handler("work", work, Anything, Counted, T("工作"))])
    return made


class Office:
    """One instance of one model. `engine` is made anew one in ten times, as after a restart."""

    def __init__(self, engine: Engine, seed: str, path: str) -> None:
        self.engine, self.seed = engine, seed
        self.model = grow(seed, simple=True)
        self.dice = random.Random(f"{seed}/{path}")
        self.but = repeated(self.model)
        self.variables = beginning(self.model, self.dice)
        self.clock = FixedClock(BEGIN)
        engine.clock = self.clock
        prefix = f"{seed.replace('-', '_')}_"
        engine.run(Deploy(files={f"{seed}.bpmn": draw(self.model, prefix)}, actor=None, play=False))
        self.id = engine.run(StartInstance(OWNER, key=f"{prefix}p", variables=self.variables))["id"]
        engine.work()
        self.game = Game(self.model, self.variables, BEGIN, set())

    def play(self) -> int:
        """To the end; answers the steps. Raises Difference."""
        blocks = {block.id: block for block in self.model.blocks() if block.kind != "edge"}
        for step in range(MOST):
            self.compare(step)
            move = choose(self.game, self.dice, step)
            if move is None:
                self.engine.store.close()
                return step
            if isinstance(move, timedelta):
                self.pass_time(move)
                continue
            given = values(blocks, move, self.dice, step)
            self.act(move, given)
            self.game.complete(move, given)
            self.engine.work()
            if self.dice.random() < 0.1:
                self.engine.store.close()  # as after a restart
                self.engine = Engine(self.engine.settings, self.engine.registry, self.clock)
        raise Difference(f"{self.seed}: no end after {MOST} steps")

    def pass_time(self, span: timedelta) -> None:
        """The engine stops at every due instant, and so must the game."""
        end = self.game.now + span
        while due := [wait.due for wait in self.game.waits if wait.due is not None and wait.due <= end]:
            self.game.now = max(min(due), self.game.now)
            self.game.fire_due()
        self.game.now = end
        self.engine.work(end)

    def act(self, wait: Wait, given: Mapping[str, Any]) -> None:
        if wait.kind == "user":
            items = self.engine.ask(
                WorkList(ADMIN, process_instance_id=self.id, element_id=wait.element, max_results=100)
            ).items
            look = text(wait.data, self.but)
            for item in items:
                if text(self.engine.ask(TaskView(ADMIN, item.id)).data, self.but) == look:
                    self.engine.run(CompleteTask(item.id, ANN, given))
                    return
            raise Difference(f"{self.seed}: no task {wait.element} with {look}")
        correlation = {"case": CASE, "me": wait.data["me"]}
        self.engine.run(PublishMessage(f"m_{wait.element}", OWNER, correlation=correlation, variables=given))

    def compare(self, step: int) -> None:
        seen = self.engine.ask(InstanceView(ADMIN, self.id))
        game = self.game
        pairs: dict[str, tuple[Any, ...]] = {
            "incidents": ([(i.element_id, i.code, str(i.message)) for i in seen.incidents], []),
            "over": (seen.instance.state == "completed", game.result is not None),
            "variables": tuple(
                {name: value for name, value in data.items() if name not in self.but}
                for data in (seen.variables, game.variables)
            ),
            "tasks": (
                sorted(t.element_id for t in seen.tasks),
                sorted(w.element for w in game.waits if w.kind == "user"),
            ),
            "timers": (
                sorted((t.element_id, t.due_at) for t in seen.timers),
                sorted((w.element, w.due) for w in game.waits if w.kind == "timer"),
            ),
            "messages": (
                sorted(w.element_id for w in seen.waiting),
                sorted(w.element for w in game.waits if w.kind == "message"),
            ),
        }
        for name, (engine, wanted) in pairs.items():
            if engine != wanted:
                raise Difference(f"{self.seed}, step {step}: {name}: engine {engine}, game {wanted}")
