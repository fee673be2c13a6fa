"""Objections and P07: who may file what, what is held and for how long, who looks into it, what comes of it."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update

from engine import history
from engine.attachments.keeping import upload
from engine.commands.retry_incident import RetryIncident
from engine.commands.run_job import TakeJob
from engine.errors import Forbidden, Invalid, NotFound, Refused
from engine.jobs import queue
from engine.queries.instance_view import InstanceView
from engine.store import tables as t
from processes.publicity.commands import RequestRecall
from processes.publicity.objection_queries import ObjectionEvidence, Objections, ObjectionStatus, ObjectionView
from processes.publicity.objections import FileObjection, OpenInvestigation, uploader
from processes.publicity.queries import NoticeView
from processes.register.application_tables import application
from processes.register.applications import set_status
from processes.register.notice_items import withdraw_items
from processes.register.notice_tables import publicity_item, publicity_notice
from processes.register.objection_tables import objection
from processes.register.objections import pending_on
from processes.register.policies import set_parameter
from tests.conftest import MakeEngine
from tests.process.objecting import (
    DISCIPLINE,
    INVESTIGATOR,
    P06,
    P07,
    SAID,
    TEXT,
    appoint_investigators,
    assign,
    conclude,
    file,
    found,
    instances_of_p07,
    look_into,
    notice_of,
    publish_again,
    result_notice,
)
from tests.process.sets import set_stage
from tests.process.stage import (
    ADMIN,
    HR,
    HR2,
    LEADER,
    OFFICE,
    OFFICE2,
    OWNER,
    PIXEL,
    SUPERVISOR,
    Stage,
    at,
    person,
)

CANDIDATE = person("c-002", "candidate")
NAME, PHONE = "格桑·反映人", "13987654321"


@pytest.fixture
def stage(database_url: str, make_engine: MakeEngine, tmp_path: Path) -> Stage:
    return set_stage(
        database_url, make_engine, tmp_path, ("publicity",), 3, then=appoint_investigators, status="voted_passed"
    )


def items(stage: Stage, notice_id: str) -> list[tuple[bool, str | None]]:
    rows = stage.rows(publicity_item, publicity_item.c.notice_id == notice_id)
    return [(row["hold"], row["outcome"]) for row in sorted(rows, key=lambda row: row["position"])]


def statuses(stage: Stage) -> list[str]:
    rows = {row["id"]: row["status"] for row in stage.rows(application)}
    return [rows[each] for each in stage.applications]


def unit_notice(stage: Stage, kind: str = "recommendation", **given: Any) -> str:
    stage.until("2026-07-06T10:00:00")
    values = {"application_id": stage.applications[0]} if kind != "quota" else {}
    where = {"notice_scope": "unit", "publisher_group": "unit_hr", "publisher_scope": "unit:u01"}
    instance = stage.start(P06, notice_kind=kind, **where, **values, **given)
    stage.do(instance, "prepare_notice", HR, **TEXT, min_workdays=5, board_photo=[stage.attach(HR)])
    stage.do(instance, "approve_notice", LEADER, decision="approve")
    return instance


def test_a_receipt_is_all_the_public_gets_and_it_cannot_be_guessed(stage: Stage) -> None:
    notice_id = notice_of(stage, result_notice(stage))["id"]
    answer = stage.engine.run(FileObjection(notice_id, 2, ["plagiarism", "other"], SAID))
    assert set(answer) == {"receipt_no", "timely"}
    receipt = answer["receipt_no"]
    assert len(receipt.replace("-", "")) == 20
    typed = receipt.lower().replace("-", " ")
    progress = stage.engine.ask(ObjectionStatus(typed))
    assert (progress.receipt_no, progress.status, progress.reply) == (receipt, "received", None)
    for wrong in ("", "ABCD", receipt[:-1] + ("0" if receipt[-1] != "0" else "1"), "不是回执"):
        with pytest.raises(NotFound):
            stage.engine.ask(ObjectionStatus(wrong))


def test_the_same_page_sent_twice_is_one_objection(stage: Stage) -> None:
    notice_id = notice_of(stage, result_notice(stage))["id"]
    nonce = "n" * 32
    once, twice = (stage.engine.run(FileObjection(notice_id, 1, ["other"], SAID, nonce=nonce)) for _ in range(2))
    assert once == twice
    stage.engine.work()
    assert len(stage.rows(objection)) == 1
    assert len(instances_of_p07(stage)) == 1


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("grounds", {"grounds": []}),
        ("grounds", {"grounds": ["other", "gossip"]}),
        ("text", {"text": "太短"}),
        ("text", {"text": "长" * 2001}),
        ("evidence", {"evidence": ["x"] * 6}),
        ("evidence", {"evidence": ["unknown"]}),
        ("name", {"real_name": True, "phone": PHONE}),
        ("phone", {"real_name": True, "name": NAME, "phone": "电话"}),
        ("item", {"item": 9}),
        ("nonce", {"nonce": "short"}),
        ("via", {"via": "paper"}),
    ],
)
def test_what_cannot_be_kept_is_told_field_by_field(stage: Stage, field: str, changed: dict[str, Any]) -> None:
    notice_id = notice_of(stage, result_notice(stage))["id"]
    values = {"notice_id": notice_id, "item": 1, "grounds": ["other"], "text": SAID} | changed
    with pytest.raises(Invalid) as caught:
        stage.engine.run(FileObjection(**values))
    assert set(caught.value.errors) == {field}
    assert stage.rows(objection) == []


def test_who_objects_stands_nowhere_in_the_clear(stage: Stage) -> None:
    instance = result_notice(stage)
    row = file(stage, notice_of(stage, instance)["id"], 2, real_name=True, name=NAME, phone=PHONE)
    case = look_into(stage, row)
    conclude(stage, case)
    stage.do(case, "reply_objector", INVESTIGATOR, reply="经查，您反映的情况不属实，公示继续有效。")
    stage.until("2026-10-30T00:00:00")
    with stage.engine.store.snapshot() as connection:
        for table in sorted(t.metadata.tables):
            for values in connection.execute(text(f'SELECT * FROM "{table}"')):
                clear = " ".join(str(value) for value in values)
                assert NAME not in clear, table
                assert PHONE not in clear, table
                assert SAID not in clear or table == "objection", table
    variables = stage.engine.ask(InstanceView(ADMIN, case)).variables
    assert not {"facts", "articles", "question", "reply", "checked", "investigators"} & set(variables)
    assert stage.engine.ask(ObjectionView(row["id"], INVESTIGATOR)).contact == (NAME, PHONE)
    assert stage.engine.ask(ObjectionView(row["id"], OFFICE)).contact is None
    progress = stage.engine.ask(ObjectionStatus(row["receipt_no"]))
    assert (progress.status, progress.reply) == ("concluded", "经查，您反映的情况不属实，公示继续有效。")


def test_who_reads_an_objection_and_how_much(stage: Stage) -> None:
    row = file(stage, notice_of(stage, result_notice(stage))["id"], 2)
    for reader in (HR, CANDIDATE, person("c-001", "candidate"), DISCIPLINE, OWNER, ADMIN):
        with pytest.raises(NotFound):
            stage.engine.ask(ObjectionView(row["id"], reader))
        assert stage.engine.ask(Objections(reader)).total == 0
    assign(stage, row)
    for reader in (HR, CANDIDATE):
        asked = stage.engine.ask(ObjectionView(row["id"], reader))
        assert (asked.asked_only, asked.question, asked.text, asked.found) == (
            True,
            "请说明第二项业绩由谁完成。",
            None,
            None,
        )
    for reader in (INVESTIGATOR, SUPERVISOR, OFFICE):
        assert stage.engine.ask(ObjectionView(row["id"], reader)).text == SAID
        assert [line.id for line in stage.engine.ask(Objections(reader)).items] == [row["id"]]
    for reader in (HR2, person("c-001", "candidate"), ADMIN):
        with pytest.raises(NotFound):
            stage.engine.ask(ObjectionView(row["id"], reader))


def test_evidence_is_for_those_who_look_into_it(stage: Stage) -> None:
    notice_id = notice_of(stage, result_notice(stage))["id"]
    nonce, other = "a" * 32, "b" * 32
    kept = upload(stage.engine, BytesIO(PIXEL), "验收单.png", actor=uploader(nonce))
    with pytest.raises(Invalid):
        stage.engine.run(FileObjection(notice_id, 2, ["other"], SAID, evidence=[kept.id], nonce=other))
    row = file(stage, notice_id, 2, evidence=[kept.id], nonce=nonce)
    assert stage.engine.ask(ObjectionEvidence(row["id"], kept.id, INVESTIGATOR)).name == "验收单.png"
    assign(stage, row)
    for reader in (HR, CANDIDATE, ADMIN):
        with pytest.raises(NotFound):
            stage.engine.ask(ObjectionEvidence(row["id"], kept.id, reader))


def test_the_public_reads_neither_holds_nor_withdrawals(stage: Stage) -> None:
    instance = result_notice(stage)
    notice_id = notice_of(stage, instance)["id"]
    before = stage.engine.ask(NoticeView(notice_id))
    file(stage, notice_id, 1)
    with stage.engine.store.transaction() as connection:
        set_status(connection, stage.applications[1], "withdrawn", now=stage.now)
        withdraw_items(connection, stage.applications[1], stage.now)
    assert stage.engine.ask(NoticeView(notice_id)) == before
    standings = stage.engine.ask(NoticeView(notice_id, OFFICE)).standings
    assert [(each.hold, each.outcome) for each in standings] == [(True, None), (False, "withdrawn"), (False, None)]


def test_names_leave_a_notice_after_a_set_time(stage: Stage) -> None:
    instance = result_notice(stage)
    notice_id = notice_of(stage, instance)["id"]
    stage.until("2027-04-08T23:59:59")
    assert len(stage.engine.ask(NoticeView(notice_id)).items) == 3
    stage.until("2027-04-09T00:00:00")
    shown = stage.engine.ask(NoticeView(notice_id))
    assert (shown.items, shown.count, shown.names_hidden) == ((), 3, True)
    assert len(stage.engine.ask(NoticeView(notice_id, OFFICE)).items) == 3


def test_several_objections_hold_until_the_last_is_concluded(stage: Stage) -> None:
    instance = result_notice(stage)
    notice_id = notice_of(stage, instance)["id"]
    first, second = file(stage, notice_id, 2), file(stage, notice_id, 2)
    cases = [assign(stage, row) for row in (first, second)]
    stage.until("2026-10-11T00:00:00")
    for case in cases:
        stage.do(case, "investigate", INVESTIGATOR, checked=["documents"])
    conclude(stage, cases[0], "cancel")
    assert items(stage, notice_id) == [(False, "clear"), (True, None), (False, "clear")]
    assert stage.ended(instance) is None
    conclude(stage, cases[1])
    assert items(stage, notice_id)[1] == (False, "upheld")
    assert stage.ended(instance) == "notice_done"
    with stage.engine.store.snapshot() as connection:
        assert not pending_on(connection, stage.applications[1])
        told = select(t.message.c.variables).where(t.message.c.name == "publicity_closed")
        outcomes = [row.variables["publicity_outcome"] for row in connection.execute(told)]
    assert sorted(outcomes) == ["clear", "clear", "upheld"]


def test_an_objection_concluded_within_the_window_lets_the_item_go_on(stage: Stage) -> None:
    instance = result_notice(stage)
    notice_id = notice_of(stage, instance)["id"]
    row = file(stage, notice_id, 2)
    assert statuses(stage)[1] == "result_objection_hold"
    case = assign(stage, row)
    stage.do(case, "ask_unit_statement", HR, unit_statement="该项业绩由本人完成，有记录。")
    stage.do(case, "ask_candidate_statement", CANDIDATE, candidate_statement="由我本人完成，验收单在档案室。")
    kept = found(stage, row)
    assert kept["unit_statement"].startswith("该项业绩")
    assert kept["candidate_statement"].startswith("由我本人")
    stage.do(case, "investigate", INVESTIGATOR, checked=["documents", "people"])
    conclude(stage, case)
    assert items(stage, notice_id)[1] == (False, None)
    assert statuses(stage)[1] == "result_publicity"
    stage.until("2026-10-11T00:00:00")
    assert [outcome for _, outcome in items(stage, notice_id)] == ["clear"] * 3
    assert stage.ended(instance) == "notice_done"


def test_an_objection_to_the_whole_notice_holds_all_and_has_it_published_anew(stage: Stage) -> None:
    instance = result_notice(stage)
    first = notice_of(stage, instance)["id"]
    row = file(stage, first, None, grounds=["procedure"])
    assert [hold for hold, _ in items(stage, first)] == [True] * 3
    named = file(stage, first, 2)
    case = look_into(stage, row)
    with pytest.raises(Refused) as caught:
        conclude(stage, case, "cancel")
    assert caught.value.code == "NAME_THE_ITEM"
    conclude(stage, case, "redo")
    assert stage.open(instance) == ["recall_notice"]
    with pytest.raises(Refused) as kept:
        stage.do(instance, "recall_notice", OFFICE, recall_decision="keep", recall_reason="认为没有错误，继续公示")
    assert kept.value.code == "MUST_RECALL"
    stage.do(instance, "recall_notice", OFFICE, recall_decision="recall", recall_reason="公示内容有误，更正后重发")
    assert statuses(stage) == ["result_publicity", "result_objection_hold", "result_publicity"]
    publish_again(stage, instance)
    again = notice_of(stage, instance)
    assert again["id"] != first
    # Who objected to one item of the first notice is not lost: the same item waits in the new one.
    assert items(stage, again["id"]) == [(False, None), (True, None), (False, None)]
    with pytest.raises(Refused) as recalled:
        file(stage, first, 1)
    assert recalled.value.code == "NOTICE_RECALLED"
    other = assign(stage, named)
    stage.engine.work(max([timer.due_at for timer in stage.look(other).timers], default=stage.now))
    stage.do(other, "investigate", INVESTIGATOR, checked=["site"])
    conclude(stage, other)
    assert items(stage, again["id"]) == [(False, None)] * 3
    stage.engine.work(again["closes_at"])
    assert stage.ended(instance) == "notice_done"
    assert [outcome for _, outcome in items(stage, again["id"])] == ["clear"] * 3


def test_a_faulty_notice_that_has_closed_meanwhile_is_published_anew_too(stage: Stage) -> None:
    instance = result_notice(stage)
    first = notice_of(stage, instance)["id"]
    row = file(stage, first, None, grounds=["procedure"])
    case = assign(stage, row)
    stage.until("2026-10-11T00:00:00")
    assert notice_of(stage, instance)["status"] == "closed"
    stage.do(case, "investigate", INVESTIGATOR, checked=["documents"])
    conclude(stage, case, "redo")
    assert stage.open(instance) == ["prepare_notice"]
    assert stage.rows(publicity_notice, publicity_notice.c.id == first)[0]["status"] == "recalled"
    publish_again(stage, instance)
    again = notice_of(stage, instance)
    assert items(stage, again["id"]) == [(False, None)] * 3
    stage.engine.work(again["closes_at"])
    assert stage.ended(instance) == "notice_done"


def test_a_notice_recalled_for_another_reason_keeps_its_objections(stage: Stage) -> None:
    instance = result_notice(stage)
    first = notice_of(stage, instance)["id"]
    row = file(stage, first, 3)
    stage.engine.run(RequestRecall(first, "单位名称写错了", OFFICE2))
    stage.engine.work()
    stage.do(instance, "recall_notice", OFFICE, recall_decision="recall", recall_reason="单位名称有误，更正后重发")
    case = look_into(stage, row)
    conclude(stage, case, "cancel")  # before anything is public anew: the case itself is told
    sent = stage.rows(t.message, t.message.c.name == "fraud_found")
    assert [each["correlation"] for each in sent] == [{"application_id": stage.applications[2]}]


def test_a_tip_off_is_looked_into_when_a_person_opens_it_and_holds_nothing(stage: Stage) -> None:
    instance = result_notice(stage)
    notice_id = notice_of(stage, instance)["id"]
    stage.until("2026-10-11T00:00:00")
    assert stage.ended(instance) == "notice_done"
    stage.until("2026-10-12T09:00:00")
    row = file(stage, notice_id, 1)
    assert (row["kind"], instances_of_p07(stage)) == ("tip_off", [])
    with pytest.raises(Forbidden):
        stage.engine.run(OpenInvestigation(row["id"], HR))
    opened = stage.engine.run(OpenInvestigation(row["id"], INVESTIGATOR))
    stage.engine.work()
    assert instances_of_p07(stage) == [opened["instance_id"]]
    with pytest.raises(Refused) as twice:
        stage.engine.run(OpenInvestigation(row["id"], OFFICE))
    assert twice.value.code == "OPENED_ALREADY"
    assert items(stage, notice_id)[0] == (False, "clear")
    [row] = stage.rows(objection)
    conclude(stage, look_into(stage, row), "cancel")
    assert items(stage, notice_id)[0] == (False, "upheld")
    assert len(stage.rows(t.message, t.message.c.name == "fraud_found")) == 1


def test_whoever_had_a_hand_in_it_does_not_look_into_it(stage: Stage) -> None:
    row = file(stage, notice_of(stage, result_notice(stage))["id"], 2)
    form = stage.form(row["instance_id"], "assign_investigator", INVESTIGATOR)
    assert [each["value"] for each in form["investigators"]] == [INVESTIGATOR.username]
    with stage.engine.store.transaction() as connection:
        connection.execute(
            update(publicity_notice).where(publicity_notice.c.id == row["notice_id"]).values(prepared_by="investigator")
        )
    with pytest.raises(Refused) as caught:
        assign(stage, row)
    assert caught.value.code == "HANDLED_ITEM"


def test_nobody_left_to_look_into_it_is_an_incident_and_the_item_stays_held(stage: Stage) -> None:
    instance = result_notice(stage)
    notice_id = notice_of(stage, instance)["id"]
    with stage.engine.store.transaction() as connection:
        connection.execute(update(publicity_notice).values(approved_by="investigator"))
    row = file(stage, notice_id, 2)
    assert [incident.code for incident in stage.look(row["instance_id"]).incidents] == ["NO_INVESTIGATOR"]
    assert items(stage, notice_id)[1] == (True, None)


def test_an_investigation_that_could_not_be_begun_stands_where_somebody_sees_it(stage: Stage) -> None:
    """Workers died over it three times: the notice's process tells, and a person lets it be tried again."""
    instance = result_notice(stage)
    stage.engine.run(FileObjection(notice_of(stage, instance)["id"], 2, grounds=["other"], text=SAID))
    for _ in range(queue.MOST_ATTEMPTS):
        with stage.engine.store.transaction() as connection:
            connection.execute(update(t.job).values(lease_until=None))
        assert stage.engine.run(TakeJob()).job is not None
    with stage.engine.store.transaction() as connection:
        connection.execute(update(t.job).values(lease_until=None))
    stage.engine.work()
    assert instances_of_p07(stage) == []
    (incident,) = stage.look(instance).incidents
    assert incident.code == "JOB_DIED"
    stage.engine.run(RetryIncident(incident.id, OWNER))
    stage.engine.work()
    assert instances_of_p07(stage) == [stage.rows(objection)[0]["instance_id"]]


