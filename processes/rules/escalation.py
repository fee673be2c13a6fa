"""Who hears of work that is not done: D16's days and the instants at which it is looked at.

Days are working days. Before the end they are negative and count what is left, today included (-1 on the last working
day); from the end on they count the working days begun since, so the third working day after the end is 3.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from processes.rules.phases import last_day, workdays_in
from processes.rules.workdays import QINGHAI, CalendarMissing, WorkCalendar, add_workdays, local_day, workdays_between

LEVELS = ("remind", "remind_lead", "overdue", "archives_bureau", "provincial_hrss")
BEFORE = (10, 3)  # D16: remind the assignee, then the responsible lead too
AFTER = (3, 7)  # D16: to the provincial archives bureau, then to the provincial HRSS department


def days_overdue(calendar: WorkCalendar, due_at: datetime, now: datetime) -> int:
    """Working days past the end (0 and more), or still left (negative). Aware instants.

    Late work in a year without a calendar counts 0: it is late in any case, how far nobody can say yet.
    Raises `CalendarMissing` before the end.
    """
    if now < due_at:
        return -max(1, workdays_in(calendar, local_day(now), last_day(due_at)))
    try:
        return max(0, workdays_between(calendar, last_day(due_at), local_day(now)))
    except CalendarMissing:
        return 0


def next_look(calendar: WorkCalendar, due_at: datetime, now: datetime) -> datetime | None:
    """The next instant at which the level may change; None once it cannot rise any more. Aware, +08:00.

    Where a year's calendar is not there yet, the next midnight: by then it may have been imported.
    """
    try:
        looks = _looks(calendar, due_at)
    except CalendarMissing:
        return due_at if now < due_at else midnight(local_day(now) + timedelta(days=1))
    return next((at for at in looks if at > now), None)


def _looks(calendar: WorkCalendar, due_at: datetime) -> list[datetime]:
    end = last_day(due_at)
    before = [midnight(add_workdays(calendar, end + timedelta(days=1), -n)) for n in BEFORE]
    after = [midnight(add_workdays(calendar, end, n)) for n in AFTER]
    return [*before, due_at, *after]


def midnight(day: date) -> datetime:
    """The first instant of a day in Qinghai."""
    return datetime.combine(day, time(0, 0), QINGHAI)
