"""Uploading a release, reading what the lint says of it, and letting a second person activate it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import policy, remedies
from engine.clock import local
from engine.commands.activate_deployment import ActivateDeployment
from engine.commands.deploy import SYSTEM, Deploy
from engine.errors import DeploymentRefused, Forbidden, Invalid, Problem, ZhipingError
from engine.queries.deployments import DeploymentList, DeploymentView
from engine.queries.views import DefinitionItem, DeploymentItem
from engine.registry import Actor
from engine.studio.publishing_views import ReleaseReview, Review, Standing, Standings
from forms.i18n import T, Text, gettext
from web.pages import outline
from web.pages.desk import PAGE_SIZE, Pages, ask, group_name, in_group, me, now, offset, page_number, run
from web.pages.processes import DIAGRAMS, NOT_RUN
from web.pages.said import say
from web.pages.studio.comparing import href as compare_href
from web.pages.studio.publishing import instant
from web.pages.words import when
from web.security import login_required

blueprint = Blueprint("release", __name__)

MOST_FILES = 200
TEST_FAILED = "TEST_FAILED"
STATES = {
    "candidate": T("待启用"),
    "active": T("启用中"),
    "superseded": T("已被取代"),
    "withdrawn": T("已撤回"),
}


@blueprint.get("/deployments")
@login_required
def index() -> ResponseReturnValue:
    actor = me()
    if not policy.allows(actor, "deployment.read"):
        raise Forbidden(T("只有流程负责人和管理人员可以查看版本。"))
    found = ask(DeploymentList(actor, first_result=offset(), max_results=PAGE_SIZE))
    standing = ask(Standings(tuple(item.id for item in found.items)))
    return render_template(
        "deployments.html",
        deployments=[_listed(item, standing.get(item.id)) for item in found.items],
        pages=Pages(page_number(), found.total, len(found.items)),
        may_deploy=policy.allows(actor, "deployment.create"),
    )


@blueprint.get("/deployments/new")
@login_required
def new() -> ResponseReturnValue:
    _need_owner(me())
    return render_template("deployment_new.html")


@blueprint.post("/deployments/new", endpoint="upload")
@login_required(back="release.new")
def upload() -> ResponseReturnValue:
    actor = me()
    _need_owner(actor)
    sent = [file for file in request.files.getlist("files") if file.filename]
    names = Counter((file.filename or "").replace("\\", "/").rpartition("/")[2] for file in sent)
    twice = [name for name, count in names.items() if count > 1]
    if not sent or len(sent) > MOST_FILES or twice:
        problem = (
            gettext("请选择要上传的文件。")
            if not sent
            else gettext("同名文件选了两次：{names}。", names=twice)
            if twice
            else gettext("一次最多上传 {n} 个文件。", n=MOST_FILES)
        )
        return render_template("deployment_new.html", problem=problem), 422
    files = {(file.filename or "").replace("\\", "/").rpartition("/")[2]: file.read() for file in sent}
    comment = request.form.get("comment", "").strip()[:1_000]
    try:
        made = run(Deploy(files, actor, comment))
    except DeploymentRefused as refused:
        return _refused(files, refused.problems), 422
    except Invalid as error:
        sentences = [str(sentence) for found in error.errors.values() for sentence in found]
        return render_template("deployment_new.html", problem=" ".join(sentences)), 422
    say(*_uploaded(made))
    return redirect(url_for("release.show", deployment_id=made["id"]), 303)


@blueprint.get("/deployments/<deployment_id>")
@login_required
def show(deployment_id: str) -> ResponseReturnValue:
    return page(me(), deployment_id)


@blueprint.post("/deployments/<deployment_id>/activate")
@login_required(back="release.show")
def activate(deployment_id: str) -> ResponseReturnValue:
    """`reason`, and `at` where it is not to take effect at once."""
    actor = me()
    typed = {name: request.form.get(name, "").strip() for name in ("reason", "at")}
    errors: dict[str, str] = {}
    at = instant(typed["at"], errors)
    if not typed["reason"] and ask(DeploymentView(actor, deployment_id)).deployment.may_activate:
        errors["reason"] = gettext("请写明同意启用的理由。")
    if errors:
        return page(actor, deployment_id, errors=errors, typed=typed), 422
    try:
        run(ActivateDeployment(deployment_id, actor, typed["reason"], at))
    except DeploymentRefused as refused:
        problems = [_placed(problem) for problem in refused.problems]
        return page(actor, deployment_id, problems, typed=typed), 422
    except Invalid as error:
        return page(
            actor, deployment_id, errors={name: str(text) for name, text in error.first.items()}, typed=typed
        ), 422
    except ZhipingError as error:
        return page(actor, deployment_id, [str(error.text)], typed=typed), 403 if isinstance(error, Forbidden) else 422
    if at is None:
        say(gettext("已启用。新发起的事按这个版本走。"))
    else:
        say(gettext("已同意，到 {at} 自动启用。到时会再检查一遍。", at=when(at)))
    return redirect(url_for("release.show", deployment_id=deployment_id), 303)


def _uploaded(made: Mapping[str, Any]) -> tuple[str, str]:
    """What is said after an upload that was kept, and in which tone."""
    failed = sum(warning["code"] == TEST_FAILED for warning in made["warnings"])
    if made["state"] == "active":
        return gettext("检查通过，已启用。"), "success"
    if failed:
        said = gettext("已保存为“待启用”，但有 {n} 个场景测试没有通过，改好之前不能启用。请看下面的说明。", n=failed)
        return said, "error"
    return gettext("检查通过，已保存为“待启用”。请另一位流程负责人核对后启用。"), "success"


def _placed(problem: Problem) -> str:
    """A finding with its place, where it has one: the page it is shown on lists several files."""
    if problem.line is None:
        return f"{problem.file}：{problem.text}" if problem.file else str(problem.text)
    return gettext("{file} 第 {n} 行：{text}", file=problem.file, n=problem.line, text=problem.text)


def _need_owner(actor: Actor) -> None:
    if not policy.allows(actor, "deployment.create"):
        raise Forbidden(T("只有流程负责人可以上传流程文件。"))


def _row(item: DeploymentItem) -> dict[str, Any]:
    shipped = item.origin == "shipped"
    return {
        "id": item.id,
        "name": gettext("{at}的版本", at=when(item.uploaded_at)),
        "comment": item.comment,
        "origin": gettext("随系统提供") if shipped else gettext("由人上传"),
        "state": item.state,
        "state_words": str(STATES.get(item.state, item.state)),
        "created_by": gettext("系统") if item.uploaded_by == SYSTEM else item.uploaded_by_name or item.uploaded_by,
        "created_at": item.uploaded_at,
        "activated_by": gettext("系统")
        if item.activated_by in (None, SYSTEM)
        else item.activated_by_name or item.activated_by,
        "activated_at": item.activated_at,
    }


def _listed(item: DeploymentItem, standing: Standing | None) -> dict[str, Any]:
    """A line of the list: a candidate may be withdrawn, or agreed on for a date."""
    row = _row(item)
    if item.state == "candidate" and standing is not None and standing.withdrawn:
        row |= {"state": "withdrawn", "state_words": str(STATES["withdrawn"])}
    elif item.state == "candidate" and standing is not None and standing.activate_at is not None:
        row |= {"state_words": gettext("定于{at}启用", at=when(standing.activate_at))}
    return row


def page(
    actor: Actor,
    deployment_id: str,
    problems: Sequence[str] = (),
    *,
    errors: Mapping[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
) -> str:
    """The page of one release. `problems`: why it was not activated; `errors` and `typed`: of a form that was not taken."""
    found = ask(DeploymentView(actor, deployment_id))
    review = ask(ReleaseReview(actor, deployment_id))
    release = found.deployment
    kept = [_kept_warning(kept) for kept in release.warnings]
    warnings = [warning for warning in kept if warning["code"] != TEST_FAILED]
    names = {item.key: gettext(item.name) for item in found.definitions if item.kind == "process"}
    changed = [item for item in found.definitions if item.id in found.changed]
    return render_template(
        "deployment.html",
        release=_row(release) | {"state": review.state, "state_words": str(STATES[review.state])},
        review=review,
        lacking=[str(text) for text in review.lacking],
        signatures=[(group_name(one.authority), one.name, one.at) for one in review.signatures],
        may_edit=in_group(actor, policy.OWNER),
        moving_href=url_for("moving.preview", deployment_id=deployment_id),
        wanted=f"{local(review.wanted_at):%Y-%m-%dT%H:%M}" if review.wanted_at and review.wanted_at > now() else "",
        problems=problems,
        errors=errors or {},
        typed=typed or {},
        summary=list((errors or {}).items()),
        activate_reason=_why_not(actor, release, review),
        files=[_file(item, [w for w in warnings if w["file"] == item.file_name], names, review) for item in changed],
        carried=[_name(item, names) for item in found.definitions if item.id not in found.changed],
        failed=[warning for warning in kept if warning["code"] == TEST_FAILED],
    )


def _why_not(actor: Actor, release: DeploymentItem, review: Review) -> str | None:
    """Why the reader may not activate a candidate; None where they may."""
    if release.may_activate:
        return gettext("上面的各项做到以后才能启用。") if review.lacking else None
    if not in_group(actor, policy.OWNER):
        return gettext("只有流程负责人可以启用。")
    if release.uploaded_by == actor.username:
        return gettext("这是您上传的。为了防止差错，要由另一位流程负责人核对后启用。")
    return gettext("您不能启用这个版本。")


def _name(item: DefinitionItem, names: Mapping[str, str]) -> str:
    """A test is called after the process it tests; `names` are those of the release's processes by key."""
    if item.kind == "test":
        return gettext("场景测试：{name}", name=names.get(item.key, item.key))
    return gettext(item.name)


