"""Notices in public lists, the days that count, sendings known by their page, evidence nobody named: on both databases."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from io import BytesIO

import pytest
from sqlalchemy import select

from engine.attachments.keeping import upload
from engine.attachments.tables import attachment
from engine.clock import FixedClock
from engine.errors import NotFound
from engine.identity import pace
from engine.identity.pace import Pace
from processes.openness.evidence import SweepEvidence
from processes.openness.notices import CountedDays, FiledAs, PublicNoticeList, RunningNotices
from processes.publicity.objections import FileObjection, uploader
from processes.register.application_tables import application
from processes.register.notices import NoticeItem, approve_notice, draft_notice, publish_notice, write_notice
from tests.process.province import Province
from tests.process.stage import PIXEL

LEE = NoticeItem("演示·李明", "西宁演示区档案馆", "archivist", "associate_research_archivist", "normal", ("规范",))
TEXT = "其学历证书的编号与学校公布的名单不一致，请核实。"


def publish(province: Province, at: str, scope: str = "province") -> str:
    assert isinstance(province.engine.clock, FixedClock)
    province.engine.clock.set(datetime.fromisoformat(at))
    now = province.now
    with province.engine.store.transaction() as connection:
        ids = connection.scalars(select(application.c.id)).all()
        notice_id = draft_notice(
            connection,
            kind="result",
            scope=scope,
            publisher_group="committee_office",
            publisher_scope="province",
            items=dict.fromkeys(ids, LEE),
            instance_id="none",
            now=now,
        )
        write_notice(
            connection,
            notice_id,
            title="评审结果公示",
            body="公示。",
            min_workdays=5,
            contact_phone="0971-6120000",
            contact_email="a@example.cn",
            board_photo=[],
            prepared_by="committee_office",
            now=now,
        )
        approve_notice(connection, notice_id, approved_by="committee_office2")
        publish_notice(connection, notice_id, actor="committee_office2", now=now)
    return notice_id


def test_running_notices_come_first_and_those_of_units_never(province: Province) -> None:
    province.apply("c-001")
    first = publish(province, "2026-06-02T10:00:00+08:00")
    unit = publish(province, "2026-06-02T11:00:00+08:00", scope="unit")
    later = publish(province, "2026-06-04T10:00:00+08:00")
    engine = province.engine
    assert engine.ask(RunningNotices()) == 2
    assert isinstance(engine.clock, FixedClock)
    engine.clock.set(datetime.fromisoformat("2026-06-10T00:00:00+08:00"))  # the first has closed, the later one runs
    page = engine.ask(PublicNoticeList())
    assert [(one.id, one.state, one.items) for one in page.items] == [(later, "open", 1), (first, "closed", 1)]
    assert page.total == 2
    assert engine.ask(PublicNoticeList(max_results=1, first_result=1)).items[0].id == first
    assert engine.ask(PublicNoticeList(kind="quota")).items == []
    with pytest.raises(NotFound):
        engine.ask(CountedDays(unit))
    days = engine.ask(CountedDays(first))
    assert [one.day for one in days.counted] == [date(2026, 6, n) for n in (3, 4, 5, 8, 9)]
    assert not days.first_day_counts


def test_a_page_is_known_by_its_number_and_evidence_nobody_named_goes(province: Province) -> None:
    province.apply("c-001")
    notice = publish(province, "2026-06-02T10:00:00+08:00")
    engine = province.engine
    named, lost = "n" * 24, "l" * 24
    kept = upload(engine, BytesIO(PIXEL), "a.png", actor=uploader(named))
    upload(engine, BytesIO(PIXEL), "b.png", actor=uploader(lost))
    mine = upload(engine, BytesIO(PIXEL), "c.png", actor=province.actor("c-002"))
    assert engine.ask(FiledAs(named)) is None
    filed = engine.run(FileObjection(notice, 1, ("education",), TEXT, evidence=(kept.id,), nonce=named))
    assert engine.ask(FiledAs(named)) == filed["receipt_no"]
    assert engine.run(SweepEvidence(province.now + timedelta(hours=24))) == []
    assert len(engine.run(SweepEvidence(province.now + timedelta(hours=25)))) == 1
    assert {kept.id, mine.id} <= {row["id"] for row in province.rows(attachment)}
    assert engine.run(SweepEvidence(province.now + timedelta(hours=25))) == []


def test_paces_slow_down_and_are_forgotten(province: Province) -> None:
    engine, at = province.engine, province.now
    mine = (Pace("x", "192.0.2.1", 3), Pace("x", "thing", 5, timedelta(seconds=4)))
    for _ in range(3):
        assert pace.wait(engine, mine, at) == 0
        pace.count(engine, mine, at)
    assert pace.wait(engine, mine, at) == 1
    assert pace.wait(engine, (Pace("x", "192.0.2.2", 3),), at) == 0
    assert pace.wait(engine, (Pace("y", "192.0.2.1", 3),), at) == 0
    pace.count(engine, mine, at, times=20)
    assert pace.wait(engine, mine, at) == 300
    assert pace.wait(engine, mine[1:], at) == 4
    assert pace.wait(engine, mine[1:], at + timedelta(seconds=4)) == 0
    assert pace.wait(engine, mine, at + timedelta(minutes=15)) == 0
