"""What an applicant is told and is not told: the own reasons (R-100), no result before its time (R-102), nobody else's case."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from engine.errors import NotFound
from engine.queries.instance_events import InstanceEvents
from engine.queries.instance_view import InstanceView
from engine.queries.task_view import TaskForm
from engine.queries.work_list import WorkList
from processes.candidate.commands import Withdraw
from processes.candidate.queries import OwnApplication, OwnApplications
from tests.process.province import Province
from tests.process.test_candidate_result import voted
from tests.process.test_s01_whole_path import publish_result, vote


def own(province: Province, candidate: str = "c-001") -> OwnApplication:
    return province.engine.ask(OwnApplications(province.actor(candidate)))[0]


def untrue(province: Province, case: str) -> None:
    province.verify(case, authenticity="untrue")


def unethical(province: Province, case: str) -> None:
    province.verify(case)
    province.assess(case, ethics="fail")


def declined(province: Province, case: str) -> None:
    province.verify(case)
    province.assess(case)
    province.decide(case, decision="not_recommend")


def to_the_region(province: Province, case: str, decision: str) -> None:
    province.verify(case)
    province.assess(case)
    province.decide(case)
    province.publish(case)
    province.close_notice(case)
    province.submit_recommendation(case)
    province.endorse(case, decision=decision)


def not_endorsed(province: Province, case: str) -> None:
    to_the_region(province, case, "disagree")


def returned(province: Province, case: str) -> None:
    to_the_region(province, case, "return")


def rejected(province: Province, case: str) -> None:
    to_the_region(province, case, "agree")
    province.review(case, "rejected")


def audited_away(province: Province, case: str) -> None:
    to_the_region(province, case, "agree")
    province.review(case)
    province.audit(case, "failed")


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        (untrue, "unit_not_recommended", "单位核实申报材料不属实。"),
        (unethical, "unit_not_recommended", "单位考核小组评定品德不合格。"),
        (declined, "unit_not_recommended", "本年度名额有限。"),
        (not_endorsed, "not_endorsed", "推荐程序须补正。"),
        (returned, "unit_review", "推荐程序须补正。"),
        (rejected, "material_rejected", "材料逾期未补或不符合条件。"),
        (audited_away, "work_audit_failed", "代表作真实，有行业领先水平和带动作用。"),
    ],
)
def test_an_applicant_reads_why(
    province: Province, path: Callable[[Province, str], None], status: str, reason: str
) -> None:
    """R-100: the own reasons, at whatever step the application stopped."""
    province.until("2026-06-20T09:00:00")
    case = province.apply("c-001")
    path(province, case)
    told = own(province)
    assert (told.status, told.reason) == (status, reason)


def test_an_applicant_reads_the_answer_to_a_recheck(province: Province) -> None:
    case = voted(province, "failed")
    province.tell("result_published", case)
    province.ask_recheck(case)
    province.answer_recheck(case, "no_error")
    assert (own(province).status, own(province).reason) == ("voted_failed", "已核对票数与程序。")


@pytest.mark.parametrize("result", ["passed", "failed"])
def test_no_variable_and_no_event_tells_a_result_before_the_notice(province: Province, result: str) -> None:
    """R-102: candidate, unit and region may read the case; both results must look the same there."""
    case = voted(province, result)
    for reader in ("c-001", "hr-u01", "region-xining"):
        actor = province.actor(reader)
        variables = province.engine.ask(InstanceView(actor, case)).variables
        assert "ballot_result" not in variables
        events = province.engine.ask(InstanceEvents(actor, case, newest_first=True, max_results=20)).items
        at = next(n for n, event in enumerate(events) if event.element_id == "queue_for_meeting")
        assert f'"{result}"' not in json.dumps([dict(event.data) for event in events[:at]], default=str)


def test_a_second_vote_is_as_secret_as_the_first(province: Province) -> None:
    case = voted(province, "failed")
    province.tell("result_published", case)
    province.ask_recheck(case)
    province.answer_recheck(case, "procedure_error")
    province.tell("ballot_result", case, ballot_result="passed")
    told = own(province)
    assert told.status == "in_meeting"
    assert [line.status for line in told.lines if line.status.startswith("voted")] == ["voted_failed"]
    province.tell("result_published", case)
    assert own(province).status == "voted_passed"


def test_a_meeting_is_sealed_although_somebody_on_its_list_withdrew(province: Province) -> None:
    """S21: withdrawal is possible until the certificate, also between the list and the seal."""
    other = province.queued_in("c-020", "u05", "yushu")
    case = province.queued_in("c-001", "u01", "xining")
    counts = {case: (21, 17, 3, 1), other: (21, 17, 3, 1)}
    withdraw = Withdraw(province.application(other)["id"], province.actor("c-020"), "个人原因。")
    meeting = vote(province, counts, before_the_seal=lambda: province.engine.run(withdraw))
    assert (province.status(other), province.closed(other)) == ("withdrawn", True)
    publish_result(province, meeting)
    assert (province.status(case), province.status(other)) == ("result_publicity", "withdrawn")


def test_an_applicants_task_is_of_the_group_and_yet_nobody_elses(province: Province) -> None:
    """The group of the lane is `candidate`; one applicant never sees another's task or case (S12f)."""
    case = province.open_case("c-001")
    (mine,) = province.tasks(case, province.actor("c-001"))
    assert (mine.candidate_groups, mine.assignee, mine.scope) == (("candidate",), "c-001", "person:c-001")
    other = province.actor("c-002")
    assert province.engine.ask(WorkList(actor=other)).items == []
    for asked in (TaskForm(actor=other, task_id=mine.id), InstanceView(other, case)):
        with pytest.raises(NotFound):
            province.engine.ask(asked)
