"""A tiny stand-in for the FEEL evaluator: comparisons of a path with a literal, paths, `count(x)`, sums and `today()`.

The real one is handed in by the engine; here only the way expressions are called and their answers used is tested.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest


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
