"""What can be done about one case that went wrong: pause it, let it go on, end it by two persons; and the second person's page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import policy
from engine.commands.cancellations import ConfirmCancellation, DropCancellation, ProposeCancellation
from engine.commands.resume_instance import ResumeInstance
from engine.commands.suspend_instance import SuspendInstance
from engine.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from engine.queries.instance_view import InstanceView
from engine.queries.operation import CancellationItem, Cancellations
from engine.queries.repairs import Repairs
from engine.registry import Actor
from engine.store.metadata import new_id
from forms.i18n import T, gettext
from processes.committee.awaited import AwaitingMeetings
from web.pages import incidents, mending
from web.pages.desk import ask, me, run, subject, subjects_of
from web.pages.instances import STATES
from web.pages.said import say
from web.security import login_required

blueprint = Blueprint("repair", __name__, url_prefix="/operation")

LONGEST_REASON = 500
STATUS = {
    "proposed": T("等另一人确认"),
    "confirmed": T("已确认，已终止"),
    "rejected": T("没有同意，照常办理"),
    "withdrawn": T("提出的人已撤回"),
}


@blueprint.get("/cases/<instance_id>", endpoint="case")
@login_required
def case_page(instance_id: str) -> ResponseReturnValue:
    return _page(me(), instance_id, {}, {})


@blueprint.post("/cases/<instance_id>", endpoint="act")
@login_required(back="repair.case")
def act(instance_id: str) -> ResponseReturnValue:
    """`action`: suspend, resume or cancel; the first and the last with a reason."""
    actor = me()
    if not policy.allows(actor, "instance.suspend"):
        raise Forbidden(T("只有流程负责人可以暂停、恢复或提出终止。"))
    action = request.form.get("action", "")
    field = f"reason-{action}"
    reason = request.form.get(field, "").strip()
    if action not in ("suspend", "resume", "cancel"):
        return redirect(url_for("repair.case", instance_id=instance_id), 303)
    if action != "resume" and not 0 < len(reason) <= LONGEST_REASON:
        sentence = gettext("请写明理由，不超过 {n} 字。", n=LONGEST_REASON)
        return _page(actor, instance_id, {field: sentence}, {field: reason}), 422
    try:
        if action == "suspend":
            run(SuspendInstance(instance_id, actor, reason))
            say(gettext("已暂停。期限到了也不会往下走，直到有人恢复。"))
        elif action == "resume":
            run(ResumeInstance(instance_id, actor))
            say(gettext("已恢复。暂停期间到期的事，现在就办。"))
        else:
            answer = run(ProposeCancellation(instance_id, actor, reason), key=request.form.get("_key"), actor=actor)
            say(gettext("已提出终止，等另一人确认后生效。") if answer["cancellation"] else gettext("已终止。"))
    except (Conflict, Refused) as error:
        say(str(error.text), "error")
    return redirect(url_for("repair.case", instance_id=instance_id), 303)


@blueprint.get("/cancellations", endpoint="cancellations")
@login_required
def cancellations() -> ResponseReturnValue:
    """What waits for a second person: for process owners and the offices above them."""
    return _waiting(me(), {}, {})


@blueprint.post("/cancellations/<cancellation_id>", endpoint="decide")
@login_required(back="repair.cancellations")
def decide(cancellation_id: str) -> ResponseReturnValue:
    """`action`: confirm or drop; the latter with a reason."""
    actor = me()
    reason = request.form.get(f"reason-{cancellation_id}", "").strip()[:LONGEST_REASON]
    try:
        if request.form.get("action") == "confirm":
            run(ConfirmCancellation(cancellation_id, actor))
            say(gettext("已确认，这件事终止了。"))
        else:
            run(DropCancellation(cancellation_id, actor, reason))
            say(gettext("没有终止，这件事照常办理。"))
    except Invalid as error:
        return _waiting(actor, {cancellation_id: str(error.first["reason"])}, {cancellation_id: reason}), 422
    except (Conflict, Refused) as error:
        say(str(error.text), "error")
    return redirect(url_for("repair.cancellations"), 303)


def proposal(
    item: CancellationItem, names: incidents.Names, awaited: Mapping[str, int] | None = None
) -> dict[str, Any]:
    """One proposal as pages show it. `awaited`: how many applications wait for the meeting that an instance is."""
    process = names.process(item.definition_key)
    return {
        "id": item.id,
        "instance_id": item.process_instance_id,
        "process": process,
        "subject": subject(item.process_instance_id, item.business_key, process),
        "reason": item.reason,
        "status": item.status,
        "status_words": str(STATUS[item.status]),
        "by": item.by,
        "at": item.at,
        "decided_by": item.decided_by,
        "decided_at": item.decided_at,
        "answer": item.answer,
        "may_decide": item.may_decide,
        "may_withdraw": item.may_withdraw,
        "awaited": (awaited or {}).get(item.process_instance_id, 0) if item.status == "proposed" else 0,
    }


def _waiting(actor: Actor, errors: Mapping[str, str], typed: Mapping[str, str]) -> str:
    found, mended = ask(Cancellations(actor)), ask(Repairs(actor))
    subjects_of([*(one.process_instance_id for one in found), *(one.process_instance_id for one in mended)])
    names = incidents.Names(actor)
    awaited = ask(AwaitingMeetings(tuple(one.process_instance_id for one in found)))
    return render_template(
        "operation/cancellations.html",
        cancellations=[proposal(one, names, awaited) for one in found],
        repairs=[mending.proposal(one, names) for one in mended],
        may_open=policy.allows(actor, "operation.read"),
        errors=errors,
        typed=typed,
    )


def _page(actor: Actor, instance_id: str, errors: Mapping[str, str], typed: Mapping[str, str]) -> str:
    if not policy.allows(actor, "operation.read"):
        raise NotFound(T("没有这个流程实例。"))
    whole = ask(InstanceView(actor, instance_id))
    one = whole.instance
    names = incidents.Names(actor)
    proposals = [proposal(item, names) for item in ask(Cancellations(actor, process_instance_id=instance_id))]
    moving = one.state in ("active", "incident")
    may = policy.allows(actor, "instance.suspend")
    return render_template(
        "operation/case.html",
        instance_id=instance_id,
        subject=subject(one.id, one.business_key, one.definition_name),
        process=gettext(one.definition_name),
        state=one.state,
        state_words=str(STATES.get(one.state, one.state)),
        reason=one.reason,
        incidents=[incidents.row(item, names) for item in whole.incidents],
        proposals=proposals,
        repairs=[mending.proposal(item, names) for item in ask(Repairs(actor, process_instance_id=instance_id))],
        may_mend=policy.allows(actor, "repair.propose") and moving,
        may_suspend=may and moving,
        may_resume=may and one.state == "suspended",
        awaited=ask(AwaitingMeetings((instance_id,))).get(instance_id, 0) if may else 0,
        may_cancel=may and (moving or one.state == "suspended") and all(p["status"] != "proposed" for p in proposals),
        key=new_id(),
        errors=errors,
        typed=typed,
    )
