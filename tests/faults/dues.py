"""Random times, dates, durations and windows, with what must come out of them by the time-zone database alone.

`python -m tests.faults.dues` prints one line that stands for all results: it must be the same in whatever zone the process runs.
"""

from __future__ import annotations

import hashlib
import random
from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from engine.bpmn.timers import parse_cycle, parse_due
from processes.rules.workdays import WorkCalendar, WorkYear, workday_deadline

QINGHAI = ZoneInfo("Asia/Shanghai")
ZONES = [
    ZoneInfo(name) for name in ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC")
]
CASES = 5_000
# Around what goes wrong: the hours in which clocks change, 29 February, the ends of months and of the year.
EDGES = [
    datetime(2028, 2, 28, 15, 59, 59, tzinfo=UTC),
    datetime(2028, 2, 29, 16, 0, tzinfo=UTC),
    datetime(2027, 2, 28, 16, 0, tzinfo=UTC),
    datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC),
    datetime(2026, 10, 25, 1, 0, tzinfo=UTC),
    datetime(2026, 3, 8, 7, 0, tzinfo=UTC),
    datetime(2026, 11, 1, 6, 0, tzinfo=UTC),
    datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC),
    datetime(2026, 1, 31, 4, 0, tzinfo=UTC),
]

Case = tuple[str, datetime, datetime, Callable[[], datetime]]  # what it is, now, what must come out, what does it


def case(dice: random.Random) -> Case:
    near = dice.choice(EDGES) if dice.random() < 0.5 else datetime(2026, 1, 1, tzinfo=UTC)
    spread = 90_000 if near.year != 2026 or near.month != 1 else 3 * 365 * 86_400
    now = near + timedelta(seconds=dice.randint(-spread, spread) if near.month != 1 else dice.randint(0, spread))
    return dice.choice([_duration, _duration, _moment, _date, _cycle, _window])(dice, now)


def later(start: datetime, months: int, span: timedelta) -> datetime:
    """The office's calendar months first, the last day of a shorter month, then what is left in seconds."""
    local = start.astimezone(QINGHAI)
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    day = min(local.day, monthrange(year, month + 1)[1])
    wall = datetime.combine(date(year, month + 1, day), local.time(), QINGHAI)
    return wall.astimezone(UTC) + span


def _duration(dice: random.Random, now: datetime) -> Case:
    years, months, days = dice.choice([0, 0, 1, 2]), dice.choice([0, 0, 1, 6, 13]), dice.choice([0, 1, 30, 366])
    hours, minutes = dice.choice([0, 1, 25]), dice.randint(0, 90)
    text = f"P{years}Y{months}M{days}DT{hours}H{minutes}M"
    wanted = later(now, years * 12 + months, timedelta(days=days, hours=hours, minutes=minutes))
    return text, now, wanted, lambda: parse_due(text, now)


def _moment(dice: random.Random, now: datetime) -> Case:
    """An instant as somebody in any zone writes it, with its offset or, in the office's zone, without."""
    zone = dice.choice(ZONES)
    local = now.astimezone(zone)
    bare = zone is QINGHAI and dice.random() < 0.5
    text = local.replace(tzinfo=None).isoformat() if bare else local.isoformat()
    return text, now, now, lambda: parse_due(text, now)


def _date(dice: random.Random, now: datetime) -> Case:
    day, whole = now.astimezone(QINGHAI).date(), dice.random() < 0.5
    wanted = datetime.combine(day + timedelta(days=int(whole)), time(), QINGHAI).astimezone(UTC)
    return f"{day} {whole}", now, wanted, lambda: parse_due(day.isoformat(), now, end_of_day=whole)


def _cycle(dice: random.Random, now: datetime) -> Case:
    """The n-th time of a repetition, each counted from the one before."""
    text, times = dice.choice([("P1D", 3), ("P1M", 14), ("PT36H", 5), ("P1Y", 4)])
    wanted = now
    for _ in range(times):
        months, span = {"P1D": (0, 24), "P1M": (1, 0), "PT36H": (0, 36), "P1Y": (12, 0)}[text]
        wanted = later(wanted, months, timedelta(hours=span))

    def reached() -> datetime:
        cycle, at = parse_cycle(f"R{times}/{text}"), now
        for _ in range(times):
            at = cycle.every.after(at)
        return at

    return f"R{times}/{text}", now, wanted, reached


def _window(dice: random.Random, now: datetime) -> Case:
    """So many working days in a year with days off and swapped weekends, day by day."""
    days = [date(now.year, 1, 1) + timedelta(days=n) for n in range(366)]
    rest = frozenset(d for d in days if d.year == now.year and d.weekday() < 5 and dice.random() < 0.1)
    work = frozenset(d for d in days if d.year == now.year and d.weekday() > 4 and dice.random() < 0.1)
    after = frozenset(date(now.year + 1, 1, n) for n in range(1, 8) if date(now.year + 1, 1, n).weekday() < 5)
    before = WorkYear(now.year - 1, frozenset(), frozenset())
    calendar = WorkCalendar.of([before, WorkYear(now.year, rest, work), WorkYear(now.year + 1, after, frozenset())])
    count, day = dice.randint(1, 15), now.astimezone(QINGHAI).date()
    left = count
    while left:
        day += timedelta(days=1)
        works = day in work if day.weekday() > 4 else day not in rest | after
        left -= works
    wanted = datetime.combine(day + timedelta(days=1), time(), QINGHAI)
    return f"{count} working days", now, wanted, lambda: workday_deadline(calendar, now, count)


def fingerprint(cases: int = 1_000, seed: str = "dues") -> str:
    """A hash of all results, as UTC."""
    dice, digest = random.Random(seed), hashlib.sha256()
    for _ in range(cases):
        what, now, _, reached = case(dice)
        digest.update(f"{what} {now.isoformat()} {reached().astimezone(UTC).isoformat()}\n".encode())
    return digest.hexdigest()


if __name__ == "__main__":
    print(fingerprint())
