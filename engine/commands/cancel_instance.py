from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.commands.step import Step
from engine.registry import Actor


@dataclass(frozen=True)
class CancelInstance:
    """End an instance for good. Answers `{"id","state","revision"}`."""

    instance_id: str
    actor: Actor
    reason: str

    def execute(self, step: Step) -> dict[str, Any]:
        raise NotImplementedError
