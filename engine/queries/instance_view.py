from __future__ import annotations

from dataclasses import dataclass

from engine.queries.reading import Reading
from engine.queries.views import InstanceDetail
from engine.registry import Actor


@dataclass(frozen=True)
class InstanceView:
    """Where one instance stands. Raises NotFound for who may not see it."""

    actor: Actor
    instance_id: str

    def answer(self, reading: Reading) -> InstanceDetail:
        raise NotImplementedError
