"""Sanctions (P16) and rechecks (P17): what they do to a case wherever it stands, and to one that has ended."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import insert, select

from engine.errors import Forbidden
from engine.queries.instance_view import InstanceView
from processes.certificate.queries import MyCertificates
from processes.publicity.objections import OpenInvestigation
from processes.register import people
from processes.register.certificates import certificate
from processes.register.committee_tables import committee, count_entry
from processes.register.integrity import sanction_case
from processes.register.meetings import plan_meeting
from processes.register.notice_items import settle_item
from processes.register.notice_tables import publicity_item, publicity_notice
from processes.register.objection_tables import objection
from processes.register.rechecks import recheck
from tests.process import objecting
from tests.process.province import Province
from tests.process.test_candidate_result import voted
from tests.process.test_s01_whole_path import confirm, hire, publish_result, to_the_queue, vote


def test_fraud_found_ends_the_case_wherever_it_stands_and_bars_for_three_years(province: Province) -> None:
    """R-121: the bar runs through the corresponding day."""
    case = province.apply("c-001")
    province.tell("fraud_found", case)
    assert province.open(case) == ["decide_sanction", "verify_materials"]  # the review goes on meanwhile
    province.verify(case)
    province.sanction(case)
    assert province.closed(case)
    assert (province.status(case), province.ended(case)) == ("disqualified", "ended_by_sanction")
    assert [str(bar["until"]) for bar in province.bars("c-001")] == ["2029-06-01"]


def test_what_proves_unfounded_leaves_the_case_where_it_stood(province: Province) -> None:
    case = province.assessed()
    province.tell("fraud_found", case)
    province.decide(case)
    province.sanction(case, "unfounded")
    assert (province.status(case), province.open(case)) == ("unit_publicity", ["prepare_notice"])
    assert (province.posts("u01"), province.bars("c-001")) == ((3, 2, 1), [])
    province.publish(case)
    province.close_notice(case)
    province.submit_recommendation(case)
    assert province.status(case) == "recommended"


def test_a_case_that_ends_while_it_is_looked_into_does_not_end_the_inquiry(province: Province) -> None:
    case = province.assessed()
    province.tell("fraud_found", case)
    province.tell("cycle_cancelled", case)
    assert (province.status(case), province.open(case)) == ("withdrawn", ["decide_sanction"])
    province.sanction(case)
    assert province.closed(case)
    assert (province.status(case), len(province.bars("c-001"))) == ("disqualified", 1)


@pytest.mark.parametrize("kinds", [["credit_record"], ["disqualify", "credit_record"], ["bar"]])
def test_fraud_has_no_milder_answer(province: Province, kinds: list[str]) -> None:
    """R-121, R-08: whoever decides may add to the cancelled qualification and the three-year bar, not take away."""
    case = province.apply("c-001")
    province.tell("fraud_found", case)
    province.refused("SANCTION_TOO_MILD", province.sanction, case, kinds=kinds)
    assert province.open(case) == ["decide_sanction", "verify_materials"]
    assert province.bars("c-001") == []


@pytest.mark.parametrize(
    ("changed", "code"),
    [({"decided_on": "2026-06-02"}, "BAD_DATE"), ({"kinds": ["disqualify", "bar", "revoke"]}, "WRONG_KIND")],
)
def test_a_decision_that_does_not_fit_is_refused(province: Province, changed: dict[str, object], code: str) -> None:
    case = province.apply("c-001")
    province.tell("fraud_found", case)
    province.refused(code, province.sanction, case, **changed)


def test_the_second_person_may_return_it_and_nothing_holds_until_then(province: Province) -> None:
    case = province.apply("c-001")
    province.tell("fraud_found", case)
    decided = {"finding": "other", "facts": "隐瞒处分。", "kinds": ["disqualify"], "law_basis": "三（四）2"}
    decided |= {"decided_on": "2026-06-01", "doc_no": "演示2号"}
    province.do(case, "decide_sanction", province.actor("committee_office"), **decided)
    assert province.status(case) == "unit_review"
    hrss = province.actor("provincial_hrss")
    assert province.form(case, "confirm_sanction", hrss)["facts"] == "隐瞒处分。"
    province.do(case, "confirm_sanction", hrss, decision="return", note="请补充处分文号。")
    shown = province.form(case, "decide_sanction", province.actor("committee_office2"))
    assert (shown["sanction_return_note"], shown["facts"]) == ("请补充处分文号。", "隐瞒处分。")
    province.sanction(case, "other", kinds=["disqualify"])
    assert (province.status(case), province.bars("c-001")) == ("disqualified", [])


def test_nobody_outside_the_two_reads_what_is_alleged(province: Province) -> None:
    case = province.apply("c-001")
    province.tell("fraud_found", case)
    decided = {"finding": "unfounded", "facts": "举报内容与事实不符。"}
    province.do(case, "decide_sanction", province.actor("committee_office"), **decided)
    for reader in ("hr-u01", "region-xining", "c-001"):
        variables = province.engine.ask(InstanceView(province.actor(reader), case)).variables
        assert not {"facts", "finding", "sanction_facts"} & set(variables)


def upheld(province: Province) -> str:
    case = voted(province, "passed")
    province.tell("result_published", case)
    province.tell("publicity_closed", case, publicity_outcome="upheld")
    return case


def test_an_objection_upheld_leads_to_a_sanction(province: Province) -> None:
    case = upheld(province)
    assert (province.status(case), province.open(case)) == ("result_objection_hold", ["decide_sanction"])
    province.sanction(case)
    assert province.closed(case)
    assert (province.status(case), province.posts("u01")) == ("disqualified", (3, 2, 0))


def test_two_inquiries_at_once_end_with_the_first_sanction(province: Province) -> None:
    case = upheld(province)
    province.tell("fraud_found", case)
    assert province.open(case) == ["decide_sanction", "decide_sanction"]
    province.sanction(case)
    assert province.closed(case)
    assert province.status(case) == "disqualified"


def settled(province: Province, outcome: str) -> tuple[str, str]:
    """A published result whose one item gets this outcome when the notice closes; answers case and meeting."""
    case = to_the_queue(province)
    meeting = vote(province, {case: (21, 17, 3, 1)})
    publish_result(province, meeting)
    if outcome != "clear":
        application_id = province.application(case)["id"]
        item = province.rows(publicity_item, publicity_item.c.application_id == application_id)[-1]
        with province.engine.store.transaction() as connection:
            settle_item(connection, item["notice_id"], application_id, outcome, province.now)
    return case, meeting


def test_upheld_without_a_sanction_goes_on_to_the_certificate(province: Province) -> None:
    case, _ = settled(province, "upheld")
    province.until("2026-10-11T00:00:00")
    assert province.open(case) == ["decide_sanction"]
    province.sanction(case, "unfounded")
    assert (province.status(case), province.open(case)) == ("result_publicity", ["compile_confirmation_batch"])
    office = province.actor("committee_office")
    province.do(case, "compile_confirmation_batch", office, matches_notice=True)
    assert province.open(case) == ["confirm_titles"]


def test_nothing_is_confirmed_while_a_sanction_is_looked_into(province: Province) -> None:
    case, _ = settled(province, "clear")
    province.until("2026-10-11T00:00:00")
    province.tell("fraud_found", case)
    office = province.actor("committee_office")
    province.refused("IN_DISPUTE", province.do, case, "compile_confirmation_batch", office, matches_notice=True)
    province.sanction(case, "unfounded")
    province.do(case, "compile_confirmation_batch", office, matches_notice=True)
    province.tell("fraud_found", case)
    approved = {"decision": "approve", "doc_no": "青人社职〔2026〕9号", "date": "2026-10-11"}
    province.refused("IN_DISPUTE", province.do, case, "confirm_titles", province.actor("provincial_hrss"), **approved)


def revoke(province: Province, instance: str) -> None:
    province.sanction(instance, kinds=["revoke", "bar", "credit_record"])


def assert_revoked(province: Province, case: str, day: date) -> None:
    (made,) = province.rows(certificate)
    assert (made["status"], made["revoked_on"]) == ("revoked", day)
    assert province.status(case) == "revoked"
    (shown,) = province.engine.ask(MyCertificates(province.actor("c-001")))
    assert (shown.status, shown.revoked_on) == ("revoked", day)
    titles = province.rows(people.title_record, people.title_record.c.person_id == province.person_id("c-001"))
    assert {t["title"]: t["status"] for t in titles}["associate_research_archivist"] == "revoked"


def test_a_certificate_is_revoked_while_its_holder_waits_for_a_post(province: Province) -> None:
    """S25 for a case that stands in P14: nothing stays open, the reserved post is free."""
    case = to_the_queue(province)
    publish_result(province, vote(province, {case: (21, 17, 3, 1)}))
    confirm(province, case)
    assert province.posts("u01") == (3, 2, 1)
    province.tell("fraud_found", case)
    province.refused("SANCTION_TOO_MILD", province.sanction, case)
    revoke(province, case)
    assert province.closed(case)
    assert_revoked(province, case, date(2026, 10, 26))
    assert province.posts("u01") == (3, 2, 0)
    assert [bar["until"] for bar in province.bars("c-001")] == [date(2029, 10, 26)]


def test_s25_fraud_found_after_the_appointment_is_a_case_of_its_own(province: Province) -> None:
    case = to_the_queue(province)
    publish_result(province, vote(province, {case: (21, 17, 3, 1)}))
    confirm(province, case)
    hire(province, case)
    province.until("2026-12-15T09:00:00")
    alone = province.start("P16_integrity_sanction", province.actor("investigator"))
    (made,) = province.rows(certificate)
    investigator = province.actor("investigator")
    province.refused("NO_SUCH_CASE", province.do, alone, "name_case", investigator, case_ref="QHDA202699999")
    province.do(alone, "name_case", investigator, case_ref=made["no"])
    province.refused("BAD_DATE", province.sanction, alone, kinds=["revoke", "bar"], decided_on="2026-10-25")
    revoke(province, alone)
    assert (province.ended(alone), province.closed(alone)) == ("sanctioned", True)
    assert_revoked(province, case, date(2026, 12, 15))
    assert [bar["until"] for bar in province.bars("c-001")] == [date(2029, 12, 15)]


def test_who_works_elsewhere_by_then_is_appointed_there(province: Province) -> None:
    """The post reserved in the old unit is free; the new unit's people go on."""
    case = to_the_queue(province)
    publish_result(province, vote(province, {case: (21, 17, 3, 1)}))
    province.change_person("c-001", unit_code="u02")
    province.tell("unit_changed", case)
    office, hrss = province.actor("committee_office"), province.actor("provincial_hrss")
    province.until("2026-10-19T10:00:00")
    province.do(case, "compile_confirmation_batch", office, matches_notice=True)
    approved = {"decision": "approve", "doc_no": "青人社职〔2026〕9号", "date": "2026-10-19"}
    province.do(case, "confirm_titles", hrss, **approved)
    province.do(case, "issue_certificate", office, identity_checked=True)
    assert (province.application(case)["unit_code"], province.posts("u01")) == ("u02", (3, 2, 0))
    (task,) = province.tasks(case)
    assert task.scope == "unit:u02"


