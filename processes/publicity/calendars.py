"""Taking in a year's official calendar, and what it does to windows that are open."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import Connection

from processes.register.notice_windows import recompute_windows
from processes.register.policies import calendar, import_calendar


def take_in(
    connection: Connection,
    year: int,
    *,
    rest: Iterable[date],
    work: Iterable[date],
    source_doc: str,
    actor: str,
    now: datetime,
) -> tuple[int, list[str]]:
    """Import a year and move open windows later where it says so. Returns the calendar's version and the ids of notices
    that it would have shortened (they keep their end). Raises `Refused` as `import_calendar`."""
    version = import_calendar(connection, year, rest=rest, work=work, source_doc=source_doc, actor=actor, now=now)
    warned = recompute_windows(connection, calendar(connection), reason=source_doc, actor=actor, now=now)
    return version, warned
