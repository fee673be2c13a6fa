"""The ballot on a phone: one case, three choices, one tap to hand in. Without scripts; while there is nothing to do the page
asks anew by itself."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.errors import Conflict, Forbidden, Invalid, NotFound
from engine.registry import Actor
from forms.i18n import T, Text, gettext
from processes.candidate.words import TITLE
from processes.committee.commands import CastBallot
from processes.committee.queries import MeetingRoom
from web.pages.desk import ask, due, me, now, run
from web.pages.reform import word
from web.pages.said import say
from web.security import login_required

blueprint = Blueprint("ballot", __name__, url_prefix="/meetings")

CHOICE: dict[str, Text] = {"yes": T("同意"), "no": T("不同意"), "abstain": T("弃权")}
AGAIN = 10  # seconds after which a waiting page asks anew


@blueprint.get("/<meeting_id>/ballot")
@login_required
def show(meeting_id: str) -> ResponseReturnValue:
    return _page(meeting_id, me())


# What was ticked is not kept over a lost login: a choice stands nowhere but in the box.
@blueprint.post("/<meeting_id>/ballot", endpoint="cast")
@login_required(back="ballot.show", keep=False)
def cast(meeting_id: str) -> ResponseReturnValue:
    choice, round_id = request.form.get("choice", ""), request.form.get("round_id", "")
    try:
        run(CastBallot(meeting_id, round_id, choice, me()))
    except Invalid as error:
        return _page(meeting_id, me(), problem=str(error.errors["choice"][0])), 422
    except Conflict as error:
        say(str(error.text), "info")
    except (Forbidden, NotFound):
        say(gettext("这一轮没有您的选票。"), "info")
    else:
        say(gettext("您的选票已投出，不能更改。"))
    return redirect(url_for("ballot.show", meeting_id=meeting_id), 303)


def _page(meeting_id: str, actor: Actor, problem: str | None = None) -> str:
    room = ask(MeetingRoom(meeting_id, actor))
    if "expert" not in room.as_:
        raise NotFound(T("没有这次评审会议。"))
    current: dict[str, Any] | None = None
    if room.current is not None:
        case = next(one for one in room.cases if one.application_id == room.current.application_id)
        current = {
            "round_id": room.current.round_id,
            "number": case.number,
            "name": case.name,
            "unit": case.unit_name,
            "title": word(TITLE, case.target_title),
            "due": due(room.current.closes_at),
            "closes_at": room.current.closes_at,
            "mine": "over" if room.current.closes_at <= now() else room.current.mine,
        }
    waiting = current is None or current["mine"] != "may_vote"
    return render_template(
        "meeting/ballot.html",
        room=room,
        current=current,
        choices=CHOICE,
        problem=problem,
        again=AGAIN if waiting and room.stage in ("checking_in", "voting") else None,
        done=room.stage in ("announced", "sealed"),
    )
