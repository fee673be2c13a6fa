"""Steps that the system could not do by itself: by cause, in plain words, with the buttons to try one or all of them again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import causes, policy
from engine.commands.retry_incident import RetryIncident
from engine.commands.retry_many import RetryMany
from engine.errors import Conflict, Refused
from engine.queries.definitions import DefinitionList
from engine.queries.incidents import IncidentGroup, IncidentGroups, IncidentList
from engine.queries.operation import RetriedMany, RetryBatch
from engine.queries.views import IncidentItem
from engine.registry import Actor
from engine.store.metadata import new_id
from forms.i18n import T, gettext
from web.pages.case import Drawings
from web.pages.desk import PAGE_SIZE, Pages, ask, me, offset, page_number, run, subject, subjects_of
from web.pages.said import say
from web.security import login_required

blueprint = Blueprint("incident", __name__, url_prefix="/operation")

LONGEST_VALUE = 300
LONGEST_REASON = 500
AGAIN = 3  # seconds until a page that shows a retry of many asks anew
OUTCOMES = {
    "worked": T("成功，继续往下走"),
    "failed": T("仍然没有成功"),
    "skipped": T("没有再试"),
    "stuck": T("没有做完，停下了"),
    "waiting": T("还在排队"),
}


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


class Names:
    """What processes and steps are called, read once for a page."""

    def __init__(self, actor: Actor) -> None:
        active = ask(DefinitionList(actor, kind="process", active=True, max_results=500)).items
        self._processes = {item.key: gettext(item.name) for item in active}
        self._drawings = Drawings(actor, {item.key: item.id for item in active})

    def process(self, key: str) -> str:
        return self._processes.get(key, key)

    def step(self, key: str, element_id: str | None) -> str:
        step = self._drawings.name(key, element_id)
        return gettext("{process}：{step}", process=self.process(key), step=step)


def row(item: IncidentItem, names: Names) -> Row:
    return Row(
        id=item.id,
        name=names.step(item.definition_key, item.element_id),
        text=str(item.message),
        code=item.code,
        facts=[
            (name, str(value)[:LONGEST_VALUE])
            for name, value in item.facts.items()
            if value not in (None, "", [], {}) and str(value) not in str(item.message)  # said already
        ],
        instance_id=item.process_instance_id,
        subject=subject(item.process_instance_id, item.business_key, names.process(item.definition_key)),
        at=item.created_at,
        attempts=item.attempts,
        next_at=item.retry_at,
    )


def group(one: IncidentGroup, items: Iterable[IncidentItem], names: Names) -> dict[str, Any]:
    """One cause as the overview shows it; `items`: some of its incidents, to say whom it concerns."""
    cause = causes.of(one.code)
    concerned: dict[str, str] = {}
    for item in items:
        process = names.process(item.definition_key)
        concerned[item.process_instance_id] = subject(item.process_instance_id, item.business_key, process)
    return {
        "code": one.code,
        "title": str(cause.title),
        "todo": str(cause.todo),
        "open": one.open,
        "retrying": one.retrying,
        "since": one.since,
        "steps": [
            {"name": names.step(step.definition_key, step.element_id), "count": step.open + step.retrying}
            for step in one.steps[:5]
        ],
        "more_steps": max(0, len(one.steps) - 5),
        "concerned": [{"id": key, "name": name} for key, name in list(concerned.items())[:3]],
    }


@blueprint.get("/causes/<code>", endpoint="cause")
@login_required
def cause_page(code: str) -> ResponseReturnValue:
    return _page(me(), code, {}, {})


@blueprint.post("/causes/<code>/retry", endpoint="retry_many")
@login_required(back="incident.cause")
def retry_many(code: str) -> ResponseReturnValue:
    """All that wait for a person because of this, with one reason."""
    actor = me()
    reason = request.form.get("reason", "").strip()
    if not 0 < len(reason) <= LONGEST_REASON:
        return _page(actor, code, {"reason": _no_reason()}, {"reason": reason}), 422
    try:
        asked = run(RetryMany(code, actor, reason), key=request.form.get("_key"), actor=actor)
    except Refused as error:
        say(str(error.text), "error")
        return redirect(url_for("incident.cause", code=code), 303)
    return redirect(url_for("incident.retried", batch_id=asked["batch_id"]), 303)


@blueprint.post("/incidents/<incident_id>/retry", endpoint="retry")
@login_required(back="operation.index")
def retry(incident_id: str) -> ResponseReturnValue:
    actor = me()
    code = request.form.get("code", "")[:255]
    reason = request.form.get(f"reason-{incident_id}", "").strip()
    if not 0 < len(reason) <= LONGEST_REASON:
        return _page(actor, code, {incident_id: _no_reason()}, {incident_id: reason}), 422
    try:
        answer = run(RetryIncident(incident_id, actor, reason=reason))
    except (Conflict, Refused) as error:
        say(str(error.text), "error")
    else:
        if answer["state"] == "resolved":
            say(gettext("已重试成功，这件事继续往下走。"))
        else:
            say(gettext("已重试，但仍然没有成功。原因见下面。"), "error")
    left = ask(IncidentList(actor, code=code, max_results=1)).total
    return redirect(url_for("incident.cause", code=code) if left else url_for("operation.index"), 303)


@blueprint.get("/retries/<batch_id>", endpoint="retried")
@login_required
def retried(batch_id: str) -> ResponseReturnValue:
    """How far a retry of many is; asks anew by itself until it is over."""
    actor = me()
    batch = ask(RetryBatch(actor, batch_id))
    names = Names(actor)
    subjects_of(item.process_instance_id for item in batch.items)
    rows = [
        {
            "instance_id": item.process_instance_id,
            "subject": subject(item.process_instance_id, item.business_key, names.process(item.definition_key)),
            "step": names.step(item.definition_key, item.element_id),
            "outcome": str(OUTCOMES[item.state]),
            "text": str(item.message) if item.message else "",
        }
        for item in batch.items
    ]
    return render_template("operation/retried.html", batch=told(batch), rows=rows, again=None if batch.over else AGAIN)


def told(batch: RetriedMany) -> dict[str, Any]:
    """A retry of many in figures and words."""
    return {
        "id": batch.id,
        "code": batch.code,
        "title": str(causes.of(batch.code).title),
        "reason": batch.reason,
        "by": batch.by,
        "at": batch.at,
        "over": batch.over,
        "total": batch.total,
        "done": batch.total - batch.counts.get("waiting", 0),
        "counts": [
            {"state": state, "words": str(OUTCOMES[state]), "n": batch.counts[state]}
            for state in OUTCOMES
            if batch.counts.get(state)
        ],
    }


def _no_reason() -> str:
    return gettext("请写明为什么现在可以重试，不超过 {n} 字。", n=LONGEST_REASON)


def _page(actor: Actor, code: str, errors: Mapping[str, str], typed: Mapping[str, str]) -> str:
    groups = {one.code: one for one in ask(IncidentGroups(actor))}
    found = ask(IncidentList(actor, code=code, first_result=offset(), max_results=PAGE_SIZE))
    subjects_of(item.process_instance_id for item in found.items)
    names = Names(actor)
    cause = causes.of(code)
    one = groups.get(code)
    return render_template(
        "operation/cause.html",
        code=code,
        title=str(cause.title),
        todo=str(cause.todo),
        open=one.open if one else 0,
        retrying=one.retrying if one else 0,
        incidents=[row(item, names) for item in found.items],
        pages=Pages(page_number(), found.total, len(found.items)),
        may_retry=policy.allows(actor, "incident.retry"),
        errors=errors,
        typed=typed,
        key=new_id(),
    )
