"""One component of a form-js definition, and what the component types mean to us.

| types | data |
|---|---|
| textfield, textarea | text |
| number | whole numbers as int, others as float with exactly the digits typed; text with `serializeToString` |
| datetime | ISO text: `2026-06-01`, `09:00:00`, `2026-06-01T09:00:00+08:00` |
| checkbox | bool |
| radio, select | the value of one option |
| checklist, taglist | list of option values, in the order of the options |
| filepicker | list of attachment ids |
| expression | what the server computes |
| group | its `path` nests; without a path it only groups on the page |
| dynamiclist | list of objects under its `path` |
| text, image, table, separator, spacer, button | none |

Our own extensions stand under a component's `properties` (form-js keeps them as custom properties; texts or numbers):
see `EXTENSIONS`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

TEXTS = frozenset({"textfield", "textarea"})
CHOICES = frozenset({"radio", "select"})
MULTIPLE = frozenset({"checklist", "taglist"})
FIELDS = TEXTS | CHOICES | MULTIPLE | {"number", "datetime", "checkbox", "filepicker", "expression"}
BOXES = frozenset({"group", "dynamiclist"})
SHOWN = frozenset({"text", "image", "table", "separator", "spacer", "button"})
TYPES = FIELDS | BOXES | SHOWN
LISTS = MULTIPLE | {"filepicker", "dynamiclist"}

EXTENSIONS: dict[str, str] = {
    "autocomplete": "HTML autocomplete token of a text field (`name`, `tel`, `email`, …)",
    "why": "why we ask (R-111); shown beside the field, expected on every filepicker",
    "help": "longer help, folded under the field",
    "columns": "group, dynamiclist: fields side by side on wide screens, 1 to 4",
    "minItems": "dynamiclist, checklist, taglist, filepicker: least number of entries; number or FEEL",
    "maxItems": "dynamiclist, checklist, taglist, filepicker: greatest number of entries; number or FEEL",
    "accept": "filepicker: what the file dialogue offers, as HTML accept (form-js' own `accept` is read too)",
    "min": "datetime: earliest value, ISO text or FEEL",
    "max": "datetime: latest value, ISO text or FEEL",
    "suggestions": "textfield: proposals, separated by commas, or FEEL giving a list; other texts stay allowed",
    "rows": "textarea: height in lines, 2 to 30",
    "patternMessage": "sentence shown when `validate.pattern` does not match",
    "itemLabel": "dynamiclist: what one row is called (`代表作`), for its heading and the button that adds one",
}


def is_feel(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("=")


def bare(expression: str) -> str:
    """A FEEL expression without its leading `=`."""
    return expression.removeprefix("=").strip()


@dataclass(frozen=True)
class Component:
    """`ref` is its place in the definition (`0.3.1`), unique; `key` is where its value goes within its scope (a box's
    `path`), empty when it writes nothing of its own."""

    type: str
    ref: str
    key: str
    raw: Mapping[str, Any]
    components: tuple[Component, ...] = ()

    @property
    def element(self) -> str:
        return str(self.raw.get("id") or self.key or f"components {self.ref}")

    @property
    def label(self) -> str:
        """The label as written (Chinese source, may be FEEL or hold `{{…}}`); the key when there is none."""
        for name in ("label", "dateLabel", "timeLabel"):
            if isinstance(self.raw.get(name), str) and self.raw[name].strip():
                return str(self.raw[name])
        return self.key

    @property
    def hide(self) -> str | None:
        """FEEL, without `=`; the component is hidden while it is true."""
        conditional = self.raw.get("conditional")
        hide = conditional.get("hide") if isinstance(conditional, Mapping) else None
        return bare(hide) if isinstance(hide, str) and hide.strip() else None

    @property
    def subtype(self) -> str:
        return str(self.raw.get("subtype") or "date")

    @property
    def fixed_rows(self) -> bool:
        """A dynamiclist whose rows come from the process: nobody adds or removes any."""
        return self.raw.get("allowAddRemove") is False

    def rule(self, name: str) -> Any:
        """`validate.<name>`, literal or FEEL."""
        validate = self.raw.get("validate")
        return validate.get(name) if isinstance(validate, Mapping) else None

    def extension(self, name: str) -> Any:
        """`properties.<name>` (one of `EXTENSIONS`), literal or FEEL; None when blank."""
        properties = self.raw.get("properties")
        value = properties.get(name) if isinstance(properties, Mapping) else None
        return None if value == "" else value

    def walk(self) -> Iterator[Component]:
        yield self
        for child in self.components:
            yield from child.walk()


def members(components: tuple[Component, ...]) -> Iterator[Component]:
    """The components that write into one scope: groups without a path are looked through."""
    for component in components:
        if component.type == "group" and not component.key:
            yield from members(component.components)
        elif component.key:
            yield component
