"""Publicity windows: open, closed, extended, never shortened (R-90 to R-92, R-97)."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

State = Literal["not_open", "open", "closed"]


class WindowShortened(ValueError):
    """A published window may only be moved later."""

    def __init__(self, closes_at: datetime, wanted: datetime) -> None:
        super().__init__(
            f"the window closes at {closes_at.isoformat()} and cannot be shortened to {wanted.isoformat()}"
        )
        self.closes_at = closes_at
        self.wanted = wanted


def window_state(now: datetime, opens_at: datetime, closes_at: datetime) -> State:
    """Open from `opens_at` on, closed from the very instant `closes_at` on. All aware."""
    if now < opens_at:
        return "not_open"
    return "open" if now < closes_at else "closed"


def is_timely(received_at: datetime, closes_at: datetime) -> bool:
    """23:59:59 of the last day is in time, 00:00:00 of the next is late (a tip-off then, R-97)."""
    return received_at < closes_at


def extended(closes_at: datetime, wanted: datetime) -> datetime:
    """The new end of a window. Raises `WindowShortened`; the same instant is no change and is given back."""
    if wanted < closes_at:
        raise WindowShortened(closes_at, wanted)
    return wanted


def recomputed(closes_at: datetime, computed: datetime) -> tuple[datetime, bool]:
    """The end after a calendar was corrected, and whether the correction would have shortened the window (a warning)."""
    return max(closes_at, computed), computed < closes_at


def effective_close(closes_at: datetime, noticed_at: datetime) -> datetime:
    """When a window closed in law, however late the program noticed: the due instant itself."""
    if noticed_at < closes_at:
        raise ValueError("the window is still open")
    return closes_at
