"""The expert pool and the seats of committees (R-65, R-66, R-76, R-77). Whoever calls has asked who may see it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from engine.errors import NotFound, Refused
from engine.store.metadata import new_id
from engine.store.tables import instance
from forms.i18n import T
from processes.dates import day
from processes.register.committee_tables import get_committee, review_meeting
from processes.register.expert_tables import committee_member, expert, expert_relation
from processes.register.policies import parameter
from processes.register.room_tables import meeting_member
from processes.rules.terms import filing_valid_until
from processes.rules.workdays import local_day


@dataclass(frozen=True)
class NewExpert:
    """Who enters the pool. `specialties`: kinds of works; `tracks`: artisan, academic; the term's days are inclusive."""

    account: str
    name: str
    title: str
    unit_name: str
    sector: str
    term_from: date
    term_to: date
    unit_code: str | None = None
    province: str = "青海"
    specialties: tuple[str, ...] = ()
    tracks: tuple[str, ...] = ("artisan", "academic")


@dataclass(frozen=True)
class Seat:
    """One place of a committee. Reserves are called in the order given."""

    expert_id: str
    role: str = "member"  # chair, vice_chair, member
    seat: str = "member"  # member, reserve


def add_expert(connection: Connection, new: NewExpert, *, now: datetime) -> str:
    """Take an expert into the pool; answers the id. Raises `Refused` `TERM_TOO_LONG` (R-65: three years at most)."""
    longest = filing_valid_until(new.term_from, parameter(connection, "expert.max_term_years", now))
    if new.term_to > longest:
        raise Refused(T("专家的聘期最长到 {day}。", day=day(longest)), code="TERM_TOO_LONG")
    expert_id = new_id()
    values = {**asdict(new), "specialties": list(new.specialties), "tracks": list(new.tracks)}
    connection.execute(insert(expert).values(id=expert_id, status="active", created_at=now, **values))
    return expert_id


def set_status(connection: Connection, expert_id: str, status: str) -> None:
    """Suspend, remove or take back (R-69, R-126)."""
    get_expert(connection, expert_id)
    connection.execute(update(expert).where(expert.c.id == expert_id).values(status=status))


def get_expert(connection: Connection, expert_id: str) -> RowMapping:
    """Raises `NotFound`."""
    row = connection.execute(select(expert).where(expert.c.id == expert_id)).mappings().first()
    if row is None:
        raise NotFound(T("没有这位专家。"))
    return row


def relate(
    connection: Connection,
    expert_id: str,
    kind: str,
    *,
    person_id: str | None = None,
    unit_code: str | None = None,
    valid_from: date | None = None,
    valid_to: date | None = None,
    source: str = "declared",
    note: str | None = None,
    by: str | None,
    now: datetime,
) -> str:
    """Keep a relation towards one person or one unit; answers its id. `by` None: found by the program."""
    relation_id = new_id()
    connection.execute(
        insert(expert_relation).values(
            id=relation_id,
            expert_id=expert_id,
            kind=kind,
            person_id=person_id,
            unit_code=unit_code,
            valid_from=valid_from,
            valid_to=valid_to,
            source=source,
            note=note,
            recorded_by=by,
            recorded_at=now,
            false_positive=False,
        )
    )
    return relation_id


