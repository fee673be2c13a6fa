"""Whether the tables are those of this program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import inspect

from engine.queries.reading import Reading
from engine.store import revisions
from engine.store.metadata import metadata


@dataclass(frozen=True)
class SchemaFits:
    """By the revisions that were run (`locations`: the office's revision folders); where the tables were made at once and no
    revision is marked (tests, rehearsals), by their names."""

    locations: Sequence[Path]

    def answer(self, reading: Reading) -> bool:
        there = set(inspect(reading.connection).get_table_names())
        if "alembic_version" in there:
            return revisions.is_current(reading.connection, self.locations)
        return metadata.tables.keys() <= there
