"""Account events go into the office's own history, hashed like the history of every instance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine import history
from engine.registry import Actor

if TYPE_CHECKING:
    from engine.commands.step import Step


def record(step: Step, kind: str, data: Mapping[str, Any], *, actor: Actor | None = None) -> None:
    """One line: what happened (`kind`), to whom (`data`, never a secret), by whom (None: nobody logged in, or the command line)."""
    step.record(history.OFFICE, kind, data=data, actor=actor)
