"""The preview beside the form editor: what staff would see, whatever the text in the editor is."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from engine.engine import Engine
from engine.studio.changes import OpenChange
from web.pages.studio import preview


@pytest.fixture
def ask(browse, engine: Engine, who):
    """`ask(form, data)` -> (status, what the preview answered), as the owner."""
    change = engine.run(OpenChange(who("owner"), "改申报表"))["id"]
    browser = browse("owner")
    browser.open("/studio")
    token = re.search(r'name="csrf_token" value="([0-9a-f]+)"', browser.page)
    assert token

    def send(form: Any, data: Any = None) -> tuple[int, dict[str, Any]]:
        content = form if isinstance(form, str) else json.dumps(form)
        answer = browser.client.post(
            f"/studio/changes/{change}/files/apply.form/preview",
            json={"content": content, "data": data or {}},
            headers={"X-CSRF-Token": token[1], "Accept": "application/json"},
        )
        return answer.status_code, answer.get_json()

    return send


def form(*components: dict[str, Any]) -> dict[str, Any]:
    return {"id": "apply", "type": "default", "components": list(components)}


def field(key: str, **more: Any) -> dict[str, Any]:
    return {"type": "textfield", "id": f"f_{key}", "key": key, "label": f"标签{key}", **more}


def test_the_form_is_drawn_as_on_a_tasks_page_with_the_sample_data(ask) -> None:
    drawn = form(
        {"type": "text", "id": "t", "text": "单位：{{unit}}"},
        field("name", properties={"why": "用于核对身份"}),
        field("seen", readonly=True),
        field("gone", conditional={"hide": '=unit = "u1"'}),
    )
    status, told = ask(drawn, {"unit": "u1", "seen": "已有的值"})
    assert status == 200
    assert told["said"] == ""
    for words in ("单位：u1", "标签name", "用于核对身份", "已有的值", 'data-form="apply"'):
        assert words in told["html"], words
    assert re.search(r'<div[^>]*data-path="gone"[^>]* hidden', told["html"])


def test_what_is_not_a_form_yet_is_said_and_nothing_is_drawn(ask) -> None:
    for text in ("", "{", "[]", '{"id": "apply"}'):
        status, told = ask(text)
        assert (status, told["html"]) == (200, None), text
        assert told["said"], text
    status, told = ask(form(field("name", label="")))
    assert status == 200
    assert told["html"]
    assert "还有 1 处错误" in told["said"]
    assert ask(form(), ["no object"])[0] == 422
    assert ask("{}" * 600_000)[0] == 422


def test_markup_and_script_links_of_a_form_stay_text(ask) -> None:
    hostile = form(
        field("a", label="<img src=x onerror=alert(1)>"),
        {"type": "text", "id": "t", "text": "[x](javascript:alert(1)) <script>alert(1)</script>"},
        {"type": "html", "id": "h", "content": "<script>alert(1)</script>"},
    )
    status, told = ask(hostile, {"a": "<b>"})
    assert status == 200
    for tag in ("<img", "<script", 'href="javascript:'):
        assert tag not in (told["html"] or ""), tag


def test_expressions_that_fail_or_take_too_long_together_are_told(ask, monkeypatch) -> None:
    status, told = ask(form(field("a", conditional={"hide": '=date("x") > 1'})))
    assert (status, told["html"]) == (200, None)
    assert "f_a" in told["said"]
    bomb = "=count(for i in 1..100000 return for j in 1..100000 return i * j) > 1"
    status, told = ask(form(*(field(f"k{n}", conditional={"hide": bomb}) for n in range(200))))
    assert (status, told["html"]) == (200, None)
    assert "f_k0" in told["said"]
    monkeypatch.setattr(preview, "SECONDS", 0)  # each alone would be quick enough
    status, told = ask(form(field("a", conditional={"hide": "=1 > 2"})))
    assert (status, told["html"]) == (200, None)
    assert "太费时间" in told["said"]
