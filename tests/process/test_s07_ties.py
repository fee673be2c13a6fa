"""S07: ties and thresholds, in secret ballots of a committee of 25."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import NotFound
from processes.committee.ballot_box import BOX
from processes.committee.commands import CastBallot
from processes.register.ballot_tables import ballot_round
from processes.register.rounds import open_round
from tests.conftest import MakeEngine
from tests.process.sitting import convene
from tests.process.stage import Stage
from tests.process.test_committee import make_stage, refused

# present, yes, no, abstain -> result
TIES = [
    (21, 14, 7, 0, "passed"),
    (21, 13, 8, 0, "failed"),
    (21, 14, 0, 7, "passed"),
    (21, 13, 0, 8, "failed"),
    (20, 10, 10, 0, "failed"),
    (20, 14, 6, 0, "passed"),
]


def test_every_row(database_url: str, make_engine: MakeEngine, tmp_path: Path) -> None:
    stage = make_stage(database_url, make_engine, tmp_path, len(TIES))
    sitting = convene(stage)
    here = 21
    for present, yes, no, abstain, _ in TIES:
        for number in range(here, present, -1):
            sitting.leave(number)
        here = present
        sitting.vote(yes, no, abstain)
    by_case = {row["application_id"]: row for row in stage.rows(ballot_round)}
    found = [by_case[case] for case in stage.applications]
    assert [(r["present"], r["yes"], r["no"], r["abstain"], r["result"]) for r in found] == TIES


@pytest.fixture
def stage(database_url: str, make_engine: MakeEngine, tmp_path: Path) -> Stage:
    return make_stage(database_url, make_engine, tmp_path, 2)


def test_who_hands_nothing_in_counts_as_present_and_as_not_yes(stage: Stage) -> None:
    """14 of 21 pass; 13 and eight who never voted do not, and the round ends by the clock."""
    sitting = convene(stage)
    sitting.vote(14)
    sitting.vote(13)
    rounds = {row["application_id"]: row for row in stage.rows(ballot_round)}
    first, second = (rounds[case] for case in stage.applications)
    assert (first["present"], first["eligible"], first["yes"], first["no"], first["result"]) == (
        21,
        21,
        14,
        0,
        "passed",
    )
    assert (second["yes"], second["result"]) == (13, "failed")
    shown = stage.form(sitting.instance, "announce_and_sign", sitting.hands.chair)["results"]
    assert [(row["yes"], row["no"], row["abstain"]) for row in shown] == [(14, 0, 7), (13, 0, 8)]


def test_no_vote_is_repeated_without_being_void(stage: Stage) -> None:
    sitting = convene(stage)
    sitting.vote(13, 8)
    case = stage.applications[0]

    def again() -> None:
        with stage.engine.store.transaction() as connection:
            open_round(connection, BOX, sitting.meeting_id, case, minutes=15, now=stage.now)

    refused("ALREADY_VOTED", again)
    assert sitting.open == ["declare_recusal"]  # of the second case


def test_nobody_has_a_casting_vote(stage: Stage) -> None:
    """The chair of the meeting presides; whoever is no member holds no ballot, and a tie fails."""
    sitting = convene(stage, 20)
    sitting.open_round()
    running = sitting.round
    assert running is not None
    with pytest.raises(NotFound):
        stage.engine.run(CastBallot(sitting.meeting_id, running["id"], "yes", sitting.hands.chair))
    sitting.ballots(10, 10)
    sitting.close()
    assert stage.rows(ballot_round)[0]["result"] == "failed"
