"""Working days by the official calendar (R-92, R-93).

A calendar is a value: the years that were published, each as its difference from "Monday to Friday". A look-up into a
year that is not there raises `CalendarMissing`; nothing is ever guessed. Dates are days in Qinghai, instants are aware
and read in +08:00 (no daylight saving time since 1991).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from types import MappingProxyType

QINGHAI = timezone(timedelta(hours=8), "+08:00")
MAX_WORKDAYS = 2_500  # ten working years: more is a mistake, and would only burn time


class CalendarMissing(LookupError):
    """The official arrangement of `year` is not there: no date that touches it can be computed."""

    def __init__(self, year: int) -> None:
        super().__init__(f"no official working-day calendar for {year}")
        self.year = year


@dataclass(frozen=True)
class WorkYear:
    """One published year: `rest` are Mondays to Fridays off, `work` are swapped Saturdays and Sundays."""

    year: int
    rest: frozenset[date]
    work: frozenset[date]
    status: str = "official"  # or "provisional": shown, never counted with
    source: str = ""
    version: int = 1

    def __post_init__(self) -> None:
        for day in self.rest | self.work:
            if day.year != self.year:
                raise ValueError(f"{day} does not lie in {self.year}")
        if any(day.weekday() > 4 for day in self.rest):
            raise ValueError("a Saturday or Sunday rests anyway; only Mondays to Fridays are listed as rest")
        if any(day.weekday() < 5 for day in self.work):
            raise ValueError(
                "Monday to Friday are worked anyway; only swapped Saturdays and Sundays are listed as work"
            )

    def is_workday(self, day: date) -> bool:
        return day in self.work or (day.weekday() < 5 and day not in self.rest)


@dataclass(frozen=True)
class WorkCalendar:
    """The years known; only official ones are counted with. `version` grows with every import."""

    years: Mapping[int, WorkYear] = field(default_factory=lambda: MappingProxyType({}))
    version: int = 1

    @classmethod
    def of(cls, years: Iterable[WorkYear], version: int = 1) -> WorkCalendar:
        return cls(MappingProxyType({year.year: year for year in years}), version)

    def with_year(self, year: WorkYear) -> WorkCalendar:
        """This calendar with one year put in or replaced."""
        return WorkCalendar(MappingProxyType({**self.years, year.year: year}), max(self.version, year.version))

    def has(self, year: int) -> bool:
        return year in self.years and self.years[year].status == "official"

    def is_workday(self, day: date) -> bool:
        """Raises `CalendarMissing` for a day in an unpublished year."""
        if not self.has(day.year):
            raise CalendarMissing(day.year)
        return self.years[day.year].is_workday(day)


def is_workday(calendar: WorkCalendar, day: date) -> bool:
    """Whether offices work that day, swapped weekends included."""
    return calendar.is_workday(day)


def add_workdays(calendar: WorkCalendar, day: date, n: int) -> date:
    """The n-th working day after `day` (before it for negative n); `day` itself for 0, working or not.

    Raises `CalendarMissing`; `ValueError` beyond `MAX_WORKDAYS`.
    """
    if abs(n) > MAX_WORKDAYS:
        raise ValueError(f"{n} working days are more than the {MAX_WORKDAYS} we count")
    step = timedelta(days=1 if n > 0 else -1)
    left = abs(n)
    while left:
        day += step
        if calendar.is_workday(day):
            left -= 1
    return day


def workdays_between(calendar: WorkCalendar, start: date, end: date) -> int:
    """Working days after `start` up to and including `end`; the negative count the other way round.

    So `workdays_between(d, add_workdays(d, n)) == n`, and the counts of two neighbouring spans add up.
    """
    if end < start:
        return -workdays_between(calendar, end, start)
    if (end - start).days > 2 * MAX_WORKDAYS:
        raise ValueError(f"more than {2 * MAX_WORKDAYS} days are not counted")
    return sum(calendar.is_workday(start + timedelta(days=i)) for i in range(1, (end - start).days + 1))


def local_day(start: date | datetime) -> date:
    """The day in Qinghai on which `start` lies. A datetime must be aware: a naive one is nobody's time."""
    if not isinstance(start, datetime):
        return start
    if start.tzinfo is None:
        raise ValueError("an instant needs its offset, such as +08:00")
    return start.astimezone(QINGHAI).date()


def end_of_day(day: date, close: str = "24:00") -> datetime:
    """The instant at which `day` closes: 24:00 is the first instant of the next day, which is already late.

    `close` is "HH:MM"; business hours may be the end of a period (Civil Code art. 203). Aware, +08:00.
    """
    hours, _, minutes = close.partition(":")
    if (hours, minutes) == ("24", "00"):
        return datetime.combine(day + timedelta(days=1), time(0, 0), QINGHAI)
    return datetime.combine(day, time(int(hours), int(minutes)), QINGHAI)


def workday_deadline(
    calendar: WorkCalendar,
    start: date | datetime,
    n: int,
    *,
    first_day_counts: bool = False,
    close: str = "24:00",
) -> datetime:
    """When a window of `n` working days ends that starts on the day of `start` (R-92; Civil Code arts 201, 203).

    The day of `start` is not counted unless `first_day_counts`. Returns the closing instant, aware, +08:00: 24:00 (or
    `close`) of the last counted day. Raises `CalendarMissing`; `ValueError` for n < 1.
    """
    if n < 1:
        raise ValueError("a window needs at least one working day")
    day = local_day(start)
    if first_day_counts and calendar.is_workday(day):
        n -= 1
    return end_of_day(add_workdays(calendar, day, n), close)


def counted_days(
    calendar: WorkCalendar, start: date | datetime, n: int, *, first_day_counts: bool = False
) -> tuple[date, ...]:
    """The days a window counts, to be shown beside its end. Same arguments and errors as `workday_deadline`."""
    last = (workday_deadline(calendar, start, n, first_day_counts=first_day_counts) - timedelta(days=1)).date()
    first = local_day(start) if first_day_counts else local_day(start) + timedelta(days=1)
    span = (first + timedelta(days=i) for i in range((last - first).days + 1))
    return tuple(day for day in span if calendar.is_workday(day))


def natural_deadline(calendar: WorkCalendar, start: date | datetime, days: int, *, rollover: bool = True) -> datetime:
    """End of a period in natural days, first day not counted; a last day off rolls to the next working day (CC 203)."""
    last = local_day(start) + timedelta(days=days)
    if rollover and not calendar.is_workday(last):
        last = add_workdays(calendar, last, 1)
    return end_of_day(last)
