"""From a definition to marshmallow schemas, and the one way in for what people submit: `validate`.

A schema is made for one scope (the form, a group with a path, a row) as it stands with the data in it, because FEEL
may hide a field or set its limits row by row. Only the schema writes into the result; keys that the form does not declare are errors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from marshmallow import Schema, ValidationError
from marshmallow.fields import Field

from forms.component import CHOICES, MULTIPLE, TEXTS, Component, members
from forms.convert import TEMPORAL, Bad, from_decimal, is_blank, is_empty, to_decimal, to_text
from forms.definition import FormDefinition
from forms.errors import FormErrors
from forms.i18n import T, Text
from forms.pattern import MAX_TEXT as MAX_PATTERNED
from forms.pattern import compiled
from forms.sheet import MAX_ROWS, Feel, Place, Sheet, choice

Attachments = Callable[[list[str]], Mapping[str, Text | None]]

MAX_FILES = 50
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")
_PHONE = re.compile(r"(?:\+86[- ]?)?1[3-9][0-9]{9}|0[0-9]{2,3}[- ]?[0-9]{7,8}(?:[-转][0-9]{1,6})?")


def validate(
    definition: FormDefinition,
    submitted: Mapping[str, Any],
    *,
    context: Mapping[str, Any],
    feel: Feel,
    attachments: Attachments | None,
) -> dict[str, Any]:
    """The values to keep, JSON-safe, or `FormErrors`.

    - `submitted`: JSON of a program, or the data of `parse_submission`; it is not changed.
    - `context`: the process variables; read-only and disabled fields take their value from there (else from
      `defaultValue`), whatever the client sends, and are part of the result.
    - Visible optional fields that are blank are in the result as None (`[]` for lists, False for checkboxes), so that an older value does not
      survive. Hidden fields are not in the result: remove their variables (`definition.keys` says which there could be).
    - Rows of a dynamiclist in which nothing is filled in are dropped; error paths keep the row numbers of `submitted`.
    - `attachments`: given attachment ids, says for each what is wrong with it for this person (None: nothing); an id
      that is missing in the answer is refused. Without it no file is accepted.

    Raises `FormErrors`, and `FormBroken` when an expression of the definition fails.
    """
    errors: dict[str, list[Text]] = {}
    _undeclared(definition.components, submitted, "", errors)
    sheet = Sheet(definition, submitted, context, feel)
    reading = _Reading(sheet, errors)
    out = reading.scope(definition.components, submitted, sheet.values, Place())
    reading.check_files(attachments)
    if errors:
        order = {path: at for at, path in enumerate(reading.order)}
        raise FormErrors(dict(sorted(errors.items(), key=lambda item: order.get(item[0], len(order)))))
    return out


def schema_of(definition: FormDefinition) -> Schema:
    """The form's schema without data, for documentation: nested, every FEEL rule left open."""
    return _documented(definition.components, definition.id)


def _documented(components: tuple[Component, ...], name: str) -> Schema:
    from marshmallow.fields import List, Nested

    out: dict[str, Any] = {}
    for component in members(components):
        if (
            component.raw.get("readonly") is True
            or component.raw.get("disabled") is True
            or component.type == "expression"
        ):
            continue
        if component.type in ("group", "dynamiclist"):
            inner = Nested(_documented(component.components, f"{name}_{component.key}"))
            out[component.key] = inner if component.type == "group" else List(inner)
        else:
            out[component.key] = FIELD[component.type](component, T(component.label), allow_none=True)
    return Schema.from_dict(out, name=name)()


class _Value(Field[Any]):
    """A field of one component: converts, and refuses with sentences that name the label."""

    def __init__(self, component: Component, label: Text, **arguments: Any) -> None:
        self.component, self.words = component, label
        self.limits: dict[str, Any] = {}
        self.options: list[Any] = []
        super().__init__(error_messages={"required": [please(component, label)]}, **arguments)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        try:
            return self.convert(value)
        except Bad as bad:
            raise ValidationError([bad.text]) from bad

    def convert(self, value: Any) -> Any:
        raise NotImplementedError

    def number_of(self, name: str) -> int | None:
        limit = self.limits.get(name)
        try:
            return None if limit in (None, "") else int(to_decimal(limit, T("")))
        except Bad:
            return None


