"""From the meeting to the end: what the ballot, the public notice and a recheck do to a case (P04)."""

from __future__ import annotations

import pytest

from engine.errors import Invalid
from processes.candidate.cases import CaseSummary
from processes.candidate.queries import OwnApplications
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


def test_a_withdrawal_in_the_result_notice_ends_it_without_a_bar(province: Province) -> None:
    case = voted(province, "passed")
    province.tell("result_published", case)
    province.tell("publicity_closed", case, publicity_outcome="withdrawn")
    assert province.closed(case)
    assert (province.status(case), province.bars("c-001")) == ("withdrawn", [])


@pytest.mark.parametrize("result", ["passed", "failed"])
def test_a_change_of_unit_between_vote_and_notice_tells_no_result(province: Province, result: str) -> None:
    """R-102: whoever failed goes on like whoever passed, and keeps the right to a recheck (R-99)."""
    case = voted(province, result)
    province.change_person("c-001", unit_code="u02")
    province.tell("unit_changed", case)
    assert told(province, case) == ("in_meeting", "in_meeting")
    assert province.open(case) == []
    assert province.posts("u01") == (3, 2, 1)
    province.until("2026-09-28T16:00:00")
    province.tell("result_published", case)
    assert province.open(case) == ([] if result == "passed" else ["view_result"])


def test_nothing_is_given_up_by_sending_an_empty_form(province: Province) -> None:
    """Who neither asks for a recheck nor says that none is wanted may still ask."""
    case = voted(province, "failed")
    province.until("2026-09-28T16:00:00")
    province.tell("result_published", case)
    with pytest.raises(Invalid) as caught:
        province.do(case, "view_result", province.actor("c-001"))
    assert set(caught.value.errors) == {"understood"}
    province.ask_recheck(case)
    assert "view_result" not in province.open(case)