def _file(
    item: DefinitionItem, problems: list[dict[str, Any]], names: Mapping[str, str], review: Review
) -> dict[str, Any]:
    diagram = item.kind in DIAGRAMS
    before = review.before.get(("process" if diagram else item.kind, item.key))
    return {
        "name": item.file_name,
        "definition_name": _name(item, names),
        "href": url_for("process.show", definition_id=item.id),
        "problems": problems,
        "drawing": str(NOT_RUN) if item.kind == "drawing" else None,
        "xml_href": url_for("process.xml", definition_id=item.id) if diagram else None,
        "marks": _marks(problems),
        "compare": compare_href(
            f"definition:{before}" if before else f"nothing:{item.file_name}", f"definition:{item.id}"
        )
        if before != item.id
        else None,
    }


def _refused(files: Mapping[str, bytes], problems: Sequence[Problem]) -> str:
    shown = []
    for name, raw in sorted(files.items()):
        drawn = _outline(raw) if name.endswith(".bpmn") else None
        found = [
            {
                "file": problem.file,
                "line": problem.line,
                "element": problem.element,
                "element_name": gettext(drawn.name_of(problem.element)) if drawn and problem.element else "",
                "code": problem.code,
                "severity": problem.severity,
                "text": str(problem.text),
                "remedy": str(problem.remedy),
            }
            for problem in problems
            if problem.file == name
        ]
        shown.append(
            {"name": name, "problems": found, "marks": _marks(found), "inline": raw.decode() if drawn else None}
        )
    elsewhere = [str(problem.text) for problem in problems if problem.file not in files]
    numbered = {file["name"]: index for index, file in enumerate(shown, 1)}
    summary = [
        (f"file-{numbered[problem.file]}" if problem.file in numbered else None, f"{problem.file}：{problem.text}")
        for problem in problems
        if problem.severity == "error"
    ]
    return render_template("deployment_new.html", files=shown, summary=summary, elsewhere=elsewhere)


def _outline(raw: bytes) -> outline.Outline | None:
    """What a refused file shows, if it can be read at all."""
    try:
        return outline.read(raw)
    except ValueError:
        return None


def _kept_warning(kept: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "file": kept.get("file"),
        "line": kept.get("line"),
        "element": kept.get("element"),
        "element_name": "",
        "code": kept.get("code"),
        "severity": "warning",
        "text": str(Text.load(kept["text"])),
        "remedy": str(remedies.of(kept.get("code") or "")),
    }


def _marks(problems: list[dict[str, Any]]) -> dict[str, Any]:
    """For the viewer island: which elements carry a finding."""
    return {
        "problems": [
            {"element": p["element"], "severity": p["severity"], "text": p["text"]} for p in problems if p["element"]
        ]
    }
