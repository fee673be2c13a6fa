"""A result notice that is recalled and published anew leaves alone whoever is to be voted on again after a recheck (R-99)."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.store import tables as t
from processes.publicity.commands import RequestRecall
from processes.register import applications
from processes.register.application_tables import application
from processes.register.notice_tables import publicity_notice
from tests.conftest import MakeEngine
from tests.process.reached import WORDS, publish_result
from tests.process.sets import set_stage
from tests.process.stage import OFFICE, OFFICE2, Stage


@pytest.fixture
def stage(database_url: str, make_engine: MakeEngine, tmp_path: Path) -> Stage:
    return set_stage(database_url, make_engine, tmp_path, ("publicity", "committee"), 3)


def test_who_waits_for_another_vote_is_not_failed_again_by_the_first(stage: Stage) -> None:
    instance = publish_result(stage, (17, 3, 1), (10, 11, 0), (9, 12, 0))
    requeued, failed = stage.applications[1:]
    with stage.engine.store.transaction() as connection:
        applications.set_status(connection, requeued, "queued_for_meeting", now=stage.now, result_public_at=None)
    stage.until("2026-10-09T09:00:00")
    [notice] = stage.rows(publicity_notice)
    stage.engine.run(RequestRecall(notice["id"], "单位名称写错了", OFFICE2))
    stage.engine.work()
    stage.do(instance, "recall_notice", OFFICE, recall_decision="recall", recall_reason="单位名称有误，更正后重发")
    stage.do(instance, "prepare_notice", OFFICE, **WORDS, min_workdays=5)
    stage.do(instance, "approve_notice", OFFICE2, decision="approve")
    rows = {row["id"]: row for row in stage.rows(application)}
    assert (rows[requeued]["status"], rows[requeued]["result_public_at"]) == ("queued_for_meeting", None)
    assert rows[failed]["status"] == "voted_failed"
    told = [
        row["correlation"]["application_id"] for row in stage.rows(t.message, t.message.c.name == "result_published")
    ]
    assert sorted(told) == sorted(stage.applications)