def test_an_investigation_cannot_be_made_up(stage: Stage) -> None:
    row = file(stage, notice_of(stage, result_notice(stage))["id"], 2)
    made_up = stage.start(P07, OWNER, objection_id=row["id"])
    assert [incident.element_id for incident in stage.look(made_up).incidents] == ["open_investigation"]
    assert stage.open(made_up) == []
    assert stage.rows(objection)[0]["instance_id"] == row["instance_id"]


def test_the_conclusion_rests_on_what_was_found_and_a_second_person_signs(stage: Stage) -> None:
    row = file(stage, notice_of(stage, result_notice(stage))["id"], 2)
    case = look_into(stage, row)
    with pytest.raises(Refused) as caught:
        conclude(stage, case, "cancel", finding="unverifiable")
    assert caught.value.code == "NOT_SUBSTANTIATED"
    conclude(stage, case, decision="return", note="第三人的证言没有核对。")
    assert stage.form(case, "conclude", INVESTIGATOR)["return_note"] == "第三人的证言没有核对。"
    conclude(stage, case)
    assert stage.ended(case) == "investigation_closed"
    assert found(stage, row)["outcome"] == "not_upheld"


def test_an_extension_is_refused_beyond_the_longest_and_may_be_declined(stage: Stage) -> None:
    row = file(stage, notice_of(stage, result_notice(stage))["id"], 2)
    case = assign(stage, row)
    due_at = found(stage, row)["due_at"]
    stage.engine.work(due_at)
    why = {"extension_decision": "approve", "extension_reason": "证人外出。"}
    with pytest.raises(Invalid):
        stage.do(case, "approve_extension", SUPERVISOR, **why, extension_workdays=31)
    stage.do(case, "approve_extension", SUPERVISOR, extension_decision="decline")
    assert found(stage, row)["due_at"] == due_at
    stage.do(case, "investigate", INVESTIGATOR, checked=["documents"])
    conclude(stage, case)
    assert stage.rows(t.effect, t.effect.c.kind == "notice_to_objector") == []


