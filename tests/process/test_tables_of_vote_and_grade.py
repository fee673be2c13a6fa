"""D08 and D14 as shipped, evaluated as the engine does: every committee size against the rule, every title its grades."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.bpmn.decision import evaluate
from engine.bpmn.dmn import Decision
from engine.bpmn.feel import Feel
from processes.rules.votes import quorum, vote_result

ROOT = Path(__file__).resolve().parents[2] / "processes"
NOW = datetime(2026, 9, 22, tzinfo=UTC)


def decide(file: str, **variables: Any) -> Any:
    path = ROOT / file
    decision = Decision.parse(path.read_bytes())[path.stem]
    return evaluate(decision, variables, Feel(), {}, NOW).result


def vote(size: int, present: int, yes: int) -> str:
    return str(decide("committee/D08_vote_result.dmn", size=size, present=present, yes=yes)["result"])


@pytest.mark.parametrize(
    ("size", "needed"),
    [
        (25, {17: 12, 18: 12, 19: 13, 20: 14, 21: 14, 22: 15, 23: 16, 24: 16, 25: 17}),
        (11, {8: 6, 9: 6, 10: 7, 11: 8}),
        (9, {6: 4, 7: 5, 8: 6, 9: 6}),
    ],
)
def test_needed_votes(size: int, needed: dict[int, int]) -> None:
    assert vote(size, min(needed) - 1, min(needed) - 1) == "no_quorum"
    for present, yes in needed.items():
        assert (vote(size, present, yes), vote(size, present, yes - 1)) == ("passed", "failed")


@pytest.mark.parametrize("size", [1, 3, 5, 7, 13, 15, 17, 19, 21, 23, 45])
def test_the_table_is_the_rule(size: int) -> None:
    least = quorum(size)
    for present in sorted({0, least - 1, least, size} - {-1}):
        for yes in sorted({0, present // 2, (2 * present + 2) // 3, present}):
            assert vote(size, present, yes) == vote_result(size, present, yes), (present, yes)


@pytest.mark.parametrize(
    ("title", "grades"),
    [
        ("research_archivist", (1, 4)),
        ("associate_research_archivist", (5, 7)),
        ("archivist", (8, 10)),
        ("assistant_archivist", (11, 12)),
        ("archives_clerk", (13, 13)),
    ],
)
def test_grades_of_a_title(title: str, grades: tuple[int, int]) -> None:
    found = decide("appointment/D14_post_grade.dmn", title=title)
    assert (found["from_grade"], found["to_grade"]) == grades


def test_both_tables_pass_the_lint() -> None:
    for file in ("committee/D08_vote_result.dmn", "appointment/D14_post_grade.dmn"):
        assert Decision.parse((ROOT / file).read_bytes())
    assert Feel().check("3 * present >= 2 * size") is None
