"""The service tasks of P07: what people wrote goes into the register, ids and outcomes go on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import RowMapping, select

from engine.clock import local
from engine.errors import Refused
from engine.registry import Handler, StepContext
from forms.i18n import T
from processes.acting import acting, report_fraud
from processes.dates import instant
from processes.publicity.words import GROUND_WORDS
from processes.register import investigations
from processes.register.cases import case_facts
from processes.register.notice_tables import get_notice, publicity_item
from processes.register.objection_holds import settle
from processes.register.objections import get_objection, known_instance, set_status
from processes.register.policies import calendar, calendar_missing, parameter
from processes.rules.workdays import CalendarMissing, workday_deadline

REPLY_WORKDAYS = 3


class ObjectionRef(Schema):
    objection_id = fields.String(required=True)


class Nothing(Schema):
    pass


class OpenParams(ObjectionRef):
    opened_by = fields.String(allow_none=True, load_default=None)


class OpenResult(Schema):
    notice_id = fields.String(required=True)
    application_id = fields.String(allow_none=True)
    one_case = fields.Boolean(required=True)
    unit_code = fields.String(allow_none=True)
    candidate = fields.String(allow_none=True)
    investigator_group = fields.String(required=True)
    investigator_scope = fields.String(required=True)
    investigators = fields.List(fields.Dict(), required=True)
    grounds_words = fields.String(required=True)
    investigate_due = fields.AwareDateTime(required=True, default_timezone=None)
    least_workdays = fields.Integer(required=True)
    most_workdays = fields.Integer(required=True)
    reply_needed = fields.Boolean(required=True)
    return_note = fields.String(allow_none=True)


def open_investigation(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """Who may look into it and until when. Raises Refused: NOT_ASKED_FOR (nobody filed what this instance says),
    NO_INVESTIGATOR, CALENDAR_MISSING; all three leave an incident, and the item held."""
    connection = context.connection
    row = get_objection(connection, params["objection_id"])
    notice = get_notice(connection, row["notice_id"])
    workdays = parameter(connection, "objection.investigate_workdays", context.now)
    longest = max(workdays, parameter(connection, "objection.extended", context.now))
    begins_at = row["received_at"] if row["timely"] else context.now  # a tip-off has its time once it is a case
    due_at = _deadline(context, begins_at, workdays)
    try:
        latest_at = _deadline(context, begins_at, longest)
    except Refused:  # the next year has no calendar yet, and nobody needs it before an extension is asked for
        latest_at = due_at
    group, scope = (
        ("unit_supervisor", notice["publisher_scope"]) if notice["scope"] == "unit" else ("investigator", "province")
    )
    # In a small unit everybody may have had a hand in it: then one of the province's takes it.
    offers = [(group, scope), ("investigator", "province")]
    able = investigations.investigators(connection, offers, investigations.handled_by(connection, row))
    if not able:
        raise Refused(
            T("没有可以指派的调查人员：现有的都办理过这一项。请系统管理员增设调查人员后重试。"), code="NO_INVESTIGATOR"
        )
    investigations.open_case(
        connection, row["id"], due_at=due_at, latest_at=latest_at, opened_by=params["opened_by"], now=context.now
    )
    named = row["real_name"] or not parameter(connection, "objection.require_real_name_for_reply", context.now)
    context.note(
        "investigation_opened",
        {"objection_id": row["id"], "notice_id": notice["id"], "due_at": due_at.isoformat(), "timely": row["timely"]},
        T("异议调查已开始，{due} 前应有结论。", due=instant(due_at)),
    )
    return {
        "notice_id": notice["id"],
        **_case(context, row["item_id"]),
        "investigator_group": group,
        "investigator_scope": scope,
        "investigators": [{"value": each["username"], "label": each["name"]} for each in able],
        "grounds_words": "、".join(GROUND_WORDS[ground].to("zh") for ground in row["grounds"]),
        "investigate_due": local(due_at),
        "least_workdays": min(workdays + 1, longest),
        "most_workdays": longest,
        "reply_needed": named,
        "return_note": None,
    }


def _case(context: StepContext, item_id: str | None) -> dict[str, Any]:
    query = select(publicity_item.c.application_id).where(publicity_item.c.id == item_id)
    application_id = context.connection.execute(query).scalar() if item_id is not None else None
    if application_id is None:
        return {"application_id": None, "one_case": False, "unit_code": None, "candidate": None}
    case = case_facts(context.connection, application_id)
    return {
        "application_id": application_id,
        "one_case": True,
        "unit_code": case.unit_code,
        "candidate": case.account,
    }


def _deadline(context: StepContext, start: datetime, workdays: int) -> datetime:
    """24:00 of the n-th working day, the day it begins not counted. Raises Refused (CALENDAR_MISSING)."""
    try:
        return workday_deadline(calendar(context.connection), start, workdays)
    except CalendarMissing as missing:
        raise calendar_missing(missing) from missing


class AssignParams(ObjectionRef):
    investigator = fields.String(required=True)
    question = fields.String(allow_none=True, load_default=None)


def assign(context: StepContext, params: dict[str, Any]) -> None:
    """Raises Refused (HANDLED_ITEM) for whoever had a hand in it meanwhile (notSameActor, across instances)."""
    row = get_objection(context.connection, params["objection_id"])
    if params["investigator"] in investigations.handled_by(context.connection, row):
        raise Refused(T("此人办理过这一项，须指派另一人调查。"), code="HANDLED_ITEM")
    investigations.assign(context.connection, row["id"], params["investigator"], params["question"])
    context.note("investigator_assigned", {"objection_id": row["id"], "by": acting(context)})


class StatementParams(ObjectionRef):
    whose = fields.String(required=True, validate=validate.OneOf(["unit", "candidate"]))
    statement = fields.String(allow_none=True, load_default=None)


def keep_statement(context: StepContext, params: dict[str, Any]) -> None:
    """What was said, or that nobody said anything within three working days."""
    if params["statement"] is None:
        context.note("no_reply", {"whose": params["whose"]}, T("期限内未答复，按现有材料调查。"))
        return
    investigations.keep_statement(
        context.connection, params["objection_id"], params["whose"], params["statement"], context.now
    )


class ExtendParams(ObjectionRef):
    decision = fields.String(required=True)
    workdays = fields.Integer(allow_none=True, load_default=None)
    reason = fields.String(allow_none=True, load_default=None)


def extend(context: StepContext, params: dict[str, Any]) -> None:
    """R-96: at most 30 working days in all, from the day it was received (a tip-off: from the day somebody opened it); a
    real-name objector is told."""
    row = get_objection(context.connection, params["objection_id"])
    if params["decision"] != "approve":
        context.note("extension_declined", {"objection_id": row["id"]})
        return
    begins_at = row["received_at"] if row["timely"] else investigations.opened_at(context.connection, row["id"])
    days, longest = params["workdays"] or 0, parameter(context.connection, "objection.extended", context.now)
    due_at = _deadline(context, begins_at, days)
    investigations.extend(
        context.connection,
        row["id"],
        due_at,
        latest_at=due_at if days <= longest else _deadline(context, begins_at, longest),
        reason=params["reason"] or "",
        by=acting(context),
        now=context.now,
    )
    # The task that waits was given its date when it was made: it is put anew, with the later one.
    context.send(
        "investigation_extended",
        correlation={"objection_id": row["id"]},
        variables={"investigate_due": local(due_at).isoformat()},
    )
    _inform(context, row, "extension", {"until": due_at.isoformat()})
    context.note(
        "extension_approved",
        {"objection_id": row["id"], "due_at": due_at.isoformat()},
        T("调查期限延长至 {due}。", due=instant(due_at)),
    )


def _inform(context: StepContext, row: RowMapping, what: str, data: Mapping[str, Any]) -> None:
    """Something for a real-name objector. Who that is, the adapter reads in the register by the objection's id."""
    if row["real_name"]:
        payload = {"objection_id": row["id"], "template": what, **data}
        context.effect("notice_to_objector", f"{what}:{row['id']}", payload)


