"""One task: the form, and beside it the case in plain words; claiming, drafts, submitting, and what comes after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.commands.claim_task import ClaimTask
from engine.commands.complete_task import CompleteTask
from engine.commands.save_draft import SaveDraft
from engine.commands.unclaim_task import UnclaimTask
from engine.errors import Busy, Conflict, Invalid, NotFound, Refused
from engine.queries.instance_diagram import InstanceDiagram
from engine.queries.instance_view import InstanceView
from engine.queries.task_view import TaskForm as TaskFormQuery
from engine.queries.task_view import TaskView
from engine.queries.views import TaskDetail
from engine.queries.work_list import WorkList
from engine.registry import Actor
from engine.store.metadata import new_id
from forms.i18n import Text, gettext
from processes.candidate.files import CaseFiles
from web.pages import case, nextsteps, places, story, taskform
from web.pages.desk import ask, due, if_allowed, me, run, task_subject
from web.pages.said import say
from web.pages.words import size, when
from web.pages.work import holder, may_put_back, may_take, offered_to, row
from web.problems import RETRY_AFTER, status_of
from web.security import kept_fields, login_required, safe_path

blueprint = Blueprint("task", __name__)


@blueprint.get("/tasks/<task_id>")
@login_required
def show(task_id: str) -> ResponseReturnValue:
    actor = me()
    detail = ask(TaskView(actor, task_id))
    form = _form(actor, task_id)
    if detail.task.state != "open":
        return _closed(detail, form, actor)
    kept = kept_fields()
    if kept is not None:
        data, _ = form.read(kept.items(multi=True))
        notice = gettext("登录恢复了，您刚才填写的内容都在。请检查后提交。")
        return _page(detail, form, actor, values=data, notice=notice)
    lost = gettext("您上次保存的草稿打不开了（系统的密钥更换过），请重新填写。") if form.view.draft_unreadable else None
    return _page(detail, form, actor, values=form.view.draft, drafted=form.view.draft is not None, notice=lost)


@blueprint.post("/tasks/<task_id>", endpoint="complete")
@login_required(back="task.show")
def complete(task_id: str) -> ResponseReturnValue:
    actor = me()
    form = _form(actor, task_id)
    files, rejected = taskform.uploads(actor)
    data, action = form.read([*request.form.items(multi=True), *files])
    if rejected:
        return _page(ask(TaskView(actor, task_id)), form, actor, values=data, errors=rejected), 422
    if action[0] in ("add", "remove"):
        return _page(ask(TaskView(actor, task_id)), form, actor, values=form.after(data, action))
    if action[0] == "save":
        return _save(task_id, actor, form, data)
    revision = request.form.get("_revision", "")
    command = CompleteTask(task_id, actor, data, int(revision) if revision.isdecimal() else None)
    try:
        run(command, key=request.form.get("_key"), actor=actor)
    except Invalid as error:
        return _page(ask(TaskView(actor, task_id)), form, actor, values=data, errors=error.errors), 422
    except Refused as error:
        return _page(ask(TaskView(actor, task_id)), form, actor, values=data, refusal=str(error.text)), 422
    except Conflict as error:
        return _conflict(task_id, form, data, error), 409
    except Busy as error:
        return _not_kept(task_id, form, actor, data, error)
    return redirect(url_for("task.done", task_id=task_id), 303)


def _save(task_id: str, actor: Actor, form: taskform.TaskForm, data: Mapping[str, Any]) -> ResponseReturnValue:
    try:
        run(SaveDraft(task_id, actor, data))
    except Conflict as error:
        return _conflict(task_id, form, data, error), 409
    except Busy as error:
        return _not_kept(task_id, form, actor, data, error)
    say(gettext("草稿已保存，只有您自己能看到。可以随时回来接着填。"))
    return redirect(url_for("task.show", task_id=task_id), 303)


def _not_kept(
    task_id: str, form: taskform.TaskForm, actor: Actor, data: Mapping[str, Any], error: Busy
) -> ResponseReturnValue:
    """Nothing could be written: all that was typed stays on the page. Raises Busy where nothing can be read either."""
    page = _page(ask(TaskView(actor, task_id)), form, actor, values=data, refusal=str(error.text))
    status = status_of(error)
    return page, status, {"Retry-After": str(RETRY_AFTER[status])}


@blueprint.get("/tasks/<task_id>/done")
@login_required
def done(task_id: str) -> ResponseReturnValue:
    """After submitting: what happened, what comes next, and the next thing to do."""
    actor = me()
    try:
        detail = ask(TaskView(actor, task_id))
    except NotFound:
        # Some tasks are out of sight for their own doer once they are done.
        say(gettext("已提交。"))
        return redirect(url_for("work.index"), 303)
    if detail.task.state == "open":
        return redirect(url_for("task.show", task_id=task_id), 303)
    task = detail.task
    same = ask(WorkList(actor, mine=True, process_instance_id=task.process_instance_id, max_results=10)).items
    others = ask(WorkList(actor, mine=True, max_results=1)).items if not same else same[:1]
    whole = if_allowed(InstanceView(actor, task.process_instance_id))
    return render_template(
        "task_done.html",
        done={
            "name": gettext(task.name),
            "subject": _subject(detail),
            "at": detail.closed_at,
            "follow": _follow(detail, actor, whole),
            "instance_href": _whole_href(actor, task.process_instance_id) if whole else None,
        },
        mine=[row(item, actor) for item in same[1:]],
        following=row(others[0], actor) if others else None,
        same=bool(same),
    )


def _whole_href(actor: Actor, instance_id: str) -> str:
    return url_for("own.index") if case.is_applicant(actor) else url_for("instance.show", instance_id=instance_id)


def _follow(detail: TaskDetail, actor: Actor, whole: Any) -> list[str]:
    """Where the case stands now; for those who may not see it, what the diagram draws after this step."""
    if whole is None:
        told = case.of(detail.task, actor)
        return [step["text"] for step in told.next_steps]
    if whole.instance.state == "completed":
        return [gettext("整件事已经办完。")]
    sentences = [
        gettext("轮到您办“{name}”。", name=gettext(task.name))
        if task.may_act
        else gettext("“{name}”已交给{who}。", name=gettext(task.name), who=holder(task, actor))
        for task in whole.tasks
    ]
    drawings = case.Drawings(actor, case.ids_of(ask(InstanceDiagram(actor, whole.instance.id))))
    sentences += _elsewhere(whole, drawings)
    for timer in whole.timers:
        until = due(timer.due_at)
        if until is not None and timer.name and not drawings.stands_by(timer.definition_key, timer.element_id):
            sentences.append(gettext("{name}，到 {until}。", name=gettext(timer.name), until=until.until))
    sentences += [
        nextsteps.waiting(one.name)
        for one in whole.waiting
        if one.name and not drawings.stands_by(one.definition_key, one.element_id)
    ]
    if whole.incidents:
        sentences.append(gettext("有一个自动步骤没有办成，管理人员会处理；您提交的内容已经保存。"))
    return list(dict.fromkeys(sentences))


def _elsewhere(whole: Any, drawings: case.Drawings) -> list[str]:
    """What others have to do now that the reader may not see as tasks: which lane has it, and no name."""
    seen = {task.element_id for task in whole.tasks}
    told = []
    for active in whole.active_elements:
        drawn = drawings.of(active.definition_key)
        element = drawn.elements.get(active.element_id) if drawn else None
        if element is not None and element.kind in story.PERSONAL and element.name and element.id not in seen:
            lane = gettext(element.lane) if element.lane else gettext("有关部门")
            told.append(gettext("由{lane}办理“{name}”。", lane=lane, name=gettext(element.name)))
    return told


@blueprint.post("/tasks/<task_id>/claim")
@login_required(back="task.show")
def claim(task_id: str) -> ResponseReturnValue:
    return _take(ClaimTask(task_id, me()), gettext("已领取，现在由您办理。"))


@blueprint.post("/tasks/<task_id>/unclaim")
@login_required(back="task.show")
def unclaim(task_id: str) -> ResponseReturnValue:
    return _take(UnclaimTask(task_id, me()), gettext("已放回，同组的人都可以办理。"))


def _take(command: ClaimTask | UnclaimTask, told: str) -> ResponseReturnValue:
    try:
        run(command)
    except Conflict as error:
        say(_sentence(error), "error")
    else:
        say(told)
    return redirect(safe_path(request.form.get("next") or url_for("task.show", task_id=command.task_id)), 303)


def _form(actor: Actor, task_id: str) -> taskform.TaskForm:
    return taskform.TaskForm(ask(TaskFormQuery(actor, task_id)), actor)


def _page(
    detail: TaskDetail,
    form: taskform.TaskForm,
    actor: Actor,
    *,
    values: Mapping[str, Any] | None,
    errors: Mapping[str, list[Text]] | None = None,
    refusal: str | None = None,
    notice: str | None = None,
    drafted: bool = False,
) -> str:
    task = detail.task
    told = case.of(task, actor)
    may_act = "complete" in detail.may
    return render_template(
        "task.html",
        task=_head(detail, actor),
        form=form,
        fields=form.fields(values, errors) if may_act else form.shown(),
        summary=form.summary(errors) if errors else None,
        materials=_materials(detail, actor),
        refusal=refusal,
        notice=notice,
        draft_at=form.view.draft_saved_at if drafted else None,
        why_not=None if may_act else _why_not(detail, actor),
        told=told,
        places=_places(detail, actor),
        instance_href=url_for("instance.show", instance_id=task.process_instance_id) if told.open else None,
        key=request.form.get("_key") or new_id(),
    )


def _head(detail: TaskDetail, actor: Actor) -> dict[str, Any]:
    task = detail.task
    return {
        "id": task.id,
        "name": gettext(task.name) if task.name else task.element_id,
        "subject": _subject(detail),
        "hint": gettext(detail.hint) if detail.hint else "",
        "due": due(task.due_at),
        "who": offered_to(task) or (task.assignee_name or task.assignee or gettext("发起人")),
        "holder": holder(task, actor) if task.assignee else "",
        "can_act": "complete" in detail.may,
        "can_claim": "claim" in detail.may and may_take(task, actor),
        "can_unclaim": "unclaim" in detail.may and may_put_back(task, actor),
        "revision": task.revision,
        "has_form": task.form_key is not None,
    }


def _places(detail: TaskDetail, actor: Actor) -> list[dict[str, str]]:
    """Where the register's side of the task is."""
    return places.of(actor, [(detail.task.definition_key, detail.task.element_id)], detail.data)


