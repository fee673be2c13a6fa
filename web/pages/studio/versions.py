"""Every saved version of a file, going back to one, and what to do where two people saved."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.errors import DeploymentRefused, NotFound, Refused
from engine.studio.drafts import DropDraft, KeepDraft
from engine.studio.queries import FileDetail, FileHistory, FileView, VersionItem
from engine.studio.versions import AcceptRelease, RemoveFile, RestoreVersion, SaveVersion
from forms.i18n import T, gettext
from web.pages.desk import PAGE_SIZE, Pages, ask, me, offset, page_number, run
from web.pages.said import say
from web.pages.studio import comparing
from web.pages.studio.common import edit_href, need_owner
from web.security import login_required

blueprint = Blueprint("studioversion", __name__, url_prefix="/studio/changes/<change_id>/files/<file>")


@blueprint.get("/history")
@login_required
def history(change_id: str, file: str) -> ResponseReturnValue:
    actor = me()
    found = ask(FileView(actor, change_id, file))
    versions = ask(FileHistory(actor, change_id, file))
    lines = list(zip_longest(versions, versions[1:]))[offset() : offset() + PAGE_SIZE]
    return render_template(
        "studio/history.html",
        **_about(found),
        versions=[_version(found, item, before) for item, before in lines],
        pages=Pages(page_number(), len(versions), len(lines)),
    )


def _version(found: FileDetail, item: VersionItem, before: VersionItem | None) -> dict[str, Any]:
    """A line of the history. It is compared with the version before it, or with the active release's file."""
    earlier = before.number if before is not None and not before.removed else 0
    return {
        "item": item,
        "current": item.number == found.number and found.held,
        "compare_href": None if item.removed else comparing.href(_side(found, earlier), _side(found, item.number)),
    }


def _side(found: FileDetail, number: int) -> str:
    return f"change:{found.change.id}:{found.name}:{number}"


@blueprint.post("/restore")
@login_required(back="studioversion.history")
def restore(change_id: str, file: str) -> ResponseReturnValue:
    """Field `number`: the version that is to be the newest again; 0 is the active release's."""
    actor = me()
    need_owner(actor)
    try:
        made = run(RestoreVersion(change_id, file, _number("number"), actor, request.form.get("comment", "")))
    except DeploymentRefused as refused:
        raise Refused(T("这个版本按现在的规则不能再保存：{why}", why=refused.problems[0].text)) from refused
    say(gettext("已恢复，现在是第 {n} 版。", n=made["number"]))
    return redirect(url_for("studioversion.history", change_id=change_id, file=file), 303)


@blueprint.post("/remove")
@login_required(back="studioversion.history")
def remove(change_id: str, file: str) -> ResponseReturnValue:
    actor = me()
    need_owner(actor)
    run(RemoveFile(change_id, file, actor))
    say(gettext("{file} 已移出这个改动，恢复为启用的版本。写过的版本都还在。", file=file))
    return redirect(url_for("studio.show", change_id=change_id), 303)


@blueprint.post("/accept")
@login_required(back="studio.show")
def accept(change_id: str, file: str) -> ResponseReturnValue:
    """The reader looked at what became active meanwhile; the change's file stays as it is."""
    actor = me()
    need_owner(actor)
    run(AcceptRelease(change_id, file, actor, gettext("已与启用的版本核对")))
    say(gettext("已记下：{file} 与启用的版本核对过。", file=file))
    return redirect(url_for("studio.show", change_id=change_id), 303)


@blueprint.get("/conflict")
@login_required
def conflict(change_id: str, file: str) -> ResponseReturnValue:
    """What the reader has not saved, beside what somebody else saved since."""
    actor = me()
    need_owner(actor)
    found = ask(FileView(actor, change_id, file))
    if found.draft is None or found.draft.base == found.number:
        say(gettext("没有要核对的：您没有未保存的草稿，或者草稿就是从最新版本写起的。"), "info")
        return redirect(edit_href(change_id, file), 303)
    base, theirs = _side(found, found.draft.base), _side(found, found.number)
    mine = f"draft:{change_id}:{file}"
    return render_template(
        "studio/conflict.html",
        **_about(found),
        **comparing.laid(comparing.side(actor, theirs), comparing.side(actor, mine)),
        mine_href=comparing.href(base, mine),
        theirs_href=comparing.href(base, theirs),
    )


@blueprint.post("/conflict", endpoint="resolve")
@login_required(back="studioversion.conflict")
def resolve(change_id: str, file: str) -> ResponseReturnValue:
    """Field `take`: `mine` saves the draft over what was saved (which stays in the history), `theirs` forgets the draft, `both`
    goes on writing from the draft, knowing the other. `seen`: the version the page showed."""
    actor = me()
    need_owner(actor)
    found = ask(FileView(actor, change_id, file))
    if found.draft is None:
        raise NotFound(T("您在这个文件里没有未保存的草稿。"))
    take = request.form.get("take")
    seen = _number("seen")
    if seen != found.number:
        say(gettext("这期间又有人保存了新的版本，请再看一遍。"), "info")
        return redirect(url_for("studioversion.conflict", change_id=change_id, file=file), 303)
    if take == "mine":
        made = run(SaveVersion(change_id, file, actor, found.draft.content, request.form.get("comment", ""), seen))
        say(gettext("已保存为第 {n} 版。对方的版本也留在历史里。", n=made["number"]))
    elif take == "theirs":
        run(DropDraft(change_id, file, actor))
        say(gettext("已采用第 {n} 版，您的草稿已放弃。", n=found.number))
    else:
        run(KeepDraft(change_id, file, actor, found.draft.content, found.number))
        say(gettext("您可以接着改自己的草稿；保存时以您的为准。"), "info")
    return redirect(edit_href(change_id, file), 303)


def _about(found: FileDetail) -> dict[str, Any]:
    return {
        "change": found.change,
        "file": found,
        "title": gettext(found.title),
        "edit_href": edit_href(found.change.id, found.name),
        "editable": found.change.may_edit,
    }


def _number(name: str) -> int:
    """Raises NotFound: only a page that was tampered with sends anything else."""
    sent = request.form.get(name, "")
    if not (sent.isascii() and sent.isdigit() and len(sent) < 9):
        raise NotFound(T("没有这个版本。"))
    return int(sent)
