"""What people do in the meeting room, outside process variables, tasks and events.

The office ticks attendance, replaces, arranges and records; an expert acts for themselves alone: who they are is their
account, never a link or a number they hold. Commands of experts are `confidential`: a refusal leaves no line with their
name, and they take no idempotency key. Each of them may be repeated without harm by what it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from sqlalchemy import RowMapping

from engine import faults, history
from engine.commands import messages
from engine.commands.step import Step
from engine.errors import Forbidden, Invalid, NotFound, Refused
from engine.registry import Actor
from forms.i18n import T, Text
from processes.committee.ballot_box import BOX
from processes.register import attendance, experts, groups, recusals, rolls, rounds
from processes.register.ballot_tables import CHOICES
from processes.register.committee_tables import get_meeting
from processes.rules.groups import Group

OFFICE = "committee_office"


@dataclass(frozen=True)
class CheckIn:
    """The office ticks that an expert has come. Answers `{"present", "needed", "reached"}`.

    Raises NotFound, Forbidden, Conflict, Refused as `attendance.check_in`."""

    confidential: ClassVar[bool] = True  # the sentence of a refusal stays between the office and the list
    meeting_id: str
    expert_id: str
    actor: Actor

    def execute(self, step: Step) -> dict[str, Any]:
        _require_office(self.actor)
        attendance.check_in(step.connection, self.meeting_id, self.expert_id, by=self.actor.username, now=step.now)
        return _quorum(step, self.meeting_id)


@dataclass(frozen=True)
class CheckOut:
    """The office ticks that an expert has left; later cases have one present less (S08). Answers as `CheckIn`.

    Raises as `attendance.check_out`, and Refused `ROUND_RUNS`: who was given a ballot keeps it until the round closes."""

    confidential: ClassVar[bool] = True
    meeting_id: str
    expert_id: str
    actor: Actor

    def execute(self, step: Step) -> dict[str, Any]:
        _require_office(self.actor)
        get_meeting(step.connection, self.meeting_id, lock=True)
        # For everybody, not only for who has not voted yet: a refusal must not tell which of them has.
        if rounds.open_round_of(step.connection, self.meeting_id) is not None:
            raise Refused(T("这一轮投票还在进行，等它结束后再登记离会。"), code="ROUND_RUNS")
        attendance.check_out(step.connection, self.meeting_id, self.expert_id, by=self.actor.username, now=step.now)
        return _quorum(step, self.meeting_id)


@dataclass(frozen=True)
class ReplaceMember:
    """A reserve takes the seat of who cannot come. Answers `{"replaced": true}`. Raises as `rolls.replace_member`."""

    confidential: ClassVar[bool] = True
    meeting_id: str
    out_id: str
    in_id: str
    reason: str
    actor: Actor

    def execute(self, step: Step) -> dict[str, Any]:
        _require_office(self.actor)
        _write_down(step, self.meeting_id, "member_replaced", self.actor, T("更换了一名评审专家。"), {})
        rolls.replace_member(
            step.connection,
            self.meeting_id,
            self.out_id,
            self.in_id,
            reason=self.reason,
            by=self.actor.username,
            now=step.now,
        )
        return {"replaced": True}


@dataclass(frozen=True)
class SeatMembers:
    """The office seats a committee anew: members and reserves in the order given (R-66, R-67). `same_unit`: the office
    means it where many come from one unit. The history gets counts, never names.

    Answers `{"members", "reserves"}`. Raises Forbidden, and as `experts.check_seats`."""

    confidential: ClassVar[bool] = True
    committee_id: str
    seats: Sequence[experts.Seat] = field(repr=False)
    actor: Actor
    same_unit: bool = False

    def execute(self, step: Step) -> dict[str, Any]:
        _require_office(self.actor)
        experts.check_seats(step.connection, self.committee_id, self.seats, same_unit=self.same_unit, now=step.now)
        experts.seat_members(step.connection, self.committee_id, self.seats)
        members = sum(seat.seat == "member" for seat in self.seats)
        counts = {"members": members, "reserves": len(self.seats) - members}
        data = {"committee_id": self.committee_id, "same_unit": self.same_unit, **counts}
        step.record(history.OFFICE, "members_seated", data=data, actor=self.actor, text=T("登记了评委会名单。"))
        return counts


@dataclass(frozen=True)
class DeclareRecusal:
    """Stand back from a case before its round opens. An expert declares for themselves and leaves `expert_id` out; the
    office names the expert. Answers `{"recused": true}`. Raises as `recusals.declare`."""

    confidential: ClassVar[bool] = True
    meeting_id: str
    application_id: str
    ground: str
    actor: Actor
    note: str | None = None
    expert_id: str | None = None

    def execute(self, step: Step) -> dict[str, Any]:
        if self.expert_id is None:
            expert_id, source = _self(step, self.meeting_id, self.actor)["expert_id"], "declared"
        else:
            _require_office(self.actor)
            expert_id, source = self.expert_id, "office"
        recusals.declare(
            step.connection,
            self.meeting_id,
            self.application_id,
            expert_id,
            ground=self.ground,
            source=source,
            note=self.note,
            by=self.actor.username,
            now=step.now,
        )
        return {"recused": True}


@dataclass(frozen=True)
class DismissRelation:
    """The office found that a detected relation is none. Answers `{"lifted": n}`. Raises as `recusals.dismiss_relation`."""

    confidential: ClassVar[bool] = True
    meeting_id: str
    relation_id: str
    note: str
    actor: Actor

    def execute(self, step: Step) -> dict[str, Any]:
        _require_office(self.actor)
        lifted = recusals.dismiss_relation(
            step.connection, self.meeting_id, self.relation_id, note=self.note, by=self.actor.username, now=step.now
        )
        return {"lifted": lifted}


@dataclass(frozen=True)
class RuleOnRequest:
    """The office answers a candidate's blind request that somebody stand back. Answers `{"granted": bool}`.

    Raises as `recusals.rule_on_request`."""

    confidential: ClassVar[bool] = True
    meeting_id: str
    request_id: str
    granted: bool
    note: str
    actor: Actor
    expert_id: str | None = None
    ground: str | None = None

    def execute(self, step: Step) -> dict[str, Any]:
        _require_office(self.actor)
        recusals.rule_on_request(
            step.connection,
            self.meeting_id,
            self.request_id,
            granted=self.granted,
            expert_id=self.expert_id,
            ground=self.ground,
            note=self.note,
            by=self.actor.username,
            now=step.now,
        )
        return {"granted": self.granted}


@dataclass(frozen=True)
class ArrangeGroups:
    """Keep the groups: `groups` as the office arranged them, or None for the program's proposal.

    Answers `{"groups": n}`. Raises as `groups.arrange` and `groups.propose`."""

    confidential: ClassVar[bool] = True
    meeting_id: str
    actor: Actor
    groups: Sequence[Group] | None = None

    def execute(self, step: Step) -> dict[str, Any]:
        _require_office(self.actor)
        given = groups.propose(step.connection, self.meeting_id) if self.groups is None else self.groups
        told = T("登记了评议分组，共 {n} 组。", n=len(given))
        _write_down(step, self.meeting_id, "groups_arranged", self.actor, told, {"groups": len(given)})
        groups.arrange(step.connection, self.meeting_id, given, by=self.actor.username, now=step.now)
        return {"groups": len(given)}


@dataclass(frozen=True)
class WriteOpinion:
    """An expert's opinion of a case of their group; again, it corrects. Answers `{"written": true}`.

    `recommendation`: approve, reject, interview; `scores`: dimension -> 0..100, may be empty. Raises as
    `groups.write_opinion`."""

    confidential: ClassVar[bool] = True
    meeting_id: str
    application_id: str
    strengths: str
    recommendation: str
    actor: Actor
    weaknesses: str = ""
    scores: Mapping[str, int] = field(default_factory=dict)

    def execute(self, step: Step) -> dict[str, Any]:
        me = _self(step, self.meeting_id, self.actor)
        groups.write_opinion(
            step.connection,
            self.meeting_id,
            self.application_id,
            me["expert_id"],
            strengths=self.strengths,
            weaknesses=self.weaknesses,
            recommendation=self.recommendation,
            scores=self.scores,
            now=step.now,
        )
        return {"written": True}


@dataclass(frozen=True)
class RecordInterview:
    """The office keeps what was said; `mode`: interview, report, exhibition. Answers `{"recorded": true}`.

    Raises as `groups.record_interview`."""

    meeting_id: str
    application_id: str
    mode: str
    record: str
    conclusion: str
    actor: Actor

    def execute(self, step: Step) -> dict[str, Any]:
        _require_office(self.actor)
        groups.record_interview(
            step.connection,
            self.meeting_id,
            self.application_id,
            mode=self.mode,
            record=self.record,
            conclusion=self.conclusion,
            by=self.actor.username,
            now=step.now,
        )
        return {"recorded": True}


@dataclass(frozen=True)
class CastBallot:
    """One expert's ballot in the round that runs: yes, no, abstain. Answers `{"cast": true}`, and nothing of the tally.

    The last slip tells the meeting's process (`ballots_complete`, correlated by `round_id`). Raises NotFound (no such
    round, not on the roll, recused), Forbidden (no ballot: absent), Conflict `ROUND_CLOSED`, `ALREADY_VOTED`, Invalid."""

    confidential: ClassVar[bool] = True
    meeting_id: str
    round_id: str
    choice: str = field(repr=False)
    actor: Actor

    def execute(self, step: Step) -> dict[str, Any]:
        if self.choice not in CHOICES:
            raise Invalid({"choice": [T("请在同意、不同意、弃权中选一项。")]})
        faults.point("before_load")
        me = _self(step, self.meeting_id, self.actor)
        faults.point("after_load")
        faults.point("before_save")
        last = rounds.cast(
            step.connection, BOX, self.meeting_id, self.round_id, me["expert_id"], self.choice, now=step.now
        )
        faults.point("after_save")
        faults.point("before_outbox")
        if last:
            instance_id = get_meeting(step.connection, self.meeting_id)["instance_id"]
            correlation = {"round_id": self.round_id}
            message_id = messages.store(step, "ballots_complete", correlation, None, {}, state="pending")
            messages.put_delivery(step, message_id, instance_id)
        faults.point("after_outbox")
        return {"cast": True}


def _require_office(actor: Actor) -> None:
    if OFFICE not in actor.groups:
        raise Forbidden(T("只有评审办事机构可以这样办理。"))


def _self(step: Step, meeting_id: str, actor: Actor) -> RowMapping:
    """The acting account's own row on the roll. Raises `NotFound`: who is not on it learns of no meeting."""
    me = rolls.member_of(step.connection, meeting_id, actor.username)
    if me is None:
        raise NotFound(T("没有这次评审会议。"))
    return me


def _quorum(step: Step, meeting_id: str) -> dict[str, Any]:
    found = attendance.quorum_state(step.connection, meeting_id, step.now)
    return {"present": found.present, "needed": found.needed, "reached": found.reached}


def _write_down(step: Step, meeting_id: str, kind: str, actor: Actor, text: Text, data: dict[str, Any]) -> None:
    """In the meeting's history; counts only, never who (R-76). First of all that a command does: a step of the meeting's
    process locks its instance before the meeting, and so must we."""
    meeting = get_meeting(step.connection, meeting_id)
    line = history.Line(kind, actor.username, data={"meeting_id": meeting_id, **data}, text=text)
    if not history.append_to_instance(step.connection, meeting["instance_id"], step.now, [line]):
        step.record(history.OFFICE, kind, data={"meeting_id": meeting_id, **data}, actor=actor, text=text)