class _Text(_Value):
    def convert(self, value: Any) -> str:
        text = to_text(value, self.words, lines=self.component.type == "textarea")
        least, most = self.number_of("minLength"), self.number_of("maxLength")
        if least is not None and len(text) < least:
            raise Bad(T("“{label}”至少 {min} 字，现有 {n} 字。", label=self.words, min=least, n=len(text)))
        if most is not None and len(text) > most:
            raise Bad(T("“{label}”最多 {max} 字，现有 {n} 字。", label=self.words, max=most, n=len(text)))
        kind = self.component.rule("validationType")
        if kind == "email" and not _EMAIL.fullmatch(text):
            raise Bad(T("“{label}”应填写电子邮箱，例如 name@example.cn。", label=self.words))
        if kind == "phone" and not _PHONE.fullmatch(text):
            raise Bad(T("“{label}”应填写手机号码或带区号的座机号码，例如 13900000000。", label=self.words))
        if pattern := self.component.rule("pattern"):
            self._match(str(pattern), text)
        return text

    def _match(self, pattern: str, text: str) -> None:
        if len(text) > MAX_PATTERNED:
            raise Bad(T("“{label}”最多 {max} 字，现有 {n} 字。", label=self.words, max=MAX_PATTERNED, n=len(text)))
        if not compiled(pattern).found_in(text):
            own = self.component.extension("patternMessage") or self.component.rule("patternErrorMessage")
            raise Bad(T(str(own)) if own else T("“{label}”的格式不对，请按说明填写。", label=self.words))


class _Number(_Value):
    def convert(self, value: Any) -> int | float | str:
        number = to_decimal(value, self.words)
        places = self.component.raw.get("decimalDigits")
        if isinstance(places, int) and number != round(number, places):
            if places == 0:
                raise Bad(T("“{label}”应填写整数。", label=self.words))
            raise Bad(T("“{label}”最多 {n} 位小数。", label=self.words, n=places))
        least, most = self._limit("min"), self._limit("max")
        if (least is not None and number < least) or (most is not None and number > most):
            if least is not None and most is not None:
                raise Bad(T("“{label}”应在 {min} 至 {max} 之间。", label=self.words, min=_bare(least), max=_bare(most)))
            if least is not None:
                raise Bad(T("“{label}”不能小于 {min}。", label=self.words, min=_bare(least)))
            raise Bad(T("“{label}”不能大于 {max}。", label=self.words, max=_bare(most or Decimal(0))))
        if self.component.raw.get("serializeToString"):
            return format(number.normalize(), "f")
        return from_decimal(number)

    def _limit(self, name: str) -> Decimal | None:
        limit = self.limits.get(name)
        try:
            return None if limit in (None, "") else to_decimal(limit, T(""))
        except Bad:
            return None


class _Temporal(_Value):
    def convert(self, value: Any) -> str:
        read = TEMPORAL.get(self.component.subtype, TEMPORAL["date"])
        kept = read(value, self.words)
        least, most = self._limit("min", read), self._limit("max", read)
        if least is not None and kept < least:
            raise Bad(T("“{label}”不能早于 {min}。", label=self.words, min=spoken(least)))
        if most is not None and kept > most:
            raise Bad(T("“{label}”不能晚于 {max}。", label=self.words, max=spoken(most)))
        return kept

    def _limit(self, name: str, read: Callable[[Any, Text], str]) -> str | None:
        try:
            return read(self.limits[name], T("")) if self.limits.get(name) else None
        except Bad:
            return None