def test_a_tip_off_proven_after_the_appointment_begins_a_case_of_its_own(province: Province) -> None:
    """R-97: fraud has no time limit; nobody waits for the message of a case that has ended."""
    case = to_the_queue(province)
    publish_result(province, vote(province, {case: (21, 17, 3, 1)}))
    confirm(province, case)
    hire(province, case)
    item = publicity_item.c.application_id == province.application(case)["id"]
    result = next(row for row in province.rows(publicity_notice) if row["kind"] == "result")
    listed = next(row for row in province.rows(publicity_item, item) if row["notice_id"] == result["id"])
    late = objecting.file(province, result["id"], listed["position"])
    assert late["timely"] is False
    province.engine.run(OpenInvestigation(late["id"], objecting.INVESTIGATOR))
    province.engine.work()
    (opened,) = province.rows(objection)
    objecting.conclude(province, objecting.look_into(province, opened), "cancel")
    (begun,) = province.rows(sanction_case)
    revoke(province, begun["instance_id"])
    assert (province.ended(begun["instance_id"]), province.status(case)) == ("sanctioned", "revoked")


def test_begun_by_itself_over_a_case_that_runs_it_is_handed_to_that_case(province: Province) -> None:
    case = province.apply("c-001")
    office = province.actor("committee_office")
    alone = province.start("P16_integrity_sanction", office, application_id=province.application(case)["id"])
    assert province.ended(alone) == "handed_over"
    assert province.open(case) == ["decide_sanction", "verify_materials"]
    with pytest.raises(Forbidden):
        province.start("P16_integrity_sanction", province.actor("hr-u01"))


