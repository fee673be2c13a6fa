"""Logging in, logging out, changing one's password."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import Headers

from engine.errors import Invalid, TooMany, Unauthenticated
from engine.identity.accounts import change_password
from engine.registry import Actor
from forms.i18n import gettext
from web import security
from web.context import engine, wiring
from web.pages.said import say
from web.security import anonymous_form, current_actor, password_pending, safe_path

blueprint = Blueprint("session", __name__)


@blueprint.get("/login")
def login() -> ResponseReturnValue:
    if current_actor() is not None:
        return redirect(safe_path(request.args.get("next")), 303)
    return render_template("login.html", next=request.args.get("next"), kept=None, hide_login=True)


@blueprint.post("/login", endpoint="enter")
@anonymous_form
def enter() -> ResponseReturnValue:
    username = request.form.get("username", "")
    password = request.form.get("password", "")
    kept, next_path = request.form.get("kept") or None, request.form.get("next") or None
    missing = {}
    if not username.strip():
        missing["username"] = gettext("请输入用户名。")
    if not password:
        missing["password"] = gettext("请输入密码。")
    problem, status, headers = None, 422, Headers()
    if not missing:
        try:
            return redirect(security.log_in(username, password, kept=kept, next_path=next_path), 303)
        except Unauthenticated:
            # The same words for an unknown account and a wrong password: neither is confirmed to a stranger.
            problem, status = gettext("用户名或密码不正确。密码区分大小写，请检查后再试。"), 401
        except TooMany as error:
            problem, status = str(error.text), 429
            headers["Retry-After"] = str(error.facts.get("retry_after", 60))
    page = render_template(
        "login.html",
        username=username[:200],
        next=next_path,
        kept=kept,
        problem=problem,
        errors=missing,
        hide_login=True,
    )
    return page, status, headers


@blueprint.post("/logout")
def logout() -> ResponseReturnValue:
    security.log_out()
    say(gettext("已退出登录。"))
    return redirect(url_for("home.index"), 303)


@blueprint.get("/password")
def password() -> ResponseReturnValue:
    if _anybody() is None:
        return redirect(url_for("session.login", next=request.path), 303)
    return _password_page({})


@blueprint.post("/password", endpoint="change")
def change() -> ResponseReturnValue:
    actor = _anybody()
    if actor is None:
        return redirect(url_for("session.login", next=url_for("session.password")), 303)
    current, new = request.form.get("current", ""), request.form.get("new", "")
    errors: dict[str, str] = {}
    if not current:
        errors["current"] = gettext("请输入现在的密码。")
    if not new:
        errors["new"] = gettext("请输入新密码。")
    elif new != request.form.get("again", ""):
        errors["again"] = gettext("两次输入的新密码不一样，请重新输入。")
    if not errors:
        try:
            opened = change_password(engine(), actor, current, new, address=security.address(), at=wiring().wall.now())
        except Invalid as error:
            errors = {path: str(sentence) for path, sentence in error.first.items()}
        except TooMany as error:
            errors["current"] = str(error.text)
        else:
            security.renew_session(opened.key)
            say(gettext("密码已修改，其他设备上的登录已全部退出。"))
            return redirect(url_for("home.index"), 303)
    return _password_page(errors), 422


def _anybody() -> Actor | None:
    """A handed-out password must be changed before anything else, so this page knows those people too."""
    return current_actor() or password_pending()


def _password_page(errors: dict[str, str]) -> str:
    return render_template(
        "password.html",
        errors=errors,
        summary=list(errors.items()),
        forced=password_pending() is not None and current_actor() is None,
    )
