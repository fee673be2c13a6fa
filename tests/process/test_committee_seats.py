"""Seating a committee: what is kept, what is refused in words, and who learns of it; on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from engine.commands.cancel_instance import CancelInstance
from engine.commands.suspend_instance import SuspendInstance
from engine.errors import Forbidden, NotFound
from processes.committee.commands import SeatMembers
from processes.committee.seats import Committees, OneCommittee
from processes.register.committee_tables import committee
from processes.register.expert_tables import committee_member, expert
from processes.register.experts import Seat
from tests.conftest import MakeEngine
from tests.process.sets import set_stage
from tests.process.stage import ADMIN, HRSS, OFFICE, OWNER, Stage, person
from tests.process.test_committee import planning, refused

SUPERVISOR = person("supervisor", "supervisor")


@pytest.fixture
def stage(database_url: str, make_engine: MakeEngine, tmp_path: Path) -> Stage:
    made = set_stage(database_url, make_engine, tmp_path, ("publicity", "committee"), 1)
    made.until("2026-09-15T09:00:00")
    return made


def filed(stage: Stage) -> str:
    return str(stage.rows(committee)[0]["id"])


def pool(stage: Stage) -> list[str]:
    """All experts by account: x-01 to x-33."""
    return [str(row["id"]) for row in sorted(stage.rows(expert), key=lambda row: row["account"])]


def seats(ids: list[str], members: int = 25) -> list[Seat]:
    """The last of the members presides; what is over is a reserve."""
    roles = ["member"] * (members - 1) + ["chair"]
    return [Seat(one, role) for one, role in zip(ids, roles, strict=False)] + [
        Seat(one, "member", "reserve") for one in ids[members:]
    ]


def change(stage: Stage, expert_id: str, **values: Any) -> None:
    with stage.engine.store.transaction() as connection:
        connection.execute(update(expert).where(expert.c.id == expert_id).values(**values))


def run(stage: Stage, chosen: list[Seat], actor: Any = OFFICE, **more: Any) -> Any:
    return stage.engine.run(SeatMembers(filed(stage), chosen, actor, **{"same_unit": True, **more}))


def test_members_and_reserves_are_seated_in_the_order_given(stage: Stage) -> None:
    ids = list(reversed(pool(stage)))
    assert run(stage, seats(ids)) == {"members": 25, "reserves": 8}
    shown = stage.engine.ask(OneCommittee(filed(stage), SUPERVISOR))
    assert [one.id for one in shown.members] == ids[:25]
    assert [one.position for one in shown.reserves] == list(range(1, 9))
    assert [one.id for one in shown.reserves] == ids[25:]
    assert [one.id for one in shown.members if one.role == "chair"] == [ids[24]]
    (line,) = stage.engine.ask(Committees(OFFICE))
    assert (line.members, line.reserves, line.size, line.expired) == (25, 8, 25, False)


Wrong = Callable[[Stage, list[str]], list[Seat]]


def suspended(stage: Stage, ids: list[str]) -> list[Seat]:
    change(stage, ids[3], status="suspended")
    return seats(ids)


def removed_reserve(stage: Stage, ids: list[str]) -> list[Seat]:
    change(stage, ids[30], status="removed")
    return seats(ids)


def over(stage: Stage, ids: list[str]) -> list[Seat]:
    change(stage, ids[3], term_to=date(2026, 9, 14))
    return seats(ids)


@pytest.mark.parametrize(
    ("chosen", "code", "said"),
    [
        (lambda _stage, ids: seats(ids[:24], 24), "EVEN_SIZE", "须为单数，现为 24 名"),
        (lambda _stage, _ids: [], "EVEN_SIZE", "现为 0 名"),
        (lambda _stage, ids: seats(ids[:23], 23), "BAD_SEATS", "应有 25 名委员"),
        (lambda _stage, ids: seats(ids[:27], 27), "BAD_SEATS", "现有 27 名"),
        (lambda _stage, ids: [Seat(one) for one in ids[:25]], "BAD_SEATS", "主任委员一名"),
        (lambda _stage, ids: [*seats(ids[:25]), Seat(ids[0], "member", "reserve")], "SEATED_TWICE", "两个席位"),
        (suspended, "EXPERT_UNAVAILABLE", "演示·评委04已暂停评审"),
        (removed_reserve, "EXPERT_UNAVAILABLE", "演示·评委31已移出专家库"),
        (over, "TERM_OVER", "演示·评委04的聘期到 2026年9月14日"),
    ],
)
def test_what_may_not_be_is_refused_in_words_and_nothing_changes(
    stage: Stage, chosen: Wrong, code: str, said: str
) -> None:
    before = sorted(map(tuple, (row.values() for row in stage.rows(committee_member))))
    assert said in str(refused(code, run, stage, chosen(stage, pool(stage))))
    assert sorted(map(tuple, (row.values() for row in stage.rows(committee_member)))) == before


def test_a_term_that_ends_today_is_not_over(stage: Stage) -> None:
    ids = pool(stage)
    change(stage, ids[3], term_to=date(2026, 9, 15))
    assert run(stage, seats(ids))["members"] == 25


def test_many_of_one_unit_must_be_meant(stage: Stage) -> None:
    ids = pool(stage)
    told = refused("SAME_UNIT", run, stage, seats(ids), same_unit=False)
    assert "不超过 2 名，现在超过的有：外省演示档案馆（25）" in str(told)
    for number, one in enumerate(ids):
        change(stage, one, unit_name=f"演示单位{number // 2}")
    assert run(stage, seats(ids), same_unit=False)["members"] == 25, "two of each are no more than two"


def test_the_list_of_a_running_meeting_stands(stage: Stage) -> None:
    instance, answers = planning(stage, "2026-09-22")
    stage.do(instance, "plan_meeting", OFFICE, **answers)
    told = refused("MEETING_UNDER_WAY", run, stage, seats(pool(stage)))
    assert "请在会议里递补" in str(told)
    stage.engine.run(SuspendInstance(instance, OWNER, "改期"))
    refused("MEETING_UNDER_WAY", run, stage, seats(pool(stage)))
    stage.engine.run(CancelInstance(instance, OWNER, "改期"))
    assert run(stage, seats(pool(stage)))["members"] == 25, "a meeting that was given up holds nothing"


def test_the_office_alone_seats_and_to_others_there_is_no_committee(stage: Stage) -> None:
    for actor in (SUPERVISOR, HRSS, ADMIN, person("chair", "chair"), person("x-01", "expert")):
        with pytest.raises(Forbidden):
            run(stage, seats(pool(stage)), actor)
    for actor in (HRSS, ADMIN, person("chair", "chair"), person("x-01", "expert"), person("o", "process_owner")):
        for query in (Committees(actor), OneCommittee(filed(stage), actor)):
            with pytest.raises(NotFound):
                stage.engine.ask(query)
    with pytest.raises(NotFound):
        stage.engine.ask(OneCommittee("none-such", OFFICE))
    with pytest.raises(NotFound):
        stage.engine.run(SeatMembers("none-such", seats(pool(stage)), OFFICE))
    with pytest.raises(NotFound):
        run(stage, [*seats(pool(stage)[:25]), Seat("nobody", "member", "reserve")])


def test_no_expert_is_named_in_any_history(stage: Stage) -> None:
    ids = pool(stage)
    run(stage, seats(ids))
    change(stage, ids[3], status="suspended")
    refused("EXPERT_UNAVAILABLE", run, stage, seats(ids))
    said = stage.said()
    assert '"members":25' in said.replace(" ", "")
    assert not [one for one in ids if one in said]
    assert "演示·评委" not in said
    assert "x-01" not in said
