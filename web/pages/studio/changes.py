"""The changes in work: begin one, what it changes, bring files in and take them out."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import policy
from engine.studio.changes import OpenChange
from engine.studio.queries import ChangeItem, ChangeList, ChangeView
from engine.studio.rows import STATES
from web.pages.desk import PAGE_SIZE, Pages, ask, me, offset, page_number, run
from web.pages.studio.common import KINDS, edit_href, need_owner
from web.security import login_required

blueprint = Blueprint("studio", __name__)


@blueprint.get("/studio")
@login_required
def index() -> ResponseReturnValue:
    """The changes: those in work, or all of them with `?all=1`."""
    actor = me()
    everything = "all" in request.args
    found = ask(ChangeList(actor, None if everything else "open", first_result=offset(), max_results=PAGE_SIZE))
    return render_template(
        "studio/index.html",
        changes=[row(item) for item in found.items],
        pages=Pages(page_number(), found.total, len(found.items)),
        everything=everything,
        may_edit=policy.allows(actor, "studio.edit"),
    )


@blueprint.post("/studio/changes", endpoint="open")
@login_required(back="studio.index")
def open_change() -> ResponseReturnValue:
    """Fields `title`, `reason`, and `definition_id` where its file is to be opened at once."""
    actor = me()
    need_owner(actor)
    made = run(
        OpenChange(actor, request.form.get("title", ""), request.form.get("reason", "")),
        key=request.form.get("_key"),
        actor=actor,
    )
    return redirect(url_for("studio.show", change_id=made["id"]), 303)


@blueprint.get("/studio/changes/<change_id>")
@login_required
def show(change_id: str) -> ResponseReturnValue:
    return _page(change_id)


def _page(change_id: str, **said: Any) -> str:
    found = ask(ChangeView(me(), change_id))
    return render_template(
        "studio/change.html",
        change=row(found.change),
        files=[
            {
                "file": file,
                "kind": str(KINDS[file.kind]),
                "href": edit_href(change_id, file.name),
            }
            for file in found.files
        ],
        others=found.others,
        **said,
    )


def row(item: ChangeItem) -> dict[str, Any]:
    return {
        "id": item.id,
        "title": item.title,
        "reason": item.reason,
        "state": item.state,
        "state_words": str(STATES[item.state]),
        "by": item.created_by_name,
        "at": item.created_at,
        "ended_at": item.ended_at,
        "files": item.files,
        "may_edit": item.may_edit,
        "deployment_id": item.deployment_id,
    }