def test_an_extension_left_open_does_not_keep_the_investigation_open(stage: Stage) -> None:
    row = file(stage, notice_of(stage, result_notice(stage))["id"], 2)
    case = assign(stage, row)
    stage.engine.work(found(stage, row)["due_at"])
    stage.do(case, "investigate", INVESTIGATOR, checked=["documents"])
    conclude(stage, case)
    assert stage.ended(case) == "investigation_closed"
    assert stage.open(case) == []


def test_what_came_on_paper_is_registered_with_the_time_it_came(stage: Stage) -> None:
    instance = result_notice(stage)
    notice_id = notice_of(stage, instance)["id"]
    stage.until("2026-10-12T09:00:00")
    paper = {"via": "paper", "actor": OFFICE, "note": "邮寄，原件存综合科。"}
    came = {"received_at": at("2026-10-10T16:00:00")}
    values: dict[str, Any] = {"grounds": ["other"], "text": SAID}
    with pytest.raises(Forbidden):
        stage.engine.run(FileObjection(notice_id, 2, **values, **(paper | {"actor": HR}), **came))
    for wrong in (at("2026-10-12T09:00:01"), at("2026-09-28T15:59:59")):
        with pytest.raises(Invalid) as caught:
            stage.engine.run(FileObjection(notice_id, 2, **values, **paper, received_at=wrong))
        assert set(caught.value.errors) == {"received_at"}
    row = file(stage, notice_id, 2, **paper, **came)
    assert (row["timely"], row["registered_by"], row["registered_at"]) == (True, OFFICE.username, stage.now)
    # It was in time, and the case has not been confirmed yet: it is held although the notice has closed.
    assert items(stage, notice_id)[1] == (True, None)
    assert [line.actor for line in stage.told("objection_received")] == [OFFICE.username]


