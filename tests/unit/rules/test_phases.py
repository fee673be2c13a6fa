"""Months, working days and windows of a programme's phases, and D16's days (R-140 to R-144)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from processes.calendars import frozen
from processes.rules.escalation import days_overdue, next_look
from processes.rules.phases import Chain, chain, last_day, month_due, month_start, tightness, workdays_in
from processes.rules.posts import shares
from processes.rules.workdays import CalendarMissing, end_of_day

CALENDAR = frozen()
FEBRUARY = end_of_day(date(2021, 2, 28))
CHAIN = chain(2, quota=5, result=5, declare=10, verify=5)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00")


@pytest.mark.parametrize(
    ("month", "calendar_day", "workday"),
    [
        ("2020-12", "2021-01-01", "2021-01-01"),
        ("2021-02", "2021-03-01", "2021-02-27"),
        ("2021-03", "2021-04-01", "2021-04-01"),
    ],
)
def test_a_month_is_due_at_the_end_of_its_last_day(month: str, calendar_day: str, workday: str) -> None:
    assert month_due(month, "last_calendar_day", CALENDAR) == at(f"{calendar_day}T00:00")
    assert month_due(month, "last_workday", CALENDAR) == at(f"{workday}T00:00")
    assert month_start(month) == at(f"{month}-01T00:00")


@pytest.mark.parametrize("text", ["", "2021", "2021-13", "二月", "2021-2"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        month_due(text, "last_calendar_day", CALENDAR)


def test_february_2021_leaves_seven_days_beside_two_windows() -> None:
    seen = tightness(CALENDAR, month_start("2021-02"), FEBRUARY, CHAIN)
    assert (seen.workdays, seen.windows, seen.left, seen.tight) == (17, 10, 7, True)


def test_three_months_are_enough() -> None:
    seen = tightness(CALENDAR, at("2026-06-01T00:00"), at("2026-09-01T00:00"), CHAIN)
    assert not seen.tight
    assert seen.left == seen.workdays - 10


def test_only_phase_2_holds_windows() -> None:
    assert (
        chain(1, quota=5, result=5, declare=10, verify=5)
        == Chain(0, 0)
        == chain(3, quota=5, result=5, declare=10, verify=5)
    )


def test_a_year_without_calendar_is_never_guessed() -> None:
    with pytest.raises(CalendarMissing):
        workdays_in(CALENDAR, date(2030, 1, 1), date(2030, 1, 31))
    with pytest.raises(CalendarMissing):
        days_overdue(CALENDAR, end_of_day(date(2030, 1, 31)), at("2026-12-31T00:00"))
    late = at("2031-01-10T09:00")
    assert days_overdue(CALENDAR, end_of_day(date(2030, 1, 31)), late) == 0, "late in any case"
    assert next_look(CALENDAR, end_of_day(date(2030, 1, 31)), late) == at("2031-01-11T00:00")


def test_the_last_day_holds_its_midnight() -> None:
    assert last_day(FEBRUARY) == date(2021, 2, 28)
    assert last_day(at("2021-02-28T17:00")) == date(2021, 2, 28)


@pytest.mark.parametrize(
    ("now", "days"),
    [
        ("2021-02-08T23:59", -11),
        ("2021-02-09T00:00", -10),
        ("2021-02-24T09:00", -3),
        ("2021-02-26T09:00", -1),
        ("2021-02-28T23:59", -1),
        ("2021-03-01T00:00", 1),
        ("2021-03-02T23:59", 2),
        ("2021-03-03T00:00", 3),
        ("2021-03-09T00:00", 7),
    ],
)
def test_days_to_and_past_the_end(now: str, days: int) -> None:
    assert days_overdue(CALENDAR, FEBRUARY, at(now)) == days


def test_an_end_before_rest_days_is_overdue_by_none() -> None:
    assert days_overdue(CALENDAR, at("2021-01-01T00:00"), at("2021-01-01T00:00")) == 0, "New Year is a holiday"


def test_looks_fall_on_the_days_the_level_changes() -> None:
    seen, now = [], at("2020-12-01T00:00")
    while (look := next_look(CALENDAR, FEBRUARY, now)) is not None:
        before = days_overdue(CALENDAR, FEBRUARY, look - timedelta(seconds=1))
        assert before < days_overdue(CALENDAR, FEBRUARY, look)
        seen.append(f"{look:%m-%d}")
        now = look
    assert seen == ["02-09", "02-24", "03-01", "03-03", "03-09"]


def test_shares_over_the_line_are_named() -> None:
    posts = {"full_senior": 1, "deputy_senior": 3, "intermediate": 3, "junior": 3}
    found = shares(posts, senior=0.1, intermediate=0.3)
    assert [(share.group, share.posts, share.total) for share in found] == [("senior", 4, 10)]
    assert shares({}, senior=0.1, intermediate=0.3) == ()
