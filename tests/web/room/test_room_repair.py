"""A real ballot is no place for repairs: whatever an owner sends, no token of it moves and nothing it rests on is set."""

from __future__ import annotations

import pytest

from engine.commands.repairs import ProposeRepair
from engine.errors import Refused
from engine.queries.repairs import Repairable
from processes.register.application_tables import application
from tests.web.room.conftest import READER, VOTING, Hall


def test_no_token_moves_and_nothing_is_set_while_a_ballot_runs(hall) -> None:
    there: Hall = hall(VOTING)
    province, meeting = there.province, there.sitting.instance
    owner = province.actor("process_owner")
    # Those who vote, and those whose case it is, find no such page.
    for name in (READER, "c-001", "committee_office", "chair"):
        browser = there.enter(name)
        browser.open(f"/operation/cases/{meeting}/repair")
        assert browser.status == 404, name
    standing = province.engine.ask(Repairable(owner, meeting))
    ballot = [place for place in standing.places if place.element_id == "cast_ballot"]
    assert ballot
    tried = 0
    for place in standing.places:
        steps = [
            {"kind": "move", "token": place.token, "to": to} for to in ("close_round", "case_decided", "meeting_over")
        ]
        steps += [
            {"kind": "set", "token": place.token, "name": name, "value": 1}
            for name in (
                "round_id",
                "yes",
                "vote",
                "present",
                "candidates",
                "case_quorum",
                "cases_to_vote",
                "meeting_id",
            )
        ]
        for step in steps:
            with pytest.raises(Refused) as refused:
                province.engine.run(ProposeRepair(meeting, owner, "试试", [step]))
            assert refused.value.code == "REPAIR_REFUSED", step
            tried += 1
    assert tried >= 11
    # The case on the list waits for the result and is not pushed past it.
    case = province.rows(application, application.c.id == there.cases[0][0])[0]["instance_id"]
    waiting = province.engine.ask(Repairable(owner, case))
    assert {place.element_id: bool(place.fixed) for place in waiting.places if place.state != "inside"} == {
        "await_ballot": True
    }
    page = there.enter("process_owner").open(f"/operation/cases/{meeting}")
    assert "有 2 份申报等着这次会议的表决结果" in page
