from __future__ import annotations

from dataclasses import dataclass

from engine.queries.reading import Reading
from engine.queries.views import DiagramView
from engine.registry import Actor


@dataclass(frozen=True)
class InstanceDiagram:
    """Where an instance stands and has been, for the viewer: the root diagram first, then called ones."""

    actor: Actor
    instance_id: str

    def answer(self, reading: Reading) -> list[DiagramView]:
        raise NotImplementedError
