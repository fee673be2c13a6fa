"""Review groups: whatever is proposed can be worked with, the same facts always give the same proposal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processes.rules.groups import Group, NoGroups, Reader, Reading, faults, propose

TAGS = ("artisan", "academic", "standard", "restoration", "paper")
tags = st.frozensets(st.sampled_from(TAGS), max_size=3)


@st.composite
def meetings(draw: st.DrawFn) -> tuple[list[Reader], list[Reading], dict[str, set[str]]]:
    readers = [Reader(f"x{n}", draw(tags)) for n in range(draw(st.integers(3, 25)))]
    cases = [Reading(f"c{n}", draw(tags)) for n in range(draw(st.integers(1, 30)))]
    back = st.sets(st.sampled_from([reader.id for reader in readers]), max_size=3)
    return readers, cases, {case.id: draw(back) for case in cases}


@given(meetings())
def test_whatever_is_proposed_has_no_fault(given: tuple[list[Reader], list[Reading], dict[str, set[str]]]) -> None:
    readers, cases, recused = given
    try:
        found = propose(readers, cases, recused)
    except NoGroups:  # too many stand back: saying so is the right answer
        return
    assert faults(found, [case.id for case in cases], recused) == {}
    assert found == propose(readers, cases, recused)
    assert max(len(group.members) for group in found) <= 5


@given(meetings())
def test_without_recusals_there_are_always_groups_of_like_load(
    given: tuple[list[Reader], list[Reading], dict[str, set[str]]],
) -> None:
    readers, cases, _ = given
    found = propose(readers, cases, {})
    most = -(-len(cases) // max(1, min(len(readers) // 3, -(-len(cases) // 8))))
    assert max(len(group.cases) for group in found) <= most


def test_cases_go_to_who_knows_their_field() -> None:
    readers = [Reader(f"x{n}", frozenset({"restoration" if n % 2 else "paper"})) for n in range(6)]
    cases = [Reading(f"c{n}", frozenset({"restoration" if n < 5 else "paper"})) for n in range(10)]
    by_case = {case: group for group in propose(readers, cases, {}) for case in group.cases}
    assert by_case["c0"].members == ("x1", "x3", "x5")
    assert by_case["c9"].members == ("x0", "x2", "x4")
    assert by_case["c9"].lead == "x0"


def test_two_cases_are_not_read_by_the_whole_committee() -> None:
    readers = [Reader(f"x{n}", frozenset({"paper"} if n >= 20 else ())) for n in range(25)]
    (group,) = propose(readers, [Reading("c0", frozenset({"paper"})), Reading("c1")], {})
    assert group.members == ("x20", "x21", "x22", "x23", "x24")


def test_where_recusals_leave_no_three_there_are_no_groups() -> None:
    readers = [Reader(f"x{n}") for n in range(4)]
    with pytest.raises(NoGroups) as none:
        propose(readers, [Reading("c0"), Reading("c1")], {"c1": {"x0", "x1"}})
    assert none.value.cases == ("c1",)
    with pytest.raises(NoGroups):
        propose(readers[:2], [Reading("c0")], {})
    with pytest.raises(NoGroups):
        propose(readers, [], {})


def test_faults_are_told_in_counts() -> None:
    groups = [Group(("a", "b"), "z", ("c1", "c2")), Group(("b", "c", "d"), "b", ("c2",))]
    assert faults(groups, ["c1", "c2", "c3"], {"c2": {"c"}}) == {
        "small": 1,
        "leaderless": 1,
        "twice": 1,
        "unread": 1,
        "doubled": 1,
        "recused": 1,
    }
