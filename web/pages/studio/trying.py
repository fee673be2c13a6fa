"""A change tried out: its process in a sandbox, every role in one hand, the clock forward, and what was done kept as a scenario."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import policy
from engine.attachments import AttachmentView
from engine.clock import local
from engine.commands.contents import Content
from engine.commands.release_rows import fingerprint
from engine.errors import Conflict, DeploymentRefused, Invalid, NotFound, Refused, ZhipingError
from engine.queries.task_view import TaskForm as TaskFormQuery
from engine.queries.task_view import TaskView
from engine.registry import Actor
from engine.scenarios.kit import Scenes
from engine.scenarios.script import Scenario, Step, read_steps, read_tests
from engine.scenarios.writing import appended, steps_text
from engine.studio.queries import FileView
from engine.studio.release import ChangeRelease
from engine.studio.sandboxes import Sandboxes, sandboxes
from engine.studio.trial import Trial, later
from engine.studio.versions import BringFiles
from forms.i18n import T, gettext
from web import files
from web.context import engine, within
from web.pages import taskform
from web.pages.desk import ask, due, me, run
from web.pages.said import say
from web.pages.studio import trial_view
from web.pages.studio.common import need_owner
from web.pages.studio.trials import SUFFIX, against
from web.pages.words import when
from web.security import kept_fields, login_required

blueprint = Blueprint("trying", __name__)

LONGEST_RUN = 20.0  # seconds of one request that follows a scenario
MOST_DAYS = 400


# --- beginning ---------------------------------------------------------------------------------------------------------


@blueprint.get("/studio/changes/<change_id>/try")
@login_required
def begin(change_id: str) -> ResponseReturnValue:
    """`?process=`: its key; without one, which processes there are. Choose a scenario to follow, or begin with nothing."""
    actor = me()
    need_owner(actor)
    process = request.args.get("process", "")
    return _begin_page(actor, change_id, process) if process else _choose_page(actor, change_id)


@blueprint.post("/studio/changes/<change_id>/try")
@login_required(back="trying.begin")
def make(change_id: str) -> ResponseReturnValue:
    """Fields `process`, and `scenario` (its name) or `at` (where the clock begins)."""
    actor = me()
    need_owner(actor)
    process = request.form.get("process", "")
    whole = ask(ChangeRelease(actor, change_id)).contents
    followed = _scenario(whole, process, request.form.get("scenario", ""))
    try:
        at = followed.at if followed else _date(request.form.get("at", "")) if request.form.get("at") else None
        rest = _rest(followed) if followed else []
        trial_id = _all().make(
            actor,
            change_id,
            process,
            whole,
            at=at,
            calls=followed.calls if followed else None,
            scenario=followed.name if followed else None,
            rest=rest,
        )
        if followed:
            with _opened(actor, trial_id) as trial:
                _follow(trial, lambda: trial.told.start is None and _ahead_of_start(trial, followed))
    except DeploymentRefused as refused:
        return _begin_page(actor, change_id, process, refused=against(change_id, refused.problems)), 422
    except Refused as refused:
        return _begin_page(actor, change_id, process, problem=str(refused.text)), 422
    return redirect(url_for("trying.show", trial_id=trial_id), 303)


def _ahead_of_start(trial: Trial, scenario: Scenario) -> bool:
    """Whether what comes next still belongs to the scenario's preparation or its start."""
    first = len(scenario.given) + (scenario.start is not None)
    return len(_rest(scenario)) - len(trial.told.rest) < first


def _rest(scenario: Scenario) -> list[dict[str, Any]]:
    start = [scenario.start] if scenario.start is not None else []
    return [{step.name: step.given} for step in (*scenario.given, *start, *scenario.steps)]


def _scenario(whole: list[Content], process: str, name: str) -> Scenario | None:
    return next((each for each in _scenarios(whole, process) if each.name == name), None)


def _scenarios(whole: list[Content], process: str) -> list[Scenario]:
    found = []
    for content in whole:
        if content.kind == "test":
            test, _ = read_tests(content.file, content.raw, engine().registry.scenes)
            found += [each for each in test.scenarios if test.process == process] if test is not None else []
    return found


def _choose_page(actor: Actor, change_id: str) -> str:
    found = ask(ChangeRelease(actor, change_id))
    runs = [each for each in found.contents if each.kind == "process"]
    return render_template(
        "studio/try_choose.html",
        change_id=change_id,
        groups=[
            [
                {
                    "name": gettext(each.name),
                    "key": each.key,
                    "href": url_for("trying.begin", change_id=change_id, process=each.key),
                }
                for each in sorted(runs, key=lambda one: one.key)
                if (each.file in found.brought) is held
            ]
            for held in (True, False)
        ],
    )


