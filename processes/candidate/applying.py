"""Service tasks from the opened draft to the judgement: open, record, submit, propose, confirm."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from marshmallow import Schema, fields, validate

from engine.errors import Refused
from engine.registry import Handler, StepContext
from forms.i18n import T
from processes.candidate import judging, words
from processes.candidate.sheet import filled_in, form_values
from processes.candidate.steps import Anything, Loose, Nothing, acting, application_of, move
from processes.register import applications, people
from processes.register.policies import parameter
from processes.register.units import get_unit

DOUBTFUL = "years"  # the one gate a local authority may rule on; nobody releases an exclusion or a bar


class OpenResult(Schema):
    application_id = fields.String(required=True)
    candidate_account = fields.String(required=True)
    cycle_id = fields.String(required=True)
    unit_code = fields.String(required=True)
    region_code = fields.String(required=True)
    unit = fields.String(required=True)
    appointment_mode = fields.String(required=True)
    apply_closes_at = fields.String(required=True)
    works_max = fields.Integer(required=True)
    sanction_outcome = fields.String(required=True)
    resume_at = fields.String(required=True)
    education = fields.List(fields.Dict(), required=True)
    prior_title = fields.String(required=True, allow_none=True)
    prior_title_date = fields.String(required=True, allow_none=True)
    archives_work_from = fields.String(required=True, allow_none=True)
    annual_assessments = fields.List(fields.Dict(), required=True)


def open_application(context: StepContext, _params: dict[str, Any]) -> Mapping[str, Any]:
    """A draft for the account that started the case; whatever variables the start brought say nothing about whose it is.

    What the register knows of the person is proposed to the form. Raises Refused: NOT_A_PERSON, CYCLE_CLOSED, APPLICATION_EXISTS.
    """
    account = acting(context)
    person = people.person_of(context.connection, account)
    if person is None:
        raise Refused(T("台账中没有与这个账号对应的人员，请联系单位人事部门。"), code="NOT_A_PERSON")
    cycle = applications.open_cycle(context.connection, context.now)
    application_id = applications.open_application(
        context.connection,
        person_row=person,
        cycle=cycle,
        instance_id=context.instance_id,
        actor=account,
        now=context.now,
    )
    home = get_unit(context.connection, person["unit_code"])
    title = people.current_title(context.connection, person["id"])
    return {
        "application_id": application_id,
        "candidate_account": account,
        "cycle_id": cycle.id,
        "unit_code": home["code"],
        "region_code": home["region_code"],
        "unit": home["name"],
        "appointment_mode": "integrated" if home["post_managed"] else "separate",
        "apply_closes_at": cycle.closes_at.isoformat(),
        # Known from the start, so that a gateway can ask for them.
        "sanction_outcome": "none",
        "resume_at": "form",
        "works_max": parameter(context.connection, "works.max", context.now),
        "education": [
            {"level": r["level"], "school": r["school"], "major": r["major"], "graduated_on": _iso(r["graduated_on"])}
            for r in people.educations(context.connection, person["id"])
        ],
        "prior_title": title["title"] if title else None,
        "prior_title_date": _iso(title["obtained_on"]) if title else None,
        "archives_work_from": _iso(person["archives_work_from"]),
        "annual_assessments": [
            {"year": year, "grade": grade}
            for year, grade in people.assessments(context.connection, person["id"]).items()
            if title is None or year >= title["obtained_on"].year  # as the form asks
        ],
    }


class Content(Loose):
    """What the form brought into the variables."""

    agent_unit = Anything()
    target_title = fields.String(required=True)
    track = fields.String(required=True)
    channel = fields.String(required=True)
    channel_evidence = fields.List(fields.String(), allow_none=True, load_default=None)
    identity_status = fields.String(required=True)
    education = fields.List(fields.Dict(), allow_none=True, load_default=None)
    prior_title = Anything()
    prior_title_date = fields.Date(allow_none=True, load_default=None)
    archives_work_from = fields.Date(allow_none=True, load_default=None)
    annual_assessments = fields.List(fields.Dict(), allow_none=True, load_default=None)
    no_assessment_statement = Anything()
    work_summary = Anything()
    performance_items = fields.List(fields.Dict(), allow_none=True, load_default=None)
    works = fields.List(fields.Dict(), allow_none=True, load_default=None)
    recusal_requests = fields.List(fields.Dict(), allow_none=True, load_default=None)


class RecordResult(Schema):
    pledge_text = fields.String(required=True)


def record(context: StepContext, _params: dict[str, Any]) -> Mapping[str, Any]:
    """The filled-in form into the register; the variables it came in are dropped by the diagram. Raises Refused
    (TWICE_A_YEAR, SAME_TITLE, NO_DATE)."""
    content = Content().load(dict(context.variables))
    values, details = filled_in(content)
    _check(values, details)
    row = application_of(context)
    applications.record_content(context.connection, row["id"], values, details, context.now)
    applications.give_consent(context.connection, row["id"], words.CONSENT.to("zh"), context.now)
    return {"pledge_text": words.PLEDGE.to("zh")}


def _check(values: Mapping[str, Any], details: Mapping[str, list[dict[str, Any]]]) -> None:
    years = [entry["year"] for entry in details["annual_assessments"]]
    if len(years) != len(set(years)):
        raise Refused(T("年度考核中有重复的年度，请每年只填一行。"), code="TWICE_A_YEAR")
    if values["prior_title"] and not values["prior_title_date"]:
        raise Refused(T("填写了现任职称，还须填写取得日期。"), code="NO_DATE")
    if values["prior_title"] == values["target_title"]:
        raise Refused(T("申报职称与现任职称相同，请核对。"), code="SAME_TITLE")


class SubmitResult(Schema):
    identity_status = fields.String(required=True)
    civil_servant_law_unit = fields.Boolean(required=True)
    standing = fields.String(required=True)
    through_agency = fields.Boolean(required=True)
    barred = fields.Boolean(required=True)
    penalty_in_force = fields.Boolean(required=True)
    assessments_counted = fields.Integer(required=True)
    assessments_needed = fields.Integer(required=True)
    senior_target = fields.Boolean(required=True)
    has_evidence = fields.Boolean(required=True)
    aid_active = fields.Boolean(required=True)
    hardship_met = fields.Boolean(required=True)
    highest_education = fields.String(required=True, allow_none=True)
    prior_title = fields.String(required=True, allow_none=True)
    years_prior = fields.Integer(required=True)
    years_archives = fields.Integer(required=True)


def submit(context: StepContext, _params: dict[str, Any]) -> Mapping[str, Any]:
    """Sign the pledge, submit, and lay out the facts for the tables. Raises Refused: PLEDGE_MISSING, CYCLE_CLOSED."""
    if context.variables.get("agree") is not True:
        raise Refused(T("请先签署诚信承诺。"), code="PLEDGE_MISSING")
    row = application_of(context, lock=True)
    applications.open_cycle(context.connection, context.now)
    applications.sign_pledge(
        context.connection, row["id"], account=acting(context), text=words.PLEDGE.to("zh"), now=context.now
    )
    move(context, "submitted_to_unit", submitted_at=context.now)
    return judging.facts(context.connection, row["id"], context.now).inputs


class ProposeResult(Schema):
    eligible = fields.Boolean(required=True)
    reasons = fields.List(fields.Dict(), required=True)


def propose(context: StepContext, _params: dict[str, Any]) -> Mapping[str, Any]:
    """Put the tables' results together; every reason is kept and shown. A person confirms what is negative (R-152)."""
    row = application_of(context, lock=True)
    channel = context.variables["channel_decision"]
    years = context.variables.get("years_decision") if not channel["years_exempt"] else None
    found = judging.facts(context.connection, row["id"], context.now)
    findings = judging.findings(
        found,
        row["target_title"],
        scope=context.variables["scope"],
        conduct_result=context.variables["conduct"],
        channel=channel,
        years=years,
    )
    basis = {"row_id": years["row_id"] if years else None, "relaxed_years": found.reduction}
    applications.set_judgement(
        context.connection,
        row["id"],
        eligible=not findings,
        findings=findings,
        basis=basis,
        quota_exempt=bool(channel["quota_exempt"]),
        interview_required=bool(channel["interview"]),
        now=context.now,
    )
    context.note("judged", {"eligible": not findings, "codes": [f["code"] for f in findings], **basis})
    return {"eligible": not findings, "reasons": words.sentences(findings)}


