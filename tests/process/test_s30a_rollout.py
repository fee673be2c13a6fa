"""S30a: the programme of 2020-12, 2021-02 and 2021-03 with ten streams, one of them late; on both databases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.errors import Invalid, Refused
from processes.demo.small import REGIONS
from processes.register.rollout_tables import escalation, programme_report, waiver
from processes.register.units import post_quota
from processes.rollout.board import Figure
from tests.conftest import MakeEngine
from tests.process.rollout import ARCHIVES, HR, HRSS, LONG, Rollout, handlers, made
from tests.process.stage import OFFICE, at

GOLOG = "果洛藏族自治州"
OTHERS = [code for code in REGIONS if code != "golog"]


@pytest.fixture
def stage(database_url: str, make_engine: MakeEngine, tmp_path: Path) -> Rollout:
    engine = make_engine(database_url, handlers(), attachments_url=str(tmp_path / "files"))
    engine.clock.set(at("2020-12-01T09:00"))  # type: ignore[attr-defined]
    return made(engine)


def figure(stage: Rollout, key: str) -> Figure:
    return next(one for one in stage.board().figures if one.key == key)


def escalated(stage: Rollout, region: str, phase: int) -> dict[str, str]:
    """Level -> the day it was reached, of one stream's phase."""
    where = (escalation.c.stream_id == stage.of(region), escalation.c.phase_no == phase)
    return {
        row["level"]: f"{row['at'].astimezone(at('2021-01-01T00:00').tzinfo):%m-%d %H:%M}"
        for row in stage.rows(escalation, *where)
    }


def verify(stage: Rollout, unit: str) -> None:
    stage.declare(unit)
    stage.agree(unit)
    stage.publicise(unit)


def report(stage: Rollout, region: str) -> None:
    stage.region_does(region, "region_quota_report")


def appoint(stage: Rollout, region: str) -> None:
    stage.region_does(
        region, "region_appointment_report", passed_total=3, appointed_total=2, not_appointed_reason="一人等待岗位空缺"
    )


def test_a_short_february_is_told_and_must_be_confirmed(stage: Rollout) -> None:
    with pytest.raises(Refused) as told:
        stage.register(schedule_confirmed=False)
    assert told.value.code == "TIGHT_SCHEDULE"
    assert "只有 17 个工作日，其中公示依规占 10 个，余下 7 个" in str(told.value.text)

    stage.do(stage.instance, "register_programme", HRSS, **_again(stage))
    phase = stage.board().phases[1]
    assert (phase.working_days, len(phase.warnings)) == (17, 1)
    assert phase.due_at == at("2021-03-01T00:00")


def _again(stage: Rollout) -> dict[str, Any]:
    shown = stage.form(stage.instance, "register_programme", HRSS)
    months = ("2020-12", "2021-02", "2021-03")
    return {
        "name": "改革",
        "year": 2021,
        "base_docs": "方案",
        "phases": [{**row, "month": month} for row, month in zip(shown["phases"], months, strict=True)],
        "regions": [{**row, "responsible": "责任人", "phone": "13909711234"} for row in shown["regions"]],
        "schedule_confirmed": True,
    }


def test_phase_2_waits_for_both_documents(stage: Rollout) -> None:
    stage.register()
    stage.issue("plan")
    assert stage.open(stage.instance) == ["issue_documents"], "one document is not both"

    stage.until("2021-02-01T00:00")
    assert "approve_late_start" in stage.open(stage.instance)
    assert [phase.state for phase in stage.board().phases] == ["overdue", "waiting", "pending"]
    assert stage.form(stage.instance, "approve_late_start", HRSS)["gate_missing"] == "评审条件"

    with pytest.raises(Refused) as late:
        stage.do(stage.instance, "approve_late_start", HRSS, late_decision="wait", new_due="2021-01-31")
    assert late.value.code == "IN_THE_PAST"
    stage.do(stage.instance, "approve_late_start", HRSS, late_decision="wait", new_due="2021-02-03")
    assert stage.board().phases[1].state == "waiting"
    stage.until("2021-02-02T10:00")
    stage.issue("conditions")
    assert stage.board().phases[1].state == "running", "issued: nobody waits until the 3rd"
    assert len(stage.tasks(stage.instance, element="publicise_policy")) == 10


