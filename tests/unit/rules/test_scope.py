"""Standing in a post, and the facts of special channels, day by day."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from processes.rules.channels import aid_active, hardship_met
from processes.rules.scope import standing

DAY = st.dates(date(2000, 1, 1), date(2035, 12, 31))
MAYBE = st.none() | DAY
ONE_DAY = timedelta(days=1)


@given(DAY, MAYBE, MAYBE, DAY)
def test_retired_from_the_day_on_whatever_else_is_said(
    on: date, begun: date | None, ended: date | None, retired: date
) -> None:
    assert (standing(on, begun, ended, retired) == "retired") is (retired <= on)


@given(DAY, MAYBE, MAYBE)
def test_employed_from_the_first_through_the_last_day(on: date, begun: date | None, ended: date | None) -> None:
    employed = begun is not None and begun <= on and (ended is None or on <= ended)
    assert standing(on, begun, ended, None) == ("employed" if employed else "not_employed")


@given(DAY, st.integers(0, 2000))
def test_aid_holds_through_its_last_day(begun: date, days: int) -> None:
    ended = begun + timedelta(days=days)
    assert aid_active(ended, begun, ended)
    assert not aid_active(ended + ONE_DAY, begun, ended)
    assert not aid_active(begun - ONE_DAY, begun, ended)
    assert aid_active(ended, begun, None)
    assert not aid_active(begun, None, ended)


@given(st.booleans(), st.integers(0, 40), st.integers(0, 40))
def test_hardship_needs_place_and_years(place: bool, served: int, needed: int) -> None:
    assert hardship_met(place, served, needed) is (place and served >= needed)
