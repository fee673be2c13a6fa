"""What no repair may touch in the shipped processes, however it is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.bpmn.guard import Guard
from engine.bpmn.parse import Release
from processes.office import registry

SHIPPED = sorted((Path(__file__).resolve().parents[3] / "processes").glob("*/*.bpmn"))
P04, P12 = "P04_candidate_title_review", "P12_review_meeting_vote"


@pytest.fixture(scope="module")
def guard() -> Guard:
    office = registry()
    assert office.protected.topics <= office.handlers.keys()
    return Guard(
        Release.build("guard", {path.name: path.read_bytes() for path in SHIPPED}), office.protected, office.handlers
    )


def test_votes_results_notices_and_certificates_are_no_place_to_move_a_token(guard: Guard) -> None:
    for element in ("await_ballot", "record_ballot", "await_publicity", "confirmation", "recheck"):
        assert guard.element(P04, element), element
    assert guard.element("P05_unit_recommendation", "recommendation_publicity")  # what it calls publishes
    for element in ("fill_application", "local_endorse", "queue_for_meeting", "view_result"):
        assert not guard.element(P04, element), element


def test_where_a_vote_is_taken_everything_is_closed(guard: Guard) -> None:
    closed = {
        scope for scope in ("preparation", "opening", "counting", "vote", "conclusion", P12) if guard.scope(P12, scope)
    }
    assert closed == {"counting", "vote", "conclusion"}
    assert not guard.scope(P04, "application_case")


def test_nobody_is_moved_past_a_vote_in_either_direction(guard: Guard) -> None:
    def over(one: str, other: str) -> set[str]:
        return {element.id for element in guard.between(P04, "application_case", one, other)}

    assert over("local_endorse", "view_result") >= {"await_ballot", "record_ballot"}
    assert over("view_result", "fill_application") >= {"await_ballot"}
    assert over("queue_for_meeting", "certified") >= {"await_ballot", "confirmation"}
    assert over("fill_application", "rule_on_doubt") == set()


def test_what_a_vote_a_result_or_a_table_wrote_is_not_set_by_hand(guard: Guard) -> None:
    for name in ("ballot_result", "yes", "present", "publicity_outcome", "certificate_no", "recheck_outcome"):
        assert "手工改" in str(guard.variable(name)), name
    # Whose case it is, who was there, how long the notice stands: what vote and result rest on.
    for name in (
        "application_id",
        "candidate_account",
        "quorum_reached",
        "attended",
        "min_workdays",
        "notice_approved",
    ):
        assert "手工改" in str(guard.variable(name)), name
    for name in ("finding", "cases_to_vote"):  # secret in P04 and P12
        assert guard.variable(name) is not None, name
    for name in (
        "scope",
        "conduct",
        "quota_decision",
        "grades",
        "grade_options",
    ):  # tables, and what scripts make of them
        assert "决策表" in str(guard.variable(name)), name
    for name in ("unit_code", "target_title", "correction_text", "works"):
        assert guard.variable(name) is None, name
