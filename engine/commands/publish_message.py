from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.commands.step import Step
from engine.registry import Actor


@dataclass(frozen=True)
class PublishMessage:
    """A message from outside. Answers `{"delivered": n}`.

    `business_key` or `correlation` (or both); `all` delivers to everybody waiting, else to one; nobody waiting is
    NotFound unless `keep` stores it for the next to wait."""

    name: str
    actor: Actor
    business_key: str | None = None
    correlation: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)
    keep: bool = False
    all: bool = False

    def execute(self, step: Step) -> dict[str, Any]:
        raise NotImplementedError
