"""Policy parameters: what is in force since when and why, proposing a new value, and confirming it as a second person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import policy
from engine.clock import SHANGHAI, local
from engine.errors import Conflict, Forbidden, NotFound, Refused
from engine.registry import Actor
from forms.i18n import T, gettext
from processes.policy import values
from processes.policy.commands import AUTHORITIES, ConfirmParameter, ProposeParameter, TurnDownParameter
from processes.policy.queries import OneParameter, ParameterItem, Parameters, Proposal, Setting
from processes.register.parameters import PARAMETERS
from web.pages import words
from web.pages.desk import ask, in_group, me, now, run
from web.pages.said import say
from web.security import login_required

blueprint = Blueprint("parameter", __name__)

LONGEST = 400
STATUS = {
    "proposed": T("等待确认"),
    "confirmed": T("已确认"),
    "rejected": T("没有确认"),
    "withdrawn": T("已撤回"),
}
FIELDS = {
    "BELOW_FLOOR": "value",
    "BAD_VALUE": "value",
    "SOURCE_MISSING": "source_doc",
    "RETROACTIVE": "effective_from",
    "SAME_PERSON": "",
}


@blueprint.get("/parameters")
@login_required
def index() -> ResponseReturnValue:
    actor = me()
    found = ask(Parameters(actor))
    waiting = [_proposal(item, item.open) for item in found.values() if item.open]
    return render_template(
        "parameters.html",
        areas=[
            {"title": str(title), "rows": [_row(found[one.name]) for one in group]} for title, group in values.areas()
        ],
        waiting=waiting,
        may_propose=in_group(actor, policy.OWNER),
        may_decide=in_group(actor, *AUTHORITIES),
    )


@blueprint.get("/parameters/<name>")
@login_required
def show(name: str) -> ResponseReturnValue:
    return _page(me(), name, {}, {})


@blueprint.post("/parameters/<name>", endpoint="propose")
@login_required(back="parameter.show")
def propose(name: str) -> ResponseReturnValue:
    actor = me()
    if not in_group(actor, policy.OWNER):
        raise Forbidden(T("只有流程负责人可以提出参数的新值。"))
    typed = {field: request.form.get(field, "").strip() for field in ("value", "effective_from", "source_doc")}
    known = PARAMETERS.get(name)
    if known is None:
        raise NotFound(T("没有名为“{name}”的政策参数。", name=name))
    errors: dict[str, str] = {}
    value: Any = None
    try:
        value = values.read(known, typed["value"])
    except Refused as error:
        errors["value"] = str(error.text)
    try:
        start = _instant(typed["effective_from"])
    except ValueError:
        errors["effective_from"] = gettext("请填生效日期，例如 2026-09-01；当天零时起生效。")
    if len(typed["source_doc"]) > LONGEST:
        errors["source_doc"] = gettext("不超过 {n} 字。", n=LONGEST)
    elif not typed["source_doc"]:
        errors["source_doc"] = gettext("请写明依据的文件。")
    if not errors:
        try:
            run(ProposeParameter(name, value, start, typed["source_doc"], actor))
        except Refused as error:
            errors[FIELDS.get(error.code, "")] = str(error.text)
        except Conflict as error:
            errors[""] = str(error.text)
        else:
            say(gettext("已提出。省档案局或省人力资源社会保障厅确认后，自生效日起执行；在此之前仍按现行值办理。"))
            return redirect(url_for("parameter.show", name=name), 303)
    return _page(actor, name, typed, errors), 422


@blueprint.post("/parameters/proposals/<proposal_id>", endpoint="decide")
@login_required(back="parameter.index")
def decide(proposal_id: str) -> ResponseReturnValue:
    """`action`: confirm, reject or withdraw; the last two with a `reason`."""
    actor = me()
    action, reason = request.form.get("action", ""), request.form.get("reason", "").strip()[:LONGEST]
    command: Any = ConfirmParameter(proposal_id, actor)
    if action != "confirm":
        command = TurnDownParameter(proposal_id, reason, action == "withdraw", actor)
    done = {
        "confirm": gettext("已确认，自生效日起执行。"),
        "withdraw": gettext("已撤回。"),
        "reject": gettext("已退回，仍按现行值办理。"),
    }
    try:
        run(command)
    except (Refused, Conflict) as error:
        say(str(error.text), "error")
    else:
        say(done.get(action, done["reject"]))
    name = request.form.get("name", "")
    return redirect(url_for("parameter.show", name=name) if name in PARAMETERS else url_for("parameter.index"), 303)


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=SHANGHAI)


def _start(at: datetime) -> str:
    """The day, with the time where it is not midnight."""
    return words.day(at) if local(at).time() == time(0) else words.when(at)


def _page(actor: Actor, name: str, typed: Mapping[str, str], errors: Mapping[str, str]) -> str:
    item = ask(OneParameter(name, actor))
    known = item.known
    return render_template(
        "parameter.html",
        item=_row(item),
        hint=str(values.HINTS[known.kind]),
        kind=known.kind,
        options=[(one, str(values.CHOICES.get(one, one))) for one in known.choices],
        typed={"value": values.written(known, item.value), "source_doc": "", "effective_from": "", **typed},
        earliest=local(now()).date().isoformat(),
        errors=dict(errors),
        summary=[(field, sentence) for field, sentence in errors.items()],
        history=[_setting(item, one) for one in item.settings],
        shipped=str(values.told(known, known.default)),
        proposals=[_proposal(item, one) for one in item.proposals],
        open=_proposal(item, item.open) if item.open else None,
        may_propose=in_group(actor, policy.OWNER) and item.open is None,
        may_decide=in_group(actor, *AUTHORITIES) and item.open is not None and not item.open.mine,
        may_withdraw=item.open is not None and item.open.mine and in_group(actor, policy.OWNER),
    )


def _row(item: ParameterItem) -> dict[str, Any]:
    floor = values.floor_told(item.known)
    return {
        "name": item.known.name,
        "label": str(item.known.label),
        "value": str(values.told(item.known, item.value)),
        "since": item.current.effective_from if item.current else None,
        "source": item.current.source_doc if item.current else None,
        "floor": str(floor) if floor else None,
        "coming": [_setting(item, one) for one in item.coming],
        "open": item.open is not None,
    }


def _setting(item: ParameterItem, one: Setting) -> dict[str, Any]:
    return {
        "value": str(values.told(item.known, one.value)),
        "from": _start(one.effective_from),
        "source": one.source_doc,
        "set_by": one.set_by,
        "confirmed_by": one.confirmed_by,
        "current": one is item.current,
        "coming": one in item.coming,
    }


def _proposal(item: ParameterItem, one: Proposal) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "label": str(item.known.label),
        "now": str(values.told(item.known, item.value)),
        "value": str(values.told(item.known, one.value)),
        "from": _start(one.effective_from),
        "passed": one.status == "proposed" and one.effective_from < now(),
        "source": one.source_doc,
        "status": one.status,
        "status_words": str(STATUS[one.status]),
        "by": one.proposed_by,
        "at": one.proposed_at,
        "mine": one.mine,
        "decided_by": one.decided_by,
        "decided_at": one.decided_at,
        "reason": one.reason,
    }
