"""Notices for those who publish and supervise them: every end a window has had, which items stand still, moving the end
later, asking for a recall, entering an objection that came on paper."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import attachments
from engine.clock import SHANGHAI
from engine.errors import Forbidden, Invalid, Refused
from engine.policy import Candidate, matches
from engine.registry import Actor
from engine.store.metadata import new_id
from forms.i18n import T, Text, gettext
from processes.publicity.commands import ExtendNotice, RequestRecall
from processes.publicity.objection_queries import Objections
from processes.publicity.objections import OPENERS, FileObjection
from processes.publicity.queries import NoticeList, NoticeShown, NoticeView, WindowEnd
from processes.publicity.readers import is_staff
from processes.publicity.words import GROUND_WORDS, STATUS_WORDS, VIA_WORDS
from processes.rules.workdays import end_of_day
from web.pages import taskform
from web.pages.desk import PAGE_SIZE, Pages, ask, due, if_allowed, in_group, me, offset, page_number, run
from web.pages.notices import KIND, head, options, rows_of
from web.pages.said import say
from web.pages.tried import Tried, kept, refused
from web.pages.words import until
from web.security import login_required

blueprint = Blueprint("publicity", __name__, url_prefix="/publicity")

LONGEST_REASON = 500
EXTEND, RECALL = "extend", "recall"  # the two forms of a notice's page
PAPER = {"received_at": "received_on"}  # a field of the command -> of the form
CAUSE: dict[str, Text] = {
    "published": T("发布时计算"),
    "extended": T("延长"),
    "calendar": T("工作日历有变"),
    "outage": T("系统停用补足"),
}
ITEM_STATE: dict[str, Text] = {
    "clear": T("无异议"),
    "upheld": T("异议成立"),
    "withdrawn": T("已撤回"),
}


@blueprint.get("")
@login_required
def index() -> ResponseReturnValue:
    kind = request.args.get("kind")
    kind = kind if kind in KIND else None
    found = ask(NoticeList(me(), kind, offset(), PAGE_SIZE))
    return render_template(
        "publicity/notices.html",
        notices=[_row(one) for one in found.items],
        kinds=KIND,
        kind=kind,
        staff=is_staff(me()),
        pages=Pages(page_number(), found.total, len(found.items)),
    )


@blueprint.get("/<notice_id>")
@login_required
def show(notice_id: str) -> ResponseReturnValue:
    return _page(notice_id, me(), kept())


@blueprint.post("/<notice_id>/extend", endpoint="extend")
@login_required(back="publicity.show")
def extend(notice_id: str) -> ResponseReturnValue:
    """Move the end to 24:00 of another day."""
    reason = request.form.get("reason", "").strip()[:LONGEST_REASON]
    closes_at = _end_of(request.form.get("day", ""))
    if closes_at is None:
        return _refused(notice_id, EXTEND, {"day": T("请填写日期。")})
    try:
        answer = run(ExtendNotice(notice_id, closes_at, reason, me()))
    except Invalid as error:
        return _refused(notice_id, EXTEND, error.first)
    except Refused as error:
        return _refused(notice_id, EXTEND, {"day": error.text})
    say(gettext("公示期已延长到 {at}。原来的截止时间和理由都留有记录。", at=until(answer["closes_at"])))
    return redirect(url_for("publicity.show", notice_id=notice_id), 303)


@blueprint.post("/<notice_id>/recall", endpoint="recall")
@login_required(back="publicity.show")
def recall(notice_id: str) -> ResponseReturnValue:
    reason = request.form.get("reason", "").strip()[:LONGEST_REASON]
    try:
        run(RequestRecall(notice_id, reason, me()))
    except Invalid as error:
        return _refused(notice_id, RECALL, error.first)
    except Refused as error:
        return _refused(notice_id, RECALL, {"reason": error.text})
    say(gettext("已提请撤回。是否撤回由发布单位在“我的工作”里决定；重新发布后公示期从头算起。"))
    return redirect(url_for("publicity.show", notice_id=notice_id), 303)


@blueprint.get("/<notice_id>/objection")
@login_required
def objection(notice_id: str) -> ResponseReturnValue:
    """Enter an objection that came on paper or by telephone."""
    return _objection_page(notice_id, me(), kept(), [])


@blueprint.post("/<notice_id>/objection", endpoint="register")
@login_required(back="publicity.objection")
def register(notice_id: str) -> ResponseReturnValue:
    actor, form = me(), request.form
    _require_registrar(actor, ask(NoticeView(notice_id, actor)))
    files, rejected = taskform.uploads(actor)
    evidence = [*form.getlist("evidence_kept"), *(value for _, value in files)]
    wrong: dict[str, Text] = {}
    if rejected:
        wrong["evidence"] = next(iter(rejected.values()))[0]
    received_at = _instant(form.get("received_on", ""), form.get("time", ""))
    if received_at is None:
        wrong["received_on"] = T("请填写实际收到的日期和时间。")
    name, phone, item = (form.get(one, "").strip() for one in ("name", "phone", "item"))
    command = FileObjection(
        notice_id,
        int(item) if item.isdecimal() else None,
        form.getlist("grounds"),
        form.get("text", ""),
        evidence,
        real_name=bool(name or phone),
        name=name,
        phone=phone,
        via=form.get("via", ""),
        actor=actor,
        received_at=received_at,
        note=form.get("note", ""),
    )
    answer: dict[str, Any] = {}
    try:
        command.check()
        if not wrong:
            answer = run(command, key=form.get("_key"), actor=actor)
    except Invalid as error:
        wrong = {PAPER.get(field, field): sentence for field, sentence in error.first.items()} | wrong
    except Refused as error:
        wrong = {"text": error.text}
    if wrong:
        return _objection_page(notice_id, actor, refused("", form, wrong), evidence), 422
    if answer["timely"]:
        say(gettext("已登记，回执号 {no}。所涉事项暂缓，异议调查已经开始。", no=answer["receipt_no"]))
    else:
        say(gettext("已登记为线索，回执号 {no}。收到时公示期已满，所涉事项不暂缓。", no=answer["receipt_no"]))
    return redirect(url_for("publicity.show", notice_id=notice_id), 303)


def _refused(notice_id: str, form: str, errors: dict[str, Text]) -> ResponseReturnValue:
    return _page(notice_id, me(), refused(form, request.form, errors)), 422


def _row(one: NoticeShown) -> dict[str, Any]:
    return {
        "id": one.id,
        "title": one.title,
        "kind": str(KIND[one.kind]),
        "inside": one.scope == "unit",
        "published_at": one.published_at,
        "closes_at": one.closes_at,
        "open": one.state == "open",
        "due": due(one.closes_at) if one.state == "open" else None,
        "count": one.count,
        "held": sum(1 for standing in one.standings if standing.hold),
    }


def _page(notice_id: str, actor: Actor, tried: Tried) -> str:
    shown = ask(NoticeView(notice_id, actor))
    objections = ask(Objections(actor, notice_id, max_results=500)).items
    publishes = _publishes(actor, shown)
    return render_template(
        "publicity/notice.html",
        notice=_row(shown),
        body=shown.body,
        contact=(shown.contact_phone, shown.contact_email),
        content_hash=shown.content_hash,
        columns=head(shown),
        items=_items(shown),
        ends=[_end(one) for one in reversed(shown.ends)],
        objections_until=shown.objections_until if shown.objections_until > shown.closes_at else None,
        objections=[
            {
                "id": one.id,
                "received_at": one.received_at,
                "subject": one.subject or gettext("整份公示"),
                "grounds": [str(GROUND_WORDS[ground]) for ground in one.grounds],
                "state": str(STATUS_WORDS[one.status]),
                "late": not one.timely,
            }
            for one in objections
        ],
        may_change=publishes and shown.state == "open",
        publishes=publishes,
        may_register=_may_register(actor, shown),
        tried=tried,
    )


def _objection_page(notice_id: str, actor: Actor, tried: Tried, evidence: list[str]) -> str:
    shown = ask(NoticeView(notice_id, actor))
    _require_registrar(actor, shown)
    files = [if_allowed(attachments.AttachmentView(one, actor)) for one in evidence]
    return render_template(
        "publicity/objection_new.html",
        notice=_row(shown),
        choices=[(str(number), told) for number, told in options(shown)],
        grounds=GROUND_WORDS,
        vias={name: words for name, words in VIA_WORDS.items() if name != "online"},
        files=[item for item in files if item is not None],
        t=tried,
        key=request.form.get("_key") or new_id(),
    )


def _may_register(actor: Actor, shown: NoticeShown) -> bool:
    """As `FileObjection` asks again: a unit's supervisor for the unit's own notices."""
    inside = shown.scope == "unit" and matches(actor, [Candidate("group", "unit_supervisor", shown.publisher_scope)])
    return inside or _publishes(actor, shown) or in_group(actor, *OPENERS)


def _require_registrar(actor: Actor, shown: NoticeShown) -> None:
    if not _may_register(actor, shown):
        raise Forbidden(T("只有发布单位和调查、监督人员可以登记收到的异议。"))


def _items(shown: NoticeShown) -> list[dict[str, Any]]:
    """The items in words, each with how it stands."""
    standings = {one.position: one for one in shown.standings}
    heads = head(shown)
    rows = []
    for row in rows_of(shown):
        standing = standings.get(row["no"])
        state, kind = "", "plain"
        if standing is not None and standing.hold:
            state, kind = gettext("异议核查中，暂缓"), "waiting"
        elif standing is not None and standing.outcome is not None:
            state = str(ITEM_STATE[standing.outcome])
            kind = "good" if standing.outcome == "clear" else "stopped"
        cells = list(zip(heads, row["cells"], strict=True))
        rows.append({"number": row["no"], "cells": cells, "state": state, "kind": kind})
    return rows


def _end(one: WindowEnd) -> dict[str, Any]:
    return {
        "at": one.at,
        "closes_at": one.closes_at,
        "cause": str(CAUSE[one.cause]),
        "reason": one.reason,
        "kept": one.computed_at,
        "actor": one.actor,
    }


def _publishes(actor: Actor, shown: NoticeShown) -> bool:
    return matches(actor, [Candidate("group", shown.publisher_group, shown.publisher_scope)])


def _end_of(text: str) -> datetime | None:
    """24:00 of a day; None for anything but a date."""
    try:
        return end_of_day(date.fromisoformat(text))
    except (ValueError, OverflowError):
        return None


def _instant(day_text: str, time_text: str) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(day_text), time.fromisoformat(time_text), SHANGHAI)
    except ValueError:
        return None