def check_seats(
    connection: Connection, committee_id: str, seats: Sequence[Seat], *, same_unit: bool = False, now: datetime
) -> None:
    """What the office may not seat, in words that name the expert: only the office reads them. `same_unit`: more experts
    of one unit than `expert.max_same_unit` are meant.

    Raises `NotFound`, `Refused`: `EVEN_SIZE`, `BAD_SEATS`, `SEATED_TWICE`, `EXPERT_UNAVAILABLE`, `TERM_OVER` (these with
    `expert_id`), `SAME_UNIT`, `MEETING_UNDER_WAY`.
    """
    filed = get_committee(connection, committee_id, lock=True)
    members = [seat for seat in seats if seat.seat == "member"]
    if len(members) % 2 == 0:
        raise Refused(T("委员人数须为单数，现为 {given} 名。", given=len(members)), code="EVEN_SIZE")
    check_number(filed, seats)
    meetings = _open_meetings(connection, committee_id)
    if any(row["on_roll"] for row in meetings):
        raise Refused(
            T(
                "本评委会有一次会议正在进行，名单已经用于那次会议。会议封存后才能更换名单；个别专家不能到会的，请在会议里递补。"
            ),
            code="MEETING_UNDER_WAY",
        )
    last = max([local_day(now), *(row["held_on"] for row in meetings)])
    found = _experts(connection, [seat.expert_id for seat in seats])
    for seat in seats:
        _check_expert(found.get(seat.expert_id), last)
    if len(found) != len(seats):
        raise Refused(T("同一位专家不能占两个席位。"), code="SEATED_TWICE")
    most = parameter(connection, "expert.max_same_unit", now)
    units = Counter(found[seat.expert_id]["unit_name"] for seat in members)
    over = [f"{unit}（{count}）" for unit, count in units.most_common() if count > most]
    if over and not same_unit:
        raise Refused(
            T("同一单位的委员一般不超过 {most} 名，现在超过的有：{units}。", most=most, units="、".join(over)),
            code="SAME_UNIT",
        )


def _check_expert(row: RowMapping | None, last: date) -> None:
    if row is None:
        raise NotFound(T("没有这位专家。"))
    if row["status"] != "active":
        said = T("{name}已移出专家库，不能列入名单。", name=row["name"])
        if row["status"] == "suspended":
            said = T("{name}已暂停评审，不能列入名单。", name=row["name"])
        raise Refused(said, code="EXPERT_UNAVAILABLE", expert_id=row["id"])
    if row["term_to"] < last:
        raise Refused(
            T("{name}的聘期到 {day} 为止，不能列入名单。", name=row["name"], day=day(row["term_to"])),
            code="TERM_OVER",
            expert_id=row["id"],
        )


def _experts(connection: Connection, ids: Sequence[str]) -> dict[str, RowMapping]:
    rows = connection.execute(select(expert).where(expert.c.id.in_(ids))).mappings().all()
    return {row["id"]: row for row in rows}


def _open_meetings(connection: Connection, committee_id: str) -> Sequence[RowMapping]:
    """Meetings that are neither sealed nor given up: held_on, on_roll (how many were called)."""
    called = (
        select(func.count())
        .select_from(meeting_member)
        .where(meeting_member.c.meeting_id == review_meeting.c.id)
        .scalar_subquery()
    )
    query = (
        select(review_meeting.c.held_on, called.label("on_roll"))
        .join(instance, instance.c.id == review_meeting.c.instance_id)
        .where(
            review_meeting.c.committee_id == committee_id,
            review_meeting.c.status != "sealed",
            instance.c.state.in_(("active", "incident", "suspended")),
        )
    )
    return connection.execute(query).mappings().all()


def check_number(filed: RowMapping, seats: Sequence[Seat]) -> None:
    """Raises `Refused` `BAD_SEATS`: the number of members is not the committee's size, or not exactly one is its chair."""
    members = [seat for seat in seats if seat.seat == "member"]
    if len(members) != filed["size"] or sum(seat.role == "chair" for seat in members) != 1:
        raise Refused(
            T("评委会应有 {size} 名委员，其中主任委员一名；现有 {given} 名。", size=filed["size"], given=len(members)),
            code="BAD_SEATS",
        )


def seat_members(connection: Connection, committee_id: str, seats: Sequence[Seat]) -> None:
    """Seat a committee anew, members and reserves in the order given; meetings already called keep their roll.

    Raises as `check_number`.
    """
    check_number(get_committee(connection, committee_id), seats)
    connection.execute(delete(committee_member).where(committee_member.c.committee_id == committee_id))
    rows = []
    for which in ("member", "reserve"):
        for position, seat in enumerate((one for one in seats if one.seat == which), 1):
            rows.append({"committee_id": committee_id, "position": position, **asdict(seat)})
    connection.execute(insert(committee_member), rows)
