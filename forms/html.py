"""A form as accessible HTML that works without JavaScript; a browser script may build on the `data-` attributes.

`render_fields` gives everything between `<form …>` and its submit buttons. The page around it brings the `<form
method="post" enctype="multipart/form-data" novalidate>`, the CSRF token, the buttons (`name="_action"`, `value="save"` or `"submit"`)
and, above, `render_summary`. Names of inputs are paths (`works[0].title`); names that begin with `_` are the page's own.

For the browser script (all optional: without it the server does the same on the next submit):

| attribute | on | meaning |
|---|---|---|
| `data-form="<form key>"` | the outermost element | one form |
| `data-context="{…}"` | the same | JSON: the process variables that visibility expressions name |
| `data-path="works[0].title"`, `data-type` | the element around one field, box or text | path and form-js type; also `data-subtype` for datetime |
| `data-hide-if="<FEEL>"` | the same | hidden while this is true: set or remove its `hidden`. Evaluate as in form-js: variables are `data-context`, above it every top-level key (numbers as numbers, null where blank, `[]` for lists, rows in which nothing is filled in left out), and inside a row `this`, `parent`, `i` (row numbers from 1). Blank, hidden values count as null. Repeat until nothing changes |
| `data-value="…"` | the same | JSON: the value of a read-only or computed field, which has no input; only where a visibility expression names it |
| `data-list="works"`, `data-min`, `data-max` | fieldset of a dynamiclist | rows stand inside `data-rows` |
| `data-row="works[0]"` | one row | `this` of the fields inside |
| `<template data-row-template>` | in the fieldset | a blank row in which `__0__` (in a list within a list `__1__`) stands for the row number, also in ids |
| `name="_add" value="works"`, `name="_remove" value="works.0"` | buttons | without a script they submit; a script may add or remove on the spot and then renumbers names, ids and references |
| `data-max-length="3000"` | inputs | for a counter; the browser must not cut what is typed |
| `data-file="<attachment id>"` | list item of an attached file | holds the checkbox that keeps it (`name` = path, `value` = id); new files come from `<input type="file">` with the same name |
| `data-expression` | output of an expression | recomputed by the server |

Ids: `f-` + path with everything but letters, digits and `_` as `-` (`field_id`); error, hint and why have the suffixes `-error`, `-hint`, `-why`.
"""  # noqa: E501

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from forms import i18n
from forms.component import Component, members
from forms.definition import FormDefinition
from forms.display import FileInfo, Readers, render_readonly, shown_table
from forms.i18n import T, Text, gettext
from forms.markup import el, join, prose, safe_link
from forms.schema import limits
from forms.sheet import Feel, Place, Sheet, first_rows
from forms.submission import Action, apply_action, parse_submission
from forms.widgets import Around, control, field_id

__all__ = [
    "Action",
    "FileInfo",
    "apply_action",
    "field_id",
    "initial_values",
    "parse_submission",
    "render_fields",
    "render_readonly",
    "render_summary",
]

Errors = Mapping[str, Sequence[Text]]


def initial_values(definition: FormDefinition, *, context: Mapping[str, Any], feel: Feel) -> dict[str, Any]:
    """What a fresh form is filled with: the process variables of the same names, else the `defaultValue`s (literal or FEEL),
    and as many blank rows as a dynamiclist wants to begin with."""
    sheet = Sheet(definition, {}, context, feel)
    return _initial(sheet, definition.components, context, Place())


def _initial(sheet: Sheet, components: tuple[Component, ...], known: Mapping[str, Any], place: Place) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for component in members(components):
        key = component.key
        value = known.get(key)
        if component.type == "group":
            inner = value if isinstance(value, Mapping) else {}
            out[key] = _initial(sheet, component.components, inner, place.nested(key))
        elif component.type == "dynamiclist":
            rows = value if isinstance(value, list) else []
            blank: list[Any] = (
                [] if isinstance(value, list) and (rows or component.fixed_rows) else [{}] * first_rows(component)
            )
            out[key] = [
                _initial(sheet, component.components, row if isinstance(row, Mapping) else {}, place.row(key, at, {}))
                for at, row in enumerate([*rows, *blank])
            ]
        elif component.type != "expression":
            if value is None:
                value = sheet.resolved(component, component.raw.get("defaultValue"), place)
            if value is not None:
                out[key] = value
    return out


