"""ISO 8601 times, durations and repetitions, read strictly. Nothing here reads a clock: `now` is handed in, results are aware and in UTC.

A time without an offset is a time in Qinghai (+08:00), and so is a date: `2026-06-01` is the start of that day there.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from engine.clock import SHANGHAI
from engine.errors import ZhipingError
from forms.i18n import T, Text

_DURATION: Final = re.compile(
    r"P(?:(?P<weeks>\d+)W|(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<days>\d+)D)?"
    r"(?P<clock>T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:[.,]\d+)?)S)?)?)",
    re.ASCII,
)
_ZONE: Final = r"(?:@[\w/+-]+|\[[\w/+-]+\])"  # as FEEL writes it after the offset
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOMENT: Final = re.compile(rf"\d{{4}}-\d\d-\d\dT\d\d:\d\d(:\d\d([.,]\d+)?)?(Z|[+-]\d\d:?\d\d)?{_ZONE}?", re.ASCII)
_SUFFIX: Final = re.compile(f"{_ZONE}$")
_CYCLE: Final = re.compile(r"R(?P<times>\d*)/(?P<rest>.+)", re.DOTALL | re.ASCII)
_LAST: Final = datetime(9000, 1, 1, tzinfo=UTC)
_MAX_COUNT: Final = 100_000  # years, days or hours in one duration: nobody means more, and it cannot overflow


class TimerError(ZhipingError):
    """A time, duration or repetition that cannot be read. Facts: `text`."""

    code = "TIMER_ERROR"


@dataclass(frozen=True)
class Duration:
    """Calendar months and an exact span; months are counted in Qinghai's calendar."""

    months: int
    span: timedelta

    def after(self, start: datetime) -> datetime:
        """The instant this much later: 31 January plus one month is the last day of February."""
        local = start.astimezone(SHANGHAI)
        count = local.year * 12 + local.month - 1 + self.months
        year, month = divmod(count, 12)
        if not 1 <= year < 9000:
            raise _error(T("时间超出可用范围。"), f"{year:04d}")
        moved = local.replace(year=year, month=month + 1, day=min(local.day, monthrange(year, month + 1)[1]))
        try:
            return (moved + self.span).astimezone(UTC)
        except OverflowError:
            raise _error(T("时间超出可用范围。"), str(self.span)) from None


@dataclass(frozen=True)
class Cycle:
    """A repetition: the first instant (None: one duration after the start), how often (None: without end), how far apart."""

    times: int | None
    first: datetime | None
    every: Duration


def is_iso(text: str) -> bool:
    """Whether a slot's text is ISO 8601 as it stands; anything else is FEEL."""
    text = text.strip()
    return bool(
        re.match(r"[+-]?P[\dT]|P$", text)
        or _DATE.fullmatch(text)
        or re.match(r"\d{4}-\d\d-\d\dT", text)
        or re.match(r"R-?\d*/", text)
    )


def parse_duration(text: str) -> Duration:
    """`P1M`, `P3DT12H`, `P2W`, `PT0.5S`. Raises `TimerError`; nothing negative, nothing empty."""
    found = _DURATION.fullmatch(text.strip())
    if found is None or text.strip() == "P" or found["clock"] == "T":
        raise _error(T("“{text}”不是时长，应写成 P3D、PT12H 之类（不可为负）。", text=text), text)
    part = {
        name: float((value or "0").replace(",", ".")) for name, value in found.groupdict().items() if name != "clock"
    }
    if max(part.values()) > _MAX_COUNT * 3600:
        raise _error(T("时间超出可用范围。"), text)
    span = timedelta(
        weeks=part["weeks"], days=part["days"], hours=part["hours"], minutes=part["minutes"], seconds=part["seconds"]
    )
    return Duration(months=int(part["years"]) * 12 + int(part["months"]), span=span)


def parse_moment(text: str, *, end_of_day: bool = False) -> datetime:
    """An instant, or a date (its start; with `end_of_day` its 24:00). Raises `TimerError`."""
    text = text.strip()
    try:
        if _DATE.fullmatch(text):
            start = datetime.combine(date.fromisoformat(text), time(), SHANGHAI)
            moment = start + timedelta(days=1) if end_of_day else start
        elif _MOMENT.fullmatch(text):
            moment = datetime.fromisoformat(_SUFFIX.sub("", text).replace(",", "."))
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=SHANGHAI)
        else:
            raise _error(T("“{text}”不是日期或时间，应写成 2026-06-01T09:00+08:00 之类。", text=text), text)
        return _in_range(moment.astimezone(UTC), text)
    except (ValueError, OverflowError):
        raise _error(T("“{text}”不是日期或时间，应写成 2026-06-01T09:00+08:00 之类。", text=text), text) from None


def parse_cycle(text: str) -> Cycle:
    """`R3/PT1H`, `R/P1D`, `R2/2026-06-01T09:00+08:00/P1D`. Raises `TimerError`."""
    found = _CYCLE.fullmatch(text.strip())
    if found is None:
        raise _error(T("“{text}”不是重复周期，应写成 R3/PT1H 之类。", text=text), text)
    first, _, every = found["rest"].rpartition("/")
    duration = parse_duration(every)
    if duration.months == 0 and duration.span < timedelta(minutes=1):
        raise _error(T("“{text}”重复得太快，间隔至少一分钟。", text=text), text)
    times = int(found["times"]) if found["times"] else None
    if times is not None and not 1 <= times <= _MAX_COUNT:
        raise _error(T("“{text}”的重复次数应在 1 到 {n} 之间。", text=text, n=_MAX_COUNT), text)
    return Cycle(times=times, first=parse_moment(first) if first else None, every=duration)


def parse_due(text: str, now: datetime, *, end_of_day: bool = False) -> datetime:
    """The instant meant by a date, a time or a duration from `now`. Raises `TimerError`."""
    text = text.strip()
    if text.startswith(("P", "-P", "+P")):
        return parse_duration(text).after(now)
    return parse_moment(text, end_of_day=end_of_day)


def check(kind: str, text: str) -> Text | None:
    """What is wrong with an ISO text in a slot of `kind` (`date`, `duration`, `cycle`, `due`), or None."""
    try:
        if kind == "duration":
            parse_duration(text)
        elif kind == "cycle":
            parse_cycle(text)
        elif kind == "due":
            parse_due(text, datetime(2026, 1, 1, tzinfo=UTC))
        else:
            parse_moment(text)
    except TimerError as error:
        return error.text
    return None


def _in_range(moment: datetime, text: str) -> datetime:
    if moment > _LAST:
        raise _error(T("时间超出可用范围。"), text)
    return moment


def _error(text: Text, given: str) -> TimerError:
    return TimerError(text, given=given[:200])
