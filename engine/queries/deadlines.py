from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.queries.reading import Page, Reading
from engine.queries.views import DeadlineItem
from engine.registry import Actor


@dataclass(frozen=True)
class Deadlines:
    """Timers and due tasks the actor may see, earliest first, up to `until` (all where None)."""

    actor: Actor
    until: datetime | None = None
    first_result: int = 0
    max_results: int = 50

    def answer(self, reading: Reading) -> Page[DeadlineItem]:
        raise NotImplementedError