def render_fields(
    definition: FormDefinition,
    *,
    values: Mapping[str, Any] | None,
    errors: Errors | None = None,
    feel: Feel,
    context: Mapping[str, Any],
    names_prefix: str = "",
    attachments: Mapping[str, FileInfo] | None = None,
    language: str | None = None,
) -> Markup:
    """The fields of a form.

    `values`: the raw data to show again, exactly as typed (a draft, or what was refused); None for a fresh form, which is
    prefilled from `context`. `attachments`: attachment id -> what to show of it. `language`: else the current one.
    Raises `FormBroken`.
    """
    with i18n.use(language or i18n.language()):
        if values is None:
            values = initial_values(definition, context=context, feel=feel)
        sheet = Sheet(definition, values, context, feel)
        page = _Page(sheet, errors or {}, attachments or {}, names_prefix)
        attributes = {"data-form": definition.id, "data-context": _json(page.told)}
        # Enter in a text field presses the first button of a form: it must not be one that removes a row.
        first = el(
            "button",
            {
                "type": "submit",
                "name": "_action",
                "value": "save",
                "class": "visually-hidden",
                "tabindex": "-1",
                "aria-hidden": "true",
                "formnovalidate": True,
            },
            gettext("保存"),
        )
        return el("div", attributes, first, page.scope(definition.components, values, sheet.values, Place()))


def render_summary(errors: Errors, definition: FormDefinition, *, names_prefix: str = "") -> Markup:
    """All errors in one box, each a link to its field; empty without errors. The page moves the focus to it (`id="error-summary"`)."""
    if not errors:
        return Markup("")
    items = [
        el("li", None, el("a", {"href": f"#{field_id(path, names_prefix)}", "class": "alert-link"}, str(text)))
        for path, texts in errors.items()
        for text in texts
    ]
    return el(
        "div",
        {
            "class": "alert alert-danger",
            "role": "alert",
            "id": "error-summary",
            "tabindex": "-1",
            "aria-labelledby": "error-summary-title",
            "data-error-summary": definition.id,
        },
        el("h2", {"class": "alert-title h3", "id": "error-summary-title"}, gettext("有内容需要更正")),
        el("ul", {"class": "mb-0"}, *items),
    )


def _named(definition: FormDefinition) -> frozenset[str]:
    """The names in visibility expressions: all that the browser may learn of what has no input."""
    expressions = " ".join(component.hide or "" for component in definition.walk())
    return frozenset(re.findall(r"[^\W\d]\w*", expressions))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


