"""From a change to a release: what has to be done first, who proposes, when it takes effect, and the way back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import policy
from engine.clock import SHANGHAI
from engine.commands.activate_deployment import ActivateDeployment
from engine.commands.contents import Content
from engine.commands.deploy import SYSTEM
from engine.errors import DeploymentRefused, Forbidden, Invalid, NotFound, Problem, ZhipingError
from engine.registry import Actor
from engine.studio.publishing import DropDate, NameDocument, ProposeChange, ReadPreview, TryChange, WithdrawProposal
from engine.studio.publishing_views import Checked, Checklist, ReleaseReview
from forms.i18n import T, gettext
from web.pages.desk import ask, me, run
from web.pages.said import say
from web.pages.studio.common import KINDS, edit_href, findings, need_owner
from web.pages.studio.comparing import href as compare_href
from web.pages.words import when
from web.security import login_required

blueprint = Blueprint("publishing", __name__)


@blueprint.get("/studio/changes/<change_id>/publish")
@login_required
def show(change_id: str) -> ResponseReturnValue:
    return _page(me(), change_id, {}, {})


@blueprint.post("/studio/changes/<change_id>/publish/tests")
@login_required(back="publishing.show")
def tests(change_id: str) -> ResponseReturnValue:
    """Play the scenario tests that the change concerns; what they showed stands on the page."""
    shown = run(TryChange(change_id, me()))
    if shown["failed"]:
        say(gettext("有 {n} 个场景测试没有通过。", n=shown["failed"]), "error")
    elif shown["passed"]:
        say(gettext("{n} 个场景测试全部通过。", n=shown["passed"]))
    else:
        say(gettext("没有和这次改动有关的场景测试，或者检查还有错误，测试没有运行。"))
    return redirect(url_for("publishing.show", change_id=change_id), 303)


@blueprint.post("/studio/changes/<change_id>/publish", endpoint="propose")
@login_required(back="publishing.show")
def propose(change_id: str) -> ResponseReturnValue:
    actor = me()
    need_owner(actor)
    typed = {name: request.form.get(name, "").strip() for name in ("reason", "document", "at", "read")}
    errors: dict[str, str] = {}
    at = instant(typed["at"], errors)
    if typed["read"] != "yes":
        errors["read"] = gettext("请看过检查结果里的提醒，再勾选这一项。")
    if errors:
        return _page(actor, change_id, errors, typed), 422
    try:
        made = run(ProposeChange(change_id, actor, typed["reason"], typed["document"], at))
    except Invalid as error:
        return _page(actor, change_id, {name: str(text) for name, text in error.first.items()}, typed), 422
    except DeploymentRefused as refused:
        return _page(actor, change_id, {}, typed, refused.problems), 422
    say(gettext("已提交，等另一位流程负责人启用。"))
    return redirect(url_for("release.show", deployment_id=made["id"]), 303)


@blueprint.post("/deployments/<deployment_id>/read")
@login_required(back="release.show")
def read(deployment_id: str) -> ResponseReturnValue:
    """The preview of what it means for running cases was read (its page posts here)."""
    run(ReadPreview(deployment_id, me()))
    say(gettext("已记下：您看过了对正在办理的事的影响。"))
    return redirect(url_for("release.show", deployment_id=deployment_id), 303)


@blueprint.post("/deployments/<deployment_id>/withdraw")
@login_required(back="release.show")
def withdraw(deployment_id: str) -> ResponseReturnValue:
    reason = request.form.get("withdraw_reason", "")
    try:
        done = run(WithdrawProposal(deployment_id, me(), reason))
    except Invalid as error:
        return _again(deployment_id, {"withdraw_reason": str(error.first["reason"])}, {"withdraw_reason": reason})
    say(gettext("已撤回。"))
    if done["change_id"]:
        return redirect(url_for("studio.show", change_id=done["change_id"]), 303)
    return redirect(url_for("release.show", deployment_id=deployment_id), 303)


@blueprint.post("/deployments/<deployment_id>/document")
@login_required(back="release.show")
def document(deployment_id: str) -> ResponseReturnValue:
    number = request.form.get("document", "")
    try:
        run(NameDocument(deployment_id, me(), number))
    except Invalid as error:
        return _again(deployment_id, {"document": str(error.first["document"])}, {"document": number})
    say(gettext("已记下依据的政策文件。"))
    return redirect(url_for("release.show", deployment_id=deployment_id), 303)


@blueprint.post("/deployments/<deployment_id>/date/drop")
@login_required(back="release.show")
def drop_date(deployment_id: str) -> ResponseReturnValue:
    reason = request.form.get("date_reason", "")
    try:
        run(DropDate(deployment_id, me(), reason))
    except Invalid as error:
        return _again(deployment_id, {"date_reason": str(error.first["reason"])}, {"date_reason": reason})
    say(gettext("已取消，到时不会自动启用。"))
    return redirect(url_for("release.show", deployment_id=deployment_id), 303)


@blueprint.get("/deployments/<deployment_id>/back")
@login_required
def back(deployment_id: str) -> ResponseReturnValue:
    """Going back from the active release to the one that was active before it."""
    actor = me()
    need_owner(actor)
    review = ask(ReleaseReview(actor, deployment_id))
    if review.state != "active" or review.former is None:
        say(gettext("没有可以回到的版本。"), "error")
        return redirect(url_for("release.show", deployment_id=deployment_id), 303)
    return _back_page(deployment_id, {}, "")


@blueprint.post("/deployments/<deployment_id>/back", endpoint="go_back")
@login_required(back="publishing.back")
def go_back(deployment_id: str) -> ResponseReturnValue:
    actor = me()
    need_owner(actor)
    review = ask(ReleaseReview(actor, deployment_id))
    reason = request.form.get("reason", "").strip()
    if not reason:
        return _back_page(deployment_id, {"reason": gettext("请写明为什么回到以前的版本。")}, reason), 422
    if review.former is None or request.form.get("former") != review.former:
        error = gettext("启用中的版本刚刚变了，请看过以后再决定。")
        return _back_page(deployment_id, {"former": error}, reason), 422
    try:
        run(ActivateDeployment(review.former, actor, reason))
    except DeploymentRefused as refused:
        said = [str(problem.text) for problem in refused.problems]
        return _back_page(deployment_id, {"former": " ".join(said)}, reason), 422
    except ZhipingError as error:
        return _back_page(deployment_id, {"former": str(error.text)}, reason), 403 if isinstance(
            error, Forbidden
        ) else 422
    say(gettext("已回到以前的版本。新发起的事按它走；正在办理的事仍按各自的版本走。"))
    return redirect(url_for("release.show", deployment_id=review.former), 303)


def _back_page(deployment_id: str, errors: dict[str, str], reason: str) -> str:
    actor = me()
    review = ask(ReleaseReview(actor, deployment_id))
    if review.state != "active" or review.former is None:
        raise NotFound(T("没有可以回到的版本。"))
    former = ask(ReleaseReview(actor, review.former))
    return render_template(
        "studio/back.html",
        here={"id": deployment_id, "name": gettext("{at}的版本", at=when(review.proposed_at))},
        former={
            "id": former.deployment_id,
            "name": gettext("{at}的版本", at=when(former.proposed_at)),
            "by": gettext("系统") if former.proposed_by == SYSTEM else former.proposed_name,
        },
        errors=errors,
        summary=list(errors.items()),
        reason=reason,
    )


def _again(deployment_id: str, errors: dict[str, str], typed: dict[str, str]) -> ResponseReturnValue:
    """The release's page once more, with what was typed. Imported here: that page knows this module too."""
    from web.pages import deployments

    return deployments.page(me(), deployment_id, errors=errors, typed=typed), 422