class ConcludeParams(ObjectionRef):
    finding = fields.String(required=True)
    facts = fields.String(required=True)
    evidence = fields.List(fields.String(), allow_none=True, load_default=None)
    proposal = fields.String(required=True)
    articles = fields.String(required=True)


def conclude(context: StepContext, params: dict[str, Any]) -> None:
    row = get_objection(context.connection, params.pop("objection_id"))
    evidence = params.pop("evidence") or []
    investigations.conclude(context.connection, row, evidence=evidence, by=acting(context), now=context.now, **params)


class SignParams(ObjectionRef):
    decision = fields.String(required=True)
    note = fields.String(allow_none=True, load_default=None)


class SignResult(Schema):
    objection_outcome = fields.String(required=True)
    return_note = fields.String(allow_none=True)


def sign(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    if params["decision"] != "sign":
        return {"objection_outcome": "returned", "return_note": params["note"]}
    outcome = investigations.sign(context.connection, params["objection_id"], by=acting(context), now=context.now)
    return {"objection_outcome": outcome, "return_note": None}


class SettleParams(ObjectionRef):
    outcome = fields.String(required=True, validate=validate.OneOf(["upheld", "redo", "not_upheld"]))


def settle_objection(context: StepContext, params: dict[str, Any]) -> None:
    """The signed conclusion takes effect: the item is upheld or released, the notice is told, a case that has gone on is
    told of the fraud. Where the notice itself was wrong it is recalled and published anew for the full time."""
    row = get_objection(context.connection, params["objection_id"])
    notice = get_notice(context.connection, row["notice_id"], lock=True)
    set_status(context.connection, row["id"], "concluded", context.now)
    whole = row["item_id"] is None and notice["kind"] != "quota"
    if whole and params["outcome"] == "redo" and notice["status"] != "recalled":
        _have_redone(context, notice)
    else:
        upheld = params["outcome"] != "not_upheld" and not whole
        settled = settle(context.connection, row, upheld=upheld, now=context.now)
        if settled.to_tell:
            context.send("investigation_done", correlation={"notice_id": notice["id"]})
        for application_id in settled.overtaken:
            report_fraud(context, application_id)
    if row["real_name"]:
        investigations.owe_reply(context.connection, row["id"], _deadline(context, context.now, REPLY_WORKDAYS))
    context.note("objection_concluded", {"objection_id": row["id"], "outcome": params["outcome"]})


def _have_redone(context: StepContext, notice: RowMapping) -> None:
    """P06 waits either in its window or, when that has closed meanwhile, for what was found; it takes the one it can."""
    about = {"notice_id": notice["id"]}
    reason = T("异议调查认定这份公示有误，须更正后重新公示。").to("zh")
    context.send("notice_recall_requested", correlation=about, variables={"recall_request": reason})
    context.send("investigation_done", correlation=about)


class ReplyParams(ObjectionRef):
    reply = fields.String(required=True)


def reply(context: StepContext, params: dict[str, Any]) -> None:
    row = get_objection(context.connection, params["objection_id"])
    investigations.reply(context.connection, row["id"], params["reply"], by=acting(context), now=context.now)
    _inform(context, row, "reply", {})


def _its_own(handler: Handler) -> Handler:
    """Each objection has one instance, chosen when it was received; no other may touch it."""

    def call(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any] | None:
        if not known_instance(context.connection, params["objection_id"], context.instance_id):
            raise Refused(T("调查由收到的异议开始，不能自行发起。"), code="NOT_ASKED_FOR")
        return handler.call(context, params)

    return replace(handler, call=call)


_STEPS = (
    Handler("objection.open", open_investigation, OpenParams, OpenResult, T("开始异议调查并计算期限")),
    Handler("objection.assign", assign, AssignParams, Nothing, T("核对回避并登记调查人员")),
    Handler("objection.statement", keep_statement, StatementParams, Nothing, T("登记情况说明")),
    Handler("objection.extend", extend, ExtendParams, Nothing, T("登记调查期限的延长")),
    Handler("objection.conclude", conclude, ConcludeParams, Nothing, T("登记调查结论")),
    Handler("objection.sign", sign, SignParams, SignResult, T("登记结论的签署")),
    Handler("objection.settle", settle_objection, SettleParams, Nothing, T("按结论处理被异议的一项")),
    Handler("objection.reply", reply, ReplyParams, Nothing, T("登记对反映人的答复")),
)
HANDLERS = tuple(_its_own(handler) for handler in _STEPS)
