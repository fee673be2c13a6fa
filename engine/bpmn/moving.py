"""A running instance brought to another release: what stands where is judged first, and carried over as a whole or not at all.

What is over and kept only as the place where lines parted needs no element any more. What is open needs its element in the new
release: the same id, or the one that the mapping names; of the same kind, in the same sub-process. Due times, who was offered a
task and what messages are waited for stay as they were settled. Where two lines could not run beside each other in the new diagram, or a
join would wait for a line that has never begun, the instance is refused: nothing is guessed.
"""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.util.task import TaskState

from engine.bpmn import former
from engine.bpmn.drive import Run
from engine.bpmn.gateways import EventGateway, Join
from engine.bpmn.model import Limits, Services
from engine.bpmn.moving_plan import Names, Plan, Planner, Remark
from engine.bpmn.parse import Release
from engine.bpmn.specs import BoundarySplit

__all__ = ["Names", "Plan", "Remark", "carry", "plan"]


def plan(run: Run, new: Release, mapping: Names) -> Plan:
    """How `run` would be moved to `new`. Changes nothing."""
    made = Plan()
    Planner(run, new, mapping, made).whole()
    return made


def carry(run: Run, planned: Plan, new: Release, mapping: Names, services: Services, limits: Limits) -> Run:
    """The instance on the new release, to be advanced and saved. `run` is to be thrown away. Raises ValueError where there is an obstacle."""
    if planned.obstacles:
        raise ValueError("an instance with an obstacle is not moved")
    for task in planned.ends:
        task.task_spec.retire(task)
    for scope, spec in planned.scopes.items():
        for task in scope.tasks.values():
            task.task_spec = spec.task_specs[planned.specs[task.id]]
            if task.id in planned.flows:
                task.internal_data["flow"] = planned.flows[task.id]
        scope.spec = spec
    workflow = run.workflow
    workflow.subprocess_specs = dict(new.specs)
    former.remember(workflow, mapping)
    # Saved and loaded: what goes on is what a later command would find.
    moved = Run(new, run.process_key, workflow, refuse=False)
    moved = Run.load(new, run.process_key, moved.dump(), services, limits, refuse=False)
    for task_id, event, flow in planned.begins:
        _begin(moved.workflow.find(str(task_id)), event, flow)
    _meet(moved)
    return moved


def _begin(standing: Any, event: str, flow: str) -> None:
    """An event that the new diagram has beside what stands, as if the token had just come: its time counts from now."""
    scope = standing.workflow
    spec = scope.spec.task_specs[event]
    above = standing if isinstance(standing.task_spec, EventGateway) else standing.parent
    if above is standing or (
        isinstance(above.task_spec, BoundarySplit) and above.task_spec.main == standing.task_spec.name
    ):
        split = above
    else:
        split = _split_above(scope, standing)
    child = split._add_child(spec, TaskState.FUTURE)
    child.internal_data["flow"] = flow
    spec._update(child)


def _split_above(scope: Any, standing: Any) -> Any:
    """The edge around an activity that had none."""
    above = standing.parent
    split = above._add_child(scope.spec.task_specs[f"{standing.task_spec.name}#edge"], TaskState.FUTURE)
    split.data = dict(standing.data)
    split._state = TaskState.COMPLETED
    split.internal_data["flow"] = standing.internal_data.get("flow", "")
    above._children.remove(standing.id)
    standing._parent = split.id
    split._children.append(standing.id)
    in_order: dict[Any, Any] = {}
    for key, task in scope.tasks.items():  # parents stand before children
        if key == standing.id:
            in_order[split.id] = split
        if key != split.id:
            in_order[key] = task
    scope.tasks = in_order
    return split


def _meet(run: Run) -> None:
    """Tokens at a join that waited for a line which the new diagram does not have go on. (What an inclusive join waits for is
    settled as ever, when nothing else can move.)"""
    for scope in run.workflow.scopes():
        waiting = [t for t in scope.open_tasks() if isinstance(t.task_spec, Join) and t.state == TaskState.WAITING]
        for task in waiting:
            # One that another has taken along meanwhile is over.
            if task.state == TaskState.WAITING and task.task_spec.enter(task, run.machine):
                task._set_state(TaskState.READY)
