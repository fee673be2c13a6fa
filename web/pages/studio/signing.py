"""Where the authorities sign releases that change the rules of the review."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.errors import Forbidden, Invalid, ZhipingError
from engine.queries.definitions import DefinitionXml
from engine.registry import Actor
from engine.studio.comparing import compare
from engine.studio.publishing import SignRelease, WithdrawProposal
from engine.studio.publishing_views import ReleaseReview, WaitingSignatures
from forms.i18n import gettext
from web.pages.desk import ask, group_name, me, run
from web.pages.said import say
from web.pages.studio.comparing import SIGNS, gettext_of, href
from web.security import login_required

blueprint = Blueprint("signing", __name__)


@blueprint.get("/signatures")
@login_required
def index() -> ResponseReturnValue:
    return render_template("studio/signatures.html", waiting=ask(WaitingSignatures(me())))


@blueprint.get("/signatures/<deployment_id>")
@login_required
def show(deployment_id: str) -> ResponseReturnValue:
    return _page(me(), deployment_id, {}, "")


@blueprint.post("/signatures/<deployment_id>", endpoint="sign")
@login_required(back="signing.show")
def sign(deployment_id: str) -> ResponseReturnValue:
    """`action`: sign, or refuse with a reason."""
    actor = me()
    reason = request.form.get("reason", "")
    try:
        if request.form.get("action") == "refuse":
            run(WithdrawProposal(deployment_id, actor, reason))
            say(gettext("已退回，流程负责人会看到您的理由。"))
        else:
            done = run(SignRelease(deployment_id, actor))
            say(gettext("已代表{who}签署。", who=group_name(done["authority"])))
    except Invalid as error:
        return _page(actor, deployment_id, {"reason": str(error.first["reason"])}, reason), 422
    except Forbidden:
        raise
    except ZhipingError as error:
        say(str(error.text), "error")
        return redirect(url_for("signing.index"), 303)
    return redirect(url_for("signing.index"), 303)


def _page(actor: Actor, deployment_id: str, errors: dict[str, str], reason: str) -> str:
    review = ask(ReleaseReview(actor, deployment_id))
    return render_template(
        "studio/signature.html",
        review=review,
        signatures=[(group_name(one.authority), one.name, one.at) for one in review.signatures],
        rules=[_rule(actor, *rule) for rule in review.rules],
        errors=errors,
        summary=list(errors.items()),
        reason=reason,
    )


def _rule(actor: Actor, new: str, name: str, old: str | None) -> dict[str, object]:
    """A rule set with what differs in words, and where both stand side by side."""
    after = ask(DefinitionXml(actor, new))
    before = ask(DefinitionXml(actor, old)).content if old else None
    found = compare(after.file_name, before, after.content)
    return {
        "name": gettext(name),
        "differences": [
            {
                "sort": one.sort,
                "sign": SIGNS[one.sort],
                "words": gettext_of(one.sort),
                "kind": str(one.kind),
                "name": one.name,
                "details": [(str(detail.name), detail.before, detail.after) for detail in one.details],
            }
            for one in found.differences
        ],
        "compare": href(f"definition:{old}" if old else f"nothing:{after.file_name}", f"definition:{new}"),
    }
