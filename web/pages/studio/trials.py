"""Scenario tests beside their diagram: edited, run, the way each of them walked, and what none of them walks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue

from engine import policy
from engine.bpmn.elements import Process, read_processes
from engine.bpmn.xmlsafe import read_xml
from engine.commands.check_release import check_release
from engine.commands.contents import Content
from engine.errors import DeploymentRefused, Forbidden, NotFound, Problem, Refused, ZhipingError
from engine.registry import Actor
from engine.scenarios.beginning import first_test
from engine.scenarios.coverage import Flow
from engine.scenarios.gate import played, turn
from engine.scenarios.play import Outcome
from engine.scenarios.script import TestFile, read_tests
from engine.studio.queries import FileView
from engine.studio.release import ChangeRelease
from engine.studio.versions import BringFiles
from forms.i18n import T, gettext
from web.context import engine
from web.pages.desk import ask, me, run
from web.pages.said import say
from web.pages.studio.common import edit_href, findings, need_owner
from web.pages.studio.files import as_it_was, shown
from web.security import login_required

blueprint = Blueprint("trial", __name__, url_prefix="/studio/changes/<change_id>/tests/<key>")

SUFFIX = ".test.yaml"
LINES = "application/x-ndjson"  # asked for by the script: one line of JSON for each scenario as it ends


@dataclass(frozen=True)
class Drawn:
    """The process that is tested, as it is drawn."""

    process: Process
    content: Content

    def label(self, flow_id: str) -> str:
        """A flow in words: `材料齐全？ → 需补正 → 补充材料`."""
        flow = next(each for each in self.process.flows if each.id == flow_id)
        ends = [self._name(flow.source), gettext(flow.name) if flow.name else "", self._name(flow.target)]
        return " → ".join(each for each in ends if each)

    def _name(self, element_id: str) -> str:
        element = self.process.elements.get(element_id)
        return gettext(element.name) if element is not None and element.name else element_id

    def of(self, flows: Iterable[Flow]) -> list[str]:
        """This process's own flows among those walked, in the order of the file."""
        mine = {flow for key, flow in flows if key == self.process.id}
        return [flow.id for flow in self.process.flows if flow.id in mine]

    def way(self, flows: Iterable[str]) -> list[str]:
        """The flows and the steps at their ends, for the viewer to colour."""
        chosen = set(flows)
        ends = [end for flow in self.process.flows if flow.id in chosen for end in (flow.source, flow.target)]
        plain = [
            each
            for each in dict.fromkeys(ends)
            if each in self.process.elements and self.process.elements[each].type != "subProcess"
        ]
        return [*sorted(chosen), *plain]


@blueprint.get("")
@login_required
def tests(change_id: str, key: str) -> ResponseReturnValue:
    return _page(change_id, key)


@blueprint.post("/new")
@login_required(back="trial.tests")
def new(change_id: str, key: str) -> ResponseReturnValue:
    """A test file for a process that has none: its first scenario starts it and stops at the first step."""
    actor = me()
    need_owner(actor)
    whole = ask(ChangeRelease(actor, change_id)).contents
    try:
        _need_sound(whole)
        text = first_test(key, whole, engine().registry)
    except DeploymentRefused as refused:
        return _page(change_id, key, refused=refused.problems), 422
    run(BringFiles(change_id, {key + SUFFIX: text.encode()}, actor, gettext("新建场景测试")))
    say(gettext("已建好第一个场景：发起以后停在第一步。请接着写，或者用“试办”办一遍再存为场景。"))
    return redirect(url_for("trial.tests", change_id=change_id, key=key), 303)


@blueprint.post("/run")
@login_required(back="trial.tests")
def play(change_id: str, key: str) -> ResponseReturnValue:
    """Fields `content` (the text as it stands in the editor; the draft or the saved version without it) and `scenario` (name of
    the only one to play). Answers the page, or lines of JSON for who accepts those: `{kind: "begin", scenarios, flows}`, an
    `{kind: "outcome", …}` for each, `{kind: "end"}`; `{kind: "refused", problems}` where nothing can be played."""
    actor = me()
    need_owner(actor)
    file = key + SUFFIX
    sent = request.form.get("content")
    text = as_it_was(sent, b"").encode() if sent is not None else _text(actor, change_id, file)
    whole = ask(ChangeRelease(actor, change_id, {file: text})).contents
    streamed = request.accept_mimetypes.best == LINES
    try:
        test = _readable(file, text)
        drawn = _drawn(whole, test.process)
        _need_sound(whole)
    except DeploymentRefused as refused:
        if streamed:
            return _lines([{"kind": "refused", "problems": findings(refused.problems)}])
        return _page(change_id, key, text=text.decode(), refused=refused.problems), 422
    wanted = request.form.get("scenario", "")
    chosen = [each for each in test.scenarios if wanted in ("", each.name)]
    if streamed:
        return _lines(_told(whole, chosen, drawn))
    with turn():
        outcomes = list(played(whole, chosen, engine().registry))
    return _page(change_id, key, text=text.decode(), outcomes=outcomes)


def _told(whole: Sequence[Content], chosen: Sequence[Any], drawn: Drawn) -> Iterator[dict[str, Any]]:
    """Who goes away ends it: the generator is closed, and the sandboxes with it."""
    yield {
        "kind": "begin",
        "scenarios": [{"name": each.name, "line": each.line} for each in chosen],
        "flows": [{"id": flow.id, "label": drawn.label(flow.id)} for flow in drawn.process.flows],
    }
    try:
        with turn():
            for outcome in played(whole, chosen, engine().registry):
                yield {"kind": "outcome", **_outcome(outcome, drawn)}
    except ZhipingError as error:  # the answer has begun: there is no other status to be had
        yield {"kind": "refused", "problems": [{"text": str(error.text)}]}
    yield {"kind": "end"}


