"""P12 on the engine: quorum, two independent entries of the counts, D08 case by case, signatures, seal, messages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from engine.commands.publish_message import PublishMessage
from engine.errors import Forbidden, Invalid, Refused
from engine.store import tables as engine_tables
from processes.register.application_tables import application
from processes.register.ballot_tables import ballot_round
from processes.register.committee_tables import committee, count_entry, review_meeting
from processes.register.notice_tables import publicity_item
from tests.conftest import MakeEngine
from tests.process.stage import (
    ADMIN,
    CHAIR,
    HR,
    OFFICE,
    OFFICE2,
    OWNER,
    SUPERVISOR,
    VICE,
    Stage,
    at,
    furnish,
    registry,
    shipped,
)

# present, yes, no, abstain -> result, of a committee of 25
TIES = [
    (20, 10, 10, 0, "failed"),
    (21, 14, 7, 0, "passed"),
    (21, 13, 8, 0, "failed"),
    (21, 14, 0, 7, "passed"),
    (21, 13, 0, 8, "failed"),
    (20, 14, 6, 0, "passed"),
]


def make_stage(database_url: str, make_engine: MakeEngine, tmp_path: Path, cases: int) -> Stage:
    made = Stage(make_engine(database_url, registry(), attachments_url=str(tmp_path / "files")))
    furnish(made, cases)
    made.deploy(shipped("publicity", "committee"))
    made.until("2026-09-21T09:00:00")
    return made


@pytest.fixture
def stage(database_url: str, make_engine: MakeEngine, tmp_path: Path) -> Stage:
    return make_stage(database_url, make_engine, tmp_path, 3)


def committee_id(stage: Stage) -> str:
    return str(stage.rows(committee)[0]["id"])


def meeting(stage: Stage, held_on: str = "2026-09-22") -> str:
    """Start a meeting and plan it; answers the instance, on the meeting's morning, waiting for the check-in."""
    instance = stage.start("P12_review_meeting_vote", OFFICE)
    plan = {"committee_id": committee_id(stage), "held_on": held_on, "place": "西宁演示会议中心", "mode": "onsite"}
    stage.do(instance, "plan_meeting", OFFICE, **plan)
    stage.until(f"{held_on}T09:00:00")
    return instance


def sheet(stage: Stage, instance: str, *counts: tuple[int, int, int, int]) -> list[dict[str, Any]]:
    """The counting sheet with these counts filled in, in the order of the list."""
    names = [row["name"] for row in stage.variable(instance, "candidates")]
    return [
        {"number": number, "name": name, "present": p, "yes": y, "no": n, "abstain": a}
        for number, (name, (p, y, n, a)) in enumerate(zip(names, counts, strict=True), 1)
    ]


def count(stage: Stage, instance: str, *counts: tuple[int, int, int, int]) -> None:
    """Both operators enter the same counts."""
    for entry, operator in (("first", OFFICE), ("second", OFFICE2)):
        stage.do(instance, f"enter_counts_{entry}", operator, counts=sheet(stage, instance, *counts))


def sign(stage: Stage, instance: str, chair: Any = CHAIR) -> None:
    """Chair, recorder and supervisor sign; the sheet is sealed."""
    stage.do(instance, "announce_and_sign", chair, signature="演示主任", seal_file=[stage.attach(chair)])
    stage.do(instance, "sign_minutes", OFFICE, discussion="逐一介绍、评议并表决。", signature="演示记录")
    stage.do(instance, "countersign_minutes", SUPERVISOR, signature="演示监督")


def messages(stage: Stage, name: str) -> list[dict[str, Any]]:
    table = engine_tables.message
    with stage.engine.store.snapshot() as connection:
        rows = connection.execute(select(table).where(table.c.name == name)).mappings()
        return [{**row["correlation"], **row["variables"]} for row in rows]


def history(stage: Stage) -> str:
    """Everything the event chains say, as one text."""
    return "\n".join(row["body"] for row in stage.rows(engine_tables.event))


@pytest.fixture
def six(database_url: str, make_engine: MakeEngine, tmp_path: Path) -> Stage:
    return make_stage(database_url, make_engine, tmp_path, 6)


def test_ties_and_thresholds_case_by_case(six: Stage) -> None:
    instance = meeting(six)
    six.do(instance, "check_in", OFFICE, attended=21)
    count(six, instance, *[row[:4] for row in TIES])
    rounds = six.rows(ballot_round)
    found = {(r["present"], r["yes"], r["no"], r["abstain"]): r["result"] for r in rounds}
    assert found == {row[:4]: row[4] for row in TIES}
    sign(six, instance)
    assert sorted(m["ballot_result"] for m in messages(six, "ballot_result")) == ["failed"] * 3 + ["passed"] * 3
    assert {row["application_id"] for row in six.rows(publicity_item)} == {
        r["application_id"] for r in rounds if r["result"] == "passed"
    }


