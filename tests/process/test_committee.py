"""P12 on the engine: planning, groups and opinions, interviews, signatures, seal, and what every case is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from engine.errors import Forbidden, Invalid, NotFound, Refused
from engine.store import tables as engine_tables
from processes.committee.commands import ReplaceMember
from processes.publicity.commands import RequestRecall
from processes.register.application_tables import application
from processes.register.ballot_tables import ballot_round
from processes.register.committee_tables import committee, review_meeting
from processes.register.expert_tables import committee_member
from processes.register.notice_tables import publicity_item
from processes.register.room_tables import group_opinion, interview_record
from tests.conftest import MakeEngine
from tests.process.sets import set_stage
from tests.process.sitting import PLAN, Sitting, convene, plan
from tests.process.stage import ADMIN, CHAIR, HR, OFFICE, OFFICE2, VICE, Stage, at

WORDS = {
    "title": "评审结果公示",
    "body": "现将评审结果予以公示，欢迎监督。",
    "contact_phone": "0971-6120000",
    "contact_email": "a@example.cn",
}


def make_stage(database_url: str, make_engine: MakeEngine, tmp_path: Path, cases: int, **values: Any) -> Stage:
    """So many cases that wait for a meeting, on the day before it; `values`: columns of every case."""
    made = set_stage(database_url, make_engine, tmp_path, ("publicity", "committee"), cases, **values)
    made.until("2026-09-21T09:00:00")
    return made


@pytest.fixture
def stage(database_url: str, make_engine: MakeEngine, tmp_path: Path) -> Stage:
    return make_stage(database_url, make_engine, tmp_path, 3)


def messages(stage: Stage, name: str) -> list[dict[str, Any]]:
    table = engine_tables.message
    with stage.engine.store.snapshot() as connection:
        rows = connection.execute(select(table).where(table.c.name == name)).mappings()
        return [{**row["correlation"], **row["variables"]} for row in rows]


def refused(code: str, attempt: Any, *arguments: Any, **named: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        attempt(*arguments, **named)
    assert caught.value.code == code, caught.value
    return caught.value


def planning(stage: Stage, held_on: str) -> tuple[str, dict[str, Any]]:
    """A meeting that is about to be planned, and the answers."""
    filed = str(stage.rows(committee)[0]["id"])
    return stage.start("P12_review_meeting_vote", OFFICE), {"committee_id": filed, "held_on": held_on, **PLAN}


def statuses(stage: Stage) -> list[str]:
    return [row["status"] for row in sorted(stage.rows(application), key=lambda row: row["created_at"])]


def test_from_the_list_to_the_public_notice(stage: Stage) -> None:
    sitting = convene(stage)
    assert statuses(stage) == ["in_meeting"] * 3
    sitting.vote(17, 3, 1)
    sitting.vote(13, 8)
    sitting.leave(1)
    sitting.open_round()
    sitting.ballots(20)
    sitting.close()
    shown = stage.form(sitting.instance, "announce_and_sign", CHAIR)["results"]
    assert [(row["result_text"], row["present"]) for row in shown] == [("通过", 21), ("未通过", 21), ("通过", 20)]
    sitting.sign()
    sealed = stage.rows(review_meeting)[0]
    assert (sealed["status"], len(sealed["sheet_hash"])) == ("sealed", 64)
    told = {m["application_id"]: (m["ballot_result"], m["meeting_date"]) for m in messages(stage, "ballot_result")}
    expected = [(result, "2026-09-22") for result in ("passed", "failed", "passed")]
    assert told == dict(zip(stage.applications, expected, strict=True))
    assert sitting.open == ["prepare_notice"]
    assert statuses(stage) == ["voted_passed", "voted_failed", "voted_passed"]
    assert messages(stage, "result_published") == []
    stage.until("2026-09-28T16:00:00")
    sitting.do("prepare_notice", OFFICE, **WORDS, min_workdays=5)
    sitting.do("approve_notice", OFFICE2, decision="approve")
    assert {m["application_id"] for m in messages(stage, "result_published")} == set(stage.applications)
    assert {row["result_public_at"] for row in stage.rows(application)} == {at("2026-09-28T16:00:00")}
    stage.until("2026-10-11T00:00:00")
    assert stage.ended(sitting.instance) == "meeting_over"
    closed = {m["application_id"]: m["publicity_outcome"] for m in messages(stage, "publicity_closed")}
    assert closed == {stage.applications[0]: "clear", stage.applications[2]: "clear"}


def test_a_withdrawn_case_is_skipped_and_told_nothing(stage: Stage) -> None:
    sitting = convene(stage)
    sitting.vote(17, 4)
    with stage.engine.store.transaction() as connection:
        where = application.c.id == stage.applications[1]
        connection.execute(update(application).where(where).values(status="withdrawn"))
    sitting.vote(17, 4)
    # The second case was called before it withdrew: its vote is kept as a record. Nobody calls the next one who has left.
    with stage.engine.store.transaction() as connection:
        where = application.c.id == stage.applications[2]
        connection.execute(update(application).where(where).values(status="disqualified"))
    assert sitting.open == ["declare_recusal"]
    sitting.vote(3, 18)
    sitting.sign()
    assert {m["application_id"] for m in messages(stage, "ballot_result")} == {stage.applications[0]}
    assert statuses(stage) == ["voted_passed", "withdrawn", "disqualified"]


def test_who_has_gone_before_being_called_gets_no_round(stage: Stage) -> None:
    sitting = plan(stage)
    sitting.prepare()
    with stage.engine.store.transaction() as connection:
        where = application.c.id.in_(stage.applications[1:])
        connection.execute(update(application).where(where).values(status="withdrawn"))
    stage.until("2026-09-22T09:00:00")
    sitting.arrive(21)
    sitting.begin()
    sitting.vote(17, 4)
    assert sitting.open == ["announce_and_sign"]
    assert [row["application_id"] for row in stage.rows(ballot_round)] == stage.applications[:1]
    sitting.sign()
    assert sitting.open == ["prepare_notice"]


def test_groups_must_stand_and_opinions_be_in_before_anybody_comes(stage: Stage) -> None:
    sitting = plan(stage)
    assert sitting.open == ["group_arrangement"]
    sitting.arrange()
    with stage.engine.store.transaction() as connection:
        member = committee_member.c
        assert connection.execute(select(member.expert_id).where(member.seat == "reserve")).first() is not None
    spare = stage.rows(committee_member, committee_member.c.seat == "reserve")[0]["expert_id"]
    stage.engine.run(ReplaceMember(sitting.meeting_id, sitting.expert_id(2), spare, "因病请假", OFFICE))
    caught = refused("GROUPS_INCOMPLETE", sitting.do, "group_arrangement", OFFICE, groups_checked=True)
    assert "1 个组不足 3 人" in str(caught)
    sitting.arrange()
    sitting.do("group_arrangement", OFFICE, groups_checked=True)
    caught = refused("OPINIONS_MISSING", sitting.do, "write_group_opinion", OFFICE, opinions_checked=True)
    assert "还差 9 份" in str(caught)
    sitting.write_opinions()
    assert len(stage.rows(group_opinion)) == 9
    sitting.do("write_group_opinion", OFFICE, opinions_checked=True)
    assert sitting.open == ["check_in"]


def test_opinions_are_due_one_working_day_before_the_meeting(stage: Stage) -> None:
    sitting = plan(stage, "2026-10-09")  # the day after the national holiday
    sitting.do("group_arrangement", OFFICE, groups_checked=True)
    assert stage.task(sitting.instance, "write_group_opinion").due_at == at("2026-10-09T00:00:00")


def test_the_program_proposes_groups_and_the_office_may_take_them_as_they_are(stage: Stage) -> None:
    sitting = plan(stage)
    sitting.do("group_arrangement", OFFICE, groups_checked=True)
    sitting.write_opinions()
    sitting.do("write_group_opinion", OFFICE, opinions_checked=True)
    assert sitting.open == ["check_in"]


def test_an_exceptional_case_is_interviewed_before_the_meeting(
    database_url: str, make_engine: MakeEngine, tmp_path: Path
) -> None:
    """S19(a): the interview is added by the channel alone; nobody else on the list needs one."""
    stage = make_stage(database_url, make_engine, tmp_path, 2)
    with stage.engine.store.transaction() as connection:
        where = application.c.id == stage.applications[1]
        connection.execute(update(application).where(where).values(channel="exceptional"))
    sitting = plan(stage)
    assert [row["modes_text"] for row in sitting.candidates] == ["个人总结、小组评议", "个人总结、小组评议、面试答辩"]
    sitting.arrange()
    sitting.do("group_arrangement", OFFICE, groups_checked=True)
    sitting.write_opinions()
    sitting.do("write_group_opinion", OFFICE, opinions_checked=True)
    assert sitting.open == ["interview_record"]
    assert "第 2 位" in str(refused("INTERVIEWS_MISSING", sitting.do, "interview_record", OFFICE, interviews_done=True))
    sitting.interview()
    sitting.do("interview_record", OFFICE, interviews_done=True)
    assert [(row["application_id"], row["mode"]) for row in stage.rows(interview_record)] == [
        (stage.applications[1], "interview")
    ]
    assert sitting.open == ["check_in"]


def test_a_full_senior_artisan_reports_is_interviewed_and_exhibits(
    database_url: str, make_engine: MakeEngine, tmp_path: Path
) -> None:
    stage = make_stage(database_url, make_engine, tmp_path, 1, target_title="research_archivist")
    sitting = plan(stage)
    sitting.prepare()
    assert {row["mode"] for row in stage.rows(interview_record)} == {"interview", "report", "exhibition"}
    assert sitting.open == ["check_in"]


def test_a_committee_without_members_cannot_meet(stage: Stage) -> None:
    with stage.engine.store.transaction() as connection:
        connection.execute(committee_member.delete())
    instance, answers = planning(stage, "2026-09-22")
    refused("NO_MEMBERS", stage.do, instance, "plan_meeting", OFFICE, **answers)
    assert stage.rows(review_meeting) == []
    assert statuses(stage) == ["queued_for_meeting"] * 3


def test_nobody_dates_a_title_back(stage: Stage) -> None:
    instance, answers = planning(stage, "2026-09-20")
    caught = refused("MEETING_IN_THE_PAST", stage.do, instance, "plan_meeting", OFFICE, **answers)
    assert "2026年9月20日" in str(caught)
    stage.do(instance, "plan_meeting", OFFICE, **{**answers, "held_on": "2026-09-21"})
    assert stage.open(instance) == ["group_arrangement"]


def test_who_plans_the_meeting_sees_who_waits_for_it(stage: Stage) -> None:
    instance = stage.start("P12_review_meeting_vote", OFFICE)
    shown = [
        (row["name"], row["unit_name"], row["target_title_text"])
        for row in stage.form(instance, "plan_meeting", OFFICE)["waiting"]
    ]
    assert shown == [(f"演示{number:03}", "演示档案馆1", "副研究馆员") for number in (1, 2, 3)]


def test_a_committee_whose_filing_has_lapsed_cannot_meet(stage: Stage) -> None:
    """S28(c)"""
    instance, answers = planning(stage, "2027-03-15")
    refused("FILING_EXPIRED", stage.do, instance, "plan_meeting", OFFICE, **answers)
    assert stage.rows(review_meeting) == []
    stage.do(instance, "plan_meeting", OFFICE, **{**answers, "held_on": "2027-03-14"})
    assert stage.open(instance) == ["group_arrangement"]


def test_a_meeting_without_candidates_is_refused(stage: Stage) -> None:
    with stage.engine.store.transaction() as connection:
        connection.execute(update(application).values(status="material_review"))
    instance, answers = planning(stage, "2026-09-22")
    refused("NOBODY_QUEUED", stage.do, instance, "plan_meeting", OFFICE, **answers)


def test_when_nobody_passes_there_is_no_notice_and_everybody_is_told(stage: Stage) -> None:
    sitting = convene(stage, 20)
    for ballots in ((10, 10), (13, 7), (0, 20)):
        sitting.vote(*ballots)
    sitting.sign(VICE)
    assert stage.ended(sitting.instance) == "meeting_over"
    assert {m["application_id"] for m in messages(stage, "result_published")} == set(stage.applications)
    assert stage.rows(publicity_item) == []


def test_when_all_who_passed_are_gone_no_empty_notice_is_published(stage: Stage) -> None:
    """The notice was recalled because of the only one who passed; nobody is left for a new one."""
    sitting = convene(stage)
    for ballots in ((17, 3, 1), (13, 8), (13, 8)):
        sitting.vote(*ballots)
    sitting.sign()
    sitting.do("prepare_notice", OFFICE, **WORDS, min_workdays=5)
    sitting.do("approve_notice", OFFICE2, decision="approve")
    with stage.engine.store.transaction() as connection:
        where = application.c.id == stage.applications[0]
        connection.execute(update(application).where(where).values(status="disqualified"))
    why = "公示对象已被取消评审资格，不应再公示。"
    stage.engine.run(RequestRecall(stage.rows(publicity_item)[0]["notice_id"], why, OFFICE))
    stage.engine.work()
    sitting.do("recall_notice", OFFICE, recall_decision="recall", recall_reason=why)
    assert stage.ended(sitting.instance) == "meeting_over"
    assert len(stage.rows(publicity_item)) == 1


def test_only_the_right_hands_sign(stage: Stage) -> None:
    with pytest.raises(Forbidden):
        stage.start("P12_review_meeting_vote", HR)
    sitting = convene(stage)
    for _ in range(3):
        sitting.vote(17, 3, 1)
    sign = {"announcement": "sign", "signature": "演示主任"}
    with pytest.raises(Forbidden):
        sitting.do("announce_and_sign", ADMIN, **sign, seal_file=[stage.attach(ADMIN)])
    with pytest.raises(Invalid) as caught:
        sitting.do("announce_and_sign", CHAIR, **sign)
    assert "seal_file" in caught.value.errors
    sitting.sign()
    assert sitting.open == ["prepare_notice"]


def test_who_presides_may_be_the_chair_or_a_vice_chair_and_nobody_else(stage: Stage) -> None:
    sitting = plan(stage)
    sitting.prepare()
    stage.until("2026-09-22T09:00:00")
    sitting.arrive(21)
    sitting.do("check_in", OFFICE, arrival="open")
    opening = {"session_step": "open", "ballot_mode": "electronic", "round_minutes": 5, "discipline": True}
    with pytest.raises(NotFound):
        sitting.do("open_session", OFFICE, **opening)
    sitting.do("open_session", VICE, **opening)
    sitting.do("declare_recusal", OFFICE, recusals_asked=True)
    sitting.do("present_opinion", VICE, presented=True)
    running = sitting.round
    assert running is not None
    assert (running["opened_at"], running["closes_at"]) == (at("2026-09-22T09:00:00"), at("2026-09-22T09:05:00"))


def test_the_database_itself_bears_no_result_that_the_counts_do_not(stage: Stage) -> None:
    sitting = convene(stage)
    sitting.vote(17, 3, 1)
    sitting.vote(13, 8)
    with pytest.raises(IntegrityError), stage.engine.store.transaction() as connection:
        connection.execute(update(ballot_round).where(ballot_round.c.yes == 13).values(result="passed"))
    with pytest.raises(IntegrityError), stage.engine.store.transaction() as connection:
        connection.execute(update(review_meeting).values(status="sealed"))


def test_a_meeting_of_nobody_but_the_seated(stage: Stage) -> None:
    """The roll is called when the meeting is planned: 25 members, no reserve among them."""
    sitting = plan(stage)
    assert isinstance(sitting, Sitting)
    assert len(sitting.roll()) == 25
    reserves = {row["expert_id"] for row in stage.rows(committee_member, committee_member.c.seat == "reserve")}
    assert reserves.isdisjoint(row["expert_id"] for row in sitting.roll())
