"""S04: an objection at the last second holds its item alone; one at 24:00 is a tip-off."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.queries.work_list import WorkList
from engine.store.tables import effect, message
from processes.publicity.objection_queries import ObjectionStatus
from processes.publicity.queries import NoticeView
from processes.register.application_tables import application
from processes.register.notice_tables import publicity_item
from processes.register.objections import pending_on
from tests.conftest import MakeEngine
from tests.process.objecting import (
    appoint_investigators,
    assign,
    conclude,
    file,
    found,
    instances_of_p07,
    look_into,
    notice_of,
    result_notice,
)
from tests.process.sets import set_stage
from tests.process.stage import ADMIN, SUPERVISOR, Stage, at


@pytest.fixture
def stage(database_url: str, make_engine: MakeEngine, tmp_path: Path) -> Stage:
    return set_stage(
        database_url, make_engine, tmp_path, ("publicity",), 12, then=appoint_investigators, status="voted_passed"
    )


def status(stage: Stage, number: int) -> str:
    [row] = stage.rows(application, application.c.id == stage.applications[number - 1])
    return str(row["status"])


def test_s04_an_objection_at_the_last_second(stage: Stage) -> None:
    instance = result_notice(stage)
    notice = notice_of(stage, instance)
    assert notice["closes_at"] == at("2026-10-11T00:00:00")
    stage.until("2026-10-10T23:59:59")
    first = file(stage, notice["id"], 5, real_name=True, name="演示 反映人", phone="13900001111")
    assert (first["timely"], first["kind"], first["received_at"]) == (True, "objection", at("2026-10-10T23:59:59"))
    assert status(stage, 5) == "result_objection_hold"

    # The page was opened before; the clock at which it arrives decides, even before any scheduler has looked.
    stage.engine.clock.set(at("2026-10-11T00:00:00"))  # type: ignore[attr-defined]
    assert stage.engine.ask(NoticeView(notice["id"])).state == "closed"
    second = file(stage, notice["id"], 6)
    assert (second["timely"], second["kind"], second["instance_id"]) == (False, "tip_off", None)
    stage.until("2026-10-11T00:00:00")
    assert status(stage, 6) == "result_publicity"

    outcomes = [row["outcome"] for row in stage.rows(publicity_item)]
    assert outcomes.count("clear") == 11
    [held] = stage.rows(publicity_item, publicity_item.c.hold)
    assert (held["application_id"], held["outcome"]) == (stage.applications[4], None)
    with stage.engine.store.snapshot() as connection:
        assert [pending_on(connection, each) for each in stage.applications[4:6]] == [True, False]

    assert instances_of_p07(stage) == [first["instance_id"]]
    assert found(stage, first)["due_at"] == at("2026-10-24T00:00:00")
    case = assign(stage, first)
    stage.until("2026-10-15T00:00:00")
    [task] = stage.engine.ask(WorkList(actor=ADMIN, process_instance_id=case)).items
    assert (task.element_id, task.due_at) == ("investigate", at("2026-10-24T00:00:00"))
    assert "approve_extension" not in stage.open(case)
    stage.until("2026-10-24T00:00:00")
    assert stage.open(case) == ["approve_extension", "investigate"]
    stage.do(
        case,
        "approve_extension",
        SUPERVISOR,
        extension_decision="approve",
        extension_workdays=30,
        extension_reason="须向外省单位发函核实。",
    )
    assert found(stage, first)["due_at"] == at("2026-11-21T00:00:00")
    assert stage.open(case) == ["investigate_further"]
    assert stage.task(case, "investigate_further").due_at == at("2026-11-21T00:00:00")
    progress = stage.engine.ask(ObjectionStatus(first["receipt_no"]))
    assert (progress.status, progress.extended_until) == ("investigating", at("2026-11-21T00:00:00"))
    [told] = stage.rows(effect, effect.c.kind == "notice_to_objector")
    assert told["payload"] == {
        "objection_id": first["id"],
        "template": "extension",
        "until": "2026-11-21T00:00:00+08:00",
    }


def test_s04_the_held_item_follows_when_its_objection_is_concluded(stage: Stage) -> None:
    instance = result_notice(stage)
    row = file(stage, notice_of(stage, instance)["id"], 5)
    stage.until("2026-10-11T00:00:00")
    assert stage.ended(instance) is None
    case = look_into(stage, row)
    conclude(stage, case)
    assert stage.ended(case) == "investigation_closed"
    assert stage.ended(instance) == "notice_done"
    assert {item["outcome"] for item in stage.rows(publicity_item)} == {"clear"}
    assert status(stage, 5) == "result_publicity"
    [settled] = stage.rows(message, message.c.name == "publicity_closed", message.c.state == "kept")[11:]
    assert settled["variables"]["publicity_outcome"] == "clear"
