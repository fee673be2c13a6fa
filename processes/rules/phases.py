"""The reform programme's phases: month-only dates, working days, and whether a phase can hold its windows (R-140 to R-144).

A month without a day is due on its last day, 24:00 (R-144); `last_workday` is the stricter reading an authority may choose.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time

from processes.rules.workdays import QINGHAI, WorkCalendar, add_workdays, end_of_day, local_day

PREPARE, CARRY_OUT, SUM_UP = 1, 2, 3  # 安排部署, 组织实施, 全面总结 (plan, section 四)
MONTH_DUE = ("last_calendar_day", "last_workday")
DOCUMENTS = ("plan", "conditions")  # what phase 1 must issue before phase 2 may begin


@dataclass(frozen=True)
class Chain:
    """What has to follow one after the other inside a phase, in working days.

    `windows` are the publicity periods a regulation fixes (nobody can shorten them), `work` is what people need besides.
    """

    windows: int
    work: int


@dataclass(frozen=True)
class Tightness:
    """A phase measured against its chain: `left` working days remain beside the windows, `work` are needed."""

    workdays: int
    windows: int
    left: int
    work: int

    @property
    def tight(self) -> bool:
        return self.left < self.work


def chain(no: int, *, quota: int, result: int, declare: int, verify: int) -> Chain:
    """The chain of phase `no`. Phase 2 publishes the posts and then the results, and declares and verifies posts (R-141)."""
    return Chain(quota + result, declare + verify) if no == CARRY_OUT else Chain(0, 0)


def month_start(month: str) -> datetime:
    """The first instant of `"2021-02"` in Qinghai. Raises `ValueError`."""
    return datetime.combine(_first(month), time(0, 0), QINGHAI)


def month_due(month: str, rule: str, calendar: WorkCalendar) -> datetime:
    """When a task due "in February 2021" is late: 24:00 of the month's last day, or of its last working day (R-144).

    Aware, +08:00. Raises `ValueError` for no month; `CalendarMissing` with `last_workday` in an unpublished year.
    """
    first = _first(month)
    last = first.replace(day=monthrange(first.year, first.month)[1])
    if rule == "last_workday" and not calendar.is_workday(last):
        last = add_workdays(calendar, last, -1)
    return end_of_day(last)


def workdays_in(calendar: WorkCalendar, first: date, last: date) -> int:
    """Working days from `first` to `last`, both included; 0 where `last` lies before. Raises `CalendarMissing`."""
    days = range(first.toordinal(), last.toordinal() + 1)
    return sum(calendar.is_workday(date.fromordinal(day)) for day in days)


def tightness(calendar: WorkCalendar, starts_at: datetime, due_at: datetime, needed: Chain) -> Tightness:
    """How a phase from `starts_at` to `due_at` (its first late instant) stands to what it must hold.

    February 2021 has 17 working days; two publicity windows of 5 leave 7. Raises `CalendarMissing`.
    """
    days = workdays_in(calendar, local_day(starts_at), last_day(due_at))
    return Tightness(days, needed.windows, max(0, days - needed.windows), needed.work)


def last_day(due_at: datetime) -> date:
    """The last day on which something due at `due_at` is still in time: 24:00 belongs to the day it ends."""
    here = due_at.astimezone(QINGHAI)
    return here.date() if here.time() != time(0, 0) else date.fromordinal(here.date().toordinal() - 1)


def _first(month: str) -> date:
    return date.fromisoformat(f"{month}-01")
