"""What a step of a scenario does: the kinds of steps, carried out one by one. Each raises what the engine raises."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.commands import messages
from engine.commands.complete_task import CompleteTask
from engine.commands.publish_message import PublishMessage
from engine.commands.start_instance import StartInstance
from engine.commands.step import Step as CommandStep
from engine.errors import NotFound
from engine.scenarios.expecting import Differs, expect, shown
from engine.scenarios.scene import Scene
from engine.scenarios.script import Step, instant
from forms.i18n import T

NO_SUCH_TASK = "NO_SUCH_TASK"  # the person has no open task of that element


def do(scene: Scene, step: Step) -> None:
    """Carry out one step. Raises the errors of `engine.errors`, BpmnError, Differs, and whatever an act or a diagram under
    test does wrong."""
    _KINDS[step.kind](scene, step)


def _start(scene: Scene, step: Step) -> None:
    given = step.given
    actor = scene.actor(given["by"])
    variables = scene.value(given.get("variables") or {}, actor)
    command = StartInstance(
        actor,
        key=scene.process,
        variables=variables,
        business_key=scene.value(given.get("businessKey")),
        called=True,  # what only processes start is tested by itself, too
    )
    scene.started = scene.engine.run(command)["id"]
    scene.engine.work()


def _task(scene: Scene, step: Step) -> None:
    given = step.given
    actor = scene.actor(scene.value(given["by"]))
    task = scene.task(given["element"], actor)
    if task is None:
        element = scene.label(given["element"])
        raise NotFound(T("{who}没有待办“{element}”。", who=actor.name, element=element), code=NO_SUCH_TASK)
    variables = scene.value(given.get("variables") or {}, actor, task)
    scene.run(CompleteTask(task.id, actor, variables))


def _clock(scene: Scene, step: Step) -> None:
    given = scene.value(step.given)
    try:
        until = instant(given)
    except (ValueError, TypeError):
        raise Differs(T("“{text}”不是日期或时间，例：2026-06-01T09:00。", text=shown(given))) from None
    if until < scene.now:
        raise Differs(T("时钟只能向前拨：现在是 {now}。", now=shown(scene.now)))
    scene.engine.work(until)


def _message(scene: Scene, step: Step) -> None:
    given = step.given
    correlation = scene.value(given.get("correlation") or {})
    variables = scene.value(given.get("variables") or {})
    key = scene.value(given.get("businessKey"))
    if "by" in given:
        actor = scene.actor(scene.value(given["by"]))
        scene.run(PublishMessage(given["name"], actor, key, correlation, variables, all=True))
    else:
        scene.run(Sent(given["name"], key, correlation, variables))


def _act(scene: Scene, step: Step) -> None:
    act = scene.engine.registry.scenes.acts[step.name]  # type: ignore[union-attr]
    own = {key: scene.value(value) for key, value in step.given.items() if key not in ("as", "refused")}
    answer = act(scene, **own)
    scene.engine.work()
    scene.names[step.given.get("as", step.name)] = dict(answer or {})


def _expect(scene: Scene, step: Step) -> None:
    expect(scene, step.given, last=False)


def expect_at_last(scene: Scene, step: Step) -> None:
    """As `expect`, and no step may stand still that the scenario does not name."""
    expect(scene, step.given, last=True)


_KINDS: Mapping[str, Callable[[Scene, Step], None]] = {
    "start": _start,
    "task": _task,
    "clock": _clock,
    "message": _message,
    "act": _act,
    "expect": _expect,
}


@dataclass(frozen=True)
class Sent:
    """A message as another process sends it."""

    name: str
    business_key: str | None
    correlation: Mapping[str, Any]
    variables: Mapping[str, Any]

    def execute(self, step: CommandStep) -> None:
        sent = messages.store(step, self.name, self.correlation, self.business_key, self.variables, state="pending")
        messages.put_delivery(step, sent, None)
