"""Reading the meeting room. Who is not of a meeting learns of none; a recused expert finds no such case (R-76, R-77)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select

from engine.errors import NotFound
from engine.queries.reading import Reading
from engine.registry import Actor
from forms.i18n import T
from processes.committee.ballot_box import BOX
from processes.committee.readers import SHEET_READERS, Reader, reader, stage, works_as
from processes.committee.room import (
    CaseLine,
    Counts,
    GroupLine,
    MeetingLine,
    MemberLine,
    RecusalLine,
    RelationLine,
    RequestLine,
    ReserveLine,
    Room,
    RoundLine,
    RoundShown,
    Sheet,
    SheetLine,
)
from processes.register import attendance, groups, recusals, relations, rolls, rounds
from processes.register.cases import cases_facts
from processes.register.committee_tables import get_committee, get_meeting, meeting_candidate, review_meeting
from processes.register.meetings import candidates
from processes.register.room_tables import attendance as attendance_table
from processes.rules.groups import Group

ANNOUNCED = frozenset({"decided", "sealed"})
DEFERRED = frozenset({"no_quorum", "deferred"})


@dataclass(frozen=True)
class MyMeetings:
    """The meetings an account has to do with, the newest first: all for the office, supervisors and who presides, their own
    for experts. Empty for everybody else."""

    actor: Actor

    def answer(self, reading: Reading) -> list[MeetingLine]:
        connection = reading.connection
        works = works_as(self.actor)
        rows = connection.execute(select(review_meeting).order_by(review_meeting.c.held_on.desc(), review_meeting.c.id))
        found = []
        for meeting in rows.mappings().all():
            me = rolls.member_of(connection, meeting["id"], self.actor.username)
            as_ = works | ({"expert"} if me is not None else frozenset())
            if not as_:
                continue
            mine = me["expert_id"] if me is not None else None
            due = [one for one in groups.due_opinions(connection, meeting["id"]) if one[1] == mine and not one[2]]
            listed = select(func.count()).select_from(meeting_candidate)
            found.append(
                MeetingLine(
                    meeting_id=meeting["id"],
                    committee_name=get_committee(connection, meeting["committee_id"])["name"],
                    held_on=meeting["held_on"],
                    place=meeting["place"],
                    stage=stage(meeting, reading.now),
                    cases=connection.execute(
                        listed.where(meeting_candidate.c.meeting_id == meeting["id"])
                    ).scalar_one(),
                    opinions_due=len(due) if meeting["status"] == "planned" else 0,
                    voting=rounds.open_round_of(connection, meeting["id"]) is not None,
                    as_=as_,
                )
            )
        return found


@dataclass(frozen=True)
class MeetingRoom:
    """A meeting as this account sees it. Raises `NotFound`, also for whom it does not concern."""

    meeting_id: str
    actor: Actor

    def answer(self, reading: Reading) -> Room:
        connection = reading.connection
        meeting, who = reader(connection, self.meeting_id, self.actor)
        names = {row["expert_id"]: row["name"] for row in rolls.roll(connection, self.meeting_id)}
        arranged = groups.arranged(connection, self.meeting_id)
        back = recusals.recused_by_case(connection, self.meeting_id)
        return Room(
            meeting_id=self.meeting_id,
            committee_name=get_committee(connection, meeting["committee_id"])["name"],
            held_on=meeting["held_on"],
            place=meeting["place"],
            mode=meeting["mode"],
            stage=stage(meeting, reading.now),
            instance_id=meeting["instance_id"] if who.staff else None,
            as_=who.as_,
            size=meeting["size"],
            quorum=attendance.quorum_state(connection, self.meeting_id, reading.now),
            recusal_counts_present=meeting["recusal_counts_present"],
            cases=tuple(_case_lines(connection, meeting, who, arranged, back)),
            current=_current(connection, self.meeting_id, who, back),
            groups=tuple(_group_lines(arranged, who, names)),
            missing_opinions=groups.missing_opinions(connection, self.meeting_id) if who.staff else None,
            **(_confidential(connection, self.meeting_id, names) if who.names else {}),
        )


@dataclass(frozen=True)
class ResultSheet:
    """Counts and results of a meeting with its void rounds: for who works there or presides as rounds close, for its
    experts once it is announced, for the authorities that act on it once it is sealed. Raises `NotFound`."""

    meeting_id: str
    actor: Actor

    def answer(self, reading: Reading) -> Sheet:
        connection = reading.connection
        meeting = get_meeting(connection, self.meeting_id)
        if not (meeting["status"] == "sealed" and not self.actor.groups.isdisjoint(SHEET_READERS)):
            _, who = reader(connection, self.meeting_id, self.actor)
            if not who.staff and meeting["status"] not in ANNOUNCED:
                raise NotFound(T("结果还没有宣布。"))
        lines = []
        known = cases_facts(connection, dict(candidates(connection, self.meeting_id)))
        all_rounds = rounds.rounds_by_case(connection, self.meeting_id)
        for application_id, number in candidates(connection, self.meeting_id):
            facts = known[application_id]
            held = [row for row in all_rounds.get(application_id, ()) if row["result"] is not None or row["void"]]
            lines.append(
                SheetLine(
                    number=number,
                    application_id=application_id,
                    name=facts.name,
                    unit_name=facts.unit_name,
                    target_title=facts.target_title,
                    rounds=tuple(
                        RoundShown(
                            round_no=row["round_no"],
                            how=row["how"],
                            counts=_counts(row),
                            result=row["result"],
                            void=row["void"],
                            void_reason=row["void_reason"],
                            voided_by=row["voided_by"],
                            void_confirmed_by=row["void_confirmed_by"],
                        )
                        for row in held
                    ),
                )
            )
        return Sheet(
            meeting_id=self.meeting_id,
            committee_name=get_committee(connection, meeting["committee_id"])["name"],
            held_on=meeting["held_on"],
            place=meeting["place"],
            stage=stage(meeting, reading.now),
            size=meeting["size"],
            attended=meeting["attended"],
            recusal_counts_present=meeting["recusal_counts_present"],
            cases=tuple(lines),
            announced_as=meeting["announced_as"],
            announced_at=meeting["announced_at"],
            minutes_by=meeting["minutes_by"],
            supervised_by=meeting["supervised_by"],
            sheet_hash=meeting["sheet_hash"],
            sealed_at=meeting["sealed_at"],
        )


def _case_lines(
    connection: Connection,
    meeting: RowMapping,
    who: Reader,
    arranged: Sequence[Group],
    back: Mapping[str, frozenset[str]],
) -> list[CaseLine]:
    group_of = {case: number for number, group in enumerate(arranged, 1) for case in group.cases}
    mine = who.me["expert_id"] if who.me is not None else None
    own = {case: done for case, expert_id, done in groups.due_opinions(connection, meeting["id"]) if expert_id == mine}
    my_group = next((number for number, group in enumerate(arranged, 1) if mine in group.members), None)
    listed = candidates(connection, meeting["id"])
    people = cases_facts(connection, dict(listed))
    all_rounds = rounds.rounds_by_case(connection, meeting["id"])
    lines = []
    for application_id, number in listed:
        facts = people[application_id]
        held = all_rounds.get(application_id, [])
        standing = next((row for row in held if not row["void"]), None)
        recused_me = mine is not None and mine in back[application_id]
        group = group_of.get(application_id)
        known = meeting["status"] in ANNOUNCED or (who.staff and not recused_me)
        # Whoever has to agree that a round is void must not know how it stood: it shows once it is decided.
        shown = known and standing is not None and standing["result"] is not None
        lines.append(
            CaseLine(
                application_id=application_id,
                number=number,
                name=facts.name,
                unit_name=facts.unit_name,
                target_title=facts.target_title,
                state=_state(held, standing),
                group=group if who.staff or group == my_group else None,
                voids=sum(row["void"] for row in held),
                result=standing["result"] if shown and standing is not None else None,
                counts=_counts(standing) if shown and standing is not None else None,
                recused=len(back[application_id]) if who.staff else None,
                mine=_mine(meeting, who, recused_me, group is not None and group == my_group),
                opinion={True: "written", False: "due"}[own[application_id]] if application_id in own else "none",
            )
        )
    return lines


def _state(held: Sequence[RowMapping], standing: RowMapping | None) -> str:
    if standing is None:
        return "void" if held else "waiting"
    if standing["status"] == "open":
        return "voting"
    if standing["result"] is None:
        return "counted"
    return "deferred" if standing["result"] in DEFERRED else "decided"


def _mine(meeting: RowMapping, who: Reader, recused_me: bool, in_my_group: bool) -> str:
    """What this reader may do with the case's file; the same as `processes.committee.dossier` says."""
    if recused_me:
        return "recused"
    if who.staff:
        return "read"
    if meeting["status"] == "planned":
        return "read" if in_my_group else "later"
    return "read" if meeting["status"] == "counting" else "none"


