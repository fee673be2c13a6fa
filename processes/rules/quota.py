"""Posts of one unit, year and level (R-40, R-45): vacant = approved - occupied - reserved, never below zero."""

from __future__ import annotations

from dataclasses import dataclass, replace


class NoVacancy(ValueError):
    """There is no post to reserve."""


@dataclass(frozen=True)
class Posts:
    """Counts of posts. A unit may stand above its approval from former times; nothing can be reserved then."""

    approved: int
    occupied: int
    reserved: int = 0

    def __post_init__(self) -> None:
        if min(self.approved, self.occupied, self.reserved) < 0:
            raise ValueError(f"counts cannot be negative: {self}")
        if self.reserved and self.approved < self.occupied + self.reserved:
            raise ValueError(f"more reserved than vacant: {self}")

    @property
    def vacant(self) -> int:
        return max(0, self.approved - self.occupied - self.reserved)

    def reserve(self) -> Posts:
        """One post for a recommended candidate. Raises NoVacancy."""
        if self.vacant < 1:
            raise NoVacancy("no vacant post")
        return replace(self, reserved=self.reserved + 1)

    def release(self) -> Posts:
        """A reservation given back. Raises ValueError where none is held."""
        return replace(self, reserved=self.reserved - 1)

    def fill(self) -> Posts:
        """The reserved post is taken: reserved -1, occupied +1."""
        return replace(self, reserved=self.reserved - 1, occupied=self.occupied + 1)

    def vacate(self) -> Posts:
        return replace(self, occupied=self.occupied - 1)
