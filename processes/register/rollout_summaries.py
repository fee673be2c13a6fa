"""The streams' summaries: problems with countermeasures, sent to two recipients, received by both (R-142)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from engine.errors import NotFound, Refused
from engine.store.metadata import new_id
from forms.i18n import T
from processes.register import rollout_tables as r
from processes.register.application_tables import application, review_cycle
from processes.register.appointments import appointment
from processes.register.certificates import certificate
from processes.register.rollout_units import totals, year_of
from processes.register.units import region, unit


def statistics(connection: Connection, stream_id: str) -> dict[str, Any]:
    """What the register counts for a stream: units, posts, applications of the year, certificates and appointments of them."""
    stream = r.get_stream(connection, stream_id)
    mine = (
        select(application.c.id)
        .join(unit, unit.c.code == application.c.unit_code)
        .join(review_cycle, review_cycle.c.id == application.c.cycle_id)
        .where(unit.c.region_code == stream["region_code"], review_cycle.c.year == year_of(connection, stream_id))
    )

    def count(table: Any, column: Any) -> int:
        query = select(func.count()).select_from(table).where(column.in_(mine))
        return int(connection.execute(query).scalar_one())

    units = totals(connection, stream_id)
    return {
        "units_total": units["units_total"],
        "units_verified": units["units_verified"],
        "applications": count(application, application.c.id),
        "certificates": count(certificate, certificate.c.application_id),
        "appointments": count(appointment, appointment.c.application_id),
    }


def check_problems(problems: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Problems as [{problem, countermeasures: [text]}], one line of the form being one countermeasure.

    Raises Refused: NO_PROBLEMS, NO_COUNTERMEASURE (a summary must name both)."""
    kept: list[dict[str, Any]] = []
    for number, row in enumerate(problems, 1):
        problem = str(row.get("problem") or "").strip()
        lines = [line.strip() for line in str(row.get("countermeasures") or "").splitlines() if line.strip()]
        if not problem:
            raise Refused(T("第 {n} 个问题还没有写。", n=number), code="NO_PROBLEMS")
        if not lines:
            raise Refused(T("第 {n} 个问题还没有写对策建议，每个问题至少写一条。", n=number), code="NO_COUNTERMEASURE")
        kept.append({"problem": problem, "countermeasures": lines})
    if not kept:
        raise Refused(T("总结须写明存在的问题与不足，至少一个。"), code="NO_PROBLEMS")
    return kept


def write_summary(
    connection: Connection,
    stream_id: str,
    *,
    done: str,
    problems: Sequence[Mapping[str, Any]],
    suggestions: str | None,
    file: Sequence[str],
    by: str,
    now: datetime,
) -> None:
    """Keep a stream's summary, again after a return. Raises `Refused` as `check_problems`."""
    table = r.summary_report
    values = {
        "done": done,
        "problems": check_problems(problems),
        "suggestions": suggestions,
        "stats": statistics(connection, stream_id),
        "file": list(file),
        "written_by": by,
        "written_at": now,
        "sent_by": None,
        "sent_at": None,
    }
    written = connection.execute(update(table).where(table.c.stream_id == stream_id).values(**values))
    if written.rowcount == 0:
        connection.execute(insert(table).values(id=new_id(), stream_id=stream_id, **values))


def get_summary(connection: Connection, stream_id: str) -> RowMapping:
    """The stream's summary. Raises NotFound."""
    query = select(r.summary_report).where(r.summary_report.c.stream_id == stream_id)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise NotFound(T("这一路还没有写总结。"))
    return row


def send(connection: Connection, stream_id: str, *, by: str, now: datetime) -> None:
    """To both recipients at once; each has to receive what is sent now, whatever it received before."""
    summary, receipt = get_summary(connection, stream_id), r.summary_receipt
    where = r.summary_report.c.id == summary["id"]
    connection.execute(update(r.summary_report).where(where).values(sent_by=by, sent_at=now))
    for recipient in r.RECIPIENTS:
        mine = (receipt.c.summary_id == summary["id"], receipt.c.recipient == recipient)
        fresh = {"sent_at": now, "received_by": None, "received_at": None, "return_reason": None}
        sent = connection.execute(update(receipt).where(*mine).values(**fresh))
        if sent.rowcount == 0:
            connection.execute(
                insert(receipt).values(id=new_id(), summary_id=summary["id"], recipient=recipient, returns=0, **fresh)
            )


def answer(
    connection: Connection,
    stream_id: str,
    recipient: str,
    *,
    received: bool,
    reason: str | None,
    by: str,
    now: datetime,
) -> None:
    """One recipient receives the summary, or returns it with a reason. Raises Refused (REASON_MISSING)."""
    if not received and not (reason or "").strip():
        raise Refused(T("退回时请写明理由。"), code="REASON_MISSING")
    receipt = r.summary_receipt
    where = (receipt.c.summary_id == get_summary(connection, stream_id)["id"], receipt.c.recipient == recipient)
    values: dict[str, Any] = (
        {"received_by": by, "received_at": now}
        if received
        else {"return_reason": reason, "returns": receipt.c.returns + 1}
    )
    connection.execute(update(receipt).where(*where).values(**values))


def answers(connection: Connection, stream_id: str) -> list[RowMapping]:
    """The receipts of what was sent last, by recipient."""
    receipt = r.summary_receipt
    query = select(receipt).where(receipt.c.summary_id == get_summary(connection, stream_id)["id"])
    return list(connection.execute(query.order_by(receipt.c.recipient)).mappings())


def overview(connection: Connection, programme_id: str) -> dict[str, Any]:
    """For the province's report: {received, waived, streams: [{region, state, problems, reasons}]} in the order of the streams."""
    names = {row.code: row.name for row in connection.execute(select(region.c.code, region.c.name))}
    rows = []
    for stream in r.streams_of(connection, programme_id):
        state = connection.scalar(
            select(r.stream_phase.c.status).where(
                r.stream_phase.c.stream_id == stream["id"], r.stream_phase.c.phase_no == 3
            )
        )
        summary = connection.execute(
            select(r.summary_report.c.problems).where(r.summary_report.c.stream_id == stream["id"])
        ).first()
        reasons = connection.scalars(
            select(r.waiver.c.reason)
            .where(r.waiver.c.stream_id == stream["id"], r.waiver.c.kind != "wait")
            .order_by(r.waiver.c.decided_at)
        )
        rows.append(
            {
                "region": names[stream["region_code"]],
                "state": state,
                "problems": len(summary.problems) if summary else 0,
                "reasons": "；".join(reasons),
            }
        )
    return {
        "received": sum(row["state"] == "done" for row in rows),
        "waived": sum(row["state"] == "waived" for row in rows),
        "streams": rows,
    }
