from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.commands.held import hold, require_receiver
from engine.commands.step import Step
from engine.identity import people
from engine.registry import Actor


@dataclass(frozen=True)
class DelegateTask:
    """The assignee lets somebody else do the task and stays its owner; answers as `CompleteTask`."""

    task_id: str
    assignee: str
    actor: Actor
    revision: int | None = None

    def execute(self, step: Step) -> dict[str, Any]:
        held = hold(step, self.task_id, self.actor, self.revision)
        held.require("task.delegate")
        require_receiver(held, self.assignee)
        held.change(assignee=people.normal(self.assignee), assigned_at=step.now, owner=self.actor.username)
        held.note("delegated", assignee=people.normal(self.assignee))
        held.case.save(moved=False)
        return held.answer()
