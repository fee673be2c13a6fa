"""The printed text of a policy document: who may open a file to everybody, and what P02 publishes by itself; both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import pytest

from engine.attachments import open_, upload
from engine.errors import Invalid, NotFound, Refused
from processes.openness.commands import PublishDocument, RetireDocument
from processes.openness.queries import DocumentShown, PublicPolicies, PublicPolicy, PublicPolicyFile
from processes.register.documents import NewDocument
from processes.register.rollout_tables import issued_document
from processes.rules.workdays import local_day
from tests.conftest import MakeEngine
from tests.process.rollout import ARCHIVES, HRSS, Rollout, handlers, made
from tests.process.stage import PIXEL, at

NEW = NewDocument("青演示〔2020〕9号", "补充通知", ("省档案局",), "provincial", 2020, "只交必要的材料。")


@pytest.fixture
def stage(database_url: str, make_engine: MakeEngine, tmp_path: Path) -> Rollout:
    engine = make_engine(database_url, handlers(), attachments_url=str(tmp_path / "files"))
    engine.clock.set(at("2020-12-01T09:00"))  # type: ignore[attr-defined]
    return made(engine)


def issue(stage: Rollout, *rows: dict[str, object]) -> list[str]:
    """Hand documents in as the archives bureau; answers the ids of their files."""
    files = [stage.attach(ARCHIVES, f"正文{n}.png") for n, _ in enumerate(rows)]
    common = {"issued_on": local_day(stage.now).isoformat(), "publish_public": True}
    documents = [{**common, "file": [file], **row} for file, row in zip(files, rows, strict=True)]
    stage.do(stage.instance, "issue_documents", ARCHIVES, documents=documents)
    return files


def published(stage: Rollout) -> dict[str, DocumentShown]:
    return {one.doc_no: one for one in stage.engine.ask(PublicPolicies()).items}


def test_what_p02_issues_for_the_public_is_public_at_once(stage: Rollout) -> None:
    stage.register()
    plan = {"kind": "plan", "name": "改革实施方案", "doc_no": "青人社〔2020〕1号", "issuers": "省人社厅、 省档案局"}
    inside = {"kind": "other", "name": "内部安排", "doc_no": "青档〔2020〕2号", "publish_public": False}
    terms = {"kind": "conditions", "name": "评审条件（试行）", "doc_no": "青人社〔2020〕3号"}
    files = issue(stage, plan, inside, terms)
    assert len(stage.rows(issued_document)) == 3
    found = published(stage)
    assert set(found) == {"青人社〔2020〕1号", "青人社〔2020〕3号"}
    shown = stage.engine.ask(PublicPolicy(found["青人社〔2020〕1号"].id))
    assert (shown.title, shown.issuers, shown.level) == ("改革实施方案", ("省人社厅", "省档案局"), "provincial")
    assert (shown.issued_on, shown.issued_year, shown.fictional) == (date(2020, 12, 1), 2020, False)
    assert (shown.file_name, shown.file_size) == ("正文0.png", len(PIXEL))
    assert found["青人社〔2020〕3号"].issuers == ("青海省档案局",)
    file = stage.engine.ask(PublicPolicyFile(shown.id))
    assert file.id == files[0]
    with open_(stage.engine, file) as content:
        assert content.read() == PIXEL


def test_one_that_is_public_already_is_left_as_it_is(stage: Rollout) -> None:
    stage.register()
    by_hand = stage.engine.run(PublishDocument(replace(NEW, doc_no="青人社〔2020〕1号", title="先公开的"), HRSS))["id"]
    issue(stage, {"kind": "plan", "name": "后登记的", "doc_no": "青人社〔2020〕1号"})
    (only,) = published(stage).values()
    assert (only.id, only.title) == (by_hand, "先公开的")
    assert [row["name"] for row in stage.rows(issued_document)] == ["后登记的"]


@pytest.mark.parametrize(
    ("changed", "code"),
    [({"name": "联系人13900001234的方案"}, "PERSONAL_DATA"), ({"issued_on": "1930-01-01"}, "BAD_DATE")],
)
def test_what_may_not_be_public_refuses_the_whole_step(stage: Rollout, changed: dict[str, str], code: str) -> None:
    stage.register()
    with pytest.raises(Refused) as told:
        issue(stage, {"kind": "plan", "name": "方案", "doc_no": "一号", **changed})
    assert told.value.code == code
    assert published(stage) == {}
    assert stage.rows(issued_document) == []
    assert stage.open(stage.instance) == ["issue_documents"]


def test_only_ones_own_file_is_opened_and_it_outlives_the_sweep(stage: Rollout) -> None:
    engine = stage.engine
    file, others = stage.attach(HRSS, "正文.png"), stage.attach(ARCHIVES)
    for wrong in (others, "no-such-file"):
        with pytest.raises(Invalid) as told:
            engine.run(PublishDocument(replace(NEW, file_id=wrong), HRSS))
        assert list(told.value.errors) == ["file_id"]
    document_id = engine.run(PublishDocument(replace(NEW, file_id=file), HRSS))["id"]
    with pytest.raises(Invalid):
        engine.run(PublishDocument(replace(NEW, doc_no="又一份", file_id=file), HRSS))
    stage.until((stage.now + timedelta(days=40)).isoformat())
    upload(engine, BytesIO(PIXEL), "新的.png", actor=HRSS)  # sweeps what this person forgot
    upload(engine, BytesIO(PIXEL), "新的.png", actor=ARCHIVES)
    kept = engine.ask(PublicPolicyFile(document_id))
    assert (kept.id, kept.name) == (file, "正文.png")
    with open_(engine, kept) as content:
        assert content.read() == PIXEL
    engine.run(RetireDocument(document_id, date(2021, 1, 1), "由新文件代替", HRSS))
    assert engine.ask(PublicPolicyFile(document_id)).id == file, "retired documents stay readable"


def test_a_document_without_a_file_has_none(stage: Rollout) -> None:
    document_id = stage.engine.run(PublishDocument(NEW, HRSS))["id"]
    assert stage.engine.ask(PublicPolicy(document_id)).file_name is None
    for wrong in (document_id, "none-such"):
        with pytest.raises(NotFound):
            stage.engine.ask(PublicPolicyFile(wrong))
