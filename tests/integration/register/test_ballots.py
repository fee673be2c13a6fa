"""The vote in the register, on both databases: quorum, denominators, the box, rounds, voids (S07, S08, S09, S11)."""

from __future__ import annotations

import threading
from datetime import date
from random import Random

import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError

from engine.errors import Conflict, Forbidden, NotFound, Refused
from engine.store.metadata import new_id
from engine.store.tables import message
from processes.register import attendance, ballots, meetings, recusals, rolls, rounds
from processes.register.ballot_tables import ballot_round, ballot_slip, ballot_token
from processes.register.committee_tables import review_meeting
from processes.register.experts import set_status
from processes.register.meetings import Counts
from processes.register.policies import set_parameter
from processes.register.room_tables import attendance as attendance_table
from tests.conftest import MakeEngine
from tests.process.room import Hall, make_hall
from tests.process.stage import HR, OFFICE, at, person


@pytest.fixture
def hall(database_url: str, make_engine: MakeEngine) -> Hall:
    return make_hall(database_url, make_engine)


def session(hall: Hall, people: int = 21) -> Hall:
    hall.come(range(1, people + 1), OFFICE)
    assert hall.begin()
    return hall


def slips(hall: Hall) -> list[str]:
    return [row["choice"] for row in hall.stage.rows(ballot_slip)]


def recuse(hall: Hall, case: int, *numbers: int) -> None:
    for number in numbers:
        hall.do(
            recusals.declare,
            hall.cases[case],
            hall.expert(number),
            ground="kin",
            source="office",
            by="committee_office",
            now=hall.stage.now,
        )


def test_a_meeting_opens_with_the_seventeenth_of_twenty_five(hall: Hall) -> None:
    hall.come(range(1, 17), OFFICE)
    assert not hall.begin()
    assert hall.ask(attendance.quorum_state, hall.stage.now) == (16, 17, 25, False)
    with pytest.raises(Refused) as refused:
        hall.open(0)
    assert refused.value.code == "NOT_COUNTING"
    hall.come([17], OFFICE)
    assert hall.begin()
    assert (hall.meeting()["attended"], hall.meeting()["status"]) == (17, "counting")
    with pytest.raises(Refused) as wrong:
        hall.do(meetings.check_in, 18, hall.stage.now)
    assert wrong.value.code == "BAD_COUNTS"


@pytest.mark.parametrize(("size", "needed"), [(11, 8), (9, 6)])
def test_smaller_committees_need_their_own_quorum(
    database_url: str, make_engine: MakeEngine, size: int, needed: int
) -> None:
    hall = make_hall(database_url, make_engine, 1, size=size)
    hall.come(range(1, needed), OFFICE)
    assert not hall.begin()
    hall.come([needed], OFFICE)
    assert hall.begin()


def test_who_leaves_is_missing_from_later_cases_and_results_stand(hall: Hall) -> None:
    session(hall, 17)
    first = hall.open(0)
    for number in range(1, 18):
        hall.cast(number, first, "yes")
    assert hall.close(first) == (25, 17, 17)
    hall.do(rounds.record_result, hall.cases[0], "passed", now=hall.stage.now)
    hall.leave(17, OFFICE)
    assert hall.case_quorum(1).reached is False
    with pytest.raises(Refused) as lost:
        hall.open(1)
    assert lost.value.code == "NO_QUORUM"
    assert hall.do(rounds.defer_case, hall.cases[1], now=hall.stage.now) == "no_quorum"
    assert [row["result"] for row in hall.ask(meetings.results)] == ["passed", "no_quorum"]
    assert {row["round_id"] for row in hall.stage.rows(ballot_token)} == {first}


def test_a_quorum_lost_by_recusal_defers_that_case_alone(hall: Hall) -> None:
    session(hall, 18)
    recuse(hall, 1, 7, 11)
    assert hall.case_quorum(1) == (25, 18, 2, 17, 16, 16, 11, False)
    assert hall.case_quorum(0) == (25, 18, 0, 17, 18, 18, 12, True)
    with pytest.raises(Refused, match="NO_QUORUM"):
        hall.open(1)
    assert hall.do(rounds.defer_case, hall.cases[1], now=hall.stage.now) == "no_quorum"
    round_id = hall.open(0)
    hall.stage.until("2026-09-22T09:15:00")
    hall.close(round_id)
    with pytest.raises(Refused, match="QUORUM_HOLDS"):
        hall.do(rounds.defer_case, hall.cases[2], now=hall.stage.now)