def test_a_long_list_is_decided_in_one_go(database_url: str, make_engine: MakeEngine, tmp_path: Path) -> None:
    stage = make_stage(database_url, make_engine, tmp_path, 20)
    instance = meeting(stage)
    stage.do(instance, "check_in", OFFICE, attended=25)
    count(stage, instance, *[(25, yes, 25 - yes, 0) for yes in range(6, 26)])
    assert stage.open(instance) == ["announce_and_sign"]
    rounds = stage.rows(ballot_round)
    assert len(rounds) == 20
    assert all((row["result"] == "passed") == (row["yes"] >= 17) for row in rounds)


def test_from_the_list_to_the_public_notice(stage: Stage) -> None:
    instance = meeting(stage)
    assert [row["status"] for row in stage.rows(application)] == ["in_meeting"] * 3
    stage.do(instance, "check_in", OFFICE, attended=21)
    count(stage, instance, (21, 17, 3, 1), (21, 13, 8, 0), (16, 0, 0, 0))
    assert [row["result_text"] for row in stage.form(instance, "announce_and_sign", CHAIR)["results"]] == [
        "通过",
        "未通过",
        "出席不足，留待下次会议",
    ]
    sign(stage, instance)
    sealed = stage.rows(review_meeting)[0]
    assert (sealed["status"], len(sealed["sheet_hash"])) == ("sealed", 64)
    told = {m["application_id"]: (m["ballot_result"], m["meeting_date"]) for m in messages(stage, "ballot_result")}
    assert told == dict(
        zip(stage.applications, [(r, "2026-09-22") for r in ("passed", "failed", "deferred")], strict=True)
    )
    assert stage.open(instance) == ["prepare_notice"]
    statuses = [row["status"] for row in sorted(stage.rows(application), key=lambda r: r["created_at"])]
    assert statuses == ["voted_passed", "voted_failed", "deferred_no_quorum"]
    assert messages(stage, "result_published") == []
    stage.until("2026-09-28T16:00:00")
    words = {
        "title": "评审结果公示",
        "body": "现将评审结果予以公示，欢迎监督。",
        "contact_phone": "0971-6120000",
        "contact_email": "a@example.cn",
    }
    stage.do(instance, "prepare_notice", OFFICE, **words, min_workdays=5)
    stage.do(instance, "approve_notice", OFFICE2, decision="approve")
    published = {m["application_id"] for m in messages(stage, "result_published")}
    assert published == set(stage.applications[:2])
    assert [row["result_public_at"] for row in sorted(stage.rows(application), key=lambda r: r["created_at"])] == [
        at("2026-09-28T16:00:00"),
        at("2026-09-28T16:00:00"),
        None,
    ]
    stage.until("2026-10-11T00:00:00")
    assert stage.ended(instance) == "meeting_over"
    closed = messages(stage, "publicity_closed")
    assert [(m["application_id"], m["publicity_outcome"]) for m in closed] == [(stage.applications[0], "clear")]


def test_nobody_reads_a_count_before_both_are_in_nor_after_it_is_signed(stage: Stage) -> None:
    instance = meeting(stage)
    stage.do(instance, "check_in", OFFICE, attended=21)
    stage.do(
        instance,
        "enter_counts_first",
        OFFICE,
        counts=sheet(stage, instance, (21, 17, 3, 1), (21, 13, 8, 0), (21, 14, 7, 0)),
    )
    assert all(set(row) == {"number", "name"} for row in stage.form(instance, "enter_counts_second", OFFICE2)["counts"])
    assert stage.variable(instance, "counts") is None  # what stands on the sheet is read in its form alone
    assert '"yes"' not in history(stage)
    stage.do(
        instance,
        "enter_counts_second",
        OFFICE2,
        counts=sheet(stage, instance, (21, 17, 3, 1), (21, 13, 8, 0), (21, 14, 7, 0)),
    )
    sign(stage, instance)
    left = stage.look(instance).variables
    assert {"counts", "results", "vote", "present", "yes", "signature", "discussion"}.isdisjoint(
        key for key, value in left.items() if value is not None
    )


