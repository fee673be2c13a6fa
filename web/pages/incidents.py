"""Steps that the system could not do by itself: what failed, in plain words, and the button to try again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import policy
from engine.commands.retry_incident import RetryIncident
from engine.errors import Conflict, Forbidden
from engine.queries.definitions import DefinitionList
from engine.queries.incidents import IncidentList
from engine.queries.views import IncidentItem
from engine.registry import Actor
from forms.i18n import T, gettext
from web.pages.case import Drawings
from web.pages.desk import PAGE_SIZE, Pages, ask, me, offset, page_number, run, subject, subjects_of
from web.pages.said import say
from web.security import login_required

blueprint = Blueprint("incident", __name__)

LONGEST_VALUE = 300
LONGEST_REASON = 500


@dataclass(frozen=True)
class Row:
    """`facts`: name and value, as text; `next_at` where the engine will try again by itself."""

    id: str
    name: str
    text: str
    code: str
    facts: list[tuple[str, str]]
    instance_id: str
    subject: str
    at: datetime
    attempts: int
    next_at: datetime | None


def row(item: IncidentItem, names: dict[str, str], drawings: Drawings) -> Row:
    process = names.get(item.definition_key, item.definition_key)
    return Row(
        id=item.id,
        name=gettext("{process}：{step}", process=process, step=drawings.name(item.definition_key, item.element_id)),
        text=str(item.message),
        code=item.code,
        facts=[
            (name, str(value)[:LONGEST_VALUE]) for name, value in item.facts.items() if value not in (None, "", [], {})
        ],
        instance_id=item.process_instance_id,
        subject=subject(item.process_instance_id, item.business_key, process),
        at=item.created_at,
        attempts=item.attempts,
        next_at=item.retry_at,
    )


@blueprint.get("/incidents")
@login_required
def index() -> ResponseReturnValue:
    return _page(me(), {}, {})


@blueprint.post("/incidents/<incident_id>/retry")
@login_required(back="incident.index")
def retry(incident_id: str) -> ResponseReturnValue:
    actor = me()
    reason = request.form.get(f"reason-{incident_id}", "").strip()
    if not reason or len(reason) > LONGEST_REASON:
        sentence = gettext("请写明为什么现在可以重试，不超过 {n} 字。", n=LONGEST_REASON)
        return _page(actor, {incident_id: sentence}, {incident_id: reason}), 422
    try:
        answer = run(RetryIncident(incident_id, actor, reason=reason))
    except Conflict as error:
        say(str(error.text), "error")
    else:
        if answer["state"] == "resolved":
            say(gettext("已重试成功，这件事继续往下走。"))
        else:
            say(gettext("已重试，但仍然没有成功。原因见下面。"), "error")
    return redirect(url_for("incident.index"), 303)


def _page(actor: Actor, errors: dict[str, str], typed: dict[str, str]) -> str:
    if not policy.allows(actor, "incident.read"):
        raise Forbidden(T("只有流程负责人和管理人员可以查看异常。"))
    found = ask(IncidentList(actor, first_result=offset(), max_results=PAGE_SIZE))
    subjects_of(item.process_instance_id for item in found.items)
    active = ask(DefinitionList(actor, kind="process", active=True, max_results=500)).items
    names = {item.key: gettext(item.name) for item in active}
    drawings = Drawings(actor, {item.key: item.id for item in active})
    return render_template(
        "incidents.html",
        incidents=[row(item, names, drawings) for item in found.items],
        pages=Pages(page_number(), found.total, len(found.items)),
        may_retry=policy.allows(actor, "incident.retry"),
        errors=errors,
        typed=typed,
    )
