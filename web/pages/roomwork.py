"""What the committee's office does in the meeting room: attendance, reserves, recusals, groups, interviews."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from engine.errors import Conflict, Forbidden, Invalid, Refused
from forms.i18n import T, Text, gettext
from processes.committee.commands import (
    OFFICE,
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
from web.pages.desk import ask, in_group, me, run
from web.pages.meetings import page
from web.pages.said import say
from web.pages.tried import refused
from web.security import login_required

blueprint = Blueprint("roomwork", __name__, url_prefix="/meetings")

LONGEST = 5_000
MOST_GROUPS = 20
View = Callable[..., ResponseReturnValue]
FIELD = {  # where a refusal's sentence stands; others stand at the field that each form names
    "REASON_MISSING": "reason",
    "CHECKED_IN": "out_id",
    "NOT_A_RESERVE": "in_id",
    "BAD_GROUND": "ground",
    "EXPERT_MISSING": "expert_id",
    "ROUND_BEGUN": "application_id",
}


def office_alone(view: View) -> View:
    """For the office; to whom the meeting does not concern there is none (404). Every command asks again."""

    @wraps(view)
    def entered(meeting_id: str, **more: Any) -> ResponseReturnValue:
        if not in_group(me(), OFFICE):
            ask(MeetingRoom(meeting_id, me()))
            raise Forbidden(T("只有评审办事机构可以这样办理。"))
        return view(meeting_id, **more)

    return login_required(back="meeting.show")(entered)


@blueprint.post("/<meeting_id>/attendance", endpoint="attendance")
@office_alone
def attendance(meeting_id: str) -> ResponseReturnValue:
    """Several come at once; one leaves at a time. Who was ticked by somebody else meanwhile is simply there."""
    actor = me()
    leaving, coming = request.form.get("leaves"), request.form.getlist("comes")
    if not leaving and not coming:
        return _refused(meeting_id, "attendance", {"comes": T("请先勾选到会的专家。")})
    answer: dict[str, Any] | None = None
    wrong: list[Text] = []
    ticked: list[CheckIn | CheckOut] = [CheckIn(meeting_id, expert_id, actor) for expert_id in coming]
    for command in [*ticked, CheckOut(meeting_id, leaving, actor)] if leaving else ticked:
        try:
            answer = run(command)
        except Conflict:
            continue
        except Refused as error:
            wrong.append(error.text)
    if wrong:
        return _refused(meeting_id, "attendance", {"comes": wrong[0]})
    if answer is None:
        say(gettext("名单已经变化，请看最新的到会情况。"), "info")
    elif answer["reached"]:
        say(_told(answer))
    else:
        say(_told(answer) + gettext("人数还不够。"), "info")
    return _back(meeting_id, "attendance")


def _told(answer: dict[str, Any]) -> str:
    return gettext(
        "已登记。现在到会 {present} 人，开会须满 {needed} 人。", present=answer["present"], needed=answer["needed"]
    )


@blueprint.post("/<meeting_id>/replacement", endpoint="replace")
@office_alone
def replace(meeting_id: str) -> ResponseReturnValue:
    out_id, in_id, reason = _typed("out_id", "in_id", "reason")
    missing = _missing(out_id=(out_id, T("请选择不能到会的专家。")), in_id=(in_id, T("请选择递补的专家。")))
    command = ReplaceMember(meeting_id, out_id, in_id, reason, me())
    return _do(meeting_id, "replacement", command, missing, T("已由候补专家递补。"), "attendance", "reason")


@blueprint.post("/<meeting_id>/recusals", endpoint="recuse")
@login_required(back="meeting.show")
def recuse(meeting_id: str) -> ResponseReturnValue:
    """The office records what an expert declared in the room; an expert declares for themselves alone."""
    actor = me()
    by_office = in_group(actor, OFFICE)
    if not by_office and "expert" not in ask(MeetingRoom(meeting_id, actor)).as_:
        raise Forbidden(T("只有评审办事机构和专家本人可以登记回避。"))
    expert_id, application_id, ground, note = _typed("expert_id", "application_id", "ground", "note")
    missing = _missing(
        application_id=(application_id, T("请选择回避的是哪一位申报人。")),
        ground=(ground, T("请选择是什么关系。")),
    )
    if by_office:
        missing |= _missing(expert_id=(expert_id, T("请选择专家。")))
        told = T("已登记回避：该专家看不到这位申报人的材料，也不参加这一位的表决。")
    else:
        told = T("已申明回避。这位申报人的材料不再向您显示，您也不参加这一位的评议和表决。")
    command = DeclareRecusal(
        meeting_id, application_id, ground, actor, note[:500] or None, expert_id if by_office else None
    )
    part, otherwise = ("recusals", "expert_id") if by_office else ("cases", "application_id")
    return _do(meeting_id, "recusal", command, missing, told, part, otherwise)


@blueprint.post("/<meeting_id>/relations/<relation_id>", endpoint="dismiss")
@office_alone
def dismiss(meeting_id: str, relation_id: str) -> ResponseReturnValue:
    (note,) = _typed("note")
    command = DismissRelation(meeting_id, relation_id, note, me())
    return _do(meeting_id, f"dismissal:{relation_id}", command, {}, T("已注明不是应当回避的关系。"), "recusals", "note")


@blueprint.post("/<meeting_id>/requests/<request_id>", endpoint="answer_request")
@office_alone
def answer_request(meeting_id: str, request_id: str) -> ResponseReturnValue:
    """Answer a candidate's blind request that somebody stand back."""
    decision, expert_id, ground, note = _typed("decision", "expert_id", "ground", "note")
    granted = decision == "grant"
    command = RuleOnRequest(
        meeting_id,
        request_id,
        granted,
        note,
        me(),
        expert_id or None if granted else None,
        ground or None if granted else None,
    )
    return _do(meeting_id, f"request:{request_id}", command, {}, T("已答复回避申请。"), "recusals", "note")


