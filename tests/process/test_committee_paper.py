"""The paper way through P12: recusals asked for first, two independent entries of the counts, D08 case by case, a recount."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import update

from engine.errors import Forbidden, Invalid, Refused
from processes.register.application_tables import application
from processes.register.ballot_tables import ballot_round
from processes.register.committee_tables import count_entry
from tests.conftest import MakeEngine
from tests.process.sitting import convene
from tests.process.stage import CHAIR, OFFICE, OFFICE2, SUPERVISOR, Stage
from tests.process.test_committee import make_stage, messages

# present, yes, no, abstain -> result, of a committee of 25 (S07)
TIES = [
    (20, 10, 10, 0, "failed"),
    (21, 14, 7, 0, "passed"),
    (21, 13, 8, 0, "failed"),
    (21, 14, 0, 7, "passed"),
    (21, 13, 0, 8, "failed"),
    (20, 14, 6, 0, "passed"),
]


@pytest.fixture
def stage(database_url: str, make_engine: MakeEngine, tmp_path: Path) -> Stage:
    return make_stage(database_url, make_engine, tmp_path, 3)


def test_ties_and_thresholds_case_by_case(database_url: str, make_engine: MakeEngine, tmp_path: Path) -> None:
    stage = make_stage(database_url, make_engine, tmp_path, 6)
    sitting = convene(stage, mode="paper")
    stage.until("2026-09-22T10:00:00")
    sitting.leave(21)  # 21 were there for some of the cases, 20 for the others
    sitting.count(*[row[:4] for row in TIES])
    rounds = stage.rows(ballot_round)
    found = {(r["present"], r["yes"], r["no"], r["abstain"]): r["result"] for r in rounds}
    assert found == {row[:4]: row[4] for row in TIES}
    sitting.sign()
    assert sorted(m["ballot_result"] for m in messages(stage, "ballot_result")) == ["failed"] * 3 + ["passed"] * 3


def test_a_long_list_is_decided_in_one_go(database_url: str, make_engine: MakeEngine, tmp_path: Path) -> None:
    stage = make_stage(database_url, make_engine, tmp_path, 20)
    sitting = convene(stage, 25, mode="paper")
    sitting.count(*[(25, yes, 25 - yes, 0) for yes in range(6, 26)])
    assert sitting.open == ["announce_and_sign"]
    rounds = stage.rows(ballot_round)
    assert len(rounds) == 20
    assert all((row["result"] == "passed") == (row["yes"] >= 17) for row in rounds)


def test_without_a_quorum_a_case_is_left_to_the_next_meeting(stage: Stage) -> None:
    sitting = convene(stage, mode="paper")
    stage.until("2026-09-22T10:00:00")
    for number in range(1, 6):
        sitting.leave(number)
    sitting.count((21, 17, 3, 1), (21, 13, 8, 0), (16, 0, 0, 0))
    shown = stage.form(sitting.instance, "announce_and_sign", CHAIR)["results"]
    assert [row["result_text"] for row in shown] == ["通过", "未通过", "出席不足，留待下次会议"]
    sitting.sign()
    told = {m["application_id"]: m["ballot_result"] for m in messages(stage, "ballot_result")}
    assert told == dict(zip(stage.applications, ("passed", "failed", "deferred"), strict=True))


def test_nothing_is_counted_before_recusals_were_asked_for(stage: Stage) -> None:
    sitting = convene(stage, mode="electronic")
    assert sitting.open == ["declare_recusal"]
    with pytest.raises(Invalid):
        sitting.do("declare_recusal", OFFICE)
    with pytest.raises(AssertionError, match="no open enter_counts_first"):
        stage.task(sitting.instance, "enter_counts_first")


def test_nobody_reads_a_count_before_both_are_in_nor_after_it_is_signed(stage: Stage) -> None:
    sitting = convene(stage, mode="paper")
    counts = sitting.sheet((21, 17, 3, 1), (21, 13, 8, 0), (21, 14, 7, 0))
    sitting.do("enter_counts_first", OFFICE, counts=counts)
    shown = stage.form(sitting.instance, "enter_counts_second", OFFICE2)["counts"]
    assert all(set(row) == {"number", "name"} for row in shown)
    assert stage.variable(sitting.instance, "counts") is None  # what stands on the sheet is read in its form alone
    assert '"yes"' not in stage.said()
    sitting.do("enter_counts_second", OFFICE2, counts=counts)
    sitting.sign()
    left = stage.look(sitting.instance).variables
    assert {"counts", "results", "vote", "present", "yes", "signature", "discussion"}.isdisjoint(
        key for key, value in left.items() if value is not None
    )


def test_two_entries_that_differ_are_counted_again_by_the_same_two(stage: Stage) -> None:
    sitting = convene(stage, mode="paper")
    right = sitting.sheet((21, 14, 7, 0), (21, 13, 8, 0), (21, 17, 3, 1))
    wrong = sitting.sheet((21, 14, 7, 0), (21, 14, 7, 0), (21, 17, 3, 1))
    sitting.do("enter_counts_first", OFFICE, counts=right)
    with pytest.raises((Refused, Forbidden)):
        sitting.do("enter_counts_second", OFFICE, counts=right)
    sitting.do("enter_counts_second", OFFICE2, counts=wrong)
    assert sitting.open == ["compare_counts"]
    assert stage.form(sitting.instance, "compare_counts", SUPERVISOR)["differences"] == [
        {"number": 2, "name": "演示002", "differing": "同意、不同意"}
    ]
    assert stage.rows(ballot_round) == []
    sitting.do("compare_counts", SUPERVISOR, recount_note="重新清点，第二人看错一票。")
    with pytest.raises((Refused, Forbidden)):
        sitting.do("enter_counts_first", OFFICE2, counts=right)
    for element, operator in (("enter_counts_first", OFFICE), ("enter_counts_second", OFFICE2)):
        sitting.do(element, operator, counts=right)
    assert [row["result"] for row in stage.rows(ballot_round)] == ["passed", "failed", "passed"]
    attempts = {(row["attempt"], row["entry"]) for row in stage.rows(count_entry)}
    assert attempts == {(attempt, entry) for attempt in (1, 2) for entry in ("first", "second")}


@pytest.mark.parametrize("counts", [(21, 14, 7, 1), (21, 14, 6, 0), (22, 15, 7, 0), (16, 11, 5, 0), (21, 22, 0, 0)])
def test_counts_that_cannot_be_are_refused_and_change_nothing(stage: Stage, counts: tuple[int, int, int, int]) -> None:
    sitting = convene(stage, mode="paper")
    with pytest.raises((Refused, Invalid)):
        sitting.do("enter_counts_first", OFFICE, counts=sitting.sheet(counts, (21, 21, 0, 0), (21, 21, 0, 0)))
    assert sitting.open == ["enter_counts_first"]
    assert stage.rows(count_entry) == []


def test_who_has_withdrawn_is_not_on_the_counting_sheet(stage: Stage) -> None:
    sitting = convene(stage, mode="paper")
    full = sitting.sheet((21, 17, 3, 1), (21, 13, 8, 0), (21, 14, 7, 0))
    sitting.do("enter_counts_first", OFFICE, counts=full)
    with stage.engine.store.transaction() as connection:
        where = application.c.id == stage.applications[1]
        connection.execute(update(application).where(where).values(status="withdrawn"))
    sitting.do("enter_counts_second", OFFICE2, counts=full)
    assert {row["application_id"] for row in stage.rows(ballot_round)} == {stage.applications[0], stage.applications[2]}
    sitting.sign()
    assert {m["application_id"] for m in messages(stage, "ballot_result")} == {
        stage.applications[0],
        stage.applications[2],
    }


def test_a_paper_round_found_void_is_voted_on_again_electronically(stage: Stage) -> None:
    sitting = convene(stage, mode="paper")
    sitting.count((21, 17, 3, 1), (21, 13, 8, 0), (21, 14, 7, 0))
    sitting.do("announce_and_sign", CHAIR, announcement="void", void_number=2)
    sitting.ask_void("rerun")
    sitting.confirm_void()
    sitting.vote(15, 6)
    assert sitting.open == ["announce_and_sign"]
    rounds = stage.rows(ballot_round, ballot_round.c.application_id == stage.applications[1])
    assert {(row["how"], row["void"], row["result"]) for row in rounds} == {
        ("paper", True, "failed"),
        ("box", False, "passed"),
    }
