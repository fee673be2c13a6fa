"""Dates and instants in the words of people in Qinghai, for texts that handlers write into cases."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from engine.clock import local
from forms.i18n import T


def day(value: date) -> str:
    """`2026年10月10日`, in the context's language."""
    return str(T("{year}年{month}月{day}日", year=value.year, month=value.month, day=value.day))


def instant(at: datetime) -> str:
    """An aware instant on Qinghai's clock: `2026年10月10日 09:00`; midnight is 24:00 of the day before."""
    here = local(at)
    if (here.hour, here.minute, here.second) == (0, 0, 0):
        return f"{day(here.date() - timedelta(days=1))} 24:00"
    return f"{day(here.date())} {here:%H:%M}"
