"""Two versions side by side: diagrams, tables, forms and texts.

A side is named by a text: `change:<change>:<file>:<number>` (a saved version, 0 the active release's), `change:<change>:<file>` (as the
change has it now), `draft:<change>:<file>` (what the reader has not saved), `definition:<definition>`, or `nothing:<file>`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.commands import contents
from engine.errors import NotFound
from engine.queries.definitions import DefinitionView, DefinitionXml
from engine.registry import Actor
from engine.studio.comparing import Comparison, compare
from engine.studio.differences import ADDED, CHANGED, MOVED, REMOVED, SORTS
from engine.studio.queries import DraftContent, FileHistory, FileView, VersionContent
from forms.i18n import T, gettext
from web.pages.desk import ask, me
from web.pages.words import when
from web.security import login_required

blueprint = Blueprint("compare", __name__)

SIGNS = {ADDED: "+", REMOVED: "−", CHANGED: "≠", MOVED: "↔"}


@dataclass(frozen=True)
class Side:
    """`content` None: there is no such file on this side. `address`: where scripts get the bytes."""

    name: str  # of the file
    title: str
    content: bytes | None
    address: str


@blueprint.get("/studio/compare")
@login_required
def show() -> ResponseReturnValue:
    actor = me()
    if not request.args.get("left") or not request.args.get("right"):
        return redirect(url_for("process.index"), 303)
    left, right = (side(actor, request.args.get(name, "")) for name in ("left", "right"))
    return render_template("studio/compare.html", back=_back(actor), **laid(left, right))


@blueprint.get("/studio/compare/side")
@login_required
def text() -> ResponseReturnValue:
    """One side's bytes, for the drawing."""
    found = side(me(), request.args.get("of", ""))
    if found.content is None:
        raise NotFound(T("没有这个文件。"))
    response = Response(found.content, content_type="text/plain; charset=utf-8")
    # Somebody's file on our own address: opened by itself it must be able to do nothing.
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "no-store"
    return response


def laid(left: Side, right: Side) -> dict[str, Any]:
    """What templates/studio/compare_body.html shows. `marks` are for the island: which elements to colour on which side."""
    found = compare(right.name or left.name, left.content, right.content)
    return {
        "left": left,
        "right": right,
        "found": found,
        "counts": [(sort, gettext_of(sort), n) for sort, n in found.counts.items() if n],
        "differences": [
            {
                "sort": one.sort,
                "sign": SIGNS[one.sort],
                "words": gettext_of(one.sort),
                "element": one.element or "",
                "kind": str(one.kind),
                "name": gettext(one.name) if one.name else "",
                "details": [
                    {"name": str(detail.name), "before": detail.before, "after": detail.after} for detail in one.details
                ],
            }
            for one in found.differences
        ],
        "marks": {"differences": marks(found)},
        "drawn": found.kind == "process",
    }


def marks(found: Comparison) -> list[dict[str, str]]:
    """For the island: `[{element, sort, sign, words}]`."""
    return [
        {"element": one.element, "sort": one.sort, "sign": SIGNS[one.sort], "words": gettext_of(one.sort)}
        for one in found.differences
        if one.element
    ]


def gettext_of(sort: str) -> str:
    return str(SORTS[sort])


def side(actor: Actor, named: str) -> Side:
    """Raises NotFound, Forbidden."""
    what, _, rest = named.partition(":")
    address = url_for("compare.text", of=named)
    match what, rest.split(":"):
        case "definition", [definition_id]:
            item = ask(DefinitionView(actor, definition_id))
            found = ask(DefinitionXml(actor, definition_id))
            title = gettext("{name}，第 {n} 版", name=gettext(item.name), n=item.version)
            return Side(found.file_name, title, found.content, address)
        case "draft", [change_id, file]:
            draft = ask(DraftContent(actor, change_id, file))
            if draft is None:
                raise NotFound(T("您在这个文件里没有未保存的内容。"))
            return Side(file, gettext("我没有保存的内容（{at}）", at=when(draft.at)), draft.content, address)
        case "change", [change_id, file]:
            view = ask(FileView(actor, change_id, file))
            title = gettext("改动“{title}”里的内容", title=view.change.title) if view.held else gettext("启用中的版本")
            return Side(file, title, view.content, address)
        case "change", [change_id, file, number] if number.isascii() and number.isdigit() and len(number) < 10:
            return _version(actor, change_id, file, int(number), address)
        case "nothing", [file] if contents.kind_of(file) is not None:
            return Side(file, gettext("（没有这个文件）"), None, address)
    raise NotFound(T("没有可以比较的内容，请从改动或者版本的页面进入。"))


def _version(actor: Actor, change_id: str, file: str, number: int, address: str) -> Side:
    if number == 0:
        try:
            return Side(file, gettext("启用中的版本"), ask(VersionContent(actor, change_id, file, 0)), address)
        except NotFound:
            ask(FileView(actor, change_id, file))  # it is new; a change that is not there is still not found
            return Side(file, gettext("（启用中的版本没有这个文件）"), None, address)
    content = ask(VersionContent(actor, change_id, file, number))
    saved = next(one for one in ask(FileHistory(actor, change_id, file)) if one.number == number)
    title = gettext("第 {n} 次保存（{who}，{at}）", n=number, who=saved.author_name or saved.author, at=when(saved.at))
    return Side(file, title, content, address)


def _back(actor: Actor) -> tuple[str, str] | None:
    """Where the reader came from, as the right side tells: its text and address."""
    match request.args.get("right", "").split(":"):
        case ["change" | "draft", change_id, file, *_]:
            view = ask(FileView(actor, change_id, file))
            return view.change.title, url_for("studio.show", change_id=change_id)
        case ["definition", definition_id]:
            item = ask(DefinitionView(actor, definition_id))
            return gettext(item.name), url_for("process.show", definition_id=definition_id)
    return None


def href(left: str, right: str) -> str:
    return url_for("compare.show", left=left, right=right)