class _Checkbox(_Value):
    def convert(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise Bad(T("“{label}”应为是或否。", label=self.words))
        return value


class _Choice(_Value):
    def convert(self, value: Any) -> Any:
        return self.one(value)

    def one(self, value: Any) -> Any:
        kept = choice(value, self.options)
        if not any(type(option.value) is type(kept) and option.value == kept for option in self.options):
            raise Bad(T("请从“{label}”列出的选项中选择。", label=self.words))
        return kept


class _Choices(_Choice):
    def convert(self, value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise Bad(T("请从“{label}”列出的选项中选择。", label=self.words))
        kept: list[Any] = []
        for item in value:
            one = self.one(item)
            if one not in kept:
                kept.append(one)
        check_count(self.words, len(kept), self.number_of("minItems"), self.number_of("maxItems"))
        return kept


class _Files(_Value):
    def convert(self, value: Any) -> list[str]:
        if not isinstance(value, list) or not all(isinstance(item, str) and 0 < len(item) <= 100 for item in value):
            raise Bad(T("“{label}”应为已上传文件的编号列表。", label=self.words))
        kept = list(dict.fromkeys(value))
        most = self.number_of("maxItems")
        if most is None:
            most = MAX_FILES if self.component.raw.get("multiple") else 1
        if len(kept) > most:
            raise Bad(
                T("“{label}”最多 {max} 个文件，现有 {n} 个，请移除多余的。", label=self.words, max=most, n=len(kept))
            )
        least = self.number_of("minItems")
        if least is not None and len(kept) < least:
            raise Bad(T("“{label}”至少 {min} 个文件，现有 {n} 个。", label=self.words, min=least, n=len(kept)))
        return kept


FIELD: dict[str, type[_Value]] = {
    **dict.fromkeys(TEXTS, _Text),
    **dict.fromkeys(CHOICES, _Choice),
    **dict.fromkeys(MULTIPLE, _Choices),
    "number": _Number,
    "datetime": _Temporal,
    "checkbox": _Checkbox,
    "filepicker": _Files,
}


def limits(sheet: Sheet, component: Component, place: Place) -> dict[str, Any]:
    """The limits of a field here and now, FEEL evaluated: numbers, or ISO text for a datetime."""
    names = {
        **dict.fromkeys(TEXTS, ("minLength", "maxLength")),
        "number": ("min", "max"),
        "datetime": ("min", "max"),
        **dict.fromkeys((*MULTIPLE, "filepicker", "dynamiclist"), ("minItems", "maxItems")),
    }.get(component.type, ())
    out = {}
    for name in names:
        value = component.rule(name)
        value = component.extension(name) if value is None else value
        if name == "min" and value is None and component.raw.get("disallowPassedDates") is True:
            value = "=today()"
        out[name] = sheet.resolved(component, value, place)
    return out


def check_count(label: Text, count: int, least: int | None, most: int | None) -> None:
    if least is not None and count < least:
        raise Bad(T("“{label}”至少 {min} 项，现有 {n} 项。", label=label, min=least, n=count))
    if most is not None and count > most:
        raise Bad(T("“{label}”最多 {max} 项，现有 {n} 项，请移除多余的。", label=label, max=most, n=count))


def please(component: Component, label: Text) -> Text:
    """What to do about a required field that is blank."""
    if component.type in CHOICES:
        return T("请选择“{label}”。", label=label)
    if component.type in MULTIPLE:
        return T("请在“{label}”中至少选一项。", label=label)
    if component.type == "filepicker":
        return T("请上传“{label}”。", label=label)
    if component.type == "checkbox":
        return T("请勾选“{label}”。", label=label)
    if component.type == "dynamiclist":
        return T("请至少填写一项“{label}”。", label=label)
    return T("请填写“{label}”。", label=label)


def spoken(moment: str) -> str:
    """ISO text as people read it: `2026-06-01 09:00`."""
    day, separator, clock = moment.partition("T")
    return f"{day} {clock[:5]}" if separator else (day[:5] if day[2:3] == ":" else day)


def _bare(number: Decimal) -> str:
    return format(number.normalize(), "f")


class _Reading:
    def __init__(self, sheet: Sheet, errors: dict[str, list[Text]]) -> None:
        self.sheet, self.errors = sheet, errors
        self.order: list[str] = []
        self.files: dict[str, list[str]] = {}

    def scope(
        self, components: tuple[Component, ...], raw: Mapping[str, Any], settled: Mapping[str, Any], place: Place
    ) -> dict[str, Any]:
        out: dict[str, Any] = {}
        fields: dict[str, Any] = {}
        data: dict[str, Any] = {}
        for component in self.sheet.visible(components, place):
            key, path = component.key, place.prefix + component.key
            self.order.append(path)
            given = raw.get(key)
            if component.type == "expression":
                out[key] = settled.get(key)
            elif component.type == "group":
                out[key] = self._group(component, given, settled.get(key), place)
            elif self.sheet.is_locked(component, place):
                if settled.get(key) is not None:
                    out[key] = settled[key]
            elif component.type == "dynamiclist":
                out[key] = self._rows(component, given, settled.get(key), place)
            else:
                fields[key], out[key] = self._field(component, place)
                if not is_blank(given) and not (component.type == "checkbox" and given is False):
                    data[key] = given
        out |= self._loaded(fields, data, place)
        return out

    def _field(self, component: Component, place: Place) -> tuple[_Value, Any]:
        """The field, and what is kept when it is blank."""
        label = self.sheet.label(component, place)
        field = FIELD[component.type](component, label, required=self.sheet.required(component, place))
        field.limits = limits(self.sheet, component, place)
        if component.type in CHOICES | MULTIPLE:
            field.options = self.sheet.options(component, place)
        blank: Any = {"checkbox": False, "filepicker": []}.get(
            component.type, [] if component.type in MULTIPLE else None
        )
        return field, blank

    def _loaded(self, fields: dict[str, Any], data: dict[str, Any], place: Place) -> dict[str, Any]:
        try:
            loaded: dict[str, Any] = Schema.from_dict(fields)().load(data)
        except ValidationError as error:
            for key, sentences in error.normalized_messages().items():
                self.errors.setdefault(place.prefix + key, []).extend(sentences)
            return {}
        for key, value in loaded.items():
            if fields[key].component.type == "filepicker":
                self.files[place.prefix + key] = value
        return loaded

    def _group(self, component: Component, given: Any, settled: Any, place: Place) -> dict[str, Any]:
        if given is not None and not isinstance(given, Mapping):
            self._wrong(component, place)
            return {}
        return self.scope(component.components, given or {}, settled or {}, place.nested(component.key))

    def _rows(self, component: Component, given: Any, settled: Any, place: Place) -> list[dict[str, Any]]:
        path = place.prefix + component.key
        rows = [] if given is None else given
        if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows) or len(rows) > MAX_ROWS:
            self._wrong(component, place)
            return []
        label = self.sheet.label(component, place)
        kept = settled or []
        if component.fixed_rows and len(rows) > len(kept):
            self.errors.setdefault(path, []).append(T("“{label}”的行数是固定的，不能增减。", label=label))
            return []
        out = []
        for index, row in enumerate(kept):
            sent = rows[index] if index < len(rows) else {}
            if component.fixed_rows or not is_empty(sent):
                inner = place.row(component.key, index, row)
                out.append(self.scope(component.components, sent, row, inner))
        limit = _Value(component, label)
        limit.limits = limits(self.sheet, component, place)
        if self.sheet.required(component, place) and not out:
            self.errors.setdefault(path, []).append(please(component, label))
        elif not component.fixed_rows:
            try:
                check_count(label, len(out), limit.number_of("minItems"), limit.number_of("maxItems"))
            except Bad as bad:
                self.errors.setdefault(path, []).append(bad.text)
        return out

    def _wrong(self, component: Component, place: Place) -> None:
        label = self.sheet.label(component, place)
        text = T("“{label}”的内容不成形，请刷新页面后重新填写。", label=label)
        self.errors.setdefault(place.prefix + component.key, []).append(text)

    def check_files(self, attachments: Attachments | None) -> None:
        """Each id is asked about once; one file may not be attached in two places by mistake of a program: it may."""
        asked = list(dict.fromkeys(file for files in self.files.values() for file in files))
        if not asked:
            return
        answers = attachments(asked) if attachments is not None else {}
        unknown = T("有文件未能找到，请重新上传。") if attachments is not None else T("这里不能附文件。")
        for path, files in self.files.items():
            for file in files:
                problem = answers.get(file) if file in answers else unknown
                if problem is not None and problem not in self.errors.get(path, []):
                    self.errors.setdefault(path, []).append(problem)


def _undeclared(
    components: tuple[Component, ...], raw: Mapping[str, Any], prefix: str, errors: dict[str, list[Text]]
) -> None:
    declared = {component.key: component for component in members(components)}
    for key, value in raw.items():
        component = declared.get(key)
        if component is None:
            name = str(key)[:100]
            errors[prefix + name] = [T("本表没有“{name}”这一项，请去掉后再提交。", name=name)]
        elif component.type == "group" and isinstance(value, Mapping):
            _undeclared(component.components, value, f"{prefix}{key}.", errors)
        elif component.type == "dynamiclist" and isinstance(value, list):
            for index, row in enumerate(value[:MAX_ROWS]):
                if isinstance(row, Mapping):
                    _undeclared(component.components, row, f"{prefix}{key}[{index}].", errors)
