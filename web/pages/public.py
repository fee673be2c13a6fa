"""Policies, standards and procedures, for everybody and without an account (R-115). Search engines may keep these pages."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, Response, render_template, url_for
from flask.typing import ResponseReturnValue

from forms.i18n import T, Text, gettext
from processes.openness.queries import (
    InForce,
    Procedure,
    PublicParameters,
    PublicPolicies,
    PublicPolicy,
    PublicPolicyFile,
    PublicProcedure,
    PublicProcedures,
    PublicTables,
)
from web.files import download
from web.pages import decisiontable, outline
from web.pages.decisiontable import DecisionTable
from web.pages.desk import ask
from web.pages.processes import steps
from web.robots import indexable

blueprint = Blueprint("openness", __name__, url_prefix="/public")

# The procedures by what people look for, by their numbers; what is new and named nowhere here stands under the last heading.
PARTS: tuple[tuple[Text, tuple[str, ...]], ...] = (
    (T("申报和评审"), ("P04", "P05", "P08", "P09", "P12")),
    (T("公示和异议"), ("P06", "P07", "P17")),
    (T("发证和聘用"), ("P13", "P14", "P15")),
    (T("评委会和专家"), ("P10", "P11")),
    (T("改革的推进、监督和其他"), ()),
)
LEVELS: dict[str, Text] = {"national": T("国家"), "provincial": T("省级"), "local": T("市州")}
DUE_KNOWN: dict[str, Text] = {
    "apply_closes_at": T("申报截止日前"),
    "meeting_due": T("评审会议当天"),
    "confirmation_due": T("按确认批复的期限"),
    "recheck_until": T("申请复查的期限内"),
    "recheck_answer_due": T("答复复查的期限内"),
}
_WORKDAYS = re.compile(r"=?\s*workday_deadline\(now\(\),\s*(\d+)\)")
_DAYS = re.compile(r'=?\s*now\(\)\s*\+\s*duration\("P(\d+)D"\)')


@blueprint.get("/policies")
@indexable
def policies() -> ResponseReturnValue:
    found = ask(PublicPolicies()).items
    return render_template(
        "public/policies.html",
        in_force=[one for one in found if one.in_force],
        retired=[one for one in found if not one.in_force],
        levels=LEVELS,
    )


@blueprint.get("/policies/<document_id>")
@indexable
def policy(document_id: str) -> ResponseReturnValue:
    return render_template("public/policy.html", document=ask(PublicPolicy(document_id)), levels=LEVELS)


@blueprint.get("/policies/<document_id>/file")
def policy_file(document_id: str) -> ResponseReturnValue:
    """The text as printed: a download, never a page of ours."""
    return download(ask(PublicPolicyFile(document_id)))


@blueprint.get("/standards")
@indexable
def standards() -> ResponseReturnValue:
    tables = {key[:3]: decisiontable.read(content) for key, content in ask(PublicTables()).items()}
    return render_template(
        "public/standards.html",
        grades=_grades(tables.get("D14")),
        years=_years(tables.get("D02")),
        votes=_plain(tables.get("D08")),
        parameters=[{"label": str(one.parameter.label), "value": value_words(one)} for one in ask(PublicParameters())],
    )


@blueprint.get("/procedures")
@indexable
def procedures() -> ResponseReturnValue:
    rows = {one.key[:3]: _procedure_row(one) for one in ask(PublicProcedures())}
    named = {number for _, numbers in PARTS for number in numbers}
    others = [number for number in rows if number not in named]
    groups = [(str(title), [rows[n] for n in numbers or others if n in rows]) for title, numbers in PARTS]
    return render_template("public/procedures.html", groups=[group for group in groups if group[1]])


@blueprint.get("/procedures/<key>")
@indexable
def procedure(key: str) -> ResponseReturnValue:
    found = ask(PublicProcedure(key))
    drawn = outline.read(found.content, found.key)
    return render_template(
        "public/procedure.html",
        procedure=_procedure_row(found),
        duties=duties(drawn),
        steps=steps(drawn),
        xml_href=url_for("openness.procedure_xml", key=found.key),
    )


@blueprint.get("/procedures/<key>/xml")
def procedure_xml(key: str) -> ResponseReturnValue:
    """The diagram for the viewer on the page above."""
    response = Response(ask(PublicProcedure(key)).content, content_type="application/xml; charset=utf-8")
    # Opened by itself it must be able to do nothing.
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def duties(drawn: outline.Outline) -> list[dict[str, str]]:
    """Who does what within how long: the steps that wait for a person, in the order drawn."""
    return [
        {"who": gettext(one.lane) if one.lane else "", "what": gettext(one.name), "within": within(one.due)}
        for one in drawn.elements.values()
        if one.kind == "userTask" and one.name
    ]


def within(due: str) -> str:
    """A due date as written in a diagram, in words; empty where there is none."""
    written = due.strip()
    if not written:
        return ""
    for pattern, said in ((_WORKDAYS, T("{n} 个工作日")), (_DAYS, T("{n} 天"))):
        found = pattern.fullmatch(written)
        if found:
            return gettext(said.message, n=found[1])
    return str(DUE_KNOWN.get(written.removeprefix("="), T("按该步骤另行确定的日期")))


def value_words(one: InForce) -> str:
    """A parameter's value as people write it."""
    value = one.value
    if isinstance(value, bool):
        return gettext("是") if value else gettext("否")
    if one.parameter.kind == "month_day":
        month, _, day_ = str(value).partition("-")
        return gettext("{month}月{day}日", month=int(month), day=int(day_))
    return str(value)


def _procedure_row(one: Procedure) -> dict[str, Any]:
    drawn = outline.read(one.content, one.key)
    return {
        "key": one.key,
        "name": gettext(one.name),
        "version": one.version,
        "since": one.since,
        "lanes": gettext("{all}", all=_lanes(drawn)),
    }


def _lanes(drawn: outline.Outline) -> list[str]:
    """Who has something to do in it, each once, in the order drawn."""
    lanes = (one.lane for one in drawn.elements.values() if one.kind == "userTask" and one.lane)
    return [gettext(lane) for lane in dict.fromkeys(lanes)]


def _grades(table: DecisionTable | None) -> list[dict[str, str]]:
    if table is None or len(table.columns) != 3:
        return []
    return [
        {
            "title": title,
            "grades": gettext("{a} 至 {b} 级", a=low, b=high) if low != high else gettext("{a} 级", a=low),
            "note": row.note,
        }
        for row, (title, low, high) in zip(table.rows, table.words(), strict=True)
    ]


def _years(table: DecisionTable | None) -> list[dict[str, Any]]:
    """The rows by the title applied for: `{"title", "head", "rows"}`. The first column tells the title."""
    if table is None:
        return []
    shown = [i for i, column in enumerate(table.columns) if i > 0 and not column.output]
    groups: dict[str, list[list[str]]] = {}
    for words in table.words():
        groups.setdefault(words[0], []).append([words[i] for i in shown])
    head = [gettext(table.columns[i].label) for i in shown]
    return [{"title": title, "head": head, "rows": rows} for title, rows in groups.items()]


def _plain(table: DecisionTable | None) -> dict[str, Any] | None:
    if table is None:
        return None
    return {
        "head": [gettext(column.label) for column in table.columns],
        "rows": table.words(),
        "description": gettext(table.description),
    }
