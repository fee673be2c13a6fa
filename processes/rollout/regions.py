"""The service tasks of P02 and P23: a phase's work in a region or department, and who hears when it is late."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from engine.clock import local
from engine.errors import Refused
from engine.registry import Handler, StepContext
from forms.i18n import T
from processes.acting import acting, remarked
from processes.register import rollout_streams as streams
from processes.register.documents import NewDocument, is_published, publish_document
from processes.register.rollout_phases import missing_documents
from processes.register.rollout_tables import get_phase, get_stream
from processes.register.rollout_units import ask_units, totals
from processes.rollout.shared import Nothing, ProgrammeRef, StreamRef
from processes.rollout.words import DOCUMENT, ESCALATED_TO

NO_LEVEL = "none"
FIRST_YEAR = 1949  # as in the public list
ISSUER = T("青海省档案局")  # where a document names nobody else


class WatchParams(StreamRef):
    phase_no = fields.Integer(required=True)


class WatchResult(Schema):
    days_overdue = fields.Integer(required=True)
    next_look_at = fields.AwareDateTime(allow_none=True, default_timezone=None)


def read_deadline(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """How late the stream is, read anew each time: the end of a phase may have moved."""
    days, at = streams.watched(context.connection, params["stream_id"], params["phase_no"], context.now)
    return {"days_overdue": days, "next_look_at": local(at) if at else None}


class EscalationParams(WatchParams):
    level = fields.String(required=True)
    days = fields.Integer(required=True)


def record_escalation(context: StepContext, params: dict[str, Any]) -> None:
    if params["level"] == NO_LEVEL:
        return
    stream_id, no, level = params["stream_id"], params["phase_no"], params["level"]
    if streams.escalate(context.connection, stream_id, no, level, params["days"], context.now):
        context.note("escalated", {"stream_id": stream_id, "phase": no, "level": level}, ESCALATED_TO[level])


class TaskParams(ProgrammeRef):
    phase_no = fields.Integer(required=True)
    stream_id = fields.String(allow_none=True, load_default=None)


class TaskResult(Schema):
    task_due = fields.Date(required=True)
    documents_missing = fields.List(fields.String(), required=True)


def open_phase_task(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """A stream (or, in phase 1, the province for all) begins with a phase; by when its own tasks are due."""
    connection, programme_id, no = context.connection, params["programme_id"], params["phase_no"]
    if params["stream_id"] is not None:
        streams.enter(connection, params["stream_id"], no, context.now)
    return {
        "task_due": streams.task_due(connection, programme_id, no),
        "documents_missing": [str(DOCUMENT[kind]) for kind in missing_documents(connection, programme_id)],
    }


class DocumentRow(Schema):
    kind = fields.String(required=True)
    name = fields.String(required=True)
    doc_no = fields.String(required=True)
    issued_on = fields.Date(required=True)
    file = fields.List(fields.String(), allow_none=True, load_default=list)
    publish_public = fields.Boolean(allow_none=True, load_default=False)
    issuers = fields.String(allow_none=True, load_default=None)


class DocumentParams(ProgrammeRef):
    documents = fields.List(fields.Nested(DocumentRow), required=True)


class DocumentResult(Schema):
    documents_missing = fields.List(fields.String(), required=True)


def keep_documents(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """The province's documents; what is meant for the public is published with them (R-115). When both are issued, a
    programme that waits at the gate goes on."""
    connection, programme_id = context.connection, params["programme_id"]
    rows = [
        {**row, "file": row["file"] or [], "publish_public": bool(row["publish_public"])} for row in params["documents"]
    ]
    streams.add_documents(connection, programme_id, rows, by=acting(context), now=context.now)
    for row in rows:
        if row["publish_public"]:
            _publish(context, row)
    missing = missing_documents(connection, programme_id)
    if not missing and context.now >= get_phase(connection, programme_id, 2)["starts_at"]:
        context.send("documents_issued", correlation={"programme_id": programme_id})
    return {"documents_missing": [str(DOCUMENT[kind]) for kind in missing]}


def _publish(context: StepContext, row: Mapping[str, Any]) -> None:
    """Put an issued document into the public list; one that stands there already, published by hand, is left as it is."""
    if is_published(context.connection, row["doc_no"]):
        return
    if row["issued_on"].year < FIRST_YEAR:
        raise Refused(T("印发日期早于 {year} 年，请检查。", year=FIRST_YEAR), code="BAD_DATE")
    issuers = [name.strip() for name in (row["issuers"] or "").replace(",", "、").replace("，", "、").split("、")]
    new = NewDocument(
        doc_no=row["doc_no"],
        title=row["name"],
        issuers=[name for name in issuers if name] or [ISSUER.to("zh")],
        level="provincial",
        issued_year=row["issued_on"].year,
        summary=T("{kind}。全文可以下载。", kind=DOCUMENT[row["kind"]]).to("zh"),
        issued_on=row["issued_on"],
        file_id=row["file"][0] if row["file"] else None,
    )
    publish_document(context.connection, new, by=acting(context), now=context.now)


class BriefingRow(Schema):
    channel = fields.String(required=True)
    held_on = fields.Date(required=True)
    audience = fields.List(fields.String(), required=True)
    reached = fields.Integer(allow_none=True, load_default=None)
    evidence = fields.List(fields.String(), allow_none=True, load_default=None)


class FeedbackRow(Schema):
    source = fields.String(required=True)
    category = fields.String(required=True)
    issue = fields.String(required=True)
    reply = fields.String(allow_none=True, load_default=None)


class BriefingParams(StreamRef):
    briefings = fields.List(fields.Nested(BriefingRow), required=True)
    feedback = fields.List(fields.Nested(FeedbackRow), allow_none=True, load_default=None)


def close_briefing(context: StepContext, params: dict[str, Any]) -> None:
    """What a stream did in phase 1 into the register (R-143); the phase is over for it."""
    connection, stream_id = context.connection, params["stream_id"]
    streams.add_briefings(
        connection, stream_id, params["briefings"], params["feedback"] or [], by=acting(context), now=context.now
    )
    streams.end(connection, stream_id, 1, context.now)


class UnitsResult(Schema):
    units_total = fields.Integer(required=True)
    units_verified = fields.Integer(required=True)
    units_open = fields.Integer(required=True)
    quota_totals = fields.List(fields.Dict(), required=True)


def start_units(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """P03 for every unit of the region, as instances of their own that answer with `unit_verified`."""
    stream = get_stream(context.connection, params["stream_id"])
    for unit in ask_units(context.connection, stream["id"], context.now):
        context.start(
            "P03_post_quota_verification",
            variables={
                "stream_id": stream["id"],
                "unit_code": unit["code"],
                "unit_name": unit["name"],
                "region_code": stream["region_code"],
            },
        )
    return totals(context.connection, stream["id"])


def recount_units(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    return totals(context.connection, params["stream_id"])


class QuotaParams(StreamRef):
    unverified_reason = fields.String(allow_none=True, load_default=None)
    note = fields.String(allow_none=True, load_default=None)


def keep_quota_report(context: StepContext, params: dict[str, Any]) -> None:
    """The region's figures as the register counts them; units that are missing need a reason."""
    connection, stream_id = context.connection, params["stream_id"]
    body = totals(connection, stream_id)
    reason = (params["unverified_reason"] or "").strip()
    if body["units_verified"] < body["units_total"] and not reason:
        raise Refused(
            T("还有 {n} 个单位没有核定，请写明原因。", n=body["units_total"] - body["units_verified"]),
            code="REASON_MISSING",
        )
    body |= {"unverified_reason": reason or None, "note": params["note"]}
    streams.add_report(connection, stream_id, "quota", body, by=acting(context), now=context.now)


