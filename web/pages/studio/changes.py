"""The changes in work: begin one, what it holds, bring files in, give it up."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import policy
from engine.errors import DeploymentRefused, Invalid, NotFound, Refused
from engine.studio.changes import DropChange, OpenChange, TakeUpChange
from engine.studio.queries import ChangeItem, ChangeList, ChangeView, EditPlaces, FileItem
from engine.studio.rows import STATES
from engine.studio.starters import starter
from engine.studio.versions import BringFiles
from forms.i18n import T, gettext
from web.pages.desk import PAGE_SIZE, Pages, ask, me, offset, page_number, run
from web.pages.said import say
from web.pages.studio.common import KINDS, edit_href, findings, need_owner
from web.security import login_required

blueprint = Blueprint("studio", __name__)

NEW_KINDS = ("process", "decision", "form")
LISTED = ("process", "decision", "form", "test", None)  # in which order kinds stand on a page
BADGES = {"open": "active", "proposed": "waiting", "published": "done", "dropped": "plain"}


@blueprint.get("/studio")
@login_required
def index() -> ResponseReturnValue:
    return _index()


def _index(**tried: Any) -> str:
    """The changes: those in work, or all of them with `?all=1`."""
    actor = me()
    everything = "all" in request.args
    found = ask(ChangeList(actor, None if everything else "open", first_result=offset(), max_results=PAGE_SIZE))
    proposed = 0 if everything else ask(ChangeList(actor, "proposed", max_results=0)).total
    return render_template(
        "studio/index.html",
        changes=[row(item) for item in found.items],
        pages=Pages(page_number(), found.total, len(found.items)),
        everything=everything,
        proposed=proposed,
        may_edit=policy.allows(actor, "studio.edit"),
        **tried,
    )


@blueprint.get("/studio/changes/new")
@login_required
def new() -> ResponseReturnValue:
    """Where to edit a definition (`?definition_id=`): in a change that is open, or in a new one."""
    definition_id = request.args.get("definition_id")
    need_owner(me())
    return _new(definition_id) if definition_id else redirect(url_for("studio.index"), 303)


def _new(definition_id: str, **tried: Any) -> str:
    actor = me()
    need_owner(actor)
    file, name, places = ask(EditPlaces(actor, definition_id))
    if file is None:
        raise NotFound(T("只有启用中的版本可以修改。请从启用的版本打开。"))
    return render_template(
        "studio/new.html",
        definition_id=definition_id,
        file=file,
        name=gettext(name),
        places=[{**row(item), "held": held, "href": edit_href(item.id, file)} for item, held in places],
        **tried,
    )


@blueprint.post("/studio/changes", endpoint="open")
@login_required(back="studio.index")
def open_change() -> ResponseReturnValue:
    """Fields `title`, `reason`, and `definition_id` where its file is to be opened at once."""
    actor = me()
    need_owner(actor)
    definition_id = request.form.get("definition_id", "")
    command = OpenChange(actor, request.form.get("title", ""), request.form.get("reason", ""))
    try:
        made = run(command, key=request.form.get("_key"), actor=actor)
    except Invalid as error:
        tried = {"errors": error.first, "tried": request.form}
        return (_new(definition_id, **tried) if definition_id else _index(**tried)), 422
    if definition_id:
        file, _, _ = ask(EditPlaces(actor, definition_id))
        if file is not None:
            return redirect(edit_href(made["id"], file), 303)
    return redirect(url_for("studio.show", change_id=made["id"]), 303)


@blueprint.get("/studio/changes/<change_id>")
@login_required
def show(change_id: str) -> ResponseReturnValue:
    return _page(change_id)


@blueprint.post("/studio/changes/<change_id>/files", endpoint="bring")
@login_required(back="studio.show", keep=False)
def bring(change_id: str) -> ResponseReturnValue:
    """Files from one's own computer (`files`, several), kept as versions of the change."""
    actor = me()
    need_owner(actor)
    sent = [file for file in request.files.getlist("files") if file.filename]
    named = [((file.filename or "").replace("\\", "/").rpartition("/")[2], file) for file in sent]
    if twice := [name for name, count in Counter(name for name, _ in named).items() if count > 1]:
        return _page(change_id, errors={"files": gettext("同名文件选了两次：{names}。", names=twice)}), 422
    files = {name: file.read() for name, file in named}
    try:
        made = run(BringFiles(change_id, files, actor, request.form.get("comment", "")))["files"]
    except DeploymentRefused as refused:
        return _page(change_id, refused=findings(refused.problems)), 422
    except (Invalid, Refused) as error:
        told = error.first.get("files", error.text) if isinstance(error, Invalid) else error.text
        return _page(change_id, errors={"files": told}), 422
    if made:
        say(gettext("已带入 {n} 个文件。", n=len(made)))
    else:
        say(gettext("这些文件与现有内容完全相同，没有变化。"), "info")
    return redirect(url_for("studio.show", change_id=change_id), 303)


