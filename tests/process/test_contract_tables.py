"""The tables that other programs ask, by the very names of the JSON contract and through the engine's command."""

from __future__ import annotations

from typing import Any

import pytest

from engine.commands.evaluate_decision import EvaluateDecision
from engine.errors import Refused
from tests.process.province import Province

CLERK, ASSISTANT, ARCHIVIST = "archives_clerk", "assistant_archivist", "archivist"
ASSOCIATE, RESEARCH = "associate_research_archivist", "research_archivist"
NOT = {"eligible": False, "row_id": None}

# Committee size -> quorum, and (present, least yes) at the sizes DOMAIN 3.14 names.
QUORUM = {7: 5, 9: 6, 11: 8, 13: 9, 15: 10, 17: 12, 19: 13, 21: 14, 23: 16, 25: 17}
LEAST_YES = {17: 12, 18: 12, 19: 13, 20: 14, 21: 14, 22: 15, 23: 16, 24: 16, 25: 17}


def decided(province: Province, key: str, **variables: Any) -> Any:
    actor = province.actor("c-001")
    return province.engine.run(EvaluateDecision(key=key, actor=actor, variables=variables))["result"]


def eligible(row: str) -> dict[str, Any]:
    return {"eligible": True, "row_id": row}


# S16, with the years already counted at the cutoff; None where the register knows nothing.
@pytest.mark.parametrize(
    ("target", "education", "prior", "years_prior", "years_archives", "expected"),
    [
        (CLERK, "junior_college", None, 0, 1, eligible("E01")),
        (CLERK, "high_school_equiv", None, 0, 0, NOT),
        (ASSISTANT, "master", None, 0, 0, eligible("E03")),
        (ASSISTANT, "junior_college", CLERK, 2, 5, eligible("E05")),
        (ARCHIVIST, "master", ASSISTANT, 2, 5, eligible("E08")),
        (ARCHIVIST, "bachelor", ASSISTANT, 3, 8, NOT),
        (ASSOCIATE, "bachelor", ARCHIVIST, 5, 9, eligible("E14")),
        (ASSOCIATE, "bachelor", ARCHIVIST, 4, 9, NOT),
        (ASSOCIATE, "junior_college", ARCHIVIST, 16, 16, NOT),
        (ASSOCIATE, "bachelor", ASSISTANT, 9, 9, NOT),
        (RESEARCH, "bachelor", ASSOCIATE, 5, 20, eligible("E15")),
        (RESEARCH, "bachelor", ARCHIVIST, 20, 20, NOT),
        (ARCHIVIST, "bachelor", ASSISTANT, None, None, NOT),
        (ARCHIVIST, None, None, None, None, NOT),
        ("馆长", "bachelor", ASSISTANT, 9, 9, NOT),
    ],
)
def test_d02(
    province: Province,
    target: str,
    education: str | None,
    prior: str | None,
    years_prior: int | None,
    years_archives: int | None,
    expected: dict[str, Any],
) -> None:
    given = {
        "target_title": target,
        "highest_education": education,
        "prior_title": prior,
        "years_prior": years_prior,
        "years_archives": years_archives,
    }
    assert decided(province, "D02_education_years", **given) == expected


def test_d05(province: Province) -> None:
    def outcome(post_managed: bool, exempt: bool, vacant: int) -> Any:
        given = {"post_managed": post_managed, "exempt": exempt, "vacant": vacant}
        return decided(province, "D05_quota", **given)

    for vacant in (1, 2, 99):
        assert outcome(True, False, vacant) == {"outcome": "pass_reserve"}
    assert outcome(True, False, 0) == {"outcome": "reject_quota_full"}
    for vacant in (0, 3):
        assert outcome(True, True, vacant) == {"outcome": "pass_exempt"}
        for exempt in (True, False):
            assert outcome(False, exempt, vacant) == {"outcome": "pass_no_quota"}


def test_d08_at_every_committee_size(province: Province) -> None:
    def result(size: int, present: int, yes: int) -> Any:
        return decided(province, "D08_vote_result", size=size, present=present, yes=yes)["result"]

    for size, quorum in QUORUM.items():
        assert result(size, quorum - 1, quorum - 1) == "no_quorum"
        assert result(size, quorum, quorum) == "passed"
        assert result(size, quorum, 0) == "failed"
    for present, least in LEAST_YES.items():
        assert [result(25, present, yes) for yes in (least - 1, least)] == ["failed", "passed"]


@pytest.mark.parametrize(
    ("title", "grades"), [(RESEARCH, (1, 4)), (ASSOCIATE, (5, 7)), (ARCHIVIST, (8, 10)), (ASSISTANT, (11, 12))]
)
def test_d14(province: Province, title: str, grades: tuple[int, int]) -> None:
    assert decided(province, "D14_post_grade", title=title) == {"from_grade": grades[0], "to_grade": grades[1]}
    assert decided(province, "D14_post_grade", title=None) is None


@pytest.mark.parametrize(
    ("key", "variables"),
    [
        ("D02_education_years", {"target_title": ARCHIVIST}),
        ("D05_quota", {"post_managed": "是", "exempt": False, "vacant": 1}),
        ("D08_vote_result", {"size": "25", "present": "十七", "yes": 12}),
        ("D08_vote_result", {}),
        ("D14_post_grade", {}),
    ],
)
def test_what_does_not_fit_is_refused_or_matches_nothing(
    province: Province, key: str, variables: dict[str, Any]
) -> None:
    """Never a favourable answer out of values that are missing or of another kind."""
    try:
        result = decided(province, key, **variables)
    except Refused:
        return
    assert result in (None, NOT)
