"""A form's values to read: check your answers, what was submitted, read-only fields and tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from forms import i18n
from forms.component import CHOICES, MULTIPLE, Component, is_feel
from forms.definition import FormDefinition
from forms.i18n import T, gettext
from forms.markup import el, join, lines, safe_link
from forms.sheet import Option, Place, Sheet


@dataclass(frozen=True)
class FileInfo:
    """What a page shows of an attachment: its name, its size in bytes, and where it is downloaded."""

    name: str
    size: int | None = None
    url: str | None = None


def size_words(info: FileInfo | None) -> str:
    if info is None or info.size is None:
        return ""
    if info.size < 1024 * 1024:
        return f"({max(1, round(info.size / 1024))} KB)"
    return f"({info.size / 1024 / 1024:.1f} MB)"


def render_readonly(
    definition: FormDefinition,
    values: Mapping[str, Any],
    *,
    attachments: Mapping[str, FileInfo] | None = None,
    options: Mapping[str, Any] | None = None,
    language: str | None = None,
) -> Markup:
    """The values under their labels: a description list, a table for each dynamiclist, attachments as links.

    Keys without a value in `values` are left out when they were hidden (absent) and shown as “未填写” when blank.
    `options`: process variables, so that values of `valuesKey` fields show their labels.
    """
    with i18n.use(language or i18n.language()):
        return Readers(attachments or {}, options or {}).scope(definition.components, values)


def shown_table(sheet: Sheet, component: Component, place: Place) -> Markup:
    """A form-js `table`: rows from `dataSource` (FEEL, or the name of a variable), `columns` of `{label, key}`."""
    source = str(component.raw.get("dataSource") or "")
    rows = sheet.ask(component, source, place) if is_feel(source) else sheet.context.get(source)
    columns: Any = component.raw.get("columns")
    if component.raw.get("columnsExpression"):
        columns = sheet.ask(component, component.raw["columnsExpression"], place)
    columns = [c for c in columns if isinstance(c, Mapping) and c.get("key")] if isinstance(columns, list) else []
    heads = [gettext(str(column.get("label") or column["key"])) for column in columns]
    body = []
    for row in rows if isinstance(rows, list) else []:
        cells = [plain(row.get(column["key"]) if isinstance(row, Mapping) else None) for column in columns]
        body.append(cells)
    label = component.raw.get("label")
    return _table(str(sheet.words(component, label, place)) if label else "", heads, body)


def between(mark: str) -> Markup:
    """A Chinese mark of a list, or what the reader's language puts there."""
    return escape(gettext(mark))


def plain(value: Any) -> Markup:
    """Any JSON value in words."""
    if value is None or value == "" or value == []:
        return el("span", {"class": "text-secondary"}, gettext("未填写"))
    if isinstance(value, bool):
        return join(gettext("是") if value else gettext("否"))
    if isinstance(value, list):
        return between("、").join(plain(item) for item in value)
    if isinstance(value, Mapping):
        return between("；").join(join(key, between("："), plain(inner)) for key, inner in value.items())
    return lines(str(value))


def _table(caption: str, heads: list[str], body: list[list[Markup]]) -> Markup:
    title = el("h3", {"class": "h4"}, caption) if caption else None
    if not body:
        return join(title, el("p", None, gettext("（无）")))
    head = el("thead", None, el("tr", None, *[el("th", {"scope": "col"}, words) for words in heads]))
    rows = [
        el("tr", None, *[el("td", {"data-label": words}, cell) for words, cell in zip(heads, row, strict=True)])
        for row in body
    ]
    # Not a <caption>: on a phone the table becomes cards, and a caption a column of single characters.
    words = caption or gettext("表格")
    table = el("table", {"class": "table table-vcenter zp-table", "aria-label": words}, head, el("tbody", None, *rows))
    # Wide tables scroll by themselves; the keyboard must reach them to scroll.
    return join(
        title, el("div", {"class": "table-responsive", "tabindex": "0", "role": "region", "aria-label": words}, table)
    )


class Readers:
    """Shows values in words; knows the attachments and the variables that name options."""

    def __init__(self, files: Mapping[str, FileInfo], variables: Mapping[str, Any] | None = None) -> None:
        self.files, self.variables = files, variables or {}

    def scope(self, components: tuple[Component, ...], values: Mapping[str, Any]) -> Markup:
        out: list[Markup] = []
        pairs: list[Markup] = []

        def flush() -> None:
            if pairs:
                out.append(el("dl", {"class": "row"}, *pairs))
                pairs.clear()

        for component in components:
            label = self._label(component)
            if component.type == "group":
                inner = values.get(component.key) if component.key else values
                inside = self.scope(component.components, inner if isinstance(inner, Mapping) else {})
                if inside:
                    flush()
                    out.append(
                        el(
                            "section",
                            None,
                            el("h3", {"class": "h4"}, label) if component.raw.get("label") else None,
                            inside,
                        )
                    )
            elif component.key and component.key in values:
                if component.type == "dynamiclist":
                    flush()
                    out.append(self._list(component, label, values[component.key]))
                else:
                    pairs.append(el("dt", {"class": "col-sm-4"}, label))
                    pairs.append(
                        el(
                            "dd",
                            {"class": "col-sm-8"},
                            self.value(component, values[component.key], self._options(component)),
                        )
                    )
        flush()
        return join(*out)

    def value(self, component: Component, value: Any, options: list[Option]) -> Markup:
        """One value in words, by the type of its field."""
        if component.type == "filepicker" and isinstance(value, list) and value:
            return el("ul", {"class": "list-unstyled mb-0"}, *[el("li", None, self._file(str(file))) for file in value])
        if component.type in CHOICES | MULTIPLE and value not in (None, "", []):
            labels = {option.text: gettext(option.label) for option in options}
            chosen = value if isinstance(value, list) else [value]
            words = [
                labels.get(Option("", one).text, str(one))
                for one in chosen
                if isinstance(one, str | int | float | bool)
            ]
            return between("、").join(words)
        if component.type == "datetime" and isinstance(value, str):
            return join(value[:16].replace("T", " ") if component.subtype == "datetime" else value)
        return plain(value)

    def _file(self, file: str) -> Markup:
        info = self.files.get(file)
        if info is None:
            return join(file)
        if info.url and safe_link(info.url):
            return join(el("a", {"href": info.url, "download": True}, info.name), " ", size_words(info))
        return join(info.name, " ", size_words(info))

    def _list(self, component: Component, label: str, rows: Any) -> Markup:
        fields = [
            inner for inner in component.walk() if inner is not component and inner.key and inner.type != "dynamiclist"
        ]
        body = []
        for row in rows if isinstance(rows, list) else []:
            given = row if isinstance(row, Mapping) else {}
            body.append([self.value(one, given.get(one.key), self._options(one)) for one in fields])
        return _table(label, [self._label(one) for one in fields], body)

    def _label(self, component: Component) -> str:
        # Without the running form there is nothing to evaluate a label with.
        return component.key if is_feel(component.label) or "{{" in component.label else str(T(component.label))

    def _options(self, component: Component) -> list[Option]:
        listed = component.raw.get("values") or self.variables.get(str(component.raw.get("valuesKey")))
        out = []
        for item in listed if isinstance(listed, list) else []:
            value = item.get("value") if isinstance(item, Mapping) else item
            label = item.get("label", value) if isinstance(item, Mapping) else item
            if isinstance(value, str | int | float | bool):
                out.append(Option(str(label), value))
        return out
