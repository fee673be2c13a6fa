"""S11: no proxy, no late ballot, no second ballot, through the meeting's own process."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from engine.errors import Conflict, Forbidden, Invalid, NotFound
from processes.committee.commands import CastBallot
from processes.register.ballot_tables import ballot_round, ballot_slip, ballot_token
from tests.conftest import MakeEngine
from tests.process.sitting import Sitting, convene
from tests.process.stage import CHAIR, OFFICE, OFFICE2, Stage, person
from tests.process.test_committee import make_stage, refused

ABSENT = 22


@pytest.fixture
def sitting(database_url: str, make_engine: MakeEngine, tmp_path: Path) -> Sitting:
    """The first of two cases is being voted on; seats 1 to 21 are there."""
    made = convene(make_stage(database_url, make_engine, tmp_path, 2))
    made.open_round()
    return made


def slips(stage: Stage) -> int:
    return len(stage.rows(ballot_slip))


def test_who_is_absent_has_no_ballot(sitting: Sitting) -> None:
    """(a)"""
    with pytest.raises(Forbidden):
        sitting.cast(sitting.expert(ABSENT), "yes")
    assert slips(sitting.stage) == 0
    sitting.arrive([ABSENT])  # who comes while a round runs votes from the next one on
    with pytest.raises(Forbidden):
        sitting.cast(sitting.expert(ABSENT), "yes")
    assert slips(sitting.stage) == 0


def test_nobody_is_ticked_out_while_a_round_runs(sitting: Sitting) -> None:
    """Otherwise the office alone could take a vote away from who has not cast it, and learn from the refusal who has."""
    sitting.cast(sitting.expert(2), "yes")
    for number in (2, 3):
        refused("ROUND_RUNS", sitting.leave, number)
    sitting.cast(sitting.expert(3), "yes")
    sitting.ballots(0)
    sitting.close()
    sitting.leave(3)


def test_a_ballot_is_bound_to_who_is_logged_in(sitting: Sitting) -> None:
    """(b): there is nothing to pass on. A ballot is asked for by meeting and round, and given to the account that asks."""
    stranger = person("x-99", "expert")
    for who in (stranger, CHAIR, OFFICE):
        with pytest.raises(NotFound):
            sitting.cast(who, "yes")
    sitting.cast(sitting.expert(2), "yes")
    used = [row["expert_id"] for row in sitting.stage.rows(ballot_token) if row["used"]]
    assert used == [sitting.expert_id(2)]


def test_the_first_ballot_counts(sitting: Sitting) -> None:
    """(c)"""
    sitting.cast(sitting.expert(2), "yes")
    with pytest.raises(Conflict) as caught:
        sitting.cast(sitting.expert(2), "no")
    assert caught.value.code == "ALREADY_VOTED"
    assert [row["choice"] for row in sitting.stage.rows(ballot_slip)] == ["yes"]


@pytest.mark.parametrize("late", [0, 1])
def test_a_ballot_after_the_close_is_refused(sitting: Sitting, late: int) -> None:
    """(d): the instant of the close is late already."""
    running = sitting.round
    assert running is not None
    sitting.stage.until((running["closes_at"] + timedelta(seconds=late)).isoformat())
    assert sitting.open == ["close_round"]
    with pytest.raises(Conflict) as caught:
        sitting.stage.engine.run(CastBallot(sitting.meeting_id, running["id"], "yes", sitting.expert(2)))
    assert caught.value.code == "ROUND_CLOSED"
    assert slips(sitting.stage) == 0


def test_the_chair_cannot_add_a_later_yes(sitting: Sitting) -> None:
    """(e): only counting and voiding are offered, and a count is not among the answers."""
    sitting.ballots(13, 8)
    with pytest.raises(Invalid):
        sitting.do("close_round", CHAIR, close_decision="add_yes")
    with pytest.raises(Invalid):
        sitting.do("close_round", CHAIR, close_decision="count", yes=14)
    sitting.close()
    assert [row["result"] for row in sitting.stage.rows(ballot_round)] == ["failed"]


def test_the_round_ends_with_the_last_ballot_and_not_before(sitting: Sitting) -> None:
    for number in range(1, 21):
        sitting.cast(sitting.expert(number), "yes")
    sitting.stage.engine.work()
    assert sitting.open == []
    sitting.cast(sitting.expert(21), "abstain")
    sitting.stage.engine.work()
    assert sitting.open == ["close_round"]


def test_on_paper_a_mismatch_blocks_and_no_more_count_than_were_there(
    database_url: str, make_engine: MakeEngine, tmp_path: Path
) -> None:
    """(f)"""
    sitting = convene(make_stage(database_url, make_engine, tmp_path, 1), mode="paper")
    with pytest.raises(Invalid):
        sitting.do("enter_counts_first", OFFICE, counts=sitting.sheet((22, 15, 7, 0)))
    refused("BAD_COUNTS", sitting.do, "enter_counts_first", OFFICE, counts=sitting.sheet((20, 14, 6, 0)))
    sitting.do("enter_counts_first", OFFICE, counts=sitting.sheet((21, 14, 7, 0)))
    sitting.do("enter_counts_second", OFFICE2, counts=sitting.sheet((21, 13, 8, 0)))
    assert sitting.open == ["compare_counts"]
    assert sitting.stage.rows(ballot_round) == []
