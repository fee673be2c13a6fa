from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.commands.step import Step
from engine.registry import Actor


@dataclass(frozen=True)
class EvaluateDecision:
    """Evaluate a decision table of the active release; writes nothing. Answers `{"result", "matched_rules"}`."""

    key: str
    actor: Actor
    variables: Mapping[str, Any] = field(default_factory=dict)

    def execute(self, step: Step) -> dict[str, Any]:
        raise NotImplementedError
