from __future__ import annotations

from dataclasses import dataclass

from engine.queries.reading import Page, Reading
from engine.queries.views import DefinitionContent, DefinitionItem, DefinitionStatisticsView
from engine.registry import Actor


@dataclass(frozen=True)
class DefinitionList:
    """All versions of all definitions; `active` keeps those of the active release, `startable` those the actor may start."""

    actor: Actor
    kind: str | None = None
    key: str | None = None
    active: bool = False
    startable: bool = False
    first_result: int = 0
    max_results: int = 50

    def answer(self, reading: Reading) -> Page[DefinitionItem]:
        raise NotImplementedError


@dataclass(frozen=True)
class DefinitionView:
    """One version of a definition."""

    actor: Actor
    definition_id: str

    def answer(self, reading: Reading) -> DefinitionItem:
        raise NotImplementedError


@dataclass(frozen=True)
class DefinitionXml:
    """The file of a definition as it was uploaded."""

    actor: Actor
    definition_id: str

    def answer(self, reading: Reading) -> DefinitionContent:
        raise NotImplementedError


@dataclass(frozen=True)
class DefinitionStatistics:
    """How many instances and incidents stand where, and how long people took. Times in seconds."""

    actor: Actor
    definition_id: str

    def answer(self, reading: Reading) -> DefinitionStatisticsView:
        raise NotImplementedError
