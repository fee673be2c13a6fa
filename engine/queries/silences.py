from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from engine.queries.reading import Reading
from engine.store import tables as t


@dataclass(frozen=True)
class Silence:
    """A time in which no background work gave a sign of life: from the last sign before to the first one after."""

    id: str
    from_at: datetime
    to_at: datetime


def silences(connection: Connection) -> list[Silence]:
    """All of them, the newest first."""
    rows = connection.execute(select(t.silence).order_by(t.silence.c.from_at.desc()))
    return [Silence(row.id, row.from_at, row.to_at) for row in rows]


@dataclass(frozen=True)
class RecentSilences:
    """The last `most` of them, the newest first."""

    most: int

    def answer(self, reading: Reading) -> list[Silence]:
        rows = reading.connection.execute(select(t.silence).order_by(t.silence.c.from_at.desc()).limit(self.most))
        return [Silence(row.id, row.from_at, row.to_at) for row in rows]
