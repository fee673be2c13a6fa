from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.commands.step import Step
from engine.registry import Actor


@dataclass(frozen=True)
class DelegateTask:
    """The assignee lets somebody else do the task and stays its owner; answers as `CompleteTask`."""

    task_id: str
    assignee: str
    actor: Actor
    revision: int | None = None

    def execute(self, step: Step) -> dict[str, Any]:
        raise NotImplementedError
