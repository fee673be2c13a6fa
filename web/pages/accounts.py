"""Accounts, for the administrator: who there is, what they belong to and where, handing out a new password."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.errors import Conflict, Invalid, Refused
from engine.identity.accounts import (
    AccountItem,
    AccountList,
    AccountView,
    CreateAccount,
    DisableAccount,
    SetPassword,
)
from engine.identity.memberships import GrantMembership, RevokeMembership
from engine.registry import Membership
from forms.i18n import gettext
from web.context import engine, wiring
from web.pages.desk import PAGE_SIZE, Pages, ask, group_name, me, offset, page_number, run
from web.pages.said import say
from web.security import login_required

blueprint = Blueprint("account", __name__)

SPARE_ROWS = 2  # empty lines for new memberships; saving gives new ones
LONGEST_SEARCH = 100


@dataclass(frozen=True)
class Typed:
    """What the account form holds."""

    username: str = ""
    name: str = ""
    memberships: list[Membership] = field(default_factory=list)


def in_words(belongs: Membership) -> str:
    """`单位人事（unit:u01）`, `系统管理员` for everywhere."""
    if belongs.scope is None:
        return group_name(belongs.group)
    return gettext("{group}（{scope}）", group=group_name(belongs.group), scope=belongs.scope)


@blueprint.get("/accounts")
@login_required
def index() -> ResponseReturnValue:
    q = request.args.get("q", "").strip()[:LONGEST_SEARCH]
    found = ask(AccountList(me(), q=q or None, first_result=offset(), max_results=PAGE_SIZE))
    rows = [
        {
            "username": item.username,
            "name": item.name,
            "groups": [in_words(belongs) for belongs in item.memberships],
            "disabled": item.disabled,
        }
        for item in found.items
    ]
    return render_template(
        "accounts.html", accounts=rows, pages=Pages(page_number(), found.total, len(found.items)), q=q
    )


@blueprint.get("/accounts/new")
@login_required
def new() -> ResponseReturnValue:
    ask(AccountList(me(), max_results=1))  # raises Forbidden for everybody but the administrator
    return _page(None, Typed())


@blueprint.post("/accounts/new", endpoint="create")
@login_required(back="account.new")
def create() -> ResponseReturnValue:
    typed = Typed(request.form.get("username", ""), request.form.get("name", ""), _typed_memberships())
    errors = {} if typed.memberships else {"memberships": gettext("请至少选一个组，否则这个账号什么也看不到。")}
    if not errors:
        try:
            made = run(CreateAccount(typed.username, typed.name, me(), tuple(dict.fromkeys(typed.memberships))))
        except Invalid as error:
            errors = {path: str(sentence) for path, sentence in error.first.items()}
        except Conflict as error:
            errors = {"username": str(error.text)}
        else:
            return _shown_once(made["username"], made["one_time_password"])
    return _page(None, typed, errors), 422


@blueprint.get("/accounts/<username>")
@login_required
def show(username: str) -> ResponseReturnValue:
    account = ask(AccountView(username, me()))
    return _page(account, Typed(account.username, account.name, list(account.memberships)))


@blueprint.post("/accounts/<username>", endpoint="save")
@login_required(back="account.show")
def save(username: str) -> ResponseReturnValue:
    """Make the memberships what the form says."""
    actor = me()
    account = ask(AccountView(username, actor))
    wanted, held = _typed_memberships(), set(account.memberships)
    at = wiring().wall.now()
    try:
        for belongs in _ordered(set(wanted) - held):
            run(GrantMembership(username, belongs, actor, at))
        for belongs in _ordered(held - set(wanted)):
            run(RevokeMembership(username, belongs, actor, at))
    except Invalid as error:
        sentences = [str(sentence) for found in error.errors.values() for sentence in found]
        return _page(account, Typed(username, account.name, wanted), {"memberships": sentences[0]}), 422
    except Refused as error:
        return _page(account, Typed(username, account.name, wanted), {"memberships": str(error.text)}), 422
    say(gettext("已保存。{name}的登录已退出，重新登录后按新的组办理。", name=account.name))
    return redirect(url_for("account.show", username=username), 303)


@blueprint.post("/accounts/<username>/password")
@login_required(back="account.show")
def reset(username: str) -> ResponseReturnValue:
    answer = run(SetPassword(username, me(), wiring().wall.now()))
    return _shown_once(answer["username"], answer["one_time_password"])


@blueprint.post("/accounts/<username>/disabled")
@login_required(back="account.show")
def disable(username: str) -> ResponseReturnValue:
    disabled = request.form.get("disabled") == "1"
    try:
        run(DisableAccount(username, me(), wiring().wall.now(), disabled=disabled))
    except Refused as error:
        say(str(error.text), "error")
    else:
        say(gettext("账号已停用。") if disabled else gettext("账号已恢复使用。"))
    return redirect(url_for("account.show", username=username), 303)


def _shown_once(username: str, password: str) -> str:
    """Answered at once and kept nowhere: neither a redirect nor a cookie carries a password."""
    account = ask(AccountView(username, me()))
    typed = Typed(account.username, account.name, list(account.memberships))
    return _page(account, typed, shown_once={"username": username, "password": password})


def _page(
    account: AccountItem | None,
    typed: Typed,
    errors: dict[str, str] | None = None,
    shown_once: dict[str, Any] | None = None,
) -> str:
    targets = {"memberships": "group-1"}
    found = errors or {}
    known = {key: str(label) for key, label in engine().registry.groups.items()}
    known |= {belongs.group: belongs.group for belongs in typed.memberships if belongs.group not in known}
    return render_template(
        "account.html",
        account=account,
        form=typed,
        rows=[*typed.memberships, *[Membership("")] * SPARE_ROWS],
        groups=sorted(known.items(), key=lambda pair: pair[1]),
        errors=found,
        summary=[(targets.get(path, path), sentence) for path, sentence in found.items()],
        shown_once=shown_once,
    )


def _typed_memberships() -> list[Membership]:
    pairs = zip(request.form.getlist("group"), request.form.getlist("scope"), strict=False)
    return [Membership(group.strip(), scope.strip() or None) for group, scope in pairs if group.strip()]


def _ordered(memberships: Iterable[Membership]) -> list[Membership]:
    return sorted(memberships, key=lambda belongs: (belongs.group, belongs.scope or ""))
