"""The editors' pages, and what their scripts ask: drafts, versions, who else is at work, what the lint says."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from engine.clock import local
from engine.errors import Conflict, Invalid, NotFound
from engine.studio.drafts import DropDraft, KeepDraft
from engine.studio.queries import FileDetail, FileView, VersionContent
from engine.studio.versions import SaveVersion
from forms.i18n import T, gettext
from web import problems
from web.pages.desk import ask, me, run
from web.pages.said import say
from web.pages.studio.common import EDITORS, KINDS, as_json, check, editor_page, findings, need_owner, need_reader
from web.security import csrf_token, login_required

blueprint = Blueprint("studiofile", __name__, url_prefix="/studio/changes/<change_id>/files/<file>")


# --- the page ----------------------------------------------------------------------------------------------------------


@blueprint.get("")
@login_required
def edit(change_id: str, file: str) -> ResponseReturnValue:
    """The editor of a file's kind; `?source=1` its plain text, `?line=` where to begin in it."""
    found = ask(FileView(me(), change_id, file))
    as_text = "source" in request.args or found.kind not in EDITORS
    template = "source" if as_text else EDITORS[found.kind or ""]
    return editor_page(f"studio/{template}.html", **shown(found), as_text=as_text)


@blueprint.post("")
@login_required(back="studiofile.edit")
def save(change_id: str, file: str) -> ResponseReturnValue:
    """The plain text as a form, where no script saves it: fields `content`, `comment`, `seen`."""
    actor = me()
    need_owner(actor)
    found = ask(FileView(actor, change_id, file))
    content = as_it_was(request.form.get("content", ""), found.content).encode()
    seen = request.form.get("seen", "")
    command = SaveVersion(
        change_id, file, actor, content, request.form.get("comment", ""), int(seen) if seen.isdecimal() else 0
    )
    try:
        made = run(command)
    except Conflict as moved:
        if moved.code != "VERSION_MOVED":
            raise
        say(str(moved.text), "error")
        return redirect(url_for("studioversion.conflict", change_id=change_id, file=file), 303)
    say(gettext("已保存为第 {n} 版。", n=made["number"]))
    return redirect(url_for("studiofile.edit", change_id=change_id, file=file, source=1), 303)


def shown(found: FileDetail) -> dict[str, Any]:
    """What editor.html says of a file."""
    text = found.content.decode("utf-8", "replace")
    return {
        "change": found.change,
        "file": found,
        "title": gettext(found.title),
        "kind_words": str(KINDS[found.kind]),
        "text": found.draft.content.decode("utf-8", "replace") if found.draft and found.change.may_edit else text,
        "editable": found.change.may_edit,
        "has_editor": found.kind in EDITORS,
    }


def as_it_was(sent: str, before: bytes) -> str:
    """A form sends every line's end as CR LF; the file keeps those it has."""
    return sent if b"\r\n" in before else sent.replace("\r\n", "\n")


# --- what the editors ask ----------------------------------------------------------------------------------------------


@blueprint.get("/state")
@login_required
def state(change_id: str, file: str) -> ResponseReturnValue:
    """What an editor begins with. `csrf` is this login's: a page that outlived its login asks again."""
    actor = me()
    found = ask(FileView(actor, change_id, file))
    draft = found.draft
    return as_json(
        {
            "content": _text(found.content),
            "number": found.number,
            "by": found.author_name,
            "at": local(found.at).isoformat() if found.at else None,
            "comment": found.comment,
            "draft": {"content": _text(draft.content), "base": draft.base, "at": local(draft.at).isoformat()}
            if draft
            else None,
            "others": [
                {"name": other.name, "at": local(other.at).isoformat(), "typing": other.typing}
                for other in found.others
            ],
            "editable": found.change.may_edit,
            "me": actor.username,
            "csrf": csrf_token(),
        }
    )


@blueprint.put("/draft")
@login_required(keep=False)
def draft(change_id: str, file: str) -> ResponseReturnValue:
    """`{"content": text or null, "base": number}`: keep it, or only say that the file is open. Answers as `KeepDraft`."""
    actor = me()
    need_owner(actor)
    body = _body()
    content = None if body.get("content") is None else _bytes(body)
    return as_json(run(KeepDraft(change_id, file, actor, content, _number(body, "base"))))


@blueprint.delete("/draft")
@login_required(keep=False)
def drop_draft(change_id: str, file: str) -> ResponseReturnValue:
    actor = me()
    need_owner(actor)
    run(DropDraft(change_id, file, actor))
    return Response(status=204)


@blueprint.post("/versions")
@login_required(keep=False)
def versions(change_id: str, file: str) -> ResponseReturnValue:
    """`{"content", "comment", "seen"}` -> 201 `{"number"}`. 409 VERSION_MOVED also says `latest` and `href`, where both versions
    stand side by side; 422 `problems` as everywhere."""
    actor = me()
    need_owner(actor)
    body = _body()
    comment = body.get("comment") or ""
    if not isinstance(comment, str):
        raise Invalid({"comment": [T("请发送文字。")]})
    try:
        return as_json(run(SaveVersion(change_id, file, actor, _bytes(body), comment, _number(body, "seen"))), 201)
    except Conflict as moved:
        if moved.code != "VERSION_MOVED":
            raise
        told = problems.problem(moved) | {
            "by": moved.facts["by"],
            "at": local(moved.facts["at"]).isoformat(),
            "latest": moved.facts["latest"],
            "href": url_for("studioversion.conflict", change_id=change_id, file=file),
        }
        return as_json(told, 409)


@blueprint.post("/check")
@login_required(keep=False)
def checked(change_id: str, file: str) -> ResponseReturnValue:
    """`{"content"}` -> `{"problems": [{file, line, element, code, severity, text, remedy}]}`. Nothing is kept; who may only look at the
    file sees what stands against it too."""
    actor = me()
    need_reader(actor)
    return as_json({"problems": findings(check(actor, change_id, file, _bytes(_body())))})


@blueprint.get("/versions/<int:number>")
@login_required
def version(change_id: str, file: str, number: int) -> ResponseReturnValue:
    """The bytes of one version, for the viewer and to be kept as a file; it never changes, save number 0."""
    raw = ask(VersionContent(me(), change_id, file, number))
    response = Response(raw, content_type="text/plain; charset=utf-8")
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    if "download" in request.args:
        response.headers.set("Content-Disposition", "attachment", filename=file)
    return response


def _body() -> dict[str, Any]:
    body = request.get_json()
    if not isinstance(body, dict):
        raise Invalid({"content": [T("请发送文字。")]})
    return body


def _bytes(body: dict[str, Any]) -> bytes:
    content = body.get("content")
    if not isinstance(content, str):
        raise Invalid({"content": [T("请发送文字。")]})
    return content.encode()


def _number(body: dict[str, Any], name: str) -> int:
    number = body.get(name)
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < 2**31:
        raise Invalid({name: [T("不是一个数。")]})
    return number


def _text(raw: bytes) -> str:
    """Raises NotFound for what is no text: no editor could give it back unchanged."""
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise NotFound(T("这个文件不是 UTF-8 文字，请下载后用别的工具修改。")) from error
