from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.commands.held import hold
from engine.commands.step import Step
from engine.errors import Refused
from engine.registry import Actor
from forms.i18n import T


@dataclass(frozen=True)
class UnclaimTask:
    """Give a task back to its candidates; answers as `CompleteTask`."""

    task_id: str
    actor: Actor
    revision: int | None = None

    def execute(self, step: Step) -> dict[str, Any]:
        held = hold(step, self.task_id, self.actor, self.revision)
        held.require("task.unclaim")
        if not held.facts.candidates:
            raise Refused(T("这项任务是指定给个人的，不能退回。"), code="NO_CANDIDATES")
        if held.row.assignee is not None:
            held.change(assignee=None, assigned_at=None, owner=None)
            held.note("unclaimed", previous=held.row.assignee)
            held.case.save(moved=False)
        return held.answer()