def test_a_notice_inside_a_unit_takes_objections_from_those_who_may_read_it(stage: Stage) -> None:
    with stage.engine.store.transaction() as connection:
        connection.execute(update(application).values(status="unit_publicity"))
    instance = unit_notice(stage)
    notice_id = notice_of(stage, instance)["id"]
    values: dict[str, Any] = {"grounds": ["false_performance"], "text": SAID}
    for reader in (None, HR2, person("anybody", "candidate")):
        with pytest.raises(NotFound):
            stage.engine.run(FileObjection(notice_id, 1, **values, reader=reader))
    row = file(stage, notice_id, 1, reader=CANDIDATE)
    assert statuses(stage)[0] == "unit_objection_hold"
    with stage.engine.store.snapshot() as connection:
        for table in ("objection", "job", "message"):
            for line in connection.execute(text(f'SELECT * FROM "{table}"')):
                assert CANDIDATE.username not in str(line), table
        assert CANDIDATE.username not in str(list(history.every(connection)))
    # The unit's own supervisor looks into it, not the province's alone.
    case = row["instance_id"]
    names = [each["value"] for each in stage.form(case, "assign_investigator", DISCIPLINE)["investigators"]]
    assert names == [DISCIPLINE.username, INVESTIGATOR.username]
    assert stage.engine.ask(ObjectionView(row["id"], DISCIPLINE)).text == SAID
    assert stage.engine.ask(Objections(DISCIPLINE)).total == 1
    assert stage.engine.ask(Objections(OFFICE)).total == 0
    stage.do(case, "assign_investigator", DISCIPLINE, investigator=DISCIPLINE.username, question="请说明业绩的完成人。")
    stage.engine.work(max(timer.due_at for timer in stage.look(case).timers))
    stage.do(case, "investigate", DISCIPLINE, checked=["people"])
    said = {"finding": "proven", "facts": "经询问，该项业绩确系他人完成，本人承认。", "articles": "第二十七条"}
    stage.do(case, "conclude", DISCIPLINE, **said, proposal="cancel")
    stage.do(case, "supervisor_sign", SUPERVISOR, decision="sign")
    stage.until("2026-07-14T00:00:00")
    assert stage.ended(instance) == "notice_done"
    assert stage.variable(instance, "publicity_outcome") == "upheld"


