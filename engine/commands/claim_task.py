from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.commands.held import hold
from engine.commands.step import Step
from engine.registry import Actor


@dataclass(frozen=True)
class ClaimTask:
    """Take a task for oneself. Answers as `CompleteTask`. Raises NotFound, Forbidden, Conflict (`by`, `at`)."""

    task_id: str
    actor: Actor
    revision: int | None = None

    def execute(self, step: Step) -> dict[str, Any]:
        held = hold(step, self.task_id, self.actor, self.revision)
        held.require("task.claim")
        if held.row.assignee != self.actor.username:
            held.change(assignee=self.actor.username, assigned_at=step.now, owner=None)
            held.note("claimed")
            held.case.save(moved=False)
        return held.answer()
