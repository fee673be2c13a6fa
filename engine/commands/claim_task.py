from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.commands.step import Step
from engine.registry import Actor


@dataclass(frozen=True)
class ClaimTask:
    """Take a task for oneself. Answers as `CompleteTask`. Raises NotFound, Forbidden, Conflict (`by`, `at`)."""

    task_id: str
    actor: Actor
    revision: int | None = None

    def execute(self, step: Step) -> dict[str, Any]:
        raise NotImplementedError
