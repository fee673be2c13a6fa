"""Which relations touch a case, and the arithmetic of who counts as present (R-77, R-78, S09)."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processes.rules.privacy import without_numbers
from processes.rules.recusal import KINDS, Relation, kinds_between
from processes.rules.votes import case_quorum, vote_result

DAY = date(2026, 9, 22)


@pytest.mark.parametrize(
    ("relation", "touches"),
    [
        (Relation("kin", person_id="p1"), True),
        (Relation("kin", person_id="p2"), False),
        (Relation("same_unit", unit_code="u01"), True),
        (Relation("same_unit", unit_code="u02"), False),
        (Relation("interest", person_id="p1", valid_to=DAY), True),
        (Relation("interest", person_id="p1", valid_to=date(2026, 9, 21)), False),
        (Relation("interest", person_id="p1", valid_from=date(2026, 9, 23)), False),
        (Relation("former_unit", unit_code="u01", valid_to=date(2020, 1, 1)), True),
    ],
)
def test_what_touches_a_case(relation: Relation, touches: bool) -> None:
    assert relation.touches("p1", "u01", DAY) is touches


def test_kinds_come_once_and_in_order() -> None:
    found = [Relation("other", "p1"), Relation("kin", "p1"), Relation("kin", "p1"), Relation("self", "p2")]
    assert kinds_between(found, "p1", "u01", DAY) == ["kin", "other"]
    assert KINDS[0] == "self"


def test_s09_literally() -> None:
    assert case_quorum(25, 18, 2) == (25, 18, 2, 17, 16, 16, 11, False)
    assert case_quorum(25, 18, 0) == (25, 18, 0, 17, 18, 18, 12, True)
    assert case_quorum(25, 18, 2, counts_present=True) == (25, 18, 2, 17, 18, 16, 12, True)
    with pytest.raises(ValueError, match="impossible"):
        case_quorum(25, 18, 19)


@given(st.integers(1, 60), st.data())
def test_the_needed_votes_are_exactly_those_that_pass(size: int, data: st.DataObject) -> None:
    present = data.draw(st.integers(0, size))
    recused = data.draw(st.integers(0, present))
    found = case_quorum(size, present, recused, counts_present=data.draw(st.booleans()))
    assert found.eligible <= found.denominator <= found.size
    if found.reached:
        assert vote_result(size, found.denominator, found.needed_yes) == "passed"
        assert vote_result(size, found.denominator, found.needed_yes - 1) == "failed"
    else:
        assert vote_result(size, found.denominator, found.denominator) == "no_quorum"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("电话13800138000。", "电话***。"),
        ("手机 138 0013 8000", "手机 ***"),
        ("证号63010119900101001X", "证号***"),
        ("2024 年修复藏文木刻 1380 页，项目号 202400138", "2024 年修复藏文木刻 1380 页，项目号 202400138"),
    ],
)
def test_numbers_of_persons_are_blotted_out(text: str, plain: str) -> None:
    assert without_numbers(text) == plain
