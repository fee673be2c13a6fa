"""A tiny stand-in for the FEEL evaluator: comparisons of a path with a literal, paths, `count(x)`, sums and `today()`.

The real one is handed in by the engine; here only the way expressions are called and their answers used is tested.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from typing import Any

import pytest

from forms.definition import FormDefinition
from forms.errors import FormErrors
from forms.schema import validate


class FeelError(Exception):
    pass


def evaluate(expression: str, variables: Mapping[str, Any]) -> Any:
    for word, combine in ((" or ", any), (" and ", all)):
        if word in expression:
            return combine([evaluate(part, variables) is True for part in expression.split(word)])
    if found := re.fullmatch(r"(.+?) (=|!=|>|<|\+) (.+)", expression):
        left, right = evaluate(found[1], variables), evaluate(found[3], variables)
        if found[2] in ("=", "!="):
            return (left == right) == (found[2] == "=")
        if type(left) is not type(right) and not (isinstance(left, int | float) and isinstance(right, int | float)):
            return None
        return {">": lambda: left > right, "<": lambda: left < right, "+": lambda: left + right}[found[2]]()
    if found := re.fullmatch(r"count\((.+)\)", expression):
        return len(evaluate(found[1], variables))
    if expression == "today()":
        return "2026-06-01"
    if expression == "fail()":
        raise FeelError(expression)
    if expression in ("null", "true", "false") or re.fullmatch(r'-?\d+(\.\d+)?|".*"|\[.*\]', expression):
        return json.loads(expression)
    value: Any = variables
    for step in expression.split("."):
        if not step.isidentifier():
            raise FeelError(expression)
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


@pytest.fixture(scope="session")
def feel() -> Callable[[str, Mapping[str, Any]], Any]:
    return evaluate


class Browser(HTMLParser):
    """Reads a page as a browser would: which names and values a form sends, which ids and labels there are."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.pairs: list[tuple[str, str]] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._template = 0
        self._select: str | None = None
        self._area: str | None = None
        self._written = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._template += tag == "template"
        if self._template:
            return
        self.tags.append((tag, given))
        name = given.get("name")
        if tag == "select":
            self._select = name
        elif tag == "option" and "selected" in given and self._select:
            self.pairs.append((self._select, given.get("value") or ""))
        elif tag == "textarea":
            self._area, self._written = name, ""
        elif tag == "input" and name and (given.get("type") not in ("file", "checkbox", "radio") or "checked" in given):
            self.pairs.append((name, given.get("value") or ""))

    def handle_endtag(self, tag: str) -> None:
        self._template -= tag == "template"
        if tag == "textarea" and self._area:
            self.pairs.append((self._area, self._written.removeprefix("\n")))
            self._area = None
        if tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        if self._area:
            self._written += data
        elif not self._template:
            self.text += data

    def find(self, tag: str | None = None, **attributes: str) -> list[dict[str, str | None]]:
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [
            given
            for name, given in self.tags
            if (tag is None or name == tag) and all(given.get(key, "-") == value for key, value in wanted.items())
        ]


@pytest.fixture(scope="session")
def browse() -> type[Browser]:
    return Browser


@pytest.fixture(scope="session")
def form() -> Callable[..., FormDefinition]:
    """Builds a definition from its components."""

    def build(*components: dict[str, Any], **more: Any) -> FormDefinition:
        data = {"type": "default", "id": "test_form", "schemaVersion": 18, "components": list(components), **more}
        return FormDefinition.parse(json.dumps(data).encode(), "test.form")

    return build


@pytest.fixture(scope="session")
def check(feel: Callable[[str, Mapping[str, Any]], Any]) -> Callable[..., Any]:
    """Validates: the kept values, or the sentences per path in Chinese."""

    def run(definition: FormDefinition, submitted: Any, context: Any = None, attachments: Any = None) -> Any:
        try:
            return validate(definition, submitted, context=context or {}, feel=feel, attachments=attachments)
        except FormErrors as refused:
            return Refusal({path: [str(text) for text in texts] for path, texts in refused.errors.items()})

    return run


class Refusal(dict[str, list[str]]):
    """What was wrong, told apart from kept values."""
