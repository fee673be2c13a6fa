"""What the studio's pages share: who may, a file's address and name, findings of the lint as pages and scripts show them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from flask import Response, make_response, render_template, url_for
from flask.typing import ResponseReturnValue

from engine import policy
from engine.commands import contents
from engine.errors import Forbidden, Problem
from engine.registry import Actor
from engine.studio.checking import check_file
from engine.studio.release import ChangeRelease
from forms.i18n import T, Text
from web.context import engine
from web.pages.desk import ask
from web.security import EDITOR_CSP

KINDS: dict[str | None, Text] = {
    "process": T("流程图"),
    "decision": T("决策表"),
    "form": T("表单"),
    "test": T("场景测试"),
    None: T("文件"),
}
EDITORS = {"process": "diagram", "decision": "table", "form": "form"}  # kind -> template; any other file is plain text


def need_owner(actor: Actor) -> None:
    """Raises Forbidden."""
    if not policy.allows(actor, "studio.edit"):
        raise Forbidden(T("只有流程负责人可以修改流程设计。"))


def need_reader(actor: Actor) -> None:
    """Raises Forbidden. For what a route looks at before it asks the engine."""
    if not policy.allows(actor, "studio.read"):
        raise Forbidden(T("只有流程负责人和管理人员可以查看流程设计。"))


def edit_href(change_id: str, file: str) -> str:
    """Where this file of a change is edited."""
    if contents.kind_of(file) == "test":
        return url_for("trial.tests", change_id=change_id, key=file[: -len(".test.yaml")])
    return url_for("studiofile.edit", change_id=change_id, file=file)


def editor_page(template: str, **values: Any) -> Response:
    """A page with an editor: bpmn-js and its kin place what they draw by style attributes."""
    response = make_response(render_template(template, **values))
    response.headers["Content-Security-Policy"] = EDITOR_CSP
    return response


def check(actor: Actor, change_id: str, file: str, raw: bytes) -> list[Problem]:
    """What stands against one file, with `raw` as its content, in the release that the change would make."""
    whole = ask(ChangeRelease(actor, change_id))
    return check_file(file, raw, whole.contents, engine().registry)


def findings(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """For scripts and lists: `{file, line, element, code, severity, text, remedy}`, words in the reader's language."""
    return [
        {
            "file": problem.file,
            "line": problem.line,
            "element": problem.element,
            "code": problem.code,
            "severity": problem.severity,
            "text": str(problem.text),
            "remedy": str(problem.remedy),
        }
        for problem in problems
    ]


def as_json(body: Any, status: int = 200) -> ResponseReturnValue:
    return Response(json.dumps(body, ensure_ascii=False), status, content_type="application/json; charset=utf-8")
