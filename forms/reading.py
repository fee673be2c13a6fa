"""The JSON of a form, read strictly: bounded size and depth, no name twice, nothing that could hide.

What comes out is a tree of components; whether it makes sense is the business of `forms.lint`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from forms.component import BOXES, FIELDS, Component
from forms.errors import FormProblem
from forms.i18n import T, Text

MAX_BYTES = 512 * 1024
MAX_DEPTH = 40

_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)


def tree(listed: Any, place: str) -> tuple[Component, ...]:
    out = []
    for at, raw in enumerate(listed if isinstance(listed, list) else []):
        if not isinstance(raw, Mapping):
            continue
        ref = f"{place}{at}"
        kind = str(raw.get("type"))
        key = raw.get("path" if kind in BOXES else "key") if kind in BOXES | FIELDS else None
        children = tree(raw.get("components"), f"{ref}.") if kind in BOXES else ()
        out.append(Component(kind, ref, key if isinstance(key, str) else "", raw, children))
    return tuple(out)


def shape(data: Any) -> Text | None:
    if not isinstance(data, dict) or data.get("type") != "default" or not isinstance(data.get("components"), list):
        return T("这不是表单文件：应为 form-js 的 JSON，含 type “default”、id 和 components。")
    if not isinstance(data.get("id"), str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]{0,99}", data["id"]):
        return T("表单的 id（即表单键）应由字母、数字、下划线组成，并以字母开头。")
    return None


class _Refusal(ValueError):
    def __init__(self, code: str, text: Text, needle: str | None = None) -> None:
        super().__init__(code)
        self.code, self.text, self.needle = code, text, needle


def read_json(raw: bytes, file: str) -> tuple[Any, list[FormProblem]]:
    """Strict JSON: UTF-8, bounded size and depth, no key twice, no NaN, no NUL or lone surrogate."""
    try:
        if len(raw) > MAX_BYTES:
            raise _Refusal("FORM_TOO_LARGE", T("表单文件太大，最多 {kb} KB。", kb=MAX_BYTES // 1024))
        _check_depth(raw)
        text = raw.decode("utf-8-sig")
        return json.loads(text, object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer), []
    except _Refusal as refusal:
        return None, [FormProblem(file, line_of(raw, refusal.needle), None, refusal.code, refusal.text)]
    except UnicodeDecodeError:
        return None, [FormProblem(file, None, None, "FORM_ENCODING", T("表单文件应以 UTF-8 编码保存。"))]
    except json.JSONDecodeError as error:
        return None, [
            FormProblem(file, error.lineno, None, "FORM_JSON", T("第 {n} 行不是合法的 JSON。", n=error.lineno))
        ]


def _check_depth(raw: bytes) -> None:
    depth = 0
    for found in _BRACKETS.finditer(raw):
        mark = found.group()
        depth += 1 if mark in (b"{", b"[") else -1 if mark in (b"}", b"]") else 0
        if depth > MAX_DEPTH:
            raise _Refusal("FORM_TOO_DEEP", T("表单文件嵌套太深，最多 {n} 层。", n=MAX_DEPTH))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in pairs:
        if key in out:
            raise _Refusal("FORM_DUPLICATE_NAME", T("同一对象里“{name}”写了两次，请只留一个。", name=key), key)
        out[key] = value
    return out


def _constant(name: str) -> NoReturn:
    raise _Refusal("FORM_JSON", T("JSON 里不能有 {name}。", name=name), name)


def _integer(digits: str) -> int:
    if len(digits) > 20:
        raise _Refusal("FORM_JSON", T("数字太长：{name}…", name=digits[:20]), digits[:20])
    return int(digits)


def line_of(raw: bytes, needle: str | None) -> int | None:
    """1-based line where `needle` stands first as a JSON string (else anywhere); None when nowhere."""
    if not needle:
        return None
    wanted = needle.encode("utf-8", "surrogatepass")
    at = raw.find(b'"' + wanted + b'"')
    at = raw.find(wanted) if at < 0 else at
    return None if at < 0 else raw.count(b"\n", 0, at) + 1
