"""The structure of posts: how many of each level a unit declares, and how that stands to the control shares (P03)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SENIOR = ("full_senior", "deputy_senior")
LEVELS = (*SENIOR, "intermediate", "junior")


@dataclass(frozen=True)
class Share:
    """A part of the posts: `group` senior or intermediate, how many of how many, and the share that was meant."""

    group: str
    posts: int
    total: int
    limit: float

    @property
    def over(self) -> bool:
        return self.total > 0 and self.posts > self.limit * self.total


def shares(approved: Mapping[str, int], *, senior: float, intermediate: float) -> tuple[Share, ...]:
    """The shares that lie over their limit. The national aim is 1 : 3 : 6; a province sets its own, so this only warns."""
    total = sum(approved.get(level, 0) for level in LEVELS)
    found = (
        Share("senior", sum(approved.get(level, 0) for level in SENIOR), total, senior),
        Share("intermediate", approved.get("intermediate", 0), total, intermediate),
    )
    return tuple(share for share in found if share.over)
