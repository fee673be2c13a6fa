from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.commands.step import Step
from engine.registry import Actor


@dataclass(frozen=True)
class RetryIncident:
    """A person lets the failed step run again. Answers `{"id", "state", "instance": {"id","state","revision"}}`."""

    incident_id: str
    actor: Actor

    def execute(self, step: Step) -> dict[str, Any]:
        raise NotImplementedError
