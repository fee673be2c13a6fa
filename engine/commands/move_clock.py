from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.engine import Engine
from engine.registry import Actor


@dataclass(frozen=True)
class MoveClock:
    """Move the manual clock forward, stopping at every due instant. Answers `{"now": ISO text, "fired": n}`."""

    now: datetime
    actor: Actor

    def conduct(self, engine: Engine) -> dict[str, Any]:
        raise NotImplementedError