def test_recused_who_count_as_present_still_do_not_vote(database_url: str, make_engine: MakeEngine) -> None:
    """The parameter is the meeting's from its planning on; a change afterwards touches the next meeting alone."""
    hall = make_hall(database_url, make_engine)
    with hall.stage.engine.store.transaction() as connection:
        connection.execute(update(review_meeting).values(recusal_counts_present=True))
    session(hall, 18)
    recuse(hall, 0, 7, 11)
    assert hall.case_quorum(0) == (25, 18, 2, 17, 18, 16, 12, True)
    round_id = hall.open(0)
    voters = [number for number in range(1, 19) if number not in (7, 11)]
    for place, number in enumerate(voters):
        hall.cast(number, round_id, "yes" if place < 12 else "no")
    assert hall.close(round_id) == (25, 18, 12)
    hall.do(rounds.record_result, hall.cases[0], "passed", now=hall.stage.now)
    row = hall.stage.rows(ballot_round)[0]
    assert (row["present"], row["eligible"], row["recused"], row["yes"], row["no"]) == (18, 16, 2, 12, 4)


def test_the_rule_on_recusal_is_fixed_when_the_meeting_is_planned(hall: Hall) -> None:
    with hall.stage.engine.store.transaction() as connection:
        set_parameter(
            connection,
            "recusal.counts_present",
            True,
            effective_from=hall.stage.now,
            source_doc="演示文件",
            actor="provincial_hrss",
            now=hall.stage.now,
        )
    with hall.stage.engine.store.transaction() as connection:
        planned = meetings.plan_meeting(
            connection,
            committee_id=hall.meeting()["committee_id"],
            held_on=date(2026, 9, 23),
            place="西宁",
            mode="online",
            instance_id=new_id(),
            application_ids=hall.cases,
            now=hall.stage.now,
        )
    after = hall.stage.rows(review_meeting, review_meeting.c.id == planned)[0]
    assert (hall.meeting()["recusal_counts_present"], after["recusal_counts_present"]) == (False, True)
    session(hall, 18)
    recuse(hall, 0, 7, 11)
    assert hall.case_quorum(0).denominator == 16


@pytest.mark.parametrize(
    ("present", "yes", "no", "abstain", "result"),
    [
        (20, 10, 10, 0, "failed"),
        (21, 14, 7, 0, "passed"),
        (21, 13, 8, 0, "failed"),
        (21, 14, 0, 7, "passed"),
        (21, 13, 0, 0, "failed"),
        (20, 14, 6, 0, "passed"),
    ],
)
def test_ties_and_thresholds(hall: Hall, present: int, yes: int, no: int, abstain: int, result: str) -> None:
    """Who hands nothing in is present and has not agreed (S07)."""
    session(hall, present)
    round_id = hall.open(0)
    choices = ["yes"] * yes + ["no"] * no + ["abstain"] * abstain
    for number, choice in enumerate(choices, 1):
        hall.cast(number, round_id, choice)
    hall.stage.until("2026-09-22T09:15:00")
    assert hall.close(round_id) == (25, present, yes)
    other = "failed" if result == "passed" else "passed"
    with pytest.raises(Refused, match="RESULT_MISMATCH"):
        hall.do(rounds.record_result, hall.cases[0], other, now=hall.stage.now)
    hall.do(rounds.record_result, hall.cases[0], result, now=hall.stage.now)
    with pytest.raises(Refused, match="ALREADY_VOTED"):
        hall.open(0)


def test_a_round_ends_by_the_clock_or_with_the_last_slip(hall: Hall) -> None:
    session(hall, 17)
    round_id = hall.open(0, minutes=15)
    hall.cast(1, round_id, "yes")
    with pytest.raises(Refused) as early:
        hall.close(round_id)
    assert early.value.code == "STILL_OPEN"
    with pytest.raises(Refused, match="ROUND_OPEN"):
        hall.open(1)
    hall.stage.until("2026-09-22T09:14:59")
    hall.cast(2, round_id, "no")
    hall.stage.until("2026-09-22T09:15:00")
    with pytest.raises(Conflict) as late:
        hall.cast(3, round_id, "yes")
    assert late.value.code == "ROUND_CLOSED"
    assert hall.close(round_id) == hall.close(round_id) == (25, 17, 1)
    with pytest.raises(Conflict) as after:
        hall.cast(3, round_id, "yes")
    assert after.value.code == "ROUND_CLOSED"
    assert sorted(slips(hall)) == ["no", "yes"]


