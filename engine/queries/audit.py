from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

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
        lines = sum(
            1
            for stream in connection.scalars(select(t.event.c.stream).execution_options(yield_per=1000))
            if stream in streams
        )
        return AuditReport(len(streams), lines, tuple(found))