def instant(text: str, errors: dict[str, str]) -> datetime | None:
    """A field of date and time, by the office's clock; None where it is empty."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)
    except ValueError:
        errors["at"] = gettext("请写成日期和时间，例如 2026-09-01 08:00。")
        return None


def _page(
    actor: Actor, change_id: str, errors: dict[str, str], typed: dict[str, str], problems: Iterable[Problem] = ()
) -> str:
    found = ask(Checklist(actor, change_id))
    refused = findings(problems)
    told = findings(found.problems)
    for one in [*refused, *told]:
        one["href"] = edit_href(change_id, one["file"]) if one["file"] in found.brought else None
    bad = [one for one in told if one["severity"] == "error"]
    return render_template(
        "studio/publish.html",
        change={"id": change_id, "title": found.title, "state": found.state, "deployment_id": found.deployment_id},
        files=_files(change_id, found),
        errors_found=bad,
        warnings=[one for one in told if one["severity"] != "error"],
        refused=refused,
        trial=found.trial,
        failed=[
            {"file": one.file, "line": one.line, "element": one.element, "text": str(one.text)}
            for one in (found.trial.failed if found.trial else ())
        ],
        rules=[gettext(content.name) for content in found.rules],
        unsaved=found.unsaved,
        behind=found.behind,
        ready=bool(found.brought) and not bad and not found.behind,
        may=policy.allows(actor, "studio.edit"),
        errors=errors,
        summary=list(errors.items()),
        typed=typed,
    )


def _files(change_id: str, found: Checked) -> list[dict[str, Any]]:
    held: dict[str, list[Content]] = {}
    for content in found.definitions:
        held.setdefault(content.file, []).append(content)
    return [
        {
            "name": name,
            "kind": str(KINDS.get(held[name][0].kind, KINDS[None])) if name in held else str(KINDS[None]),
            "names": [gettext(content.name) for content in held.get(name, ())],
            "edit": edit_href(change_id, name),
            "compare": compare_href(f"change:{change_id}:{name}:0", f"change:{change_id}:{name}"),
        }
        for name in found.brought
    ]
