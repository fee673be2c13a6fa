"""The service tasks of P16: find the case, keep what one person decides, and carry out what a second one confirms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import Connection, RowMapping, or_, select

from engine.clock import local
from engine.errors import Refused
from engine.registry import Handler, StepContext
from engine.store import tables as t
from forms.i18n import T
from processes.acting import acting, remarked
from processes.dates import day
from processes.register import applications, certificates, integrity, people, units
from processes.register.application_tables import application
from processes.register.cases import case_facts, title_words
from processes.register.notice_items import withdraw_items
from processes.register.policies import parameter
from processes.rules.conduct import Period
from processes.rules.terms import bar_until

FRAUD_FOUND = "fraud_found"
GOES_ON = ("active", "incident", "suspended")  # states of an instance that has not ended


class OpenParams(Schema):
    application_id = fields.String(allow_none=True, load_default=None)
    case_ref = fields.String(allow_none=True, load_default=None)


class OpenResult(Schema):
    application_id = fields.String(required=True)
    handed_over = fields.Boolean(required=True)
    sanction_case_id = fields.String(allow_none=True, required=True)
    sanction_facts = fields.List(fields.Dict(), required=True)


def open_case(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """Begin a case of sanction over one application.

    Begun by itself (a lead after the end of the review) while the review still runs, it is handed to the review instead:
    only there can the case be ended with everything open in it. Raises Refused (NO_SUCH_CASE).
    """
    application_id = params["application_id"] or _find(context.connection, (params["case_ref"] or "").strip())
    row = applications.get_application(context.connection, application_id)
    if row["instance_id"] != context.instance_id and _runs(context.connection, row["instance_id"]):
        context.send(FRAUD_FOUND, correlation={"application_id": application_id})
        handed: dict[str, Any] = {"sanction_case_id": None, "sanction_facts": []}
        return {"application_id": application_id, "handed_over": True, **handed}
    case_id = integrity.open_case(
        context.connection,
        application_id,
        person_id=row["person_id"],
        instance_id=context.instance_id,
        now=context.now,
    )
    return {
        "application_id": application_id,
        "handed_over": False,
        "sanction_case_id": case_id,
        "sanction_facts": _facts(context.connection, application_id),
    }


def _runs(connection: Connection, instance_id: str) -> bool:
    state = connection.scalar(select(t.instance.c.state).where(t.instance.c.id == instance_id))
    return state in GOES_ON


def _find(connection: Connection, ref: str) -> str:
    issued = select(certificates.certificate.c.application_id).where(certificates.certificate.c.no == ref)
    named = select(application.c.id).where(or_(application.c.id == ref, application.c.instance_id == ref))
    found = connection.scalar(issued) or connection.scalar(named)
    if not ref or found is None:
        raise Refused(
            T("没有找到这份申报。请填写证书编号；没有证书的，填写申报页面地址中的编号。"), code="NO_SUCH_CASE"
        )
    return str(found)


def _facts(connection: Connection, application_id: str) -> list[dict[str, str]]:
    case = case_facts(connection, application_id)
    issued = certificates.certificate_of(connection, application_id)
    lines = {
        T("申报人"): case.name,
        T("单位"): case.unit_name,
        T("申报职称"): title_words(case.target_title) if case.target_title else "",
        T("证书"): _certificate(issued["no"], issued["status"]) if issued else str(T("未发证")),
    }
    return [{"what": str(what), "text": text} for what, text in lines.items() if text]


def _certificate(no: str, status: str) -> str:
    return str(T("{no}（已撤销）", no=no)) if status == "revoked" else no


def _own(context: StepContext, case_id: str) -> RowMapping:
    """The case that this instance opened, locked. Raises Refused (ANOTHER_CASE), NotFound."""
    case = integrity.get_case(context.connection, case_id, lock=True)
    if case["instance_id"] != context.instance_id:
        raise Refused(T("这件失信惩戒不由这个流程办理。"), code="ANOTHER_CASE")
    return case


class DecideParams(Schema):
    sanction_case_id = fields.String(required=True)
    finding = fields.String(required=True, validate=validate.OneOf(integrity.FINDINGS))
    facts = fields.String(required=True)
    kinds = fields.List(fields.String(validate=validate.OneOf(integrity.KINDS)), allow_none=True, load_default=None)
    law_basis = fields.String(allow_none=True, load_default=None)
    doc_no = fields.String(allow_none=True, load_default=None)
    decided_on = fields.Date(allow_none=True, load_default=None)


class DecideResult(Schema):
    sanction_return_note = fields.String(allow_none=True)


def decide(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """Keep the decision for the second person. Raises Refused: SANCTION_TOO_MILD (R-121: for fraud the end of the
    qualification and the bar are nobody's to leave out), WRONG_KIND, DOCUMENT_MISSING, BAD_DATE."""
    case_id = params.pop("sanction_case_id")
    row = _own(context, case_id)
    if params["finding"] == "unfounded":
        params |= {"kinds": None, "law_basis": None, "doc_no": None, "decided_on": None}
    else:
        _check(context, row["application_id"], params)
    kinds = params.pop("kinds") or []
    integrity.decide(context.connection, case_id, kinds=kinds, **params, by=acting(context), now=context.now)
    return {"sanction_return_note": None}


def _check(context: StepContext, application_id: str, params: Mapping[str, Any]) -> None:
    issued = certificates.certificate_of(context.connection, application_id)
    kinds = set(params["kinds"] or ())
    if issued is None and "revoke" in kinds:
        raise Refused(T("这份申报还没有发证，请选“取消评审资格”，不选“撤销职称”。"), code="WRONG_KIND")
    if issued is None and "disqualify" not in kinds:
        raise Refused(T("给予惩戒即终止本次评审，处理种类须包括“取消评审资格”。"), code="SANCTION_TOO_MILD")
    if issued is not None and "revoke" not in kinds:
        raise Refused(T("这份申报已经发证，给予惩戒须包括“撤销职称”。"), code="SANCTION_TOO_MILD")
    if params["finding"] == "fraud" and "bar" not in kinds:
        raise Refused(
            T("造假一经查实，取消评审资格并且三年内不得申报，处理种类须包括“三年内不得申报”。"),
            code="SANCTION_TOO_MILD",
        )
    if not (params["law_basis"] and params["doc_no"] and params["decided_on"]):
        raise Refused(T("处理决定须有依据条款、决定日期和文号。"), code="DOCUMENT_MISSING")
    if params["decided_on"] > local(context.now).date():
        raise Refused(T("决定日期不能在今天之后。"), code="BAD_DATE")
    if issued is not None and params["decided_on"] < issued["issued_on"]:
        raise Refused(T("决定日期不能早于发证日期（{issued}）。", issued=day(issued["issued_on"])), code="BAD_DATE")


class ConfirmParams(Schema):
    sanction_case_id = fields.String(required=True)
    decision = fields.String(required=True, validate=validate.OneOf(["confirm", "return"]))
    note = fields.String(allow_none=True, load_default=None)


class ConfirmResult(Schema):
    sanction_outcome = fields.String(required=True, validate=validate.OneOf(["sanctioned", "no_sanction", "returned"]))
    sanction_return_note = fields.String(allow_none=True)


def confirm(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """Carry out what both agreed on, or give it back. Raises Refused (SAME_PERSON)."""
    case = _own(context, params["sanction_case_id"])
    if params["decision"] == "return":
        return {"sanction_outcome": "returned", "sanction_return_note": params["note"]}
    by = acting(context)
    if by == case["decided_by"]:
        raise Refused(T("作出决定的人不能复核自己的决定，请由另一人复核。"), code="SAME_PERSON")
    outcome = integrity.confirm(context.connection, case["id"], by=by, now=context.now)
    if outcome == "sanctioned":
        _carry_out(context, case["id"])
    else:
        _go_on(context, case["application_id"])
    return {"sanction_outcome": outcome, "sanction_return_note": None}


def _carry_out(context: StepContext, case_id: str) -> None:
    """R-121, R-122: the qualification ends or the title is revoked, the bar runs through its last day, the post is free."""
    connection, now = context.connection, context.now
    case = integrity.get_case(connection, case_id)
    row = applications.get_application(connection, case["application_id"], lock=True)
    if "bar" in case["kinds"]:
        years = parameter(connection, "sanction.bar_years", now)
        until = bar_until(case["decided_on"], years)
        people.add_sanction(
            connection,
            case["person_id"],
            Period(people.BAR, case["decided_on"], until),
            now=now,
            recorded_by=case["decided_by"],
            doc_no=case["doc_no"],
            facts=case["facts"][:400],  # whole in the case itself
            law_basis=case["law_basis"],
        )
        context.note("barred", {"until": until.isoformat()}, T("{until}（含）之前不得申报。", until=day(until)))
    revoked = certificates.revoke(connection, row["id"], case["decided_on"])
    status = "revoked" if revoked is not None else "disqualified"
    applications.set_status(connection, row["id"], status, now=now, actor=acting(context), reason=case["facts"])
    if revoked is not None:
        people.revoke_title(connection, case["person_id"], revoked["title"], revoked["effective_on"])
        context.note(
            "certificate_revoked",
            {"certificate_no": revoked["no"], "revoked_on": case["decided_on"].isoformat()},
            T("证书 {no} 已撤销。", no=revoked["no"]),
        )
    withdraw_items(connection, row["id"], now)
    if units.release(connection, row["id"], now):
        context.note("reservation_released", {"status": status}, T("预留的岗位已经释放。"))
    context.note("sanctioned", {"kinds": case["kinds"], "doc_no": case["doc_no"], "status": status})


def _go_on(context: StepContext, application_id: str) -> None:
    """No sanction: who stood still because of an objection stands in the result notice again."""
    row = applications.get_application(context.connection, application_id, lock=True)
    if row["status"] == "result_objection_hold":
        applications.set_status(
            context.connection, application_id, "result_publicity", now=context.now, actor=acting(context)
        )
    context.note("no_sanction", {}, T("经查不给予惩戒，原件继续办理。"))


HANDLERS = (
    Handler("sanction.open", open_case, OpenParams, OpenResult, T("登记失信惩戒立案")),
    Handler("sanction.decide", remarked(decide), DecideParams, DecideResult, T("登记惩戒决定，待第二人复核")),
    Handler("sanction.confirm", remarked(confirm), ConfirmParams, ConfirmResult, T("执行复核后的惩戒决定")),
)
