"""The roll of one meeting: who sits on it, called from the committee's seats, with reserves for who cannot come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from engine.errors import NotFound, Refused
from forms.i18n import T
from processes.register.committee_tables import get_meeting
from processes.register.expert_tables import committee_member, expert
from processes.register.relations import detect
from processes.register.room_tables import attendance, meeting_member, review_group_member


def call_roll(connection: Connection, meeting_id: str, *, now: datetime) -> int:
    """Copy the committee's members onto the meeting's roll; a seat whose member is suspended or whose term does not reach
    the meeting's day goes to the next reserve. What the register knows of relations to the cases is noted at once.

    Answers how many are on the roll; 0 where the committee has no seated members. A roll that stands is left as it is.
    """
    meeting = get_meeting(connection, meeting_id, lock=True)
    if standing := len(roll(connection, meeting_id)):
        return standing
    seated = _seated(connection, meeting["committee_id"])
    reserves = [row for row in seated if row["seat"] == "reserve" and _able(row, meeting["held_on"])]
    rows = []
    for row in (one for one in seated if one["seat"] == "member"):
        able = _able(row, meeting["held_on"])
        if not able and not reserves:
            continue
        taking = row if able else reserves.pop(0)
        rows.append(
            {
                "meeting_id": meeting_id,
                "expert_id": taking["expert_id"],
                "role": row["role"] if able else "member",
                "position": row["position"],
                "called_at": now,
            }
        )
    if rows:
        connection.execute(insert(meeting_member), rows)
        detect(connection, meeting_id, now=now)
    return len(rows)


def roll(connection: Connection, meeting_id: str) -> Sequence[RowMapping]:
    """Who is on the roll now, in the order of the seats: expert_id, account, name, title, unit_name, role, position,
    excluded_at. Confidential."""
    query = (
        select(
            meeting_member.c.expert_id,
            expert.c.account,
            expert.c.name,
            expert.c.title,
            expert.c.unit_name,
            meeting_member.c.role,
            meeting_member.c.position,
            meeting_member.c.excluded_at,
        )
        .join(expert, expert.c.id == meeting_member.c.expert_id)
        .where(meeting_member.c.meeting_id == meeting_id, meeting_member.c.out_at.is_(None))
        .order_by(meeting_member.c.position)
    )
    return connection.execute(query).mappings().all()


def member_of(connection: Connection, meeting_id: str, account: str) -> RowMapping | None:
    """The row of `roll` of the expert with this account; None where they are not on the roll (any more)."""
    return next((row for row in roll(connection, meeting_id) if row["account"] == account), None)


def require_member(connection: Connection, meeting_id: str, expert_id: str) -> RowMapping:
    """The row of `roll`. Raises `NotFound`."""
    for row in roll(connection, meeting_id):
        if row["expert_id"] == expert_id:
            return row
    raise NotFound(T("这位专家不在这次会议的名单上。"))


def may_serve(connection: Connection, expert_id: str, held_on: date) -> bool:
    """Whether an expert is active and in their term on that day (R-65, R-69)."""
    query = select(expert.c.status, expert.c.term_from, expert.c.term_to).where(expert.c.id == expert_id)
    return _able(connection.execute(query).mappings().one(), held_on)


def reserves(connection: Connection, meeting_id: str) -> list[RowMapping]:
    """The committee's reserves who can still be called: expert_id, name, unit_name, position. Confidential."""
    meeting = get_meeting(connection, meeting_id)
    used = set(
        connection.scalars(select(meeting_member.c.expert_id).where(meeting_member.c.meeting_id == meeting_id)).all()
    )
    return [
        row
        for row in _seated(connection, meeting["committee_id"])
        if row["seat"] == "reserve" and row["expert_id"] not in used and _able(row, meeting["held_on"])
    ]


def replace_member(
    connection: Connection, meeting_id: str, out_id: str, in_id: str, *, reason: str, by: str, now: datetime
) -> None:
    """A reserve takes the seat of who cannot come; a vacant chair's seat makes nobody chair. The group loses its member.

    Raises NotFound (not on the roll), Refused: `REASON_MISSING`, `SESSION_BEGUN`, `CHECKED_IN`, `NOT_A_RESERVE`.
    """
    meeting = get_meeting(connection, meeting_id, lock=True)
    out = require_member(connection, meeting_id, out_id)
    if not reason.strip():
        raise Refused(T("请写明更换的理由。"), code="REASON_MISSING")
    if meeting["status"] != "planned":
        raise Refused(T("会议已经开始，不能再更换专家。"), code="SESSION_BEGUN")
    here = (attendance.c.meeting_id == meeting_id, attendance.c.expert_id == out_id, attendance.c.left_at.is_(None))
    if connection.execute(select(attendance.c.id).where(*here)).first() is not None:
        raise Refused(T("这位专家已经签到；确需更换的，请先登记其离会。"), code="CHECKED_IN")
    if in_id not in {row["expert_id"] for row in reserves(connection, meeting_id)}:
        raise Refused(T("只能从本评委会还没有递补的候补专家中选人。"), code="NOT_A_RESERVE")
    mine = (meeting_member.c.meeting_id == meeting_id, meeting_member.c.expert_id == out_id)
    connection.execute(update(meeting_member).where(*mine).values(out_at=now, out_by=by, out_reason=reason.strip()))
    connection.execute(
        delete(review_group_member).where(
            review_group_member.c.meeting_id == meeting_id, review_group_member.c.expert_id == out_id
        )
    )
    connection.execute(
        insert(meeting_member).values(
            meeting_id=meeting_id,
            expert_id=in_id,
            role="member",
            position=out["position"],
            called_at=now,
            called_by=by,
        )
    )
    detect(connection, meeting_id, now=now)


def _seated(connection: Connection, committee_id: str) -> Sequence[RowMapping]:
    query = (
        select(
            committee_member.c.expert_id,
            committee_member.c.role,
            committee_member.c.seat,
            committee_member.c.position,
            expert.c.name,
            expert.c.unit_name,
            expert.c.status,
            expert.c.term_from,
            expert.c.term_to,
        )
        .join(expert, expert.c.id == committee_member.c.expert_id)
        .where(committee_member.c.committee_id == committee_id)
        .order_by(committee_member.c.seat, committee_member.c.position)
    )
    return connection.execute(query).mappings().all()


def _able(row: RowMapping, held_on: date) -> bool:
    return row["status"] == "active" and row["term_from"] <= held_on <= row["term_to"]
