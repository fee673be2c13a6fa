"""The applicant's own page: where my application stands, in plain words; what I have to do; what comes next; my papers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.errors import NotFound, Refused
from engine.queries.definitions import DefinitionList
from engine.queries.instance_diagram import InstanceDiagram
from engine.queries.instance_view import InstanceView
from engine.queries.views import InstanceDetail, TaskItem
from engine.queries.work_list import WorkList
from engine.registry import Actor
from forms.i18n import T, gettext, language
from processes.candidate.commands import Withdraw
from processes.candidate.queries import OwnApplication, OwnApplications, StatusLine
from processes.candidate.words import STATUS, TITLE
from processes.register.application_tables import RUNNING
from web.pages import nextsteps, story
from web.pages.case import Drawings, ids_of
from web.pages.desk import ask, due, if_allowed, me, run
from web.pages.reform import STATUSES
from web.pages.said import say
from web.security import login_required

blueprint = Blueprint("own", __name__)

LONGEST_REASON = 500
REVIEW = "P04_candidate_title_review"
HELD = ("unit_objection_hold", "result_objection_hold")


@blueprint.get("/me")
@login_required
def index() -> ResponseReturnValue:
    actor = me()
    known = ask(OwnApplications(actor))
    todo = ask(WorkList(actor, mine=True, max_results=50)).items
    running = any(one.status in RUNNING for one in known)
    starts = ask(DefinitionList(actor, kind="process", active=True, startable=True)).items
    return render_template(
        "me.html",
        greeting=gettext("{name}，您好。", name=actor.name),
        applications=[_application(one, todo, actor) for one in known],
        elsewhere=[_todo(task) for task in todo if task.process_instance_id not in {one.instance_id for one in known}],
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


@blueprint.get("/me/withdraw/<application_id>")
@login_required
def withdraw(application_id: str) -> ResponseReturnValue:
    """Asks once more before an application is taken back."""
    return _withdraw_page(_own(application_id))


@blueprint.post("/me/withdraw/<application_id>", endpoint="withdrawn")
@login_required(back="own.withdraw")
def withdrawn(application_id: str) -> ResponseReturnValue:
    known = _own(application_id)
    reason = request.form.get("reason", "").strip()[:LONGEST_REASON]
    try:
        run(Withdraw(application_id, me(), reason))
    except Refused as error:
        return _withdraw_page(known, str(error.text)), 422
    say(gettext("申报已撤回，预留的岗位已经释放。撤回不影响您以后申报。"))
    return redirect(url_for("own.index"), 303)


def _own(application_id: str) -> OwnApplication:
    for one in ask(OwnApplications(me())):
        if one.application_id == application_id and one.status in RUNNING:
            return one
    raise NotFound(T("没有这份申报。"))


def _heading(known: OwnApplication) -> str:
    title = TITLE.get(known.target_title or "")
    return gettext("申报{title}", title=str(title)) if title else gettext("职称申报")


def _withdraw_page(known: OwnApplication, problem: str | None = None) -> str:
    return render_template(
        "withdraw.html",
        application_id=known.application_id,
        title=_heading(known),
        status=str(STATUS[known.status]),
        problem=problem,
    )


def _application(known: OwnApplication, todo: list[TaskItem], actor: Actor) -> dict[str, Any]:
    status = STATUSES[known.status]
    tasks = [task for task in todo if task.process_instance_id == known.instance_id]
    whole = if_allowed(InstanceView(actor, known.instance_id))
    running = whole is not None and whole.instance.ended_at is None
    return {
        "title": _heading(known),
        "status_words": str(STATUS[known.status]),
        "status_kind": status.kind,
        "plain": str(status.plain),
        "reasons": [*([known.reason] if known.reason else []), *[str(finding) for finding in known.findings]],
        "todo": [_todo(task) for task in tasks],
        "waiting": _now(known, whole if running else None, actor),
        "next": str(status.following) if status.following and running else "",
        "certificate": _certificate(known),
        "withdraw": url_for("own.withdraw", application_id=known.application_id)
        if known.status in RUNNING and known.certificate_no is None
        else None,
        "lines": [_line(one) for one in known.lines],
    }


def _todo(task: TaskItem) -> dict[str, Any]:
    return {"id": task.id, "name": gettext(task.name), "due": due(task.due_at)}


def _line(one: StatusLine) -> story.Line:
    details = [gettext("理由：{reason}", reason=one.reason)] if one.reason else []
    who = gettext("我") if one.by_me else ""
    return story.Line(one.at, str(STATUS[one.status]), who, "person" if one.by_me else "system", details)


def _now(known: OwnApplication, whole: InstanceDetail | None, actor: Actor) -> str:
    """What it waits for; `whole` is None once it is over. While an objection holds it, no date of the notice is its date."""
    if whole is None:
        return gettext("这次申报已经办完。")
    if known.status in HELD:
        return gettext("等调查有了结论。要您说明情况时，会在这一页上告诉您。")
    return _waiting(whole, known.notice_closes_at, actor)


def _waiting(whole: InstanceDetail, notice_closes_at: datetime | None, actor: Actor) -> str:
    """Which office has it now and until when, and how long a notice runs; never a name."""
    drawings = Drawings(actor, ids_of(ask(InstanceDiagram(actor, whole.instance.id))))
    told: list[str] = []
    for active in whole.active_elements:
        drawn = drawings.of(active.definition_key)
        element = drawn.elements.get(active.element_id) if drawn else None
        if element is not None and element.kind in story.PERSONAL and element.name:
            lane = gettext(element.lane) if element.lane else gettext("有关部门")
            told.append(gettext("由{lane}办理“{name}”。", lane=lane, name=gettext(element.name)))
    if notice := due(notice_closes_at):
        told.append(gettext("公示到 {until} 结束，{left}。", until=notice.until, left=notice.words))
    for timer in whole.timers:
        found = due(timer.due_at)
        if timer.due_at == notice_closes_at:
            continue
        if found and timer.name and not drawings.stands_by(timer.definition_key, timer.element_id):
            told.append(
                gettext("{name}：{until}，{left}。", name=gettext(timer.name), until=found.until, left=found.words)
            )
    told += [
        gettext("{sentence}。", sentence=nextsteps.waiting(waiting.name))
        for waiting in whole.waiting
        if waiting.name and not drawings.stands_by(waiting.definition_key, waiting.element_id)
    ]
    gap = " " if language() == "en" else ""
    return gap.join(dict.fromkeys(told)) or gettext("正在办理，暂时不需要您做什么。")


def _certificate(known: OwnApplication) -> dict[str, str] | None:
    if known.certificate_no is None or known.certificate_code is None:
        return None
    no, code = known.certificate_no, known.certificate_code
    return {
        "no": no,
        "code": code,
        "href": url_for("certificate.show", no=no, code=code),
        "pdf": url_for("document.certificate", no=no),
    }
