from __future__ import annotations

from dataclasses import dataclass

from engine.queries.reading import Page, Reading
from engine.queries.views import InstanceItem
from engine.registry import Actor


@dataclass(frozen=True)
class InstanceList:
    """Instances the actor may see. `sort_by`: started_at, ended_at, business_key."""

    actor: Actor
    state: str | None = None
    definition_key: str | None = None
    business_key: str | None = None
    started_by: str | None = None
    q: str | None = None
    sort_by: str = "started_at"
    sort_order: str = "desc"
    first_result: int = 0
    max_results: int = 50

    def answer(self, reading: Reading) -> Page[InstanceItem]:
        raise NotImplementedError
