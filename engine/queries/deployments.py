from __future__ import annotations

from dataclasses import dataclass

from engine.queries.reading import Page, Reading
from engine.queries.views import DeploymentDetail, DeploymentItem
from engine.registry import Actor


@dataclass(frozen=True)
class DeploymentList:
    """Releases, newest first."""

    actor: Actor
    state: str | None = None
    first_result: int = 0
    max_results: int = 50

    def answer(self, reading: Reading) -> Page[DeploymentItem]:
        raise NotImplementedError


@dataclass(frozen=True)
class DeploymentView:
    """One release with its definitions."""

    actor: Actor
    deployment_id: str

    def answer(self, reading: Reading) -> DeploymentDetail:
        raise NotImplementedError
