"""S01: the normal path of an integrated unit and a senior title, through every process of the shipped release."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from engine.errors import NotFound, Refused
from processes.candidate.queries import OwnApplications
from processes.demo.play import NOTICE
from processes.register.appointments import appointment
from processes.register.certificates import certificate
from processes.register.notice_tables import publicity_notice
from tests.process.province import Province
from tests.process.sitting import Hands, convene


def midnight(text: str) -> datetime:
    """24:00 in Qinghai of the day before `text`, as the register keeps it."""
    return datetime.fromisoformat(f"{text}T00:00:00+08:00").astimezone(UTC)


def closes(province: Province, case: str, kind: str) -> datetime:
    notice = publicity_notice
    row = province.rows(notice, notice.c.instance_id == case, notice.c.kind == kind)[-1]
    found: datetime = row["closes_at"]
    return found


def hands(province: Province) -> Hands:
    return Hands(*(province.actor(name) for name in ("committee_office", "committee_office2", "chair", "supervisor")))


def vote(
    province: Province,
    given: dict[str, tuple[int, int, int, int]],
    before_the_seal: Callable[[], object] = lambda: None,
    mode: str = "electronic",
) -> str:
    """The meeting of 2026-09-22: (present, yes, no, abstain) for each case, alike for all in who is present; answers its
    instance, sealed. Experts vote at their own desks, or two people enter what was counted on paper."""
    province.until("2026-09-21T09:00:00")
    present = {counts[0] for counts in given.values()}
    assert len(present) == 1
    sitting = convene(province, present.pop(), mode=mode, hands=hands(province))
    by_id = {province.application(case)["id"]: counts for case, counts in given.items()}
    listed = [by_id[row["application_id"]] for row in sitting.candidates]
    if mode == "paper":
        sitting.count(*listed)
    else:
        for _, *ballots in listed:
            sitting.vote(*ballots)
    sitting.announce()
    sitting.do("sign_minutes", sitting.hands.office, discussion="逐一介绍、评议并表决。", signature="演示记录")
    before_the_seal()
    sitting.do("countersign_minutes", sitting.hands.supervisor, signature="演示监督")
    return sitting.instance


def publish_result(province: Province, meeting: str) -> None:
    province.until("2026-09-28T16:00:00")
    province.do(meeting, "prepare_notice", province.actor("committee_office"), **NOTICE)
    province.do(meeting, "approve_notice", province.actor("committee_office2"), decision="approve")


def test_s01_from_application_to_appointment(province: Province) -> None:
    case = to_the_queue(province)
    meeting = vote(province, {case: (21, 17, 3, 1)})
    own = province.engine.ask(OwnApplications(province.actor("c-001")))[0]
    assert own.status == "in_meeting"  # nobody knows before the notice
    publish_result(province, meeting)
    assert closes(province, meeting, "result") == midnight("2026-10-11")  # (4)
    assert province.status(case) == "result_publicity"
    confirm(province, case)
    hire(province, case)
    own = province.engine.ask(OwnApplications(province.actor("c-001")))[0]
    assert own.certificate_no is not None
    assert len(own.lines) >= 11
    events: set[tuple[Any, Any]] = {(line.at, line.status) for line in own.lines}
    assert len(events) == len(own.lines)


def to_the_queue(province: Province) -> str:
    province.until("2026-06-20T09:00:00")
    case = province.apply("c-001")
    province.verify(case)
    province.assess(case)
    assert province.posts("u01") == (3, 2, 1)  # (2) the last vacancy is held
    province.decide(case)
    province.until("2026-07-06T10:00:00")
    province.publish(case)
    assert closes(province, case, "recommendation") == midnight("2026-07-14")  # (1)
    province.until("2026-07-13T23:59:59")
    assert province.open(case) == []
    province.until("2026-07-14T00:00:00")
    province.submit_recommendation(case)
    province.endorse(case)
    province.until("2026-08-14T10:00:00")
    province.review(case)
    province.until("2026-09-04T10:00:00")
    province.audit(case)
    return case


def confirm(province: Province, case: str) -> None:
    """(4) and (5): confirmed only after the result notice has closed; certificate of the meeting's day."""
    office, hrss = province.actor("committee_office"), province.actor("provincial_hrss")
    province.until("2026-10-10T23:59:59")
    assert province.open(case) == []
    province.until("2026-10-11T00:00:00")
    assert province.open(case) == ["compile_confirmation_batch"]
    province.do(case, "compile_confirmation_batch", office, matches_notice=True)
    too_early = {"decision": "approve", "doc_no": "青人社职〔2026〕9号", "date": "2026-10-10"}
    with pytest.raises(Refused):
        province.do(case, "confirm_titles", hrss, **too_early)
    province.until("2026-10-19T10:00:00")
    province.do(case, "confirm_titles", hrss, **{**too_early, "date": "2026-10-19"})
    province.until("2026-10-26T09:00:00")
    province.do(case, "issue_certificate", office, identity_checked=True)
    made = province.rows(certificate)[0]
    assert (made["effective_on"], made["issued_on"]) == (date(2026, 9, 22), date(2026, 10, 26))
    assert (made["status"], province.status(case)) == ("valid", "certified")
    # What may end an application no longer touches who holds the certificate: the sender is told, the case goes on.
    for message in ("unit_changed", "cycle_cancelled"):
        with pytest.raises(NotFound) as nobody:
            province.tell(message, case)
        assert nobody.value.code == "NOBODY_WAITS"
    assert (province.status(case), province.open(case)) == ("certified", ["prepare_notice"])
    assert not province.look(case).incidents