def _materials(detail: TaskDetail, actor: Actor) -> list[dict[str, Any]]:
    """The files of the case, for whoever checks or decides it: not for the person whose case it is."""
    if detail.instance.started_by == actor.username:
        return []
    return [
        {
            "what": str(group.what),
            "instead": str(group.instead) if group.instead else "",
            "files": [
                {
                    "name": file.name,
                    "size": size(file.size),
                    "href": url_for("attachments.download", attachment_id=file.id),
                }
                for file in group.files
            ],
        }
        for group in ask(CaseFiles(detail.instance.id))
    ]


def _subject(detail: TaskDetail) -> str:
    """What the case is about, then its process where that is not the same."""
    task = detail.task
    process = gettext(task.process_name)
    about = task_subject(task)
    return about if about == process else f"{about} · {process}"


def _why_not(detail: TaskDetail, actor: Actor) -> str:
    """Why the reader may look and not act."""
    task = detail.task
    if detail.barred is not None:
        return str(detail.barred)
    if task.suspended:
        return gettext("整件事已暂停，恢复之前谁都不能办理。")
    if task.assignee and task.assignee != actor.username:
        who = task.assignee_name or task.assignee
        if detail.assigned_at and set(task.candidate_groups) - {"candidate"}:  # an applicant took nothing from a group
            return gettext(
                "{who}已于 {at} 领取，由他办理。需要您来办时，请他先放回。", who=who, at=when(detail.assigned_at)
            )
        return gettext("这件事由{who}办理。", who=who)
    return gettext("这件事由{groups}办理，您可以查看，不能办理。", groups=offered_to(task) or gettext("发起人"))


