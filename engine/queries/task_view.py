from __future__ import annotations

from dataclasses import dataclass

from engine.queries.reading import Reading
from engine.queries.views import TaskDetail, TaskFormView
from engine.registry import Actor


@dataclass(frozen=True)
class TaskView:
    """One task with its case. Raises NotFound for who may not see it."""

    actor: Actor
    task_id: str

    def answer(self, reading: Reading) -> TaskDetail:
        raise NotImplementedError


@dataclass(frozen=True)
class TaskForm:
    """The form of a task and what to fill it with. Raises NotFound."""

    actor: Actor
    task_id: str

    def answer(self, reading: Reading) -> TaskFormView:
        raise NotImplementedError
