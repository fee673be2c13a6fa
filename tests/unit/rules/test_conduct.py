"""Penalties, bars and yearly assessments: every period holds through its last day."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from processes.rules.conduct import (
    BLOCKING,
    MONTHS,
    PASSING,
    Period,
    assess,
    bar_in_force,
    blocking_penalty,
    penalty_until,
)

DAY = st.dates(date(2000, 1, 1), date(2035, 12, 31))
KIND = st.sampled_from(sorted(MONTHS))
GRADE = st.sampled_from(["excellent", "qualified", "basically_qualified", "unqualified", "undetermined"])
GRADES = st.dictionaries(st.integers(2015, 2026), GRADE)
ONE_DAY = timedelta(days=1)


def test_known_periods() -> None:
    assert penalty_until("demerit", date(2026, 3, 1)) == date(2027, 3, 1)
    assert penalty_until("warning", date(2026, 5, 1)) == date(2026, 11, 1)
    assert penalty_until("warning", date(2025, 8, 31)) == date(2026, 2, 28)
    assert penalty_until("dismissal_from_post", date(2024, 2, 29)) == date(2026, 2, 28)


@given(KIND, DAY, DAY)
def test_a_penalty_blocks_through_its_last_day_and_no_longer(kind: str, decided: date, on: date) -> None:
    period = Period(kind, decided, penalty_until(kind, decided))
    blocked = blocking_penalty(on, [period]) is not None
    assert blocked is (kind in BLOCKING and decided <= on <= period.until)
    assert blocking_penalty(period.until + ONE_DAY, [period]) is None


@given(DAY, st.lists(st.tuples(DAY, st.integers(0, 2000)), max_size=5))
def test_the_longest_bar_is_named(on: date, drawn: list[tuple[date, int]]) -> None:
    bars = [Period("integrity_bar", begun, begun + timedelta(days=days)) for begun, days in drawn]
    found = bar_in_force(on, bars)
    holding = [bar for bar in bars if bar.decided_on <= on <= bar.until]
    assert (found is None) is (holding == [])
    assert all(found is not None and found.until >= bar.until for bar in holding)


@given(GRADES, st.integers(0, 8), st.integers(2015, 2026), st.booleans())
def test_only_passing_years_since_the_title_count(
    grades: dict[int, str], needed: int, since: int, pending: bool
) -> None:
    found = assess(grades, needed=needed, since=since, year=2026, count_pending=pending)
    passed = sum(year >= since and grade in PASSING for year, grade in grades.items())
    assert passed <= found.counted <= passed + (pending and 2026 not in grades)


@given(GRADES, st.integers(2015, 2026), st.booleans())
def test_years_in_a_row_are_never_more_than_years_in_all(grades: dict[int, str], since: int, pending: bool) -> None:
    in_all = assess(grades, needed=5, since=since, year=2026, count_pending=pending)
    row = assess(grades, needed=5, since=since, year=2026, basis="last_n_consecutive", count_pending=pending)
    assert row.counted <= in_all.counted


@given(GRADES, st.integers(2015, 2025), st.integers(0, 8))
def test_a_better_grade_never_hurts(grades: dict[int, str], year: int, needed: int) -> None:
    before = assess(grades, needed=needed, since=2015, year=2026)
    after = assess({**grades, year: "excellent"}, needed=needed, since=2015, year=2026)
    assert after.counted >= before.counted


def test_s18_rows() -> None:
    grades = {2021: "qualified", 2022: "qualified", 2023: "basically_qualified", 2024: "qualified", 2025: "qualified"}
    strict = assess(grades, needed=5, since=2021, year=2026, count_pending=False)
    assert (strict.counted, strict.enough) == (4, False)
    assert assess(grades, needed=5, since=2021, year=2026).enough
    in_a_row = assess(grades, needed=5, since=2021, year=2026, basis="last_n_consecutive", count_pending=False)
    assert in_a_row.counted == 2
