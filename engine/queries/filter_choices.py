from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from engine import filters
from engine.queries.reading import Reading
from engine.store import tables as t


@dataclass(frozen=True)
class FilterChoices:
    """Name -> label of every variable by which the work list can be filtered (engine/filters.py). One statement. The names
    stand in the diagrams, which are published; the values are shown to nobody here."""

    def answer(self, reading: Reading) -> dict[str, str]:
        active = reading.connection.scalar(select(t.deployment.c.id).where(t.deployment.c.state == "active"))
        if active is None:
            return {}
        return filters.of_release(reading.engine.releases.get(reading.connection, active))
