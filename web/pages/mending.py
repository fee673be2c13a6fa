"""One instance put right by two persons: a token moved, a variable set, a failed step tried again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import policy
from engine.bpmn.surgery import Place
from engine.commands.repairs import ConfirmRepair, DropRepair, ProposeRepair
from engine.errors import Conflict, Invalid, NotFound, Refused
from engine.queries.instance_view import InstanceView
from engine.queries.repairs import Repairable, RepairItem
from engine.registry import Actor
from engine.store.metadata import new_id
from forms.i18n import T, gettext
from web.pages import incidents
from web.pages.desk import ask, me, run, subject
from web.pages.said import say
from web.security import login_required

blueprint = Blueprint("mending", __name__, url_prefix="/operation")

LONGEST_REASON = 500
ROWS = range(1, 4)  # variables that one form can set
SHOWN_VALUE = 300  # characters
KINDS = {
    "text": T("文字"),
    "number": T("数字"),
    "truth": T("是或否（写“是”或“否”）"),
    "nothing": T("清空"),
    "json": T("JSON（列表等）"),
}
STATES = {
    "person": T("等人办理"),
    "waiting": T("等时间或消息"),
    "failed": T("停住了"),
    "inside": T("里面还在办"),
}
STATUS = {
    "proposed": T("等另一人确认"),
    "confirmed": T("已确认，已修正"),
    "rejected": T("没有同意，没有修正"),
    "withdrawn": T("提出的人已撤回"),
    "lapsed": T("已失效：后来又往前走了"),
}


@blueprint.get("/cases/<instance_id>/repair", endpoint="case")
@login_required
def case(instance_id: str) -> ResponseReturnValue:
    return _page(me(), instance_id, "", "")


@blueprint.post("/cases/<instance_id>/repair", endpoint="propose")
@login_required(back="mending.case")
def propose(instance_id: str) -> ResponseReturnValue:
    """One form per token: `token`, `revision`, `to`, `name-n`, `kind-n`, `value-n`, `retry`, `reason`."""
    actor = me()
    token = request.form.get("token", "")
    reason = request.form.get("reason", "").strip()
    revision = request.form.get("revision", "")
    try:
        steps = _steps(token)
        if len(reason) > LONGEST_REASON:
            raise Invalid({"reason": [T("请写明理由，不超过 {n} 字。", n=LONGEST_REASON)]})
        command = ProposeRepair(instance_id, actor, reason, steps, int(revision) if revision.isdigit() else None)
        run(command, key=request.form.get("_key"), actor=actor)
    except Invalid as error:
        return _page(actor, instance_id, token, "；".join(str(one) for one in error.first.values())), 422
    except (Conflict, NotFound, Refused) as error:
        return _page(actor, instance_id, token, str(error.text)), 422
    say(gettext("已提出修正，等另一人确认后才执行。"))
    return redirect(url_for("repair.case", instance_id=instance_id), 303)


@blueprint.post("/repairs/<repair_id>", endpoint="decide")
@login_required(back="repair.cancellations")
def decide(repair_id: str) -> ResponseReturnValue:
    """`action`: confirm or drop; the latter with a reason. What is refused stands as a message on the page of what waits."""
    actor = me()
    try:
        if request.form.get("action") == "confirm":
            run(ConfirmRepair(repair_id, actor))
            say(gettext("已确认，这件事已按提出的内容修正，并继续办理。"))
        else:
            run(DropRepair(repair_id, actor, request.form.get(f"reason-{repair_id}", "").strip()[:LONGEST_REASON]))
            say(gettext("没有修正，这件事照旧办理。"))
    except Invalid as error:
        say(str(error.first["reason"]), "error")
    except (Conflict, Refused) as error:
        say(str(error.text), "error")
    return redirect(url_for("repair.cancellations") + "#repairs", 303)


@dataclass(frozen=True)
class Change:
    """One line of what a repair does, in words: what, how it is now, how it will be."""

    what: str
    before: str
    after: str


def proposal(item: RepairItem, names: incidents.Names) -> dict[str, Any]:
    """One proposal as pages show it."""
    process = names.process(item.definition_key)
    return {
        "id": item.id,
        "instance_id": item.process_instance_id,
        "process": process,
        "subject": subject(item.process_instance_id, item.business_key, process),
        "changes": [_change(step) for step in item.steps],
        "reason": item.reason,
        "status": item.status,
        "status_words": str(STATUS[item.status]),
        "stale": item.stale,
        "by": item.by,
        "at": item.at,
        "decided_by": item.decided_by,
        "decided_at": item.decided_at,
        "answer": item.answer,
        "may_decide": item.may_decide,
        "may_withdraw": item.may_withdraw,
    }


def _change(step: Mapping[str, Any]) -> Change:
    if step["kind"] == "move":
        before, after = step["at_name"] or step["at"], step["to_name"] or step["to"]
        if step["at"] == step["to"]:
            after = gettext("{name}（重新开始）", name=after)
        return Change(gettext("停在哪一步"), before, after)
    if step["kind"] == "set":
        before = shown(step["before"]) if step["had"] else gettext("（没有）")
        return Change(gettext("资料“{name}”", name=step["name"]), before, shown(step["value"]))
    return Change(gettext("重试"), gettext("停住了"), step["element_name"] or step["element"])


def shown(value: Any) -> str:
    """A value as who repairs must see it: as JSON, so that 1 and "1" differ, and not endless."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN_VALUE else text[:SHOWN_VALUE] + "…"


