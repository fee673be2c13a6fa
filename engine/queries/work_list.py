from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.queries.reading import Page, Reading
from engine.queries.views import TaskItem
from engine.registry import Actor


@dataclass(frozen=True)
class WorkList:
    """Open tasks the actor may see, overdue first by default.

    `mine`: assigned to me, or unassigned and mine to take. `group`: of my groups, unassigned. `q` searches name and
    business key. `sort_by`: due_at (without date last), created_at, name; `sort_order`: asc, desc."""

    actor: Actor
    mine: bool = False
    process_instance_id: str | None = None
    definition_key: str | None = None
    element_id: str | None = None
    assignee: str | None = None
    candidate_group: str | None = None
    overdue: bool = False
    due_before: datetime | None = None
    q: str | None = None
    sort_by: str = "due_at"
    sort_order: str = "asc"
    first_result: int = 0
    max_results: int = 50

    def answer(self, reading: Reading) -> Page[TaskItem]:
        raise NotImplementedError
