"""One input with all that belongs around it: label, required mark, hint, why we ask, error, limits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from forms.component import Component
from forms.convert import TEMPORAL, Bad
from forms.display import FileInfo, size_words
from forms.i18n import T, Text, gettext
from forms.markup import el, join
from forms.sheet import Option, choice


def field_id(path: str, prefix: str = "") -> str:
    """The HTML id of a field: `works[0].title` -> `f-works-0-title`."""
    return "f-" + re.sub(r"[^A-Za-z0-9_]+", "-", prefix + path).strip("-")


@dataclass(frozen=True)
class Around:
    """Everything the markup of one field needs besides its value."""

    name: str
    id: str
    label: Text
    hint: Text
    why: Text
    help: Text
    required: bool
    errors: list[str]
    options: list[Option] = field(default_factory=list)
    limits: Mapping[str, Any] = field(default_factory=dict)
    suggestions: list[str] = field(default_factory=list)
    files: Mapping[str, FileInfo] = field(default_factory=dict)

    @property
    def described_by(self) -> str | None:
        parts = {"-error": self.errors, "-hint": str(self.hint), "-why": str(self.why)}
        return " ".join(f"{self.id}{suffix}" for suffix, there in parts.items() if there) or None

    def mark(self) -> Markup:
        """Required or not, in words."""
        words = gettext("（必填）") if self.required else gettext("（选填）")
        return el("small", {"class": "text-secondary fw-normal", "data-required": self.required}, words)

    def title(self, **attributes: str) -> Markup:
        return el("label", {"class": "form-label", "for": self.id, **attributes}, str(self.label), " ", self.mark())

    def hints(self) -> Markup:
        hint = (
            el("div", {"class": "form-hint mb-1", "id": f"{self.id}-hint"}, str(self.hint)) if str(self.hint) else None
        )
        why = None
        if str(self.why):
            why = el(
                "div", {"class": "form-hint mb-1", "id": f"{self.id}-why"}, gettext("为什么需要：{why}", why=self.why)
            )
        more = None
        if str(self.help):
            summary = el("summary", None, gettext("填写帮助"))
            more = el("details", {"class": "form-hint mb-1"}, summary, el("div", None, str(self.help)))
        return join(hint, why, more)

    def error(self) -> Markup | None:
        if not self.errors:
            return None
        # d-block: Bootstrap shows the message only beside an input marked invalid, and ours may stand apart from it.
        rows = Markup("<br>").join(self.errors)
        said = el("span", {"class": "visually-hidden"}, gettext("错误："))
        return el("div", {"class": "invalid-feedback d-block", "id": f"{self.id}-error"}, said, rows)

    def input(self, kind: str = "form-control") -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "class": [kind, "is-invalid" if self.errors else ""],
            "aria-describedby": self.described_by,
            "aria-invalid": "true" if self.errors else None,
        }


def control(component: Component, value: Any, around: Around) -> Markup:
    """The field with everything around it. `value` is raw and shown exactly as it was typed."""
    kind = component.type
    if kind == "checkbox":
        return _checkbox(value, around)
    if kind == "radio":
        return _options([value], around, "radio")
    if kind in ("checklist", "taglist"):
        return _options(value if isinstance(value, list) else [], around, "checkbox")
    if kind == "filepicker":
        return _files(component, value, around)
    inside = {"select": _select, "textarea": _textarea, "number": _number, "datetime": _temporal}.get(kind, _text)
    return join(around.title(), around.hints(), inside(component, value, around), around.error())


def typed(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _text(component: Component, value: Any, around: Around) -> Markup:
    validation = component.rule("validationType")
    attributes = around.input() | {
        "type": {"email": "email", "phone": "tel"}.get(str(validation), "text"),
        "value": typed(value),
        "autocomplete": component.extension("autocomplete"),
        "data-max-length": around.limits.get("maxLength"),
    }
    if not around.suggestions:
        return _adorned(component, el("input", attributes))
    listed = f"{around.id}-suggestions"
    options = [el("option", {"value": suggestion}) for suggestion in around.suggestions]
    return join(
        _adorned(component, el("input", attributes | {"list": listed})), el("datalist", {"id": listed}, *options)
    )


def _textarea(component: Component, value: Any, around: Around) -> Markup:
    rows = typed(component.extension("rows"))
    lines = min(30, max(2, int(rows))) if rows.isascii() and rows.isdigit() else 5
    attributes = around.input() | {"rows": lines, "data-max-length": around.limits.get("maxLength")}
    # HTML drops one line break right after the tag, so one is given.
    return el("textarea", attributes, "\n" + typed(value))


def _number(component: Component, value: Any, around: Around) -> Markup:
    # type="number" would throw away what it cannot read; the keyboard of a phone is chosen by inputmode.
    whole = component.raw.get("decimalDigits") == 0
    attributes = {"type": "text", "inputmode": "numeric" if whole else "decimal", "value": typed(value)}
    return _adorned(component, el("input", around.input() | attributes | {"autocomplete": "off"}))


def _temporal(component: Component, value: Any, around: Around) -> Markup:
    """A native date or time input; a text input where a native one would drop what was typed."""
    native = {"date": "date", "time": "time", "datetime": "datetime-local"}.get(component.subtype, "date")
    read = TEMPORAL.get(component.subtype, TEMPORAL["date"])
    shown = typed(value)
    if shown:
        try:
            kept = read(shown, T(""))
            shown = (
                kept[:16]
                if native == "datetime-local"
                else kept[:5]
                if native == "time" and kept.endswith(":00")
                else kept
            )
        except Bad:
            native = "text"
    bounds = {}
    for name in ("min", "max"):
        try:
            if around.limits.get(name):
                bounds[name] = read(around.limits[name], T(""))[:16]
        except Bad:
            continue  # a limit that is no date limits nothing; validate() treats it alike
    return el("input", around.input() | {"type": native, "value": shown} | bounds)


def _adorned(component: Component, inside: Markup) -> Markup:
    appearance = component.raw.get("appearance")
    parts = appearance if isinstance(appearance, Mapping) else {}
    before, after = (
        el("span", {"class": "input-group-text"}, gettext(str(parts[name]))) if parts.get(name) else None
        for name in ("prefixAdorner", "suffixAdorner")
    )
    return el("div", {"class": "input-group"}, before, inside, after) if before or after else inside


def _select(_: Component, value: Any, around: Around) -> Markup:
    chosen = choice(value, around.options)
    options = [el("option", {"value": ""}, gettext("请选择"))]
    for option in around.options:
        selected = option.text == typed(chosen) and chosen is not None
        options.append(el("option", {"value": option.text, "selected": selected}, gettext(option.label)))
    return el("select", around.input("form-select"), *options)


def _options(chosen: list[Any], around: Around, kind: str) -> Markup:
    marked = {typed(choice(value, around.options)) for value in chosen if value is not None}
    rows = []
    for at, option in enumerate(around.options):
        one = around.id if at == 0 else f"{around.id}-{at}"
        attributes = {
            "type": kind,
            "id": one,
            "name": around.name,
            "value": option.text,
            "checked": option.text in marked,
            "class": "form-check-input",
        }
        label = el("label", {"class": "form-check-label", "for": one}, gettext(option.label))
        rows.append(el("div", {"class": "form-check"}, el("input", attributes), label))
    legend = el("legend", {"class": "form-label"}, str(around.label), " ", around.mark())
    attributes = {
        "class": ["mb-0", "is-invalid" if around.errors else ""],
        "aria-describedby": around.described_by,
        "id": None if rows else around.id,
    }
    return join(el("fieldset", attributes, legend, around.hints(), *rows), around.error())


def _checkbox(value: Any, around: Around) -> Markup:
    # Bootstrap would colour the label of an invalid box red, below the contrast a text needs.
    attributes = around.input() | {
        "type": "checkbox",
        "value": "true",
        "checked": value is True,
        "class": "form-check-input",
    }
    label = el("label", {"class": "form-check-label", "for": around.id}, str(around.label), " ", around.mark())
    return join(el("div", {"class": "form-check"}, el("input", attributes), label), around.hints(), around.error())


def _files(component: Component, value: Any, around: Around) -> Markup:
    kept = [file for file in value if isinstance(file, str)] if isinstance(value, list) else []
    items = []
    for at, file in enumerate(dict.fromkeys(kept)):
        info = around.files.get(file)
        one = f"{around.id}-keep-{at}"
        keep = {"type": "checkbox", "class": "form-check-input", "id": one, "name": around.name, "value": file}
        name = info.name if info else file
        words = gettext("保留：{name}", name=name)
        label = el("label", {"class": "form-check-label", "for": one}, words, " ", size_words(info))
        items.append(el("li", {"class": "form-check", "data-file": file}, el("input", keep | {"checked": True}), label))
    listed = None
    if items:
        note = el("p", {"class": "form-hint mb-1"}, gettext("已附文件（取消勾选，保存后即移除）："))
        listed = join(note, el("ul", {"class": "list-unstyled mb-2"}, *items))
    attributes = around.input() | {
        "type": "file",
        "multiple": bool(component.raw.get("multiple")),
        "accept": component.extension("accept") or component.raw.get("accept") or None,
    }
    return join(around.title(), around.hints(), listed, el("input", attributes), around.error())
