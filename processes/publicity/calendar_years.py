"""The working-day years as a page shows them, and what importing one would do before anybody does it (R-93)."""

from __future__ import annotations

import calendar as months_of
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from engine.clock import local
from engine.errors import Forbidden, NotFound
from engine.policy import ADMIN, OWNER
from engine.queries.reading import Reading
from engine.queries.shaped import names
from engine.registry import Actor
from forms.i18n import T
from processes.register.notice_windows import WindowMove, window_moves
from processes.register.policies import calendar, work_calendar, work_year
from processes.rules.workdays import WorkCalendar, WorkYear

KEEPERS = frozenset({ADMIN, OWNER})  # who may take in a year
QUARTER = timedelta(days=92)  # how long before its end a last year is warned of


@dataclass(frozen=True)
class Month:
    """`days`: a day and what it is, one of work, rest (Monday to Friday off), weekend, swapped (a weekend day worked)."""

    month: int
    workdays: int
    days: tuple[tuple[date, str], ...]


@dataclass(frozen=True)
class Import:
    """One version of a year that was brought in; `by` is a display name."""

    year: int
    version: int
    status: str
    source: str
    by: str
    at: object  # aware datetime


@dataclass(frozen=True)
class Years:
    """`years`: newest first. `missing`: the first year that is not there. `urgent`: it begins within a quarter."""

    years: tuple[WorkYear, ...]
    counts: dict[int, int]
    imports: tuple[Import, ...]
    missing: int
    urgent: bool


@dataclass(frozen=True)
class Preview:
    """What an import would do. `before` is the year as it stands, None where it is new."""

    year: int
    before: int | None  # working days
    workdays: int
    months: tuple[Month, ...]
    moves: tuple[WindowMove, ...]
    dropped: tuple[date, ...]  # weekend days that were written as rest days: they rest anyway


@dataclass(frozen=True)
class CalendarYears:
    """Every year and every import. Two statements. The arrangement is published: every account may read it."""

    actor: Actor

    def answer(self, reading: Reading) -> Years:
        days = calendar(reading.connection)
        rows = reading.connection.execute(select(work_calendar).order_by(work_calendar.c.version.desc())).all()
        known = names(reading.connection, (row.imported_by for row in rows))
        today = local(reading.now).date()
        missing = _first_missing(days, today)
        return Years(
            years=tuple(days.years[year] for year in sorted(days.years, reverse=True)),
            counts={year: workdays(found) for year, found in days.years.items()},
            imports=tuple(
                Import(
                    row.year,
                    row.version,
                    row.status,
                    row.source_doc,
                    known.get(row.imported_by, row.imported_by),
                    row.imported_at,
                )
                for row in rows
            ),
            missing=missing,
            urgent=_urgent(missing, today),
        )


def urgent_year(reading: Reading) -> int | None:
    """The year that should be brought in by now; None where there is time. One statement."""
    today = local(reading.now).date()
    missing = _first_missing(calendar(reading.connection), today)
    return missing if _urgent(missing, today) else None


def _first_missing(days: WorkCalendar, today: date) -> int:
    year = today.year
    while days.has(year):
        year += 1
    return year


def _urgent(missing: int, today: date) -> bool:
    return today + QUARTER >= date(missing, 1, 1)


@dataclass(frozen=True)
class CalendarYear:
    """One year as months. Raises NotFound."""

    year: int
    actor: Actor

    def answer(self, reading: Reading) -> tuple[WorkYear, tuple[Month, ...]]:
        found = calendar(reading.connection).years.get(self.year)
        if found is None:
            raise NotFound(T("没有 {year} 年的工作日历。", year=self.year))
        return found, months(found)


@dataclass(frozen=True)
class CalendarPreview:
    """What `ImportCalendar` would do with these days. Administrators only; nothing is changed.

    Raises Forbidden, Refused (`BAD_CALENDAR`; `CALENDAR_MISSING` where an open window reaches a year that is not there)."""

    year: int
    rest: Sequence[date]
    work: Sequence[date]
    actor: Actor

    def answer(self, reading: Reading) -> Preview:
        if not KEEPERS & set(self.actor.groups):
            raise Forbidden(T("只有流程负责人和系统管理员可以导入日历。"))
        made = work_year(self.year, self.rest, self.work)
        days = calendar(reading.connection)
        before = days.years.get(self.year)
        return Preview(
            year=self.year,
            before=workdays(before) if before else None,
            workdays=workdays(made),
            months=months(made),
            moves=tuple(window_moves(reading.connection, WorkCalendar({**days.years, self.year: made}, days.version))),
            dropped=tuple(sorted(day for day in self.rest if day.weekday() >= 5)),
        )


def workdays(year: WorkYear) -> int:
    return sum(month.workdays for month in months(year))


def months(year: WorkYear) -> tuple[Month, ...]:
    found = []
    for number in range(1, 13):
        length = months_of.monthrange(year.year, number)[1]
        days = tuple((day, _kind(year, day)) for day in (date(year.year, number, nth) for nth in range(1, length + 1)))
        found.append(Month(number, sum(year.is_workday(day) for day, _ in days), days))
    return tuple(found)


def _kind(year: WorkYear, day: date) -> str:
    if day.weekday() >= 5:
        return "swapped" if day in year.work else "weekend"
    return "rest" if day in year.rest else "work"
