"""The service tasks of P17: keep what the candidate asks, and the answer of somebody who had not handled the case (R-99)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marshmallow import Schema, fields, validate

from engine.clock import local
from engine.errors import Refused
from engine.registry import Handler, StepContext
from forms.i18n import T, Text
from processes.acting import acting, remarked
from processes.register import applications, rechecks
from processes.register.cases import case_facts, title_words
from processes.register.policies import parameter

HANDLED = ("review_materials", "audit_conclude")  # the office's own judgement of this very application (P08, P09)
GROUND: Mapping[str, Text] = {
    "procedure": T("评审程序有误"),
    "recusal": T("应当回避的没有回避"),
    "material_omitted": T("材料有遗漏"),
    "count_error": T("计票有误"),
}


class OpenParams(Schema):
    application_id = fields.String(required=True)
    ground = fields.List(
        fields.String(validate=validate.OneOf(rechecks.GROUNDS)), required=True, validate=validate.Length(min=1)
    )
    text = fields.String(required=True)
    evidence = fields.List(fields.String(), allow_none=True, load_default=None)


class OpenResult(Schema):
    recheck_id = fields.String(required=True)
    recheck_facts = fields.List(fields.Dict(), required=True)
    recheck_answer_due = fields.String(required=True)


def open_recheck(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """Keep the request; the answer is due `recheck.answer_workdays` working days from today."""
    days = parameter(context.connection, "recheck.answer_workdays", context.now)
    due = str(context.function("workday_deadline")(local(context.now).isoformat(), days))
    recheck_id = rechecks.ask(
        context.connection,
        params["application_id"],
        grounds=params["ground"],
        text=params["text"],
        evidence=params["evidence"] or [],
        due_at=datetime.fromisoformat(due),
        now=context.now,
    )
    case = case_facts(context.connection, params["application_id"])
    lines = {
        T("申报人"): case.name,
        T("单位"): case.unit_name,
        T("申报职称"): title_words(case.target_title),
        T("复查理由"): "；".join(str(GROUND[ground]) for ground in params["ground"]),
        T("说明"): params["text"],
    }
    facts = [{"what": str(what), "text": text} for what, text in lines.items()]
    return {"recheck_id": recheck_id, "recheck_facts": facts, "recheck_answer_due": due}


class AnswerParams(Schema):
    application_id = fields.String(required=True)
    recheck_id = fields.String(required=True)
    conclusion = fields.String(required=True, validate=validate.OneOf(rechecks.CONCLUSIONS))
    reasons = fields.String(required=True)


class AnswerResult(Schema):
    recheck_outcome = fields.String(required=True)


def answer(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """The written answer. Raises Refused (HANDLED_IT): whoever judged the materials or the works, or entered the counts,
    does not recheck them."""
    row = applications.get_application(context.connection, params["application_id"])
    by = acting(context)
    if by in rechecks.handlers(context.connection, row["id"], row["instance_id"], HANDLED):
        raise Refused(
            T("您经办过这份申报的审核或计票，复查须由没有经办过的同事答复，请转给同事办理。"), code="HANDLED_IT"
        )
    rechecks.answer(
        context.connection,
        params["recheck_id"],
        conclusion=params["conclusion"],
        reasons=params["reasons"],
        by=by,
        now=context.now,
    )
    context.note("recheck_answered", {"conclusion": params["conclusion"]})
    return {"recheck_outcome": params["conclusion"]}


HANDLERS = (
    Handler("recheck.open", open_recheck, OpenParams, OpenResult, T("受理复查申请")),
    Handler("recheck.answer", remarked(answer), AnswerParams, AnswerResult, T("登记复查答复")),
)
