from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.commands.held import hold, require_receiver
from engine.commands.step import Step
from engine.identity import people
from engine.registry import Actor


@dataclass(frozen=True)
class AssignTask:
    """Hand a task to a person (`assignee` is a username); answers as `CompleteTask`."""

    task_id: str
    assignee: str
    actor: Actor
    revision: int | None = None

    def execute(self, step: Step) -> dict[str, Any]:
        held = hold(step, self.task_id, self.actor, self.revision)
        held.require("task.assign")
        require_receiver(held, self.assignee)
        held.change(assignee=people.normal(self.assignee), assigned_at=step.now, owner=None)
        held.note("assigned", assignee=people.normal(self.assignee))
        held.case.save(moved=False)
        return held.answer()
