"""Service tasks from the unit to the end of the case: recommendation, posts, review, result, closing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marshmallow import Schema, fields, validate

from engine.clock import local
from engine.errors import Refused
from engine.registry import Handler, StepContext
from forms.i18n import T
from processes.candidate import words
from processes.candidate.sheet import main_facts
from processes.candidate.steps import (
    Nothing,
    OutcomeResult,
    StatusParams,
    acting,
    application_of,
    end,
    move,
)
from processes.dates import instant
from processes.register import applications, units
from processes.register.policies import parameter
from processes.rules.eligibility import POST_LEVEL, SENIOR


def set_status(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """Move to a stage. Who waits for a meeting has no public result: a vote held again is as secret as the first (R-102)."""
    again = {"result_public_at": None} if params["status"] == "queued_for_meeting" else {}
    move(context, params["status"], reason=params["reason"], **again)
    return {"outcome": params["outcome"] or params["status"]}


def close(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """End the application and give back its post; the applicant reads the reason that was given (R-100)."""
    reason = params["reason"] or context.variables.get("reason") or context.variables.get("note")
    end(context, params["status"], reason=reason if isinstance(reason, str) else None)
    return {"outcome": params["outcome"] or params["status"]}


class FactsResult(Schema):
    application_facts = fields.List(fields.Dict(), required=True)


class EnterResult(FactsResult):
    checklist = fields.List(fields.Dict())


CHECKED = ("education", "title_certificate", "assessments", "performance", "works", "recommendation", "publicity")


def enter_review(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """Move to a stage and lay the application before whoever checks it; the review of materials finds its list ready."""
    move(context, params["status"])
    laid: dict[str, Any] = {"application_facts": _facts(context)}
    if params["status"] == "material_review":
        laid["checklist"] = [{"item": item, "result": None} for item in CHECKED]
    return laid


def _facts(context: StepContext) -> list[dict[str, str]]:
    return main_facts(context.connection, application_of(context)["id"])


class VerifyParams(Schema):
    authenticity = fields.String(required=True)
    checked_items = fields.List(fields.String(), allow_none=True, load_default=None)


class VerifyResult(Schema):
    verification = fields.String(required=True)


def verify(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    applications.record_recommendation(
        context.connection,
        application_of(context)["id"],
        authenticity=params["authenticity"],
        checked_items=params["checked_items"] or [],
        verified_by=acting(context),
        verified_at=context.now,
    )
    return {"verification": params["authenticity"]}


class AssessParams(Schema):
    ethics = fields.String(required=True, validate=validate.OneOf(["pass", "fail"]))
    ability = fields.Integer(allow_none=True, load_default=None)
    performance = fields.Integer(allow_none=True, load_default=None)
    agree = fields.Integer(allow_none=True, load_default=None)
    against = fields.Integer(allow_none=True, load_default=None)
    abstain = fields.Integer(allow_none=True, load_default=None)
    rank = fields.Integer(allow_none=True, load_default=None)
    opinion = fields.String(allow_none=True, load_default=None)


class AssessResult(FactsResult):
    ethics_passed = fields.Boolean(required=True)


def assess(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    opinion = params.pop("opinion")
    applications.record_recommendation(
        context.connection,
        application_of(context)["id"],
        **params,
        panel_opinion=opinion,
        assessed_by=acting(context),
        assessed_at=context.now,
    )
    return {"ethics_passed": params["ethics"] == "pass", "application_facts": _facts(context)}


class QuotaResult(Schema):
    post_managed = fields.Boolean(required=True)
    exempt = fields.Boolean(required=True)
    vacant = fields.Integer(required=True)
    quota_level = fields.String(required=True)


def read_quota(context: StepContext, _params: dict[str, Any]) -> Mapping[str, Any]:
    """The posts of the unit's level for D05, locked until this step is over, so that two candidates cannot both see the
    last one. A post this application already holds counts as vacant for it. Raises Refused (QUOTA_NOT_PUBLISHED)."""
    row = application_of(context, lock=True)
    home = units.get_unit(context.connection, row["unit_code"])
    level = POST_LEVEL[row["target_title"]]
    vacant = 0
    if home["post_managed"]:
        quota = units.check_published(_quota(context, row["unit_code"], level))
        held = units.reservation_of(context.connection, row["id"]) is not None
        vacant = quota.posts.vacant + held
    return {
        "post_managed": home["post_managed"],
        "exempt": row["quota_exempt"],
        "vacant": vacant,
        "quota_level": str(words.LEVEL[level]),
    }


class ReserveParams(Schema):
    outcome = fields.String(required=True, validate=validate.OneOf(["pass_reserve", "pass_exempt", "pass_no_quota"]))


def reserve(context: StepContext, params: dict[str, Any]) -> None:
    """Hold a post where D05 says so; who is exempt or outside post management holds none. Raises Refused (QUOTA_FULL)."""
    if params["outcome"] != "pass_reserve":
        return
    row = application_of(context, lock=True)
    quota = units.check_published(_quota(context, row["unit_code"], POST_LEVEL[row["target_title"]]))
    units.reserve(context.connection, quota, row["id"], context.now)
    context.note("post_reserved", {"quota_id": quota.id}, T("已预留一个岗位。"))


def _quota(context: StepContext, unit_code: str, level: str) -> units.Quota | None:
    return units.lock_quota(context.connection, unit_code, local(context.now).year, level, context.now)


class DecideParams(Schema):
    decision = fields.String(required=True, validate=validate.OneOf(["recommend", "not_recommend"]))
    reason = fields.String(allow_none=True, load_default=None)


class DecideResult(Schema):
    recommend = fields.Boolean(required=True)


def decide(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    applications.record_recommendation(
        context.connection,
        application_of(context)["id"],
        decision=params["decision"],
        reason=params["reason"],
        decided_by=acting(context),
        decided_at=context.now,
    )
    return {"recommend": params["decision"] == "recommend"}


class PublicityResult(Schema):
    notice_kind = fields.String(required=True)
    notice_scope = fields.String(required=True)
    publisher_group = fields.String(required=True)
    publisher_scope = fields.String(required=True)


def enter_publicity(context: StepContext, _params: dict[str, Any]) -> Mapping[str, Any]:
    """What the publicity process is to be called with: the recommendation, inside the unit (R-90)."""
    move(context, "unit_publicity")
    return {
        "notice_kind": "recommendation",
        "notice_scope": "unit",
        "publisher_group": "unit_hr",
        "publisher_scope": f"unit:{context.variables['unit_code']}",
    }


class SubmitResult(FactsResult):
    outcome = fields.String(required=True)


class SubmitParams(Schema):
    objection_summary = fields.String(allow_none=True, load_default=None)
    seal_file = fields.List(fields.String(), required=True)


def submit_recommendation(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    applications.record_recommendation(
        context.connection,
        application_of(context)["id"],
        **params,
        submitted_by=acting(context),
        submitted_at=context.now,
    )
    move(context, "recommended")
    return {"outcome": "recommended", "application_facts": _facts(context)}


class EndorseParams(Schema):
    decision = fields.String(required=True, validate=validate.OneOf(["agree", "return", "disagree"]))
    reason = fields.String(allow_none=True, load_default=None)
    is_non_public_route = fields.Boolean(allow_none=True, load_default=None)


class EndorseResult(Schema):
    endorsement = fields.String(required=True)


def endorse(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """The local authority's opinion; who acted, when and why stands in the history. What is returned is the unit's again."""
    context.note("endorsement", {key: value for key, value in params.items() if value is not None})
    if params["decision"] == "return":
        move(context, "unit_review", reason=params["reason"])
    return {"endorsement": params["decision"]}


class WorksResult(Schema):
    works = fields.List(fields.Dict(), required=True)
    work_options = fields.List(fields.Dict(), required=True)


def list_works(context: StepContext, _params: dict[str, Any]) -> Mapping[str, Any]:
    """The representative works for the auditor; a confidential one is described, its file was never taken."""
    move(context, "work_audit")
    rows = applications.details(context.connection, application_of(context)["id"], "works")
    works = [
        {
            "position": row["position"],
            "kind": str(words.WORK_KIND[row["kind"]]),
            "title": row["title"],
            "role": row["role"],
            "abstract": row["abstract"],
        }
        for row in rows
    ]
    options = [{"label": f"{w['position']}. {w['title']}", "value": str(w["position"])} for w in works]
    return {"works": works, "work_options": options}


class AuditParams(Schema):
    outcome = fields.String(required=True, validate=validate.OneOf(["ok", "failed"]))
    removed = fields.List(fields.Integer(), allow_none=True, load_default=None)
    comment = fields.String(allow_none=True, load_default=None)


def audit(context: StepContext, params: dict[str, Any]) -> None:
    """R-51: an audit removes works; only a senior case without any work left ends. Raises Refused (AUDIT_MISMATCH)."""
    row = application_of(context, lock=True)
    senior = row["target_title"] in SENIOR
    removed = set(params["removed"] or [])
    if params["outcome"] == "failed":
        if not senior:
            raise Refused(T("只有高级职称才因代表作不合格而终止，请去掉不合格的几件后继续。"), code="AUDIT_MISMATCH")
        removed = {work["position"] for work in applications.details(context.connection, row["id"], "works")}
    left = applications.audit_works(context.connection, row["id"], removed, params["comment"])
    if params["outcome"] == "ok" and senior and left == 0:
        raise Refused(T("高级职称的代表作一件不剩，审核结论应为不合格。"), code="AUDIT_MISMATCH")


class BallotParams(Schema):
    result = fields.String(required=True, validate=validate.OneOf(["passed", "failed", "deferred"]))


BALLOT_STATUS = {"passed": "voted_passed", "failed": "voted_failed", "deferred": "deferred_no_quorum"}


class BallotHeld(Schema):
    voted = fields.Boolean(required=True)


def ballot(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """Keep the result in the register, and in the case only whether there is one: its variables can be read by the
    candidate and the unit, who learn the result with the public notice (R-102)."""
    move(context, BALLOT_STATUS[params["result"]])
    return {"voted": params["result"] != "deferred"}


class ResultPublicResult(Schema):
    ballot_result = fields.String(required=True)
    recheck_until = fields.String(required=True)
    recheck_until_words = fields.String(required=True)


def result_public(context: StepContext, _params: dict[str, Any]) -> Mapping[str, Any]:
    """The public notice is out: from now on the candidate may read the result (R-102), and the recheck window runs."""
    row = application_of(context, lock=True)
    move(context, row["status"], result_public_at=context.now)
    days = parameter(context.connection, "recheck.window_workdays", context.now)
    until = context.function("workday_deadline")(local(context.now).isoformat(), days)
    return {
        "ballot_result": "failed" if row["status"] == "voted_failed" else "passed",
        "recheck_until": until,
        "recheck_until_words": instant(datetime.fromisoformat(until)),
    }


class PublicityParams(Schema):
    outcome = fields.String(required=True, validate=validate.OneOf(["clear", "upheld", "withdrawn"]))


def publicity(context: StepContext, params: dict[str, Any]) -> None:
    """The result notice has closed for this case."""
    if params["outcome"] == "upheld":
        move(context, "result_objection_hold")
    elif params["outcome"] == "withdrawn":
        end(context, "withdrawn")


HANDLERS = (
    Handler("application.status", set_status, StatusParams, OutcomeResult, T("登记申报的状态")),
    Handler("application.close", close, StatusParams, OutcomeResult, T("办结申报并释放预留岗位")),
    Handler("application.enter_review", enter_review, StatusParams, EnterResult, T("进入审核并列出申报内容")),
    Handler("recommendation.verify", verify, VerifyParams, VerifyResult, T("登记单位核实结果")),
    Handler("recommendation.assess", assess, AssessParams, AssessResult, T("登记考核评议结果")),
    Handler("recommendation.decide", decide, DecideParams, DecideResult, T("登记单位推荐决定")),
    Handler("recommendation.publicity", enter_publicity, Nothing, PublicityResult, T("进入推荐公示")),
    Handler("recommendation.submit", submit_recommendation, SubmitParams, SubmitResult, T("登记推荐意见")),
    Handler("quota.read", read_quota, Nothing, QuotaResult, T("锁定并读取岗位数额")),
    Handler("quota.reserve", reserve, ReserveParams, Nothing, T("预留岗位")),
    Handler("application.endorsement", endorse, EndorseParams, EndorseResult, T("登记主管部门审核意见")),
    Handler("application.list_works", list_works, Nothing, WorksResult, T("列出代表作")),
    Handler("application.audit", audit, AuditParams, Nothing, T("登记代表作审核结论")),
    Handler("application.ballot", ballot, BallotParams, BallotHeld, T("登记表决结果")),
    Handler("application.result_public", result_public, Nothing, ResultPublicResult, T("公布结果并计算复查期")),
    Handler("application.publicity", publicity, PublicityParams, Nothing, T("登记结果公示的结论")),
)
