from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from engine import history
from engine.queries.reading import Reading
from engine.store import tables as t


@dataclass(frozen=True)
class AuditReport:
    """`chains` recomputed, `lines` they hold, and what does not hold (empty when all does), in English for the record."""

    chains: int
    lines: int
    findings: tuple[str, ...]


@dataclass(frozen=True)
class VerifyHistory:
    """Recompute every hash chain, or that of one stream (an instance's id, or `system`)."""

    stream: str | None = None

    def answer(self, reading: Reading) -> AuditReport:
        connection = reading.connection
        streams = (
            set(connection.scalars(select(t.event.c.stream).distinct()))
            | set(connection.scalars(select(t.instance.c.id)))
            | set(connection.scalars(select(t.chain.c.stream)))
        )
        if self.stream is not None:
            streams &= {self.stream}
            if not streams:
                return AuditReport(0, 0, (f"{self.stream}: no such chain",))
        found = [wrong for stream in sorted(streams) if (wrong := history.verify(connection, stream)) is not None]
        counted = select(t.event.c.stream, func.sum(t.event.c.lines).label("n")).group_by(t.event.c.stream)
        lines = sum(row.n for row in connection.execute(counted) if row.stream in streams)
        return AuditReport(len(streams), lines, tuple(found))
