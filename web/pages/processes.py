"""Definitions in force and their history: the picture, the same in words, who may start it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, render_template, url_for
from flask.typing import ResponseReturnValue

from engine import policy
from engine.queries.definitions import DefinitionList, DefinitionView, DefinitionXml
from engine.queries.views import DefinitionItem
from forms.i18n import T, Text, gettext
from web.pages import clauses, heat, outline
from web.pages.desk import ask, me
from web.pages.nextsteps import in_words
from web.pages.studio.comparing import href as compare_href
from web.pages.work import startable
from web.security import login_required

blueprint = Blueprint("process", __name__)

KINDS = (
    ("process", T("流程图")),
    ("decision", T("决策表")),
    ("form", T("表单")),
    ("drawing", T("图纸（不执行）")),
)
DIAGRAMS = frozenset({"process", "drawing"})
NOT_RUN: Text = T("它没有标为可执行，或者用了系统不执行的元素")


@blueprint.get("/processes")
@login_required
def index() -> ResponseReturnValue:
    actor = me()
    found = ask(DefinitionList(actor, active=True, max_results=500)).items
    groups = [
        {"title": str(title), "rows": [_row(item) for item in found if item.kind == kind]} for kind, title in KINDS
    ]
    return render_template("processes.html", groups=groups)


def _row(item: DefinitionItem) -> dict[str, Any]:
    return {
        "id": item.id,
        "name": gettext(item.name),
        "key": item.key,
        "version": item.version,
        "drawing": item.kind == "drawing",
        "startable": item.may_start and item.kind == "process",
    }


@blueprint.get("/processes/<definition_id>")
@login_required
def show(definition_id: str) -> ResponseReturnValue:
    actor = me()
    item = ask(DefinitionView(actor, definition_id))
    versions = ask(DefinitionList(actor, kind=item.kind, key=item.key, max_results=100)).items
    content = ask(DefinitionXml(actor, definition_id)).content
    counted = item.kind == "process" and policy.allows(actor, "statistics.read")
    diagram = item.kind in DIAGRAMS
    drawn = outline.read(content, item.key) if diagram else None
    return render_template(
        "process.html",
        definition={
            **_row(item),
            "state": "active" if item.active else "superseded",
            "state_words": gettext("启用中") if item.active else gettext("不在启用的版本里"),
            "drawing": str(NOT_RUN) if item.kind == "drawing" else None,
            "startable": item.may_start and item.active and item.kind == "process",
            "action": startable(item.key, item.name)["action"],
            "xml_href": url_for("process.xml", definition_id=item.id) if diagram else None,
        },
        edit_href=url_for("studio.new", definition_id=item.id)
        if item.active and policy.allows(actor, "studio.edit")
        else None,
        heat=heat.of(actor, item, drawn) if counted and drawn else None,
        steps=steps(drawn) if drawn else [],
        clauses=clauses.of_definition(actor, item.id) if item.kind == "process" else [],
        source=None if diagram else content.decode("utf-8", "replace"),
        versions=[
            {
                "id": row.id,
                "version": row.version,
                "note": gettext("启用中") if row.active else "",
                "compare": _compare(row, item),
            }
            for row in sorted(versions, key=lambda row: -row.version)
        ],
    )


def _compare(row: DefinitionItem, here: DefinitionItem) -> str | None:
    """This version beside that of the page, the older on the left."""
    if row.id == here.id:
        return None
    old, new = sorted((row, here), key=lambda one: one.version)
    return compare_href(f"definition:{old.id}", f"definition:{new.id}")


@blueprint.get("/processes/<definition_id>/xml")
@login_required
def xml(definition_id: str) -> ResponseReturnValue:
    """The diagram for the viewer on our own pages; a stored version never changes, so the browser may keep it."""
    content = ask(DefinitionXml(me(), definition_id))
    response = Response(content.content, content_type="application/xml; charset=utf-8")
    response.headers["Cache-Control"] = "private, max-age=86400, immutable"
    # Somebody's file on our own address: opened by itself it must be able to do nothing.
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def steps(drawn: outline.Outline) -> list[dict[str, Any]]:
    """The steps of a diagram with what follows each, for reading aloud."""
    return [
        {
            "name": gettext(element.name),
            "lane": gettext(element.lane) if element.lane else "",
            "after": in_words(drawn.next_steps(element.id)),
        }
        for element in drawn.steps()
        if element.kind != "endEvent"
    ]
