"""What an objection found outlives a recall: a notice published anew clears nobody whom the first one did not (R-94)."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import Refused
from engine.store import tables as t
from processes.publicity.commands import RequestRecall
from processes.publicity.objections import OpenInvestigation
from processes.register.application_tables import application
from processes.register.notice_items import withdraw_items
from processes.register.notice_tables import publicity_item, publicity_notice
from processes.register.objection_tables import objection
from tests.conftest import MakeEngine
from tests.process.objecting import (
    DISCIPLINE,
    INVESTIGATOR,
    P06,
    TEXT,
    appoint_investigators,
    assign,
    conclude,
    file,
    found,
    look_into,
    notice_of,
    publish_again,
    result_notice,
)
from tests.process.sets import set_stage
from tests.process.stage import HR, LEADER, OFFICE, OFFICE2, SUPERVISOR, Stage, at


@pytest.fixture
def stage(database_url: str, make_engine: MakeEngine, tmp_path: Path) -> Stage:
    return set_stage(
        database_url, make_engine, tmp_path, ("publicity",), 3, then=appoint_investigators, status="voted_passed"
    )


def outcomes(stage: Stage, notice_id: str) -> list[str | None]:
    rows = stage.rows(publicity_item, publicity_item.c.notice_id == notice_id)
    return [row["outcome"] for row in sorted(rows, key=lambda row: row["position"])]


def told(stage: Stage) -> dict[str, list[str]]:
    """Case -> the outcomes it was told, in order."""
    said: dict[str, list[str]] = {}
    rows = stage.rows(t.message, t.message.c.name == "publicity_closed")
    for row in sorted(rows, key=lambda row: row["created_at"]):
        said.setdefault(row["correlation"]["application_id"], []).append(row["variables"]["publicity_outcome"])
    return said


def recall(stage: Stage, instance: str) -> None:
    stage.engine.run(RequestRecall(notice_of(stage, instance)["id"], "单位名称写错了", OFFICE2))
    stage.engine.work()
    stage.do(instance, "recall_notice", OFFICE, recall_decision="recall", recall_reason="单位名称有误，更正后重发")


def test_an_objection_upheld_before_a_recall_stays_upheld(stage: Stage) -> None:
    instance = result_notice(stage)
    first = notice_of(stage, instance)["id"]
    conclude(stage, look_into(stage, file(stage, first, 2)), "cancel")
    assert outcomes(stage, first) == [None, "upheld", None]
    recall(stage, instance)
    publish_again(stage, instance)
    again = notice_of(stage, instance)
    stage.engine.work(again["closes_at"])
    assert stage.ended(instance) == "notice_done"
    assert outcomes(stage, again["id"]) == ["clear", "upheld", "clear"]
    clear, upheld = ["clear"], ["upheld"]
    assert told(stage) == dict(zip(stage.applications, [clear, upheld, clear], strict=True))


def test_an_objection_upheld_while_a_units_notice_is_being_corrected_is_not_lost(stage: Stage) -> None:
    """The unit's own notice tells it, and no case of sanction begins for what a unit settles by not recommending."""
    stage.until("2026-07-06T10:00:00")
    where = {"notice_scope": "unit", "publisher_group": "unit_hr", "publisher_scope": "unit:u01"}
    instance = stage.start(P06, notice_kind="recommendation", application_id=stage.applications[0], **where)

    def publish() -> None:
        stage.do(instance, "prepare_notice", HR, **TEXT, min_workdays=5, board_photo=[stage.attach(HR)])
        stage.do(instance, "approve_notice", LEADER, decision="approve")

    publish()
    first = notice_of(stage, instance)["id"]
    case = str(file(stage, first, 1, reader=HR)["instance_id"])
    given = {"investigator": INVESTIGATOR.username, "question": "请说明第二项业绩由谁完成。"}
    stage.do(case, "assign_investigator", DISCIPLINE, **given)
    stage.engine.work(max(timer.due_at for timer in stage.look(case).timers))
    stage.do(case, "investigate", INVESTIGATOR, checked=["documents"])
    stage.engine.run(RequestRecall(first, "单位名称写错了", HR))
    stage.engine.work()
    stage.do(instance, "recall_notice", HR, recall_decision="recall", recall_reason="单位名称有误，更正后重发")
    conclude(stage, case, "cancel")
    publish()
    stage.engine.work(notice_of(stage, instance)["closes_at"])
    assert (stage.ended(instance), stage.variable(instance, "publicity_outcome")) == ("notice_done", "upheld")
    assert stage.rows(t.message, t.message.c.name == "fraud_found") == []