def test_no_proxy_no_second_ballot_no_row_for_who_may_not(hall: Hall) -> None:
    session(hall, 19)
    recuse(hall, 0, 18)
    round_id = hall.open(0)
    hall.cast(2, round_id, "yes")
    with pytest.raises(Conflict) as twice:
        hall.cast(2, round_id, "no")
    assert twice.value.code == "ALREADY_VOTED"
    with pytest.raises(Forbidden):
        hall.cast(20, round_id, "yes")  # absent
    with pytest.raises(NotFound):
        hall.cast(18, round_id, "yes")  # recused
    with pytest.raises(NotFound):
        hall.cast(27, round_id, "yes")  # a reserve
    hall.come([20], OFFICE)
    with pytest.raises(Forbidden):
        hall.cast(20, round_id, "yes")  # came after the round was opened
    assert slips(hall) == ["yes"]
    assert sum(row["used"] for row in hall.stage.rows(ballot_token)) == 1


def test_the_last_slip_tells_the_process_once_and_names_nobody(hall: Hall) -> None:
    session(hall, 17)
    round_id = hall.open(0)
    for number in range(1, 18):
        assert hall.stage.rows(message) == []
        assert hall.cast(number, round_id, "yes") == {"cast": True}
    sent = hall.stage.rows(message)
    assert [(one["name"], one["correlation"], one["variables"], one["sent_by"]) for one in sent] == [
        ("ballots_complete", {"round_id": round_id}, {}, None)
    ]


def test_two_ballots_of_one_expert_at_once_are_one(hall: Hall) -> None:
    session(hall, 17)
    round_id = hall.open(0)
    outcomes: list[str] = []

    def vote(choice: str) -> None:
        try:
            hall.cast(5, round_id, choice)
            outcomes.append("cast")
        except Conflict as conflict:
            outcomes.append(conflict.code)

    _at_once([lambda: vote("yes"), lambda: vote("no")])
    assert sorted(outcomes) == ["ALREADY_VOTED", "cast"]
    assert len(slips(hall)) == 1


def test_a_whole_committee_votes_at_once(hall: Hall) -> None:
    session(hall, 25)
    round_id = hall.open(0)
    outcomes: list[str] = []

    def vote(number: int) -> None:
        hall.cast(number, round_id, "yes" if number <= 17 else "abstain")
        outcomes.append("cast")

    _at_once([lambda number=number: vote(number) for number in range(1, 26)])  # type: ignore[misc]
    assert outcomes == ["cast"] * 25
    assert hall.close(round_id) == (25, 25, 17)
    assert len(hall.stage.rows(message)) == 1


def test_a_void_round_needs_two_persons_and_stays_as_a_record(hall: Hall) -> None:
    session(hall, 17)
    round_id = hall.open(0)
    with pytest.raises(Refused, match="STILL_OPEN"):
        hall.void(round_id)
    for number in range(1, 18):
        hall.cast(number, round_id, "yes")
    hall.close(round_id)
    hall.do(rounds.record_result, hall.cases[0], "passed", now=hall.stage.now)
    with pytest.raises(Refused, match="ROUND_BEGUN"):
        recuse(hall, 0, 3)
    for reason, confirmed, code in (("", "supervisor", "REASON_MISSING"), ("漏报", "chair", "FOUR_EYES")):
        with pytest.raises(Refused, match=code):
            hall.void(round_id, reason=reason, confirmed_by=confirmed)
    hall.void(round_id)
    with pytest.raises(Conflict):
        hall.void(round_id)
    assert hall.ask(meetings.results) == []
    hall.come([18], OFFICE)
    recuse(hall, 0, 3)
    again = hall.open(0)
    for number in (1, 2, *range(4, 19)):
        hall.cast(number, again, "no")
    assert hall.close(again) == (25, 17, 0)
    hall.do(rounds.record_result, hall.cases[0], "failed", now=hall.stage.now)
    kept = hall.ask(rounds.rounds_of, hall.cases[0])
    assert [(row["round_no"], row["void"], row["result"], row["recused"]) for row in kept] == [
        (1, True, "passed", 0),
        (2, False, "failed", 1),
    ]
    assert (kept[0]["voided_by"], kept[0]["void_confirmed_by"]) == ("chair", "supervisor")