def _begin_page(actor: Actor, change_id: str, process: str, **said: Any) -> str:
    whole = ask(ChangeRelease(actor, change_id)).contents
    content = next((each for each in whole if each.kind == "process" and each.key == process), None)
    if content is None:
        raise NotFound(T("这一版流程里没有可执行的流程“{key}”。", key=process))
    scenes = engine().registry.scenes
    mine = _all().mine(actor)
    return render_template(
        "studio/try_begin.html",
        change_id=change_id,
        process=process,
        name=gettext(content.name),
        kit=scenes is not None,
        since=local(scenes.since).date().isoformat() if scenes else "",
        scenarios=_scenarios(whole, process) if scenes else [],
        mine={"href": url_for("trying.show", trial_id=mine.id), "process": mine.process} if mine else None,
        **said,
    )


# --- the trial ---------------------------------------------------------------------------------------------------------


@blueprint.get("/studio/tries/<trial_id>")
@login_required
def show(trial_id: str) -> ResponseReturnValue:
    return _page(trial_id)


@blueprint.post("/studio/tries/<trial_id>", endpoint="act")
@login_required(back="trying.show")
def act(trial_id: str) -> ResponseReturnValue:
    """Field `do` says what: start, act, due, days, date, message, follow, run, skip, typed."""
    try:
        with _opened(me(), trial_id) as trial:
            told = _WORK.get(request.form.get("do", ""), _unknown)(trial)
    except (Refused, Conflict, Invalid) as error:
        return _page(trial_id, problem=_why(error)), 422
    if told:
        say(told)
    return redirect(url_for("trying.show", trial_id=trial_id), 303)


@blueprint.post("/studio/tries/<trial_id>/end")
@login_required(back="trying.show")
def end(trial_id: str) -> ResponseReturnValue:
    """Fields `again` (1: begin anew with the change as it is now)."""
    actor = me()
    with _opened(actor, trial_id) as trial:
        told = trial.told
    if request.form.get("again"):
        return redirect(
            url_for("trying.begin", change_id=told.change, process=told.process, scenario=told.scenario), 303
        )
    _all().end(actor, trial_id)
    say(gettext("试办已结束，试办中的内容都已删除。"))
    return redirect(url_for("studio.show", change_id=told.change), 303)


@blueprint.post("/studio/tries/<trial_id>/scenario", endpoint="keep")
@login_required(back="trying.show")
def keep(trial_id: str) -> ResponseReturnValue:
    """Field `name`: what was done becomes the last scenario of the process's test file."""
    actor = me()
    name = request.form.get("name", "").strip()
    try:
        if not name:
            raise Refused(T("请给这个场景起一个名字，说明它试的是什么。"), code="NAME_MISSING")
        with _opened(actor, trial_id) as trial:
            told, scenario = trial.told, trial.scenario(name)
        file = told.process + SUFFIX
        before = _saved(actor, told.change, file)
        text = appended(file, before, told.process, scenario, engine().registry.scenes)
        run(BringFiles(told.change, {file: text.encode()}, actor, gettext("试办存为场景：{name}", name=name)))
    except DeploymentRefused as refused:
        return _page(trial_id, problem=" ".join(str(each.text) for each in refused.problems)), 422
    except (Refused, Conflict, Invalid) as error:
        return _page(trial_id, problem=_why(error)), 422
    say(gettext("已存为场景“{name}”，在测试文件的最后。", name=name), "success")
    return redirect(url_for("trial.tests", change_id=told.change, key=told.process, run=name), 303)


def _saved(actor: Actor, change_id: str, file: str) -> str:
    try:
        return ask(FileView(actor, change_id, file)).content.decode()
    except NotFound:
        return ""


def _page(trial_id: str, problem: str = "") -> str:
    actor = me()
    with _opened(actor, trial_id) as trial:
        scenes = _scenes()
        values = trial_view.whole(trial, scenes)
    try:
        now_whole = ask(ChangeRelease(actor, values["trial"].change)).contents
        older = fingerprint(now_whole) != values["trial"].fingerprint
    except ZhipingError:  # the change went away: the sandbox stands by itself
        older = True
    sent: Mapping[str, str] = request.form if problem else kept_fields() or {}
    typed = {key: sent.get(key, "") for key in ("given", "typed", "variables", "name")}
    return render_template("studio/try.html", **values, older=older, problem=problem, typed=typed)


# --- one task ----------------------------------------------------------------------------------------------------------


