"""Windows never shrink, periods end on their day, floors hold."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processes.rules import floors, terms, windows

CLOSE = datetime.fromisoformat("2026-10-11T00:00:00+08:00")
INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis adds the zone


def test_the_last_second_is_in_time_and_the_next_instant_is_late() -> None:
    opens = datetime.fromisoformat("2026-09-28T16:00:00+08:00")
    last = CLOSE - timedelta(seconds=1)
    assert windows.is_timely(last, CLOSE)
    assert not windows.is_timely(CLOSE, CLOSE)
    assert windows.window_state(opens - timedelta(seconds=1), opens, CLOSE) == "not_open"
    assert windows.window_state(opens, opens, CLOSE) == "open"
    assert windows.window_state(last, opens, CLOSE) == "open"
    assert windows.window_state(CLOSE, opens, CLOSE) == "closed"


def test_a_window_closes_in_law_at_its_instant_however_late_it_is_noticed() -> None:
    assert windows.effective_close(CLOSE, CLOSE + timedelta(hours=2)) == CLOSE
    with pytest.raises(ValueError, match="still open"):
        windows.effective_close(CLOSE, CLOSE - timedelta(seconds=1))


@given(INSTANTS, INSTANTS)
def test_a_published_window_never_gets_shorter(closes: datetime, wanted: datetime) -> None:
    if wanted < closes:
        with pytest.raises(windows.WindowShortened):
            windows.extended(closes, wanted)
    else:
        assert windows.extended(closes, wanted) == wanted
    moved, shorter = windows.recomputed(closes, wanted)
    assert moved >= closes
    assert shorter == (wanted < closes)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2026-11-10", "2029-11-09"),
        ("2023-09-15", "2026-09-14"),
        ("2024-03-15", "2027-03-14"),
        ("2028-02-29", "2031-02-28"),
        ("2025-03-01", "2028-02-29"),
    ],
)
def test_a_period_that_includes_its_first_day(first: str, last: str) -> None:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    assert terms.last_day(start, 3) == terms.filing_valid_until(start) == end
    assert terms.contract_long_enough(start, end)
    assert not terms.contract_long_enough(start, end - timedelta(days=1))


@pytest.mark.parametrize(("decided", "until"), [("2026-12-15", "2029-12-15"), ("2028-02-29", "2031-02-28")])
def test_a_bar_ends_on_the_anniversary(decided: str, until: str) -> None:
    last = terms.bar_until(date.fromisoformat(decided))
    assert last == date.fromisoformat(until)
    assert terms.is_barred(last, last)
    assert not terms.is_barred(last + timedelta(days=1), last)


@pytest.mark.parametrize(
    ("since", "years"),
    [("2021-12-31", 5), ("2022-01-01", 4), ("2023-01-01", 3), ("2026-12-31", 0), ("2027-01-01", 0), ("2026-01-01", 0)],
)
def test_full_years_at_the_cutoff(since: str, years: int) -> None:
    assert terms.full_years(date.fromisoformat(since), date(2026, 12, 31)) == years


@given(st.dates(date(1950, 1, 1), date(2090, 12, 31)), st.integers(1, 40))
def test_periods_and_full_years_agree(start: date, years: int) -> None:
    assert terms.full_years(start, terms.add_years(start, years)) == years
    assert terms.full_years(start, terms.add_years(start, years) - timedelta(days=1)) == years - 1
    assert terms.last_day(start, years) <= terms.bar_until(start, years)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("publicity.result.min_workdays", 4),
        ("publicity.recommendation.min_workdays", 0),
        ("meeting.quorum", "1/2"),
        ("vote.pass", "3/5"),
        ("vote.denominator", "size"),
        ("sanction.bar_years", 2),
        ("committee.senior.series.min", 23),
        ("committee.odd", False),
        ("contract.min_years", 2),
        ("filing.max_years", 4),
        ("correction.max_notices", 2),
    ],
)
def test_nothing_undercuts_a_regulation(name: str, value: object) -> None:
    floor = floors.undercut(name, value)
    assert floor is not None
    assert floor.source
    assert floors.undercut(name, floor.bound) is None


def test_stricter_is_allowed_and_what_no_regulation_fixes_has_no_floor() -> None:
    assert floors.undercut("publicity.result.min_workdays", 7) is None
    assert floors.undercut("vote.pass", "3/4") is None
    assert floors.undercut("recheck.window_workdays", 1) is None
    assert floors.publicity_floor("quota") == 5
