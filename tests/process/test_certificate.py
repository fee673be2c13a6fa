"""P13 on the engine: nothing is confirmed before the result notice has closed; one certificate, checkable by anybody."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from engine.commands.beat import Beat
from engine.errors import Invalid, NotFound, Refused
from engine.store import tables as engine_tables
from processes.certificate.queries import CertificateCheck, MyCertificates
from processes.publicity.outages import ConfirmCompensation, OfferCompensation, Outages
from processes.register.application_tables import application
from processes.register.certificates import certificate, confirmation
from processes.register.people import title_record
from tests.conftest import MakeEngine
from tests.process.reached import publish_result, result_closed
from tests.process.sets import set_stage
from tests.process.stage import HRSS, OFFICE, OFFICE2, Stage, at, person


@pytest.fixture
def stage(database_url: str, make_engine: MakeEngine, tmp_path: Path) -> Stage:
    return set_stage(database_url, make_engine, tmp_path, ("publicity", "committee", "certificate"), 2)


def confirming(stage: Stage, number: int = 0) -> str:
    return stage.start("P13_confirmation_certificate", application_id=stage.applications[number])


def certify(stage: Stage, instance: str, doc_no: str = "青人社职〔2026〕（演示）9号") -> None:
    stage.do(instance, "compile_confirmation_batch", OFFICE, matches_notice=True)
    stage.do(instance, "confirm_titles", HRSS, decision="approve", doc_no=doc_no, date="2026-10-19")
    stage.until("2026-10-26T09:00:00")
    stage.do(instance, "issue_certificate", OFFICE, identity_checked=True)


def test_confirmed_certified_and_checked_by_anybody(stage: Stage) -> None:
    result_closed(stage)
    stage.until("2026-10-19T10:00:00")
    instance = confirming(stage)
    row = stage.form(instance, "compile_confirmation_batch", OFFICE)["confirmation"][0]
    assert (row["name"], row["meeting_date"], row["notice_closed"]) == (
        "演示001",
        "2026年9月22日",
        "2026年10月10日 24:00",
    )
    certify(stage, instance)
    assert stage.ended(instance) == "certified"
    made = stage.rows(certificate)[0]
    assert (made["effective_on"], made["issued_on"]) == (date(2026, 9, 22), date(2026, 10, 26))
    assert made["no"] == "QHDA202600001"
    assert stage.variable(instance, "certificate_no") == made["no"]
    assert made["code"] not in str(stage.look(instance).variables)
    shown = stage.engine.ask(CertificateCheck(made["no"], made["code"].upper()))
    assert shown is not None
    assert (shown.status, shown.name, shown.title) == ("valid", "演示001", "associate_research_archivist")
    assert stage.rows(title_record, title_record.c.title == "associate_research_archivist")[0]["obtained_on"] == date(
        2026, 9, 22
    )
    mine = stage.engine.ask(MyCertificates(person("c-001", "candidate")))
    assert [(c.no, c.code) for c in mine] == [(made["no"], made["code"])]
    assert stage.engine.ask(MyCertificates(person("c-002", "candidate"))) == []
    effects = stage.rows(engine_tables.effect)
    assert {row["kind"] for row in effects} == {"national_title_platform", "notice_to_person"}
    assert "6301" not in str([row["payload"] for row in effects])


def test_a_wrong_number_and_a_wrong_code_look_alike(stage: Stage) -> None:
    result_closed(stage)
    stage.until("2026-10-19T10:00:00")
    certify(stage, confirming(stage))
    no = stage.rows(certificate)[0]["no"]
    for number, code in ((no, "0" * 32), ("QHDA202699999", "0" * 32), (no, ""), ("", ""), (no, "汉" * 32)):
        assert stage.engine.ask(CertificateCheck(number, code)) is None


def test_nothing_is_confirmed_before_the_notice_has_closed(stage: Stage) -> None:
    publish_result(stage)
    stage.until("2026-10-10T23:59:59")
    with pytest.raises(Refused) as caught:
        confirming(stage)
    assert caught.value.code == "RESULT_NOTICE_OPEN"
    stage.until("2026-10-11T00:00:00")
    instance = confirming(stage)
    stage.do(instance, "compile_confirmation_batch", OFFICE, matches_notice=True)
    for day, code in (("2026-10-10", "BAD_DATE"), ("2026-10-12", "BAD_DATE")):
        with pytest.raises(Refused) as caught:
            stage.do(instance, "confirm_titles", HRSS, decision="approve", doc_no="文号", date=day)
        assert caught.value.code == code
    assert stage.rows(confirmation) == []
    stage.do(instance, "confirm_titles", HRSS, decision="approve", doc_no="文号", date="2026-10-11")
    assert stage.rows(application, application.c.id == stage.applications[0])[0]["status"] == "confirmed"


def test_nothing_is_confirmed_while_a_day_lost_in_an_outage_is_given_back(stage: Stage) -> None:
    """An objection of the supplementary period is in time (S05c): a confirmation would leave it nothing to hold."""
    publish_result(stage)
    stage.until("2026-10-10T22:00:00")
    stage.engine.run(Beat())
    stage.engine.clock.set(at("2026-10-11T02:00:00"))  # type: ignore[attr-defined]
    stage.engine.run(Beat())
    stage.engine.work()
    [outage] = stage.engine.ask(Outages(OFFICE))
    offered = stage.engine.run(OfferCompensation(outage.key, "网站中断四小时。", OFFICE))["compensation_id"]
    stage.engine.run(ConfirmCompensation(offered, OFFICE2))
    instance = confirming(stage)
    stage.do(instance, "compile_confirmation_batch", OFFICE, matches_notice=True)
    yes = {"decision": "approve", "doc_no": "文号"}
    stage.until("2026-10-12T23:59:59")
    with pytest.raises(Refused) as caught:
        stage.do(instance, "confirm_titles", HRSS, **yes, date="2026-10-12")
    assert caught.value.code == "RESULT_NOTICE_OPEN"
    stage.until("2026-10-13T00:00:00")
    stage.do(instance, "confirm_titles", HRSS, **yes, date="2026-10-13")
    assert stage.rows(application, application.c.id == stage.applications[0])[0]["status"] == "confirmed"


def test_the_authority_returns_with_a_reason(stage: Stage) -> None:
    result_closed(stage)
    instance = confirming(stage)
    with pytest.raises((Invalid, Refused)):
        stage.do(instance, "compile_confirmation_batch", OFFICE, matches_notice=False)
    stage.do(instance, "compile_confirmation_batch", OFFICE, matches_notice=True)
    with pytest.raises(NotFound):
        stage.do(instance, "confirm_titles", OFFICE, decision="approve", doc_no="文号", date="2026-10-11")
    with pytest.raises(Invalid) as caught:
        stage.do(instance, "confirm_titles", HRSS, decision="approve")
    assert set(caught.value.errors) == {"doc_no", "date"}
    stage.do(instance, "confirm_titles", HRSS, decision="return", note="请附公示凭证。")
    assert stage.form(instance, "compile_confirmation_batch", OFFICE)["return_note"] == "请附公示凭证。"
    stage.until("2026-10-19T10:00:00")
    certify(stage, instance)
    assert stage.ended(instance) == "certified"


def test_one_document_confirms_many_but_has_one_day(stage: Stage) -> None:
    result_closed(stage)
    stage.until("2026-10-20T10:00:00")
    first, second = confirming(stage, 0), confirming(stage, 1)
    for instance in (first, second):
        stage.do(instance, "compile_confirmation_batch", OFFICE, matches_notice=True)
    stage.do(first, "confirm_titles", HRSS, decision="approve", doc_no="九号", date="2026-10-19")
    with pytest.raises(Refused) as caught:
        stage.do(second, "confirm_titles", HRSS, decision="approve", doc_no="九号", date="2026-10-20")
    assert caught.value.code == "DOC_NO_TAKEN"
    stage.do(second, "confirm_titles", HRSS, decision="approve", doc_no="九号", date="2026-10-19")
    for instance in (first, second):
        stage.do(instance, "issue_certificate", OFFICE2, identity_checked=True)
    assert [row["no"] for row in stage.rows(certificate)] == ["QHDA202600001", "QHDA202600002"]
    assert len(stage.rows(confirmation)) == 1


def test_a_person_holds_one_standing_certificate_of_a_title(stage: Stage) -> None:
    result_closed(stage)
    stage.until("2026-10-19T10:00:00")
    certify(stage, confirming(stage))
    with stage.engine.store.snapshot() as connection:
        row = dict(connection.execute(select(certificate)).mappings().one())
    again = {**row, "id": "another", "no": "QHDA202600009", "code": "a" * 32, "application_id": stage.applications[1]}
    with pytest.raises(IntegrityError), stage.engine.store.transaction() as connection:
        connection.execute(certificate.insert().values(again))
    with pytest.raises(IntegrityError), stage.engine.store.transaction() as connection:
        connection.execute(update(certificate).values(status="revoked"))
