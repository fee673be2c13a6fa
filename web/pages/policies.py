"""Policy documents for the three authorities that open them to everybody: the list, publishing one, retiring one (R-100, R-115).

What everybody reads of them is `web/pages/public.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from engine.attachments import AttachmentView
from engine.clock import local
from engine.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from engine.registry import Actor
from engine.store.metadata import new_id
from forms.i18n import T, Text, gettext
from processes.openness.commands import MOST_CLAUSES, PUBLISHERS, PublishDocument, RetireDocument
from processes.openness.queries import PublicPolicies, PublicPolicy
from processes.register.documents import NewDocument
from web.pages import taskform
from web.pages.desk import ask, if_allowed, in_group, me, now, run
from web.pages.public import LEVELS
from web.pages.said import say
from web.pages.tried import Tried, kept, refused
from web.security import login_required

blueprint = Blueprint("policies", __name__, url_prefix="/policies")

CLAUSE = ("anchor", "title", "text")
FIELDS = (
    "doc_no",
    "title",
    "issuers",
    "level",
    "issued_on",
    "issued_year",
    "effective_on",
    "parent_no",
    "summary",
    "clause",
)
LONGEST_REASON = 500
Errors = dict[str, Text]


@blueprint.get("")
@login_required
def index() -> ResponseReturnValue:
    _publisher()
    found = ask(PublicPolicies()).items
    return render_template(
        "policies/list.html",
        groups=[
            (gettext("现行文件"), [one for one in found if one.in_force]),
            (gettext("已废止"), [one for one in found if not one.in_force]),
        ],
        levels=LEVELS,
        none=not found,
    )


@blueprint.get("/new")
@login_required
def new() -> ResponseReturnValue:
    return _form(_publisher(), kept())


@blueprint.post("/new", endpoint="publish")
@login_required(back="policies.new")
def publish() -> ResponseReturnValue:
    """`action`: publish, add (a row of clauses) or the number of the row to take away. Whatever it is, all that was typed
    and the file stay on the page."""
    actor, typed = _publisher(), MultiDict(request.form)
    files, rejected = taskform.uploads(actor)
    if files:
        typed["file_kept"] = files[-1][1]
    wrong: Errors = {"file": next(iter(rejected.values()))[0]} if rejected else {}
    action = typed.get("action", "publish")
    if action != "publish":
        _change_rows(typed, action)
        return _form(actor, refused("", typed, wrong)), 422 if wrong else 200
    command = PublishDocument(_read(typed, wrong), actor)
    made: dict[str, Any] = {}
    try:
        command.check()
        if not wrong:
            made = run(command, key=typed.get("_key"), actor=actor)
    except Invalid as error:
        wrong = {_field(name): sentence for name, sentence in error.first.items()} | wrong
    except Conflict as error:
        wrong["doc_no"] = error.text
    except NotFound as error:
        wrong["parent_no"] = error.text
    except Refused as error:
        wrong["summary"] = error.text
    if wrong:
        return _form(actor, refused("", typed, _in_order(wrong))), 422
    say(gettext("已公开，任何人都能在“政策公开”里看到。公开的内容不能改；有错的，请废止后重新公开。"))
    return redirect(url_for("openness.policy", document_id=made["id"]), 303)


@blueprint.get("/<document_id>/retire")
@login_required
def retiring(document_id: str) -> ResponseReturnValue:
    ask(PublicPolicy(document_id))  # raises NotFound
    _publisher()
    return _retire_page(document_id, kept())


@blueprint.post("/<document_id>/retire", endpoint="retire")
@login_required(back="policies.retiring")
def retire(document_id: str) -> ResponseReturnValue:
    ask(PublicPolicy(document_id))  # raises NotFound
    actor, typed = _publisher(), request.form
    wrong: Errors = {}
    reason = typed.get("reason", "").strip()
    repealed_on = _day(typed, "repealed_on", wrong)
    if repealed_on is None:
        wrong["repealed_on"] = T("请填写废止日期，例如 2026-09-01。")
    if not reason:
        wrong["reason"] = T("请写明废止的依据。")
    elif len(reason) > LONGEST_REASON:
        wrong["reason"] = T("不能超过 {n} 个字。", n=LONGEST_REASON)
    if repealed_on is not None and not wrong:
        try:
            run(RetireDocument(document_id, repealed_on, reason, actor))
        except Invalid as error:
            wrong |= error.first
        except Refused as error:
            wrong["repealed_on"] = error.text
        else:
            say(gettext("已废止。文件仍可查阅，页面上会注明废止日期和依据。"))
            return redirect(url_for("policies.index"), 303)
    return _retire_page(document_id, refused("", typed, wrong)), 422


def _publisher() -> Actor:
    actor = me()
    if not in_group(actor, *PUBLISHERS):
        raise Forbidden(T("只有流程负责人、省档案局和省人力资源社会保障厅可以公开政策文件。"))
    return actor


def _read(typed: MultiDict[str, str], wrong: Errors) -> NewDocument:
    """The document as typed; `wrong` gains what cannot be read as what it should be."""
    issued_on = _day(typed, "issued_on", wrong)
    year = typed.get("issued_year", "").strip()
    if year and not (year.isascii() and year.isdigit()):
        wrong["issued_year"] = T("请写四位数的年份，例如 2026。")
    elif not year and issued_on is None and "issued_on" not in wrong:
        wrong["issued_year"] = T("印发日期和印发年份至少填一项。")
    number = int(year[:6]) if year and "issued_year" not in wrong else 0
    clauses = [row for row in _rows(typed) if any(row.values())]
    for no, row in enumerate(_rows(typed), 1):
        missing = [name for name in CLAUSE if not row[name]]
        if missing and len(missing) < len(CLAUSE):
            wrong[f"clause-{no}-{missing[0]}"] = T("第 {n} 条没有填全：须有编号、标题和内容。", n=no)
    return NewDocument(
        doc_no=typed.get("doc_no", ""),
        title=typed.get("title", ""),
        issuers=[name for name in typed.get("issuers", "").splitlines() if name.strip()],
        level=typed.get("level", ""),
        issued_year=number or (issued_on.year if issued_on else 0),
        summary=typed.get("summary", ""),
        issued_on=issued_on,
        effective_on=_day(typed, "effective_on", wrong),
        parent_no=typed.get("parent_no") or None,
        clauses=clauses,
        fictional=bool(typed.get("fictional")),
        file_id=typed.get("file_kept") or None,
    )


def _day(typed: Mapping[str, str], name: str, wrong: Errors) -> date | None:
    text = typed.get(name, "").strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        wrong[name] = T("请填写日期，例如 2026-09-01。")
        return None


def _field(name: str) -> str:
    return "file" if name == "file_id" else name


def _in_order(wrong: Errors) -> Errors:
    """As the fields stand on the page. What is wrong with a clause is told at the clause alone."""
    told = {
        name: text for name, text in wrong.items() if name != "clauses" or not any("clause-" in one for one in wrong)
    }
    places = {name: place for place, name in enumerate(FIELDS)}
    return dict(sorted(told.items(), key=lambda one: places.get(one[0].partition("-")[0], len(FIELDS))))


def _rows(typed: MultiDict[str, str]) -> list[dict[str, str]]:
    """The clauses as typed, one row at least."""
    columns = [[value.strip() for value in typed.getlist(f"clause_{name}")] for name in CLAUSE]
    rows = [dict(zip(CLAUSE, values, strict=True)) for values in zip(*columns, strict=False)][: MOST_CLAUSES + 1]
    return rows or [dict.fromkeys(CLAUSE, "")]


def _change_rows(typed: MultiDict[str, str], action: str) -> None:
    rows = _rows(typed)
    if action == "add" and len(rows) < MOST_CLAUSES:
        rows.append(dict.fromkeys(CLAUSE, ""))
    elif action.isdecimal() and 1 <= int(action[:6]) <= len(rows):
        del rows[int(action[:6]) - 1]
    for name in CLAUSE:
        typed.setlist(f"clause_{name}", [row[name] for row in rows])


def _form(actor: Actor, tried: Tried) -> str:
    file_id = tried.typed.get("file_kept", "")
    file = if_allowed(AttachmentView(file_id, actor)) if file_id else None
    return render_template(
        "policies/new.html",
        t=tried,
        rows=_rows(tried.typed),
        levels=[(key, str(words)) for key, words in LEVELS.items()],
        parents=[(one.doc_no, f"{one.doc_no} {one.title}") for one in ask(PublicPolicies()).items],
        file={"id": file.id, "name": file.name} if file else None,
        key=tried.typed.get("_key") or new_id(),
    )


def _retire_page(document_id: str, tried: Tried) -> str:
    return render_template(
        "policies/retire.html",
        document=ask(PublicPolicy(document_id)),
        t=tried,
        today=local(now()).date().isoformat(),
    )
