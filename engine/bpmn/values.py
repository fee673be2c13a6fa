"""What may stand in a process variable: JSON values, nothing else, so that every database, FEEL and the browser read the same."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import orjson

from engine.errors import Refused
from forms.i18n import T

MAX_DEPTH: Final = 60  # lists and contexts inside each other
MAX_INTEGER: Final = 2**63 - 1
MAX_ITEMS: Final = 100_000  # of all its lists and contexts together: a short text can hold very many empty lists


def clean(value: Any, path: str = "") -> Any:
    """`value` as JSON: fresh lists and dicts, dates and times as ISO text, Decimal as a number.

    Raises `Refused` (code BAD_DATA) naming the place for NUL, lone surrogates, NaN, infinity, integers beyond 64 bits, keys that are
    not text, objects, nesting deeper than `MAX_DEPTH` and more than `MAX_ITEMS` items.
    """
    return _clean(value, path, 0, [MAX_ITEMS])


def clean_object(value: Any, path: str = "") -> dict[str, Any]:
    """Like `clean`, for what must be an object of named values."""
    if not isinstance(value, Mapping):
        raise _bad(path, T("应为一组命名的值"))
    cleaned: dict[str, Any] = _clean(value, path, 0, [MAX_ITEMS])
    return cleaned


def size(value: Any) -> int:
    """Bytes of the value as JSON."""
    return len(orjson.dumps(value))


def same(one: Any, other: Any) -> bool:
    """Equality that tells 1 from true and 1.0, as JSON does."""
    return one is other or (type(one) is type(other) and one == other and orjson.dumps(one) == orjson.dumps(other))


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """What leads from `before` to `after`: the values set and the keys removed."""
    changed = {key: value for key, value in after.items() if key not in before or not same(before[key], value)}
    return changed, [key for key in before if key not in after]


def _clean(value: Any, path: str, depth: int, left: list[int]) -> Any:
    """`left[0]` counts down the items that may still come."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(str(value), path)
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise _bad(path, T("整数过大"))
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise _bad(path, T("不是有限的数"))
        return value
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise _bad(path, T("不是有限的数"))
        return _clean(int(value) if value == value.to_integral_value() else float(value), path, depth, left)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"PT{value.total_seconds():g}S"
    if isinstance(value, UUID):
        return str(value)
    if depth >= MAX_DEPTH:
        raise _bad(path, T("嵌套超过 {n} 层", n=MAX_DEPTH))
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        left[0] -= len(value)
        if left[0] < 0:
            raise _bad(path, T("的内容超过 {n} 项", n=MAX_ITEMS))
    if isinstance(value, Mapping):
        cleaned = {}
        for key, item in value.items():
            if not isinstance(key, str):
                raise _bad(path, T("名称应为文字"))
            cleaned[_text(key, path)] = _clean(item, f"{path}.{key}" if path else key, depth + 1, left)
        return cleaned
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(item, f"{path}[{index}]", depth + 1, left) for index, item in enumerate(value)]
    raise _bad(path, T("不能保存的内容（{kind}）", kind=type(value).__name__))


def _text(text: str, path: str) -> str:
    if "\x00" in text:
        raise _bad(path, T("文字中含有空字符（NUL）"))
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise _bad(path, T("文字中含有不成对的代理字符")) from None
    return text


def _bad(path: str, reason: Any) -> Refused:
    return Refused(
        T("“{path}”{reason}，未保存。", path=_shown(path), reason=reason), code="BAD_DATA", path=_shown(path)
    )


def _shown(path: str) -> str:
    return path.encode("utf-8", "replace").decode("utf-8").replace("\x00", "?")[:200] or "—"
