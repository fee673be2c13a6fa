"""Stops of the service: which windows they fell into, and the working day that two people may give back."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.errors import Invalid, Refused
from forms.i18n import gettext
from processes.publicity.outages import CONFIRMERS, ConfirmCompensation, OfferCompensation, Outage, Outages
from web.pages.desk import ask, in_group, me, run
from web.pages.said import say
from web.pages.tried import Tried, kept, refused
from web.security import login_required

blueprint = Blueprint("outage", __name__, url_prefix="/outages")

LONGEST_REASON = 500


@blueprint.get("")
@login_required
def index() -> ResponseReturnValue:
    return _page(kept())


@blueprint.post("/offer", endpoint="offer")
@login_required(back="outage.index")
def offer() -> ResponseReturnValue:
    """The first of two people proposes a working day more for every window concerned."""
    key = request.form.get("outage", "")[:200]
    reason = request.form.get("reason", "").strip()[:LONGEST_REASON]
    try:
        run(OfferCompensation(key, reason, me()))
    except Invalid as error:
        return _page(refused(key, request.form, {"reason": error.errors["reason"][0]})), 422
    except Refused as error:
        return _page(refused(key, request.form, {"reason": error.text})), 422
    say(gettext("已提出补足一个工作日，等另一人确认后生效。"))
    return redirect(url_for("outage.index"), 303)


@blueprint.post("/<compensation_id>/confirm", endpoint="confirm")
@login_required(back="outage.index")
def confirm(compensation_id: str) -> ResponseReturnValue:
    try:
        answer = run(ConfirmCompensation(compensation_id, me()))
    except Refused as error:
        say(str(error.text), "error")
    else:
        say(gettext("已确认：{n} 份公示各补足一个工作日。", n=len(answer["windows"])))
    return redirect(url_for("outage.index"), 303)


def _page(tried: Tried) -> str:
    actor = me()
    return render_template(
        "publicity/outages.html",
        outages=[_row(one) for one in ask(Outages(actor))],
        may_offer=in_group(actor, "committee_office"),
        may_confirm=in_group(actor, *CONFIRMERS),
        username=actor.username,
        tried=tried,
    )


def _row(one: Outage) -> dict[str, Any]:
    minutes = int((one.to_at - one.from_at).total_seconds() // 60)
    return {
        "key": one.key,
        "from_at": one.from_at,
        "to_at": one.to_at,
        "hours": minutes // 60,
        "minutes": minutes % 60,
        "windows": one.windows,
        "compensation_id": one.compensation_id,
        "reason": one.reason,
        "offered_by": one.offered_by,
        "confirmed_at": one.confirmed_at,
    }
