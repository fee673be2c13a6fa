from __future__ import annotations

from dataclasses import dataclass

from engine.queries.reading import Page, Reading
from engine.queries.views import IncidentItem
from engine.registry import Actor


@dataclass(frozen=True)
class IncidentList:
    """Incidents the actor may see, newest first; `state` None means all that are not resolved."""

    actor: Actor
    state: str | None = None
    process_instance_id: str | None = None
    definition_key: str | None = None
    first_result: int = 0
    max_results: int = 50

    def answer(self, reading: Reading) -> Page[IncidentItem]:
        raise NotImplementedError
