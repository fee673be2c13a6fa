"""Whether one open step of an instance can stand at an element of another release, and what is then kept as it was settled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from SpiffWorkflow.util.task import TaskState

from engine.bpmn.events import CatchEvent
from engine.bpmn.loops import MultiInstance
from engine.bpmn.machine import blocked
from engine.bpmn.specs import BoundaryEvent, HumanTask
from forms.i18n import T, Text


def fits(task: Any, node: Any, main: str | None) -> tuple[str, Text] | None:
    """Why `task` cannot stand at `node`, with a code; None where it can. `main`: the activity in the new release on whose edge it waits."""
    spec = task.task_spec
    old, new = spec.drawn, node.drawn
    if isinstance(spec, MultiInstance) != isinstance(node, MultiInstance):
        return "LOOP_CHANGED", T("“{name}”在新版本里的多实例设置不同，正在办理的不能移动。", name=old.label)
    if type(spec) is not type(node) or old.event.kind != new.event.kind:
        return "OTHER_TYPE", T("停在“{name}”，新版本的“{new}”不是同一类步骤。", name=old.label, new=new.label)
    if isinstance(spec, MultiInstance) and not blocked_on_entry(task) and _shape(old.loop) != _shape(new.loop):
        return "LOOP_CHANGED", T("“{name}”在新版本里的多实例设置不同，正在办理的不能移动。", name=old.label)
    if isinstance(spec, BoundaryEvent):
        if main is not None and new.attached_to != main:
            return "OTHER_EDGE", T("正在等待的“{name}”，新版本里附在另一步上。", name=old.label)
        if old.interrupting != new.interrupting:
            return "OTHER_EDGE", T("正在等待的“{name}”，新版本里是否中断所附步骤与原来不同。", name=old.label)
    if isinstance(spec, CatchEvent) and old.event.kind == "message":
        same = old.event.name == new.event.name
        if not same or old.properties.get("correlation", "") != new.properties.get("correlation", ""):
            return "OTHER_MESSAGE", T("“{name}”在新版本里等待的是另一种消息。", name=old.label)
    return None


def blocked_on_entry(task: Any) -> bool:
    """Whether it failed as the token came: it will be entered anew, by the new diagram."""
    return blocked(task) and task.state == TaskState.WAITING


def _shape(loop: Any) -> tuple[Any, ...]:
    """What is settled when the instances begin. The completion condition is asked anew each time."""
    return (
        loop.sequential,
        loop.collection,
        loop.variable,
        loop.cardinality,
        loop.output_collection,
        loop.output_element,
    )


def task_notes(task: Any, node: Any) -> Iterator[tuple[str, Text]]:
    """What changes for what stands, and what expressly does not."""
    spec = task.task_spec
    if blocked(task):
        yield "FAILED", T("“{name}”出过错，移动后请重试，会按新版本再办。", name=node.drawn.label)
        return
    old, new = spec.drawn, node.drawn
    if isinstance(spec, HumanTask):
        if old.form_key != new.form_key:
            yield "NEW_FORM", T("“{name}”换用新版本的表单。", name=new.label)
        if old.due != new.due or old.follow_up != new.follow_up:
            yield "DUE_KEPT", T("“{name}”的期限保持原定。", name=new.label)
        if _offer(old) != _offer(new):
            yield "OFFER_KEPT", T("“{name}”仍由原定的人办理。", name=new.label)
    elif isinstance(spec, CatchEvent) and old.event.kind == "timer" and old.event.text != new.event.text:
        yield "DUE_KEPT", T("“{name}”的期限保持原定。", name=new.label)


def _offer(element: Any) -> tuple[Any, ...]:
    lane = element.lane
    return (
        element.assignee,
        element.candidate_users,
        element.candidate_groups,
        (lane.group, lane.scope) if lane else None,
        element.properties.get("scope"),
    )
