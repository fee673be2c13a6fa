"""A form that is being worked on, as staff will see it: drawn by the same renderer as a task's page, from the text in the editor."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from engine.errors import Invalid
from engine.studio.queries import FileView
from forms.definition import FormDefinition, FormRefused, lint_form
from forms.errors import FormBroken
from forms.html import initial_values, render_fields
from forms.i18n import T, gettext
from web.pages.desk import ask, me
from web.pages.studio.common import as_json
from web.pages.taskform import feel
from web.security import login_required

blueprint = Blueprint("formpreview", __name__, url_prefix="/studio/changes/<change_id>/files/<file>")

SECONDS = 2.0  # of processor time for all expressions of one drawing
LARGEST = 1_000_000  # characters of a form


class _TooSlow(Exception):
    """The expressions of the form together take longer than a page may."""


@blueprint.post("/preview")
@login_required(keep=False)
def preview(change_id: str, file: str) -> ResponseReturnValue:
    """`{"content": text, "data": {variable: value}}` -> `{"html": fields or null, "said": sentence}`; null where the text cannot be drawn,
    with the reason. Nothing is kept, nothing is sent anywhere."""
    actor = me()
    ask(FileView(actor, change_id, file))  # whoever may see the file may see it drawn
    content, data = _asked(request.get_json())
    errors = [problem for problem in lint_form(file, content.encode()) if problem.severity == "error"]
    try:
        html = str(_drawn(FormDefinition.parse(content.encode(), file), data))
    except FormRefused as refused:
        return as_json({"html": None, "said": str(refused.problems[0].text)})
    except FormBroken as broken:
        if isinstance(broken.__cause__, _TooSlow):
            return as_json({"html": None, "said": gettext("表达式太费时间，画不出预览。请简化后再看。")})
        return as_json({"html": None, "said": str(_broken(broken))})
    said = gettext("还有 {n} 处错误，改好之前有的地方可能显示不对。", n=len(errors)) if errors else ""
    return as_json({"html": html, "said": said})


def _asked(body: Any) -> tuple[str, dict[str, Any]]:
    """Raises Invalid."""
    content = body.get("content") if isinstance(body, dict) else None
    if not isinstance(content, str) or len(content) > LARGEST:
        raise Invalid({"content": [T("请发送表单的文字。")]})
    data = body.get("data") or {}
    if not isinstance(data, dict):
        raise Invalid({"data": [T("示例数据应是 JSON 对象，例如 {example}。", example='{"unit": "…"}')]})
    try:
        content.encode()
    except UnicodeEncodeError as error:
        raise Invalid({"content": [T("含有不能保存的字符。")]}) from error
    return content, data


def _drawn(definition: FormDefinition, data: Mapping[str, Any]) -> str:
    """Raises FormBroken."""
    began = time.thread_time()

    def bounded(expression: str, variables: Mapping[str, Any]) -> Any:
        if time.thread_time() - began > SECONDS:
            raise _TooSlow
        return feel(expression, variables)

    values = initial_values(definition, context=data, feel=bounded)
    return str(render_fields(definition, values=values, feel=bounded, context=data))


def _broken(broken: FormBroken) -> str:
    why = getattr(broken.__cause__, "text", None) or ""
    return gettext(
        "“{element}”的表达式“{expression}”还算不出来，预览停在上一次的样子。{why}",
        element=broken.element,
        expression=broken.expression[:200],
        why=str(why),
    )
