"""S05 c and d: a stop of the service is known and compensated by two persons; two schedulers close a window once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from engine.clock import FixedClock
from engine.commands.beat import Beat
from engine.config import Settings
from engine.engine import Engine
from engine.errors import Forbidden, Refused
from engine.store import tables as t
from processes.publicity.outages import ConfirmCompensation, OfferCompensation, Outages
from processes.publicity.queries import NoticeView
from processes.register.certificates import check_confirmable
from processes.register.notice_tables import notice_window, publicity_item
from processes.register.objections import pending_on
from tests.conftest import MakeEngine
from tests.process.objecting import appoint_investigators, conclude, file, look_into, notice_of, result_notice
from tests.process.sets import set_stage
from tests.process.stage import HR, OFFICE, OFFICE2, SUPERVISOR, Stage, at, registry


@pytest.fixture
def stage(database_url: str, make_engine: MakeEngine, tmp_path: Path) -> Stage:
    return set_stage(
        database_url, make_engine, tmp_path, ("publicity",), 3, then=appoint_investigators, status="voted_passed"
    )


def stand_still(stage: Stage, last: str, again: str) -> None:
    """The background work gave its last sign of life at one instant and the next one at the other."""
    stage.until(last)
    stage.engine.run(Beat())
    stage.engine.clock.set(at(again))  # type: ignore[attr-defined]
    assert stage.engine.run(Beat()) is True
    stage.engine.work()


def test_s05c_an_outage_over_the_end_of_a_window(stage: Stage) -> None:
    instance = result_notice(stage)
    notice_id = notice_of(stage, instance)["id"]
    stand_still(stage, "2026-10-10T22:00:00", "2026-10-11T02:00:00")
    closed = notice_of(stage, instance)
    assert (closed["closed_effective_at"], closed["closed_at"]) == (
        at("2026-10-11T00:00:00"),
        at("2026-10-11T02:00:00"),
    )
    [outage] = stage.engine.ask(Outages(OFFICE))
    assert (outage.from_at, outage.to_at) == (at("2026-10-10T22:00:00"), at("2026-10-11T02:00:00"))
    [window] = outage.windows
    assert (window.notice_id, window.closed, window.offered_until) == (notice_id, True, at("2026-10-13T00:00:00"))
    assert stage.engine.ask(Outages(HR)) == []

    with pytest.raises(Forbidden):
        stage.engine.run(OfferCompensation(outage.key, "网站中断四小时。", HR))
    offered = stage.engine.run(OfferCompensation(outage.key, "网站中断四小时。", OFFICE))["compensation_id"]
    with pytest.raises(Refused) as twice:
        stage.engine.run(OfferCompensation(outage.key, "又提一次", OFFICE2))
    assert twice.value.code == "OFFERED_ALREADY"
    with pytest.raises(Refused) as alone:
        stage.engine.run(ConfirmCompensation(offered, OFFICE))
    assert alone.value.code == "FOUR_EYES"
    given = stage.engine.run(ConfirmCompensation(offered, SUPERVISOR))
    assert given == {"windows": [{"notice_id": notice_id, "closed": True, "until": "2026-10-13T00:00:00+08:00"}]}
    with pytest.raises(Refused) as again:
        stage.engine.run(ConfirmCompensation(offered, OFFICE2))
    assert again.value.code == "CONFIRMED_ALREADY"
    shown = stage.engine.ask(NoticeView(notice_id))
    assert (shown.closes_at, shown.objections_until) == (at("2026-10-11T00:00:00"), at("2026-10-13T00:00:00"))
    assert [row["cause"] for row in stage.rows(notice_window)] == ["published", "outage"]


def test_s05c_an_objection_in_the_supplementary_period_holds_a_case_that_is_not_confirmed(stage: Stage) -> None:
    instance = result_notice(stage)
    notice_id = notice_of(stage, instance)["id"]
    stand_still(stage, "2026-10-10T22:00:00", "2026-10-11T02:00:00")
    assert stage.ended(instance) == "notice_done"
    [outage] = stage.engine.ask(Outages(OFFICE))
    offered = stage.engine.run(OfferCompensation(outage.key, "网站中断四小时。", OFFICE))["compensation_id"]
    stage.engine.run(ConfirmCompensation(offered, OFFICE2))
    stage.until("2026-10-12T23:59:59")
    row = file(stage, notice_id, 2)
    assert row["timely"] is True
    held = {item["application_id"]: (item["hold"], item["outcome"]) for item in stage.rows(publicity_item)}
    assert held[stage.applications[1]] == (True, None)
    assert held[stage.applications[0]] == (False, "clear")
    with stage.engine.store.snapshot() as connection:
        assert pending_on(connection, stage.applications[1])
        with pytest.raises(Refused) as caught:
            check_confirmable(connection, stage.applications[1])
    assert caught.value.code in ("NOT_PASSED", "NOT_CLEAR")
    stage.until("2026-10-13T00:00:00")
    assert file(stage, notice_id, 3)["timely"] is False
    conclude(stage, look_into(stage, row), "cancel")
    [item] = stage.rows(publicity_item, publicity_item.c.application_id == stage.applications[1])
    assert item["outcome"] == "upheld"
    sent = stage.rows(t.message, t.message.c.name == "fraud_found")
    assert [row["correlation"] for row in sent] == [{"application_id": stage.applications[1]}]


def test_s05_an_outage_within_a_window_moves_its_end(stage: Stage) -> None:
    instance = result_notice(stage)
    stand_still(stage, "2026-10-09T08:00:00", "2026-10-09T18:00:00")
    [outage] = stage.engine.ask(Outages(SUPERVISOR))
    assert [window.closed for window in outage.windows] == [False]
    offered = stage.engine.run(OfferCompensation(outage.key, "机房停电。", OFFICE))["compensation_id"]
    stage.engine.run(ConfirmCompensation(offered, OFFICE2))
    stage.until("2026-10-12T23:59:59")
    assert notice_of(stage, instance)["status"] == "published"
    stage.until("2026-10-13T00:00:00")
    closed = notice_of(stage, instance)
    assert (closed["status"], closed["closed_effective_at"]) == ("closed", at("2026-10-13T00:00:00"))
    # A stop in which no window was open is listed too, and nothing is to be given for it.
    stand_still(stage, "2026-10-20T08:00:00", "2026-10-20T18:00:00")
    newest = stage.engine.ask(Outages(OFFICE))[0]
    assert (newest.from_at, newest.windows) == (at("2026-10-20T08:00:00"), ())
    with pytest.raises(Refused) as caught:
        stage.engine.run(OfferCompensation(newest.key, "机房停电。", OFFICE))
    assert caught.value.code == "NOTHING_CONCERNED"


def test_a_short_silence_is_no_outage(stage: Stage) -> None:
    result_notice(stage)
    stage.engine.run(Beat())
    for minutes in (1, 1, 4):
        stage.engine.clock.set(stage.now + timedelta(minutes=minutes))  # type: ignore[attr-defined]
        assert stage.engine.run(Beat()) is False
    assert stage.engine.ask(Outages(OFFICE)) == []


def test_s05d_two_schedulers_close_a_window_once(stage: Stage, database_url: str, tmp_path: Path) -> None:
    instance = result_notice(stage)
    row = file(stage, notice_of(stage, instance)["id"], 2)
    end: datetime = at("2026-10-11T00:00:00")
    settings = Settings(database_url=database_url, data_dir=tmp_path, secret_key="test-" * 10)
    engines = [stage.engine, *(Engine(settings, registry(), clock=FixedClock(end)) for _ in range(3))]
    stage.engine.clock.set(end)  # type: ignore[attr-defined]
    start = threading.Barrier(len(engines))

    def work(engine: Engine) -> None:
        start.wait()
        engine.work()

    with ThreadPoolExecutor(len(engines)) as pool:
        for done in [pool.submit(work, engine) for engine in engines]:
            done.result()
    for engine in engines[1:]:
        engine.stop()
    stage.engine.work()
    assert len(stage.told("notice_closed", instance)) == 1
    told = stage.rows(t.message, t.message.c.name == "publicity_closed")
    assert sorted(row["correlation"]["application_id"] for row in told) == sorted(
        [stage.applications[0], stage.applications[2]]
    )
    assert row["timely"] is True
