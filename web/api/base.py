"""What every part of the API shares: reading JSON strictly, camelCase schemas with sentences in the caller's language, paging,
idempotency keys."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import fields as dataclass_fields
from dataclasses import is_dataclass
from datetime import UTC, datetime
from typing import Any

import flask_smorest
import marshmallow as ma
import orjson
from flask import request
from marshmallow import fields, validate
from webargs.core import missing
from webargs.flaskparser import FlaskParser, is_json_request
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from engine.clock import local
from engine.commands.port import Once
from engine.errors import Invalid
from engine.queries.reading import MOST_RESULTS
from forms.i18n import T, Text
from web import security

DEEPEST = 100  # levels of a JSON body

# marshmallow passes a message on as it is, so a sentence may stay a `Text` until somebody reads it.
WORDS: Mapping[str, Any] = {
    "required": T("这一项必须填写。"),
    "null": T("这一项不能为空。"),
    "invalid": T("这一项的类型或格式不对。"),
    "invalid_utf8": T("这一项的类型或格式不对。"),
    "type": T("这一项的类型或格式不对。"),
    "too_large": T("这个数太大。"),
    "special": T("这一项的类型或格式不对。"),
    "format": T("这一项的类型或格式不对。"),
    "unknown": T("这里没有这一项。"),
}


class Parser(FlaskParser):
    """JSON by orjson: no NaN, no lone surrogates, bounded depth; and no NUL, which PostgreSQL cannot store."""

    def _raw_load_json(self, req: Any) -> Any:
        body = req.get_data(cache=True)
        if not body:
            return missing
        if not is_json_request(req):
            raise UnsupportedMediaType
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise BadRequest from error
        if not storable(value):
            raise BadRequest
        if _may_be_rounded(value):
            # orjson reads a whole number beyond 64 bits as the nearest float. It is kept whole, for the engine to refuse
            # in the place where it stands.
            try:
                value = json.loads(body)
            except ValueError as error:
                raise BadRequest from error
        return value


def storable(value: Any, depth: int = 0) -> bool:
    """Whether every text in it can be kept, and its depth is bounded."""
    if isinstance(value, str):
        return "\x00" not in value
    if depth > DEEPEST:
        return False
    if isinstance(value, dict):
        return all("\x00" not in key and storable(inner, depth + 1) for key, inner in value.items())
    if isinstance(value, list):
        return all(storable(inner, depth + 1) for inner in value)
    return True


def _may_be_rounded(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_may_be_rounded(inner) for inner in value.values())
    if isinstance(value, list):
        return any(_may_be_rounded(inner) for inner in value)
    return isinstance(value, float) and abs(value) >= 2**63


class Blueprint(flask_smorest.Blueprint):
    """A part of the API. Nobody gets further than here without a login, unless `public`."""

    ARGUMENTS_PARSER = Parser()

    def __init__(self, name: str, description: str, *, public: bool = False) -> None:
        super().__init__(name, f"web.api.{name}", description=description)
        if not public:
            self.before_request(_need_login)


def _need_login() -> None:
    security.require_actor()


def camel(name: str) -> str:
    return re.sub(r"_([a-z0-9])", lambda m: m.group(1).upper(), name)


def snake(name: str) -> str:
    return re.sub(r"([A-Z])", lambda m: "_" + m.group(1).lower(), name)


class Schema(ma.Schema):
    """Python names in, camelCase out; an undeclared key is refused."""

    error_messages = {"type": WORDS["type"], "unknown": WORDS["unknown"]}  # noqa: RUF012

    def on_bind_field(self, field_name: str, field_obj: fields.Field) -> None:
        field_obj.data_key = camel(field_obj.data_key or field_name)
        field_obj.error_messages = {key: WORDS.get(key, WORDS["invalid"]) for key in field_obj.error_messages}


class Instant(fields.Field):
    """An aware datetime; out as ISO 8601 with the offset of Qinghai, in with any offset."""

    default_error_messages = {"invalid": "not an instant"}  # noqa: RUF012

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        if isinstance(value, str):  # kept in a result as text
            value = datetime.fromisoformat(value)
        return local(value).isoformat() if value is not None else None

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        try:
            # In a query string an unescaped "+" arrives as a space.
            at = datetime.fromisoformat(value.replace(" ", "+") if "T" in value else value)
            if at.tzinfo is not None:
                local(at.astimezone(UTC))  # an instant at the edge of the calendar has no other offset
        except (AttributeError, TypeError, ValueError, OverflowError):
            raise self.make_error("invalid") from None
        if at.tzinfo is None:
            raise ma.ValidationError([T("时间要写明时区，例如 2026-06-01T09:00:00+08:00。")])
        return at


class Sentence(fields.Field):
    """A `Text`, in the caller's language."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else str(value)


