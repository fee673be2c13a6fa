from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.commands.step import Step
from engine.registry import Actor


@dataclass(frozen=True)
class Deploy:
    """Lint and keep a release: what `files` (name -> bytes) does not bring is carried over from the active one.

    `actor` None is the command line, whose releases are `shipped` and become active at once. Answers
    `{"id", "state", "definitions": [{"id","key","kind","version","name"}], "warnings": [{"file","line","element","code","message"}]}`.
    Raises Forbidden, DeploymentRefused (nothing is kept)."""

    files: Mapping[str, bytes]
    actor: Actor | None
    comment: str = ""

    def execute(self, step: Step) -> dict[str, Any]:
        raise NotImplementedError
