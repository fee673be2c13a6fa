"""The notices of the province for everybody, without an account (R-103): the list, one notice, how an objection stands.
Never for search engines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.errors import NotFound, TooMany
from engine.identity import guesses
from engine.queries.reading import Reading
from forms.i18n import T, Text, gettext
from processes.candidate.words import CHANNEL, LEVEL, TITLE
from processes.openness.notices import CountedDays, PublicNoticeList
from processes.openness.queries import PublicParameters
from processes.publicity.objection_queries import ObjectionProgress, ObjectionStatus
from processes.publicity.queries import NoticeShown, NoticeView
from processes.publicity.words import STATUS_WORDS
from web import security
from web.context import engine, wiring
from web.pages.desk import PAGE_SIZE, Pages, ask, due, now, offset, page_number
from web.pages.reform import word

blueprint = Blueprint("notice", __name__, url_prefix="/public")

LONGEST = 60  # characters of a receipt number as people type it
KIND: dict[str, Text] = {
    "quota": T("岗位数额"),
    "recommendation": T("申报推荐人选"),
    "works": T("代表作等评审材料"),
    "result": T("评审结果"),
    "appointment": T("拟聘人选"),
}
FIELDS: tuple[tuple[str, Text], ...] = (
    ("name", T("姓名")),
    ("unit", T("单位")),
    ("current_title", T("现任职称")),
    ("target_title", T("申报职称")),
    ("channel", T("申报渠道")),
    ("works", T("代表作")),
)
POST_FIELDS: tuple[tuple[str, Text], ...] = (
    ("level", T("岗位层级")),
    ("approved", T("核定数")),
    ("occupied", T("已聘数")),
    ("vacant", T("空缺数")),
)


@blueprint.get("/notices")
def index() -> ResponseReturnValue:
    kind = request.args.get("kind")
    kind = kind if kind in KIND else None
    found = ask(PublicNoticeList(kind, offset(), PAGE_SIZE))
    rows = [
        {
            "id": one.id,
            "title": one.title,
            "kind": str(KIND[one.kind]),
            "closes_at": one.closes_at,
            "entries": one.items,
            "open": one.state == "open",
            "due": due(one.closes_at) if one.state == "open" else None,
        }
        for one in found.items
    ]
    return render_template(
        "public/notices.html",
        running=[row for row in rows if row["open"]],
        closed=[row for row in rows if not row["open"]],
        kinds=KIND,
        kind=kind,
        pages=Pages(page_number(), found.total, len(rows)),
    )


@blueprint.get("/notices/<notice_id>")
def show(notice_id: str) -> ResponseReturnValue:
    notice = ask(NoticeView(notice_id))
    return render_template(
        "public/notice.html",
        notice=notice,
        kind=str(KIND[notice.kind]),
        head=head(notice),
        rows=rows_of(notice),
        days=ask(CountedDays(notice_id)),
        due=due(notice.closes_at) if notice.state == "open" else None,
        takes=now() < notice.objections_until,
        later=notice.objections_until > notice.closes_at,
    )


@blueprint.get("/receipts")
def receipts() -> ResponseReturnValue:
    return render_template("public/receipts.html")


@blueprint.post("/receipts", endpoint="look_up")
@security.no_session
def look_up() -> ResponseReturnValue:
    no = request.form.get("no", "").strip()[:LONGEST]
    if not no:
        return render_template("public/receipts.html", problem=gettext("请输入回执号。")), 422
    found = _progress(no)
    return found if not isinstance(found, ObjectionProgress) else _to(found.receipt_no)


@blueprint.get("/receipts/<no>")
def receipt(no: str) -> ResponseReturnValue:
    """Whoever has the number may ask; it is long enough to be guessed by nobody."""
    found = _progress(no[:LONGEST])
    if not isinstance(found, ObjectionProgress):
        return found
    days = {one.parameter.name: one.value for one in ask(PublicParameters())}
    return render_template(
        "public/receipt.html",
        receipt=found,
        status=str(STATUS_WORDS[found.status]),
        workdays=days["objection.investigate_workdays"],
        needs_name=days["objection.require_real_name_for_reply"],
        fresh="new" in request.args,
        now=now(),
    )


def head(notice: NoticeShown) -> list[str]:
    return [str(label) for _, label in _fields(notice)]


def rows_of(notice: NoticeShown) -> list[dict[str, Any]]:
    """The items in words, each with its number from 1: only the fields of R-150, whatever else a row may hold."""
    return [
        {"no": number, "cells": [_cell(field, item.get(field)) for field, _ in _fields(notice)]}
        for number, item in enumerate(notice.items, 1)
    ]


def options(notice: NoticeShown) -> list[tuple[int, str]]:
    """(number, in words) of every item; by number alone where the names are gone."""
    if notice.names_hidden:
        return [(number, gettext("第 {n} 项", n=number)) for number in range(1, notice.count + 1)]
    return [(row["no"], " · ".join([str(row["no"]), *_brief(notice, row["cells"])])) for row in rows_of(notice)]


def _brief(notice: NoticeShown, cells: list[str]) -> list[str]:
    kept = ("name", "unit", "target_title", "level")
    return [cell for cell, (field, _) in zip(cells, _fields(notice), strict=True) if field in kept and cell]


def _fields(notice: NoticeShown) -> tuple[tuple[str, Text], ...]:
    return POST_FIELDS if notice.kind == "quota" else FIELDS


def _cell(field: str, value: Any) -> str:
    if value is None or value == "" or value == []:
        return ""
    if field in ("current_title", "target_title"):
        return word(TITLE, value)
    if field == "channel":
        return word(CHANNEL, value)
    if field == "level":
        return word(LEVEL, value)
    return gettext("{all}", all=list(value)) if isinstance(value, list | tuple) else str(value)


@dataclass(frozen=True)
class _Progress:
    """`ObjectionStatus`, with None for a number that nobody has, as guessing wants it."""

    no: str

    def answer(self, reading: Reading) -> ObjectionProgress | None:
        try:
            return ObjectionStatus(self.no).answer(reading)
        except NotFound:
            return None


def _progress(no: str) -> ObjectionProgress | ResponseReturnValue:
    at = wiring().wall.now()
    try:
        found = guesses.look_up(engine(), _Progress(no), what="receipt", address=security.address(), at=at)
    except TooMany as error:
        page = render_template("public/receipts.html", no=no, problem=str(error.text))
        return page, 429, {"Retry-After": str(error.facts["retry_after"])}
    if found is None:
        problem = gettext("没有查到这个回执号。请对照回执检查，字母不分大小写，横线可以不写。")
        return render_template("public/receipts.html", no=no, problem=problem), 404
    return found


def _to(no: str) -> ResponseReturnValue:
    return redirect(url_for("notice.receipt", no=no), 303)
