from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.commands.allowed import require
from engine.commands.case import Case
from engine.commands.step import Step
from engine.registry import Actor


@dataclass(frozen=True)
class SuspendInstance:
    """Let nothing move in an instance. Answers `{"id","state","revision"}`."""

    instance_id: str
    actor: Actor
    reason: str

    def execute(self, step: Step) -> dict[str, Any]:
        require(self.actor, "instance.suspend")
        case = Case.lock(step, self.instance_id, self.actor)
        case.require_moving()
        case.suspend(self.reason)
        case.note("suspended", data={"reason": self.reason})
        case.save()
        return case.summary()