class Names(fields.Field):
    """A set of words, sorted."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> list[str]:
        return sorted(value or ())


class Between(validate.Range):
    def __call__(self, value: Any) -> Any:
        try:
            return super().__call__(value)
        except ma.ValidationError:
            raise _sentence(T("要在 {low} 与 {high} 之间。", low=self.min, high=self.max)) from None


class Length(validate.Length):
    def __call__(self, value: Any) -> Any:
        try:
            return super().__call__(value)
        except ma.ValidationError:
            raise _sentence(T("长度要在 {low} 到 {high} 个字符之间。", low=self.min or 0, high=self.max)) from None


class OneOf(validate.OneOf):
    def __call__(self, value: Any) -> Any:
        try:
            return super().__call__(value)
        except ma.ValidationError:
            raise _sentence(T("只能是：{choices}。", choices=[str(c) for c in self.choices])) from None


def _sentence(text: Text) -> ma.ValidationError:
    return ma.ValidationError([text])


def text(longest: int = 255, *, shortest: int = 0, required: bool = False, **kwargs: Any) -> fields.String:
    return fields.String(required=required, validate=Length(min=shortest, max=longest), **kwargs)


def whole(low: int, high: int, **kwargs: Any) -> fields.Integer:
    return fields.Integer(strict=True, validate=Between(min=low, max=high), **kwargs)


class Empty(Schema):
    """A body without content."""


class Paging(Schema):
    """Which part of a list."""

    class Meta:
        unknown = ma.EXCLUDE

    # Not strict: in a query string every number is text.
    first_result = fields.Integer(load_default=0, validate=Between(min=0, max=10_000_000))
    max_results = fields.Integer(load_default=50, validate=Between(min=0, max=MOST_RESULTS))


def sorting(*columns: str, default: str, order: str = "asc") -> dict[str, fields.Field]:
    """Fields `sortBy` and `sortOrder` for a query schema; `columns` in Python names."""
    return {
        "sort_by": SortBy(columns, load_default=default),
        "sort_order": fields.String(load_default=order, validate=OneOf(["asc", "desc"])),
    }


class SortBy(fields.String):
    def __init__(self, columns: Iterable[str], **kwargs: Any) -> None:
        super().__init__(validate=OneOf([camel(column) for column in columns]), **kwargs)

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **kwargs: Any) -> Any:
        found = super().deserialize(value, attr, data, **kwargs)
        return snake(found) if isinstance(found, str) else found


def page_of(item: type[Schema]) -> type[Schema]:
    """`{"items": […], "total": n}`."""
    name = item.__name__.removesuffix("Schema") + "Page"
    return type(
        name,
        (Schema,),
        {"items": fields.List(fields.Nested(item)), "total": fields.Integer(), "__module__": item.__module__},
    )


def plain(value: Any, **more: Any) -> dict[str, Any]:
    """The fields of a dataclass as a dict, one level deep, to lay two of them side by side."""
    if not is_dataclass(value):
        raise TypeError(type(value))
    return {f.name: getattr(value, f.name) for f in dataclass_fields(value)} | more


def once(body: bytes | None = None, *, caller: str | None = None) -> Once | None:
    """The caller's Idempotency-Key, or None. `body`: what a repetition must repeat, where the raw bytes would differ;
    `caller`: under whose name the key is kept where nobody is logged in."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not 0 < len(key) <= 200 or not key.isascii() or not key.isprintable():
        raise Invalid({"Idempotency-Key": [T("Idempotency-Key 要是 1 到 200 个可打印的 ASCII 字符。")]})
    return Once(
        account_id=security.require_actor().account_id if caller is None else caller,
        route=f"{request.method} {request.path}"[:255],
        key=key,
        body=request.get_data(cache=True) if body is None else body,
    )


def files_body(files: Mapping[str, bytes], *more: str) -> bytes:
    """Stands for a multipart body, whose boundary differs at every repetition."""
    parts = [f"{name}\x00{hashlib.sha256(content).hexdigest()}" for name, content in sorted(files.items())]
    return "\x1f".join([*parts, *more]).encode()