def _counts(row: RowMapping) -> Counts:
    return Counts(**{name: row[name] for name in Counts.__dataclass_fields__})


def _current(
    connection: Connection, meeting_id: str, who: Reader, back: Mapping[str, frozenset[str]]
) -> RoundLine | None:
    row = rounds.open_round_of(connection, meeting_id)
    if row is None:
        return None
    cast, eligible = BOX.progress(connection, row["id"])
    return RoundLine(
        round_id=row["id"],
        application_id=row["application_id"],
        number=dict(candidates(connection, meeting_id))[row["application_id"]],
        opened_at=row["opened_at"],
        closes_at=row["closes_at"],
        cast=cast if who.staff else None,
        eligible=eligible if who.staff else None,
        mine=_my_vote(connection, row, who.me["expert_id"], back) if who.me is not None else None,
    )


def _my_vote(connection: Connection, row: RowMapping, expert_id: str, back: Mapping[str, frozenset[str]]) -> str:
    if expert_id in back[row["application_id"]]:
        return "recused"
    if BOX.has_voted(connection, row["id"], expert_id):
        return "voted"
    return "may_vote" if BOX.may_vote(connection, row["id"], expert_id) else "absent"


def _group_lines(arranged: Sequence[Group], who: Reader, names: Mapping[str, str]) -> list[GroupLine]:
    """All for who works there or presides, their own for an expert; names for the office and the supervisor alone."""
    mine = who.me["expert_id"] if who.me is not None else None
    return [
        GroupLine(
            number=number,
            size=len(group.members),
            cases=group.cases,
            members=tuple((one, names.get(one, ""), one == group.lead) for one in group.members) if who.names else (),
            i_am_in=mine in group.members,
            i_lead=mine is not None and mine == group.lead,
        )
        for number, group in enumerate(arranged, 1)
        if who.staff or mine in group.members
    ]