def test_what_was_decided_is_kept_with_both_persons(province: Province) -> None:
    case = province.apply("c-001")
    province.tell("fraud_found", case)
    province.sanction(case)
    (kept,) = province.rows(sanction_case)
    assert (kept["decided_by"], kept["confirmed_by"], kept["outcome"]) == (
        "committee_office",
        "provincial_hrss",
        "sanctioned",
    )


# -- recheck ------------------------------------------------------------------------------------------------------------


def failed(province: Province) -> str:
    case = voted(province, "failed")
    province.until("2026-09-28T16:00:00")
    province.tell("result_published", case)
    return case


@pytest.mark.parametrize("conclusion", ["no_error", "count_error", "procedure_error"])
def test_a_recheck_is_answered(province: Province, conclusion: str) -> None:
    """R-99, R-45: the post is kept until the answer, and beyond it only where the case is voted on again."""
    case = failed(province)
    province.ask_recheck(case)
    province.until("2026-10-20T09:00:00")  # the window of ten working days has lapsed meanwhile
    assert (province.posts("u01"), province.open(case)) == ((3, 2, 1), ["recheck_case"])
    shown = province.form(case, "recheck_case", province.actor("committee_office2"))
    assert {"what": "复查理由", "text": "计票有误"} in shown["recheck_facts"]
    province.answer_recheck(case, conclusion)
    (kept,) = province.rows(recheck)
    assert (kept["conclusion"], kept["answered_by"]) == (conclusion, "committee_office2")
    if conclusion == "no_error":
        assert province.closed(case)
        assert (province.status(case), province.posts("u01")) == ("voted_failed", (3, 2, 0))
    else:
        assert (province.status(case), province.posts("u01")) == ("queued_for_meeting", (3, 2, 1))
        province.tell("ballot_result", case, ballot_result="passed")
        assert province.status(case) == "voted_passed"


