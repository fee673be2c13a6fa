"""Processes inside a process: embedded sub-processes and call activities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from SpiffWorkflow.util.task import TaskState

from engine.bpmn.elements import InOut
from engine.bpmn.machine import Machine, StepFailed
from engine.bpmn.specs import Node
from forms.i18n import T


class SubProcess(Node):
    """An embedded sub-process: it works on the variables around it."""

    target: str  # name of the spec in the release
    shares_variables = True

    def enter(self, task: Any, machine: Machine) -> bool:
        top = task.workflow.top_workflow
        if self.target not in top.subprocess_specs:
            raise StepFailed(T("被调用的流程“{key}”不在这次发布中。", key=self.target), code="NO_SUCH_PROCESS")
        if task.workflow.depth + 1 > machine.limits.depth:
            raise StepFailed(T("流程嵌套超过 {n} 层。", n=machine.limits.depth), code="DEPTH_LIMIT")
        data = self.inward(task, machine)
        inner = top.create_subprocess(task, self.target)
        inner.task_tree.data = data
        task._set_state(TaskState.STARTED)
        return False

    def inward(self, task: Any, machine: Machine) -> dict[str, Any]:
        return dict(task.data)

    def outward(self, task: Any, machine: Machine, data: Mapping[str, Any]) -> dict[str, Any]:
        """The caller's variables after the inner process ended with `data`."""
        return dict(data)

    def returned(self, task: Any, inner: Any) -> None:
        """The inner process has ended. Its result is taken over when this task is run, where a failure can be kept."""
        task.internal_data["result"] = inner.data
        del task.workflow.top_workflow.subprocesses[task.id]
        task._set_state(TaskState.READY)

    def prepare(self, task: Any, machine: Machine) -> dict[str, Any]:
        data = self.outward(task, machine, task.internal_data["result"])
        machine.check_size(data)
        return data

    def apply(self, task: Any, machine: Machine, prepared: Any) -> None:
        del task.internal_data["result"]
        task.data = prepared


class CallActivity(SubProcess):
    """Another process of the same release. Without camunda:in it gets, without camunda:out it gives back, all variables."""

    shares_variables = False

    def enter(self, task: Any, machine: Machine) -> bool:
        ready = super().enter(task, machine)
        machine.happen("called", task, process=self.target)
        return ready

    def inward(self, task: Any, machine: Machine) -> dict[str, Any]:
        return _mapped(machine, self.drawn.inputs, task.data) if self.drawn.inputs else dict(task.data)

    def outward(self, task: Any, machine: Machine, data: Mapping[str, Any]) -> dict[str, Any]:
        if self.drawn.outputs:
            return {**task.data, **_mapped(machine, self.drawn.outputs, data)}
        # With a mapping on the way in, what was not handed over is still the caller's.
        return {**task.data, **data} if self.drawn.inputs else dict(data)


def _mapped(machine: Machine, mapping: tuple[InOut, ...], data: Mapping[str, Any]) -> dict[str, Any]:
    mapped: dict[str, Any] = {}
    for item in mapping:
        if item.everything:
            mapped.update(data)
        elif item.target:
            mapped[item.target] = (
                machine.evaluate(item.expression, data) if item.expression else data.get(item.source or "")
            )
    return mapped
