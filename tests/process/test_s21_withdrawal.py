"""S21: an applicant takes the application back. What is left of it, what it is refused for, and that nothing stays open."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from engine.store import tables as t
from processes.candidate.commands import Withdraw
from processes.register.certificates import certificate
from processes.register.notice_tables import publicity_item
from tests.process import objecting
from tests.process.province import Province
from tests.process.test_candidate_result import voted
from tests.process.test_s01_whole_path import confirm, publish_result, to_the_queue, vote


def withdraw(province: Province, case: str, who: str = "c-001") -> None:
    command = Withdraw(province.application(case)["id"], province.actor(who), "个人原因。")
    assert province.engine.run(command) == {"status": "withdrawn"}
    province.engine.work()


def left_open(province: Province, case: str) -> dict[str, int]:
    """What the tables still hold open for an instance, whatever its state says."""
    queries = {
        "tasks": select(t.task.c.id).where(t.task.c.instance_id == case, t.task.c.state == "open"),
        "timers": select(t.timer.c.id).where(t.timer.c.instance_id == case),
        "messages": select(t.waiting_message.c.id).where(t.waiting_message.c.instance_id == case),
        "jobs": select(t.job.c.id).where(t.job.c.instance_id == case),
    }
    with province.engine.store.snapshot() as connection:
        counts = {what: len(connection.execute(query).all()) for what, query in queries.items()}
    return {what: count for what, count in counts.items() if count}


def outcomes(province: Province, case: str) -> list[str | None]:
    """Of the application's items, in the order of their notices."""
    item = publicity_item.c.application_id == province.application(case)["id"]
    return [row["outcome"] for row in province.rows(publicity_item, item)]


def test_a_in_the_units_publicity(province: Province) -> None:
    other = province.assessed("c-004")
    province.set_posts("u01", "deputy_senior", approved=4)
    case = province.assessed()
    for each in (case, other):
        province.decide(each)
        province.publish(each)
    assert province.posts("u01") == (4, 2, 2)
    province.refused("NOT_FOUND", withdraw, province, case, "c-004")
    withdraw(province, case)
    assert (province.closed(case), left_open(province, case)) == (True, {})
    assert (province.status(case), province.posts("u01")) == ("withdrawn", (4, 2, 1))
    assert (outcomes(province, case), outcomes(province, other)) == (["withdrawn"], [None])
    province.refused("APPLICATION_ENDED", withdraw, province, case)
    province.close_notice(other)
    province.submit_recommendation(other)
    assert (province.status(other), outcomes(province, other)) == ("recommended", ["clear"])


def test_b_in_the_result_notice_without_a_bar(province: Province) -> None:
    other = province.queued_in("c-020", "u05", "yushu")
    case = province.queued_in("c-001", "u01", "xining")
    publish_result(province, vote(province, {case: (21, 17, 3, 1), other: (21, 17, 3, 1)}))
    withdraw(province, case)
    assert (province.closed(case), left_open(province, case)) == (True, {})
    assert (province.status(case), province.bars("c-001"), province.posts("u01")) == ("withdrawn", [], (3, 2, 0))
    province.until("2026-10-11T00:00:00")
    assert outcomes(province, case)[-1] == "withdrawn"
    assert province.rows(certificate) == []
    assert province.open(other) == ["compile_confirmation_batch"]


def test_c_not_after_the_certificate(province: Province) -> None:
    case = to_the_queue(province)
    publish_result(province, vote(province, {case: (21, 17, 3, 1)}))
    confirm(province, case)
    before = province.open(case)
    province.refused("CERTIFIED", withdraw, province, case)
    assert (province.status(case), province.open(case)) == ("certified", before)


def object_to(province: Province, case: str) -> str:
    """An objection to this case's newest item; answers the instance that looks into it, which has come to its facts."""
    item = publicity_item.c.application_id == province.application(case)["id"]
    newest = province.rows(publicity_item, item)[-1]
    filed = objecting.file(province, newest["notice_id"], newest["position"])
    assert province.status(case) == "result_objection_hold"
    return objecting.look_into(province, filed)


def test_d_no_escape_while_an_objection_on_oneself_is_looked_into(province: Province) -> None:
    other = province.queued_in("c-020", "u05", "yushu")
    case = province.queued_in("c-001", "u01", "xining")
    publish_result(province, vote(province, {case: (21, 17, 3, 1), other: (21, 17, 3, 1)}))
    investigation = object_to(province, case)
    province.refused("OBJECTION_PENDING", withdraw, province, case)
    withdraw(province, other, "c-020")  # an objection to somebody else keeps nobody
    objecting.conclude(province, investigation)
    assert province.status(case) == "result_publicity"
    withdraw(province, case)
    assert (province.status(case), left_open(province, case)) == ("withdrawn", {})


def test_d_what_is_upheld_leads_to_the_sanction_and_not_to_a_withdrawal(province: Province) -> None:
    case = to_the_queue(province)
    publish_result(province, vote(province, {case: (21, 17, 3, 1)}))
    investigation = object_to(province, case)
    objecting.conclude(province, investigation, "cancel")
    province.refused("OBJECTION_PENDING", withdraw, province, case)
    province.until("2026-10-11T00:00:00")
    assert province.open(case) == ["decide_sanction"]
    province.refused("OBJECTION_PENDING", withdraw, province, case)
    province.sanction(case)
    assert (province.status(case), left_open(province, case)) == ("disqualified", {})
    assert [str(bar["until"]) for bar in province.bars("c-001")] == ["2029-10-11"]


def test_d_no_escape_from_a_sanction_either(province: Province) -> None:
    case = voted(province, "passed")
    province.tell("result_published", case)
    province.tell("publicity_closed", case, publicity_outcome="upheld")
    province.refused("OBJECTION_PENDING", withdraw, province, case)
    assert province.open(case) == ["decide_sanction"]


def test_d_no_escape_from_an_inquiry_beside_the_case(province: Province) -> None:
    case = province.assessed()
    province.tell("fraud_found", case)
    province.refused("OBJECTION_PENDING", withdraw, province, case)
    province.sanction(case, "unfounded")
    withdraw(province, case)
    assert (province.status(case), left_open(province, case)) == ("withdrawn", {})


# -- whichever way it ends, nothing stays open ------------------------------------------------------------------------------


def cancelled(province: Province) -> str:
    case = province.assessed()
    province.tell("cycle_cancelled", case)
    return case


def sanctioned(province: Province) -> str:
    case = province.assessed()
    province.decide(case)
    province.publish(case)
    province.tell("fraud_found", case)
    province.sanction(case)
    return case


def rejected(province: Province) -> str:
    case = province.assessed()
    province.recommended(case)
    province.review(case, "rejected")
    return case


def expired(province: Province) -> str:
    case = province.open_case("c-001")
    province.until("2026-07-01T00:00:00")
    return case


def failed(province: Province) -> str:
    case = voted(province, "failed")
    province.tell("result_published", case)
    province.ask_recheck(case)
    province.answer_recheck(case, "no_error")
    return case


def withdrawn_before_the_meeting(province: Province) -> str:
    case = province.queued()
    withdraw(province, case)
    return case


@pytest.mark.parametrize("end", [cancelled, sanctioned, rejected, expired, failed, withdrawn_before_the_meeting])
def test_no_end_leaves_a_task_a_timer_or_a_message_behind(province: Province, end: Callable[[Province], str]) -> None:
    case = end(province)
    assert (province.closed(case), left_open(province, case)) == (True, {})
    assert province.posts("u01") == (3, 2, 0)
