"""Regions and units as filters of lists: what each is called, and which scopes of cases it means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from processes.register.units import region, unit

if TYPE_CHECKING:
    from engine.queries.reading import Reading


@dataclass(frozen=True)
class RegionPlace:
    scope: str  # "region:xining"
    name: str
    units: tuple[tuple[str, str], ...]  # ("unit:u01", its name)


@dataclass(frozen=True)
class AllPlaces:
    regions: tuple[RegionPlace, ...]

    def scopes(self, scope: str) -> tuple[str, ...]:
        """The scopes of all cases of a region and its units, or of one unit; a place nobody knows has none but itself."""
        for each in self.regions:
            if each.scope == scope:
                return (scope, *(code for code, _ in each.units))
        return (scope,)


@dataclass(frozen=True)
class Places:
    """All regions with their units, by code. Two statements. They are published: every account may read them."""

    def answer(self, reading: Reading) -> AllPlaces:
        units: dict[str, list[tuple[str, str]]] = {}
        for row in reading.connection.execute(
            select(unit.c.code, unit.c.name, unit.c.region_code).order_by(unit.c.code)
        ):
            units.setdefault(row.region_code, []).append((f"unit:{row.code}", row.name))
        regions = reading.connection.execute(select(region.c.code, region.c.name).order_by(region.c.code))
        return AllPlaces(
            tuple(RegionPlace(f"region:{row.code}", row.name, tuple(units.get(row.code, ()))) for row in regions)
        )
