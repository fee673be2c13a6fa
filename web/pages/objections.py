"""Objections for those who look into them: the list, and one objection with what was found about it so far.

The words of an objection, its files and its author stand here and nowhere in the process: the task in “我的工作” leads here.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.attachments.keeping import AttachmentItem
from engine.errors import Refused
from engine.registry import Actor
from forms.i18n import gettext
from processes.publicity.objection_queries import (
    Investigated,
    ObjectionEvidence,
    ObjectionLine,
    Objections,
    ObjectionShown,
    ObjectionView,
)
from processes.publicity.objections import OPENERS, OpenInvestigation
from processes.publicity.words import (
    FINDING_WORDS,
    GROUND_WORDS,
    OUTCOME_WORDS,
    PROPOSAL_WORDS,
    STATUS_WORDS,
    VIA_WORDS,
)
from web.files import download
from web.pages.desk import PAGE_SIZE, Pages, ask, due, in_group, me, offset, page_number, run
from web.pages.said import say
from web.pages.wanted import wanted
from web.pages.words import size
from web.security import login_required

blueprint = Blueprint("objection", __name__, url_prefix="/objections")


@blueprint.get("")
@login_required
def index() -> ResponseReturnValue:
    status = request.args.get("status")
    status = status if status in STATUS_WORDS else None
    found = ask(Objections(me(), status=status, first_result=offset(), max_results=PAGE_SIZE))
    return render_template(
        "publicity/objections.html",
        objections=[_row(one) for one in found.items],
        statuses=STATUS_WORDS,
        status=status,
        pages=Pages(page_number(), found.total, len(found.items)),
    )


@blueprint.get("/<objection_id>")
@login_required
def show(objection_id: str) -> ResponseReturnValue:
    return _page(objection_id, me())


@blueprint.post("/<objection_id>/investigation", endpoint="investigate")
@login_required(back="objection.show")
def investigate(objection_id: str) -> ResponseReturnValue:
    """Make a case of a tip-off that came too late to hold anything."""
    ask(ObjectionView(objection_id, me()))  # raises NotFound for whom it does not exist
    try:
        run(OpenInvestigation(objection_id, me()))
    except Refused as error:
        return _page(objection_id, me(), str(error.text)), 422
    say(gettext("已立案。调查任务随即派出，公示的事项不因此暂缓。"))
    return redirect(url_for("objection.show", objection_id=objection_id), 303)


@blueprint.get("/<objection_id>/files/<attachment_id>")
@login_required
def file(objection_id: str, attachment_id: str) -> ResponseReturnValue:
    return download(ask(ObjectionEvidence(objection_id, attachment_id, me())))


def _page(objection_id: str, actor: Actor, problem: str | None = None) -> str:
    shown = ask(ObjectionView(objection_id, actor))
    return render_template(
        "publicity/objection.html",
        objection=_row(shown.line),
        shown=shown,
        via=str(VIA_WORDS[shown.via]),
        evidence=_files(objection_id, shown.evidence),
        found=_found(objection_id, shown.found) if shown.found else None,
        tasks=wanted(actor, shown.line.instance_id),
        may_open=_may_open(actor, shown),
        sees_list=in_group(actor, *OPENERS, "unit_supervisor"),
        problem=problem,
    )


def _row(one: ObjectionLine) -> dict[str, Any]:
    return {
        "id": one.id,
        "notice_id": one.notice_id,
        "notice": one.notice_title,
        "subject": one.subject or gettext("整份公示"),
        "position": one.position,
        "received_at": one.received_at,
        "late": not one.timely,
        "state": str(OUTCOME_WORDS[one.outcome]) if one.outcome else str(STATUS_WORDS[one.status]),
        "kind": {"received": "waiting", "investigating": "active", "concluded": "completed"}[one.status],
        "grounds": [str(GROUND_WORDS[ground]) for ground in one.grounds],
        "real_name": one.real_name,
        "instance_id": one.instance_id,
        "due": due(one.due_at) if one.due_at and one.status != "concluded" else None,
    }


def _found(objection_id: str, found: Investigated) -> dict[str, Any]:
    """What stands in the record of the investigation, in the order in which it is made: (label, text, when)."""
    told = [
        (gettext("问单位和本人的问题"), found.question, None),  # asked when assigned, after the case was opened
        (gettext("单位说明"), found.unit_statement, found.unit_stated_at),
        (gettext("本人说明"), found.candidate_statement, found.candidate_stated_at),
        (gettext("延长调查的理由"), found.extension_reason, found.extended_at),
        (gettext("查明的事实"), found.facts, found.concluded_at),
        (gettext("依据条款"), found.articles, found.concluded_at),
        (gettext("答复"), found.reply, found.replied_at),
    ]
    return {
        "told": [(label, text, at) for label, text, at in told if text],
        "finding": str(FINDING_WORDS[found.finding]) if found.finding else None,
        "proposal": str(PROPOSAL_WORDS[found.proposal]) if found.proposal else None,
        "outcome": str(OUTCOME_WORDS[found.outcome]) if found.outcome else None,
        "due": due(found.due_at) if found.outcome is None else None,
        "evidence": _files(objection_id, found.evidence),
    }


def _files(objection_id: str, items: tuple[AttachmentItem, ...]) -> list[dict[str, str]]:
    return [
        {
            "name": item.name,
            "size": size(item.size),
            "href": url_for("objection.file", objection_id=objection_id, attachment_id=item.id),
        }
        for item in items
    ]


def _may_open(actor: Actor, shown: ObjectionShown) -> bool:
    return not shown.line.timely and shown.line.instance_id is None and in_group(actor, *OPENERS)