class DecisionParams(Schema):
    decision = fields.String(required=True, validate=validate.OneOf(["confirm", "return", "refer"]))
    note = fields.String(allow_none=True, load_default=None)


class ReopenedResult(Schema):
    """The form's content again, where the application goes back to the candidate; nothing otherwise."""

    education = fields.List(fields.Dict())
    prior_title = fields.String(allow_none=True)
    prior_title_date = fields.String(allow_none=True)
    archives_work_from = fields.String(allow_none=True)
    annual_assessments = fields.List(fields.Dict())
    no_assessment_statement = fields.String(allow_none=True)
    work_summary = fields.String(allow_none=True)
    performance_items = fields.List(fields.Dict())
    works = fields.List(fields.Dict())
    recusal_requests = fields.List(fields.Dict())
    channel_evidence = fields.List(fields.String())
    identity_status = fields.String(allow_none=True)
    agent_unit = fields.String(allow_none=True)


def ineligible_decision(context: StepContext, params: dict[str, Any]) -> Mapping[str, Any]:
    """The unit's answer to a negative judgement. Raises Refused: NOT_RELEASABLE (only years can be doubted),
    CYCLE_CLOSED (nothing can be corrected any more)."""
    row = application_of(context, lock=True)
    if params["decision"] == "confirm":
        applications.confirm_judgement(
            context.connection, row["id"], eligible=False, confirmed_by=acting(context), now=context.now
        )
        move(context, "ineligible", reason=params["note"])
        return {}
    if params["decision"] == "refer":
        if any(finding["gate"] != DOUBTFUL for finding in row["findings"]):
            raise Refused(
                T("只有学历年限方面的疑问可以提请认定；范围、处分、失信和渠道方面的不能放行。"), code="NOT_RELEASABLE"
            )
        return {}
    applications.open_cycle(context.connection, context.now)
    move(context, "draft", reason=params["note"], submitted_at=None)
    kept = form_values(context.connection, row["id"])
    return {name: kept[name] for name in ReopenedResult().fields}


class RulingParams(Schema):
    ruling = fields.String(required=True, validate=validate.OneOf(["eligible", "ineligible"]))


def ruling(context: StepContext, params: dict[str, Any]) -> None:
    """The local authority's ruling on a doubt about education or years."""
    eligible = params["ruling"] == "eligible"
    row = application_of(context, lock=True)
    applications.confirm_judgement(
        context.connection, row["id"], eligible=eligible, confirmed_by=acting(context), now=context.now
    )
    if not eligible:
        move(context, "ineligible", reason=context.variables.get("reason"))


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None


HANDLERS = (
    Handler("application.open", open_application, Nothing, OpenResult, T("按发起人的台账建立申报")),
    Handler("application.record", record, Nothing, RecordResult, T("登记申报内容")),
    Handler("application.submit", submit, Nothing, SubmitResult, T("提交申报并取出条件所需的数据")),
    Handler("application.propose", propose, Nothing, ProposeResult, T("汇总申报条件的结论与理由")),
    Handler(
        "application.ineligible_decision",
        ineligible_decision,
        DecisionParams,
        ReopenedResult,
        T("登记不符合条件的核实结论"),
    ),
    Handler("application.ruling", ruling, RulingParams, Nothing, T("登记学历年限疑问的认定")),
)
