"""What the committee's office does in the meeting room: attendance, reserves, recusals, groups, interviews."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from engine.errors import Conflict, Invalid, Refused
from forms.i18n import gettext
from processes.committee.commands import (
    ArrangeGroups,
    CheckIn,
    CheckOut,
    DeclareRecusal,
    DismissRelation,
    RecordInterview,
    ReplaceMember,
    RuleOnRequest,
)
from processes.committee.queries import MeetingRoom
from processes.rules.groups import Group
from web.pages.desk import ask, me, run
from web.pages.meetings import page
from web.pages.said import say
from web.security import login_required

blueprint = Blueprint("roomwork", __name__, url_prefix="/meetings")

LONGEST = 500
View = Callable[..., ResponseReturnValue]
MOST_GROUPS = 20


def in_the_room(view: View) -> View:
    """For who is logged in, and whom this meeting concerns: to all others there is none (404)."""

    @wraps(view)
    def entered(meeting_id: str, **more: Any) -> ResponseReturnValue:
        ask(MeetingRoom(meeting_id, me()))
        return view(meeting_id, **more)

    return login_required(back="meeting.show")(entered)


@blueprint.post("/<meeting_id>/attendance", endpoint="attendance")
@in_the_room
def attendance(meeting_id: str) -> ResponseReturnValue:
    """Several come at once; one leaves at a time."""
    actor = me()
    leaving = request.form.get("leaves")
    coming = request.form.getlist("comes")
    if not leaving and not coming:
        return _refused(meeting_id, {"comes": gettext("请先勾选到会的专家。")})
    answer: dict[str, Any] = {}
    try:
        for expert_id in coming:
            answer = run(CheckIn(meeting_id, expert_id, actor))
        if leaving:
            answer = run(CheckOut(meeting_id, leaving, actor))
    except Conflict:
        say(gettext("名单已经变化，请看最新的到会情况。"), "info")
        return _back(meeting_id, "attendance")
    except Refused as error:
        return _refused(meeting_id, {"comes": str(error.text)})
    told = gettext("已登记。现在到会 {present} 人，开会须满 {needed} 人。", **_numbers(answer))
    say(told if answer["reached"] else told + gettext("人数还不够。"), "success" if answer["reached"] else "info")
    return _back(meeting_id, "attendance")


def _numbers(answer: dict[str, Any]) -> dict[str, Any]:
    return {"present": answer["present"], "needed": answer["needed"]}


@blueprint.post("/<meeting_id>/replacement", endpoint="replace")
@in_the_room
def replace(meeting_id: str) -> ResponseReturnValue:
    typed = _typed("out_id", "in_id", "replace_reason")
    command = ReplaceMember(meeting_id, typed["out_id"], typed["in_id"], typed["replace_reason"], me())
    return _do(meeting_id, command, gettext("已由候补专家递补。"), "attendance", "replace_reason", typed)


@blueprint.post("/<meeting_id>/recusals", endpoint="recuse")
@in_the_room
def recuse(meeting_id: str) -> ResponseReturnValue:
    """The office records what an expert declared in the room."""
    typed = _typed("application_id", "expert_id", "ground", "recusal_note")
    if not typed["expert_id"]:
        return _refused(meeting_id, {"ground": gettext("请选择专家。")}, typed)
    command = DeclareRecusal(
        meeting_id, typed["application_id"], typed["ground"], me(), typed["recusal_note"] or None, typed["expert_id"]
    )
    told = gettext("已登记回避：该专家看不到这位申报人的材料，也不参加这一位的表决。")
    return _do(meeting_id, command, told, "recusals", "ground", typed)


@blueprint.post("/<meeting_id>/relations/<relation_id>", endpoint="dismiss")
@in_the_room
def dismiss(meeting_id: str, relation_id: str) -> ResponseReturnValue:
    typed = _typed("dismiss_note")
    command = DismissRelation(meeting_id, relation_id, typed["dismiss_note"], me())
    return _do(meeting_id, command, gettext("已注明不是应当回避的关系。"), "recusals", "dismiss_note", typed)


@blueprint.post("/<meeting_id>/requests/<request_id>", endpoint="answer_request")
@in_the_room
def answer_request(meeting_id: str, request_id: str) -> ResponseReturnValue:
    """Answer a candidate's blind request that somebody stand back."""
    typed = _typed("decision", "request_expert", "request_ground", "request_note")
    granted = typed["decision"] == "grant"
    command = RuleOnRequest(
        meeting_id,
        request_id,
        granted,
        typed["request_note"],
        me(),
        typed["request_expert"] or None if granted else None,
        typed["request_ground"] or None if granted else None,
    )
    return _do(meeting_id, command, gettext("已答复回避申请。"), "recusals", "request_note", typed)


@blueprint.post("/<meeting_id>/groups", endpoint="groups")
@in_the_room
def groups(meeting_id: str) -> ResponseReturnValue:
    """Take the program's proposal, or keep the groups as they were set on the page."""
    if request.form.get("how") == "propose":
        return _do(
            meeting_id, ArrangeGroups(meeting_id, me()), gettext("已按系统方案编组，可以再调整。"), "groups", "groups"
        )
    return _do(
        meeting_id, ArrangeGroups(meeting_id, me(), _arranged()), gettext("分组已保存。"), "groups", "groups", _flat()
    )


@blueprint.post("/<meeting_id>/interviews", endpoint="interview")
@in_the_room
def interview(meeting_id: str) -> ResponseReturnValue:
    typed = _typed("interview_case", "mode", "record", "conclusion")
    command = RecordInterview(
        meeting_id, typed["interview_case"], typed["mode"], typed["record"], typed["conclusion"], me()
    )
    return _do(meeting_id, command, gettext("已登记。"), "interviews", "record", typed)


def _do(
    meeting_id: str, command: Any, told: str, part: str, field: str, typed: dict[str, Any] | None = None
) -> ResponseReturnValue:
    """Run it and come back to its part of the room; what was refused stands at its field with all that was typed."""
    try:
        run(command)
    except Invalid as error:
        return _refused(meeting_id, {name: str(said[0]) for name, said in error.errors.items()}, typed)
    except (Refused, Conflict) as error:
        return _refused(meeting_id, {field: str(error.text)}, typed)
    say(told)
    return _back(meeting_id, part)


def _refused(meeting_id: str, errors: dict[str, str], typed: dict[str, Any] | None = None) -> ResponseReturnValue:
    return page(meeting_id, me(), errors=errors, typed=typed), 422


def _back(meeting_id: str, part: str) -> ResponseReturnValue:
    return redirect(url_for("meeting.show", meeting_id=meeting_id, _anchor=part), 303)


def _typed(*names: str) -> dict[str, str]:
    return {name: request.form.get(name, "").strip()[: 20 * LONGEST] for name in names}


def _flat() -> dict[str, Any]:
    return {"groups": dict(request.form.items())}


def _arranged() -> list[Group]:
    """`member-<expert>` and `case-<application>` hold a group's number, `lead-<number>` its leader."""
    members: dict[int, list[str]] = {}
    cases: dict[int, list[str]] = {}
    for name, value in request.form.items():
        kind, _, key = name.partition("-")
        if value.isdecimal() and 1 <= int(value) <= MOST_GROUPS and kind in ("member", "case"):
            (members if kind == "member" else cases).setdefault(int(value), []).append(key)
    leads = set(request.form.getlist("lead"))
    made = []
    for number in sorted(members.keys() | cases.keys()):
        of = members.get(number, [])
        lead = next((one for one in of if one in leads), "")
        made.append(Group(tuple(of), lead, tuple(cases.get(number, []))))
    return made
