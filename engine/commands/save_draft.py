from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.commands.step import Step
from engine.registry import Actor


@dataclass(frozen=True)
class SaveDraft:
    """Keep what somebody typed so far; only they read it. Answers `{"saved_at": ISO text}`."""

    task_id: str
    actor: Actor
    data: Mapping[str, Any]

    def execute(self, step: Step) -> dict[str, Any]:
        raise NotImplementedError