@blueprint.get("/studio/tries/<trial_id>/tasks/<task_id>/<username>")
@login_required
def task(trial_id: str, task_id: str, username: str) -> ResponseReturnValue:
    """The task as this person of the kit sees it."""
    kept = kept_fields()
    with _opened(me(), trial_id) as trial:
        person = trial.scene.actor(username)
        typed = _form(trial, person, task_id).read(kept.items(multi=True))[0] if kept is not None else None
        values = _task_values(trial, person, task_id, typed=typed)
    return render_template("studio/try_task.html", **values)


@blueprint.post("/studio/tries/<trial_id>/tasks/<task_id>/<username>", endpoint="complete")
@login_required(back="trying.task")
def complete(trial_id: str, task_id: str, username: str) -> ResponseReturnValue:
    """The form as on the real page."""
    with _opened(me(), trial_id) as trial:
        person = trial.scene.actor(username)
        form = _form(trial, person, task_id)
        sent, rejected = taskform.uploads(person)
        data, action = form.read([*request.form.items(multi=True), *sent])
        if rejected:
            values = _task_values(trial, person, task_id, typed=data, errors=rejected)
        elif action[0] != "submit":  # a row more or less; "save" is the Enter key: nothing is done by mistake
            values = _task_values(trial, person, task_id, typed=form.after(data, action))
        else:
            values = {}
            try:
                trial.complete(person, task_id, data)
            except Invalid as error:
                values = _task_values(trial, person, task_id, typed=data, errors=error.errors)
            except (Refused, Conflict) as error:
                values = _task_values(trial, person, task_id, typed=data, refusal=str(error.text))
    if values:
        return render_template("studio/try_task.html", **values), 422 if action[0] == "submit" or rejected else 200
    say(gettext("{who}已办结。", who=person.name))
    return redirect(url_for("trying.show", trial_id=trial_id), 303)


@blueprint.get("/studio/tries/<trial_id>/files/<attachment_id>")
@login_required
def file(trial_id: str, attachment_id: str) -> Response:
    """A file that was handed in with a form of the sandbox."""
    with _opened(me(), trial_id):
        return files.download(ask(AttachmentView(attachment_id, trial_view.SEES)))


def _form(trial: Trial, person: Actor, task_id: str) -> taskform.TaskForm:
    trial_id = trial.told.id
    return taskform.TaskForm(
        ask(TaskFormQuery(person, task_id)),
        person,
        lambda each: url_for("trying.file", trial_id=trial_id, attachment_id=each),
    )


def _task_values(
    trial: Trial,
    person: Actor,
    task_id: str,
    *,
    typed: Mapping[str, Any] | None = None,
    errors: Mapping[str, Any] | None = None,
    refusal: str | None = None,
) -> dict[str, Any]:
    detail = ask(TaskView(person, task_id))
    form = _form(trial, person, task_id)
    return {
        "trial": trial.told,
        "person": person,
        "task": detail.task,
        "name": gettext(detail.task.name) if detail.task.name else detail.task.element_id,
        "process": gettext(detail.task.process_name),
        "hint": gettext(detail.hint) if detail.hint else "",
        "due_at": due(detail.task.due_at),
        "may": "complete" in detail.may,
        "barred": str(detail.barred) if detail.barred else "",
        "fields": form.fields(typed, errors) if "complete" in detail.may else form.shown(),
        "summary": form.summary(errors) if errors else None,
        "refusal": refusal,
        "now": trial.scene.now,
    }


# --- what can be done --------------------------------------------------------------------------------------------------


def _start(trial: Trial) -> str:
    given: dict[str, Any] = {"by": request.form.get("by", "")}
    variables = _mapping(request.form.get("variables", ""))
    if variables:
        given["variables"] = variables
    trial.scene.actor(given["by"])
    trial.perform("start", "start", given)
    return gettext("已发起。")


def _perform_act(trial: Trial) -> str:
    name = request.form.get("name", "")
    given = _mapping(request.form.get("given", ""))
    given = {key: value for key, value in given.items() if value is not None} if isinstance(given, dict) else given
    for step in _steps(steps_text([{name: given or {}}])):
        trial.perform(step.kind, step.name, step.given)
    return gettext("已办：{name}", name=name)


def _typed(trial: Trial) -> str:
    steps = _steps(request.form.get("typed", ""))
    for step in steps:
        trial.perform(step.kind, step.name, step.given)
    return gettext("已办 {n} 步。", n=len(steps))