class _Page:
    def __init__(self, sheet: Sheet, errors: Errors, files: Mapping[str, FileInfo], prefix: str) -> None:
        self.sheet, self.errors, self.files, self.prefix = sheet, errors, files, prefix
        self.names = _named(sheet.definition)
        self.told = {name: value for name, value in sheet.context.items() if name in self.names}

    def scope(
        self, components: tuple[Component, ...], raw: Mapping[str, Any], settled: Mapping[str, Any], place: Place
    ) -> Markup:
        return join(*[self._component(component, raw, settled, place) for component in components])

    def _component(
        self, component: Component, raw: Mapping[str, Any], settled: Mapping[str, Any], place: Place
    ) -> Markup | None:
        path = place.prefix + component.key
        if component.type == "button":
            return None
        inside = self._inside(component, path, raw, settled, place)
        columns = component.raw.get("_column")
        attributes = {
            "class": ["mb-3", columns],
            "data-path": path if component.key else None,
            "data-type": component.type,
            "data-subtype": component.subtype if component.type == "datetime" else None,
            "data-hide-if": component.hide,
            "data-value": self._told(component, settled, place),
            "hidden": self.sheet.is_hidden(component, place),
        }
        return el("div", attributes, inside)

    def _told(self, component: Component, settled: Mapping[str, Any], place: Place) -> str | None:
        """The value of a field that has no input, for the browser's visibility expressions."""
        if component.key not in self.names:
            return None
        if component.type != "expression" and not self.sheet.is_locked(component, place):
            return None
        return _json(settled.get(component.key))

    def _inside(
        self, component: Component, path: str, raw: Mapping[str, Any], settled: Mapping[str, Any], place: Place
    ) -> Markup:
        kind = component.type
        if kind == "group":
            return self._group(component, raw, settled, place)
        if kind == "dynamiclist":
            return self._list(component, path, raw, settled, place)
        if kind == "text":
            return prose(str(self.sheet.words(component, component.raw.get("text"), place)))
        if kind == "separator":
            return el("hr")
        if kind == "spacer":
            return el("div", {"class": "py-2", "aria-hidden": "true"})
        if kind == "image":
            return self._image(component, place)
        if kind == "table":
            return shown_table(self.sheet, component, place)
        around = self._around(component, path, place)
        locked = kind == "expression" or self.sheet.is_locked(component, place)
        if locked:
            value = settled.get(component.key)
            shown = Readers(self.files).value(component, value, around.options)
            plain = {
                "class": "form-control-plaintext",
                "id": around.id,
                "data-expression": kind == "expression",
                "aria-labelledby": f"{around.id}-label",
            }
            title = el("div", {"class": "form-label", "id": f"{around.id}-label"}, str(around.label))
            return join(title, around.hints(), el("div", {**plain, "role": "group"}, shown))
        return control(component, raw.get(component.key), around)

    def _around(self, component: Component, path: str, place: Place) -> Around:
        sheet = self.sheet
        hidden = sheet.is_hidden(component, place)
        bounds = limits(sheet, component, place)
        choices = component.type in ("radio", "select", "checklist", "taglist")
        return Around(
            name=self.prefix + path,
            id=field_id(path, self.prefix),
            label=sheet.label(component, place),
            hint=sheet.words(component, component.raw.get("description"), place),
            why=sheet.words(component, component.extension("why"), place),
            help=sheet.words(component, component.extension("help"), place),
            required=not hidden and (sheet.required(component, place) or str(bounds.get("minItems") or 0) != "0"),
            errors=[str(text) for text in self.errors.get(path, ())],
            options=sheet.options(component, place) if choices else [],
            limits=bounds,
            suggestions=self._suggestions(component, place),
            files=self.files,
        )

    def _suggestions(self, component: Component, place: Place) -> list[str]:
        listed = self.sheet.resolved(component, component.extension("suggestions"), place)
        parts = re.split(r"[,，]", listed) if isinstance(listed, str) else listed if isinstance(listed, list) else []
        return [str(part).strip() for part in parts if str(part).strip()]

    def _group(self, component: Component, raw: Mapping[str, Any], settled: Mapping[str, Any], place: Place) -> Markup:
        key = component.key
        if key:
            inner_raw, inner = raw.get(key), settled.get(key)
            raw = inner_raw if isinstance(inner_raw, Mapping) else {}
            settled = inner if isinstance(inner, Mapping) else {}
            inside = self.scope(component.components, raw, settled, place.nested(key))
        else:
            inside = self.scope(component.components, raw, settled, place)
        label = component.raw.get("label")
        legend = el("legend", {"class": "h4"}, str(self.sheet.words(component, label, place))) if label else None
        hint = self.sheet.words(component, component.raw.get("description"), place)
        hint_line = el("p", {"class": "form-hint"}, str(hint)) if str(hint) else None
        return el("fieldset", {"class": "form-fieldset"}, legend, hint_line, self._laid_out(component, inside))

    def _laid_out(self, component: Component, inside: Markup) -> Markup:
        columns = self._columns(component)
        return inside if columns == 1 else el("div", {"class": f"row row-cols-1 row-cols-md-{columns}"}, inside)

    def _columns(self, component: Component) -> int:
        columns = str(component.extension("columns") or "1")
        return int(columns) if columns in ("2", "3", "4") else 1

    def _list(
        self, component: Component, path: str, raw: Mapping[str, Any], settled: Mapping[str, Any], place: Place
    ) -> Markup:
        around = self._around(component, path, place)
        sent, kept = raw.get(component.key), settled.get(component.key)
        sent, kept = (rows if isinstance(rows, list) else [] for rows in (sent, kept))
        locked = self.sheet.is_locked(component, place)
        fixed = locked or component.fixed_rows
        rows = []
        for index, row in enumerate(kept):
            given = sent[index] if index < len(sent) and isinstance(sent[index], Mapping) else {}
            inner = place.row(component.key, index, row)
            rows.append(self._row(component, path, str(index), given, row, inner, fixed))
        template = None
        add = None
        name = component.extension("itemLabel")
        if not fixed:
            mark = f"__{len(place.numbers)}__"
            blank = place.row(component.key, len(kept), {}, mark)
            template = el(
                "template", {"data-row-template": True}, self._row(component, path, mark, {}, {}, blank, False)
            )
            what = T(str(name)) if name else around.label
            add = el(
                "button",
                {
                    "type": "submit",
                    "name": "_add",
                    "value": path,
                    "class": "btn btn-outline-primary",
                    "formnovalidate": True,
                },
                gettext("添加一项：{what}", what=what),
            )
        attributes = {
            "class": ["form-fieldset", "is-invalid" if around.errors else ""],
            "id": around.id,
            "tabindex": "-1",
            "aria-describedby": around.described_by,
            "data-list": path,
            "data-min": around.limits.get("minItems"),
            "data-max": around.limits.get("maxItems"),
        }
        legend = el("legend", {"class": "form-label"}, str(around.label), " ", None if locked else around.mark())
        body = el("div", {"data-rows": True}, *rows)
        return el("fieldset", attributes, legend, around.hints(), around.error(), body, template, add)

    def _row(
        self,
        component: Component,
        path: str,
        index: str,
        raw: Mapping[str, Any],
        settled: Mapping[str, Any],
        place: Place,
        fixed: bool,
    ) -> Markup:
        number = str(int(index) + 1) if index.isdigit() else index
        name = component.extension("itemLabel")
        title = gettext("{what} {n}", what=T(str(name)), n=number) if name else gettext("第 {n} 项", n=number)
        remove = None
        if not fixed:
            remove = el(
                "button",
                {
                    "type": "submit",
                    "name": "_remove",
                    "value": f"{path}.{index}",
                    "class": "btn btn-sm btn-outline-danger ms-auto",
                    "formnovalidate": True,
                    "aria-label": gettext("移除：{what}", what=title),
                },
                gettext("移除"),
            )
        marker = el("input", {"type": "hidden", "name": f"{self.prefix}{path}[{index}]", "value": ""})
        head = el("div", {"class": "card-header"}, el("h3", {"class": "card-title"}, title), remove)
        inside = self._laid_out(component, self.scope(component.components, raw, settled, place))
        on_one_line = self._columns(component) >= len(component.components)
        return el(
            "div",
            {"class": ["card mb-3", "zp-line" if on_one_line else ""], "data-row": f"{path}[{index}]"},
            marker,
            head,
            el("div", {"class": "card-body"}, inside),
        )

    def _image(self, component: Component, place: Place) -> Markup:
        source = str(self.sheet.resolved(component, component.raw.get("source"), place) or "")
        if not (safe_link(source) or re.match(r"data:image/(?:png|jpeg|gif|webp);", source)):
            return Markup("")
        alt = str(self.sheet.words(component, component.raw.get("alt"), place))
        return el("img", {"src": source, "alt": alt, "class": "img-fluid"})
