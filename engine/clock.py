"""The only place that reads a clock. A command reads it once, at the edge, and hands `now` on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")  # every date a user reads; China keeps no daylight saving time


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, aware, in UTC."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class FixedClock:
    """Stands still until it is set; for tests. The demo's clock stands in a row, so that all processes share it."""

    def __init__(self, at: datetime) -> None:
        self.set(at)

    def set(self, at: datetime) -> None:
        if at.tzinfo is None:
            raise ValueError("a clock needs an aware datetime")
        self._at = at.astimezone(UTC)

    def now(self) -> datetime:
        return self._at


def local(at: datetime) -> datetime:
    """The same instant as people in Qinghai read it (+08:00)."""
    return at.astimezone(SHANGHAI)
