"""ISO 8601, read strictly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.bpmn.timers import TimerError, is_iso, parse_cycle, parse_due, parse_duration, parse_moment

JAN31 = datetime(2026, 1, 31, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("P1M", "2026-02-28T04:00:00+00:00"),
        ("P1Y1M", "2027-02-28T04:00:00+00:00"),
        ("P25M", "2028-02-29T04:00:00+00:00"),
        ("P1D", "2026-02-01T04:00:00+00:00"),
        ("P2W", "2026-02-14T04:00:00+00:00"),
        ("PT36H", "2026-02-01T16:00:00+00:00"),
        ("P1DT0.5S", "2026-02-01T04:00:00.500000+00:00"),
        ("PT0S", "2026-01-31T04:00:00+00:00"),
        ("P0D", "2026-01-31T04:00:00+00:00"),
    ],
)
def test_durations(text: str, expected: str) -> None:
    assert parse_duration(text).after(JAN31).isoformat() == expected


def test_months_are_those_of_qinghai() -> None:
    # 20:00 UTC on 30 January is the 31st in Qinghai.
    assert parse_duration("P1M").after(datetime(2026, 1, 30, 20, tzinfo=UTC)) == datetime(2026, 2, 27, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "P1DT", "-PT5M", "+P1D", "P-1D", "PT-5M", "P1H", "PT1D", "1D", "P1W2D", "P1.5M", "PT٣H"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(TimerError) as refused:
        parse_duration(text).after(JAN31)
    assert str(refused.value.text)


@pytest.mark.parametrize("text", ["P99999Y", "P9999999999D", "PT99999999999999999999S"])
def test_what_is_out_of_range_is_refused(text: str) -> None:
    with pytest.raises(TimerError):
        parse_duration(text).after(JAN31)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-06-01T09:00:00+08:00", "2026-06-01T01:00:00+00:00"),
        ("2026-06-01T09:00", "2026-06-01T01:00:00+00:00"),
        ("2026-06-01T01:00:00Z", "2026-06-01T01:00:00+00:00"),
        ("2026-06-01T09:00:00.25+08:00", "2026-06-01T01:00:00.250000+00:00"),
        ("2026-06-01T09:00:00+08:00@Asia/Shanghai", "2026-06-01T01:00:00+00:00"),
        ("2026-06-01T09:00:00@Asia/Shanghai", "2026-06-01T01:00:00+00:00"),
        ("2026-06-01", "2026-05-31T16:00:00+00:00"),
    ],
)
def test_moments(text: str, expected: str) -> None:
    assert parse_moment(text).isoformat() == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-02-30",
        "2026-13-01",
        "2026-06-01T25:00",
        "9999-12-31",
        "0001-01-01T00:00+08:00",
        "next week",
        "20260601",
        "2026-W01",
    ],
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(TimerError):
        parse_moment(text)


def test_a_due_date_lasts_until_its_end() -> None:
    assert parse_due("2026-06-30", JAN31, end_of_day=True) == parse_moment("2026-07-01")
    assert parse_due("P1D", JAN31) == JAN31 + timedelta(days=1)


def test_cycles() -> None:
    cycle = parse_cycle("R3/PT1H")
    assert (cycle.times, cycle.first, cycle.every.span) == (3, None, timedelta(hours=1))
    assert parse_cycle("R/P1D").times is None
    assert parse_cycle("R2/2026-06-01T09:00+08:00/P1D").first == datetime(2026, 6, 1, 1, tzinfo=UTC)
    for bad in ("R3", "R3/", "3/PT1H", "R3/PT1S", "R0/P1D", "R9999999/P1D", "R-1/P1D", "0 0 * * *"):
        with pytest.raises(TimerError):
            parse_cycle(bad)


@pytest.mark.parametrize("text", ["P1D", "PT5M", "-PT5M", "P", "2026-06-01", "2026-06-01T09:00", "R3/PT1H"])
def test_iso_as_it_stands(text: str) -> None:
    assert is_iso(text)


@pytest.mark.parametrize("text", ["=due", "due", "Period", "P_1", "R", "date(2026, 1, 1)", 'duration("P1D")', "PX"])
def test_everything_else_is_feel(text: str) -> None:
    assert not is_iso(text)


@given(
    st.integers(946_684_800, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    st.integers(0, 1200),
    st.integers(0, 5000),
    st.integers(0, 100_000),
)
def test_a_duration_never_goes_back_and_keeps_its_order(start: datetime, months: int, days: int, seconds: int) -> None:
    shorter = parse_duration(f"P{months}M{days}DT{seconds}S").after(start)
    assert shorter >= start
    assert parse_duration(f"P{months + 1}M{days}DT{seconds}S").after(start) >= shorter
    assert parse_duration(f"P{months}M{days + 1}DT{seconds}S").after(start) - shorter == timedelta(days=1)