def test_a_void_case_may_be_left_to_the_next_meeting(hall: Hall) -> None:
    session(hall, 17)
    round_id = hall.open(0)
    hall.stage.until("2026-09-22T09:15:00")
    hall.close(round_id)
    hall.void(round_id)
    assert hall.do(rounds.defer_case, hall.cases[0], now=hall.stage.now) == "deferred"


def test_the_database_itself_refuses_what_must_never_be(hall: Hall) -> None:
    session(hall, 17)
    round_id = hall.open(0)

    def refuse(statement: object) -> None:
        with pytest.raises(IntegrityError), hall.stage.engine.store.transaction() as connection:
            connection.execute(statement)  # type: ignore[call-overload]

    token = hall.stage.rows(ballot_token)[0]
    row = hall.stage.rows(ballot_round)[0]
    mine = update(ballot_round).where(ballot_round.c.id == round_id)
    closed = {"status": "closed", "closed_at": hall.stage.now}
    refuse(insert(ballot_token).values(**token))
    refuse(insert(ballot_slip).values(id=new_id(), round_id=round_id, choice="maybe"))
    refuse(insert(ballot_round).values(**{**row, "id": new_id(), "round_no": 2}))
    refuse(mine.values(**closed))  # closed without counts
    refuse(mine.values(**closed, yes=17, no=1, abstain=0))  # more slips than voters
    refuse(mine.values(**closed, yes=11, no=6, abstain=0, result="passed", decided_at=hall.stage.now))
    refuse(mine.values(void=True, void_reason="漏报"))  # while it runs, and unsigned
    signed = {"void": True, "void_reason": "漏报", "voided_at": hall.stage.now}
    refuse(mine.values(**closed, yes=1, no=0, abstain=0, **signed, voided_by="chair", void_confirmed_by="chair"))
    here = hall.stage.rows(attendance_table)[0]
    refuse(insert(attendance_table).values(**{**here, "id": new_id()}))


def test_a_box_that_was_tampered_with_is_noticed(hall: Hall) -> None:
    session(hall, 17)
    round_id = hall.open(0)
    hall.cast(1, round_id, "yes")
    stuffed = new_id()
    with hall.stage.engine.store.transaction() as connection:
        connection.execute(insert(ballot_slip).values(id=stuffed, round_id=round_id, choice="yes"))
        assert any("2 slips, 1 used" in line for line in ballots.broken(connection))
    hall.stage.until("2026-09-22T09:15:00")
    with pytest.raises(Refused) as broken:
        hall.close(round_id)
    assert broken.value.code == "BOX_BROKEN"
    with hall.stage.engine.store.transaction() as connection:
        connection.execute(ballot_slip.delete().where(ballot_slip.c.id == stuffed))
    hall.close(round_id)
    with hall.stage.engine.store.transaction() as connection:
        connection.execute(update(ballot_slip).values(choice="no"))
        assert any("totals" in line for line in ballots.broken(connection))
        connection.execute(update(ballot_slip).values(choice="yes"))


def test_slips_are_written_anew_in_another_order(hall: Hall) -> None:
    """With a known chance in hand: the order in the table after the close is the shuffled one, under new ids."""
    session(hall, 17)
    hall.box = ballots.TokenBox(Random(7))
    round_id = hall.open(0)
    cast = ["yes", "no", "abstain", *["yes"] * 14]
    for number, choice in enumerate(cast, 1):
        hall.cast(number, round_id, choice)
    before = {row["id"] for row in hall.stage.rows(ballot_slip)}
    hall.close(round_id)
    after = hall.stage.rows(ballot_slip)
    assert before.isdisjoint(row["id"] for row in after)
    assert sorted(row["choice"] for row in after) == sorted(cast)
    assert set(after[0]) == {"id", "round_id", "choice"}


