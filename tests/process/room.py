"""A meeting room to test in: a seated committee of 25 with reserves, cases on the list, everybody's verbs in one place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select, update

from engine.registry import Actor
from engine.store.metadata import new_id
from processes.committee.commands import CastBallot, CheckIn, CheckOut
from processes.register import ballots, experts, meetings, rolls, rounds
from processes.register.application_tables import application
from processes.register.ballots import TokenBox
from processes.register.committee_tables import committee, review_meeting
from processes.register.experts import NewExpert, Seat
from tests.conftest import MakeEngine
from tests.process.stage import Stage, at, furnish, person, registry

DAY = "2026-09-22"
SIZE, RESERVES = 25, 4


@dataclass
class Hall:
    """One meeting over the cases of a stage. Experts are numbered from 1; `ids` and `accounts` are in that order."""

    stage: Stage
    meeting_id: str
    ids: list[str]
    accounts: list[str]
    box: TokenBox = field(default_factory=TokenBox)

    @property
    def cases(self) -> list[str]:
        return self.stage.applications

    def actor(self, number: int) -> Actor:
        return person(self.accounts[number - 1], "expert")

    def expert(self, number: int) -> str:
        return self.ids[number - 1]

    def do(self, call: Any, *args: Any, **named: Any) -> Any:
        """A register function on this meeting, in a transaction of its own."""
        with self.stage.engine.store.transaction() as connection:
            return call(connection, self.meeting_id, *args, **named)

    def ask(self, call: Any, *args: Any) -> Any:
        with self.stage.engine.store.snapshot() as connection:
            return call(connection, self.meeting_id, *args)

    def come(self, numbers: Iterable[int], office: Actor) -> None:
        for number in numbers:
            self.stage.engine.run(CheckIn(self.meeting_id, self.expert(number), office))

    def leave(self, number: int, office: Actor) -> None:
        self.stage.engine.run(CheckOut(self.meeting_id, self.expert(number), office))

    def begin(self) -> bool:
        """The office finds the quorum."""
        return bool(self.do(meetings.check_in, None, self.stage.now))

    def open(self, case: int, minutes: int = 15) -> str:
        args = (self.box, self.meeting_id, self.cases[case])
        with self.stage.engine.store.transaction() as connection:
            return rounds.open_round(connection, *args, minutes=minutes, now=self.stage.now)[0]

    def cast(self, number: int, round_id: str, choice: str) -> dict[str, Any]:
        done: dict[str, Any] = self.stage.engine.run(
            CastBallot(meeting_id=self.meeting_id, round_id=round_id, choice=choice, actor=self.actor(number))
        )
        return done

    def close(self, round_id: str) -> tuple[int, int, int]:
        with self.stage.engine.store.transaction() as connection:
            return rounds.close_round(connection, self.box, round_id, now=self.stage.now)

    def void(
        self, round_id: str, by: str = "chair", confirmed_by: str = "supervisor", reason: str = "漏报关系"
    ) -> None:
        with self.stage.engine.store.transaction() as connection:
            rounds.void_round(connection, round_id, reason=reason, by=by, confirmed_by=confirmed_by, now=self.stage.now)

    def case_quorum(self, case: int) -> Any:
        return self.ask(rounds.case_quorum, self.cases[case], self.stage.now)

    def meeting(self) -> dict[str, Any]:
        return self.stage.rows(review_meeting, review_meeting.c.id == self.meeting_id)[0]


def make_hall(
    database_url: str, make_engine: MakeEngine, cases: int = 3, *, size: int = SIZE, called: bool = True, **unit: Any
) -> Hall:
    """A planned meeting on its morning, the roll called, nobody there yet. `unit`: values of every expert."""
    offered = registry()
    offered.invariants = (ballots.broken,)
    stage = Stage(make_engine(database_url, offered))
    furnish(stage, cases)
    stage.engine.work(at("2026-09-01T09:00:00"))
    ids, accounts = [], [f"member-{number:02}" for number in range(1, size + RESERVES + 1)]
    with stage.engine.store.transaction() as connection:
        committee_id = connection.execute(select(committee.c.id)).scalar_one()
        connection.execute(update(committee).values(size=size))
        for account in accounts:
            values = {
                "title": "research_archivist",
                "unit_name": "演示大学",
                "sector": "university",
                "term_from": date(2025, 1, 1),
                "term_to": date(2027, 12, 31),
                **unit,
            }
            new = NewExpert(account=account, name=f"演示{account}", **values)
            ids.append(experts.add_expert(connection, new, now=stage.now))
        roles = ["chair", "vice_chair", *["member"] * (size - 2)]
        seats = [Seat(one, role) for one, role in zip(ids, roles, strict=False)]
        experts.seat_members(connection, committee_id, [*seats, *(Seat(one, seat="reserve") for one in ids[size:])])
        meeting_id = meetings.plan_meeting(
            connection,
            committee_id=committee_id,
            held_on=date.fromisoformat(DAY),
            place="西宁演示会议中心",
            mode="onsite",
            instance_id=new_id(),
            application_ids=stage.applications,
            now=stage.now,
        )
        connection.execute(update(application).values(status="in_meeting"))
        if called:
            rolls.call_roll(connection, meeting_id, now=stage.now)
    stage.until(f"{DAY}T09:00:00")
    return Hall(stage, meeting_id, ids, accounts)
