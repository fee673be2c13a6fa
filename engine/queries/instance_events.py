from __future__ import annotations

from dataclasses import dataclass

from engine.queries.reading import Page, Reading
from engine.queries.views import EventItem
from engine.registry import Actor


@dataclass(frozen=True)
class InstanceEvents:
    """The timeline of an instance, oldest first (`newest_first` turns it round)."""

    actor: Actor
    instance_id: str
    newest_first: bool = False
    first_result: int = 0
    max_results: int = 200

    def answer(self, reading: Reading) -> Page[EventItem]:
        raise NotImplementedError
