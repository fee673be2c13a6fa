"""A round found void: the chair asks with a reason, the supervisor agrees, the case is voted on again or left to the next meeting."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import Forbidden, Invalid, NotFound
from processes.committee.commands import DeclareRecusal
from processes.committee.queries import MeetingRoom, ResultSheet
from processes.register.application_tables import application
from processes.register.ballot_tables import ballot_round, ballot_slip, ballot_token
from tests.conftest import MakeEngine
from tests.process.sitting import Sitting, convene
from tests.process.stage import CHAIR, OFFICE, SUPERVISOR, VICE, Stage
from tests.process.test_committee import make_stage, messages, refused


@pytest.fixture
def stage(database_url: str, make_engine: MakeEngine, tmp_path: Path) -> Stage:
    return make_stage(database_url, make_engine, tmp_path, 2)


def rounds_of(stage: Stage, number: int = 0) -> list[tuple[int, bool, str | None]]:
    """(round, void, result) of a case, in order."""
    rows = stage.rows(ballot_round, ballot_round.c.application_id == stage.applications[number])
    return sorted((row["round_no"], row["void"], row["result"]) for row in rows)


def spoiled(stage: Stage) -> Sitting:
    """A meeting whose first round is over and whose chair will not have it counted."""
    sitting = convene(stage)
    sitting.open_round()
    sitting.ballots(17, 4)
    sitting.close("void")
    assert sitting.open == ["void_round"]
    return sitting


def test_a_round_void_before_it_was_counted_is_voted_on_again_after_a_new_recusal(stage: Stage) -> None:
    sitting = spoiled(stage)
    case = stage.applications[0]
    refused("ROUND_BEGUN", stage.engine.run, DeclareRecusal(sitting.meeting_id, case, "kin", sitting.expert(3)))
    sitting.ask_void("rerun")
    sitting.confirm_void()
    assert sitting.open == ["declare_recusal"]
    stage.engine.run(DeclareRecusal(sitting.meeting_id, case, "kin", sitting.expert(3)))
    sitting.open_round()
    assert len(sitting.voters()) == 20
    sitting.ballots(13, 7)
    sitting.close()
    assert rounds_of(stage) == [(1, True, None), (2, False, "failed")]
    void = stage.rows(ballot_round, ballot_round.c.void.is_(True))[0]
    assert (void["voided_by"], void["void_confirmed_by"]) == ("chair", "supervisor")
    assert "未申明的关系" in void["void_reason"]


def test_a_round_void_may_leave_its_case_to_the_next_meeting(stage: Stage) -> None:
    sitting = spoiled(stage)
    sitting.ask_void("defer")
    sitting.confirm_void()
    assert sitting.open == ["declare_recusal"]  # of the second case
    sitting.vote(17, 4)
    shown = stage.form(sitting.instance, "announce_and_sign", CHAIR)
    assert [row["result_text"] for row in shown["results"]] == ["投票作废，留待下次会议", "通过"]
    assert [option["value"] for option in shown["result_options"]] == [2]
    sitting.sign()
    told = {m["application_id"]: m["ballot_result"] for m in messages(stage, "ballot_result")}
    assert told == dict(zip(stage.applications, ("deferred", "passed"), strict=True))
    assert stage.rows(application, application.c.id == stage.applications[0])[0]["status"] == "deferred_no_quorum"


def test_a_case_left_over_is_on_the_next_meetings_list(stage: Stage) -> None:
    sitting = spoiled(stage)
    sitting.ask_void("defer")
    sitting.confirm_void()
    sitting.vote(3, 18)
    sitting.sign()
    assert stage.ended(sitting.instance) == "meeting_over"
    later = convene(stage, held_on="2026-09-24")
    assert [row["application_id"] for row in later.candidates] == stage.applications[:1]
    later.vote(17, 4)
    assert rounds_of(stage) == [(1, False, "passed"), (1, True, None), (2, False, "deferred")]


def test_a_supervisor_who_refuses_lets_the_round_be_counted(stage: Stage) -> None:
    sitting = spoiled(stage)
    sitting.ask_void()
    with pytest.raises(Invalid):
        sitting.do("confirm_void", SUPERVISOR, void_decision="refuse")  # without saying why
    sitting.confirm_void("refuse")
    assert sitting.open == ["close_round"]
    assert stage.form(sitting.instance, "close_round", CHAIR)["void_note"] == "经核实，并无应回避的关系。"
    sitting.close()
    assert rounds_of(stage) == [(1, False, "passed")]


def test_the_chair_may_name_one_vote_when_announcing(stage: Stage) -> None:
    sitting = convene(stage)
    sitting.vote(17, 4)
    sitting.vote(13, 8)
    sitting.do("announce_and_sign", VICE, announcement="void", void_number=1)
    assert sitting.open == ["void_round"]
    sitting.ask_void("rerun")
    sitting.confirm_void()
    sitting.vote(13, 8)
    assert (rounds_of(stage, 0), rounds_of(stage, 1)) == (
        [(1, True, "passed"), (2, False, "failed")],
        [(1, False, "failed")],
    )
    assert sitting.open == ["announce_and_sign"]
    sitting.sign()
    assert stage.ended(sitting.instance) == "meeting_over"


def test_refused_when_announcing_the_result_stands(stage: Stage) -> None:
    sitting = convene(stage)
    sitting.vote(17, 4)
    sitting.vote(13, 8)
    sitting.do("announce_and_sign", CHAIR, announcement="void", void_number=2)
    sitting.ask_void("defer")
    sitting.confirm_void("refuse")
    assert sitting.open == ["announce_and_sign"]
    assert (rounds_of(stage, 0), rounds_of(stage, 1)) == ([(1, False, "passed")], [(1, False, "failed")])
    sitting.sign()
    assert sitting.open == ["prepare_notice"]


def test_two_persons_are_needed(stage: Stage) -> None:
    sitting = spoiled(stage)
    with pytest.raises((Forbidden, NotFound)):
        sitting.do("void_round", OFFICE, void_reason="发现一位专家应当回避。", void_then="rerun")
    sitting.ask_void()
    for who in (CHAIR, OFFICE):
        with pytest.raises((Forbidden, NotFound)):
            sitting.do("confirm_void", who, void_decision="agree")
    assert rounds_of(stage) == [(1, False, None)]


def test_nobody_reads_how_a_round_stood_that_was_not_counted(stage: Stage) -> None:
    sitting = spoiled(stage)
    sitting.ask_void()
    said = stage.said()
    assert '"yes"' not in said
    assert "passed" not in said
    seen = stage.look(sitting.instance).variables
    assert {"size", "present", "yes", "vote", "void_reason", "void_asked_by"}.isdisjoint(seen)
    assert "results" not in seen
    for reader in (OFFICE, CHAIR, SUPERVISOR):
        room = stage.engine.ask(MeetingRoom(sitting.meeting_id, reader))
        assert (room.cases[0].state, room.cases[0].counts) == ("counted", None)
        assert stage.engine.ask(ResultSheet(sitting.meeting_id, reader)).cases[0].rounds == ()


def test_void_ballots_stay_as_a_record_and_are_counted_no_more(stage: Stage) -> None:
    sitting = spoiled(stage)
    sitting.ask_void("rerun")
    sitting.confirm_void()
    sitting.vote(13, 8)
    first, second = sorted(stage.rows(ballot_round), key=lambda row: row["round_no"])[:2]
    slips = {row["round_id"]: 0 for row in stage.rows(ballot_slip)}
    for row in stage.rows(ballot_slip):
        slips[row["round_id"]] += 1
    assert slips == {first["id"]: 21, second["id"]: 21}
    assert all(row["used"] for row in stage.rows(ballot_token))
    assert (second["yes"], second["result"]) == (13, "failed")