def _steps(token: str) -> list[dict[str, Any]]:
    """What the form asks for, in the order in which it makes sense: the variables first, then the way. Raises Invalid."""
    steps: list[dict[str, Any]] = []
    for row in ROWS:
        name = request.form.get(f"name-{row}", "").strip()
        text = request.form.get(f"value-{row}", "")
        if not name and not text.strip():
            continue
        if not name:
            raise Invalid({"name": [T("第 {n} 行写了内容，请写明是哪个变量。", n=row)]})
        value = _value(request.form.get(f"kind-{row}", "text"), text, name)
        steps.append({"kind": "set", "token": token, "name": name, "value": value})
    if to := request.form.get("to", ""):
        steps.append({"kind": "move", "token": token, "to": to})
    elif request.form.get("retry"):
        steps.append({"kind": "retry", "token": token})
    return steps


def _value(kind: str, text: str, name: str) -> Any:
    wrong: str | None = None
    if kind == "nothing":
        return None
    if kind == "truth":
        if text.strip() in ("是", "true", "yes"):
            return True
        if text.strip() in ("否", "false", "no"):
            return False
        raise Invalid({"value": [T("“{name}”请写“是”或“否”。", name=name)]})
    if kind in ("number", "json"):
        try:
            value = json.loads(text, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            wrong = text
        else:
            if kind == "json" or (isinstance(value, int | float) and not isinstance(value, bool)):
                return value
            wrong = text
    if wrong is not None:
        sentence = T("“{name}”不是数字。", name=name) if kind == "number" else T("“{name}”不是正确的 JSON。", name=name)
        raise Invalid({"value": [sentence]})
    return text


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _page(actor: Actor, instance_id: str, token: str, error: str) -> str:
    if not policy.allows(actor, "repair.propose"):
        raise NotFound(T("没有这个流程实例。"))
    one = ask(InstanceView(actor, instance_id)).instance
    standing = ask(Repairable(actor, instance_id))
    return render_template(
        "mending/case.html",
        instance_id=instance_id,
        subject=subject(one.id, one.business_key, one.definition_name),
        process=gettext(one.definition_name),
        state=standing.state,
        revision=standing.revision,
        # Where the work stands first, then what is around it.
        places=[_place(place) for place in sorted(standing.places, key=lambda place: place.state == "inside")],
        kinds=KINDS,
        rows=ROWS,
        key=new_id(),
        bad=token,
        error=error,
        typed=request.form if request.method == "POST" else {},
    )


def _place(place: Place) -> dict[str, Any]:
    return {
        "token": place.token,
        "name": gettext(place.name),
        "copy": gettext("第 {n} 份", n=place.copy) if place.copy else "",
        "process": place.definition_key,
        "element": place.element_id,
        "state": place.state,
        "state_words": str(STATES[place.state]),
        "fixed": str(place.fixed) if place.fixed else "",
        "sealed": str(place.sealed) if place.sealed else "",
        "may": [(each.element_id, gettext(each.name)) for each in place.targets if each.reason is None],
        "may_not": [(gettext(each.name), str(each.reason)) for each in place.targets if each.reason is not None],
        "values": [(name, shown(value)) for name, value in place.values.items()],
    }
