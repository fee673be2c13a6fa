"""What the lint of form files refuses, and that each finding has its place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from forms.definition import FormDefinition, lint_form
from forms.errors import FormRefused
from forms.i18n import LANGUAGES

TEXT = {"type": "textfield", "key": "name", "id": "f_name", "label": "姓名"}


def wrapped(*components: Any, **more: Any) -> bytes:
    return json.dumps({"type": "default", "id": "f", "components": list(components), **more}, indent=1).encode()


def codes(raw: bytes, check_feel: Any = None) -> set[str]:
    problems = lint_form("x.form", raw, check_feel)
    for problem in problems:
        assert problem.file == "x.form"
        assert all(problem.text.to(language) for language in LANGUAGES)
        assert problem.text.to("zh") != problem.text.to("en")
    return {problem.code for problem in problems}


def with_(**changes: Any) -> bytes:
    return wrapped({**TEXT, **changes})


def test_a_sound_form_has_no_findings_and_parses() -> None:
    raw = wrapped(TEXT)
    assert codes(raw) == set()
    definition = FormDefinition.parse(raw, "x.form")
    assert (definition.id, definition.keys) == ("f", frozenset({"name"}))


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"nonsense", "FORM_JSON"),
        (b"[]", "FORM_SHAPE"),
        (b'{"type":"default","id":"f"}', "FORM_SHAPE"),
        (b'{"type":"default","id":"1 f","components":[]}', "FORM_SHAPE"),
        (b'{"type":"default","id":"f","components":[1]}', "FORM_SHAPE"),
        (b'{"type":"default","id":"f","components":[{"type":"group","components":{}}]}', "FORM_SHAPE"),
        (b'{"type":"default","id":"f","id":"g","components":[]}', "FORM_DUPLICATE_NAME"),
        (b'{"type":NaN}', "FORM_JSON"),
        (b"9" * 5000, "FORM_JSON"),
        (b"[" * 100_000, "FORM_TOO_DEEP"),
        (b'{"a":' * 100_000, "FORM_TOO_DEEP"),
        (b" " * 600_000, "FORM_TOO_LARGE"),
        ("姓名".encode("gbk"), "FORM_ENCODING"),
        (wrapped(*[{"type": "spacer"}] * 501), "FORM_TOO_LARGE"),
        (wrapped({"type": "html", "content": "<b>x</b>"}), "FORM_HTML"),
        (wrapped({"type": "iframe", "url": "https://example.org"}), "FORM_HTML"),
        (wrapped({"type": "wizard"}), "FORM_UNKNOWN_TYPE"),
        (wrapped({"type": "text", "text": "[点此](java\tscript:alert(1))"}), "FORM_SCRIPT_LINK"),
        (wrapped({"type": "text", "text": "[点此](JAVA&#115;cript&colon;alert(1))"}), "FORM_SCRIPT_LINK"),
        (wrapped({"type": "image", "source": "data:text/html,x"}), "FORM_SCRIPT_LINK"),
        (with_(label="<img src=x>"), "FORM_HTML"),
        (with_(label="a\u0000b"), "FORM_CHARACTERS"),
        (with_(label="a\ud800b"), "FORM_CHARACTERS"),
        (with_(label="a\u202eb"), "FORM_CHARACTERS"),
        (with_(label=""), "FORM_NO_LABEL"),
        (with_(key=""), "FORM_NO_KEY"),
        (with_(key="typename"), "FORM_RESERVED_KEY"),
        (with_(key="__proto__"), "FORM_RESERVED_KEY"),
        (with_(key="_csrf"), "FORM_RESERVED_KEY"),
        (with_(key="a.b"), "FORM_BAD_KEY"),
        (with_(key="姓名"), "FORM_BAD_KEY"),
        (wrapped(TEXT, {**TEXT, "id": "other"}), "FORM_DUPLICATE_KEY"),
        (wrapped(TEXT, {**TEXT, "key": "other"}), "FORM_DUPLICATE_ID"),
        (wrapped(TEXT, {"type": "group", "id": "g", "components": [{**TEXT, "id": "o"}]}), "FORM_DUPLICATE_KEY"),
        (with_(type="radio"), "FORM_NO_OPTIONS"),
        (with_(type="select", values=[]), "FORM_NO_OPTIONS"),
        (with_(type="checklist", values=[{"label": "甲"}]), "FORM_OPTION"),
        (with_(type="select", values=[{"label": "甲", "value": "a"}, {"label": "乙", "value": "a"}]), "FORM_OPTION"),
        (with_(validate={"pattern": "("}), "FORM_PATTERN"),
        (with_(validate={"pattern": "(?=x)x"}), "FORM_PATTERN"),
        (with_(validate={"pattern": "((a{99}){99}){99}"}), "FORM_PATTERN"),
        (with_(validate={"maxLength": "many"}), "FORM_LIMIT"),
        (with_(validate={"required": "yes"}), "FORM_LIMIT"),
        (with_(validate=[]), "FORM_SHAPE"),
        (with_(conditional="x"), "FORM_SHAPE"),
        (with_(properties=[]), "FORM_SHAPE"),
        (with_(conditional={"hide": 1}), "FORM_FEEL"),
        (with_(type="expression", expression=""), "FORM_FEEL"),
        (with_(type="datetime", subtype="week"), "FORM_LIMIT"),
        (with_(type="datetime", properties={"min": "soon"}), "FORM_LIMIT"),
        (with_(type="number", decimalDigits=-1), "FORM_LIMIT"),
        (wrapped({"type": "dynamiclist", "path": "l", "label": "L"}), "FORM_EMPTY_LIST"),
        (
            wrapped({"type": "dynamiclist", "path": "l", "label": "L", "components": [{**TEXT, "readonly": True}]}),
            "FORM_READONLY_IN_ROWS",
        ),
    ],
)
def test_refuses(raw: bytes, code: str) -> None:
    assert code in codes(raw)


def test_nesting_is_bounded() -> None:
    component: dict[str, Any] = TEXT
    for n in range(8):
        component = {"type": "group", "path": f"g{n}", "label": "组", "components": [component]}
    assert codes(wrapped(component)) == {"FORM_TOO_DEEP"}


@pytest.mark.parametrize(
    "changes",
    [
        {"conditional": {"hide": "=BAD"}},
        {"readonly": "=BAD"},
        {"validate": {"required": "=BAD"}},
        {"type": "number", "validate": {"max": "=BAD"}},
        {"type": "select", "valuesExpression": "=BAD"},
        {"type": "expression", "expression": "=BAD"},
        {"label": "=BAD"},
        {"description": "您好，{{BAD}}"},
        {"defaultValue": "=BAD"},
        {"type": "filepicker", "properties": {"why": "核对", "maxItems": "=BAD"}},
    ],
)
def test_every_feel_slot_is_checked(changes: dict[str, Any]) -> None:
    seen: list[str] = []

    def fault(expression: str) -> str | None:
        seen.append(expression)
        return "syntax" if expression == "BAD" else None

    assert "FORM_FEEL" in codes(with_(**changes), fault)
    assert seen == ["BAD"]
    assert "FORM_FEEL" not in codes(with_(**changes), lambda _: None)


def test_findings_name_line_and_element() -> None:
    raw = wrapped(TEXT, {"type": "radio", "key": "choice", "id": "f_choice", "label": "选择"})
    (problem,) = lint_form("x.form", raw)
    assert (problem.element, problem.severity) == ("f_choice", "error")
    assert problem.line is not None
    assert b"f_choice" in raw.split(b"\n")[problem.line - 1]


def test_an_upload_without_a_reason_and_a_misspelt_property_are_warnings() -> None:
    raw = with_(type="filepicker", properties={"whi": "?"})
    found = lint_form("x.form", raw)
    assert {(p.code, p.severity) for p in found} == {("FORM_NO_WHY", "warning"), ("FORM_UNKNOWN_PROPERTY", "warning")}


def test_parse_raises_with_the_findings() -> None:
    with pytest.raises(FormRefused) as refused:
        FormDefinition.parse(b"[]", "x.form")
    assert [problem.code for problem in refused.value.problems] == ["FORM_SHAPE"]