def _due(trial: Trial) -> str:
    coming = trial.next_due()
    if coming is None:
        raise Refused(T("没有等待中的期限。"), code="NO_TIMER")
    return _moved(trial, coming)


def _days(trial: Trial) -> str:
    """So many working days on, at the same time of day; days of the calendar where the office counts no working days."""
    text = request.form.get("days", "")
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= MOST_DAYS):
        raise Refused(T("请写 1 到 {n} 之间的天数。", n=MOST_DAYS), code="DAYS")
    at = local(trial.scene.now)
    with trial.scene.snapshot() as connection:
        count = engine().registry.bind_functions(connection, trial.scene.now).get("add_workdays")
        day = count(at.date().isoformat(), int(text)) if count else (at.date() + timedelta(days=int(text))).isoformat()
    return _moved(
        trial, datetime.fromisoformat(str(day)[:10]).replace(hour=at.hour, minute=at.minute, tzinfo=at.tzinfo)
    )


def _to_date(trial: Trial) -> str:
    return _moved(trial, _date(request.form.get("date", "")))


def _date(text: str) -> datetime:
    try:
        return later(text)
    except ValueError:
        raise Refused(T("请先选一个日期。"), code="DATE") from None


def _moved(trial: Trial, until: datetime) -> str:
    fired = trial.move_clock(until)
    return gettext("现在是 {at}，有 {n} 个期限到了。", at=when(trial.scene.now), n=fired)


def _message(trial: Trial) -> str:
    waiting = next((each for each in trial.awaited() if each["id"] == request.form.get("waiting")), None)
    if waiting is None:
        raise Refused(T("现在不等这个消息了。"), code="NOT_AWAITED")
    variables = _mapping(request.form.get("variables", ""))
    trial.send(waiting["message"], waiting["correlation"] or {}, variables)
    return gettext("已送达：{name}", name=gettext(waiting["name"]) or waiting["message"])


def _follow_one(trial: Trial) -> str:
    trial.follow()
    return ""


def _follow_all(trial: Trial) -> str:
    _follow(trial, lambda: True)
    return ""


def _follow(trial: Trial, further: Callable[[], bool]) -> None:
    """The scenario's steps one after the other; what is left after a while is left for the next request."""
    until = time.monotonic() + LONGEST_RUN
    while trial.told.rest and further() and time.monotonic() < until:
        trial.follow()


def _skip(trial: Trial) -> str:
    del trial.told.rest[:1]
    return ""


def _unknown(_trial: Trial) -> str:
    raise Refused(T("请选择要办什么。"), code="UNKNOWN")


_WORK: Mapping[str, Callable[[Trial], str]] = {
    "start": _start,
    "act": _perform_act,
    "typed": _typed,
    "due": _due,
    "days": _days,
    "date": _to_date,
    "message": _message,
    "follow": _follow_one,
    "run": _follow_all,
    "skip": _skip,
}


# --- small pieces ------------------------------------------------------------------------------------------------------


@contextmanager
def _opened(actor: Actor, trial_id: str) -> Iterator[Trial]:
    """The reader's own sandbox; what is asked and done meanwhile concerns it alone. Raises NotFound."""
    if not policy.allows(actor, "studio.edit"):
        raise NotFound(T("没有这次试办。"))
    with _all().opened(actor, trial_id) as trial, within(trial.engine):
        yield trial


def _all() -> Sandboxes:
    return sandboxes(engine())


def _scenes() -> Scenes:
    scenes = engine().registry.scenes
    assert scenes is not None  # without a kit no sandbox was made
    return scenes


def _steps(text: str) -> list[Step]:
    """Raises Refused with what stands against them."""
    steps, problems = read_steps(text.replace("\r\n", "\n").encode(), _scenes())
    if problems:
        said = [gettext("第 {n} 行：{text}", n=each.line or 1, text=each.text) for each in problems]
        raise Refused(T("没有看懂：{why}", why=" ".join(said)), code="STEP_UNREADABLE")
    return steps


def _mapping(text: str) -> Any:
    """`name: value` lines, or FEEL that gives them. Raises Refused."""
    plain = text.replace("\r\n", "\n").strip("\n")
    if not plain.strip() or plain.strip().startswith("="):
        return plain.strip() or {}
    indented = "\n".join(f"      {line}" for line in plain.split("\n"))
    [step] = _steps(f"- message:\n    name: x\n    variables:\n{indented}\n")
    return dict(step.given["variables"] or {})


def _why(error: ZhipingError) -> str:
    if isinstance(error, Invalid):
        return " ".join(f"{name}：{each}" for name, said in error.errors.items() for each in said)
    return str(error.text)
