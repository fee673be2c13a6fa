from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.commands.step import Step
from engine.registry import Actor


@dataclass(frozen=True)
class ResumeInstance:
    """Let a suspended instance go on. Answers `{"id","state","revision"}`."""

    instance_id: str
    actor: Actor

    def execute(self, step: Step) -> dict[str, Any]:
        raise NotImplementedError
