"""A sitting of P12 in a few verbs: groups and opinions, who comes, the session, one ballot after the other, the signatures.

Works on a `Stage` and on the demo's `Province` alike: whoever acts is handed in as `Hands`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import RowMapping

from engine.registry import Actor, Membership
from processes.committee.commands import ArrangeGroups, CastBallot, CheckIn, CheckOut, RecordInterview, WriteOpinion
from processes.register import groups, recusals, rolls, rounds
from processes.register.ballot_tables import ballot_token
from processes.register.committee_tables import committee, review_meeting
from processes.rules.groups import Group
from tests.process.stage import CHAIR, OFFICE, OFFICE2, SUPERVISOR, Stage

PLAN = {"place": "西宁演示会议中心", "mode": "onsite"}
STRENGTHS = "申报人长期从事档案整理、数字化和修复工作，代表作有行业影响，业绩真实可查，专业能力达到所申报职称的要求。"
WEAKNESSES = "理论总结还可以加强，成果的推广范围有待扩大，建议今后多参与标准制定和人员培训，把经验讲给更多的人听，也写成文章供同行参考。"


@dataclass
class Hands:
    """Who holds the pen."""

    office: Actor = OFFICE
    other: Actor = OFFICE2
    chair: Actor = CHAIR
    supervisor: Actor = SUPERVISOR


def at_their_desk(row: RowMapping) -> Actor:
    """The expert of this row of a roll."""
    return Actor(row["account"], row["account"], row["name"], frozenset({Membership("expert")}))


@dataclass
class Sitting:
    """One meeting and its instance."""

    stage: Stage
    instance: str
    hands: Hands = field(default_factory=Hands)

    @property
    def meeting_id(self) -> str:
        return str(self.stage.rows(review_meeting, review_meeting.c.instance_id == self.instance)[0]["id"])

    @property
    def candidates(self) -> list[dict[str, Any]]:
        return list(self.stage.variable(self.instance, "candidates"))

    @property
    def open(self) -> list[str]:
        return self.stage.open(self.instance)

    @property
    def round(self) -> RowMapping | None:
        """The round that runs."""
        with self.stage.engine.store.snapshot() as connection:
            return rounds.open_round_of(connection, self.meeting_id)

    def do(self, element: str, actor: Actor, **variables: Any) -> None:
        self.stage.do(self.instance, element, actor, **variables)

    def roll(self) -> Sequence[RowMapping]:
        with self.stage.engine.store.snapshot() as connection:
            return rolls.roll(connection, self.meeting_id)

    def expert(self, number: int) -> Actor:
        """The member in that seat, from 1."""
        return at_their_desk(self.roll()[number - 1])

    def expert_id(self, number: int) -> str:
        return str(self.roll()[number - 1]["expert_id"])

    def recused(self, application_id: str) -> frozenset[str]:
        with self.stage.engine.store.snapshot() as connection:
            return recusals.recused(connection, self.meeting_id, application_id)

    def prepare(self) -> None:
        """Groups confirmed, opinions in, interviews on record."""
        self.arrange()
        self.do("group_arrangement", self.hands.office, groups_checked=True)
        self.write_opinions()
        self.do("write_group_opinion", self.hands.office, opinions_checked=True)
        if self.open == ["interview_record"]:
            self.interview()
            self.do("interview_record", self.hands.office, interviews_done=True)

    def arrange(self) -> None:
        """One small group of the first three who may read everything: fewer opinions to write in a test."""
        cases = [row["application_id"] for row in self.candidates]
        barred = frozenset().union(*(self.recused(case) for case in cases))
        free = [row["expert_id"] for row in self.roll() if row["expert_id"] not in barred and not row["excluded_at"]]
        group = Group(tuple(free[:3]), free[0], tuple(cases))
        self.stage.engine.run(ArrangeGroups(self.meeting_id, self.hands.office, [group]))

    def write_opinions(self) -> None:
        """Everything that is still to be written."""
        by_id = {row["expert_id"]: row for row in self.roll()}
        with self.stage.engine.store.snapshot() as connection:
            due = groups.due_opinions(connection, self.meeting_id)
        for application_id, expert_id, written in due:
            if not written:
                who = at_their_desk(by_id[expert_id])
                said = (STRENGTHS, "approve", who, WEAKNESSES)
                self.stage.engine.run(WriteOpinion(self.meeting_id, application_id, *said))

    def interview(self) -> None:
        """What the list asks for, on record."""
        for row in self.stage.variable(self.instance, "interviews"):
            for mode in row["modes"]:
                said = (row["application_id"], mode, "答辩二十分钟，问答清楚。", "符合要求。")
                self.stage.engine.run(RecordInterview(self.meeting_id, *said, self.hands.office))

    def arrive(self, numbers: int | Collection[int]) -> None:
        """The office ticks members in: the first so many, or those in these seats."""
        for number in range(1, numbers + 1) if isinstance(numbers, int) else numbers:
            self.stage.engine.run(CheckIn(self.meeting_id, self.expert_id(number), self.hands.office))

    def leave(self, number: int) -> None:
        self.stage.engine.run(CheckOut(self.meeting_id, self.expert_id(number), self.hands.office))

    def begin(self, mode: str = "electronic", minutes: int = 15) -> None:
        """The office confirms who is there, the chair opens."""
        self.do("check_in", self.hands.office, arrival="open")
        answers: dict[str, Any] = {"session_step": "open", "ballot_mode": mode, "discipline": True}
        if mode == "electronic":
            answers["round_minutes"] = minutes
        self.do("open_session", self.hands.chair, **answers)

    def open_round(self) -> None:
        """Recusals asked for, opinion presented; with a quorum the round is open afterwards."""
        self.do("declare_recusal", self.hands.office, recusals_asked=True)
        self.do("present_opinion", self.hands.chair, presented=True)

    def voters(self) -> list[Actor]:
        """Who was given a ballot in the round that runs, in the order of the seats."""
        running = self.round
        assert running is not None, f"no round is open; open tasks: {self.open}"
        given = {row["expert_id"] for row in self.stage.rows(ballot_token, ballot_token.c.round_id == running["id"])}
        return [at_their_desk(row) for row in self.roll() if row["expert_id"] in given]

    def cast(self, who: Actor, choice: str) -> None:
        running = self.round
        assert running is not None
        self.stage.engine.run(CastBallot(self.meeting_id, running["id"], choice, who))

    def ballots(self, yes: int, no: int = 0, abstain: int = 0) -> None:
        """So many ballots of each kind; who is left over hands none in, and the time runs out."""
        choices = ["yes"] * yes + ["no"] * no + ["abstain"] * abstain
        running, voters = self.round, self.voters()
        assert running is not None
        assert len(choices) <= len(voters), (len(choices), len(voters))
        for who, choice in zip(voters, choices, strict=False):
            self.stage.engine.run(CastBallot(self.meeting_id, running["id"], choice, who))
        if len(choices) == len(voters):
            self.stage.engine.work()
        else:
            self.stage.until(running["closes_at"].isoformat())

    def vote(self, yes: int, no: int = 0, abstain: int = 0) -> None:
        """One case from the question for recusals to its result."""
        self.open_round()
        self.ballots(yes, no, abstain)
        self.close()

    def close(self, decision: str = "count") -> None:
        self.do("close_round", self.hands.chair, close_decision=decision)

    def sheet(self, *counts: tuple[int, int, int, int]) -> list[dict[str, Any]]:
        """The counting sheet with (present, yes, no, abstain) of every case filled in, in the order of the list."""
        return [
            {"number": row["number"], "name": row["name"], "present": p, "yes": y, "no": n, "abstain": a}
            for row, (p, y, n, a) in zip(self.candidates, counts, strict=True)
        ]

    def count(self, *counts: tuple[int, int, int, int]) -> None:
        """Both operators enter the same counts."""
        for entry, operator in (("first", self.hands.office), ("second", self.hands.other)):
            self.do(f"enter_counts_{entry}", operator, counts=self.sheet(*counts))

    def announce(self, chair: Actor | None = None) -> None:
        chair = chair or self.hands.chair
        seal = [self.stage.attach(chair)]
        self.do("announce_and_sign", chair, announcement="sign", signature="演示主任", seal_file=seal)

    def sign(self, chair: Actor | None = None) -> None:
        """Chair, recorder and supervisor sign; the sheet is sealed."""
        self.announce(chair)
        self.do("sign_minutes", self.hands.office, discussion="逐一介绍、评议并表决。", signature="演示记录")
        self.do("countersign_minutes", self.hands.supervisor, signature="演示监督")

    def ask_void(self, then: str = "rerun", reason: str = "投票后发现一位在场专家与申报人有未申明的关系。") -> None:
        self.do("void_round", self.hands.chair, void_reason=reason, void_then=then)

    def confirm_void(self, decision: str = "agree") -> None:
        why = {"void_note": "经核实，并无应回避的关系。"} if decision == "refuse" else {}
        self.do("confirm_void", self.hands.supervisor, void_decision=decision, **why)


def plan(stage: Stage, held_on: str = "2026-09-22", hands: Hands | None = None, level: str = "senior") -> Sitting:
    """Start a meeting over all queued cases of that level and plan it."""
    hands = hands or Hands()
    instance = stage.start("P12_review_meeting_vote", hands.office)
    filed = str(stage.rows(committee, committee.c.level == level)[0]["id"])
    stage.do(instance, "plan_meeting", hands.office, committee_id=filed, held_on=held_on, **PLAN)
    return Sitting(stage, instance, hands)


def convene(
    stage: Stage,
    present: int | Collection[int] = 21,
    *,
    mode: str = "electronic",
    held_on: str = "2026-09-22",
    at: str = "09:00",
    minutes: int = 15,
    hands: Hands | None = None,
) -> Sitting:
    """A planned and prepared meeting, on its day, opened with so many members present; on paper recusals are asked for."""
    sitting = plan(stage, held_on, hands)
    sitting.prepare()
    stage.until(f"{held_on}T{at}:00")
    sitting.arrive(present)
    sitting.begin(mode, minutes)
    if mode == "paper":
        sitting.do("confirm_recusals", sitting.hands.office, recusals_asked=True)
    return sitting