def test_the_answer_is_due_after_twenty_working_days(province: Province) -> None:
    case = failed(province)
    province.ask_recheck(case)
    due = province.task(case, "recheck_case").due_at
    assert due is not None
    assert due.isoformat() == "2026-10-30T16:00:00+00:00"  # 24:00 in Qinghai; the holidays of October left out


def test_who_handled_the_case_does_not_recheck_it(province: Province) -> None:
    case = failed(province)
    province.ask_recheck(case)
    province.refused("HANDLED_IT", province.answer_recheck, case, "no_error", "committee_office")
    assert province.open(case) == ["recheck_case"]


def test_who_entered_the_counts_does_not_recheck_them(province: Province) -> None:
    case = failed(province)
    application_id = province.application(case)["id"]
    with province.engine.store.transaction() as connection:
        meeting_id = plan_meeting(
            connection,
            committee_id=connection.scalar(select(committee.c.id).where(committee.c.level == "senior")),
            held_on=date(2026, 10, 9),
            place="西宁",
            mode="onsite",
            instance_id=case,
            application_ids=[application_id],
            now=province.now,
        )
        counted = {"present": 21, "yes": 10, "no": 11, "abstain": 0, "entered_at": province.now, "attempt": 1}
        given = {"meeting_id": meeting_id, "entry": "first", "application_id": application_id}
        connection.execute(insert(count_entry).values(**given, **counted, operator="committee_office2"))
    province.ask_recheck(case)
    province.refused("HANDLED_IT", province.answer_recheck, case, "no_error", "committee_office2")
    province.answer_recheck(case, "no_error", "committee_office3")
    assert province.status(case) == "voted_failed"


@pytest.mark.parametrize("ground", ["disagree", "academic"])
def test_disagreeing_with_the_experts_is_no_ground(province: Province, ground: str) -> None:
    case = failed(province)
    province.refused("INVALID", province.ask_recheck, case, ground=ground)
    assert province.open(case) == ["view_result"]
