"""Dates and deadlines as people read them."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from engine.errors import Refused
from forms.i18n import T, use
from web.pages import words

NOW = datetime.fromisoformat("2026-07-10T09:00:00+08:00")  # a Friday


def at(text: str) -> datetime:
    return datetime.fromisoformat(text + "+08:00")


def weekdays(start: str, end: str) -> int:
    """Working days after `start` up to and including `end`, Monday to Friday."""
    first, last = date.fromisoformat(start).toordinal(), date.fromisoformat(end).toordinal()
    return sum(date.fromordinal(day).weekday() < 5 for day in range(first + 1, last + 1))


def missing(start: str, end: str) -> int:
    raise Refused(T("没有工作日历。"), code="CALENDAR_MISSING")


@pytest.mark.parametrize(
    ("instant", "shown"),
    [
        ("2026-07-14T00:00:00", "2026年7月13日（周一）24:00"),
        ("2026-07-13T18:00:00", "2026年7月13日（周一）18:00"),
        ("2027-01-01T00:00:00", "2026年12月31日（周四）24:00"),
    ],
)
def test_a_window_ends_at_24_of_its_last_day(instant: str, shown: str) -> None:
    assert words.until(at(instant)) == shown


def test_what_happened_at_midnight_happened_on_the_new_day() -> None:
    assert words.when(at("2026-07-14T00:00:00")) == "2026年7月14日（周二）00:00"


def test_an_instant_is_read_in_qinghai() -> None:
    assert words.when("2026-07-13T16:30:00+00:00") == "2026年7月14日（周二）00:30"


def test_a_plain_date_has_no_zone() -> None:
    assert words.day("2026-07-13") == words.day(date(2026, 7, 13)) == "2026年7月13日（周一）"


def test_english_dates() -> None:
    with use("en"):
        assert words.until(at("2026-07-14T00:00:00")) == "Mon 13 Jul 2026, 24:00"


@pytest.mark.parametrize("filter_", [words.day, words.when, words.until])
def test_nothing_is_shown_for_nothing(filter_) -> None:
    assert filter_(None) == filter_("") == ""


@pytest.mark.parametrize(
    ("due", "told", "urgency"),
    [
        ("2026-07-11T00:00:00", "今天到期", "soon"),
        ("2026-07-12T00:00:00", "下个工作日之前到期", "soon"),
        ("2026-07-14T00:00:00", "还有 1 个工作日", "soon"),
        ("2026-07-16T00:00:00", "还有 3 个工作日", "later"),
        ("2026-07-10T09:00:00", "已超期", "late"),
        ("2026-07-08T00:00:00", "超期 3 个工作日", "late"),
    ],
)
def test_deadlines_are_counted_in_working_days(due: str, told: str, urgency: str) -> None:
    assert str(words.remaining(at(due), NOW, weekdays)) == told
    assert words.urgency(at(due), NOW, weekdays) == urgency


def test_without_a_calendar_days_are_counted_and_said_so() -> None:
    assert str(words.remaining(at("2027-01-05T00:00:00"), NOW, missing)) == "还有 178 天（工作日历尚未公布）"
    assert str(words.remaining(at("2026-07-08T00:00:00"), NOW, missing)) == "超期 3 天（工作日历尚未公布）"


def test_no_deadline_is_no_sentence() -> None:
    assert words.remaining(None, NOW, weekdays) is None
    assert words.urgency(None, NOW, weekdays) == "none"
