"""Starting a process: what it is, what its steps are, one button."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.commands.start_instance import StartInstance
from engine.errors import Conflict, Invalid, NotFound, Refused
from engine.queries.definitions import DefinitionList, DefinitionXml
from engine.queries.views import DefinitionItem
from engine.queries.work_list import WorkList
from engine.registry import Actor
from engine.store.metadata import new_id
from forms.i18n import T, gettext
from web.pages import outline
from web.pages.case import is_applicant
from web.pages.desk import ask, if_allowed, me, run
from web.pages.said import say
from web.security import login_required

blueprint = Blueprint("start", __name__)


@blueprint.get("/start/<key>")
@login_required
def start(key: str) -> ResponseReturnValue:
    actor = me()
    return _page(_startable(actor, key), actor)


@blueprint.post("/start/<key>", endpoint="begin")
@login_required(back="start.start")
def begin(key: str) -> ResponseReturnValue:
    actor = me()
    item = _startable(actor, key)
    try:
        # An applicant's case is found by the applicant's name.
        business_key = actor.name if is_applicant(actor) else None
        answer = run(
            StartInstance(actor, key=key, business_key=business_key), key=request.form.get("_key"), actor=actor
        )
    except (Refused, Invalid, Conflict) as error:
        return _page(item, actor, str(error.text)), 422
    say(gettext("已发起：{name}。", name=gettext(item.name)))
    first = ask(WorkList(actor, mine=True, process_instance_id=answer["id"], max_results=1)).items
    if first:
        return redirect(url_for("task.show", task_id=first[0].id), 303)
    return redirect(url_for("home.index"), 303)


def _startable(actor: Actor, key: str) -> DefinitionItem:
    found = ask(DefinitionList(actor, kind="process", key=key, active=True, startable=True)).items
    if not found:
        raise NotFound(T("没有这个可以发起的流程，或者您不能发起它。"))
    return found[0]


def _page(item: DefinitionItem, actor: Actor, problem: str | None = None) -> str:
    content = if_allowed(DefinitionXml(actor, item.id))
    drawn = outline.read(content.content, item.key) if content else None
    return render_template(
        "start.html",
        process={"key": item.key, "name": gettext(item.name)},
        steps=_steps(drawn) if drawn else [],
        problem=problem,
        key=request.form.get("_key") or new_id(),
    )


def _steps(drawn: outline.Outline) -> list[dict[str, Any]]:
    """What people do along the way."""
    return [
        {"name": gettext(step.name), "lane": gettext(step.lane) if step.lane else ""} for step in drawn.main_steps()
    ]
