"""The applicant's own page: where my application stands, in plain words; what I have to do; what comes next; my papers."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from engine.queries.definitions import DefinitionList
from engine.queries.instance_diagram import InstanceDiagram
from engine.queries.instance_events import InstanceEvents
from engine.queries.instance_list import InstanceList
from engine.queries.instance_view import InstanceView
from engine.queries.views import EventItem, InstanceItem, TaskItem
from engine.queries.work_list import WorkList
from engine.registry import Actor
from forms.i18n import gettext
from processes.candidate.queries import OwnApplication, OwnApplications
from web.pages import story
from web.pages.case import Drawings
from web.pages.desk import ask, due, me
from web.pages.reform import STATUSES, TITLES
from web.security import login_required

blueprint = Blueprint("own", __name__)

REVIEW = "P04_candidate_title_review"
EVENTS = 200


@blueprint.get("/me")
@login_required
def index() -> ResponseReturnValue:
    actor = me()
    instances = ask(InstanceList(actor, definition_key=REVIEW, started_by=actor.username, max_results=20)).items
    known = {one.instance_id: one for one in ask(OwnApplications(actor))}
    todo = ask(WorkList(actor, mine=True, max_results=50)).items
    shown = [_application(one, known.get(one.id), todo, actor) for one in instances]
    running = any(one.state in ("active", "incident", "suspended") for one in instances)
    starts = ask(DefinitionList(actor, kind="process", active=True, startable=True)).items
    return render_template(
        "me.html",
        greeting=gettext("{name}，您好。", name=actor.name),
        applications=shown,
        startable=[
            {
                "key": item.key,
                "action": gettext("开始申报职称")
                if item.key == REVIEW
                else gettext("发起：{name}", name=gettext(item.name)),
            }
            for item in starts
            if not (item.key == REVIEW and running)
        ],
    )


def _application(one: InstanceItem, known: OwnApplication | None, todo: list[TaskItem], actor: Actor) -> dict[str, Any]:
    drawings = Drawings(actor, ask(InstanceDiagram(actor, one.id)))
    events = ask(InstanceEvents(actor, one.id, max_results=EVENTS)).items
    tasks = [task for task in todo if task.process_instance_id == one.id]
    teller = drawings.teller(who=lambda event: _role(event, actor, drawings), value=None)
    status = STATUSES.get(known.status) if known else None
    title = TITLES.get(known.target_title or "") if known else None
    waiting = _waiting(one, actor, drawings)
    return {
        "title": gettext("申报{title}", title=str(title)) if title else gettext("职称申报"),
        "status_words": str(status.name) if status else _state(one),
        "status_kind": status.kind if status else ("active" if one.ended_at is None else "stopped"),
        "plain": str(status.plain) if status else "",
        "reasons": [str(reason) for reason in known.reasons] if known else [],
        "todo": [{"id": task.id, "name": gettext(task.name), "due": due(task.due_at)} for task in tasks],
        "waiting": waiting,
        "next": str(status.following) if status and status.following and one.ended_at is None else "",
        "certificate": _certificate(known),
        "lines": story.lines(events, teller),
    }


def _state(one: InstanceItem) -> str:
    if one.state == "completed":
        return gettext("已办完")
    return gettext("已终止") if one.state == "cancelled" else gettext("办理中")


def _waiting(one: InstanceItem, actor: Actor, drawings: Drawings) -> str:
    """Who has it now and until when, without names."""
    if one.ended_at is not None:
        return gettext("这次申报已经办完。")
    whole = ask(InstanceView(actor, one.id))
    told: list[str] = []
    for active in whole.active_elements:
        drawn = drawings.of(active.definition_key)
        element = drawn.elements.get(active.element_id) if drawn else None
        if element is not None and element.kind in ("userTask", "manualTask", "task") and element.name:
            lane = gettext(element.lane) if element.lane else gettext("有关部门")
            told.append(gettext("由{lane}办理“{name}”。", lane=lane, name=gettext(element.name)))
    for timer in whole.timers:
        found = due(timer.due_at)
        if found and timer.name:
            told.append(
                gettext("{name}：{until}，{left}。", name=gettext(timer.name), until=found.until, left=found.words)
            )
    told += [gettext("等待：{name}。", name=gettext(waiting.name)) for waiting in whole.waiting if waiting.name]
    return "".join(dict.fromkeys(told)) or gettext("正在办理，暂时不需要您做什么。")


def _role(event: EventItem, actor: Actor, drawings: Drawings) -> str:
    """An applicant learns which office acted, never which person."""
    if not event.actor:
        return ""
    if event.actor == actor.username:
        return gettext("我")
    drawn = drawings.of(event.definition_key or "")
    element = drawn.elements.get(event.element_id or "") if drawn else None
    return gettext(element.lane) if element and element.lane else gettext("经办部门")


def _certificate(known: OwnApplication | None) -> dict[str, str] | None:
    if known is None or known.certificate_no is None or known.certificate_code is None:
        return None
    no, code = known.certificate_no, known.certificate_code
    return {"no": no, "code": code, "href": url_for("certificate.show", no=no, code=code)}
