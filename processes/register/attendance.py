"""Who has come to a meeting and who has left, and whether those who are there may decide (R-70, R-72)."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, RowMapping, func, insert, select, update

from engine.errors import Conflict, Refused
from engine.store.metadata import new_id
from forms.i18n import T
from processes.dates import day
from processes.register.committee_tables import get_meeting
from processes.register.policies import parameter
from processes.register.rolls import may_serve, require_member
from processes.register.room_tables import attendance
from processes.rules.votes import Share
from processes.rules.workdays import local_day


class Quorum(NamedTuple):
    """Of the whole meeting, measured against the committee's size: 17 of 25, 8 of 11, 6 of 9."""

    present: int
    needed: int
    size: int
    reached: bool


def check_in(connection: Connection, meeting_id: str, expert_id: str, *, by: str, now: datetime) -> None:
    """Tick that an expert has come. Nobody is ticked for another day, nor after the result was announced.

    Raises NotFound (not on the roll), Conflict (here already), Refused: `MEETING_NOT_YET`, `MEETING_OVER`,
    `EXCLUDED` (a relation keeps them away from the whole meeting), `NOT_SERVING` (suspended, or the term over, since the
    roll was called; a meeting may have been put off).
    """
    meeting = get_meeting(connection, meeting_id, lock=True)
    member = require_member(connection, meeting_id, expert_id)
    require_day(meeting, now)
    if meeting["status"] not in ("planned", "counting"):
        raise Refused(T("会议结果已经宣布，不能再签到。"), code="MEETING_OVER")
    if member["excluded_at"] is not None:
        raise Refused(T("这位专家须回避整个会议，不能签到；可以由候补专家递补。"), code="EXCLUDED")
    if not may_serve(connection, expert_id, meeting["held_on"]):
        raise Refused(T("这位专家已停用，或者聘期不到会议这一天，不能签到；可以由候补专家递补。"), code="NOT_SERVING")
    if expert_id in present(connection, meeting_id):
        raise Conflict(T("这位专家已经签到。"))
    connection.execute(
        insert(attendance).values(id=new_id(), meeting_id=meeting_id, expert_id=expert_id, came_at=now, came_by=by)
    )


def check_out(connection: Connection, meeting_id: str, expert_id: str, *, by: str, now: datetime) -> None:
    """Tick that an expert has left: later cases have one present less, results already found stand (S08).

    Raises NotFound (not on the roll), Conflict (not here)."""
    get_meeting(connection, meeting_id, lock=True)
    require_member(connection, meeting_id, expert_id)
    leave = update(attendance).where(
        attendance.c.meeting_id == meeting_id, attendance.c.expert_id == expert_id, attendance.c.left_at.is_(None)
    )
    if connection.execute(leave.values(left_at=now, left_by=by)).rowcount != 1:
        raise Conflict(T("这位专家没有签到，或者已经离会。"))


def all_leave(connection: Connection, meeting_id: str, *, by: str, now: datetime) -> None:
    """A meeting that is put off sends everybody home; on the new day they check in again."""
    here = (attendance.c.meeting_id == meeting_id, attendance.c.left_at.is_(None))
    connection.execute(update(attendance).where(*here).values(left_at=now, left_by=by))


def present(connection: Connection, meeting_id: str, at: datetime | None = None) -> frozenset[str]:
    """Who is there: now, or at an instant (who leaves at it is gone, who comes at it is there)."""
    when: ColumnElement[bool] = attendance.c.left_at.is_(None)
    if at is not None:
        when = (attendance.c.came_at <= at) & (attendance.c.left_at.is_(None) | (attendance.c.left_at > at))
    query = select(attendance.c.expert_id).where(attendance.c.meeting_id == meeting_id, when)
    return frozenset(connection.scalars(query))


def moments(connection: Connection, meeting_id: str, since: datetime) -> list[datetime]:
    """`since` and every later instant at which somebody came or left, in order."""
    mine = attendance.c.meeting_id == meeting_id
    came = connection.scalars(select(attendance.c.came_at).where(mine, attendance.c.came_at > since)).all()
    left = connection.scalars(select(attendance.c.left_at).where(mine, attendance.c.left_at > since)).all()
    return sorted({since, *came, *(at for at in left if at is not None)})


def is_kept(connection: Connection, meeting_id: str) -> bool:
    """Whether anybody was ever ticked: the register then knows who was present, and no count may say otherwise."""
    query = select(func.count()).select_from(attendance).where(attendance.c.meeting_id == meeting_id)
    return connection.execute(query).scalar_one() > 0


def quorum_state(connection: Connection, meeting_id: str, now: datetime) -> Quorum:
    """How many of the committee are there now, and how many must be (R-70; parameter `meeting.quorum`)."""
    size = get_meeting(connection, meeting_id)["size"]
    share = Share.parse(parameter(connection, "meeting.quorum", now))
    here = len(present(connection, meeting_id))
    return Quorum(here, share.least(size), size, share.reached(here, size))


def require_day(meeting: RowMapping, now: datetime) -> None:
    """Nobody checks in or counts before the day on which the title will count. Raises `Refused` `MEETING_NOT_YET`."""
    if local_day(now) < meeting["held_on"]:
        raise Refused(
            T("会议定于 {day}，当天才能登记到会人数和票数。", day=day(meeting["held_on"])), code="MEETING_NOT_YET"
        )
