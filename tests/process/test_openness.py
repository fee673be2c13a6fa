"""Policy documents: who may publish and retire them, what is refused; what anybody may read of tables and diagrams."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from engine.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from processes.openness.commands import PublishDocument, RetireDocument
from processes.openness.queries import (
    PublicParameters,
    PublicPolicies,
    PublicPolicy,
    PublicProcedure,
    PublicProcedures,
    PublicTables,
)
from processes.register.document_tables import policy_document
from processes.register.documents import NewDocument
from tests.process.province import Province

NEW = NewDocument(
    "青演示档发〔2026〕9号",
    "关于评审材料的补充通知（演示）",
    ("青海省档案局（演示）",),
    "provincial",
    2026,
    "虚构文件。",
    issued_on=date(2026, 6, 1),
    effective_on=date(2026, 6, 1),
    parent_no="实施方案（附件1）",
    clauses=[{"anchor": "第一条", "title": "材料", "text": "只交必要的材料。"}],
    fictional=True,
)


def test_the_demo_publishes_the_plans_documents_and_five_of_its_own(province: Province) -> None:
    page = province.engine.ask(PublicPolicies())
    assert page.total == 12
    assert sum(one.fictional for one in page.items) == 5
    assert all("演示" in one.title and "演示" in one.doc_no for one in page.items if one.fictional)
    assert [one.in_force for one in page.items] == [True] * 11 + [False]
    assert {"青办发〔2018〕24号", "青人才〔2019〕8号", "人社部发〔2020〕20号"} <= {one.doc_no for one in page.items}
    plan = next(one for one in page.items if one.doc_no == "实施方案（附件1）")
    shown = province.engine.ask(PublicPolicy(plan.id))
    assert shown.parent_no == "人社部发〔2020〕20号"
    assert "三（二）3" in {clause["anchor"] for clause in shown.clauses}
    assert len(shown.children) == 6


def test_a_document_is_published_once_by_those_who_may(province: Province) -> None:
    engine, owner = province.engine, province.actor("archives_bureau")
    for nobody in ("admin", "manager", "committee_office", "hr-u01", "c-001"):
        with pytest.raises(Forbidden):
            engine.run(PublishDocument(NEW, province.actor(nobody)))
    document_id = engine.run(PublishDocument(NEW, owner))["id"]
    shown = engine.ask(PublicPolicy(document_id))
    assert (shown.doc_no, shown.in_force, shown.clauses[0]["anchor"]) == (NEW.doc_no, True, "第一条")
    with pytest.raises(Conflict):
        engine.run(PublishDocument(NEW, province.actor("process_owner")))
    with pytest.raises(NotFound):
        engine.run(PublishDocument(replace(NEW, doc_no="x", parent_no="没有"), owner))


def test_what_is_missing_or_private_is_refused(province: Province) -> None:
    engine, owner = province.engine, province.actor("provincial_hrss")
    bad = replace(
        NEW,
        doc_no=" ",
        title="",
        issuers=[" "],
        level="galactic",
        issued_on=date(2025, 1, 1),
        effective_on=date(2024, 1, 1),
        clauses=[{"anchor": "", "title": "", "text": ""}],
    )
    with pytest.raises(Invalid) as invalid:
        engine.run(PublishDocument(bad, owner))
    assert set(invalid.value.errors) == {"doc_no", "title", "issuers", "level", "issued_on", "effective_on", "clauses"}
    with pytest.raises(Refused) as refused:
        engine.run(PublishDocument(replace(NEW, summary="联系 13000000001"), owner))
    assert refused.value.code == "PERSONAL_DATA"
    assert engine.ask(PublicPolicies()).total == 12


def test_a_retired_document_stays_readable_and_is_retired_once(province: Province) -> None:
    engine, owner = province.engine, province.actor("process_owner")
    document_id = engine.run(PublishDocument(NEW, owner))["id"]
    with pytest.raises(Forbidden):
        engine.run(RetireDocument(document_id, date(2026, 7, 1), "替代", province.actor("inspector")))
    with pytest.raises(Invalid):
        engine.run(RetireDocument(document_id, date(2026, 7, 1), "  ", owner))
    with pytest.raises(Refused) as early:
        engine.run(RetireDocument(document_id, date(2026, 5, 1), "替代", owner))
    assert early.value.code == "BAD_DATE"
    engine.run(RetireDocument(document_id, date(2026, 7, 1), "由新文件替代", owner))
    shown = engine.ask(PublicPolicy(document_id))
    assert (shown.in_force, shown.repealed_on, shown.retire_reason) == (False, date(2026, 7, 1), "由新文件替代")
    with pytest.raises(Refused) as again:
        engine.run(RetireDocument(document_id, date(2026, 8, 1), "再次", owner))
    assert again.value.code == "RETIRED"
    with pytest.raises(NotFound):
        engine.run(RetireDocument("none-such", date(2026, 8, 1), "没有", owner))


def test_the_database_keeps_a_document_whole(province: Province) -> None:
    for values in ({"status": "retired"}, {"repealed_on": date(2026, 1, 1)}, {"level": "x"}, {"summary": ""}):
        with pytest.raises(IntegrityError), province.engine.store.transaction() as connection:
            connection.execute(
                update(policy_document).where(policy_document.c.doc_no == "实施方案（附件1）").values(**values)
            )


def test_tables_parameters_and_procedures_are_those_in_force(province: Province) -> None:
    engine = province.engine
    assert set(engine.ask(PublicTables())) == {"D02_education_years", "D14_post_grade", "D08_vote_result"}
    told = {one.parameter.name: one.value for one in engine.ask(PublicParameters())}
    assert told["publicity.result.min_workdays"] == 5
    assert told["hardship.years_reduction"] == 1  # set by the demo, not the shipped 0
    assert not [name for name in told if name.startswith(("committee.", "expert.", "draw."))]
    keys = [one.key for one in engine.ask(PublicProcedures())]
    assert keys == sorted(keys)
    assert "P04_candidate_title_review" in keys
    assert engine.ask(PublicProcedure("P04_candidate_title_review")).content.startswith(b"<?xml")
    for key in ("D02_education_years", "none-such", ""):
        with pytest.raises(NotFound):
            engine.ask(PublicProcedure(key))
