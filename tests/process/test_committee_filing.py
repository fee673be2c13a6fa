"""P10 and P11, and the tables that the committee asks: S28 (a) to (c) in words, D06 and D09 row by row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from engine.errors import Forbidden, NotFound
from processes.register.committee_tables import committee
from processes.register.expert_tables import committee_member
from processes.rules.recusal import KINDS
from tests.conftest import MakeEngine
from tests.process.sets import set_stage
from tests.process.stage import HRSS, OFFICE, Stage
from tests.process.test_committee import refused
from tests.process.test_tables_of_vote_and_grade import decide

FRAME = {
    "committee_name": "档案系列高级职称评审委员会（新一届）",
    "organizer": "省档案局",
    "level": "senior",
    "basis": "series",
    "scope_titles": ["associate_research_archivist", "research_archivist"],
}
FILED = {"filing_decision": "approve", "filing_no": "青人社备〔2026〕（演示）8号", "filed_on": "2026-09-15"}


@pytest.fixture
def stage(database_url: str, make_engine: MakeEngine, tmp_path: Path) -> Stage:
    made = set_stage(database_url, make_engine, tmp_path, ("publicity", "committee"))
    made.until("2026-09-15T09:00:00")
    return made


def apply(stage: Stage, size: int, **more: Any) -> str:
    instance = stage.start("P10_committee_formation_filing", OFFICE)
    stage.do(instance, "plan_committee", OFFICE, **FRAME, committee_size=size, **more)
    return instance


def approve(stage: Stage, instance: str, valid_until: str = "2029-09-14") -> None:
    stage.do(instance, "approve_filing", HRSS, **FILED, valid_until=valid_until)


def test_a_committee_is_filed_as_approved(stage: Stage) -> None:
    instance = apply(stage, 25)
    shown = stage.form(instance, "approve_filing", HRSS)
    assert (shown["level_text"], shown["basis_text"], shown["scope_text"]) == ("高级", "按系列", "副研究馆员、研究馆员")
    approve(stage, instance)
    assert stage.ended(instance) == "approved"
    row = stage.rows(committee, committee.c.filing_no == FILED["filing_no"])[0]
    assert (row["size"], row["filed_on"].isoformat(), row["valid_until"].isoformat()) == (
        25,
        "2026-09-15",
        "2029-09-14",
    )
    assert stage.variable(instance, "committee_id") == row["id"]


def test_a_returned_application_files_nothing(stage: Stage) -> None:
    instance = apply(stage, 25)
    stage.do(instance, "approve_filing", HRSS, filing_decision="return", return_note="评审范围与方案不一致。")
    assert stage.ended(instance) == "returned"
    assert len(stage.rows(committee)) == 1
    assert stage.variable(instance, "return_note") == "评审范围与方案不一致。"


@pytest.mark.parametrize(
    ("size", "valid_until", "code", "said"),
    [
        (24, "2029-09-14", "EVEN_SIZE", "须为单数，现为 24 人"),
        (23, "2029-09-14", "TOO_SMALL", "不得少于 25 人，现为 23 人"),
        (25, "2029-09-15", "FILING_TOO_LONG", "最长有效至 2029年9月14日"),
    ],
)
def test_what_the_rules_do_not_allow_is_refused_in_words(
    stage: Stage, size: int, valid_until: str, code: str, said: str
) -> None:
    """S28 (a), (b), (c)"""
    instance = apply(stage, size)
    assert said in str(refused(code, approve, stage, instance, valid_until))
    assert stage.open(instance) == ["approve_filing"]
    assert len(stage.rows(committee)) == 1


def test_fewer_members_need_a_document(stage: Stage) -> None:
    """S28 (b)"""
    instance = apply(stage, 23, min_size_waiver_doc="青人社函〔2026〕（演示）3号")
    approve(stage, instance)
    assert stage.ended(instance) == "approved"


def test_a_filing_number_is_used_once(stage: Stage) -> None:
    approve(stage, apply(stage, 25))
    instance = apply(stage, 25)
    refused("FILING_NO_TAKEN", approve, stage, instance)
    assert stage.open(instance) == ["approve_filing"]


def test_the_organizer_does_not_approve(stage: Stage) -> None:
    instance = apply(stage, 25)
    with pytest.raises((Forbidden, NotFound)):
        stage.do(instance, "approve_filing", OFFICE, **FILED, valid_until="2029-09-14")


def draw(stage: Stage, outcome: str, **more: Any) -> str:
    instance = stage.start("P11_expert_draw", OFFICE)
    filed = str(stage.rows(committee)[0]["id"])
    stage.do(instance, "confirm_draw", OFFICE, committee_id=filed, draw_outcome=outcome, **more)
    return instance


@pytest.mark.parametrize("outcome", ["locked", "exhausted", "voided"])
def test_a_draw_ends_as_the_office_says(stage: Stage, outcome: str) -> None:
    why = {} if outcome == "locked" else {"draw_reason": "候补专家均不能到会。"}
    instance = draw(stage, outcome, **why)
    assert (stage.ended(instance), stage.variable(instance, "draw_outcome")) == (f"draw_{outcome}", outcome)


def test_a_list_that_is_not_complete_is_not_locked(stage: Stage) -> None:
    with stage.engine.store.transaction() as connection:
        someone = (
            connection.execute(select(committee_member.c.expert_id).where(committee_member.c.role == "vice_chair"))
            .scalars()
            .first()
        )
        connection.execute(committee_member.delete().where(committee_member.c.expert_id == someone))
        connection.execute(update(committee_member).where(committee_member.c.role == "chair").values(role="member"))
    said = str(refused("MEMBERS_MISSING", draw, stage, "locked"))
    assert "现有委员 24 名，其中主任委员 0 名" in said


def test_no_expert_is_named_by_a_draw(stage: Stage) -> None:
    draw(stage, "locked")
    said = stage.said()
    assert "演示·评委" not in said
    assert "x-01" not in said


@pytest.mark.parametrize("kin_excludes", [True, False])
def test_d09_rules_on_every_kind_of_relation(kin_excludes: bool) -> None:
    found = {
        kind: decide("committee/D09_recusal_ground.dmn", relation_kind=kind, kin_excludes=kin_excludes)
        for kind in KINDS
    }
    assert {kind for kind, ruling in found.items() if not ruling["recuse"]} == {"former_unit"}
    whole = {"self", "spouse", "kin"} if kin_excludes else {"self"}
    assert {kind for kind, ruling in found.items() if ruling["whole_meeting"]} == whole
    assert decide("committee/D09_recusal_ground.dmn", relation_kind="邻居", kin_excludes=False)["recuse"] is True


@pytest.mark.parametrize(
    ("level", "track", "channel", "recorded"),
    [
        ("junior", "artisan", "normal", set()),
        ("intermediate", None, "normal", set()),
        ("deputy_senior", "artisan", "normal", set()),
        ("deputy_senior", "academic", "exceptional", {"interview"}),
        ("full_senior", "academic", "normal", {"interview", "report"}),
        ("full_senior", "academic", "exceptional", {"interview", "report"}),
        ("full_senior", "artisan", "aid_qinghai", {"interview", "report", "exhibition"}),
    ],
)
def test_d06_combines_modes_by_level_track_and_channel(
    level: str, track: str | None, channel: str, recorded: set[str]
) -> None:
    case = {"level": level, "track": track, "channel": channel}
    modes = decide("committee/D06_evaluation_modes.dmn", candidate=case)
    assert {mode["mode"] for mode in modes if not mode["recorded"]} == {"summary", "discussion"}
    kept = [mode["mode"] for mode in modes if mode["recorded"]]
    assert (len(kept), set(kept)) == (len(recorded), recorded)
