from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.commands.step import Step
from engine.registry import Actor


@dataclass(frozen=True)
class StartInstance:
    """Start an instance of a process of the active release.

    Exactly one of `definition_id` and `key`. Answers `{"id", "definition_id", "business_key", "state", "revision"}`.
    Raises NotFound, Forbidden, Invalid (bad text), Refused (NOT_EXECUTABLE, NOT_ACTIVE or by a rule)."""

    actor: Actor
    definition_id: str | None = None
    key: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    business_key: str | None = None

    def execute(self, step: Step) -> dict[str, Any]:
        raise NotImplementedError
