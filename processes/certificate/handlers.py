"""The service tasks of P13: confirmation by the authority, then the certificate and its notices."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from marshmallow import Schema, fields

from engine.errors import Refused
from engine.registry import Handler, StepContext
from forms.i18n import T
from processes.acting import acting, remarked
from processes.dates import day, instant
from processes.register import applications, certificates, people
from processes.register.cases import case_facts, title_words
from processes.register.notice_items import item_outcome
from processes.register.policies import calendar, calendar_missing, parameter
from processes.rules.workdays import CalendarMissing, workday_deadline


class Nothing(Schema):
    pass


class CaseRef(Schema):
    application_id = fields.String(required=True)


class CheckResult(Schema):
    confirmation = fields.List(fields.Dict(), required=True)
    return_note = fields.String(allow_none=True)


def check_result(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """What is to be confirmed, as it stood in the public notice; refused before that notice has closed."""
    application_id = params["application_id"]
    vote = certificates.check_confirmable(context.connection, application_id)
    item = applications.notice_item(context.connection, application_id)
    _, notice = item_outcome(context.connection, "result", application_id)
    closed = notice["closed_effective_at"] if notice else None
    row = {
        "name": item.name,
        "unit": item.unit,
        "current_title": title_words(item.current_title),
        "target_title": title_words(item.target_title),
        "meeting_date": day(vote["held_on"]),
        "notice_closed": instant(closed) if closed else "",
    }
    return {"confirmation": [row], "return_note": None}


class CompileParams(CaseRef):
    matches_notice = fields.Boolean(required=True)


class CompileResult(Schema):
    confirmation_due = fields.AwareDateTime(required=True, default_timezone=None)


def compile_batch(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """The office vouches that what it sends up is what was public."""
    if not params["matches_notice"]:
        raise Refused(T("与公示内容不一致的，不能报请确认。"), code="DIFFERS_FROM_NOTICE")
    certificates.check_confirmable(context.connection, params["application_id"])
    certificates.check_undisputed(context.connection, params["application_id"])
    context.note("compiled", {"by": acting(context)})
    days = parameter(context.connection, "confirmation.workdays", context.now)
    try:
        return {"confirmation_due": workday_deadline(calendar(context.connection), context.now, days)}
    except CalendarMissing as missing:
        raise calendar_missing(missing) from missing


class ConfirmParams(CaseRef):
    decision = fields.String(required=True)
    doc_no = fields.String(allow_none=True, load_default=None)
    note = fields.String(allow_none=True, load_default=None)


class ConfirmResult(Schema):
    title_confirmed = fields.Boolean(required=True)
    return_note = fields.String(allow_none=True)


def confirm(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    if params["decision"] != "approve":
        return {"title_confirmed": False, "return_note": params["note"]}
    # Read here and not as a parameter: in FEEL the field's name `date` is a function.
    written = context.variables.get("date")
    if not params["doc_no"] or not written:
        raise Refused(T("批复须有文号和日期。"), code="DOCUMENT_MISSING")
    application_id = params["application_id"]
    certificates.confirm_title(
        context.connection,
        application_id,
        doc_no=params["doc_no"],
        confirmed_on=date.fromisoformat(written),
        confirmed_by=acting(context),
        now=context.now,
    )
    applications.set_status(context.connection, application_id, "confirmed", actor=acting(context), now=context.now)
    return {"title_confirmed": True, "return_note": None}


class IssueParams(CaseRef):
    identity_checked = fields.Boolean(required=True)


class IssueResult(Schema):
    certificate_no = fields.String(required=True)


def issue(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """Make the certificate and hand the platform and the holder's notice to the effects: they leave after the commit."""
    if not params["identity_checked"]:
        raise Refused(T("姓名与证件信息核对无误后才能发证。"), code="IDENTITY_UNCHECKED")
    case = case_facts(context.connection, params["application_id"])
    made = certificates.issue_certificate(
        context.connection,
        case.application_id,
        person_id=case.person_id,
        holder_name=case.name,
        title=case.target_title,
        issued_by=acting(context),
        now=context.now,
    )
    people.add_title(context.connection, case.person_id, case.target_title, made["effective_on"], "review")
    applications.set_status(
        context.connection, case.application_id, "certified", actor=acting(context), now=context.now
    )
    # The identity number stays in the register: the platform's adapter reads it there by the certificate's number.
    payload = {
        "certificate_no": made["no"],
        "title": made["title"],
        "effective_on": made["effective_on"].isoformat(),
        "issued_on": made["issued_on"].isoformat(),
    }
    context.effect("national_title_platform", f"certificate:{made['no']}", payload)
    context.effect(
        "notice_to_person", f"certified:{made['no']}", {"account": case.account, "template": "certified", **payload}
    )
    context.note(
        "certificate_issued",
        {"certificate_no": made["no"]},
        T("已发证书 {no}，自 {day} 起具有该职称。", no=made["no"], day=day(made["effective_on"])),
    )
    return {"certificate_no": made["no"]}


HANDLERS = (
    Handler("certificate.check_result", check_result, CaseRef, CheckResult, T("核对表决结果与公示")),
    Handler("certificate.compile", remarked(compile_batch), CompileParams, CompileResult, T("登记报请确认")),
    Handler("certificate.confirm", remarked(confirm), ConfirmParams, ConfirmResult, T("登记确认批复")),
    Handler("certificate.issue", remarked(issue), IssueParams, IssueResult, T("生成证书并通知")),
)
