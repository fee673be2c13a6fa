"""S08: no session without a quorum, found again for every case; who leaves on the way is missed, results found stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import Refused
from processes.register.application_tables import application
from processes.register.ballot_tables import ballot_round, ballot_token
from processes.register.committee_tables import review_meeting
from processes.register.room_tables import attendance
from processes.register.units import post_quota
from tests.conftest import MakeEngine
from tests.process.sitting import convene, plan
from tests.process.stage import CHAIR, OFFICE, Stage, at
from tests.process.test_committee import make_stage, messages, refused

OPEN = {"session_step": "open", "ballot_mode": "electronic", "round_minutes": 15, "discipline": True}


@pytest.fixture
def stage(database_url: str, make_engine: MakeEngine, tmp_path: Path) -> Stage:
    return make_stage(database_url, make_engine, tmp_path, 3)


def test_sixteen_cannot_open_and_the_seventeenth_opens(stage: Stage) -> None:
    sitting = plan(stage)
    sitting.prepare()
    stage.until("2026-09-22T09:00:00")
    sitting.arrive(16)
    caught = refused("NO_QUORUM", sitting.do, "check_in", OFFICE, arrival="open")
    assert "现在登记到会 16 人，法定人数是 17 人" in str(caught)
    assert sitting.open == ["check_in"]
    assert stage.rows(review_meeting)[0]["status"] == "planned"
    stage.until("2026-09-22T09:20:00")
    sitting.arrive([17])
    sitting.begin()
    assert sitting.open == ["declare_recusal"]


def test_one_who_leaves_before_the_chair_opens_is_missed(stage: Stage) -> None:
    sitting = plan(stage)
    sitting.prepare()
    stage.until("2026-09-22T09:00:00")
    sitting.arrive(17)
    sitting.do("check_in", OFFICE, arrival="open")
    sitting.leave(4)
    refused("NO_QUORUM", sitting.do, "open_session", CHAIR, **OPEN)
    sitting.do("open_session", CHAIR, session_step="postpone")
    assert sitting.open == ["postpone_meeting"]
    assert stage.form(sitting.instance, "postpone_meeting", OFFICE)["attended"] == 16


def test_later_cases_are_left_over_when_one_leaves(stage: Stage) -> None:
    sitting = convene(stage, 17)
    sitting.vote(12, 5)
    stage.until("2026-09-22T10:30:00")
    sitting.leave(9)
    for _ in range(2):
        sitting.open_round()
    assert sitting.open == ["announce_and_sign"]
    assert len(stage.rows(ballot_token)) == 17  # none was issued without a quorum
    sitting.sign()
    told = {m["application_id"]: m["ballot_result"] for m in messages(stage, "ballot_result")}
    assert told == dict(zip(stage.applications, ("passed", "deferred", "deferred"), strict=True))
    rows = {row["application_id"]: row for row in stage.rows(ballot_round)}
    assert [(rows[case]["result"], rows[case]["present"]) for case in stage.applications] == [
        ("passed", 17),
        ("no_quorum", 16),
        ("no_quorum", 16),
    ]
    statuses = {row["id"]: row["status"] for row in stage.rows(application)}
    assert [statuses[case] for case in stage.applications] == ["voted_passed", *["deferred_no_quorum"] * 2]


def test_a_meeting_put_off_begins_with_nobody_there(stage: Stage) -> None:
    reserved = {row["id"]: row["reserved"] for row in stage.rows(post_quota)}
    sitting = plan(stage)
    sitting.prepare()
    stage.until("2026-09-22T09:00:00")
    sitting.arrive(16)
    sitting.do("check_in", OFFICE, arrival="postpone")
    assert sitting.open == ["postpone_meeting"]
    for held_on, code in (("2026-09-20", "EARLIER"), ("2027-03-15", "FILING_EXPIRED")):
        refused(code, sitting.do, "postpone_meeting", OFFICE, held_on=held_on, postpone_reason="人数不足")
    sitting.do("postpone_meeting", OFFICE, held_on="2026-09-24", postpone_reason="人数不足")
    assert {row["left_at"] for row in stage.rows(attendance)} == {at("2026-09-22T09:00:00")}
    with pytest.raises(Refused) as early:
        sitting.arrive([1])
    assert early.value.code == "MEETING_NOT_YET"
    refused("MEETING_NOT_YET", sitting.do, "check_in", OFFICE, arrival="open")
    assert stage.task(sitting.instance, "check_in").due_at == at("2026-09-25T00:00:00")
    stage.until("2026-09-24T00:00:00")
    refused("NO_QUORUM", sitting.do, "check_in", OFFICE, arrival="open")
    sitting.arrive(17)
    sitting.begin()
    assert stage.rows(review_meeting)[0]["held_on"].isoformat() == "2026-09-24"
    assert {row["id"]: row["reserved"] for row in stage.rows(post_quota)} == reserved


def test_nobody_is_ticked_before_the_day(stage: Stage) -> None:
    sitting = plan(stage)
    sitting.prepare()
    stage.until("2026-09-21T23:59:59")
    with pytest.raises(Refused) as caught:
        sitting.arrive([1])
    assert caught.value.code == "MEETING_NOT_YET"
    assert "2026年9月22日" in str(caught.value)
    stage.until("2026-09-22T00:00:00")
    sitting.arrive([1])