def test_a_faulty_notice_is_redone_though_one_of_its_cases_has_ended(stage: Stage) -> None:
    instance = result_notice(stage)
    first = notice_of(stage, instance)["id"]
    with stage.engine.store.transaction() as connection:
        withdraw_items(connection, stage.applications[0], stage.now)
    row = file(stage, first, None, grounds=["procedure"])
    case = assign(stage, row)
    stage.until("2026-10-11T00:00:00")
    stage.do(case, "investigate", INVESTIGATOR, checked=["documents"])
    conclude(stage, case, "redo")
    assert stage.rows(publicity_notice, publicity_notice.c.id == first)[0]["status"] == "recalled"
    assert stage.open(instance) == ["prepare_notice"]


def test_a_tip_off_has_its_whole_time_from_the_day_somebody_opens_it(stage: Stage) -> None:
    notice_id = notice_of(stage, result_notice(stage))["id"]
    stage.until("2026-10-12T09:00:00")
    row = file(stage, notice_id, 1)
    stage.until("2026-11-13T10:00:00")
    stage.engine.run(OpenInvestigation(row["id"], INVESTIGATOR))
    stage.engine.work()
    [row] = stage.rows(objection)
    kept = found(stage, row)
    assert (kept["due_at"], kept["latest_at"]) == (at("2026-11-28T00:00:00"), at("2026-12-26T00:00:00"))
    case = assign(stage, row)
    stage.engine.work(kept["due_at"])
    longer = {"extension_decision": "approve", "extension_workdays": 30, "extension_reason": "证人外出。"}
    stage.do(case, "approve_extension", SUPERVISOR, **longer)
    assert found(stage, row)["due_at"] == at("2026-12-26T00:00:00")


def test_an_investigation_at_the_years_end_begins_before_the_next_calendar_is_out(stage: Stage) -> None:
    """Ten working days end in the year that is known; thirty do not, and nobody has asked for them yet."""
    notice_id = notice_of(stage, result_notice(stage, "2026-12-01T10:00:00"))["id"]
    row = file(stage, notice_id, 1)
    case = assign(stage, row)
    assert found(stage, row)["due_at"] == at("2026-12-16T00:00:00")
    stage.until("2026-12-16T00:00:00")
    longer = {"extension_decision": "approve", "extension_reason": "证人外出。"}
    with pytest.raises(Refused) as caught:
        stage.do(case, "approve_extension", SUPERVISOR, **longer, extension_workdays=30)
    assert caught.value.code == "CALENDAR_MISSING"
    stage.do(case, "approve_extension", SUPERVISOR, **longer, extension_workdays=15)
    assert found(stage, row)["due_at"] == at("2026-12-23T00:00:00")


def test_a_result_becomes_public_once_however_often_its_notice_is_published(stage: Stage) -> None:
    """R-102: a second message would be kept, and open the result of a vote that is held again after a recheck."""
    instance = result_notice(stage)
    stage.until("2026-10-09T09:00:00")
    recall(stage, instance)
    publish_again(stage, instance)
    sent = stage.rows(t.message, t.message.c.name == "result_published")
    assert sorted(row["correlation"]["application_id"] for row in sent) == sorted(stage.applications)
    assert {row["result_public_at"] for row in stage.rows(application)} == {at("2026-09-28T16:00:00")}
    assert {row["status"] for row in stage.rows(application)} == {"result_publicity"}
