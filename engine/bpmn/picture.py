"""From the running tree to the `Picture` of plain values that becomes rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from SpiffWorkflow.util.task import TaskState

from engine.bpmn import former
from engine.bpmn.events import CatchEvent
from engine.bpmn.loops import MultiInstance
from engine.bpmn.machine import blocked, failure_of
from engine.bpmn.model import ActiveElement, OpenTask, PendingTimer, Picture, WaitingMessage
from engine.bpmn.specs import BoundaryEvent, HumanTask
from engine.bpmn.workflow import Workflow


def picture(workflow: Workflow) -> Picture:
    machine, tasks = workflow.machine, workflow.all_open()
    waiting = [
        t for t in tasks if isinstance(t.task_spec, CatchEvent) and t.state == TaskState.WAITING and not blocked(t)
    ]
    return Picture(
        completed=workflow.completed,
        end_elements=tuple(machine.ended),
        variables=dict(workflow.data) if workflow.completed else workflow.snapshot(),
        tasks=tuple(_task(t) for t in tasks if isinstance(t.task_spec, HumanTask) and t.state == TaskState.READY),
        timers=tuple(_timer(t) for t in waiting if "due" in t.internal_data),
        messages=tuple(_message(t) for t in waiting if "correlation" in t.internal_data),
        active=_active(tasks),
        failures=tuple(failure_of(t) for t in tasks if blocked(t)),
        happenings=tuple(machine.happenings),
        outgoing=tuple(machine.outgoing),
    )


def _task(task: Any) -> OpenTask:
    element, settled = task.task_spec.element, task.internal_data["human"]
    return OpenTask(
        id=str(task.id),
        element_id=element.id,
        name=element.name,
        definition_key=element.process,
        form_key=element.form_key,
        lane=element.lane.name if element.lane else None,
        candidate_groups=tuple(settled["groups"]),
        candidate_users=tuple(settled["users"]),
        assignee=settled["assignee"],
        scope=settled["scope"],
        due_at=_instant(settled["due"]),
        follow_up_at=_instant(settled["follow_up"]),
        properties=former.properties(task),
        data=dict(task.data),
    )


def _timer(task: Any) -> PendingTimer:
    element = task.task_spec.element
    return PendingTimer(
        id=str(task.id),
        element_id=element.id,
        name=element.name,
        definition_key=element.process,
        due_at=datetime.fromisoformat(task.internal_data["due"]),
    )


def _message(task: Any) -> WaitingMessage:
    element = task.task_spec.element
    return WaitingMessage(
        id=str(task.id),
        element_id=element.id,
        element_name=element.name,
        definition_key=element.process,
        message=element.event.name,
        correlation=dict(task.internal_data["correlation"]),
    )


def _active(tasks: list[Any]) -> tuple[ActiveElement, ...]:
    """Where it stands. Boundary events are not places; a multi-instance activity is counted by its instances."""
    found: dict[tuple[str, str], ActiveElement] = {}
    for task in tasks:
        spec = task.task_spec
        if spec.element is None or (isinstance(spec, BoundaryEvent) and not blocked(task)):
            continue
        if isinstance(spec, MultiInstance) and not blocked(task):
            continue
        key = (spec.element.process, spec.element.id)
        count = found[key].count + 1 if key in found else 1
        found[key] = ActiveElement(spec.element.id, spec.element.name, spec.element.process, count)
    return tuple(found.values())


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
