"""A whole deployment out as one file, and in again as a change."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.errors import DeploymentRefused, Invalid, Refused
from engine.studio.bundle import ExportDeployment, ImportBundle
from forms.i18n import gettext
from web.pages.desk import ask, me, run
from web.pages.said import say
from web.pages.studio.common import need_owner
from web.security import login_required

blueprint = Blueprint("bundle", __name__)


@blueprint.get("/deployments/<deployment_id>/export")
@login_required
def export(deployment_id: str) -> ResponseReturnValue:
    made = ask(ExportDeployment(me(), deployment_id))
    response = Response(made.content, content_type="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="{made.file_name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/studio/import")
@login_required
def new() -> ResponseReturnValue:
    need_owner(me())
    return render_template("studio/import.html", errors={}, summary=[], title="")


@blueprint.post("/studio/import", endpoint="bring")
@login_required(back="bundle.new")
def bring() -> ResponseReturnValue:
    actor = me()
    need_owner(actor)
    sent = request.files.get("bundle")
    title = request.form.get("title", "").strip()
    errors: dict[str, str] = {}
    refused: list[tuple[None, str]] = []
    if sent is None or not sent.filename:
        errors["bundle"] = gettext("请选择导出的压缩包。")
    else:
        try:
            made = run(ImportBundle(actor, title, sent.read()))
        except Invalid as error:
            errors = {name: str(text) for name, text in error.first.items()}
        except Refused as error:
            errors["bundle"] = str(error.text)
        except DeploymentRefused as error:
            refused = [(None, f"{problem.file}：{problem.text}") for problem in error.problems]
        else:
            say(gettext("已放进一个新的改动：{n} 个文件和启用中的版本不同。", n=made["files"]))
            return redirect(url_for("studio.show", change_id=made["id"]), 303)
    summary = [*((name, sentence) for name, sentence in errors.items()), *refused]
    return render_template("studio/import.html", errors=errors, summary=summary, title=title), 422
