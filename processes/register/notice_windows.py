"""When a notice closes, every end it has had, and why it was moved. Later is possible, earlier never (R-90 to R-93)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from engine.store.metadata import new_id
from processes.register.notice_tables import get_notice, notice_window, only_while, publicity_notice
from processes.register.policies import calendar_missing
from processes.rules.windows import recomputed
from processes.rules.workdays import CalendarMissing, WorkCalendar, workday_deadline


def windows(connection: Connection, notice_id: str) -> Sequence[RowMapping]:
    """Every end the window has had, in order."""
    query = select(notice_window).where(notice_window.c.notice_id == notice_id)
    return connection.execute(query.order_by(notice_window.c.seq)).mappings().all()


def record_window(
    connection: Connection,
    notice_id: str,
    closes_at: datetime,
    cause: str,
    reason: str,
    calendar_version: int,
    actor: str | None,
    now: datetime,
    computed_at: datetime | None = None,
) -> None:
    last = connection.execute(
        select(func.max(notice_window.c.seq)).where(notice_window.c.notice_id == notice_id)
    ).scalar()
    connection.execute(
        insert(notice_window).values(
            id=new_id(),
            notice_id=notice_id,
            seq=(last or 0) + 1,
            closes_at=closes_at,
            computed_at=computed_at,
            cause=cause,
            reason=reason,
            calendar_version=calendar_version,
            actor=actor,
            at=now,
        )
    )


def move_window(
    connection: Connection,
    notice_id: str,
    closes_at: datetime,
    *,
    cause: str,
    reason: str,
    actor: str | None,
    now: datetime,
    calendar_version: int | None = None,
    computed_at: datetime | None = None,
) -> None:
    """Keep a new end, never an earlier one (the caller has checked), with its cause, reason and author."""
    notice = get_notice(connection, notice_id, lock=True)
    only_while(notice, "published")
    version = calendar_version or notice["calendar_version"]
    connection.execute(
        update(publicity_notice)
        .where(publicity_notice.c.id == notice_id, publicity_notice.c.closes_at <= closes_at)
        .values(closes_at=closes_at, calendar_version=version)
    )
    record_window(connection, notice_id, closes_at, cause, reason, version, actor, now, computed_at)


@dataclass(frozen=True)
class WindowMove:
    """What a calendar does to one open window: `closes_at` is its end then, never before `closes_now`; `shorter` where
    the calendar by itself would end it sooner, at `computed`."""

    notice_id: str
    title: str
    closes_now: datetime
    closes_at: datetime
    computed: datetime
    shorter: bool


def window_moves(connection: Connection, days: WorkCalendar, *, lock: bool = False) -> list[WindowMove]:
    """The open windows that a calendar would move later or would have shortened. Raises `Refused` (`CALENDAR_MISSING`)."""
    found = []
    open_now = select(publicity_notice.c.id).where(publicity_notice.c.status == "published")
    # In the order of their ids, as everybody who locks several: nobody then waits for the other.
    for notice_id in connection.execute(open_now.order_by(publicity_notice.c.id)).scalars().all():
        notice = get_notice(connection, notice_id, lock=lock)
        try:
            computed = workday_deadline(
                days,
                notice["published_at"],
                notice["min_workdays"],
                first_day_counts=notice["first_day_counts"],
                close=notice["close_time"],
            )
        except CalendarMissing as missing:
            raise calendar_missing(missing) from missing
        # What people extended on purpose is no miscount: only the plain computation of the past is compared.
        before = next(w for w in reversed(windows(connection, notice_id)) if w["cause"] in ("published", "calendar"))
        closes_at, _ = recomputed(notice["closes_at"], computed)
        shorter = computed < (before["computed_at"] or before["closes_at"])
        if shorter or closes_at != notice["closes_at"]:
            found.append(WindowMove(notice_id, notice["title"], notice["closes_at"], closes_at, computed, shorter))
    return sorted(found, key=lambda move: (move.closes_now, move.notice_id))


def recompute_windows(
    connection: Connection, days: WorkCalendar, *, reason: str, actor: str, now: datetime
) -> list[str]:
    """After a calendar was imported: move the ends of open windows later where it says so, never earlier (R-93).

    Returns the ids of notices that the new calendar would have shortened: a warning, kept in their history.
    """
    moves = window_moves(connection, days, lock=True)
    for move in moves:
        move_window(
            connection,
            move.notice_id,
            move.closes_at,
            cause="calendar",
            reason=reason,
            actor=actor,
            now=now,
            calendar_version=days.version,
            computed_at=move.computed if move.computed < move.closes_at else None,
        )
    return [move.notice_id for move in moves if move.shorter]
