"""The first page: what this is, for those who are not logged in; else straight to one's own work. And the language."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from forms.i18n import LANGUAGES
from processes.openness.notices import RunningNotices
from web.language import COOKIE
from web.pages.desk import ask, in_group
from web.robots import indexable
from web.security import anonymous_form, current_actor, password_pending, safe_path

blueprint = Blueprint("home", __name__)

A_YEAR = 365 * 24 * 3600


@blueprint.get("/")
@indexable
def index() -> ResponseReturnValue:
    if password_pending() is not None and current_actor() is None:
        return redirect(url_for("session.password"), 303)
    actor = current_actor()
    if actor is None:
        return render_template("home.html", hide_login=True, running=ask(RunningNotices()))
    return redirect(url_for("own.index" if in_group(actor, "candidate") else "work.index"), 303)


@blueprint.post("/language")
@anonymous_form
def set_language() -> ResponseReturnValue:
    """Keep the reader's language in a cookie and go back to where they were."""
    chosen = request.form.get("language", "")
    response = redirect(safe_path(request.form.get("next")), 303)
    if chosen in LANGUAGES:
        response.set_cookie(
            COOKIE, chosen, max_age=A_YEAR, path="/", secure=request.is_secure, httponly=True, samesite="Lax"
        )
    return response
