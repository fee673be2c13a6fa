"""The service tasks of P14: which post there is, the competition, the contract, the filing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from engine.clock import local
from engine.errors import Refused
from engine.registry import Handler, StepContext
from forms.i18n import T
from processes.acting import acting, remarked
from processes.register import applications, appointments, units
from processes.register.cases import POST_LEVEL, Case, case_facts
from processes.rules.terms import add_years
from processes.rules.workdays import end_of_day


class Nothing(Schema):
    pass


class CaseRef(Schema):
    application_id = fields.String(required=True)


class FactsResult(Schema):
    competition_needed = fields.Boolean(required=True)
    post_situation = fields.String(required=True)
    special_post_possible = fields.Boolean(required=True)
    notice_kind = fields.String(required=True)
    notice_scope = fields.String(required=True)
    publisher_group = fields.String(required=True)
    publisher_scope = fields.String(required=True)


def facts(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """Whether people compete: not where a post is reserved for this very candidate (R-40, R-41)."""
    case = case_facts(context.connection, params["application_id"])
    reserved = units.reservation_of(context.connection, case.application_id) is not None
    return {
        "competition_needed": not reserved,
        "post_situation": _situation(context, case, reserved),
        "special_post_possible": case.quota_exempt,
        "notice_kind": "appointment",
        "notice_scope": "unit",
        "publisher_group": "unit_hr",
        "publisher_scope": f"unit:{case.unit_code}",
    }


def _situation(context: StepContext, case: Case, reserved: bool) -> str:
    quota = _quota(context, case)
    if quota is None:
        return T("{unit}不实行岗位数额管理，按竞聘结果聘用。", unit=case.unit_name).to("zh")
    posts = T(
        "{unit}该层级核定 {approved} 个岗位，已聘 {occupied}，预留 {reserved}，空缺 {vacant}。",
        unit=case.unit_name,
        approved=quota.posts.approved,
        occupied=quota.posts.occupied,
        reserved=quota.posts.reserved,
        vacant=quota.posts.vacant,
    ).to("zh")
    return posts + (T("其中一个是为这位申报人预留的。").to("zh") if reserved else "")


def _quota(context: StepContext, case: Case) -> units.Quota | None:
    year = local(context.now).year
    return units.lock_quota(context.connection, case.unit_code, year, POST_LEVEL[case.target_title], context.now)


class CompetitionParams(CaseRef):
    posts = fields.Integer(required=True)
    terms = fields.Integer(required=True)
    plan = fields.String(required=True)
    qualified = fields.Boolean(required=True)
    qualification_note = fields.String(allow_none=True, load_default=None)
    score = fields.Integer(allow_none=True, load_default=None)
    ranking = fields.Integer(allow_none=True, load_default=None)


class CompetitionResult(Schema):
    selected = fields.Boolean(required=True)


def record_competition(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """Keep the whole competition of one candidate; who ranks within the posts is chosen."""
    case = case_facts(context.connection, params.pop("application_id"))
    selected = appointments.record_competition(
        context.connection,
        case.application_id,
        unit_code=case.unit_code,
        recorded_by=acting(context),
        now=context.now,
        **params,
    )
    return {"selected": selected}


class AppointParams(CaseRef):
    post_grade = fields.Integer(required=True)
    from_grade = fields.Integer(required=True)
    to_grade = fields.Integer(required=True)
    contract_from = fields.Date(required=True)
    contract_to = fields.Date(required=True)
    salary_from = fields.Date(allow_none=True, load_default=None)
    use_special_post = fields.Boolean(allow_none=True, load_default=False)


def appoint(context: StepContext, params: dict[str, Any]) -> None:
    """The contract, and the post it takes: the reserved one, a special one (exempt candidates only), or a free one."""
    case = case_facts(context.connection, params.pop("application_id"))
    grades = range(params.pop("from_grade"), params.pop("to_grade") + 1)
    special = bool(params.pop("use_special_post"))
    if special and not case.quota_exempt:
        raise Refused(T("特设岗位只用于不占岗位数额的人员。"), code="SPECIAL_POST_FORBIDDEN")
    appointments.check_notice_closed(context.connection, case.application_id, params["contract_from"])
    year, level = local(context.now).year, POST_LEVEL[case.target_title]
    if special:
        units.fill_special(context.connection, case.unit_code, year, level)
    elif not units.fill(context.connection, case.application_id, context.now) and (
        _quota(context, case) is not None or case.appointment_mode == "integrated"
    ):
        units.fill_free(context.connection, case.unit_code, year, level, context.now)
    appointments.appoint(
        context.connection,
        case.application_id,
        person_id=case.person_id,
        unit_code=case.unit_code,
        title=case.target_title,
        grades=grades,
        mode=case.appointment_mode,
        use_special_post=special,
        appointed_by=acting(context),
        now=context.now,
        **params,
    )


class FileParams(CaseRef):
    filing_note = fields.String(allow_none=True, load_default=None)


class OutcomeResult(Schema):
    appointment_outcome = fields.String(required=True)


def file_appointment(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    application_id = params["application_id"]
    appointments.file_appointment(context.connection, application_id, filed_by=acting(context), now=context.now)
    applications.set_status(context.connection, application_id, "appointed", actor=acting(context), now=context.now)
    context.note("appointment_filed", {"note": params["filing_note"]})
    return {"appointment_outcome": "appointed"}


class WaitResult(OutcomeResult):
    review_at = fields.AwareDateTime(required=True, default_timezone=None)


def keep_certified(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """Not appointed for now: the certificate stays, the reserved post is free again; looked at again in a year."""
    application_id = params["application_id"]
    actor = context.actor.username if context.actor else None
    applications.set_status(context.connection, application_id, "certified_not_appointed", actor=actor, now=context.now)
    units.release(context.connection, application_id, context.now)
    review_at = end_of_day(add_years(local(context.now).date(), 1))
    return {"appointment_outcome": "certified_not_appointed", "review_at": review_at}


@remarked
def keep_remark(_context: StepContext, _params: dict[str, Any]) -> None:
    """What was said besides stays with its own step: the next form begins without it."""


HANDLERS = (
    Handler("appointment.facts", facts, CaseRef, FactsResult, T("查明聘用的岗位情况")),
    Handler(
        "appointment.record_competition",
        remarked(record_competition),
        CompetitionParams,
        CompetitionResult,
        T("登记竞聘结果"),
    ),
    Handler("appointment.keep_remark", keep_remark, Nothing, Nothing, T("保存其他说明")),
    Handler("appointment.appoint", remarked(appoint), AppointParams, Nothing, T("登记聘用并占用岗位")),
    Handler("appointment.file", remarked(file_appointment), FileParams, OutcomeResult, T("登记聘用备案")),
    Handler("appointment.keep_certified", keep_certified, CaseRef, WaitResult, T("保留证书待聘")),
)
