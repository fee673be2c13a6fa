"""Dates, deadlines and counts as people here read them: Asia/Shanghai, weekdays, working days, `24:00` of the last day.

Pure functions; the templates use them as filters (see `web.pages.register`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from engine.clock import SHANGHAI, local
from engine.errors import ZhipingError
from forms.i18n import T, Text, language

WorkdaysBetween = Callable[[str, str], Any]
"""The office's `workdays_between(from, to)`: ISO dates in, days after `from` up to and including `to` out.
Raises `Refused` for a year without an official calendar."""

_WEEKDAYS = (
    T("周一"),
    T("周二"),
    T("周三"),
    T("周四"),
    T("周五"),
    T("周六"),
    T("周日"),
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day(value: date | datetime | str | None) -> str:
    """`2026年7月13日（周一）`; an instant is read in Qinghai's time. Empty for None."""
    if value is None or value == "":
        return ""
    shown = _as_date(value)
    weekday = str(_WEEKDAYS[shown.weekday()])
    if language() == "en":
        return f"{weekday} {shown.day} {_MONTHS[shown.month - 1]} {shown.year}"
    return f"{shown.year}年{shown.month}月{shown.day}日（{weekday}）"


def when(value: datetime | str | None) -> str:
    """The instant something happened: `2026年7月13日（周一）10:00`."""
    if value is None or value == "":
        return ""
    at = _as_local(value)
    return f"{day(at.date())}{_gap()}{at:%H:%M}"


def until(value: datetime | str | None) -> str:
    """A deadline: midnight is `24:00` of the day that ends, never 00:00 of the next."""
    if value is None or value == "":
        return ""
    at = _as_local(value)
    if at.time() == time(0):
        return f"{day(at.date() - timedelta(days=1))}{_gap()}24:00"
    return f"{day(at.date())}{_gap()}{at:%H:%M}"


def last_day(due: datetime) -> date:
    """The last calendar day on which something due at `due` is still in time."""
    return local(due - timedelta(microseconds=1)).date()


def remaining(due: datetime | None, now: datetime, workdays_between: WorkdaysBetween) -> Text | None:
    """How long is left, or how late it is, in working days: `还有 3 个工作日`, `超期 2 个工作日`.

    Where the calendar of a year is not official yet, in plain days, and says so. None without a deadline.
    """
    if due is None:
        return None
    today, last = local(now).date(), last_day(due)
    late = due <= now
    try:
        span = (last, today) if late else (today, last)
        count = int(workdays_between(span[0].isoformat(), span[1].isoformat()))
    except ZhipingError:
        count = abs((last - today).days)
        if late:
            return T("超期 {n} 天（工作日历尚未公布）", n=count)
        return T("还有 {n} 天（工作日历尚未公布）", n=count)
    if late:
        return T("超期 {n} 个工作日", n=count) if count else T("已超期")
    if last == today:
        return T("今天到期")
    return T("还有 {n} 个工作日", n=count) if count else T("下个工作日之前到期")


def urgency(due: datetime | None, now: datetime, workdays_between: WorkdaysBetween) -> str:
    """`late`, `soon` (two working days or fewer), `later` or `none`: the colour beside the words."""
    if due is None:
        return "none"
    if due <= now:
        return "late"
    try:
        left = int(workdays_between(local(now).date().isoformat(), last_day(due).isoformat()))
    except ZhipingError:
        left = (last_day(due) - local(now).date()).days
    return "soon" if left <= 2 else "later"


def size(count: int) -> str:
    """Bytes as people read them: `12.3 MB`."""
    if count < 1024:
        return f"{count} B"
    if count < 1024 * 1024:
        return f"{count / 1024:.0f} KB"
    return f"{count / 1024 / 1024:.1f} MB"


def _gap() -> str:
    return ", " if language() == "en" else ""


def _as_local(value: datetime | str) -> datetime:
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    # Rows and events carry an offset; a value without one was typed by a person here.
    return local(at.replace(tzinfo=SHANGHAI) if at.tzinfo is None else at)


def _as_date(value: date | datetime | str) -> date:
    if isinstance(value, str):
        return date.fromisoformat(value) if len(value) == 10 else _as_local(value).date()
    if isinstance(value, datetime):
        return _as_local(value).date()
    return value


def instant(day_text: str, hour: int = 0) -> datetime:
    """The instant (UTC) at `hour`:00 of an ISO date in Qinghai. Raises ValueError for anything but a date."""
    return datetime.combine(date.fromisoformat(day_text), time(hour), SHANGHAI).astimezone(UTC)
