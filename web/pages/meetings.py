"""Review meetings: the list, and the room as each of its readers may see it. What people do there stands beside, in
`roomwork` (the office), `casefiles` and `ballots` (experts)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from engine.registry import Actor
from forms.i18n import T, Text, gettext
from processes.candidate.words import TITLE
from processes.committee.queries import MeetingRoom, MyMeetings, ResultSheet
from processes.committee.readers import works_as
from processes.committee.room import CaseLine, Counts, Room, Sheet
from processes.committee.words import MODES
from processes.register import groups
from web.pages.desk import ask, due, in_group, me, now
from web.pages.reform import word
from web.pages.tried import Tried, kept
from web.pages.wanted import wanted
from web.security import login_required

blueprint = Blueprint("meeting", __name__, url_prefix="/meetings")

STAGE: dict[str, Text] = {
    "preparing": T("会前准备"),
    "checking_in": T("今天开会，正在签到"),
    "voting": T("正在评审表决"),
    "announced": T("已宣布结果"),
    "sealed": T("已封存"),
}
STAGE_KIND = {
    "preparing": "waiting",
    "checking_in": "active",
    "voting": "active",
    "announced": "completed",
    "sealed": "completed",
}
STATE: dict[str, Text] = {
    "waiting": T("等待表决"),
    "voting": T("正在投票"),
    "counted": T("已计票，待判定"),
    "decided": T("已表决"),
    "deferred": T("顺延下次"),
    "void": T("本轮作废，待重投"),
}
RESULT: dict[str, Text] = {
    "passed": T("通过"),
    "failed": T("未通过"),
    "no_quorum": T("出席不足，顺延"),
    "deferred": T("顺延下次"),
}
RESULT_KIND = {"passed": "good", "failed": "stopped", "no_quorum": "waiting", "deferred": "waiting"}
MODE: dict[str, Text] = {"onsite": T("现场"), "online": T("线上")}
RELATION: dict[str, Text] = {
    "self": T("本人"),
    "spouse": T("配偶"),
    "kin": T("亲属"),
    "same_unit": T("同一单位"),
    "former_unit": T("曾在同一单位"),
    "mentor_student": T("师生"),
    "co_author": T("合著"),
    "supervisor": T("上下级"),
    "interest": T("利害关系"),
    "dispute": T("有争议、纠纷"),
    "other": T("其他可能影响公正的关系"),
}
SOURCE: dict[str, Text] = {
    "declared": T("专家申明"),
    "detected": T("系统查出"),
    "candidate": T("申报人要求"),
    "office": T("评审办登记"),
    "reported": T("他人反映"),
}
INTERVIEW = {mode: MODES[mode] for mode in groups.MODES}  # those that are held before the committee


@blueprint.get("")
@login_required
def index() -> ResponseReturnValue:
    return render_template(
        "meeting/meetings.html",
        meetings=[
            {
                "id": one.meeting_id,
                "committee": one.committee_name,
                "held_on": one.held_on,
                "place": one.place,
                "stage": str(STAGE[one.stage]),
                "kind": STAGE_KIND[one.stage],
                "cases": one.cases,
                "opinions_due": one.opinions_due,
                "voting": one.voting,
            }
            for one in ask(MyMeetings(me()))
        ],
    )


@blueprint.get("/<meeting_id>")
@login_required
def show(meeting_id: str) -> ResponseReturnValue:
    return page(meeting_id, me(), kept())


@blueprint.get("/<meeting_id>/sheet")
@login_required
def sheet(meeting_id: str) -> ResponseReturnValue:
    """The result sheet on the screen; no expert stands on it."""
    actor = me()
    shown = ask(ResultSheet(meeting_id, actor))
    return render_template(
        "meeting/sheet.html",
        sheet=shown,
        rows=_sheet_rows(shown),
        stage=str(STAGE[shown.stage]),
        on_paper=shown.announced_at is not None and bool(works_as(actor)),
        sees_room=bool(works_as(actor)) or in_group(actor, "expert"),  # others read the sealed sheet alone
    )


def page(meeting_id: str, actor: Actor, tried: Tried) -> str:
    """The room; `tried`: a form of it that was not taken, or the one that was being sent when the login was lost."""
    room = ask(MeetingRoom(meeting_id, actor))
    cases = {one.application_id: _case(one) for one in room.cases}
    preparing = room.stage in ("preparing", "checking_in")
    return render_template(
        "meeting/room.html",
        room=room,
        stage=str(STAGE[room.stage]),
        stage_kind=STAGE_KIND[room.stage],
        mode=str(MODE[room.mode]),
        cases=list(cases.values()),
        by_id=cases,
        listed=[_choice(one) for one in room.cases],
        not_begun=[_choice(one) for one in room.cases if one.state in ("waiting", "void")],
        current=_current(room, cases),
        tasks=wanted(actor, room.instance_id),
        office="office" in room.as_,
        expert="expert" in room.as_,
        sees_names=bool(room.as_ & {"office", "supervisor"}),
        sees_sheet=bool(room.as_ - {"expert"}) or room.stage in ("announced", "sealed"),
        preparing=preparing,
        open_now=room.stage in ("checking_in", "voting"),
        working=preparing or room.stage == "voting",
        to_write=sum(one.opinion == "due" for one in room.cases) if preparing else 0,
        here=[one for one in room.attendance if one.here],
        absent=[one for one in room.attendance if not one.here],
        experts=[(one.expert_id, f"{one.name}（{one.unit_name}）") for one in room.attendance],
        reserves=[(one.expert_id, f"{one.name}（{one.unit_name}）") for one in room.reserves],
        same_name={
            one.request_id: [(key, f"{name}（{unit}）") for key, name, unit in one.matches] for one in room.requests
        },
        group_of={member: group.number for group in room.groups for member, _, _ in group.members},
        leads={member for group in room.groups for member, _, lead in group.members if lead},
        group_numbers=range(1, max(len(room.attendance) // 3, len(room.groups)) + 1),
        relations=RELATION,
        sources=SOURCE,
        interviews=INTERVIEW,
        tried=tried,
    )


def _choice(one: CaseLine) -> tuple[str, str]:
    return one.application_id, f"{one.number} {one.name}"


def _case(one: CaseLine) -> dict[str, Any]:
    return {
        "id": one.application_id,
        "number": one.number,
        "name": one.name,
        "unit": one.unit_name,
        "title": word(TITLE, one.target_title),
        "state": str(STATE[one.state]),
        "state_kind": {"voting": "active", "decided": "completed", "deferred": "waiting", "void": "stopped"}.get(
            one.state, "plain"
        ),
        "group": one.group,
        "voids": one.voids,
        "result": str(RESULT[one.result]) if one.result else None,
        "result_kind": RESULT_KIND.get(one.result or "", "plain"),
        "counts": in_words(one.counts) if one.counts else None,
        "recused": one.recused,
        "mine": one.mine,
        "opinion": one.opinion,
    }


def in_words(counts: Counts) -> str:
    missing = counts.eligible - counts.yes - counts.no - counts.abstain
    told = gettext(
        "出席 {present} 人，同意 {yes}，不同意 {no}，弃权 {abstain}",
        present=counts.present,
        yes=counts.yes,
        no=counts.no,
        abstain=counts.abstain,
    )
    return told + gettext("，未投票 {n}", n=missing) if missing > 0 else told


def _current(room: Room, cases: dict[str, dict[str, Any]]) -> dict[str, Any] | None:
    if room.current is None:
        return None
    return {
        "case": cases[room.current.application_id],
        "due": due(room.current.closes_at),
        "closes_at": room.current.closes_at,
        "over": room.current.closes_at <= now(),
        "cast": room.current.cast,
        "eligible": room.current.eligible,
        "mine": room.current.mine,
    }


def _sheet_rows(shown: Sheet) -> list[dict[str, Any]]:
    rows = []
    for line in shown.cases:
        rows.append(
            {
                "number": line.number,
                "name": line.name,
                "unit": line.unit_name,
                "title": word(TITLE, line.target_title),
                "rounds": [
                    {
                        "no": one.round_no,
                        "counts": one.counts,
                        "missing": one.counts.eligible - one.counts.yes - one.counts.no - one.counts.abstain,
                        "result": str(RESULT[one.result]) if one.result else "",
                        "kind": "stopped" if one.void else RESULT_KIND.get(one.result or "", "plain"),
                        "void": one.void,
                        "void_reason": one.void_reason,
                    }
                    for one in line.rounds
                ],
            }
        )
    return rows
