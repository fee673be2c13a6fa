"""Events: what a process waits for, and what it sends out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from SpiffWorkflow.util.task import TaskState

from engine.bpmn.elements import feel_of
from engine.bpmn.gateways import EventGateway
from engine.bpmn.machine import OPEN, Machine, StepFailed, shown
from engine.bpmn.model import OutgoingMessage
from engine.bpmn.specs import BRANCH, BoundaryEvent, BoundarySplit, Node
from engine.bpmn.timers import is_iso, parse_cycle, parse_due, parse_duration, parse_moment
from engine.errors import BpmnError
from forms.i18n import T

CAUGHT = {"timer": "timer_fired", "message": "message_caught", "error": "error_caught"}


class CatchEvent(Node):
    """Waits for a timer, a message or an error: intermediate and boundary events and receive tasks.

    What it waits for is settled when the token arrives: `due` (UTC, ISO) or `correlation` in the task's internal data.
    """

    def enter(self, task: Any, machine: Machine) -> bool:
        event = self.drawn.event
        if event.kind == "timer":
            task.internal_data.update(self._armed(task, machine))
        elif event.kind == "message":
            task.internal_data["correlation"] = self._correlation(task, machine)
        return False

    def _correlation(self, task: Any, machine: Machine) -> dict[str, Any]:
        slot = self.drawn.properties.get("correlation", "")
        if not slot.strip():
            return {}
        keys = machine.evaluate_object(feel_of(slot), task.data)
        missing = [name for name, value in keys.items() if value is None]
        if missing:
            # Waiting for null would wait for ever, or take somebody else's message.
            raise StepFailed(T("关联值 {names} 为空，无法等待消息。", names=missing), code="NO_CORRELATION")
        return keys

    def _armed(self, task: Any, machine: Machine) -> dict[str, Any]:
        event, now = self.drawn.event, machine.services.now
        slot = event.text or ""
        text = slot if is_iso(slot) else machine.evaluate(feel_of(slot), task.data)
        if not isinstance(text, str):
            raise StepFailed(
                T("定时“{slot}”应得出日期、时间或时长，得到 {value}。", slot=slot, value=shown(text)),
                code="TIMER_ERROR",
            )
        if event.timer == "cycle":
            cycle = parse_cycle(text)
            first = cycle.first or cycle.every.after(now)
            return {"due": first.isoformat(), "cycle": text, "left": cycle.times}
        if event.timer == "duration":
            return {"due": parse_duration(text).after(now).isoformat()}
        return {"due": (parse_due(text, now) if text.startswith("P") else parse_moment(text)).isoformat()}

    def due(self, task: Any) -> datetime | None:
        kept = task.internal_data.get("due")
        return datetime.fromisoformat(kept) if kept else None

    def fire(self, task: Any, machine: Machine, payload: Mapping[str, Any]) -> None:
        """What it waited for has happened. Cannot fail; `payload` are variables to set."""
        owner = task.parent
        flow = task.internal_data.get("flow")
        if owner is not None and isinstance(owner.task_spec, EventGateway) and flow in dict(owner.task_spec.flows):
            for sibling in owner.children:
                if sibling is not task:
                    task.workflow.cancel_branch(sibling)
        self._happened(task, machine)
        task.data = {**task.data, **payload}
        task._set_state(TaskState.READY)

    def _happened(self, task: Any, machine: Machine) -> None:
        kind = self.drawn.event.kind
        data = {"due": task.internal_data["due"]} if kind == "timer" else {}
        for key in ("due", "correlation", "cycle", "left"):
            task.internal_data.pop(key, None)
        machine.happen(CAUGHT[kind], task, **data)


class BoundaryCatch(BoundaryEvent, CatchEvent):
    """An event on the edge of an activity. An interrupting one ends the activity; another starts a branch beside it."""

    def catches(self, code: str, *, named: bool) -> bool:
        event = self.drawn.event
        return event.kind == "error" and (event.code == code if named else event.code is None)

    def fire(self, task: Any, machine: Machine, payload: Mapping[str, Any]) -> None:
        element, workflow = self.drawn, task.workflow
        assert element is not None
        activity = next(child for child in task.parent.children if child.task_spec.name == task.parent.task_spec.main)
        seen = self._seen(activity, task)
        if element.interrupting:
            # What another event has begun beside the activity may stand here too, its own steps cut out: it goes on.
            for sibling in task.parent.children:
                event = isinstance(sibling.task_spec, BoundaryEvent)
                if event and sibling is not task and sibling.state == TaskState.WAITING:
                    sibling.task_spec.retire(sibling)
            workflow.cancel_branch(activity)
        elif element.event.kind == "message":
            self._branch(task, machine, seen, payload)
            return
        elif "cycle" in task.internal_data:
            left, cycle = task.internal_data["left"], parse_cycle(task.internal_data["cycle"])
            if left is None or left > 1:
                self._branch(task, machine, seen, payload)
                due = self.due(task)
                assert due is not None
                task.internal_data["due"] = cycle.every.after(due).isoformat()
                task.internal_data["left"] = None if left is None else left - 1
                return
        task.data = {**seen, **payload}
        self._happened(task, machine)
        task._set_state(TaskState.READY)

    def _branch(self, task: Any, machine: Machine, seen: dict[str, Any], payload: Mapping[str, Any]) -> None:
        """Start a branch and wait on for the next time."""
        kept = dict(task.internal_data)
        self._happened(task, machine)
        task.internal_data = kept
        branch = task._add_child(task.workflow.spec.task_specs[BRANCH], TaskState.FUTURE)
        branch.data = {**seen, **payload}
        if payload:
            branch.internal_data["brought"] = sorted(payload)
        branch._set_state(TaskState.COMPLETED)
        for flow, name in self.flows:
            child = branch._add_child(task.workflow.spec.task_specs[name], TaskState.FUTURE)
            child.internal_data["flow"] = flow
            child.task_spec._update(child)

    def _seen(self, activity: Any, task: Any) -> dict[str, Any]:
        """The variables behind the event. An embedded sub-process works on the variables around it, so what has been
        entered inside so far is known; a called process keeps its own until it ends."""
        spec = activity.task_spec
        inner = task.workflow.top_workflow.subprocesses.get(activity.id)
        if inner is not None and spec.shares_variables:
            seen: dict[str, Any] = inner.snapshot()
            return seen
        return dict(activity.data) if activity.state & OPEN else dict(task.data)


class ThrowEvent(Node):
    """Sends a message (intermediate, end event, send task), raises an error, ends everything, or does nothing."""

    def prepare(self, task: Any, machine: Machine) -> OutgoingMessage | None:
        element = self.drawn
        event, given = element.event, element.properties
        if event.kind == "error":
            raise BpmnError(event.code or "", T("“{name}”报告错误 {code}。", name=element.label, code=event.code or ""))
        if event.kind != "message":
            return None

        def slot(name: str) -> dict[str, Any]:
            text = given.get(name, "").strip()
            return machine.evaluate_object(feel_of(text), task.data) if text else {}

        key = given.get("businessKey", "").strip()
        business_key = machine.evaluate(feel_of(key), task.data) if key else None
        if business_key is not None and not isinstance(business_key, str):
            raise StepFailed(T("业务编号应为文字，得到 {value}。", value=shown(business_key)), code="BAD_BUSINESS_KEY")
        return OutgoingMessage(event.name or "", slot("correlation"), business_key, slot("variables"))

    def apply(self, task: Any, machine: Machine, prepared: Any) -> None:
        element = self.drawn
        if prepared is not None:
            machine.outgoing.append(prepared)
        if element.type == "endEvent":
            if task.workflow.parent_task_id is None:
                machine.ended.append(element.id)
            machine.happen("ended", task)
            if element.event.kind == "terminate":
                task.workflow.cancel_others(task)


def boundary_for(task: Any, code: str, *, only_named: bool) -> Any | None:
    """The boundary event that catches an error raised at `task`: the innermost scope first, a named code before any code.

    A refusal by a rule is caught only where its code is named: a person must be told otherwise.
    """
    at = task
    while at is not None:
        if at.task_spec.is_instance(at):
            at = at.parent
        split = at.parent
        if (
            split is not None
            and isinstance(split.task_spec, BoundarySplit)
            and split.task_spec.main == at.task_spec.name
        ):
            waiting = [
                child
                for child in split.children
                if isinstance(child.task_spec, BoundaryCatch) and child.state == TaskState.WAITING
            ]
            for named in (True,) if only_named else (True, False):
                for event in waiting:
                    if event.task_spec.catches(code, named=named):
                        return event
        workflow = at.workflow
        if workflow.parent_task_id is None:
            return None
        at = workflow.top_workflow.get_task_from_id(workflow.parent_task_id)
    return None
