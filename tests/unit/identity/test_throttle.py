from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from engine.identity import throttle

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@given(st.integers(0, 10_000), st.integers(1, 100))
def test_the_delay_grows_and_is_never_longer_than_the_longest(failures: int, free: int) -> None:
    assert throttle.delay(failures, free) <= throttle.delay(failures + 1, free) <= throttle.LONGEST
    assert (throttle.delay(failures, free) == timedelta(0)) == (failures < free)


@given(st.integers(0, 10_000))
def test_no_account_is_locked_for_good(failures: int) -> None:
    later = NOW + throttle.LONGEST
    assert throttle.wait_left(failures, 5, NOW, later) == timedelta(0)
    assert throttle.wait_left(failures, 5, NOW, NOW + throttle.FORGET) == timedelta(0)


def test_the_first_delays_are_one_two_four_seconds() -> None:
    assert [throttle.delay(n, 5).total_seconds() for n in range(4, 9)] == [0, 1, 2, 4, 8]


def test_counters_do_not_tell_the_username() -> None:
    (own, _), (shared, _) = throttle.subjects("Wang", "192.0.2.7")
    assert own == throttle.subjects("wang", "192.0.2.7")[0][0]
    assert own != throttle.subjects("wang", "192.0.2.8")[0][0]
    assert shared == throttle.subjects("li", "192.0.2.7")[1][0]
    assert "wang" not in own
