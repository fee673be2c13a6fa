"""What nobody may learn, asked of everybody: a vote before it is public, and who in the office did what."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from engine.errors import ZhipingError
from processes.candidate.commands import Withdraw
from tests.process.province import Province
from tests.web.program import Program

Make = Callable[[str | None], Program]

LOOKING = ("c-001", "hr-u01", "leader-u01", "region-xining", "process_owner", "manager", "inspector", "admin")


def everything_said(program: Program, case: str) -> str:
    """All that the API answers this reader about a case and its tasks."""
    said = [program.get(f"process-instances/{case}"), program.events(case)]
    for task in program.get("tasks", processInstanceId=case)["items"]:
        said += [program.get(f"tasks/{task['id']}"), program.get(f"tasks/{task['id']}/form")["data"]]
    return json.dumps(said, ensure_ascii=False)


def voted(province: Province, result: str) -> str:
    case = province.queued()
    province.until("2026-09-22T17:00:00")
    province.tell("ballot_result", case, ballot_result=result)
    return case


def test_how_the_vote_went_is_not_read_before_the_notice(province: Province, program: Make) -> None:
    """R-102, through the API as through the pages; withdrawing tells nothing either."""
    case = voted(province, "failed")
    for reader in LOOKING:
        said = everything_said(program(reader), case)
        assert '"failed"' not in said, reader
        assert '"ballot_result":' not in said, reader
        assert "voted_failed" not in said, reader
    withdraw = Withdraw(province.application(case)["id"], province.actor("c-001"))
    with pytest.raises(ZhipingError) as refusal:
        province.engine.run(withdraw)
    assert refusal.value.code == "RESULT_PENDING"


def test_an_applicant_learns_where_a_case_stands_and_not_who_worked_on_it(province: Province, program: Make) -> None:
    case = province.assessed()
    mine = program("c-001")
    assert mine.look(case)["variables"] == {}
    for line in mine.events(case):
        assert line["actor"] in ("c-001", "-", None)
        assert not {"conditions", "result", "codes"} & line["data"].keys()
    assert "hr-u01" not in everything_said(mine, case)
    assert program("hr-u01").variables(case)["eligible"] is True


def test_nobody_tells_a_case_what_only_a_meeting_or_a_notice_may(province: Province, program: Make) -> None:
    """A process owner who could publish these could pass an applicant alone."""
    case = province.open_case("c-001")
    owner, correlation = program("process_owner"), {"application_id": province.application(case)["id"]}
    for name in ("ballot_result", "result_published", "publicity_closed"):
        for keep in (False, True):
            body = {"name": name, "correlation": correlation, "variables": {"ballot_result": "passed"}, "keep": keep}
            assert owner.post("messages", body, expect=403)["code"] == "FROM_PROCESSES_ONLY"


def test_what_a_starter_brings_is_dropped(province: Province, program: Make) -> None:
    forged = {"eligible": True, "item_application_ids": ["x"], "ballot_result": "passed", "unit_code": "u06"}
    case = program("c-001").start("P04_candidate_title_review", **forged)
    known = program("process_owner").variables(case)
    assert known["unit_code"] == "u01"
    assert not {"eligible", "item_application_ids", "ballot_result"} & known.keys()
