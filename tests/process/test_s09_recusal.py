"""S09: quorum lost for one case by recusal; what D09 decides from the register, and what an expert or the office declares."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from processes.committee.commands import DeclareRecusal, ReplaceMember
from processes.register import people
from processes.register.application_tables import application
from processes.register.ballot_tables import ballot_round, ballot_token
from processes.register.expert_tables import expert
from processes.register.experts import relate
from processes.register.policies import set_parameter
from tests.conftest import NOON, MakeEngine
from tests.process.sitting import Sitting, convene, plan
from tests.process.stage import OFFICE, Stage
from tests.process.test_committee import make_stage, messages

MARKED = 3  # the case that have a relation with


def related(stage: Stage, number: int, case: str, kind: str) -> None:
    """Expert x-NN and the candidate of that case."""
    with stage.engine.store.transaction() as connection:
        expert_id = connection.execute(select(expert.c.id).where(expert.c.account == f"x-{number:02}")).scalar_one()
        who = connection.execute(select(application.c.person_id).where(application.c.id == case)).scalar_one()
        assert connection.execute(select(people.person.c.id).where(people.person.c.id == who)).first() is not None
        relate(connection, expert_id, kind, person_id=who, by="committee_office", now=stage.now)


def set_policy(stage: Stage, name: str, value: Any) -> None:
    given = {"effective_from": NOON, "source_doc": "演示文件", "actor": "process_owner", "now": NOON}
    with stage.engine.store.transaction() as connection:
        set_parameter(connection, name, value, **given)


@pytest.fixture
def stage(database_url: str, make_engine: MakeEngine, tmp_path: Path) -> Stage:
    made = make_stage(database_url, make_engine, tmp_path, 6)
    related(made, 7, made.applications[MARKED], "mentor_student")
    related(made, 11, made.applications[MARKED], "kin")
    return made


def sit(stage: Stage) -> Sitting:
    """Eighteen present, X-07 and X-11 among them; the marked case comes fourth."""
    sitting = convene(stage, 18)
    assert sitting.candidates[MARKED]["application_id"] == stage.applications[MARKED]
    return sitting


def test_one_case_is_left_over_and_all_others_are_voted_on_by_eighteen(stage: Stage) -> None:
    sitting = sit(stage)
    for number, _ in enumerate(stage.applications):
        if number == MARKED:
            sitting.open_round()
        else:
            sitting.vote(12 if number % 2 else 11, 6)
    assert sitting.open == ["announce_and_sign"]
    rows = {row["application_id"]: row for row in stage.rows(ballot_round)}
    marked = rows.pop(stage.applications[MARKED])
    assert (marked["present"], marked["recused"], marked["eligible"]) == (16, 2, 0)
    assert marked["result"] == "no_quorum"
    assert stage.rows(ballot_token, ballot_token.c.round_id == marked["id"]) == []
    assert {(row["present"], row["eligible"]) for row in rows.values()} == {(18, 18)}
    assert all((row["result"] == "passed") == (row["yes"] >= 12) for row in rows.values())
    sitting.sign()
    told = {m["application_id"]: m["ballot_result"] for m in messages(stage, "ballot_result")}
    assert told[stage.applications[MARKED]] == "deferred"
    left = stage.rows(application, application.c.id == stage.applications[MARKED])[0]
    assert left["status"] == "deferred_no_quorum"


def test_where_recusals_count_as_present_sixteen_ballots_need_twelve_of_eighteen(stage: Stage) -> None:
    set_policy(stage, "recusal.counts_present", True)
    sitting = sit(stage)
    for _ in range(MARKED):
        sitting.vote(18)
    sitting.open_round()
    voters = {who.username for who in sitting.voters()}
    assert len(voters) == 16
    assert voters.isdisjoint({"x-07", "x-11"})
    sitting.ballots(12, 4)
    sitting.close()
    row = stage.rows(ballot_round, ballot_round.c.application_id == stage.applications[MARKED])[0]
    assert (row["present"], row["eligible"], row["yes"], row["result"]) == (18, 16, 12, "passed")


def test_eleven_of_sixteen_fail_against_eighteen(stage: Stage) -> None:
    set_policy(stage, "recusal.counts_present", True)
    sitting = sit(stage)
    for _ in range(MARKED):
        sitting.vote(18)
    sitting.vote(11, 5)
    row = stage.rows(ballot_round, ballot_round.c.application_id == stage.applications[MARKED])[0]
    assert row["result"] == "failed"


def test_kin_may_keep_somebody_away_from_the_whole_meeting(stage: Stage) -> None:
    set_policy(stage, "kin_excludes_from_meeting", True)
    sitting = plan(stage)
    excluded = [row["account"] for row in sitting.roll() if row["excluded_at"] is not None]
    assert excluded == ["x-11"]
    assert all(sitting.expert_id(11) in sitting.recused(case) for case in stage.applications)


def test_having_worked_in_the_same_unit_once_is_no_ground_by_itself(stage: Stage) -> None:
    related(stage, 5, stage.applications[0], "former_unit")
    sitting = plan(stage)
    assert sitting.recused(stage.applications[0]) == frozenset()


def test_what_is_declared_in_the_room_counts_for_that_case_alone(stage: Stage) -> None:
    sitting = convene(stage, 18)
    mine = DeclareRecusal(sitting.meeting_id, stage.applications[0], "dispute", sitting.expert(2))
    stage.engine.run(mine)
    named = DeclareRecusal(
        sitting.meeting_id, stage.applications[0], "other", OFFICE, "家属在同一项目", sitting.expert_id(3)
    )
    stage.engine.run(named)
    sitting.open_round()  # 16 are left for the first case
    assert sitting.open == ["declare_recusal"]
    sitting.open_round()
    assert len(sitting.voters()) == 18


def test_a_reserve_called_in_brings_the_own_relations(stage: Stage) -> None:
    """D09 has ruled on every kind: who is called in later stands back as well."""
    related(stage, 26, stage.applications[0], "interest")
    sitting = plan(stage)
    reserve = next(row["id"] for row in stage.rows(expert) if row["account"] == "x-26")
    stage.engine.run(ReplaceMember(sitting.meeting_id, sitting.expert_id(25), reserve, "因病请假", OFFICE))
    assert sitting.recused(stage.applications[0]) == frozenset()
    sitting.prepare()
    assert sitting.recused(stage.applications[0]) == {reserve}


def test_no_kind_of_relation_and_no_name_is_told_by_the_process(stage: Stage) -> None:
    sitting = sit(stage)
    sitting.vote(18)
    said = stage.said()
    assert sitting.instance in said
    names = {row["name"] for row in sitting.roll()} | {row["account"] for row in sitting.roll()}
    assert [name for name in sorted(names) if name in said] == []
