"""Gateways: where tokens part and meet. Tokens are counted per flow, as BPMN says; variables of meeting branches are merged key by key.

The stock joins look for tokens by walking the tree to a fixed depth, take leftovers of an earlier round of a loop for
arrivals, and keep only the last branch's variables. Ours hold every arrived token as a waiting task that knows the flow it came by.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from SpiffWorkflow.util.task import TaskState

from engine.bpmn.lines import merge_tokens
from engine.bpmn.machine import Machine, StepFailed
from engine.bpmn.specs import Node, open_tasks
from forms.i18n import T


class Join(Node):
    """A gateway with several flows leading in."""

    def waiting(self, workflow: Any) -> list[Any]:
        return [task for task in workflow.tasks.values() if task.task_spec is self and task.state == TaskState.WAITING]

    def pass_on(self, tokens: list[Any]) -> Any:
        """Let `tokens` go on as one: the last to come carries what all of them bring."""
        carrier = tokens[-1]
        carrier.data = merge_tokens(tokens)
        for token in tokens[:-1]:
            token._set_state(TaskState.COMPLETED)
        return carrier


class ParallelGateway(Join):
    def enter(self, task: Any, machine: Machine) -> bool:
        if len(self.arriving) < 2:
            return True
        first: dict[str, Any] = {}
        tokens = [*(token for token in self.waiting(task.workflow) if token is not task), task]
        for token in tokens:
            first.setdefault(token.internal_data["flow"], token)
        if any(flow not in first for flow in self.arriving):
            return False
        carrier = self.pass_on([token for token in tokens if token in first.values()])
        if carrier is task:
            return True
        carrier._set_state(TaskState.READY)
        return False


class Deciding(Node):
    """A gateway whose outgoing flows have conditions: `conditions` is (flow id, FEEL) in the order of the file.

    `always` are flows of an inclusive gateway without a condition, `default` is taken when nothing else is.
    """

    conditions: list[tuple[str, str]]
    always: list[str]
    default: str | None

    def decide(self, task: Any, machine: Machine, *, first_only: bool) -> list[str]:
        looked_at: list[dict[str, Any]] = []
        taken = list(self.always)
        for flow, expression in self.conditions:
            verdict = machine.condition(expression, task.data)
            looked_at.append(
                {"flow": flow, "condition": expression, "read": dict(verdict.read), "value": verdict.value}
            )
            if verdict.value:
                taken.append(flow)
                if first_only:
                    break
        if not taken and self.default is not None:
            taken = [self.default]
        if not taken:
            raise StepFailed(
                T("网关“{name}”没有一条出路的条件成立，也没有默认出路。", name=self.bpmn_name or self.bpmn_id),
                code="NO_FLOW",
                conditions=looked_at,
            )
        task.internal_data["looked_at"] = looked_at
        return taken

    def apply(self, task: Any, machine: Machine, prepared: Any) -> None:
        looked_at = task.internal_data.pop("looked_at")
        task.internal_data["taken"] = prepared
        if self.conditions:
            machine.happen("decided", task, conditions=looked_at, taken=prepared)

    def leaving(self, task: Any) -> list[tuple[str, str]]:
        taken = task.internal_data.pop("taken")
        return [(flow, name) for flow, name in self.flows if flow in taken]


class ExclusiveGateway(Deciding):
    def prepare(self, task: Any, machine: Machine) -> list[str]:
        return self.decide(task, machine, first_only=True)


class InclusiveGateway(Deciding, Join):
    def enter(self, task: Any, machine: Machine) -> bool:
        # Whether others are still to come can only be said when everything else has settled; see `settle`.
        return len(self.arriving) < 2

    def prepare(self, task: Any, machine: Machine) -> list[str]:
        return self.decide(task, machine, first_only=False)

    def settle(self, workflow: Any) -> bool:
        """Called when nothing else can move: go on unless a token can still come by a flow that has none."""
        tokens: dict[str, Any] = {}
        for token in self.waiting(workflow):
            tokens.setdefault(token.internal_data["flow"], token)
        if not tokens:
            return False
        with_token = self._upstream([flow for flow in self.arriving if flow in tokens])
        without = self._upstream([flow for flow in self.arriving if flow not in tokens])
        for task in open_tasks(workflow):
            name = task.task_spec.name
            if task.task_spec is not self and name in without and name not in with_token:
                return False
        arrived = [token for token in self.waiting(workflow) if token in tokens.values()]
        self.pass_on(arrived)._set_state(TaskState.READY)
        return True

    def _upstream(self, flows: list[str]) -> set[str]:
        """Names of the specs from which a token can come by one of `flows` without passing this gateway."""
        specs = self._wf_spec.task_specs
        into: dict[str, list[str]] = {}
        starts = []
        for spec in specs.values():
            for flow, target in spec.targets():
                into.setdefault(target, []).append(spec.name)
                if target == self.name and flow in flows:
                    starts.append(spec.name)
        seen: set[str] = set()
        queue = deque(starts)
        while queue:
            name = queue.popleft()
            if name in seen or name == self.name:
                continue
            seen.add(name)
            queue.extend(into.get(name, ()))
        return seen


class EventGateway(Node):
    """Activates all events behind it; the first that happens retires the others (`events.CatchEvent.fire`)."""
