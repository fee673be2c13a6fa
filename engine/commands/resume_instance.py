from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.commands.allowed import require
from engine.commands.case import Case
from engine.commands.step import Step
from engine.errors import Conflict
from engine.registry import Actor
from forms.i18n import T


@dataclass(frozen=True)
class ResumeInstance:
    """Let a suspended instance go on. Answers `{"id","state","revision"}`."""

    instance_id: str
    actor: Actor

    def execute(self, step: Step) -> dict[str, Any]:
        require(self.actor, "instance.resume")
        case = Case.lock(step, self.instance_id, self.actor)
        if case.state != "suspended":
            raise Conflict(T("流程没有暂停，不需恢复。"), code="NOT_SUSPENDED", by=None, at=None)
        case.resume()
        case.note("resumed")
        case.save()
        return case.summary()
