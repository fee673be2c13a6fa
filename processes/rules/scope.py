"""Who is in scope (R-10 to R-14): what a person's post is on the day of submission. `D01_scope` decides on it."""

from __future__ import annotations

from datetime import date
from typing import Literal

Standing = Literal["employed", "retired", "not_employed"]


def standing(on: date, employed_from: date | None, employed_until: date | None, retired_on: date | None) -> Standing:
    """Retired from `retired_on` on; employed from the first through the last day of employment (None: open)."""
    if retired_on is not None and retired_on <= on:
        return "retired"
    if employed_from is None or on < employed_from or (employed_until is not None and employed_until < on):
        return "not_employed"
    return "employed"
