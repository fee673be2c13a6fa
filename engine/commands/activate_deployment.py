from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.commands.step import Step
from engine.registry import Actor


@dataclass(frozen=True)
class ActivateDeployment:
    """Make a candidate the release that new instances start on. Answers as `Deploy`. Raises Forbidden for who uploaded it."""

    deployment_id: str
    actor: Actor | None

    def execute(self, step: Step) -> dict[str, Any]:
        raise NotImplementedError
