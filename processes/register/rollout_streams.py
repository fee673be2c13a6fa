"""What one stream (a region or department) does in a programme, and what is decided about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from engine.errors import Refused
from engine.store.metadata import new_id
from forms.i18n import T
from processes.register import rollout_tables as r
from processes.register.policies import calendar
from processes.register.rollout import check_future, close_if_complete
from processes.rules.escalation import days_overdue, next_look
from processes.rules.phases import last_day
from processes.rules.workdays import CalendarMissing, add_workdays, local_day

TASK_MARGIN = 2  # working days that a stream's own tasks end before the phase


def phase_of(connection: Connection, stream_id: str, no: int) -> RowMapping:
    """The programme's phase `no`, asked for from a stream."""
    return r.get_phase(connection, r.get_stream(connection, stream_id)["programme_id"], no)


def enter(connection: Connection, stream_id: str, no: int, now: datetime) -> None:
    """The stream works on this phase from now; nothing more where it does."""
    where = (_is(stream_id, no), r.stream_phase.c.status == "pending")
    connection.execute(update(r.stream_phase).where(*where).values(status="running", started_at=now))


def end(connection: Connection, stream_id: str, no: int, now: datetime) -> None:
    """The stream has done this phase; the last one closes it for the programme."""
    where = (_is(stream_id, no), r.stream_phase.c.status == "running")
    connection.execute(update(r.stream_phase).where(*where).values(status="done", ended_at=now))
    close_if_complete(connection, r.get_stream(connection, stream_id)["programme_id"], no, now)


def _is(stream_id: str, no: int) -> Any:
    return (r.stream_phase.c.stream_id == stream_id) & (r.stream_phase.c.phase_no == no)


def state_of(connection: Connection, stream_id: str, no: int) -> str:
    """pending, running, done or waived."""
    return str(connection.execute(select(r.stream_phase.c.status).where(_is(stream_id, no))).scalar_one())


def task_due(connection: Connection, programme_id: str, no: int) -> date:
    """By when a stream's own task of this phase is due: two working days before the phase ends.

    Where that year has no calendar yet, the last day itself."""
    day = last_day(r.get_phase(connection, programme_id, no)["due_at"])
    try:
        return add_workdays(calendar(connection), day, -TASK_MARGIN)
    except CalendarMissing:
        return day


def watched(connection: Connection, stream_id: str, no: int, now: datetime) -> tuple[int, datetime | None]:
    """Working days past the end of the phase (negative: left), and when to look again (None: never). For D16."""
    known, due_at = calendar(connection), phase_of(connection, stream_id, no)["due_at"]
    return days_overdue(known, due_at, now), next_look(known, due_at, now)


def escalate(connection: Connection, stream_id: str, no: int, level: str, days: int, now: datetime) -> bool:
    """Keep that the stream's phase reached this level; once for each end. False where it stands already."""
    due_at = phase_of(connection, stream_id, no)["due_at"]
    table = r.escalation
    same = (table.c.stream_id == stream_id, table.c.phase_no == no, table.c.level == level, table.c.due_at == due_at)
    if connection.execute(select(table.c.id).where(*same)).first() is not None:
        return False
    connection.execute(
        insert(table).values(
            id=new_id(), stream_id=stream_id, phase_no=no, level=level, due_at=due_at, days=days, at=now
        )
    )
    return True


def add_documents(
    connection: Connection, programme_id: str, documents: Sequence[Mapping[str, Any]], *, by: str, now: datetime
) -> None:
    """Documents of phase 1. Rows {kind, name, doc_no, issued_on, file, publish_public}.

    Raises Refused (DOCUMENT_TWICE, IN_THE_FUTURE)."""
    table = r.issued_document
    known = set(connection.scalars(select(table.c.doc_no).where(table.c.programme_id == programme_id)))
    for row in documents:
        if row["doc_no"] in known:
            raise Refused(T("文号 {no} 已经登记过。", no=row["doc_no"]), code="DOCUMENT_TWICE")
        if row["issued_on"] > local_day(now):
            raise Refused(T("印发日期不能晚于今天。"), code="IN_THE_FUTURE")
        known.add(row["doc_no"])
        connection.execute(
            insert(table).values(
                id=new_id(), programme_id=programme_id, recorded_by=by, recorded_at=now, **_only(row, DOCUMENT)
            )
        )


DOCUMENT = ("kind", "name", "doc_no", "issued_on", "file", "publish_public")
BRIEFING = ("channel", "held_on", "audience", "reached", "evidence")
FEEDBACK = ("source", "category", "issue", "reply")


