"""Several instances of one activity, in parallel or one after the other."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from SpiffWorkflow.util.task import TaskState

from engine.bpmn.elements import Loop
from engine.bpmn.machine import Machine, StepFailed, blocked, shown
from engine.bpmn.specs import Node
from engine.bpmn.values import changes, size
from forms.i18n import T

COUNTERS = ("nrOfInstances", "nrOfCompletedInstances", "nrOfActiveInstances")


class MultiInstance(Node):
    """The activity around the instances. Each round starts with an empty output collection.

    The completion condition sees the finishing instance's variables, the output collection so far and the three counters. Results are
    collected in the order of the items, whoever finished first; instances that were not needed any more give none.
    """

    inner: str  # name of the instances' spec

    @property
    def loop(self) -> Loop:
        assert self.drawn.loop is not None
        return self.drawn.loop

    def enter(self, task: Any, machine: Machine) -> bool:
        loop, state = self.loop, task.internal_data
        if loop.cardinality is not None:
            count = machine.evaluate(loop.cardinality, task.data)
            count = int(count) if isinstance(count, float) and count.is_integer() else count
            if not isinstance(count, int) or isinstance(count, bool) or count < 0:
                raise StepFailed(T("次数应为非负整数，得到 {value}。", value=shown(count)), code="BAD_CARDINALITY")
            items: list[Any] = list(range(1, count + 1)) if count <= machine.limits.branches else []
        else:
            items = machine.evaluate(loop.collection or "null", task.data)
            if not isinstance(items, list):
                raise StepFailed(
                    T("“{name}”应为列表，得到 {value}。", name=loop.collection, value=shown(items)),
                    code="BAD_COLLECTION",
                )
            count = len(items)
        beside = 0 if loop.sequential else sum(1 for _ in task.workflow.top_workflow.all_open())
        if beside + count > machine.limits.branches:
            raise StepFailed(T("同时进行的任务超过 {n} 个。", n=machine.limits.branches), code="BRANCH_LIMIT")
        if count > 1 and not loop.sequential and (beside + count) * size(task.data) > machine.limits.spread_bytes:
            text = T(
                "同时进行的 {n} 个任务各带一份流程变量，总量超过 {most} 字节，请把资料存为附件。",
                n=beside + count,
                most=machine.limits.spread_bytes,
            )
            raise StepFailed(text, code="SPREAD_LIMIT")
        state.update(items=items, next=0, done=0, out=[], pending=[])
        if loop.output_collection:
            task.data[loop.output_collection] = []
        if not items:
            return True
        task._set_state(TaskState.STARTED)
        for _ in range(1 if loop.sequential else count):
            self._next(task)
        return False

    def _next(self, task: Any) -> None:
        state, loop = task.internal_data, self.loop
        index = state["next"]
        state["next"] = index + 1
        child = task._add_child(task.workflow.spec.task_specs[self.inner], TaskState.FUTURE)
        child.internal_data["instance"] = index
        child.data = {**task.data, "loopCounter": index + 1}
        if loop.variable:
            child.data[loop.variable] = state["items"][index]
        if not loop.output_collection:
            state["base"] = task.data  # what the instance starts from, to tell what it changed
        child.task_spec._update(child)

    def instance_done(self, task: Any, child: Any) -> None:
        task.internal_data["pending"].append(str(child.id))
        if not blocked(task) or self._all_in(task):
            self.settle(task)

    @staticmethod
    def _all_in(task: Any) -> bool:
        """Every instance has finished: whether fewer would have done is no question any more."""
        state = task.internal_data
        return state["done"] + len(state["pending"]) == len(state["items"])

    def settle(self, task: Any) -> None:
        """Collect what finished instances bring and see whether that is enough. Also the way to retry."""
        machine = task.workflow.machine
        task.internal_data.pop("blocked", None)
        try:
            while task.state == TaskState.STARTED and task.internal_data["pending"]:
                self._collect(task, machine)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong in a step becomes its Failure
            machine.fail(task, error)

    def _collect(self, task: Any, machine: Machine) -> None:
        state, loop = task.internal_data, self.loop
        child = task.workflow.tasks[UUID(state["pending"][0])]
        out, data = state["out"], dict(task.data)
        if loop.output_collection:
            value = machine.evaluate(loop.output_element, child.data) if loop.output_element else None
            out = sorted([*out, [child.internal_data["instance"], value]], key=lambda pair: pair[0])
            data[loop.output_collection] = [value for _, value in out]
        else:
            changed, removed = changes(state["base"], child.data)
            private = {loop.variable, "loopCounter"}
            data.update({key: value for key, value in changed.items() if key not in private})
            data = {key: value for key, value in data.items() if key not in removed}
        done, total = state["done"] + 1, len(state["items"])
        enough = done == total
        if loop.completion and not self._all_in(task):
            active = state["next"] - done
            seen = {**child.data, **data, **dict(zip(COUNTERS, (total, done, active), strict=True))}
            if loop.variable:
                seen[loop.variable] = child.data.get(loop.variable)
            enough = machine.condition(loop.completion, seen).value
        machine.check_size(data)
        # Nothing has changed up to here; from here on nothing can fail.
        state.update(out=out, done=done, pending=state["pending"][1:])
        task.data = data
        if enough:
            for other in task.children:
                task.workflow.cancel_branch(other)
            for key in ("items", "next", "done", "out", "pending", "base"):
                state.pop(key, None)
            task._set_state(TaskState.READY)
        elif loop.sequential:
            self._next(task)
