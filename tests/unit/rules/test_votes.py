"""Quorum and majority: the tables of the regulations exactly, the laws as properties."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processes.rules.votes import Share, counts_agree, is_committee_size, needed_yes, quorum, vote_result

NEEDED = {
    25: {17: 12, 18: 12, 19: 13, 20: 14, 21: 14, 22: 15, 23: 16, 24: 16, 25: 17},
    11: {8: 6, 9: 6, 10: 7, 11: 8},
}


@pytest.mark.parametrize(
    ("size", "least"), [(25, 17), (11, 8), (9, 6), (13, 9), (15, 10), (17, 12), (19, 13), (21, 14), (23, 16)]
)
def test_quorum(size: int, least: int) -> None:
    assert quorum(size) == least
    assert vote_result(size, least - 1, least - 1) == "no_quorum"
    assert vote_result(size, least, least) == "passed"


@pytest.mark.parametrize(("size", "present", "yes"), [(s, p, y) for s, row in NEEDED.items() for p, y in row.items()])
def test_needed_yes(size: int, present: int, yes: int) -> None:
    assert needed_yes(present) == yes
    assert vote_result(size, present, yes) == "passed"
    assert vote_result(size, present, yes - 1) == "failed"


@pytest.mark.parametrize(
    ("present", "yes", "no", "abstain", "result"),
    [
        (20, 10, 10, 0, "failed"),
        (21, 14, 7, 0, "passed"),
        (21, 13, 8, 0, "failed"),
        (21, 14, 0, 7, "passed"),
        (21, 13, 0, 8, "failed"),
        (20, 14, 6, 0, "passed"),
    ],
)
def test_ties_and_thresholds(present: int, yes: int, no: int, abstain: int, result: str) -> None:
    assert counts_agree(present, yes, no, abstain)
    assert vote_result(25, present, yes) == result


@pytest.mark.parametrize(("size", "present", "yes"), [(25, 26, 20), (25, 20, 21), (0, 0, 0), (25, 20, -1)])
def test_impossible_counts_are_refused(size: int, present: int, yes: int) -> None:
    with pytest.raises(ValueError, match="impossible"):
        vote_result(size, present, yes)


def test_counts_must_add_up() -> None:
    assert not counts_agree(21, 14, 7, 1)
    assert not counts_agree(21, 22, 0, -1)


def test_shares() -> None:
    assert Share.parse("2/3") == Share(2, 3)
    assert Share.parse("1/2").below(Share.parse("2/3"))
    assert not Share.parse("4/6").below(Share.parse("2/3"))
    for wrong in ("3/2", "0/3", "-1/3"):
        with pytest.raises(ValueError, match="share"):
            Share.parse(wrong)


def test_committees_are_odd() -> None:
    assert [size for size in range(8) if is_committee_size(size)] == [1, 3, 5, 7]


COUNTS = st.integers(1, 99).flatmap(
    lambda size: st.integers(0, size).flatmap(lambda p: st.integers(0, p).map(lambda yes: (size, p, yes)))
)


@given(COUNTS)
def test_the_result_is_the_exact_fraction(counts: tuple[int, int, int]) -> None:
    size, present, yes = counts
    enough, agreed = Fraction(present, size) >= Fraction(2, 3), present and Fraction(yes, present) >= Fraction(2, 3)
    assert vote_result(size, present, yes) == (("passed" if agreed else "failed") if enough else "no_quorum")


@given(COUNTS)
def test_one_more_yes_never_turns_a_pass_into_a_failure(counts: tuple[int, int, int]) -> None:
    size, present, yes = counts
    if yes < present and vote_result(size, present, yes) == "passed":
        assert vote_result(size, present, yes + 1) == "passed"
    assert quorum(size) <= size
    assert needed_yes(present) <= present