def _confidential(connection: Connection, meeting_id: str, names: Mapping[str, str]) -> dict[str, Any]:
    here = attendance.present(connection, meeting_id)
    latest: dict[str, RowMapping] = {}
    ticked = select(attendance_table).where(attendance_table.c.meeting_id == meeting_id)
    for row in connection.execute(ticked.order_by(attendance_table.c.came_at)).mappings():
        latest[row["expert_id"]] = row
    on_roll = rolls.roll(connection, meeting_id)
    units = {row["expert_id"]: row["unit_name"] for row in on_roll}
    return {
        "attendance": tuple(
            MemberLine(
                expert_id=row["expert_id"],
                name=row["name"],
                unit_name=row["unit_name"],
                title=row["title"],
                role=row["role"],
                here=row["expert_id"] in here,
                came_at=latest[row["expert_id"]]["came_at"] if row["expert_id"] in latest else None,
                left_at=latest[row["expert_id"]]["left_at"] if row["expert_id"] in latest else None,
                excluded=row["excluded_at"] is not None,
            )
            for row in on_roll
        ),
        "reserves": tuple(
            ReserveLine(row["expert_id"], row["name"], row["unit_name"])
            for row in rolls.reserves(connection, meeting_id)
        ),
        "recusals": tuple(
            RecusalLine(
                row["application_id"],
                row["expert_id"],
                names.get(row["expert_id"], ""),
                row["ground"],
                row["source"],
                row["note"],
                row["decided_at"],
            )
            for row in recusals.recusals(connection, meeting_id)
        ),
        "relations": tuple(
            RelationLine(
                one.relation_id,
                one.application_id,
                one.expert_id,
                names.get(one.expert_id, ""),
                one.kind,
                one.source,
                one.source == "detected",
            )
            for one in relations.touching(connection, meeting_id)
        ),
        "requests": tuple(
            RequestLine(
                one.request_id,
                one.application_id,
                one.name,
                one.unit,
                one.reason,
                tuple((match, names[match], units[match]) for match in one.matches),
                one.granted,
            )
            for one in recusals.requests(connection, meeting_id)
        ),
    }