def test_phase_2_may_start_late_with_a_reason(stage: Rollout) -> None:
    stage.register()
    stage.until("2021-02-01T00:00")
    stage.do(stage.instance, "approve_late_start", HRSS, late_decision="wait", new_due="2021-02-04")
    stage.until("2021-02-05T00:00")
    assert "approve_late_start" in stage.open(stage.instance), "the day has come, and nothing was issued"
    stage.do(stage.instance, "approve_late_start", HRSS, late_decision="start_now", late_reason="评审条件正在会签。")
    phase = stage.board().phases[1]
    assert (phase.state, phase.late_reason) == ("running", "评审条件正在会签。")
    assert "issue_documents" in stage.open(stage.instance), "phase 1 still has to be done"


def test_golog_is_late_and_the_others_go_on(stage: Rollout) -> None:
    stage.register()
    stage.issue("plan", "conditions")
    for region in REGIONS:
        stage.brief(region)
    assert [phase.state for phase in stage.board().phases] == ["done", "pending", "pending"]

    stage.until("2021-02-01T09:00")
    assert [one.phases[1].state for one in stage.board().streams] == ["running"] * 10
    no_posts = stage.unit_instance("u03")
    stage.do(no_posts, "declare_posts", HR["u03"], post_managed="no")
    assert stage.ended(no_posts) == "no_posts"
    verify(stage, "u01")
    assert [one.number for one in (figure(stage, "units_settled"), figure(stage, "units_open"))] == [1, 2]
    for region in OTHERS:
        if region != "xining":
            report(stage, region)
    stage.until("2021-02-10T00:00")
    (posts,) = stage.rows(post_quota, post_quota.c.unit_code == "u01", post_quota.c.post_level == "deputy_senior")
    assert (posts["approved"], posts["occupied"], posts["year"]) == (3, 1, 2021)
    assert posts["notice_closed_at"] == at("2021-02-08T00:00"), "Sunday the 7th is a working day"
    report(stage, "xining")
    stage.do(stage.instance, "close_review", OFFICE, cycle_done=True)
    for region in OTHERS:
        appoint(stage, region)

    stage.until("2021-02-28T23:59")
    assert stage.stream("golog").phases[1].state == "running"
    stage.until("2021-03-01T00:00")
    golog = stage.stream("golog")
    assert golog.phases[1].state == "overdue"
    assert [str(one.what) for one in golog.blocking] == ["演示单位2的岗位还没有核定"]
    assert figure(stage, "late").number == len(figure(stage, "late").cases) == 1
    assert all(one.phases[1].state == "done" for one in stage.board().streams if one.id != golog.id)
    assert stage.board().phases[2].state == "running", "phase 3 begins without Golog"

    stage.until("2021-03-09T00:00")
    assert escalated(stage, "golog", 2) == {
        "remind": "02-09 00:00",
        "remind_lead": "02-24 00:00",
        "overdue": "03-01 00:00",
        "archives_bureau": "03-03 00:00",
        "provincial_hrss": "03-09 00:00",
    }
    assert escalated(stage, "xining", 2) == {"remind": "02-09 00:00"}, "done on the 10th"
    assert str(stage.stream("golog").escalated_to) == "已上报省人社厅"

    for region in OTHERS:
        stage.sum_up(region)
    assert stage.board().blocked_by == (GOLOG,)
    assert (figure(stage, "received_archives_bureau").number, figure(stage, "received_provincial_hrss").number) == (
        9,
        9,
    )
    assert "consolidate_summary" not in stage.open(stage.instance), "blocked by one"

    with pytest.raises(Invalid):
        stage.do(stage.instance, "waive_or_wait", HRSS, waiver_kind="stream", waiver_reason=" ")
    stage.do(stage.instance, "waive_or_wait", HRSS, waiver_kind="stream", waiver_reason="雪灾封路，岗位核定延后办理。")
    assert stage.board().blocked_by == ()
    assert stage.stream("golog").phases[2].state == "waived"
    assert [row["reason"] for row in stage.rows(waiver)] == ["雪灾封路，岗位核定延后办理。"]

    written = {"achievements": "全省完成首次评审。", "problems": LONG, "countermeasures": LONG}
    stage.do(stage.instance, "consolidate_summary", ARCHIVES, **written)
    stage.do(stage.instance, "accept_summary", HRSS, accepted="no", remarks="补充聘用情况。")
    stage.do(stage.instance, "consolidate_summary", ARCHIVES, **written)
    stage.do(stage.instance, "accept_summary", HRSS, accepted="yes")
    assert stage.ended(stage.instance) == "programme_completed"
    (final,) = stage.rows(programme_report)
    assert (final["stats"]["received"], final["stats"]["waived"]) == (9, 1)
    assert final["stats"]["streams"][1]["reasons"] == "雪灾封路，岗位核定延后办理。"
    board = stage.board()
    assert board.programme is not None
    assert board.programme.status == "completed"
    assert [phase.state for phase in board.phases] == ["done", "done", "done"]
