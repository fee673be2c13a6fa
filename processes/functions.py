"""Our functions in FEEL: working days by the official calendar and the parameters in force."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from engine.errors import Refused
from engine.registry import FeelFunction
from forms.i18n import T, Text
from processes.register.policies import calendar, calendar_missing, parameter
from processes.rules import workdays
from processes.rules.workdays import CalendarMissing, WorkCalendar


class Counting:
    """The four functions over one reading of calendar and parameters. Arguments are what FEEL hands over: ISO text for
    dates, numbers for counts. Raises `Refused`: `CALENDAR_MISSING`, or `BAD_ARGUMENT` naming function and value."""

    def __init__(self, connection: Connection | None, now: datetime) -> None:
        self._connection = connection
        self._now = now

    @cached_property
    def calendar(self) -> WorkCalendar:
        return calendar(self._connection)

    def workday_deadline(self, start: Any, n: Any) -> str:
        """24:00 (or the closing time in force) of the n-th working day of a window that starts on the day of `start`."""
        return self._guarded(
            "workday_deadline",
            lambda: workdays.workday_deadline(
                self.calendar,
                moment(start),
                count(n),
                first_day_counts=parameter(self._connection, "publicity.first_day_counts", self._now),
                close=parameter(self._connection, "publicity.close", self._now),
            ).isoformat(),
            start,
            n,
        )

    def add_workdays(self, day: Any, n: Any) -> str:
        return self._guarded(
            "add_workdays",
            lambda: workdays.add_workdays(self.calendar, workdays.local_day(moment(day)), count(n)).isoformat(),
            day,
            n,
        )

    def is_workday(self, day: Any) -> bool:
        return self._guarded(
            "is_workday", lambda: workdays.is_workday(self.calendar, workdays.local_day(moment(day))), day
        )

    def workdays_between(self, start: Any, end: Any) -> int:
        return self._guarded(
            "workdays_between",
            lambda: workdays.workdays_between(
                self.calendar, workdays.local_day(moment(start)), workdays.local_day(moment(end))
            ),
            start,
            end,
        )

    def _guarded(self, name: str, compute: Callable[[], Any], *arguments: Any) -> Any:
        try:
            return compute()
        except CalendarMissing as missing:
            raise calendar_missing(missing) from missing
        except (ValueError, TypeError, OverflowError) as wrong:
            written = ", ".join("null" if a is None else str(a) for a in arguments)
            raise Refused(
                T("函数 {name} 不能用 {arguments} 计算，请检查日期与天数。", name=name, arguments=written),
                code="BAD_ARGUMENT",
            ) from wrong


def moment(value: Any) -> date | datetime:
    """A day or an aware instant from FEEL's ISO text; a local date and time is read as Qinghai's."""
    if isinstance(value, datetime):
        at = value
    elif isinstance(value, date):
        return value
    elif not isinstance(value, str):
        raise TypeError(f"not a date: {value!r}")
    elif len(value) == 10:
        return date.fromisoformat(value)
    else:
        text, _, zone = value.partition("@")
        at = datetime.fromisoformat(text)
        if zone:
            at = at.replace(tzinfo=ZoneInfo(zone))
    return at if at.tzinfo is not None else at.replace(tzinfo=workdays.QINGHAI)


def count(value: Any) -> int:
    """A whole number; FEEL's numbers arrive as int or float."""
    if isinstance(value, bool) or not isinstance(value, int | float) or int(value) != value:
        raise TypeError(f"not a whole number: {value!r}")
    return int(value)


def _function(name: str, parameters: tuple[str, ...], label: Text, returns: str) -> FeelFunction:
    def bind(connection: Connection | None, now: datetime) -> Callable[..., Any]:
        bound: Callable[..., Any] = getattr(Counting(connection, now), name)
        return bound

    return FeelFunction(name, parameters, bind, label, returns)


FUNCTIONS = (
    _function("workday_deadline", ("start", "n"), T("从 start 当天起 n 个工作日的期间何时届满"), "date and time"),
    _function("add_workdays", ("date", "n"), T("date 之后（n 为负则之前）第 n 个工作日"), "date"),
    _function("is_workday", ("date",), T("date 是否工作日（含调休）"), "boolean"),
    _function("workdays_between", ("from", "to"), T("from 之后至 to（含）的工作日数"), "number"),
)