def _lines(told: Iterable[Mapping[str, Any]]) -> Response:
    body = (f"{json.dumps(each, ensure_ascii=False)}\n" for each in told)
    response = Response(stream_with_context(body), content_type=f"{LINES}; charset=utf-8")
    response.headers["X-Accel-Buffering"] = "no"  # a proxy passes each line on as it comes
    return response


# --- what is tested ----------------------------------------------------------------------------------------------------


def _text(actor: Actor, change_id: str, file: str) -> bytes:
    found = ask(FileView(actor, change_id, file))
    return found.draft.content if found.draft is not None else found.content


def _readable(file: str, text: bytes) -> TestFile:
    """Raises DeploymentRefused, Refused (NO_KIT)."""
    registry = engine().registry
    if registry.scenes is None:
        raise Refused(T("这个系统没有配备测试用的人员和登记资料，不能运行场景测试。"), code="NO_KIT")
    test, problems = read_tests(file, text, registry.scenes)
    if test is None:
        raise DeploymentRefused(problems)
    return test


def _need_sound(whole: Sequence[Content]) -> None:
    """Raises DeploymentRefused where the release cannot run at all."""
    against = [each for each in check_release(whole, engine().registry) if each.severity == "error"]
    if against:
        raise DeploymentRefused(against)


def _drawn(whole: Sequence[Content], key: str) -> Drawn:
    """Raises NotFound."""
    drawn = _found(whole, key)
    if drawn is None:
        raise NotFound(T("这一版流程里没有可执行的流程“{key}”。", key=key))
    return drawn


def _found(whole: Sequence[Content], key: str) -> Drawn | None:
    for content in whole:
        if content.kind == "process" and content.key == key:
            root, _ = read_xml(content.file, content.raw)
            for process in read_processes(root) if root is not None else ():
                if process.id == key:
                    return Drawn(process, content)
    return None


# --- the page ----------------------------------------------------------------------------------------------------------


def _page(
    change_id: str,
    key: str,
    *,
    text: str | None = None,
    refused: Sequence[Problem] = (),
    outcomes: Sequence[Outcome] = (),
) -> str:
    actor = me()
    if not policy.allows(actor, "studio.read"):
        raise Forbidden(T("只有流程负责人和管理人员可以查看流程设计。"))
    file = key + SUFFIX
    whole = ask(ChangeRelease(actor, change_id)).contents
    if all(content.file != file for content in whole) and not _begun(actor, change_id, file):
        drawn = _drawn(whole, key)
        return render_template(
            "studio/tests_none.html",
            change_id=change_id,
            key=key,
            name=gettext(drawn.process.name),
            may_edit=policy.allows(actor, "studio.edit"),
            kit=engine().registry.scenes is not None,
            refused=against(change_id, refused),
        )
    found = ask(FileView(actor, change_id, file))
    values = shown(found)
    if text is not None:
        values["text"] = text
    test, _ = read_tests(file, values["text"].encode(), None)
    drawn_of = test.process if test is not None else key
    tested = _found(whole, drawn_of)
    by_name = {outcome.name: outcome for outcome in outcomes}
    return render_template(
        "studio/tests.html",
        **values,
        as_text=True,
        key=key,
        process=drawn_of,
        name=gettext(tested.process.name) if tested else key,
        xml=tested.content.raw.decode() if tested else None,
        diagram_href=edit_href(change_id, tested.content.file) if tested else None,
        kit=engine().registry.scenes is not None,
        may_run=policy.allows(actor, "studio.edit"),
        ran=len(outcomes),
        scenarios=[
            {
                "name": each.name,
                "line": each.line,
                "outcome": _outcome(by_name[each.name], tested) if each.name in by_name and tested else None,
            }
            for each in (test.scenarios if test is not None else ())
        ],
        coverage=_coverage(outcomes, tested) if tested and outcomes else None,
        refused=against(change_id, refused),
    )


def _begun(actor: Actor, change_id: str, file: str) -> bool:
    """Whether the change has the file, be it unreadable."""
    try:
        ask(FileView(actor, change_id, file))
    except NotFound:
        return False
    return True


def _outcome(outcome: Outcome, drawn: Drawn) -> dict[str, Any]:
    flows = drawn.of(outcome.walked)
    return {
        "name": outcome.name,
        "passed": outcome.passed,
        "seconds": round(outcome.seconds, 1),
        "text": str(outcome.text) if outcome.text is not None else "",
        "at": None if outcome.passed else outcome.line,
        "element": outcome.element,
        "flows": flows,
        "visited": drawn.way(flows),
        "standing": sorted({element for key, element in outcome.standing if key == drawn.process.id}),
    }


def _coverage(outcomes: Sequence[Outcome], drawn: Drawn) -> dict[str, Any]:
    seen = drawn.of(flow for outcome in outcomes for flow in outcome.walked)
    left = [flow.id for flow in drawn.process.flows if flow.id not in seen]
    return {
        "walked": len(seen),
        "all": len(drawn.process.flows),
        "missing": [{"id": each, "label": drawn.label(each)} for each in left],
        "state": {"visited": drawn.way(seen), "unwalked": left},
    }


def against(change_id: str, problems: Sequence[Problem]) -> list[dict[str, Any]]:
    return [
        {**told, "href": edit_href(change_id, told["file"]) if told["file"] else None} for told in findings(problems)
    ]
