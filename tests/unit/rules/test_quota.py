"""Posts: whatever is reserved, released and filled in whichever order, no count is ever below zero."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processes.rules.quota import NoVacancy, Posts

COUNT = st.integers(0, 6)
DEED = st.sampled_from(["reserve", "release", "fill", "vacate"])


@given(COUNT, COUNT, st.lists(DEED, max_size=40))
def test_no_count_ever_falls_below_zero(approved: int, occupied: int, deeds: list[str]) -> None:
    posts = Posts(approved, occupied)
    for deed in deeds:
        before = posts
        try:
            posts = getattr(posts, deed)()
        except ValueError:
            assert posts is before
            continue
        assert min(posts.occupied, posts.reserved, posts.vacant) >= 0
        if posts.reserved:
            assert posts.occupied + posts.reserved <= posts.approved


@given(COUNT, COUNT)
def test_a_post_reserved_and_released_changes_nothing(approved: int, occupied: int) -> None:
    posts = Posts(approved, occupied)
    if posts.vacant:
        assert posts.reserve().release() == posts
        assert posts.reserve().fill() == Posts(approved, occupied + 1)
    else:
        with pytest.raises(NoVacancy):
            posts.reserve()


def test_a_unit_above_its_approval_has_no_vacancy() -> None:
    assert Posts(3, 4).vacant == 0


def test_nothing_is_released_that_is_not_held() -> None:
    with pytest.raises(ValueError, match="negative"):
        Posts(3, 1).release()
