"""The published working-day years, one file each; a year without a file is missing, never guessed (R-93)."""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from pathlib import Path

from processes.rules.workdays import WorkCalendar, WorkYear


@cache
def frozen() -> WorkCalendar:
    """The calendar of all files of this folder: the State Council's yearly arrangement of rest and working days."""
    years = [_read(path) for path in sorted(Path(__file__).parent.glob("[0-9][0-9][0-9][0-9].json"))]
    return WorkCalendar.of(years)


def _read(path: Path) -> WorkYear:
    kept = json.loads(path.read_text(encoding="utf-8"))
    return WorkYear(
        year=kept["year"],
        rest=frozenset(date.fromisoformat(day) for day in kept["rest"]),
        work=frozenset(date.fromisoformat(day) for day in kept["work"]),
        status=kept["status"],
        source=kept["source"],
    )
