"""Working days over the official calendars: the published examples exactly, the laws of counting as properties."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import chinese_calendar
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from processes.calendars import frozen
from processes.rules.workdays import (
    QINGHAI,
    CalendarMissing,
    WorkCalendar,
    WorkYear,
    add_workdays,
    counted_days,
    end_of_day,
    is_workday,
    local_day,
    natural_deadline,
    workday_deadline,
    workdays_between,
)

CALENDAR = frozen()
DAYS = st.dates(date(2005, 1, 1), date(2025, 12, 31))
SMALL = st.integers(-60, 60)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text + "+08:00")


WINDOWS = [
    ("2025-09-26", ["09-28", "09-29", "09-30", "10-09", "10-10"], "2025-10-10"),
    ("2025-09-30", ["10-09", "10-10", "10-11", "10-13", "10-14"], "2025-10-14"),
    ("2026-09-28", ["09-29", "09-30", "10-08", "10-09", "10-10"], "2026-10-10"),
    ("2026-04-29", ["04-30", "05-06", "05-07", "05-08", "05-09"], "2026-05-09"),
]


@pytest.mark.parametrize(("published", "counted", "closes"), WINDOWS)
def test_publicity_windows_across_holidays(published: str, counted: list[str], closes: str) -> None:
    start = at(f"{published}T10:00:00")
    days = [date.fromisoformat(f"{published[:4]}-{day}") for day in counted]
    assert list(counted_days(CALENDAR, start, 5)) == days
    assert workday_deadline(CALENDAR, start, 5) == end_of_day(date.fromisoformat(closes))


def test_the_end_is_the_first_instant_of_the_next_day() -> None:
    closes = workday_deadline(CALENDAR, at("2026-09-28T16:00:00"), 5)
    assert closes.isoformat() == "2026-10-11T00:00:00+08:00"


def test_first_day_counts_and_business_hours() -> None:
    start = at("2026-09-28T10:00:00")
    assert workday_deadline(CALENDAR, start, 5, first_day_counts=True) == end_of_day(date(2026, 10, 9))
    assert workday_deadline(CALENDAR, start, 5, close="18:00") == at("2026-10-10T18:00:00")
    assert counted_days(CALENDAR, start, 5, first_day_counts=True)[0] == date(2026, 9, 28)


def test_first_day_that_is_no_working_day_is_not_counted() -> None:
    saturday = date(2026, 7, 4)
    assert workday_deadline(CALENDAR, saturday, 1, first_day_counts=True) == end_of_day(date(2026, 7, 6))


@pytest.mark.parametrize(
    ("start", "n", "closes"),
    [
        ("2026-07-06T10:00:00", 5, "2026-07-13"),
        ("2026-11-02T09:00:00", 5, "2026-11-09"),
        ("2026-10-08T09:00:00", 5, "2026-10-14"),
        ("2026-10-10T23:59:59", 10, "2026-10-23"),
        ("2026-10-10T23:59:59", 30, "2026-11-20"),
        ("2026-12-02T09:00:00", 5, "2026-12-09"),
    ],
)
def test_other_windows_of_the_regulations(start: str, n: int, closes: str) -> None:
    assert workday_deadline(CALENDAR, at(start), n) == end_of_day(date.fromisoformat(closes))


def test_the_day_is_the_one_in_qinghai() -> None:
    assert local_day(datetime.fromisoformat("2026-07-05T17:00:00+00:00")) == date(2026, 7, 6)
    with pytest.raises(ValueError, match="offset"):
        local_day(datetime(2026, 7, 6, 10))  # noqa: DTZ001 - the naive value is the point


def test_a_missing_year_is_an_error_and_names_the_year() -> None:
    with pytest.raises(CalendarMissing) as caught:
        workday_deadline(CALENDAR, at("2026-12-28T10:00:00"), 5)
    assert caught.value.year == 2027
    assert list(counted_days(CALENDAR, at("2026-12-28T10:00:00"), 3)) == [date(2026, 12, d) for d in (29, 30, 31)]
    with pytest.raises(CalendarMissing):
        is_workday(CALENDAR, date(2003, 12, 31))


def test_a_provisional_year_is_not_counted_with() -> None:
    provisional = WorkYear(2027, frozenset(), frozenset(), status="provisional", version=2)
    with pytest.raises(CalendarMissing):
        is_workday(CALENDAR.with_year(provisional), date(2027, 1, 4))


def test_an_imported_year_and_its_correction() -> None:
    start = at("2026-12-28T10:00:00")
    second = CALENDAR.with_year(WorkYear(2027, frozenset({date(2027, 1, 1)}), frozenset(), version=2))
    assert workday_deadline(second, start, 5) == end_of_day(date(2027, 1, 5))
    third = second.with_year(WorkYear(2027, frozenset({date(2027, 1, 1), date(2027, 1, 4)}), frozenset(), version=3))
    assert workday_deadline(third, start, 5) == end_of_day(date(2027, 1, 6))
    assert (CALENDAR.version, second.version, third.version) == (1, 2, 3)


def test_february_2021_has_seventeen_working_days() -> None:
    assert workdays_between(CALENDAR, date(2021, 1, 31), date(2021, 2, 28)) == 17


def test_2025_and_2026_have_248_working_days() -> None:
    for year in (2025, 2026):
        assert workdays_between(CALENDAR, date(year - 1, 12, 31), date(year, 12, 31)) == 248


def test_natural_days_roll_over_to_the_next_working_day() -> None:
    assert natural_deadline(CALENDAR, date(2026, 3, 6), 30) == end_of_day(date(2026, 4, 7))
    assert natural_deadline(CALENDAR, date(2026, 3, 10), 30) == end_of_day(date(2026, 4, 9))
    assert natural_deadline(CALENDAR, date(2026, 3, 6), 30, rollover=False) == end_of_day(date(2026, 4, 5))


def test_every_frozen_day_is_the_published_one() -> None:
    day = date(2004, 1, 1)
    while day <= date(2026, 12, 31):
        assert CALENDAR.is_workday(day) == chinese_calendar.is_workday(day), day
        day += timedelta(days=1)


def test_a_year_says_where_it_comes_from() -> None:
    assert set(CALENDAR.years) == set(range(2004, 2027))
    assert all(year.status == "official" and str(year.year) in year.source for year in CALENDAR.years.values())


@pytest.mark.parametrize(
    ("rest", "work"),
    [({date(2026, 1, 1)}, set()), ({date(2027, 1, 2)}, set()), (set(), {date(2027, 1, 4)})],
)
def test_a_year_lists_only_its_own_exceptions(rest: set[date], work: set[date]) -> None:
    with pytest.raises(ValueError, match=r"lie in|rests anyway|worked anyway"):
        WorkYear(2027, frozenset(rest), frozenset(work))


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        workday_deadline(CALENDAR, date(2026, 7, 6), 0)
    with pytest.raises(ValueError, match="more than"):
        add_workdays(CALENDAR, date(2026, 7, 6), 10**9)
    with pytest.raises(CalendarMissing):
        WorkCalendar().is_workday(date(2026, 7, 6))


@given(DAYS, SMALL)
def test_adding_lands_on_a_working_day_and_between_counts_it_back(day: date, n: int) -> None:
    landed = add_workdays(CALENDAR, day, n)
    if n == 0:
        assert landed == day
        return
    assert is_workday(CALENDAR, landed)
    if n > 0:
        assert workdays_between(CALENDAR, day, landed) == n
    else:
        assert add_workdays(CALENDAR, landed, -n) >= day or not is_workday(CALENDAR, day)


@given(DAYS, st.integers(1, 60), st.integers(1, 60))
def test_adding_in_two_steps_is_adding_at_once(day: date, a: int, b: int) -> None:
    assert add_workdays(CALENDAR, add_workdays(CALENDAR, day, a), b) == add_workdays(CALENDAR, day, a + b)


@given(DAYS, st.integers(1, 60))
def test_back_and_forth_is_the_identity_from_a_working_day(day: date, n: int) -> None:
    assume(is_workday(CALENDAR, day))
    assert add_workdays(CALENDAR, add_workdays(CALENDAR, day, n), -n) == day


@given(DAYS, st.integers(0, 400), st.integers(0, 400))
def test_counts_of_neighbouring_spans_add_up(day: date, a: int, b: int) -> None:
    middle, end = day + timedelta(days=a), day + timedelta(days=a + b)
    assume(end <= date(2026, 12, 31))
    whole = workdays_between(CALENDAR, day, end)
    assert workdays_between(CALENDAR, day, middle) + workdays_between(CALENDAR, middle, end) == whole
    assert workdays_between(CALENDAR, end, day) == -whole


@given(DAYS, st.integers(1, 60), st.booleans())
def test_a_window_counts_exactly_its_days(day: date, n: int, first_day_counts: bool) -> None:
    counted = counted_days(CALENDAR, day, n, first_day_counts=first_day_counts)
    closes = workday_deadline(CALENDAR, day, n, first_day_counts=first_day_counts)
    assert len(counted) == n
    assert end_of_day(counted[-1]) == closes
    assert closes.tzinfo == QINGHAI
    assert (day in counted) == (first_day_counts and is_workday(CALENDAR, day))


@given(DAYS, st.integers(1, 30))
def test_more_days_and_later_starts_never_end_earlier(day: date, n: int) -> None:
    closes = workday_deadline(CALENDAR, day, n)
    assert workday_deadline(CALENDAR, day, n + 1) > closes
    assert workday_deadline(CALENDAR, day + timedelta(days=1), n) >= closes
    assert workday_deadline(CALENDAR, day, n, first_day_counts=True) <= closes