def test_two_entries_that_differ_are_counted_again_by_the_same_two(stage: Stage) -> None:
    instance = meeting(stage)
    stage.do(instance, "check_in", OFFICE, attended=21)
    right = [(21, 14, 7, 0), (21, 13, 8, 0), (21, 17, 3, 1)]
    wrong = [(21, 14, 7, 0), (21, 14, 7, 0), (21, 17, 3, 1)]
    stage.do(instance, "enter_counts_first", OFFICE, counts=sheet(stage, instance, *right))
    with pytest.raises((Refused, Forbidden)):
        stage.do(instance, "enter_counts_second", OFFICE, counts=sheet(stage, instance, *right))
    stage.do(instance, "enter_counts_second", OFFICE2, counts=sheet(stage, instance, *wrong))
    assert stage.open(instance) == ["compare_counts"]
    assert stage.form(instance, "compare_counts", SUPERVISOR)["differences"] == [
        {"number": 2, "name": "演示002", "differing": "同意、不同意"}
    ]
    assert stage.rows(ballot_round) == []
    stage.do(instance, "compare_counts", SUPERVISOR, recount_note="重新清点，第二人看错一票。")
    with pytest.raises((Refused, Forbidden)):
        stage.do(instance, "enter_counts_first", OFFICE2, counts=sheet(stage, instance, *right))
    count(stage, instance, *right)
    assert [row["result"] for row in stage.rows(ballot_round)] == ["passed", "failed", "passed"]
    assert {(row["attempt"], row["entry"]) for row in stage.rows(count_entry)} == {
        (1, "first"),
        (1, "second"),
        (2, "first"),
        (2, "second"),
    }


@pytest.mark.parametrize(
    "counts",
    [(21, 14, 7, 1), (21, 14, 6, 0), (22, 15, 7, 0), (16, 11, 5, 0), (21, 22, 0, 0)],
)
def test_counts_that_cannot_be_are_refused_and_change_nothing(stage: Stage, counts: tuple[int, int, int, int]) -> None:
    instance = meeting(stage)
    stage.do(instance, "check_in", OFFICE, attended=21)
    with pytest.raises((Refused, Invalid)):
        stage.do(
            instance,
            "enter_counts_first",
            OFFICE,
            counts=sheet(stage, instance, counts, (21, 21, 0, 0), (21, 21, 0, 0)),
        )
    assert stage.open(instance) == ["enter_counts_first"]
    assert stage.rows(count_entry) == []


def test_sixteen_of_twenty_five_cannot_open(stage: Stage) -> None:
    instance = meeting(stage)
    stage.do(instance, "check_in", OFFICE, attended=16)
    assert stage.open(instance) == ["postpone_meeting"]
    with pytest.raises(Refused) as caught:
        stage.do(instance, "postpone_meeting", OFFICE, held_on="2026-09-20", postpone_reason="提前")
    assert caught.value.code == "EARLIER"
    stage.do(instance, "postpone_meeting", OFFICE, held_on="2026-09-24", postpone_reason="人数不足")
    with pytest.raises(Refused) as early:
        stage.do(instance, "check_in", OFFICE, attended=17)
    assert early.value.code == "MEETING_NOT_YET"
    stage.until("2026-09-24T00:00:00")
    stage.do(instance, "check_in", OFFICE, attended=17)
    assert stage.open(instance) == ["enter_counts_first"]
    assert stage.rows(review_meeting)[0]["held_on"].isoformat() == "2026-09-24"


def test_nobody_dates_a_title_back(stage: Stage) -> None:
    instance = stage.start("P12_review_meeting_vote", OFFICE)
    plan = {"committee_id": committee_id(stage), "held_on": "2026-09-20", "place": "西宁", "mode": "onsite"}
    with pytest.raises(Refused) as caught:
        stage.do(instance, "plan_meeting", OFFICE, **plan)
    assert caught.value.code == "MEETING_IN_THE_PAST"
    assert "2026年9月20日" in str(caught.value)
    stage.do(instance, "plan_meeting", OFFICE, **{**plan, "held_on": "2026-09-21"})
    assert stage.open(instance) == ["check_in"]


def test_nobody_counts_before_the_day_of_the_meeting(stage: Stage) -> None:
    instance = stage.start("P12_review_meeting_vote", OFFICE)
    plan = {"committee_id": committee_id(stage), "held_on": "2026-09-22", "place": "西宁", "mode": "onsite"}
    stage.do(instance, "plan_meeting", OFFICE, **plan)
    stage.until("2026-09-21T23:59:59")
    with pytest.raises(Refused) as caught:
        stage.do(instance, "check_in", OFFICE, attended=21)
    assert caught.value.code == "MEETING_NOT_YET"
    assert "2026年9月22日" in str(caught.value)
    stage.until("2026-09-22T00:00:00")
    stage.do(instance, "check_in", OFFICE, attended=21)
    assert stage.open(instance) == ["enter_counts_first"]


def test_who_plans_the_meeting_sees_who_waits_for_it(stage: Stage) -> None:
    instance = stage.start("P12_review_meeting_vote", OFFICE)
    shown = [
        (row["name"], row["unit_name"], row["target_title_text"])
        for row in stage.form(instance, "plan_meeting", OFFICE)["waiting"]
    ]
    assert shown == [(f"演示{number:03}", "演示档案馆1", "副研究馆员") for number in (1, 2, 3)]


