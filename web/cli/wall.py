"""Real time, for what depends on it whatever the engine's clock says: sessions, and the names of backups."""

from __future__ import annotations

from datetime import datetime

from engine.clock import SystemClock


def wall_now() -> datetime:
    return SystemClock().now()
