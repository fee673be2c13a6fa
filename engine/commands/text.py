"""What no value from outside may contain, checked before anything else sees it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from engine.errors import Invalid
from engine.registry import Actor
from forms.i18n import T, Text

DEEPEST = 64  # nested lists and objects
LARGEST = 2**63 - 1


def check_command(command: Any) -> None:
    """Raises `Invalid` for text with NUL or half characters, numbers that no JSON reader keeps, and endless nesting."""
    errors: dict[str, list[Text]] = {}
    for field in dataclasses.fields(command) if dataclasses.is_dataclass(command) else ():
        _check(getattr(command, field.name), field.name, 0, errors)
    if errors:
        raise Invalid(errors)


def check_length(name: str, value: str | None, longest: int = 255) -> None:
    """Raises `Invalid` for a text that does not fit its column."""
    if value is not None and len(value) > longest:
        raise Invalid({name: [T("太长：最多 {n} 个字符。", n=longest)]})


def _check(value: Any, path: str, depth: int, errors: dict[str, list[Text]]) -> None:
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= c <= "\udfff" for c in value):
            errors.setdefault(_readable(path), []).append(T("含有不能保存的字符。"))
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, int):
        if abs(value) > LARGEST:
            errors.setdefault(path, []).append(T("数字太大。"))
    elif isinstance(value, float):
        if not math.isfinite(value):
            errors.setdefault(path, []).append(T("不是一个数。"))
    elif depth > DEEPEST:
        errors.setdefault(path[:80], []).append(T("嵌套太深：最多 {n} 层。", n=DEEPEST))
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            _check(key, f"{path}.{key}", depth + 1, errors)
            _check(inner, f"{path}.{key}", depth + 1, errors)
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            _check(inner, f"{path}[{number}]", depth + 1, errors)
    elif isinstance(value, Actor):
        return


def _readable(path: str) -> str:
    return "".join(c for c in path if c.isprintable())[:80]