def test_paper_counts_must_be_what_the_attendance_shows(hall: Hall) -> None:
    session(hall, 18)
    recuse(hall, 1, 4)
    good = {
        hall.cases[0]: Counts(18, 12, 6, 0),
        hall.cases[1]: Counts(17, 12, 5, 0),
        hall.cases[2]: Counts(18, 11, 6, 1),
    }
    for case, wrong in ((1, Counts(18, 12, 6, 0)), (0, Counts(17, 12, 5, 0)), (2, Counts(19, 12, 7, 0))):
        with pytest.raises(Refused, match="BAD_COUNTS"):
            hall.do(
                meetings.enter_counts,
                "first",
                {**good, hall.cases[case]: wrong},
                operator="committee_office",
                now=hall.stage.now,
            )
    hall.stage.until("2026-09-22T10:00:00")
    hall.leave(18, OFFICE)  # before the last case: both numbers are then possible
    good[hall.cases[2]] = Counts(17, 11, 6, 0)
    for entry, operator in (("first", "committee_office"), ("second", "committee_office2")):
        hall.do(meetings.enter_counts, entry, good, operator=operator, now=hall.stage.now)
    hall.do(rounds.record_result, hall.cases[1], "passed", now=hall.stage.now)
    row = hall.stage.rows(ballot_round)[0]
    assert (row["how"], row["present"], row["eligible"], row["recused"]) == ("paper", 17, 17, 1)


def test_postponing_sends_everybody_home(hall: Hall) -> None:
    hall.come(range(1, 4), OFFICE)
    hall.do(meetings.postpone_meeting, at("2026-09-24T00:00:00").date(), hall.stage.now)
    assert hall.ask(attendance.present) == frozenset()
    with pytest.raises(Refused, match="MEETING_NOT_YET"):
        hall.come([1], OFFICE)
    hall.stage.until("2026-09-24T09:00:00")
    hall.come([1], OFFICE)
    assert hall.ask(attendance.present) == {hall.expert(1)}


def test_only_the_office_ticks_and_nobody_is_ticked_twice(hall: Hall) -> None:
    for somebody in (HR, hall.actor(1), person("chair", "chair")):
        with pytest.raises(Forbidden):
            hall.come([1], somebody)
    hall.come([1], OFFICE)
    with pytest.raises(Conflict):
        hall.come([1], OFFICE)
    with pytest.raises(NotFound):
        hall.come([27], OFFICE)
    hall.leave(1, OFFICE)
    with pytest.raises(Conflict):
        hall.leave(1, OFFICE)


def test_a_reserve_takes_the_seat_of_who_cannot_come(hall: Hall) -> None:
    how = {"reason": "因病", "by": "committee_office", "now": hall.stage.now}
    for out, into, code in ((3, 4, "NOT_A_RESERVE"), (3, 26, None)):
        if code:
            with pytest.raises(Refused, match=code):
                hall.do(rolls.replace_member, hall.expert(out), hall.expert(into), **how)
        else:
            hall.do(rolls.replace_member, hall.expert(out), hall.expert(into), **how)
    on_roll = hall.ask(rolls.roll)
    assert len(on_roll) == 25
    assert on_roll[2]["expert_id"] == hall.expert(26)
    with pytest.raises(NotFound):
        hall.come([3], OFFICE)
    hall.come([1, 2, *range(4, 18), 26], OFFICE)
    assert hall.begin()
    with pytest.raises(Refused, match="SESSION_BEGUN"):
        hall.do(rolls.replace_member, hall.expert(5), hall.expert(27), **how)


def _at_once(calls: list[object]) -> None:
    ready = threading.Barrier(len(calls))

    def run(call: object) -> None:
        ready.wait(30)
        call()  # type: ignore[operator]

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


def test_a_roll_is_called_once_and_seats_of_the_suspended_go_to_reserves(
    database_url: str, make_engine: MakeEngine
) -> None:
    hall = make_hall(database_url, make_engine, 1, called=False)
    with hall.stage.engine.store.transaction() as connection:
        set_status(connection, hall.expert(4), "suspended")
    assert hall.do(rolls.call_roll, now=hall.stage.now) == 25
    assert hall.do(rolls.call_roll, now=hall.stage.now) == 25
    assert hall.ask(rolls.roll)[3]["expert_id"] == hall.expert(26)
    with hall.stage.engine.store.snapshot() as connection:
        assert connection.execute(select(func.count()).select_from(ballot_round)).scalar_one() == 0