def _only(row: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: row.get(name) for name in names}


def add_briefings(
    connection: Connection,
    stream_id: str,
    briefings: Sequence[Mapping[str, Any]],
    remarks: Sequence[Mapping[str, Any]],
    *,
    by: str,
    now: datetime,
) -> None:
    """How a stream publicised the policy, and what it heard (R-143)."""
    common = {"stream_id": stream_id, "recorded_by": by, "recorded_at": now}
    for row in briefings:
        values = {**_only(row, BRIEFING), "evidence": list(row.get("evidence") or [])}
        connection.execute(insert(r.policy_briefing).values(id=new_id(), **values, **common))
    for row in remarks:
        connection.execute(insert(r.feedback).values(id=new_id(), **_only(row, FEEDBACK), **common))


def add_report(
    connection: Connection, stream_id: str, kind: str, body: Mapping[str, Any], *, by: str, now: datetime
) -> None:
    """A region's report on posts (`quota`) or on appointments (`appointment`)."""
    connection.execute(
        insert(r.region_report).values(
            id=new_id(), stream_id=stream_id, kind=kind, body=dict(body), reported_by=by, reported_at=now
        )
    )


def next_question(connection: Connection, stream_id: str) -> datetime:
    """When to ask next whether a stream is waited for: the end of the phase it is in, or of the last decision to wait."""
    due_at: datetime = phase_of(connection, stream_id, _current(connection, stream_id))["due_at"]
    waits = select(r.waiver.c.wait_until).where(r.waiver.c.stream_id == stream_id, r.waiver.c.wait_until.is_not(None))
    return max([due_at, *connection.scalars(waits)])


def _current(connection: Connection, stream_id: str) -> int:
    """2 while posts are verified, 3 afterwards."""
    return 2 if state_of(connection, stream_id, 2) in ("pending", "running") else 3


def is_blocked(connection: Connection, stream_id: str, now: datetime) -> bool:
    """The phase the stream is in has ended without it."""
    return bool(now >= next_question(connection, stream_id))


def unsettled_units(connection: Connection, stream_id: str) -> list[RowMapping]:
    """Units the stream waits for."""
    v = r.unit_verification
    query = select(v).where(v.c.stream_id == stream_id, v.c.settled_at.is_(None)).order_by(v.c.unit_code)
    return list(connection.execute(query).mappings())


def decide(
    connection: Connection,
    stream_id: str,
    *,
    kind: str,
    reason: str,
    until: datetime | None,
    by: str,
    now: datetime,
) -> None:
    """What is decided of a blocked stream: `wait` until a day, go on without its open `units`, or without the `stream`.

    After `wait` and `units` the question comes back at `until`, or at the end of the phase if that is later.
    Units given up stay unpublished: nobody is recommended to their posts until they are verified (R-42).
    Raises Refused (REASON_MISSING, DATE_MISSING, IN_THE_PAST, NOTHING_TO_WAIVE).
    """
    if not reason.strip():
        raise Refused(T("请写明理由，理由会写入总报告。"), code="REASON_MISSING")
    if kind != "stream":
        if until is None:
            raise Refused(T("请填写下次询问的日期。"), code="DATE_MISSING")
        check_future(until, now)
    open_units = unsettled_units(connection, stream_id) if kind == "units" else []
    if kind == "units" and not open_units:
        raise Refused(
            T("各单位都已核定，没有可以放行的单位；请选择继续等待，或不再等这一路。"), code="NOTHING_TO_WAIVE"
        )
    connection.execute(
        insert(r.waiver).values(
            id=new_id(),
            stream_id=stream_id,
            kind=kind,
            units=[row["unit_code"] for row in open_units],
            reason=reason.strip(),
            wait_until=until if kind != "stream" else None,
            decided_by=by,
            decided_at=now,
        )
    )
    for row in open_units:
        where = r.unit_verification.c.id == row["id"]
        connection.execute(update(r.unit_verification).where(where).values(status="waived", settled_at=now))
    if kind == "stream":
        _give_up(connection, stream_id, now)


def _give_up(connection: Connection, stream_id: str, now: datetime) -> None:
    for no in (2, 3):
        where = (_is(stream_id, no), r.stream_phase.c.ended_at.is_(None))
        connection.execute(update(r.stream_phase).where(*where).values(status="waived", ended_at=now))
        close_if_complete(connection, r.get_stream(connection, stream_id)["programme_id"], no, now)
