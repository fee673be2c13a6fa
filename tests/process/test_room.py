"""The meeting room on both databases: who may do and see what, and that nobody's ballot can be found out (S11, S12)."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest
from sqlalchemy import select, update

from engine.commands.port import Once
from engine.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from engine.registry import Actor
from engine.store.metadata import metadata
from processes import office
from processes.committee.commands import (
    ArrangeGroups,
    CastBallot,
    CheckIn,
    DeclareRecusal,
    DismissRelation,
    RecordInterview,
    ReplaceMember,
    RuleOnRequest,
    WriteOpinion,
)
from processes.committee.dossier import Dossier, MeetingFile
from processes.committee.queries import MeetingRoom, MyMeetings, ResultSheet
from processes.committee.room import Room
from processes.register import ballots, meetings, rounds
from processes.register.application_tables import application, performance_item, representative_work
from processes.register.ballot_tables import ballot_slip
from processes.register.committee_tables import review_meeting
from processes.rules.groups import Group
from tests.conftest import MakeEngine
from tests.process.room import Hall, make_hall
from tests.process.stage import ADMIN, CHAIR, HR, HRSS, OFFICE, OWNER, SUPERVISOR, VICE, person

GOOD = "这位申报人长期从事档案修复与编研工作，业绩扎实。" * 5
OUTSIDERS = (ADMIN, OWNER, HR, HRSS, person("manager", "manager"), person("inspector", "inspector"))
# Where an expert may stand: the pool, the room, the tokens. No other table, above all no slip, task, event or message.
CONFIDENTIAL = {
    *("expert", "expert_relation", "committee_member", "meeting_member", "attendance", "recusal"),
    *("review_group_member", "group_opinion", "ballot_token"),
}


@pytest.fixture
def hall(database_url: str, make_engine: MakeEngine) -> Hall:
    return make_hall(database_url, make_engine)


def room(hall: Hall, actor: Actor) -> Room:
    return hall.stage.engine.ask(MeetingRoom(hall.meeting_id, actor))


def grouped(hall: Hall) -> Hall:
    """Experts 1 to 3 read the first two cases, 4 to 6 the third."""
    made = [
        Group(tuple(hall.expert(n) for n in members), hall.expert(members[0]), tuple(hall.cases[c] for c in cases))
        for members, cases in (((1, 2, 3), (0, 1)), ((4, 5, 6), (2,)))
    ]
    assert hall.stage.engine.run(ArrangeGroups(hall.meeting_id, OFFICE, made)) == {"groups": 2}
    return hall


def write(hall: Hall, number: int, case: int, **values: Any) -> None:
    given = {"strengths": GOOD, "recommendation": "approve", **values}
    hall.stage.engine.run(
        WriteOpinion(meeting_id=hall.meeting_id, application_id=hall.cases[case], actor=hall.actor(number), **given)
    )


def recuse(hall: Hall, number: int, case: int) -> None:
    hall.stage.engine.run(
        DeclareRecusal(hall.meeting_id, hall.cases[case], ground="kin", actor=hall.actor(number), note="表兄")
    )


def session(hall: Hall, people: int = 21) -> Hall:
    hall.come(range(1, people + 1), OFFICE)
    assert hall.begin()
    return hall


def vote(hall: Hall, case: int, yes: int, voters: list[int]) -> str:
    round_id = hall.open(case)
    for place, number in enumerate(voters):
        hall.cast(number, round_id, "yes" if place < yes else "no" if place % 2 else "abstain")
    hall.close(round_id)
    row = hall.ask(rounds.standing_round, hall.cases[case])
    result = "passed" if 3 * row["yes"] >= 2 * row["present"] else "failed"
    hall.do(rounds.record_result, hall.cases[case], result, now=hall.stage.now)
    return round_id


def everything(hall: Hall) -> dict[str, str]:
    """Every row of every table as text, table by table."""
    found = {}
    with hall.stage.engine.store.snapshot() as connection:
        for name, table in metadata.tables.items():
            rows = [list(row) for row in connection.execute(select(table))]
            found[name] = "\n".join(
                " ".join(
                    one.hex() + " " + one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one)
                    for one in row
                )
                for row in rows
            )
    return found


def test_after_the_vote_nobody_can_be_joined_to_a_choice(hall: Hall) -> None:
    """The whole meeting with refusals of every kind; then every column of every table is searched."""
    grouped(hall)
    write(hall, 1, 0)
    recuse(hall, 3, 2)
    with pytest.raises(Invalid):
        write(hall, 2, 0, strengths="好")
    with pytest.raises(Forbidden):
        write(hall, 4, 0)
    hall.stage.engine.run(ReplaceMember(hall.meeting_id, hall.expert(25), hall.expert(26), "因病", OFFICE))
    session(hall, 21)
    round_id = hall.open(0)
    cast = ["yes"] * 13 + ["no", "abstain"] * 4
    for number, choice in enumerate(cast, 1):
        hall.cast(number, round_id, choice)
    for number, error in ((2, Conflict), (24, Forbidden), (27, NotFound)):
        with pytest.raises(error):
            hall.cast(number, round_id, "yes")
    with pytest.raises(Invalid):
        hall.cast(3, round_id, "maybe")
    hall.close(round_id)
    with pytest.raises(Refused):
        recuse(hall, 5, 0)
    hall.stage.engine.work()

    tables = everything(hall)
    for name, text in tables.items():
        if name in CONFIDENTIAL:
            continue
        for secret in (*hall.ids, *hall.accounts, *(f"演示{account}" for account in hall.accounts)):
            assert secret not in text, f"{name} holds {secret}"
    assert hall.expert(1) in tables["ballot_token"]
    assert all(choice not in tables["ballot_token"] for choice in ("yes", "no", "abstain"))
    assert set(ballot_slip.c.keys()) == {"id", "round_id", "choice"}
    slips = [row["choice"] for row in hall.stage.rows(ballot_slip)]
    assert sorted(slips) == sorted(cast)


def test_slips_do_not_lie_in_the_order_of_voting(database_url: str, make_engine: MakeEngine) -> None:
    """One in a quarter of a billion shuffles would leave 13 ayes in front of 12 noes; then this test fails once."""
    hall = session(make_hall(database_url, make_engine, 1), 25)
    round_id = hall.open(0)
    cast = ["yes"] * 13 + ["no"] * 12
    for number, choice in enumerate(cast, 1):
        hall.cast(number, round_id, choice)
    hall.close(round_id)
    with hall.stage.engine.store.snapshot() as connection:
        lying = list(connection.scalars(select(ballot_slip.c.choice)))  # as the table gives them, without an order
    assert lying != cast
    assert sorted(lying) == sorted(cast)


def test_a_ballot_takes_no_idempotency_key(hall: Hall) -> None:
    """Its row would stand beside the account, and the hash of one word in three hides nothing."""
    round_id = session(hall).open(0)
    ballot = CastBallot(meeting_id=hall.meeting_id, round_id=round_id, choice="yes", actor=hall.actor(1))
    with pytest.raises(TypeError):
        hall.stage.engine.run(ballot, Once("a", "r", "k", b"yes"))
    assert "yes" not in repr(ballot)
    assert hall.stage.rows(ballot_slip) == []


def test_refusals_of_experts_leave_no_line_and_those_of_others_do(hall: Hall) -> None:
    def lines() -> int:
        return len(hall.stage.told("refused"))

    before = lines()
    with pytest.raises(Forbidden):
        write(hall, 1, 0)
    assert lines() == before
    with pytest.raises(Forbidden):
        hall.stage.engine.run(RecordInterview(hall.meeting_id, hall.cases[0], "interview", "问答", "良好", HR))
    assert lines() == before + 1


def test_nothing_of_a_tally_is_told_while_a_round_runs(hall: Hall) -> None:
    round_id = session(hall).open(0)
    seen = {actor.username: json.dumps(asdict(room(hall, actor)), default=str) for actor in (hall.actor(9), CHAIR)}
    hall.cast(1, round_id, "yes")
    for choice in ("yes", "no"):
        hall.cast(2 if choice == "yes" else 3, round_id, choice)
    again = room(hall, hall.actor(9))
    assert json.dumps(asdict(again), default=str) == seen[hall.actor(9).username]  # not even how many are in
    for actor in (OFFICE, CHAIR, VICE, SUPERVISOR):
        current = room(hall, actor).current
        assert current is not None
        assert (current.cast, current.eligible) == (3, 21)
        line = room(hall, actor).cases[0]
        assert (line.state, line.result, line.counts) == ("voting", None, None)
        assert hall.stage.engine.ask(ResultSheet(hall.meeting_id, actor)).cases[0].rounds == ()


def test_each_expert_reads_where_they_stand_in_the_round_that_runs(hall: Hall) -> None:
    hall.stage.engine.run(DeclareRecusal(hall.meeting_id, hall.cases[0], "kin", hall.actor(5)))
    round_id = session(hall).open(0)
    hall.cast(1, round_id, "no")
    hall.come([22], OFFICE)
    stands = {}
    for number in (1, 3, 5, 22, 23):
        current = room(hall, hall.actor(number)).current
        assert current is not None
        assert (current.cast, current.eligible) == (None, None)
        stands[number] = current.mine
    assert stands == {1: "voted", 3: "may_vote", 5: "recused", 22: "absent", 23: "absent"}


def test_the_room_is_closed_to_whom_it_does_not_concern(hall: Hall) -> None:
    for actor in (*OUTSIDERS, person("member-27", "expert"), person("c-001", "candidate")):
        with pytest.raises(NotFound):
            room(hall, actor)
        with pytest.raises(NotFound):
            hall.stage.engine.ask(ResultSheet(hall.meeting_id, actor))
        with pytest.raises(NotFound):
            hall.stage.engine.ask(Dossier(hall.meeting_id, hall.cases[0], actor))
        assert hall.stage.engine.ask(MyMeetings(actor)) == []
    with pytest.raises(NotFound):
        hall.stage.engine.ask(MeetingRoom("none", OFFICE))


def test_names_of_experts_are_for_the_office_and_the_supervisor_alone(hall: Hall) -> None:
    grouped(hall)
    recuse(hall, 3, 2)
    hall.come([1], OFFICE)
    for actor in (OFFICE, SUPERVISOR):
        seen = room(hall, actor)
        assert len(seen.attendance) == 25
        assert [line.here for line in seen.attendance[:2]] == [True, False]
        assert [(one.expert_name, one.ground) for one in seen.recusals] == [("演示member-03", "kin")]
        assert seen.groups[0].members[0][1] == "演示member-01"
        assert len(seen.reserves) == 4
    for actor in (CHAIR, VICE, hall.actor(1), hall.actor(3)):
        seen = room(hall, actor)
        text = json.dumps(asdict(seen), default=str, ensure_ascii=False)
        assert "member-" not in text
        assert not any(one in text for one in hall.ids)
        assert seen.quorum == (1, 17, 25, False)
    assert room(hall, CHAIR).cases[2].recused == 1
    assert room(hall, hall.actor(1)).cases[2].recused is None
    assert [group.i_lead for group in room(hall, hall.actor(1)).groups] == [True]


def test_an_experts_own_work_stands_in_the_list(hall: Hall) -> None:
    grouped(hall)
    write(hall, 2, 0)
    lines = {line.number: line for line in room(hall, hall.actor(2)).cases}
    assert [(lines[n].opinion, lines[n].mine) for n in (1, 2, 3)] == [
        ("written", "read"),
        ("due", "read"),
        ("none", "later"),
    ]
    (mine,) = hall.stage.engine.ask(MyMeetings(hall.actor(2)))
    assert (mine.opinions_due, mine.cases, mine.stage, mine.as_) == (1, 3, "checking_in", frozenset({"expert"}))
    assert room(hall, OFFICE).missing_opinions == 8


def test_a_recused_expert_finds_no_such_case(hall: Hall) -> None:
    grouped(hall)
    write(hall, 1, 0)
    write(hall, 2, 0)
    recuse(hall, 2, 0)
    seen = room(hall, hall.actor(2)).cases[0]
    assert (seen.mine, seen.opinion) == ("recused", "none")
    asked = hall.stage.engine.ask
    for refused in (Dossier(hall.meeting_id, hall.cases[0], hall.actor(2)),):
        with pytest.raises(NotFound):
            asked(refused)
    with pytest.raises(NotFound):
        asked(MeetingFile(hall.meeting_id, hall.cases[0], "any", hall.actor(2)))
    with pytest.raises(NotFound):
        write(hall, 2, 0)
    assert len(asked(Dossier(hall.meeting_id, hall.cases[0], OFFICE)).opinions) == 1
    session(hall)
    with pytest.raises(NotFound):
        asked(Dossier(hall.meeting_id, hall.cases[0], hall.actor(2)))
    round_id = hall.open(0)
    with pytest.raises(NotFound):
        hall.cast(2, round_id, "yes")


def test_a_case_is_read_by_its_group_then_by_all_then_by_none(hall: Hall) -> None:
    asked = hall.stage.engine.ask
    grouped(hall)
    write(hall, 1, 0)
    write(hall, 2, 0, recommendation="reject")
    mine = asked(Dossier(hall.meeting_id, hall.cases[0], hall.actor(1)))
    assert ([one.mine for one in mine.opinions], mine.may_write) == ([True], True)
    with pytest.raises(NotFound):
        asked(Dossier(hall.meeting_id, hall.cases[0], hall.actor(4)))
    session(hall)
    others = asked(Dossier(hall.meeting_id, hall.cases[0], hall.actor(4)))
    assert (len(others.opinions), others.may_write) == (2, False)
    assert all(one.expert_name is None for one in others.opinions)
    office = asked(Dossier(hall.meeting_id, hall.cases[0], OFFICE))
    assert {one.expert_name for one in office.opinions} == {"演示member-01", "演示member-02"}
    assert all(one.expert_name is None for one in asked(Dossier(hall.meeting_id, hall.cases[0], CHAIR)).opinions)
    with hall.stage.engine.store.transaction() as connection:
        connection.execute(update(review_meeting).values(status="decided", **_signed(hall)))
    with pytest.raises(NotFound):
        asked(Dossier(hall.meeting_id, hall.cases[0], hall.actor(4)))


def _signed(hall: Hall) -> dict[str, Any]:
    return {"announced_by": "chair", "announced_at": hall.stage.now, "announced_as": "演示主任"}


def test_a_dossier_holds_no_number_of_a_person_and_its_files_are_those_declared(hall: Hall) -> None:
    grouped(hall)
    declared, secret, removed, stray = (hall.stage.attach(HR, f"{name}.png") for name in "abcd")
    with hall.stage.engine.store.transaction() as connection:
        connection.execute(
            update(application)
            .where(application.c.id == hall.cases[0])
            .values(work_summary="联系电话 138 0013 8000，证号 630101199001010011。", channel_evidence=[declared])
        )
        connection.execute(
            performance_item.insert().values(
                id="p", application_id=hall.cases[0], position=1, what="修复档案，电话13900139000", effect=None
            )
        )
        works = (
            {"id": "w2", "position": 2, "file": [secret], "confidential": True},
            {"id": "w3", "position": 3, "file": [removed], "confidential": False, "audit_result": "removed"},
        )
        for work in works:
            connection.execute(
                representative_work.insert().values(
                    application_id=hall.cases[0], kind="paper", title="演示论文", **work
                )
            )
    seen = hall.stage.engine.ask(Dossier(hall.meeting_id, hall.cases[0], hall.actor(1)))
    text = json.dumps(asdict(seen), default=str, ensure_ascii=False)
    for number in ("138 0013 8000", "13900139000", "630101199001010011", "63010119900101"):
        assert number not in text
    assert "c-001" not in text
    assert [one[0] for one in seen.evidence] == [declared]
    assert [(work.position, work.files) for work in seen.works] == [(1, ()), (2, ()), (3, ())]
    ask = hall.stage.engine.ask
    assert ask(MeetingFile(hall.meeting_id, hall.cases[0], declared, hall.actor(1))).name == "a.png"
    for closed in (secret, removed, stray, "none"):
        with pytest.raises(NotFound):
            ask(MeetingFile(hall.meeting_id, hall.cases[0], closed, hall.actor(1)))
    for nobody in (hall.actor(4), *OUTSIDERS):
        with pytest.raises(NotFound):
            ask(MeetingFile(hall.meeting_id, hall.cases[0], declared, nobody))


def test_results_are_told_to_each_in_their_time(hall: Hall) -> None:
    session(hall)
    voters = list(range(1, 22))
    vote(hall, 0, 14, voters)
    first = vote(hall, 1, 13, voters)
    hall.void(first)
    again = vote(hall, 1, 12, voters)
    hall.leave(21, OFFICE)
    for number in (17, 18, 19, 20):
        hall.leave(number, OFFICE)
    assert hall.do(rounds.defer_case, hall.cases[2], now=hall.stage.now) == "no_quorum"
    states = [("decided", "passed"), ("decided", "failed"), ("deferred", "no_quorum")]
    for actor in (OFFICE, CHAIR, SUPERVISOR):
        assert [(line.state, line.result) for line in room(hall, actor).cases] == states
    expert = room(hall, hall.actor(1))
    assert [(line.state, line.result, line.counts) for line in expert.cases] == [
        (state, None, None) for state, _ in states
    ]
    with pytest.raises(NotFound):
        hall.stage.engine.ask(ResultSheet(hall.meeting_id, hall.actor(1)))
    now = hall.stage.now
    hall.do(meetings.announce, chair="chair", signature="演示主任", seal_file=["f"], now=now)
    assert [line.result for line in room(hall, hall.actor(1)).cases] == ["passed", "failed", "no_quorum"]
    sheet = hall.stage.engine.ask(ResultSheet(hall.meeting_id, hall.actor(1)))
    assert [[(one.result, one.void) for one in case.rounds] for case in sheet.cases] == [
        [("passed", False)],
        [("failed", True), ("failed", False)],
        [("no_quorum", False)],
    ]
    assert "member-" not in json.dumps(asdict(sheet), default=str)
    with pytest.raises(NotFound):
        hall.stage.engine.ask(ResultSheet(hall.meeting_id, HRSS))
    with pytest.raises(Refused):
        hall.void(again)
    hall.do(meetings.sign_minutes, recorder="committee_office", discussion="逐一评议", irregularities=None, now=now)
    hall.do(meetings.supervise, supervisor="supervisor", now=now)
    sealed = hall.do(meetings.seal, now)
    assert hall.stage.engine.ask(ResultSheet(hall.meeting_id, HRSS)).sheet_hash == sealed


def test_the_seal_covers_denominators_recusals_and_voids(database_url: str, make_engine: MakeEngine) -> None:
    hall = session(make_hall(database_url, make_engine, 1))
    first = vote(hall, 0, 14, list(range(1, 22)))
    hall.void(first)
    vote(hall, 0, 14, list(range(1, 22)))
    now = hall.stage.now
    hall.do(meetings.announce, chair="chair", signature="演示主任", seal_file=["f"], now=now)
    hall.do(meetings.sign_minutes, recorder="committee_office", discussion="逐一评议", irregularities=None, now=now)
    hall.do(meetings.supervise, supervisor="supervisor", now=now)
    seals = {hall.do(meetings.seal, now)}
    for table, values in (
        (rounds.ballot_round, {"recused": 1}),
        (rounds.ballot_round, {"quorum_needed": 18}),
        (review_meeting, {"recusal_counts_present": True}),
    ):
        with hall.stage.engine.store.transaction() as connection:
            connection.execute(update(table).values(**values))
            connection.execute(update(review_meeting).values(status="decided", sheet_hash=None, sealed_at=None))
        seals.add(hall.do(meetings.seal, now))
    with hall.stage.engine.store.transaction() as connection:
        connection.execute(
            update(rounds.ballot_round).where(rounds.ballot_round.c.void.is_(True)).values(void_reason="另一理由")
        )
        connection.execute(update(review_meeting).values(status="decided", sheet_hash=None, sealed_at=None))
    seals.add(hall.do(meetings.seal, now))
    assert len(seals) == 5


def test_only_the_office_acts_for_others(hall: Hall) -> None:
    somebody = hall.expert(2)
    for actor in (hall.actor(1), CHAIR, SUPERVISOR, ADMIN):
        for command in (
            CheckIn(hall.meeting_id, somebody, actor),
            ReplaceMember(hall.meeting_id, somebody, hall.expert(26), "因病", actor),
            DeclareRecusal(hall.meeting_id, hall.cases[0], "kin", actor, expert_id=somebody),
            DismissRelation(hall.meeting_id, "r", "无", actor),
            RuleOnRequest(hall.meeting_id, "r", True, "属实", actor),
            ArrangeGroups(hall.meeting_id, actor),
            RecordInterview(hall.meeting_id, hall.cases[0], "report", "述职", "好", actor),
        ):
            with pytest.raises(Forbidden):
                hall.stage.engine.run(command)
    for command in (
        DeclareRecusal(hall.meeting_id, hall.cases[0], "kin", OFFICE),
        WriteOpinion(hall.meeting_id, hall.cases[0], GOOD, "approve", OFFICE),
        CastBallot(meeting_id=hall.meeting_id, round_id="r", choice="yes", actor=ADMIN),
    ):
        with pytest.raises(NotFound):
            hall.stage.engine.run(command)
    assert hall.stage.engine.run(ArrangeGroups(hall.meeting_id, OFFICE))["groups"] == 1


def test_the_office_brings_the_boxes_invariants() -> None:
    assert ballots.broken in office.registry().invariants
