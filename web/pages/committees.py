"""Committees with their seats and the pool of experts, for the committee's office and the supervisor alone (R-66, R-76).

To everybody else no such page exists. The office seats members and reserves; P11 then locks the list by its numbers.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.errors import NotFound, Refused
from engine.registry import Actor
from forms.i18n import T, Text, gettext
from processes.candidate.words import TITLE
from processes.committee.commands import OFFICE, SeatMembers
from processes.committee.handlers_filing import BASES, LEVELS
from processes.committee.seats import CommitteeLine, Committees, ExpertLine, OneCommittee
from processes.register.experts import Seat
from web.pages.desk import ask, in_group, me, run
from web.pages.reform import word
from web.pages.said import say
from web.pages.tried import Tried, kept, refused
from web.security import login_required

blueprint = Blueprint("committee", __name__, url_prefix="/committees")

SECTOR: dict[str, Text] = {
    "university": T("高等学校"),
    "research": T("科研院所"),
    "enterprise": T("大中型企业"),
    "public_institution": T("事业单位"),
    "central_unit": T("中央驻青单位"),
    "archives": T("档案部门"),
}
STATUS: dict[str, Text] = {"suspended": T("已暂停评审"), "removed": T("已移出专家库")}
SEAT: dict[str, Text] = {
    "chair": T("主任委员"),
    "vice_chair": T("副主任委员"),
    "member": T("委员"),
    "reserve": T("候补"),
}
RANK = {key: place for place, key in enumerate(SEAT)}
LAST = 10_000  # the place of who was given none


@blueprint.get("")
@login_required
def index() -> ResponseReturnValue:
    found = ask(Committees(me()))
    return render_template("committees/list.html", committees=[_committee(one) for one in found])


@blueprint.get("/<committee_id>")
@login_required
def show(committee_id: str) -> ResponseReturnValue:
    return _page(committee_id, me(), kept())


@blueprint.post("/<committee_id>/seats", endpoint="seat")
@login_required(back="committee.show")
def seat(committee_id: str) -> ResponseReturnValue:
    actor, typed = me(), request.form
    shown = ask(OneCommittee(committee_id, actor))  # raises NotFound for whom it does not exist
    chosen: list[tuple[int, int, str, str]] = []  # place, rank, expert, seat
    for one in shown.pool:
        which = typed.get(f"seat-{one.id}", "")
        if which in SEAT:
            place = typed.get(f"order-{one.id}", "").strip()
            number = int(place[:4]) if place.isascii() and place.isdigit() else LAST
            chosen.append((number, RANK[which], one.id, which))
    seats = [
        Seat(expert_id, "member", "reserve") if which == "reserve" else Seat(expert_id, which)
        for _, _, expert_id, which in sorted(chosen, key=lambda one: one[:2])
    ]
    try:
        made = run(SeatMembers(committee_id, seats, actor, same_unit=bool(typed.get("same_unit"))))
    except NotFound as error:
        return _page(committee_id, actor, refused("", typed, {"": error.text})), 422
    except Refused as error:
        expert_id = error.facts.get("expert_id")
        field = f"seat-{expert_id}" if expert_id else {"SAME_UNIT": "same_unit"}.get(error.code, "")
        return _page(committee_id, actor, refused("", typed, {field: error.text})), 422
    say(
        gettext(
            "名单已登记：委员 {n} 名，候补 {m} 名。接着在“我的工作”里确认抽取结果。",
            n=made["members"],
            m=made["reserves"],
        )
    )
    return redirect(url_for("committee.show", committee_id=committee_id), 303)


def _page(committee_id: str, actor: Actor, tried: Tried) -> str:
    shown = ask(OneCommittee(committee_id, actor))
    return render_template(
        "committees/committee.html",
        committee=_committee(shown.line),
        members=[_expert(one, tried) for one in shown.members],
        reserves=[_expert(one, tried) for one in shown.reserves],
        pool=[_expert(one, tried) for one in sorted(shown.pool, key=_as_seated)],
        seats=[(key, str(words)) for key, words in SEAT.items()],
        may_seat=in_group(actor, OFFICE),
        ask_same_unit="same_unit" in tried.errors or bool(tried.typed.get("same_unit")),
        t=tried,
    )


def _as_seated(one: ExpertLine) -> tuple[int, int]:
    """Who has a seat first, as the list above says; the others stay by name."""
    return {"member": 0, "reserve": 1}.get(one.seat or "", 2), one.position or 0


def _committee(one: CommitteeLine) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "organizer": one.organizer,
        "level": str(LEVELS[one.level]),
        "basis": str(BASES[one.basis]),
        "scope": [word(TITLE, title) for title in one.scope_titles],
        "size": one.size,
        "filing_no": one.filing_no,
        "filed_on": one.filed_on,
        "valid_until": one.valid_until,
        "expired": one.expired,
        "members": one.members,
        "reserves": one.reserves,
        "complete": one.members == one.size,
    }


def _expert(one: ExpertLine, tried: Tried) -> dict[str, Any]:
    seated = ("reserve" if one.seat == "reserve" else one.role) if one.seat else ""
    sent = tried.sent
    return {
        "id": one.id,
        "name": one.name,
        "unit": one.unit_name,
        "province": one.province,
        "title": word(TITLE, one.title),
        "sector": str(SECTOR[one.sector]),
        "term_from": one.term_from,
        "term_to": one.term_to,
        "status": str(STATUS[one.status]) if one.status in STATUS else "",
        "over": one.status == "active" and not one.usable,
        "usable": one.usable or bool(one.seat),
        "seat_words": str(SEAT[seated]) if seated else "",
        "position": one.position,
        "chosen": tried.typed.get(f"seat-{one.id}", "") if sent else seated,
        "order": tried.typed.get(f"order-{one.id}", "") if sent else one.position or "",
        "error": tried.errors.get(f"seat-{one.id}"),
    }