@blueprint.post("/studio/changes/<change_id>/new", endpoint="create")
@login_required(back="studio.show")
def create(change_id: str) -> ResponseReturnValue:
    """A new file (`kind`, `key`, `name`) from what its kind begins with; its editor opens."""
    actor = me()
    need_owner(actor)
    tried = {"tried": request.form}
    try:
        file, raw = starter(request.form.get("kind", ""), request.form.get("key", ""), request.form.get("name", ""))
        view = ask(ChangeView(actor, change_id))
        if file in {one.name for one in view.files} | {one.name for one in view.others}:
            raise Invalid({"key": [T("已经有 {file} 了，请换一个编号。", file=file)]})
        run(BringFiles(change_id, {file: raw}, actor, gettext("新建")))
    except Invalid as error:
        return _page(change_id, errors=error.first, **tried), 422
    return redirect(edit_href(change_id, file), 303)


@blueprint.post("/studio/changes/<change_id>/drop", endpoint="drop")
@login_required(back="studio.show")
def drop(change_id: str) -> ResponseReturnValue:
    actor = me()
    need_owner(actor)
    try:
        run(DropChange(change_id, actor, request.form.get("reason", "")))
    except Invalid as error:
        return _page(change_id, errors=error.first, tried=request.form), 422
    say(gettext("已放弃这个改动。写过的内容都还在，可以随时恢复编辑。"))
    return redirect(url_for("studio.show", change_id=change_id), 303)


@blueprint.post("/studio/changes/<change_id>/take-up", endpoint="take_up")
@login_required(back="studio.show")
def take_up(change_id: str) -> ResponseReturnValue:
    actor = me()
    need_owner(actor)
    run(TakeUpChange(change_id, actor))
    say(gettext("已恢复编辑。"))
    return redirect(url_for("studio.show", change_id=change_id), 303)


def _page(change_id: str, **said: Any) -> str:
    actor = me()
    found = ask(ChangeView(actor, change_id))
    return render_template(
        "studio/change.html",
        change=row(found.change),
        files=[_file(change_id, file, actor.username) for file in found.files],
        others=[
            {
                "kind": str(KINDS[kind]),
                "files": [
                    {"name": one.name, "title": gettext(one.title), "href": edit_href(change_id, one.name)}
                    for one in sorted(several, key=lambda one: one.name)
                ],
            }
            for kind, several in groupby(
                sorted(found.others, key=lambda one: LISTED.index(one.kind)), lambda one: one.kind
            )
        ],
        new_kinds=[(kind, str(KINDS[kind])) for kind in NEW_KINDS],
        may_take_up=found.change.state == "dropped" and policy.allows(actor, "studio.edit"),
        **said,
    )


def _file(change_id: str, file: FileItem, reader: str) -> dict[str, Any]:
    """A line of the page of a change. `there`: who else has the file open, in words."""
    others = [one for one in file.there if one.username != reader]
    return {
        "file": file,
        "title": gettext(file.title),
        "kind": str(KINDS[file.kind]),
        "key": file.key,
        "href": edit_href(change_id, file.name),
        "there": [
            gettext("{name}正在改，有未保存的修改", name=one.name)
            if one.typing
            else gettext("{name}开着这个文件", name=one.name)
            for one in others
        ],
    }


def row(item: ChangeItem) -> dict[str, Any]:
    """A change as lists and headings show it."""
    return {
        "id": item.id,
        "title": item.title,
        "reason": item.reason,
        "state": item.state,
        "state_words": str(STATES[item.state]),
        "badge": BADGES[item.state],
        "by": item.created_by_name,
        "at": item.created_at,
        "ended_at": item.ended_at,
        "files": item.files,
        "may_edit": item.may_edit,
        "deployment_id": item.deployment_id,
    }