def hire(province: Province, case: str) -> None:
    """(6) and (7): the appointment notice, the contract, the grades of the title, the post taken."""
    hr, leader = province.actor("hr-u01"), province.actor("leader-u01")
    province.until("2026-11-02T10:00:00")
    province.do(case, "prepare_notice", hr, **NOTICE, board_photo=[province.attach(hr)])
    province.do(case, "approve_notice", leader, decision="approve")
    assert closes(province, case, "appointment") == midnight("2026-11-10")
    province.until("2026-11-10T00:00:00")
    offered = province.form(case, "appoint", hr)["grade_options"]
    assert [option["value"] for option in offered] == [5, 6, 7]
    contract = {"post_grade": 7, "contract_from": "2026-11-10", "use_special_post": False}
    with pytest.raises(Refused):
        province.do(case, "appoint", hr, **contract, contract_to="2029-11-08")
    province.do(case, "appoint", hr, **contract, contract_to="2029-11-09")
    province.do(case, "file_appointment", province.actor("region-xining"), filing_note="同意备案")
    assert province.closed(case)
    assert (province.status(case), province.posts("u01")) == ("appointed", (3, 3, 0))
    kept = province.rows(appointment)[0]
    assert (kept["post_grade"], kept["mode"]) == (7, "integrated")


def test_s01_a_failed_vote_is_told_with_the_public_notice_and_ends_after_the_recheck_window(province: Province) -> None:
    other = province.queued_in("c-020", "u05", "yushu")
    case = province.queued_in("c-001", "u01", "xining")
    meeting = vote(province, {case: (21, 10, 11, 0), other: (21, 17, 3, 1)})
    publish_result(province, meeting)
    assert province.open(case) == ["view_result"]
    assert province.status(other) == "result_publicity"
    province.until("2026-10-17T00:00:00")
    assert province.closed(case)
    assert (province.status(case), province.posts("u01")) == ("voted_failed", (3, 2, 0))


def test_s01_on_paper_the_same_counts_give_the_same_result(province: Province) -> None:
    case = province.queued_in("c-001", "u01", "xining")
    meeting = vote(province, {case: (21, 17, 3, 1)}, mode="paper")
    publish_result(province, meeting)
    assert closes(province, meeting, "result") == midnight("2026-10-11")
    assert province.status(case) == "result_publicity"
