"""Times in which the service stood still, the windows they fell into, and the working day given back for them (S05c)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, insert, select, update

from engine.commands.beat import NOTICEABLE
from engine.errors import NotFound
from engine.queries.silences import silences
from engine.store.metadata import new_id
from engine.store.upsert import insert_new
from forms.i18n import T
from processes.register.notice_tables import publicity_notice
from processes.register.notice_windows import move_window, record_window
from processes.register.objection_tables import compensation, supplementary_period
from processes.register.policies import calendar
from processes.rules.workdays import (
    CalendarMissing,
    WorkCalendar,
    add_workdays,
    end_of_day,
    local_day,
    workday_deadline,
)


@dataclass(frozen=True)
class Stop:
    """A time without service, from the last sign of life to the next. `key` names it in commands."""

    key: str
    from_at: datetime
    to_at: datetime


@dataclass(frozen=True)
class Hit:
    """A window that was open in a stop: its end as it stands, and one working day later (None: that year has no calendar
    yet). `closed`: it has ended, and only a supplementary period can be given."""

    notice: RowMapping
    closes_at: datetime
    closed: bool
    offered_until: datetime | None


def stops(connection: Connection) -> list[Stop]:
    """Silences of the background work, and ends of windows that were noticed late in none of them; the newest first."""
    known = [Stop(each.id, each.from_at, each.to_at) for each in silences(connection)]
    closed = select(publicity_notice).where(publicity_notice.c.status == "closed")
    late: dict[tuple[datetime, datetime], str] = {}
    for row in connection.execute(closed.order_by(publicity_notice.c.id)).mappings():
        due_at, noticed_at = row["closed_effective_at"], row["closed_at"]
        covered = any(stop.from_at < noticed_at and due_at < stop.to_at for stop in known)
        if noticed_at - due_at >= NOTICEABLE and not covered:
            late.setdefault((due_at, noticed_at), row["id"])
    known += [Stop(key, *times) for times, key in late.items()]
    return sorted(known, key=lambda stop: stop.from_at, reverse=True)


def get_stop(connection: Connection, key: str) -> Stop:
    """Raises NotFound."""
    for stop in stops(connection):
        if stop.key == key:
            return stop
    raise NotFound(T("没有这次中断的记录。"))


def hits(connection: Connection, stop: Stop, now: datetime) -> list[Hit]:
    """The windows that were open at some moment of the stop, or ended exactly when it was noticed to have begun."""
    query = select(publicity_notice).where(
        publicity_notice.c.status.in_(("published", "closed")),
        publicity_notice.c.published_at < stop.to_at,
        publicity_notice.c.closes_at >= stop.from_at,
    )
    days = calendar(connection)
    rows = connection.execute(query.order_by(publicity_notice.c.id)).mappings().all()
    return [_hit(days, row, now) for row in rows]


def _hit(days: WorkCalendar, row: RowMapping, now: datetime) -> Hit:
    closes_at: datetime = row["closes_at"]
    closed = row["status"] == "closed" or closes_at <= now
    last = local_day(closes_at - timedelta(microseconds=1))
    try:
        until: datetime | None = end_of_day(add_workdays(days, last, 1), row["close_time"])
        if closed and until is not None and until <= now:
            # Decided late: a day that is over helps nobody, so the next whole working day is given.
            until = workday_deadline(days, now, 1, close=row["close_time"])
    except CalendarMissing:
        until = None
    return Hit(row, closes_at, closed, until)


def compensations(connection: Connection) -> dict[tuple[datetime, datetime], RowMapping]:
    """What was offered or given, by the stop's two ends."""
    rows = connection.execute(select(compensation)).mappings()
    return {(row["from_at"], row["to_at"]): row for row in rows}


def get_compensation(connection: Connection, compensation_id: str) -> RowMapping:
    """The offer's row, locked. Raises NotFound."""
    query = select(compensation).where(compensation.c.id == compensation_id).with_for_update()
    row = connection.execute(query).mappings().first()
    if row is None:
        raise NotFound(T("没有这项补偿。"))
    return row


def offer(connection: Connection, stop: Stop, *, reason: str, by: str, now: datetime) -> str | None:
    """The first person's word. Returns the offer's id; None where somebody offered already."""
    compensation_id = new_id()
    values = {"id": compensation_id, "from_at": stop.from_at, "to_at": stop.to_at, "reason": reason}
    made = connection.execute(insert_new(connection, compensation).values(**values, offered_by=by, offered_at=now))
    return compensation_id if made.rowcount == 1 else None


def confirm(connection: Connection, compensation_id: str, *, by: str, now: datetime) -> None:
    connection.execute(
        update(compensation).where(compensation.c.id == compensation_id).values(confirmed_by=by, confirmed_at=now)
    )


def give(connection: Connection, hit: Hit, until: datetime, given: RowMapping, *, by: str, now: datetime) -> None:
    """Move one window's end later; where it has closed, open a supplementary period. Nothing is ever made shorter."""
    notice = hit.notice
    if not hit.closed:
        move_window(connection, notice["id"], until, cause="outage", reason=given["reason"], actor=by, now=now)
        return
    period = supplementary_period
    before = select(period.c.objections_until).where(period.c.notice_id == notice["id"])
    standing = connection.execute(before).scalar()
    if standing is None:
        connection.execute(
            insert(period).values(
                notice_id=notice["id"], compensation_id=given["id"], opened_at=now, objections_until=until
            )
        )
    elif standing < until:
        where = period.c.notice_id == notice["id"]
        connection.execute(update(period).where(where).values(compensation_id=given["id"], objections_until=until))
    record_window(connection, notice["id"], until, "outage", given["reason"], notice["calendar_version"], by, now)
