from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.commands.allowed import require
from engine.commands.case import Case
from engine.commands.step import Step
from engine.registry import Actor


@dataclass(frozen=True)
class CancelInstance:
    """End an instance for good. Answers `{"id","state","revision"}`."""

    instance_id: str
    actor: Actor
    reason: str

    def execute(self, step: Step) -> dict[str, Any]:
        require(self.actor, "instance.cancel")
        case = Case.lock(step, self.instance_id, self.actor)
        if case.state != "suspended":
            case.require_moving()
        case.cancel(self.reason)
        case.note("cancelled", data={"reason": self.reason})
        case.save()
        return case.summary()