POSTS = [
    {"level": "deputy_senior", "approved": 3, "occupied": 2, "vacant": 1, "remark": "不应公示"},
    {"level": "junior", "approved": 4, "occupied": 4, "vacant": 0},
]


def test_a_notice_of_posts_shows_numbers_and_answers_its_caller(stage: Stage) -> None:
    instance = unit_notice(stage, "quota", unit_code="u01", quota_rows=POSTS)
    notice_id = notice_of(stage, instance)["id"]
    shown = stage.engine.ask(NoticeView(notice_id, HR))
    assert shown.items == (
        {"level": "deputy_senior", "approved": 3, "occupied": 2, "vacant": 1},
        {"level": "junior", "approved": 4, "occupied": 4, "vacant": 0},
    )
    row = file(stage, notice_id, 1, reader=HR, grounds=["post"])
    case = str(row["instance_id"])
    stage.do(case, "assign_investigator", DISCIPLINE, investigator=INVESTIGATOR.username)
    stage.do(case, "investigate", INVESTIGATOR, checked=["documents"])
    stage.until("2026-07-14T00:00:00")
    assert items(stage, notice_id) == [(True, None), (False, "clear")]
    conclude(stage, case, "redo")
    assert stage.ended(instance) == "notice_done"
    assert stage.variable(instance, "publicity_outcome") == "upheld"