@blueprint.post("/<meeting_id>/groups", endpoint="groups")
@office_alone
def groups(meeting_id: str) -> ResponseReturnValue:
    """Take the program's proposal, or keep the groups as they were set on the page."""
    if request.form.get("how") == "propose":
        told = T("已按系统方案编组，可以再调整。")
        return _do(meeting_id, "groups", ArrangeGroups(meeting_id, me()), {}, told, "groups", "groups")
    made, doubled = _arranged(request.form)
    wrong = {"groups": T("第 {n} 组勾了不止一名组长。", n=doubled)} if doubled else {}
    return _do(
        meeting_id, "groups", ArrangeGroups(meeting_id, me(), made), wrong, T("分组已保存。"), "groups", "groups"
    )


@blueprint.post("/<meeting_id>/interviews", endpoint="interview")
@office_alone
def interview(meeting_id: str) -> ResponseReturnValue:
    application_id, mode, record, conclusion = _typed("application_id", "mode", "record", "conclusion")
    missing = _missing(application_id=(application_id, T("请选择申报人。")))
    command = RecordInterview(meeting_id, application_id, mode, record, conclusion, me())
    return _do(meeting_id, "interview", command, missing, T("已登记。"), "interviews", "record")


def _do(
    meeting_id: str, form: str, command: Any, wrong: dict[str, Text], told: Text, part: str, otherwise: str
) -> ResponseReturnValue:
    """Run it unless something is `wrong` already, and come back to its part of the room. What is refused stands at its
    own field of the form, or at the field `otherwise`, with all that was typed."""
    if not wrong:
        try:
            run(command)
        except Invalid as error:
            wrong = error.first
        except (Refused, Conflict) as error:
            name = FIELD.get(error.code, otherwise)
            wrong = {name if name in request.form else otherwise: error.text}
    if wrong:
        return _refused(meeting_id, form, wrong)
    say(str(told))
    return _back(meeting_id, part)


def _refused(meeting_id: str, form: str, errors: dict[str, Text]) -> ResponseReturnValue:
    return page(meeting_id, me(), refused(form, request.form, errors)), 422


def _back(meeting_id: str, part: str) -> ResponseReturnValue:
    return redirect(url_for("meeting.show", meeting_id=meeting_id, _anchor=part), 303)


def _typed(*names: str) -> list[str]:
    return [request.form.get(name, "").strip()[:LONGEST] for name in names]


def _missing(**asked: tuple[str, Text]) -> dict[str, Text]:
    return {name: sentence for name, (given, sentence) in asked.items() if not given}


def _arranged(form: MultiDict[str, str]) -> tuple[list[Group], int]:
    """The groups, and the number of one with two leaders (0: none). `member-<expert>` and `case-<application>` hold a
    group's number, `lead` the leaders."""
    members: dict[int, list[str]] = {}
    cases: dict[int, list[str]] = {}
    for name, value in form.items():
        kind, _, key = name.partition("-")
        if value.isdecimal() and 1 <= int(value) <= MOST_GROUPS and kind in ("member", "case"):
            (members if kind == "member" else cases).setdefault(int(value), []).append(key)
    ticked = set(form.getlist("lead"))
    made, doubled = [], 0
    for number in sorted(members.keys() | cases.keys()):
        of = members.get(number, [])
        leads = [one for one in of if one in ticked]
        doubled = doubled or (number if len(leads) > 1 else 0)
        made.append(Group(tuple(of), leads[0] if leads else "", tuple(cases.get(number, []))))
    return made, doubled
