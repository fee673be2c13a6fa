"""From the meeting to the end: what the ballot, the public notice and a recheck do to a case (P04)."""

from __future__ import annotations

import pytest

from processes.candidate.cases import CaseSummary
from processes.candidate.commands import Withdraw
from processes.candidate.queries import OwnApplications
from processes.register.notice_tables import publicity_item
from tests.process.province import Province


def voted(province: Province, result: str) -> str:
    case = province.queued()
    province.until("2026-09-22T17:00:00")
    province.tell("ballot_result", case, ballot_result=result)
    return case


def told(province: Province, case: str) -> tuple[str, str]:
    """What the candidate and what the office's summary say."""
    own = province.engine.ask(OwnApplications(province.actor("c-001")))[0]
    summary = province.engine.ask(CaseSummary(case))
    assert summary is not None
    return own.status, summary.status


@pytest.mark.parametrize("result", ["passed", "failed"])
def test_nobody_learns_a_result_before_the_public_notice(province: Province, result: str) -> None:
    """R-102: until the notice is out both results look alike, on every page and in the diagram."""
    case = voted(province, result)
    assert told(province, case) == ("in_meeting", "in_meeting")
    assert [active.element_id for active in province.look(case).active_elements][-1] == "await_result_notice"
    province.tell("result_published", case)
    assert told(province, case) == (f"voted_{result}", f"voted_{result}")


def test_a_deferred_case_waits_for_the_next_meeting(province: Province) -> None:
    case = voted(province, "deferred")
    assert province.status(case) == "deferred_no_quorum"
    assert province.posts("u01") == (3, 2, 1)
    province.tell("ballot_result", case, ballot_result="passed")
    assert province.status(case) == "voted_passed"


def test_the_post_of_who_failed_is_kept_until_the_recheck_window_has_lapsed(province: Province) -> None:
    """R-45; ten working days from 2026-09-28 end with 2026-10-15."""
    case = voted(province, "failed")
    province.until("2026-09-28T16:00:00")
    province.tell("result_published", case)
    assert province.form(case, "view_result", province.actor("c-001"))["recheck_until_words"] == "2026年10月16日 24:00"
    province.do(case, "view_result", province.actor("c-001"), understood=True)
    assert province.posts("u01") == (3, 2, 1)
    province.until("2026-10-16T23:59:59")
    assert province.posts("u01") == (3, 2, 1)
    province.until("2026-10-17T00:00:00")
    assert province.closed(case)
    assert (province.status(case), province.posts("u01")) == ("voted_failed", (3, 2, 0))


def test_who_does_not_look_loses_only_the_recheck(province: Province) -> None:
    case = voted(province, "failed")
    province.until("2026-09-28T16:00:00")
    province.tell("result_published", case)
    province.until("2026-10-17T00:00:00")
    assert province.closed(case)
    assert province.posts("u01") == (3, 2, 0)


@pytest.mark.parametrize("conclusion", ["uphold", "revote"])
def test_a_recheck_is_answered(province: Province, conclusion: str) -> None:
    case = voted(province, "failed")
    province.tell("result_published", case)
    province.do(case, "view_result", province.actor("c-001"), want_recheck=True, ground="票数录入有误。")
    values = {"conclusion": conclusion, "reasons_text": "已核对票数与程序。"}
    assert province.form(case, "answer_recheck", province.actor("committee_office"))["ground"] == "票数录入有误。"
    province.do(case, "answer_recheck", province.actor("committee_office"), **values)
    if conclusion == "uphold":
        assert province.closed(case)
        assert (province.status(case), province.posts("u01")) == ("voted_failed", (3, 2, 0))
    else:
        assert (province.status(case), province.posts("u01")) == ("queued_for_meeting", (3, 2, 1))


def test_an_objection_upheld_leads_to_a_sanction(province: Province) -> None:
    case = voted(province, "passed")
    province.tell("result_published", case)
    province.tell("publicity_closed", case, publicity_outcome="upheld")
    assert province.status(case) == "result_objection_hold"
    province.sanction(case, "record_sanction")
    assert province.closed(case)
    assert (province.status(case), province.posts("u01")) == ("disqualified", (3, 2, 0))


def withdraw(province: Province, case: str, who: str = "c-001") -> None:
    command = Withdraw(province.application(case)["id"], province.actor(who), "个人原因。")
    assert province.engine.run(command) == {"status": "withdrawn"}
    province.engine.work()


def test_s21_withdrawn_during_the_units_publicity(province: Province) -> None:
    case = province.assessed()
    province.decide(case)
    province.publish(case)
    item = publicity_item.c.application_id == province.application(case)["id"]
    province.refused("NOT_FOUND", withdraw, province, case, "c-004")
    withdraw(province, case)
    assert province.closed(case)
    assert (province.status(case), province.posts("u01")) == ("withdrawn", (3, 2, 0))
    assert [row["outcome"] for row in province.rows(publicity_item, item)] == ["withdrawn"]
    province.refused("APPLICATION_ENDED", withdraw, province, case)


def test_s21_no_escape_from_an_objection(province: Province) -> None:
    case = voted(province, "passed")
    province.tell("result_published", case)
    province.tell("publicity_closed", case, publicity_outcome="upheld")
    province.refused("OBJECTION_PENDING", withdraw, province, case)
    assert province.open(case) == ["record_sanction"]


def test_s21_withdrawn_after_the_vote_without_a_bar(province: Province) -> None:
    case = voted(province, "passed")
    province.tell("result_published", case)
    withdraw(province, case)
    assert province.closed(case)
    assert (province.status(case), province.bars("c-001")) == ("withdrawn", [])


def test_a_withdrawal_in_the_result_notice_ends_it_without_a_bar(province: Province) -> None:
    case = voted(province, "passed")
    province.tell("result_published", case)
    province.tell("publicity_closed", case, publicity_outcome="withdrawn")
    assert province.closed(case)
    assert (province.status(case), province.bars("c-001")) == ("withdrawn", [])
