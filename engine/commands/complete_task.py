from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.commands.filled import submitted
from engine.commands.held import hold
from engine.commands.step import Step
from engine.registry import Actor


@dataclass(frozen=True)
class CompleteTask:
    """Finish a task. Answers `{"instance": {"id","state","revision"}, "next_tasks": [{"id","element_id"}]}`.

    `revision` is the task's as the person saw it, None for no check. Raises NotFound, Forbidden, Conflict (`by`, `at`),
    Invalid (form), Refused (rule, four eyes)."""

    task_id: str
    actor: Actor
    variables: Mapping[str, Any] = field(default_factory=dict)
    revision: int | None = None

    def execute(self, step: Step) -> dict[str, Any]:
        held = hold(step, self.task_id, self.actor, self.revision)
        held.require("task.complete")
        variables = submitted(held, self.variables)
        case = held.case
        run, services = case.load()
        case.completed.add(self.task_id)
        run.complete(self.task_id, variables)
        case.settle(run, services)
        case.save()
        return held.answer()