def test_a_withdrawal_in_a_running_notice_leaves_the_others(stage: Stage) -> None:
    """S21a: the item is withdrawn, nobody is told that it closed clear, and the others go on."""
    instance = result_notice(stage)
    notice_id = notice_of(stage, instance)["id"]
    with stage.engine.store.transaction() as connection:
        set_status(connection, stage.applications[0], "withdrawn", now=stage.now)
        withdraw_items(connection, stage.applications[0], stage.now)
    stage.until("2026-10-11T00:00:00")
    assert [outcome for _, outcome in items(stage, notice_id)] == ["withdrawn", "clear", "clear"]
    told = stage.rows(t.message, t.message.c.name == "publicity_closed")
    assert sorted(row["correlation"]["application_id"] for row in told) == sorted(stage.applications[1:])


def test_who_has_ended_between_draft_and_publication_is_not_published(stage: Stage) -> None:
    stage.until("2026-09-28T16:00:00")
    given = {"notice_kind": "result", "notice_scope": "province", "publisher_group": "committee_office"}
    started = [
        stage.start(P06, **given, publisher_scope="province", item_application_ids=each)
        for each in (stage.applications[:2], stage.applications[1:2])
    ]
    for instance in started:
        stage.do(instance, "prepare_notice", OFFICE, **TEXT, min_workdays=5)
    with stage.engine.store.transaction() as connection:
        set_status(connection, stage.applications[1], "withdrawn", now=stage.now)
        withdraw_items(connection, stage.applications[1], stage.now)
    for instance in started:
        stage.do(instance, "approve_notice", OFFICE2, decision="approve")
    shown = stage.engine.ask(NoticeView(notice_of(stage, started[0])["id"]))
    assert shown.count == 1
    assert stage.ended(started[1]) == "all_gone"
    assert stage.variable(started[1], "publicity_outcome") == "withdrawn"


def test_a_reply_to_everybody_is_the_offices_to_choose(stage: Stage) -> None:
    how = {"source_doc": "（演示）异议答复办法", "actor": "provincial_hrss", "now": stage.now}
    with stage.engine.store.transaction() as connection:
        name = "objection.require_real_name_for_reply"
        set_parameter(connection, name, False, effective_from=stage.now, **how)
    row = file(stage, notice_of(stage, result_notice(stage))["id"], 2)
    case = look_into(stage, row)
    conclude(stage, case)
    stage.do(case, "reply_objector", INVESTIGATOR, reply="经查不属实，谢谢您的监督。")
    assert stage.engine.ask(ObjectionStatus(row["receipt_no"])).reply == "经查不属实，谢谢您的监督。"
