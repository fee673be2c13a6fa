"""From a definition to marshmallow schemas, and the one way in for what people submit: `validate`.

A schema is made for one scope (the form, a group with a path, a row) as it stands with the data in it, because FEEL
may hide a field or set its limits row by row. Only the schema writes into the result; keys that the form does not declare are errors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import Schema, ValidationError
from marshmallow.fields import List, Nested

from forms.component import CHOICES, MULTIPLE, TEXTS, Component, members
from forms.convert import Bad, is_blank, is_empty
from forms.definition import FormDefinition
from forms.errors import FormErrors
from forms.fields import FIELD, ValueField, check_count, please
from forms.i18n import T, Text
from forms.sheet import MAX_ROWS, Feel, Place, Sheet

Attachments = Callable[[list[str]], Mapping[str, Text | None]]


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

    def _field(self, component: Component, place: Place) -> tuple[ValueField, Any]:
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
        limit = ValueField(component, label)
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
