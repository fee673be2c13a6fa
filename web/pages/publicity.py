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
from web.pages.notices import KIND
from web.pages.said import say
from web.pages.words import until
from web.security import login_required

blueprint = Blueprint("publicity", __name__, url_prefix="/publicity")

LONGEST_REASON = 500
CAUSE: dict[str, Text] = {
    "published": T("发布时计算"),
    "extended": T("延长"),
    "calendar": T("工作日历有变"),
    "outage": T("系统停用补足"),
}
COLUMNS: dict[str, tuple[tuple[str, Text], ...]] = {
    "person": (
        ("name", T("姓名")),
        ("unit", T("单位")),
        ("current_title", T("现任职称")),
        ("target_title", T("申报职称")),
        ("channel", T("渠道")),
        ("works", T("代表作")),
    ),
    "quota": (
        ("level", T("层级")),
        ("approved", T("核定")),
        ("occupied", T("已聘")),
        ("vacant", T("空缺")),
    ),
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
    return _page(notice_id, me())


@blueprint.post("/<notice_id>/extend", endpoint="extend")
@login_required(back="publicity.show")
def extend(notice_id: str) -> ResponseReturnValue:
    """Move the end to 24:00 of another day."""
    typed = {"day": request.form.get("day", ""), "reason": request.form.get("reason", "").strip()[:LONGEST_REASON]}
    try:
        closes_at = _end_of(typed["day"])
        answer = run(ExtendNotice(notice_id, closes_at, typed["reason"], me()))
    except ValueError:
        return _page(notice_id, me(), extending=typed, errors={"day": gettext("请填写日期。")}), 422
    except Invalid as error:
        return _page(notice_id, me(), extending=typed, errors=_first(error)), 422
    except Refused as error:
        return _page(notice_id, me(), extending=typed, errors={"day": str(error.text)}), 422
    say(gettext("公示期已延长到 {at}。原来的截止时间和理由都留有记录。", at=until(answer["closes_at"])))
    return redirect(url_for("publicity.show", notice_id=notice_id), 303)


@blueprint.post("/<notice_id>/recall", endpoint="recall")
@login_required(back="publicity.show")
def recall(notice_id: str) -> ResponseReturnValue:
    typed = {"recall_reason": request.form.get("recall_reason", "").strip()[:LONGEST_REASON]}
    try:
        run(RequestRecall(notice_id, typed["recall_reason"], me()))
    except Invalid as error:
        errors = {"recall_reason": _first(error)["reason"]}
        return _page(notice_id, me(), recalling=typed, errors=errors), 422
    except Refused as error:
        return _page(notice_id, me(), recalling=typed, errors={"recall_reason": str(error.text)}), 422
    say(gettext("已提请撤回。是否撤回由发布单位在“我的工作”里决定；重新发布后公示期从头算起。"))
    return redirect(url_for("publicity.show", notice_id=notice_id), 303)


@blueprint.get("/<notice_id>/objection")
@login_required
def objection(notice_id: str) -> ResponseReturnValue:
    """Enter an objection that came on paper or by telephone."""
    return _objection_page(notice_id, {}, {})


@blueprint.post("/<notice_id>/objection", endpoint="register")
@login_required(back="publicity.objection")
def register(notice_id: str) -> ResponseReturnValue:
    actor = me()
    files, rejected = taskform.uploads(actor)
    form = request.form
    typed: dict[str, Any] = {
        name: form.get(name, "") for name in ("item", "text", "name", "phone", "via", "received_on", "time", "note")
    }
    typed["grounds"] = form.getlist("grounds")
    typed["evidence"] = [*form.getlist("evidence_kept"), *(value for _, value in files)]
    if rejected:
        wrong = {"evidence": str(next(iter(rejected.values()))[0])}
        return _objection_page(notice_id, typed, wrong), 422
    try:
        received_at = _instant(typed["received_on"], typed["time"])
    except ValueError:
        return _objection_page(notice_id, typed, {"received_on": gettext("请填写实际收到的日期和时间。")}), 422
    command = FileObjection(
        notice_id,
        int(typed["item"]) if typed["item"].isdecimal() else None,
        typed["grounds"],
        typed["text"],
        typed["evidence"],
        real_name=bool(typed["name"].strip()),
        name=typed["name"],
        phone=typed["phone"],
        via=typed["via"],
        actor=actor,
        received_at=received_at,
        note=typed["note"],
    )
    try:
        answer = run(command, key=form.get("_key"), actor=actor)
    except Invalid as error:
        return _objection_page(notice_id, typed, _first(error)), 422
    except Refused as error:
        return _objection_page(notice_id, typed, {"text": str(error.text)}), 422
    told = (
        gettext("已登记，回执号 {no}。所涉事项暂缓，异议调查已经开始。", no=answer["receipt_no"])
        if answer["timely"]
        else gettext("已登记为线索，回执号 {no}。收到时公示期已满，所涉事项不暂缓。", no=answer["receipt_no"])
    )
    say(told)
    return redirect(url_for("publicity.show", notice_id=notice_id), 303)


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


def _page(
    notice_id: str,
    actor: Actor,
    *,
    extending: dict[str, str] | None = None,
    recalling: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> str:
    shown = ask(NoticeView(notice_id, actor))
    objections = ask(Objections(actor, notice_id, max_results=500)).items
    publishes = _publishes(actor, shown)
    return render_template(
        "publicity/notice.html",
        notice=_row(shown),
        body=shown.body,
        contact=(shown.contact_phone, shown.contact_email),
        content_hash=shown.content_hash,
        columns=COLUMNS["quota" if shown.kind == "quota" else "person"],
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
        may_register=publishes or in_group(actor, *OPENERS, "unit_supervisor"),
        extending=extending or {},
        recalling=recalling or {},
        errors=errors or {},
    )


def _objection_page(notice_id: str, typed: dict[str, Any], errors: dict[str, str]) -> str:
    actor = me()
    shown = ask(NoticeView(notice_id, actor))
    if not (_publishes(actor, shown) or in_group(actor, *OPENERS, "unit_supervisor")):
        raise Forbidden(T("只有发布单位和调查、监督人员可以登记收到的异议。"))
    kept = [if_allowed(attachments.AttachmentView(one, actor)) for one in typed.get("evidence", [])]
    return render_template(
        "publicity/objection_new.html",
        notice=_row(shown),
        choices=[(str(n), _name_of(item)) for n, item in enumerate(shown.items, 1)],
        grounds=GROUND_WORDS,
        vias={name: words for name, words in VIA_WORDS.items() if name != "online"},
        typed=typed,
        kept=[item for item in kept if item is not None],
        errors=errors,
        key=request.form.get("_key") or new_id(),
    )


def _items(shown: NoticeShown) -> list[dict[str, Any]]:
    standings = {one.position: one for one in shown.standings}
    columns = COLUMNS["quota" if shown.kind == "quota" else "person"]
    rows = []
    for number, item in enumerate(shown.items, 1):
        standing = standings.get(number)
        state, kind = "", "plain"
        if standing is not None and standing.hold:
            state, kind = gettext("异议核查中，暂缓"), "late"
        elif standing is not None and standing.outcome is not None:
            state = str(ITEM_STATE[standing.outcome])
            kind = "good" if standing.outcome == "clear" else "stopped"
        cells = [(str(label), _cell(item.get(name))) for name, label in columns]
        rows.append({"number": number, "cells": cells, "state": state, "kind": kind})
    return rows


def _cell(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return "；".join(str(one) for one in value)
    return "" if value is None else str(value)


def _name_of(item: Any) -> str:
    return str(item.get("name") or item.get("level") or "")


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


def _end_of(text: str) -> datetime:
    """24:00 of a day. Raises ValueError for anything but a date."""
    return end_of_day(date.fromisoformat(text))


def _instant(day_text: str, time_text: str) -> datetime:
    return datetime.combine(date.fromisoformat(day_text), time.fromisoformat(time_text or "00:00"), SHANGHAI)


def _first(error: Invalid) -> dict[str, str]:
    return {name: str(sentences[0]) for name, sentences in error.errors.items()}
