"""The running tree: SpiffWorkflow's workflow and sub-workflow, with scopes that end, branches that are cancelled and trees that stay small."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.gateways import EventGateway, InclusiveGateway
from engine.bpmn.lines import merge_tokens, parts
from engine.bpmn.loops import MultiInstance
from engine.bpmn.machine import OPEN, Machine, NoPython
from engine.bpmn.specs import BoundaryEvent, BoundarySplit, EndToken, open_tasks

_NO_PYTHON = NoPython()
COMPACT_AT = 150  # tasks of one scope within a run


class Scope:
    """What a process and the sub-processes inside it share."""

    tasks: dict[Any, Any]
    task_tree: Any
    data: dict[str, Any]
    completed: bool

    @property
    def machine(self) -> Machine:
        machine: Machine = self.top_workflow.machine  # type: ignore[attr-defined]
        return machine

    def _task_completed_notify(self, task: Any) -> None:
        self.last_task = task

    def update_waiting_tasks(self) -> None:
        """Nothing waits to be looked at again and again: joins are settled in `settle`, the rest by what happens."""

    def open_tasks(self) -> Iterator[Any]:
        return open_tasks(self)

    def settle(self) -> bool:
        """Nothing in this scope can move by itself: let inclusive joins go on, or end the scope. Whether something moved."""
        tasks = list(self.open_tasks())
        waiting = [task for task in tasks if task.state == TaskState.WAITING]
        for spec in dict.fromkeys(task.task_spec for task in waiting if isinstance(task.task_spec, InclusiveGateway)):
            if spec.settle(self):
                return True
        if tasks and all(isinstance(task.task_spec, EndToken) for task in tasks):
            self.finish(tasks)
            return True
        return False

    def finish(self, tokens: list[Any]) -> None:
        """All tokens have reached an end: the scope is over with what they bring together."""
        self.data = merge_tokens(tokens)
        for token in tokens:
            token._set_state(TaskState.COMPLETED)
        self.completed = True
        if self.parent_task_id is not None:  # type: ignore[attr-defined]
            caller = self.top_workflow.get_task_from_id(self.parent_task_id)  # type: ignore[attr-defined]
            caller.task_spec.returned(caller, self)

    def cancel_others(self, task: Any) -> None:
        """A terminate end event: everything else of this scope is cancelled."""
        for other in self.open_tasks():
            if other is not task and other.state & OPEN and not isinstance(other.task_spec, EndToken):
                self.cancel_task(other)

    def cancel_branch(self, task: Any) -> None:
        """Cancel a task with everything that is open below it, called processes included."""
        below = [task]
        while below:
            at = below.pop()
            below.extend(at.children)
            if at.state & OPEN:
                self.cancel_task(at)

    def cancel_task(self, task: Any) -> None:
        inner = self.top_workflow.subprocesses.pop(task.id, None)  # type: ignore[attr-defined]
        if inner is not None:
            for other in inner.open_tasks():
                inner.cancel_task(other)
        task._set_state(TaskState.CANCELLED)
        task.internal_data.pop("blocked", None)
        self.machine.happen("cancelled", task)

    def snapshot(self) -> dict[str, Any]:
        """The variables of this scope as they stand: what all open branches have changed, embedded sub-processes included."""
        inner = self.top_workflow.subprocesses  # type: ignore[attr-defined]
        # Instances have variables of their own; a waiting boundary event remembers what was when its activity began.
        tokens = [
            task
            for task in self.open_tasks()
            if not task.task_spec.is_instance(task)
            and not (isinstance(task.task_spec, BoundaryEvent) and task.state == TaskState.WAITING)
        ]
        if not tokens:
            return dict(self.data)
        shared = {
            task.id: inner[task.id].snapshot()
            for task in tokens
            if task.id in inner and task.task_spec.shares_variables
        }
        return merge_tokens(tokens, shared)

    def compact(self) -> None:
        """Forget what is over: only open tasks, the places where their branches part, and what they still refer to are kept.

        Completed chains between them are taken out, so that a loop stays as small after 700 rounds as after one, wherever it stands.
        """
        tasks = list(self.tasks.values())  # parents come before children
        keep = {task.id for task in tasks if task.state & OPEN}
        for task in tasks:
            if task.id in keep and task.parent is not None:
                if isinstance(task.parent.task_spec, BoundarySplit | EventGateway | MultiInstance):
                    keep.add(task.parent.id)
                if isinstance(task.task_spec, MultiInstance):
                    pending = set(task.internal_data.get("pending", ()))
                    keep.update(child.id for child in task.children if str(child.id) in pending)
        alive: dict[Any, int] = {}  # kept subtrees below a task
        for task in reversed(tasks):
            if alive.get(task.id, 0) > 1 or (alive.get(task.id) and parts(task)):
                keep.add(task.id)
            if (task.id in keep or alive.get(task.id)) and task.parent is not None:
                alive[task.parent.id] = alive.get(task.parent.id, 0) + 1
        root = self.task_tree
        keep.add(root.id)
        nearest: dict[Any, Any] = {}
        for task in tasks:
            above = nearest.get(task._parent)
            nearest[task.id] = task if task.id in keep else above
            if task.id in keep:
                task._children = []
                task._parent = above.id if above is not None else None
                if above is not None:
                    above._children.append(task.id)
        self.tasks = {task.id: task for task in tasks if task.id in keep}
        if len(root._children) == 1 and root.state == TaskState.COMPLETED:
            # One branch is left: what it started from matters no more.
            root.data = self.tasks[root._children[0]].data


class SubWorkflow(Scope, BpmnSubWorkflow):
    """A called process or an embedded sub-process inside an instance."""


class Workflow(Scope, BpmnWorkflow):
    """One instance."""

    def __init__(self, spec: Any, subprocess_specs: dict[str, Any], machine: Machine, **kwargs: Any) -> None:
        self.machine_ = machine
        super().__init__(spec, subprocess_specs, script_engine=_NO_PYTHON, **kwargs)

    @property
    def machine(self) -> Machine:
        return self.machine_

    def create_subprocess(self, my_task: Any, spec_name: str) -> SubWorkflow:
        inner = SubWorkflow(self.subprocess_specs[spec_name], parent_task_id=my_task.id, top_workflow=self)
        self.subprocesses[my_task.id] = inner
        return inner

    def scopes(self) -> list[Any]:
        """The instance and everything inside it, the innermost first."""
        return [*sorted(self.subprocesses.values(), key=lambda scope: -scope.depth), self]

    def all_open(self) -> list[Any]:
        """Every open task, outermost scope first, in the order they came to be."""
        inside = sorted(self.subprocesses.values(), key=lambda scope: scope.depth)
        return [task for scope in (self, *inside) for task in scope.open_tasks()]

    def find(self, task_id: str) -> Any | None:
        for scope in self.scopes():
            for key, task in scope.tasks.items():
                if str(key) == task_id:
                    return task
        return None
