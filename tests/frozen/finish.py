"""Bringing to their end what an older release has left waiting, by whatever each instance waits for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.commands.complete_task import CompleteTask
from engine.commands.publish_message import PublishMessage
from engine.commands.resume_instance import ResumeInstance
from engine.commands.retry_incident import RetryIncident
from engine.engine import Engine
from engine.identity import people
from engine.queries.instance_view import InstanceView
from engine.queries.views import InstanceDetail, TaskItem
from engine.queries.work_list import WorkList
from engine.registry import Actor

OWNER, READER = "process_owner", "admin"
STEPS = 60  # no instance needs more


def actor(engine: Engine, username: str) -> Actor:
    with engine.store.snapshot() as connection:
        return people.actor(connection, username)


def look(engine: Engine, instance_id: str) -> InstanceDetail:
    return engine.ask(InstanceView(actor(engine, READER), instance_id))


def open_tasks(engine: Engine, instance_id: str) -> list[TaskItem]:
    return engine.ask(WorkList(actor(engine, READER), process_instance_id=instance_id, max_results=100)).items


def complete(engine: Engine, instance_id: str, username: str, element: str, variables: Mapping[str, Any]) -> None:
    task = next(task for task in open_tasks(engine, instance_id) if task.element_id == element)
    engine.run(CompleteTask(task.id, actor(engine, username), variables))
    engine.work()


def finish(engine: Engine, instance_id: str, kind: str) -> dict[str, Any]:
    """Do whatever the instance waits for until it is over. Answers how: `{"state", "end", "variables", "steps"}`, the steps in
    order as `[what, element]`. Two releases that do the same answer the same."""
    steps: list[list[str]] = []
    for number in range(STEPS):
        seen = look(engine, instance_id)
        if seen.instance.ended_at is not None:
            end = {"state": seen.instance.state, "end": seen.instance.end_element}
            return {**end, "variables": dict(seen.variables), "steps": steps}
        steps.append(_step(engine, seen, kind, number))
    raise AssertionError(f"{kind} comes to no end: {steps}")


def _step(engine: Engine, seen: InstanceDetail, kind: str, number: int) -> list[str]:
    instance_id = seen.instance.id
    if seen.instance.state == "suspended":
        engine.run(ResumeInstance(instance_id, actor(engine, OWNER)))
        return ["resumed", ""]
    if seen.incidents:
        incident = seen.incidents[0]
        engine.run(RetryIncident(incident.id, actor(engine, OWNER), "时间到了"))
        engine.work()
        return ["retried", incident.element_id or ""]
    if tasks := sorted(open_tasks(engine, instance_id), key=lambda task: (task.element_id, task.created_at, task.id)):
        task = tasks[0]
        who = task.assignee or task.candidate_groups[0]  # the demo's accounts of one group bear its name
        engine.run(CompleteTask(task.id, actor(engine, who), {"a": 1, "b": 2, "answer": 21, "choice": number}))
        engine.work()
        return ["done", task.element_id]
    if seen.waiting:
        waiting = seen.waiting[0]
        news = {"name": waiting.message, "correlation": {"case": kind}, "variables": {"told": number}}
        engine.run(PublishMessage(actor=actor(engine, OWNER), **news))
        engine.work()
        return ["heard", waiting.element_id]
    timer = seen.timers[0]
    engine.work(timer.due_at)
    return ["waited", timer.element_id]
