"""Running instances brought to another release: what would become of each, saying which step is which, progress, taking it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import policy
from engine.errors import Forbidden, Invalid, Refused
from engine.moving.commands import MoveInstances, StopMoving, UndoMoving
from engine.moving.judging import Judged
from engine.moving.queries import MoveBatch, MoveBatches, Moved, MovePreview, Preview, Question, RunningReleases
from engine.queries.deployments import DeploymentView
from engine.queries.views import DeploymentDetail
from engine.registry import Actor
from engine.store.metadata import new_id
from forms.i18n import T, gettext
from web.pages.desk import ask, me, run, subject, subjects_of
from web.pages.said import say
from web.pages.words import when
from web.security import login_required

blueprint = Blueprint("moving", __name__)

LONGEST_REASON = 500
MAP = "map:"  # map:<process>:<old element> = the new element
DROPPED = "-"  # no longer waited for, or not there any more
SHOWN = 20  # cases named in one group
AGAIN = 2  # seconds
STATES = {
    "waiting": T("等待移动"),
    "moved": T("已移到新版本"),
    "refused": T("没有移，留在原版本"),
    "stopped": T("停下了，没有移"),
    "returning": T("等待撤回"),
    "returned": T("已撤回到原版本"),
    "stayed": T("不能撤回，留在新版本"),
    "stuck": T("后台出错，等待处理"),
}


@dataclass
class Group:
    """Cases of one process that stand at the same steps and can, or cannot, be moved for the same reasons."""

    process: str
    standing: list[str]
    may_move: bool
    why: list[str]
    notes: list[str]
    cases: list[tuple[str, str]] = field(default_factory=list)  # id, what it is about
    count: int = 0


@blueprint.get("/deployments/<deployment_id>/moving")
@login_required
def preview(deployment_id: str) -> ResponseReturnValue:
    return _page(me(), deployment_id, request.args, {}, "")


@blueprint.post("/deployments/<deployment_id>/moving", endpoint="execute")
@login_required(back="moving.preview")
def execute(deployment_id: str) -> ResponseReturnValue:
    actor = _owner()
    reason = request.form.get("reason", "").strip()
    errors = {}
    if request.form.get("seen") != "yes":
        errors["seen"] = gettext("请看过上面的预览，再勾选这一项。")
    if not 0 < len(reason) <= LONGEST_REASON:
        errors["reason"] = gettext("请写明为什么移动，不超过 {n} 字。", n=LONGEST_REASON)
    if errors:
        return _page(actor, deployment_id, request.form, errors, reason), 422
    source, names = request.form.get("from") or None, _names(request.form)
    try:
        asked = run(
            MoveInstances(deployment_id, actor, source=source, mapping=names, reason=reason),
            key=request.form.get("_key"),
            actor=actor,
        )
    except (Refused, Invalid) as error:
        say(_said(error), "error")
        return redirect(url_for("moving.preview", deployment_id=deployment_id), 303)
    return redirect(url_for("moving.progress", batch_id=asked["id"]), 303)


@blueprint.get("/moves/<batch_id>", endpoint="progress")
@login_required
def progress(batch_id: str) -> ResponseReturnValue:
    """How far a move is; asks anew by itself until it is over."""
    actor = me()
    batch = ask(MoveBatch(actor, batch_id))
    return _progress(actor, batch, None, "")


@blueprint.post("/moves/<batch_id>/stop", endpoint="stop")
@login_required(back="moving.progress")
def stop(batch_id: str) -> ResponseReturnValue:
    stopped = run(StopMoving(batch_id, _owner()))["stopped"]
    say(
        gettext("已停下，还有 {n} 件没有移，留在原版本。", n=stopped)
        if stopped
        else gettext("都已经移完，没有可停的。")
    )
    return redirect(url_for("moving.progress", batch_id=batch_id), 303)


@blueprint.post("/moves/<batch_id>/undo", endpoint="undo")
@login_required(back="moving.progress")
def undo(batch_id: str) -> ResponseReturnValue:
    actor = _owner()
    reason = request.form.get("reason", "").strip()
    if not 0 < len(reason) <= LONGEST_REASON:
        wrong = gettext("请写明为什么撤回，不超过 {n} 字。", n=LONGEST_REASON)
        return _progress(actor, ask(MoveBatch(actor, batch_id)), wrong, reason), 422
    try:
        run(UndoMoving(batch_id, actor, reason), key=request.form.get("_key"), actor=actor)
    except Refused as error:
        say(str(error.text), "error")
    return redirect(url_for("moving.progress", batch_id=batch_id), 303)


def _owner() -> Actor:
    actor = me()
    if not policy.allows(actor, "instance.migrate"):
        raise Forbidden(T("只有流程负责人可以把正在办理的事移到另一个版本。"))
    return actor


def _names(given: Mapping[str, str]) -> dict[str, dict[str, str | None]]:
    """The mapping that a form says: `map:<process>:<element>`."""
    names: dict[str, dict[str, str | None]] = {}
    for name, value in given.items():
        if not name.startswith(MAP) or not value:
            continue
        process, _, element = name.removeprefix(MAP).partition(":")
        names.setdefault(process, {})[element] = None if value == DROPPED else value
    return names


def _said(error: Refused | Invalid) -> str:
    if isinstance(error, Invalid):
        return " ".join(str(sentence) for found in error.errors.values() for sentence in found)
    return str(error.text)


def _page(actor: Actor, deployment_id: str, given: Mapping[str, str], errors: dict[str, str], reason: str) -> str:
    """`given`: the filter and the mapping, from the address or from a form that was not taken."""
    found = ask(DeploymentView(actor, deployment_id))
    source, names, wrong = given.get("from") or None, _names(given), None
    try:
        seen: Preview = ask(MovePreview(deployment_id, actor, source=source, mapping=names))
    except Invalid as error:  # the address names steps that another release had
        wrong = _said(error)
        seen = ask(MovePreview(deployment_id, actor, source=source))
    processes = {item.key: gettext(item.name) for item in found.definitions if item.kind == "process"}
    release = found.deployment
    candidate = release.state == "candidate"
    may = policy.allows(actor, "instance.migrate")
    return render_template(
        "moving/preview.html",
        release={"id": release.id, "name": _release(release.uploaded_at), "state": release.state},
        releases=[
            {"id": one.deployment_id, "name": _release(one.uploaded_at), "comment": one.comment, "running": one.running}
            for one in ask(RunningReleases(actor))
            if one.deployment_id != release.id
        ],
        source=source or "",
        groups=_groups(seen.judged, processes),
        total=len(seen.judged),
        movable=seen.movable,
        left=seen.left,
        questions=[_question(question, processes) for question in seen.questions],
        pictures=_pictures(actor, seen, found),
        mapping=_fields(seen.mapping),
        wrong=wrong,
        candidate=candidate,
        may_read=candidate and may,
        may_move=not candidate and may and seen.movable > 0,
        errors=errors,
        summary=list(errors.items()),
        reason=reason,
        key=new_id(),
        batches=[_told(batch) for batch in ask(MoveBatches(actor, deployment_id))],
    )


def _release(at: Any) -> str:
    return gettext("{at}的版本", at=when(at))


def _groups(judged: Sequence[Judged], processes: Mapping[str, str]) -> list[Group]:
    """What cannot be moved first: it is what somebody has to do something about."""
    subjects_of(one.instance_id for one in judged)
    groups: dict[Any, Group] = {}
    for one in judged:
        process = processes.get(one.definition_key, one.definition_key)
        steps = [place for place in one.standing if place.code != "AROUND"] or one.standing
        standing = list(dict.fromkeys(gettext(place.name or place.element_id or "") for place in steps))
        why = list(dict.fromkeys(str(remark.text) for remark in one.obstacles))
        notes = list(dict.fromkeys(str(remark.text) for remark in one.notes)) if one.may_move else []
        key = (process, tuple(standing), tuple(why), tuple(notes))
        group = groups.setdefault(key, Group(process, standing, one.may_move, why, notes))
        group.count += 1
        if len(group.cases) < SHOWN:
            group.cases.append((one.instance_id, subject(one.instance_id, one.business_key, process)))
    return sorted(groups.values(), key=lambda group: (group.may_move, group.process, -group.count))


def _question(question: Question, processes: Mapping[str, str]) -> dict[str, Any]:
    return {
        "field": f"{MAP}{question.definition_key}:{question.element_id}",
        "process": processes.get(question.definition_key, question.definition_key),
        "key": question.definition_key,
        "element": question.element_id,
        "name": gettext(question.name),
        "choices": [(choice.element_id, gettext(choice.name), choice.known) for choice in question.choices],
        "may_drop": question.may_drop,
        "waits": question.type == "boundaryEvent",
        "chosen": DROPPED if question.chosen is None else question.chosen,
    }


def _pictures(actor: Actor, seen: Preview, target: DeploymentDetail) -> list[dict[str, Any]]:
    """The old and the new diagram of each process somebody has to find steps in."""
    wanted = list(dict.fromkeys(question.definition_key for question in seen.questions))
    if not wanted:
        return []
    new = {item.key: item for item in target.definitions if item.kind == "process"}
    old: dict[str, str] = {}
    for deployment_id in seen.sources:
        for item in ask(DeploymentView(actor, deployment_id)).definitions:
            if item.kind == "process":
                old[item.key] = item.id
    standing: dict[str, dict[str, int]] = {}
    for one in seen.judged:
        for place in one.standing:
            counts = standing.setdefault(place.definition_key, {})
            counts[place.element_id or ""] = counts.get(place.element_id or "", 0) + 1
    return [
        {
            "key": key,
            "name": gettext(new[key].name),
            "old": url_for("process.xml", definition_id=old[key]),
            "new": url_for("process.xml", definition_id=new[key].id),
            "standing": [{"element": element, "count": count} for element, count in standing.get(key, {}).items()],
        }
        for key in wanted
        if key in new and key in old
    ]


def _fields(mapping: Mapping[str, Mapping[str, str | None]]) -> list[tuple[str, str]]:
    return [
        (f"{MAP}{key}:{old}", DROPPED if new is None else new)
        for key, pairs in mapping.items()
        for old, new in pairs.items()
    ]


def _told(batch: Moved) -> dict[str, Any]:
    """A move in figures and words."""
    done = batch.total - batch.counts.get("waiting", 0) - batch.counts.get("returning", 0)
    return {
        "id": batch.id,
        "reason": batch.reason,
        "by": batch.by,
        "at": batch.at,
        "over": batch.over,
        "total": batch.total,
        "done": done,
        "stopped_by": batch.stopped_by,
        "stopped_at": batch.stopped_at,
        "undone_by": batch.undone_by,
        "undone_at": batch.undone_at,
        "undo_reason": batch.undo_reason,
        "counts": [
            {"state": state, "words": str(words), "n": batch.counts[state]}
            for state, words in STATES.items()
            if batch.counts.get(state)
        ],
    }


def _progress(actor: Actor, batch: Moved, error: str | None, reason: str) -> str:
    subjects_of(item.instance_id for item in batch.items)
    target = ask(DeploymentView(actor, batch.target))
    processes = {item.key: gettext(item.name) for item in target.definitions if item.kind == "process"}
    rows = [
        {
            "instance_id": item.instance_id,
            "subject": subject(
                item.instance_id, item.business_key, processes.get(item.definition_key, item.definition_key)
            ),
            "state": item.state,
            "outcome": str(STATES[item.state]),
            "why": [str(text) for text in item.messages],
        }
        for item in batch.items
    ]
    may = policy.allows(actor, "instance.migrate")
    return render_template(
        "moving/progress.html",
        batch=_told(batch),
        release={"id": batch.target, "name": _release(target.deployment.uploaded_at)},
        rows=rows,
        again=None if batch.over else AGAIN,
        may_stop=may and batch.counts.get("waiting", 0) > 0,
        may_undo=may and batch.over and batch.counts.get("moved", 0) > 0,
        error=error,
        reason=reason,
        key=new_id(),
    )