def test_a_committee_whose_filing_has_lapsed_cannot_meet(stage: Stage) -> None:
    instance = stage.start("P12_review_meeting_vote", OFFICE)
    plan = {"committee_id": committee_id(stage), "held_on": "2027-03-15", "place": "西宁", "mode": "onsite"}
    with pytest.raises(Refused) as caught:
        stage.do(instance, "plan_meeting", OFFICE, **plan)
    assert caught.value.code == "FILING_EXPIRED"
    assert stage.rows(review_meeting) == []
    stage.do(instance, "plan_meeting", OFFICE, **{**plan, "held_on": "2027-03-14"})
    assert stage.open(instance) == ["check_in"]


def test_a_meeting_without_candidates_is_refused(stage: Stage) -> None:
    with stage.engine.store.transaction() as connection:
        connection.execute(update(application).values(status="material_review"))
    instance = stage.start("P12_review_meeting_vote", OFFICE)
    plan = {"committee_id": committee_id(stage), "held_on": "2026-09-22", "place": "西宁", "mode": "onsite"}
    with pytest.raises(Refused) as caught:
        stage.do(instance, "plan_meeting", OFFICE, **plan)
    assert caught.value.code == "NOBODY_QUEUED"


def test_when_nobody_passes_there_is_no_notice_and_everybody_is_told(stage: Stage) -> None:
    instance = meeting(stage)
    stage.do(instance, "check_in", OFFICE, attended=20)
    count(stage, instance, (20, 10, 10, 0), (20, 13, 7, 0), (20, 0, 20, 0))
    sign(stage, instance, VICE)
    assert stage.ended(instance) == "meeting_over"
    assert {m["application_id"] for m in messages(stage, "result_published")} == set(stage.applications)
    assert stage.rows(publicity_item) == []


def test_when_all_who_passed_are_gone_no_empty_notice_is_published(stage: Stage) -> None:
    """The notice was recalled because of the only one who passed; nobody is left for a new one."""
    instance = meeting(stage)
    stage.do(instance, "check_in", OFFICE, attended=21)
    count(stage, instance, (21, 17, 3, 1), (21, 13, 8, 0), (21, 13, 8, 0))
    sign(stage, instance)
    words = {"title": "评审结果公示", "body": "现将评审结果予以公示，欢迎监督。", "contact_phone": "0971-6120000"}
    words["contact_email"] = "a@example.cn"
    stage.do(instance, "prepare_notice", OFFICE, **words, min_workdays=5)
    stage.do(instance, "approve_notice", OFFICE2, decision="approve")
    with stage.engine.store.transaction() as connection:
        where = application.c.id == stage.applications[0]
        connection.execute(update(application).where(where).values(status="disqualified"))
    asked = {"notice_id": stage.rows(publicity_item)[0]["notice_id"]}
    stage.engine.run(PublishMessage("notice_recall_requested", OWNER, correlation=asked))
    stage.engine.work()
    stage.do(
        instance,
        "recall_notice",
        OFFICE,
        recall_decision="recall",
        recall_reason="公示对象已被取消评审资格，不应再公示。",
    )
    assert stage.ended(instance) == "meeting_over"
    assert len(stage.rows(publicity_item)) == 1


def test_only_the_right_hands_sign(stage: Stage) -> None:
    with pytest.raises(Forbidden):
        stage.start("P12_review_meeting_vote", HR)
    instance = meeting(stage)
    stage.do(instance, "check_in", OFFICE, attended=21)
    count(stage, instance, (21, 17, 3, 1), (21, 17, 3, 1), (21, 17, 3, 1))
    with pytest.raises(Forbidden):
        stage.do(instance, "announce_and_sign", ADMIN, signature="演示主任", seal_file=[stage.attach(ADMIN)])
    with pytest.raises(Invalid) as caught:
        stage.do(instance, "announce_and_sign", CHAIR, signature="演示主任")
    assert "seal_file" in caught.value.errors
    sign(stage, instance)
    assert stage.open(instance) == ["prepare_notice"]


def test_the_database_itself_bears_no_result_that_the_counts_do_not(stage: Stage) -> None:
    instance = meeting(stage)
    stage.do(instance, "check_in", OFFICE, attended=21)
    count(stage, instance, (21, 17, 3, 1), (21, 13, 8, 0), (21, 14, 7, 0))
    with pytest.raises(IntegrityError), stage.engine.store.transaction() as connection:
        connection.execute(update(ballot_round).where(ballot_round.c.yes == 13).values(result="passed"))
    with pytest.raises(IntegrityError), stage.engine.store.transaction() as connection:
        connection.execute(update(ballot_round).values(second_operator=OFFICE.username))
    with pytest.raises(IntegrityError), stage.engine.store.transaction() as connection:
        connection.execute(update(review_meeting).values(status="sealed"))
