"""One case as a whole: where it stands, where it has been, what it waits for; as a picture and as text."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import policy
from engine.queries.definitions import DefinitionXml
from engine.queries.instance_diagram import InstanceDiagram
from engine.queries.instance_events import InstanceEvents
from engine.queries.instance_view import InstanceView
from engine.queries.views import DiagramView, InstanceDetail
from engine.registry import Actor
from forms.i18n import T, gettext
from web.pages import case, outline, places, story, vocabulary
from web.pages.desk import Pages, ask, due, in_group, me, page_number, subject
from web.pages.work import holder
from web.security import login_required

blueprint = Blueprint("instance", __name__)

EVENTS = 500  # lines of history read for one page
LONGEST_VALUE = 400
STATES = {
    "active": T("办理中"),
    "completed": T("已办完"),
    "incident": T("有异常"),
    "suspended": T("已暂停"),
    "cancelled": T("已终止"),
}


@blueprint.get("/instances/<instance_id>")
@login_required
def show(instance_id: str) -> ResponseReturnValue:
    actor = me()
    whole = ask(InstanceView(actor, instance_id))
    if case.is_applicant(actor):
        return redirect(url_for("own.index"), 303)
    diagrams = ask(InstanceDiagram(actor, instance_id))
    events = ask(
        InstanceEvents(
            actor, instance_id, first_result=(page_number() - 1) * EVENTS, max_results=EVENTS, newest_first=True
        )
    )
    drawings = case.Drawings(actor, case.ids_of(diagrams))
    chosen = _chosen(diagrams, drawings)
    teller = drawings.teller(lambda event: case.names(event, actor, drawings), vocabulary.words(actor))
    return render_template(
        "instance.html",
        case=_head(whole),
        instance_id=instance_id,
        incidents=[
            {"name": drawings.name(one.definition_key, one.element_id), "text": str(one.message)}
            for one in whole.incidents
        ],
        may_repair=policy.allows(actor, "incident.retry"),
        standing=_standing(whole, actor, drawings),
        places=places.of(actor, _steps(whole), whole.variables),
        diagrams=[_tab(one, chosen, instance_id) for one in diagrams],
        diagram=_diagram(actor, chosen) if chosen else None,
        lines=story.lines(reversed(events.items), teller),
        pages=Pages(page_number(), events.total, len(events.items), EVENTS),
        variables=_variables(whole, actor),
    )


def _head(whole: InstanceDetail) -> dict[str, Any]:
    one = whole.instance
    process = gettext(one.definition_name)
    return {
        "process": process,
        "subject": subject(one.id, one.business_key, one.definition_name),
        "state": one.state,
        "state_words": str(STATES.get(one.state, one.state)),
        "started_at": one.started_at,
        "started_by": one.started_by_name or one.started_by,
        "ended_at": one.ended_at,
        "reason": one.reason,
        "ended_words": gettext("这件事已经走完，没有等待中的步骤。"),
    }


def _standing(whole: InstanceDetail, actor: Actor, drawings: case.Drawings) -> list[dict[str, Any]]:
    """What the case waits for, one entry each: people first, then dates, then news from elsewhere."""
    found = [
        {
            "kind": "person",
            "name": gettext(task.name),
            "text": gettext("等待{who}办理。", who=holder(task, actor)),
            "due": due(task.due_at),
            "href": url_for("task.show", task_id=task.id),
        }
        for task in whole.tasks
    ]
    told = {task.element_id for task in whole.tasks}
    found += [
        {
            "kind": "timer",
            "name": gettext(timer.name) or gettext("期限"),
            "text": gettext("到时还没有办好的，系统按流程图自动处理。")
            if drawings.stands_by(timer.definition_key, timer.element_id)
            else gettext("到时间后系统自动往下办。"),
            "due": due(timer.due_at),
        }
        for timer in whole.timers
    ]
    told |= {timer.element_id for timer in whole.timers} | {one.element_id for one in whole.waiting}
    found += [
        {"kind": "message", "name": gettext(one.name) or one.message, "text": gettext("等待其他环节的结果。")}
        for one in whole.waiting
        if not drawings.stands_by(one.definition_key, one.element_id)
    ]
    found += [
        {"kind": "other", "name": gettext(one.name), "text": gettext("正在这一步。")}
        for one in whole.active_elements
        if one.element_id not in told and one.name and not drawings.holds_others(one.definition_key, one.element_id)
    ]
    return found


def _steps(whole: InstanceDetail) -> list[tuple[str, str]]:
    """Where the case stands, and the process itself, which has pages also when it is over."""
    here = [(one.definition_key, one.element_id) for one in whole.active_elements]
    return [*here, (whole.instance.definition_key, "")]


def _chosen(diagrams: list[DiagramView], drawings: case.Drawings) -> DiagramView | None:
    """The diagram the reader asked for, else the first in which a step itself is going on."""
    asked = request.args.get("diagram")
    for one in diagrams:
        if one.definition_id == asked:
            return one
    busy = [
        one
        for one in diagrams
        if any(not drawings.holds_others(one.definition_key, active.element_id) for active in one.active)
    ]
    return busy[0] if busy else diagrams[0] if diagrams else None


def _tab(one: DiagramView, chosen: DiagramView | None, instance_id: str) -> dict[str, Any]:
    return {
        "name": gettext(one.name),
        "href": url_for("instance.show", instance_id=instance_id, diagram=one.definition_id) + "#diagram-title",
        "current": one is chosen,
        "active": bool(one.active),
    }


def _diagram(actor: Actor, one: DiagramView) -> dict[str, Any]:
    content = ask(DefinitionXml(actor, one.definition_id)).content
    drawn = outline.read(content, one.definition_key)
    timers = {timer.element_id: timer for timer in one.timers}
    return {
        "name": gettext(one.name),
        "xml_href": url_for("process.xml", definition_id=one.definition_id),
        "state": state_of(one, {element.id for element in drawn.elements.values() if element.kind == "subProcess"}),
        "steps": [
            {
                "name": gettext(element.name),
                "lane": gettext(element.lane) if element.lane else "",
                "due": due(timers[element.id].due_at) if element.id in timers else None,
                **_state_of_step(element.id, one),
            }
            for element in drawn.steps()
        ],
    }


def state_of(one: DiagramView, containers: set[str]) -> dict[str, Any]:
    """For the viewer island: element ids and what to mark on them. Sub-processes stay plain, or they would colour all they hold."""
    return {
        "active": [
            {"element": item.element_id, "count": item.count}
            for item in one.active
            if item.element_id not in containers
        ],
        "visited": [element for element in one.visited if element not in containers],
        "timers": [
            {"element": timer.element_id, "text": found.until if (found := due(timer.due_at)) else ""}
            for timer in one.timers
        ],
        "incidents": [
            {"element": item.element_id, "text": str(item.message)} for item in one.incidents if item.element_id
        ],
    }


def _state_of_step(element_id: str, one: DiagramView) -> dict[str, str]:
    if any(item.element_id == element_id for item in one.incidents):
        return {"state": "incident", "state_words": gettext("停住了")}
    if any(item.element_id == element_id for item in one.active):
        return {"state": "active", "state_words": gettext("在这里")}
    if element_id in one.visited:
        return {"state": "completed", "state_words": gettext("走过")}
    return {"state": "ahead", "state_words": gettext("还没到")}


def _variables(whole: InstanceDetail, actor: Actor) -> list[tuple[str, str]] | None:
    """Only for process owners: a table of names and values as JSON."""
    if not in_group(actor, policy.OWNER):
        return None
    shown = []
    for name, value in sorted(whole.variables.items()):
        text = orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode()
        shown.append((name, text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + "…"))
    return shown