def _closed(detail: TaskDetail, form: taskform.TaskForm, actor: Actor) -> str:
    task = detail.task
    who = detail.completed_by_name or detail.completed_by
    if task.state == "cancelled":
        title = gettext("这件事已不需要办理")
        sentence = gettext("流程已经走到别处（{at}）。", at=when(detail.closed_at))
    elif detail.completed_by == actor.username:
        title, sentence = gettext("您已办结"), gettext("办结时间：{at}。", at=when(detail.closed_at))
    else:
        title = gettext("已办结")
        sentence = gettext("{who}于 {at} 办结。", who=who or gettext("有人"), at=when(detail.closed_at))
    told = case.of(task, actor)
    return render_template(
        "task.html",
        task=_head(detail, actor) | {"due": None, "holder": ""},
        form=form,
        fields=form.shown(),
        materials=_materials(detail, actor),
        closed={"title": title, "sentence": sentence},
        told=told,
        instance_href=url_for("instance.show", instance_id=task.process_instance_id) if told.open else None,
    )


def _conflict(task_id: str, form: taskform.TaskForm, data: Mapping[str, Any], error: Conflict) -> str:
    return render_template(
        "task_conflict.html",
        message=str(error.text),
        by=error.facts.get("by"),
        at=error.facts.get("at"),
        typed=form.shown(data),
        again=url_for("task.show", task_id=task_id),
    )


def _sentence(error: Conflict) -> str:
    by, at = error.facts.get("by"), error.facts.get("at")
    if by and at:
        return gettext("{message}（{who}，{at}）", message=str(error.text), who=by, at=when(at))
    return str(error.text)