class AppointmentParams(StreamRef):
    passed = fields.Integer(required=True)
    appointed = fields.Integer(required=True)
    reason = fields.String(allow_none=True, load_default=None)
    note = fields.String(allow_none=True, load_default=None)


def close_carry_out(context: StepContext, params: dict[str, Any]) -> None:
    """How many of those who passed were appointed (R-130); phase 2 is over for this stream."""
    connection, stream_id = context.connection, params.pop("stream_id")
    if params["appointed"] > params["passed"]:
        raise Refused(T("聘用人数不能多于通过评审的人数。"), code="BAD_FIGURES")
    if params["appointed"] < params["passed"] and not (params["reason"] or "").strip():
        raise Refused(
            T("还有 {n} 人通过评审后没有聘用，请说明原因。", n=params["passed"] - params["appointed"]),
            code="REASON_MISSING",
        )
    streams.add_report(connection, stream_id, "appointment", params, by=acting(context), now=context.now)
    streams.end(connection, stream_id, 2, context.now)


HANDLERS = (
    Handler("rollout.read_deadline", read_deadline, WatchParams, WatchResult, T("读取期限，算出逾期日数")),
    Handler("rollout.record_escalation", record_escalation, EscalationParams, Nothing, T("登记提醒与上报")),
    Handler("rollout.open_phase_task", open_phase_task, TaskParams, TaskResult, T("登记阶段任务开始")),
    Handler("rollout.keep_documents", remarked(keep_documents), DocumentParams, DocumentResult, T("登记印发的文件")),
    Handler("rollout.close_briefing", remarked(close_briefing), BriefingParams, Nothing, T("登记宣传和意见")),
    Handler("rollout.start_units", start_units, StreamRef, UnitsResult, T("逐单位发起岗位核定")),
    Handler("rollout.recount_units", recount_units, StreamRef, UnitsResult, T("清点岗位核定情况")),
    Handler("rollout.keep_quota_report", remarked(keep_quota_report), QuotaParams, Nothing, T("登记岗位核定情况")),
    Handler("rollout.close_carry_out", remarked(close_carry_out), AppointmentParams, Nothing, T("登记聘用情况")),
)
