"""Relations, recusals, groups and opinions in the register, on both databases (R-73, R-77, S09)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from engine.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from engine.store.metadata import new_id
from processes.register import attendance, experts, groups, recusals, relations, rolls
from processes.register.application_tables import recusal_request
from processes.register.expert_tables import expert, expert_relation
from processes.register.people import person as person_table
from processes.register.room_tables import group_opinion, recusal
from processes.rules.groups import Group
from processes.rules.recusal import Ruling
from tests.conftest import MakeEngine
from tests.process.room import Hall, make_hall
from tests.process.stage import OFFICE

RECUSE = Ruling(recuse=True)
GOOD = "这位申报人长期从事档案修复与编研工作，业绩扎实。" * 5


@pytest.fixture
def hall(database_url: str, make_engine: MakeEngine) -> Hall:
    return make_hall(database_url, make_engine)


def relate(hall: Hall, number: int, kind: str, case: int, source: str = "declared") -> str:
    with hall.stage.engine.store.transaction() as connection:
        account = f"c-{case + 1:03}"
        person_id = connection.execute(select(person_table.c.id).where(person_table.c.account == account)).scalar_one()
        return experts.relate(
            connection,
            hall.expert(number),
            kind,
            person_id=person_id,
            source=source,
            by="committee_office",
            now=hall.stage.now,
        )


def apply(hall: Hall, **rulings: Ruling) -> int:
    return int(hall.do(recusals.apply_grounds, rulings, by="committee_office", now=hall.stage.now))


def back(hall: Hall, case: int) -> set[int]:
    found = hall.ask(recusals.recused, hall.cases[case])
    return {number for number, one in enumerate(hall.ids, 1) if one in found}


def test_grounds_are_kinds_without_names_and_rulings_become_recusals(hall: Hall) -> None:
    relate(hall, 7, "kin", 1)
    relate(hall, 11, "kin", 1)
    relate(hall, 2, "co_author", 0)
    relate(hall, 27, "kin", 0)  # a reserve is not on the roll
    assert hall.ask(recusals.grounds) == ["co_author", "kin"]
    with pytest.raises(Refused) as open_question:
        apply(hall, kin=RECUSE)
    assert open_question.value.code == "GROUND_UNDECIDED"
    assert apply(hall, kin=RECUSE, co_author=Ruling(recuse=False)) == 2
    assert apply(hall, kin=RECUSE, co_author=Ruling(recuse=False)) == 0
    assert (back(hall, 0), back(hall, 1), back(hall, 2)) == (set(), {7, 11}, set())


def test_kin_may_have_to_keep_away_from_the_whole_meeting(hall: Hall) -> None:
    relate(hall, 7, "kin", 1)
    assert apply(hall, kin=Ruling(recuse=True, whole_meeting=True)) == 3
    assert [back(hall, case) for case in range(3)] == [{7}] * 3
    with pytest.raises(Refused) as kept_away:
        hall.come([7], OFFICE)
    assert kept_away.value.code == "EXCLUDED"
    assert hall.ask(attendance.present) == frozenset()


def test_colleagues_and_applicants_are_found_by_the_register_itself(database_url: str, make_engine: MakeEngine) -> None:
    hall = make_hall(database_url, make_engine, called=False)
    with hall.stage.engine.store.transaction() as connection:
        connection.execute(update(expert).where(expert.c.id == hall.expert(3)).values(unit_code="u01"))
        connection.execute(update(expert).where(expert.c.id == hall.expert(4)).values(account="c-001"))
    hall.do(rolls.call_roll, now=hall.stage.now)
    assert hall.ask(recusals.grounds) == ["same_unit", "self"]
    assert apply(hall, same_unit=RECUSE, self=RECUSE) == 4
    assert (back(hall, 0), back(hall, 1)) == ({3, 4}, {3})
    assert hall.do(relations.detect, now=hall.stage.now) == 0
    found = hall.stage.rows(expert_relation, expert_relation.c.kind == "same_unit")[0]
    how = {"by": "committee_office", "now": hall.stage.now}
    with pytest.raises(Refused, match="NOTE_MISSING"):
        hall.do(recusals.dismiss_relation, found["id"], note=" ", **how)
    assert hall.do(recusals.dismiss_relation, found["id"], note="同名单位，查无此人事关系", **how) == 3
    assert (back(hall, 0), back(hall, 1)) == ({4}, set())
    assert hall.ask(recusals.grounds) == ["self"]
    assert hall.do(relations.detect, now=hall.stage.now) == 0  # looked at, and not brought up again
    assert {row["lifted_by"] for row in hall.stage.rows(recusal)} == {None, "committee_office"}


def test_what_an_expert_declared_is_not_for_the_office_to_dismiss(hall: Hall) -> None:
    relation = relate(hall, 7, "kin", 1)
    with pytest.raises(Refused, match="NOT_DETECTED"):
        hall.do(recusals.dismiss_relation, relation, note="不是", by="committee_office", now=hall.stage.now)


def test_a_recusal_is_declared_before_the_round_opens_or_not_at_all(hall: Hall) -> None:
    hall.come(range(1, 19), OFFICE)
    hall.begin()
    how: dict[str, Any] = {"by": "x", "now": hall.stage.now}
    hall.do(recusals.declare, hall.cases[0], hall.expert(2), ground="mentor_student", **how)
    with pytest.raises(Conflict):
        hall.do(recusals.declare, hall.cases[0], hall.expert(2), ground="kin", **how)
    with pytest.raises(Refused, match="BAD_GROUND"):
        hall.do(recusals.declare, hall.cases[0], hall.expert(3), ground="neighbour", **how)
    with pytest.raises(NotFound):
        hall.do(recusals.declare, hall.cases[0], hall.expert(27), ground="kin", **how)
    with pytest.raises(NotFound):
        hall.do(recusals.declare, new_id(), hall.expert(3), ground="kin", **how)
    hall.open(0)
    with pytest.raises(Refused) as late:
        hall.do(recusals.declare, hall.cases[0], hall.expert(4), ground="kin", **how)
    assert late.value.code == "ROUND_BEGUN"
    assert "作废" in str(late.value.text)
    hall.do(recusals.declare, hall.cases[1], hall.expert(4), ground="kin", **how)


def test_the_office_rules_on_a_candidates_blind_request(hall: Hall) -> None:
    asked = []
    with hall.stage.engine.store.transaction() as connection:
        for name in ("演示member-05", "查无此人"):
            request = {"id": new_id(), "application_id": hall.cases[0], "name": name, "reason": "有过纠纷"}
            connection.execute(insert(recusal_request).values(**request))
            asked.append(request["id"])
    seen = {one.name: one.matches for one in hall.ask(recusals.requests)}
    assert seen == {"演示member-05": (hall.expert(5),), "查无此人": ()}
    how: dict[str, Any] = {"by": "committee_office", "now": hall.stage.now, "ground": "dispute"}
    with pytest.raises(Refused, match="EXPERT_MISSING"):
        hall.do(recusals.rule_on_request, asked[0], granted=True, expert_id=None, note="属实", **how)
    hall.do(recusals.rule_on_request, asked[0], granted=True, expert_id=hall.expert(5), note="属实", **how)
    with pytest.raises(Conflict):
        hall.do(recusals.rule_on_request, asked[0], granted=False, expert_id=None, note="再议", **how)
    hall.do(recusals.rule_on_request, asked[1], granted=False, expert_id=None, note="名单上没有此人", **how)
    assert back(hall, 0) == {5}
    assert [row["source"] for row in hall.stage.rows(recusal)] == ["candidate"]


def arrange(hall: Hall, *given: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    made = [
        Group(tuple(hall.expert(n) for n in members), hall.expert(members[0]), tuple(hall.cases[c] for c in cases))
        for members, cases in given
    ]
    hall.do(groups.arrange, made, by="committee_office", now=hall.stage.now)


def test_groups_of_three_read_every_case_once_and_nobody_what_they_stand_back_from(hall: Hall) -> None:
    with pytest.raises(Refused) as nothing:
        hall.ask(groups.check_groups)
    assert nothing.value.facts == {"unread": 3}
    relate(hall, 2, "kin", 1)
    apply(hall, kin=RECUSE)
    for given, facts in (
        ((((1, 2), (0, 1, 2)),), {"small": 1, "recused": 1}),
        ((((1, 3, 4), (0, 1)),), {"unread": 1}),
        ((((1, 3, 4), (0, 1, 2)), ((4, 5, 6), (2,))), {"twice": 1, "doubled": 1}),
    ):
        with pytest.raises(Refused) as wrong:
            arrange(hall, *given)
        assert (wrong.value.code, wrong.value.facts) == ("GROUPS_INCOMPLETE", facts)
    arrange(hall, ((1, 3, 4), (1,)), ((2, 5, 6), (0, 2)))
    arrange(hall, ((1, 3, 4), (0, 1)), ((2, 5, 6), (2,)))
    hall.ask(groups.check_groups)
    assert [len(group.cases) for group in hall.ask(groups.arranged)] == [2, 1]
    assert hall.ask(groups.missing_opinions) == 9


def test_a_proposal_can_be_kept_as_it_is(hall: Hall) -> None:
    relate(hall, 1, "kin", 0)
    apply(hall, kin=RECUSE)
    proposed = hall.ask(groups.propose)
    assert proposed == hall.ask(groups.propose)
    hall.do(groups.arrange, proposed, by="committee_office", now=hall.stage.now)
    hall.ask(groups.check_groups)


def test_opinions_are_the_groups_own_and_a_hundred_characters_long(hall: Hall) -> None:
    arrange(hall, ((1, 2, 3), (0, 1)), ((4, 5, 6), (2,)))

    def write(number: int, case: int, **values: Any) -> None:
        given = {"strengths": GOOD, "weaknesses": "", "recommendation": "approve", "scores": {}, **values}
        hall.do(groups.write_opinion, hall.cases[case], hall.expert(number), **given, now=hall.stage.now)

    write(1, 0)
    write(1, 0, weaknesses="论文较少。", scores={"能力": 90})
    row = hall.stage.rows(group_opinion)[0]
    assert (row["version"], row["scores"]) == (2, {"能力": 90})
    with pytest.raises(Forbidden):
        write(4, 0)
    for wrong, errors in (
        ({"strengths": "好" * 60, "weaknesses": "无" * 39}, "strengths"),
        ({"strengths": "", "weaknesses": GOOD}, "strengths"),
        ({"recommendation": "maybe"}, "recommendation"),
        ({"scores": {"能力": 101}}, "scores"),
    ):
        with pytest.raises(Invalid) as invalid:
            write(2, 0, **wrong)
        assert list(invalid.value.errors) == [errors]
    write(2, 0, strengths="好" * 60, weaknesses="无" * 40)
    with pytest.raises(IntegrityError), hall.stage.engine.store.transaction() as connection:
        connection.execute(update(group_opinion).values(strengths="好", weaknesses=""))
    assert hall.ask(groups.missing_opinions) == 7
    hall.do(recusals.declare, hall.cases[0], hall.expert(2), ground="other", by="x", now=hall.stage.now)
    assert hall.ask(groups.missing_opinions) == 7
    assert [row["expert_id"] for row in hall.ask(groups.opinions, hall.cases[0])] == [hall.expert(1)]
    with pytest.raises(NotFound):
        write(2, 0)
    hall.come(range(1, 18), OFFICE)
    hall.begin()
    with pytest.raises(Refused, match="SESSION_BEGUN"):
        write(1, 0)


def test_a_replaced_member_leaves_a_gap_in_the_group(hall: Hall) -> None:
    arrange(hall, ((1, 2, 3), (0, 1, 2)))
    how = {"reason": "因病", "by": "committee_office", "now": hall.stage.now}
    hall.do(rolls.replace_member, hall.expert(2), hall.expert(26), **how)
    with pytest.raises(Refused) as gap:
        hall.ask(groups.check_groups)
    assert gap.value.facts == {"small": 1}


def test_interviews_are_kept_and_may_be_corrected(hall: Hall) -> None:
    how: dict[str, Any] = {"record": "答辩二十分钟。", "by": "committee_office", "now": hall.stage.now}
    hall.do(groups.record_interview, hall.cases[0], mode="interview", conclusion="良好", **how)
    hall.do(groups.record_interview, hall.cases[0], mode="interview", conclusion="优秀", **how)
    assert [row["conclusion"] for row in hall.ask(groups.interviews, hall.cases[0])] == ["优秀"]
    with pytest.raises(Invalid):
        hall.do(groups.record_interview, hall.cases[0], mode="exam", conclusion=" ", **how)
    with pytest.raises(NotFound):
        hall.do(groups.record_interview, new_id(), mode="report", conclusion="好", **how)


def test_an_experts_term_is_three_years_at_most_and_a_committee_has_one_chair(hall: Hall) -> None:
    with hall.stage.engine.store.transaction() as connection:
        new = experts.NewExpert(
            account="late",
            name="演示",
            title="archivist",
            unit_name="某馆",
            sector="archives",
            term_from=date(2025, 1, 1),
            term_to=date(2028, 1, 1),
        )
        with pytest.raises(Refused, match="TERM_TOO_LONG"):
            experts.add_expert(connection, new, now=hall.stage.now)
        committee_id = hall.meeting()["committee_id"]
        for seats in ([experts.Seat(one) for one in hall.ids[:25]], [experts.Seat(hall.ids[0], "chair")]):
            with pytest.raises(Refused, match="BAD_SEATS"):
                experts.seat_members(connection, committee_id, seats)
