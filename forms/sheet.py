"""A form with data in it at one moment: what is hidden, what is read-only, what FEEL sees.

Visibility depends on data and data on visibility (what is hidden has no value), so a sheet is computed in rounds until
nothing changes any more; the browser does the same.

FEEL sees, as in form-js: the process variables handed in as context; above them every key the form declares at the top,
null where blank and `[]` for lists (rows in which nothing is filled in are left out, as they are from the result); and within the
rows of a dynamiclist `this` (the row), `parent` (the row around it, at the top the form) and `i` (row numbers from 1). A key
of a row is written `this.kind`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from forms.component import CHOICES, LISTS, MULTIPLE, TEXTS, Component, bare, is_feel, members
from forms.convert import TEMPORAL, Bad, from_decimal, is_blank, is_empty, to_decimal
from forms.definition import FormDefinition
from forms.errors import FormBroken
from forms.i18n import T, Text

Feel = Callable[[str, Mapping[str, Any]], Any]

ROUNDS = 10
MAX_ROWS = 500  # of one dynamiclist, whatever its own limits say

_NAME = re.compile(r"[^\W\d]\w*")
_SLOT = re.compile(r"\{\{(.+?)\}\}", re.DOTALL)


@dataclass(frozen=True)
class Place:
    """Where a scope is: the prefix of its paths (`works[0].`), its own row, the row around it, row numbers from 1."""

    prefix: str = ""
    this: Mapping[str, Any] | None = None
    parent: Mapping[str, Any] | None = None
    numbers: tuple[int, ...] = ()

    def nested(self, key: str) -> Place:
        return Place(f"{self.prefix}{key}.", self.this, self.parent, self.numbers)

    def row(self, key: str, index: int, row: Mapping[str, Any], name: str | None = None) -> Place:
        return Place(
            f"{self.prefix}{key}[{index if name is None else name}].", row, self.this, (*self.numbers, index + 1)
        )


@dataclass(frozen=True)
class Option:
    label: str
    value: str | int | float | bool

    @property
    def text(self) -> str:
        """The value as an HTML form sends it."""
        return str(self.value).lower() if isinstance(self.value, bool) else str(self.value)


class Sheet:
    """`values`: what would be kept, converted where it can be, hidden left out, rows in their places."""

    def __init__(
        self, definition: FormDefinition, data: Mapping[str, Any], context: Mapping[str, Any], feel: Feel
    ) -> None:
        """`data` is raw (as `parse_submission` gives it or a program sent it). Raises `FormBroken`."""
        self.definition, self.context, self._feel = definition, context, feel
        self._hidden: set[tuple[str, str]] = set()
        self._locked: set[tuple[str, str]] = set()
        self._live = False
        self.values: dict[str, Any] = {}
        self._whole: dict[str, Any] = {}  # the values as FEEL sees them
        for _ in range(ROUNDS):
            self._hidden, self._locked = set(), set()
            values = self._collect(definition.components, data, context, self.values, Place(), False)
            if self._live and values == self.values:
                break
            self.values, self._live = values, True
            self._whole = _filled(definition.components, values)

    def is_hidden(self, component: Component, place: Place) -> bool:
        return (place.prefix, component.ref) in self._hidden

    def is_locked(self, component: Component, place: Place) -> bool:
        """Read-only, disabled, or inside a box that is: the value comes from the process, never from the client."""
        return (place.prefix, component.ref) in self._locked

    def visible(self, components: tuple[Component, ...], place: Place) -> Iterator[Component]:
        """The components that write into this scope and are not hidden; groups without a path are looked through."""
        for component in components:
            if self.is_hidden(component, place):
                continue
            if component.type == "group" and not component.key:
                yield from self.visible(component.components, place)
            elif component.key:
                yield component

    def ask(self, component: Component, expression: str, place: Place) -> Any:
        """The value of a FEEL expression at this place. Raises `FormBroken`."""
        whole = self._whole
        variables = {**self.context, **whole, "this": whole, "parent": None, "i": list(place.numbers)}
        if place.this is not None:
            variables |= {"this": place.this, "parent": whole if place.parent is None else place.parent}
        # Only what it names: a long list need not travel to the evaluator for every field of every row.
        names = set(_NAME.findall(expression))
        try:
            return self._feel(bare(expression), {name: variables[name] for name in names & variables.keys()})
        except Exception as error:
            raise FormBroken(self.definition.id, component.element, expression) from error

    def resolved(self, component: Component, value: Any, place: Place) -> Any:
        """`value` itself, or what it evaluates to when it is FEEL."""
        return self.ask(component, value, place) if is_feel(value) else value

    def required(self, component: Component, place: Place) -> bool:
        return self.resolved(component, component.rule("required"), place) is True

    def words(self, component: Component, source: Any, place: Place) -> Text:
        """A label or text of the definition: translated, then its `{{FEEL}}` slots filled; `=FEEL` evaluates as a whole."""
        if not isinstance(source, str) or not source:
            return T("")
        if is_feel(source):
            return _literal(_shown(self.ask(component, source, place)))
        if "{{" not in source:
            return T(source)
        return _literal(_SLOT.sub(lambda slot: _shown(self.ask(component, slot[1], place)), str(T(source))))

    def label(self, component: Component, place: Place) -> Text:
        return self.words(component, component.label, place)

    def options(self, component: Component, place: Place) -> list[Option]:
        """From `values`, `valuesKey` (a process variable, never the client's data) or `valuesExpression`."""
        listed: Any = component.raw.get("values")
        if component.raw.get("valuesExpression"):
            listed = self.ask(component, component.raw["valuesExpression"], place)
        elif component.raw.get("valuesKey"):
            listed = self.context.get(component.raw["valuesKey"])
        out: list[Option] = []
        for item in listed if isinstance(listed, list) else []:
            value = item.get("value") if isinstance(item, Mapping) else item
            label = item.get("label", value) if isinstance(item, Mapping) else item
            if isinstance(value, str | int | float | bool):
                option = Option(str(label), value)
                if all(option.text != other.text for other in out):
                    out.append(option)
        return out

    def _collect(
        self,
        components: tuple[Component, ...],
        raw: Mapping[str, Any],
        known: Mapping[str, Any],
        before: Mapping[str, Any],
        place: Place,
        locked: bool,
    ) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for component in components:
            if self._live and component.hide and self.ask(component, component.hide, place) is True:
                self._hidden.add((place.prefix, component.ref))
                continue
            lock = locked or self._locks(component, place)
            if lock:
                self._locked.add((place.prefix, component.ref))
            key = component.key
            if component.type == "group":
                if key:
                    inner = self._collect(
                        component.components,
                        _map(raw, key),
                        _map(known, key),
                        _map(before, key),
                        place.nested(key),
                        lock,
                    )
                    out[key] = inner
                else:
                    out |= self._collect(component.components, raw, known, before, place, lock)
            elif component.type == "dynamiclist" and key:
                out[key] = self._rows(component, raw, known, before, place, lock)
            elif component.type == "expression" and key:
                if self._live:
                    out[key] = self.ask(component, str(component.raw.get("expression") or "null"), place)
            elif key:
                value = self._known(component, known, place) if lock else self._convert(component, raw.get(key))
                if lock or not is_blank(value):
                    out[key] = value
        return out

    def _rows(
        self,
        component: Component,
        raw: Mapping[str, Any],
        known: Mapping[str, Any],
        before: Mapping[str, Any],
        place: Place,
        lock: bool,
    ) -> list[dict[str, Any]]:
        key = component.key
        given, kept, old = (_list(source, key) for source in (raw, known, before))
        count = len(given)
        if lock or component.fixed_rows:
            count = len(kept) if lock or isinstance(known.get(key), list) else first_rows(component)
        out = []
        for index in range(min(count, MAX_ROWS)):
            row, was = _at(given, index), _at(old, index)
            inner = place.row(key, index, _filled(component.components, was))
            out.append(self._collect(component.components, row, _at(kept, index), was, inner, lock))
        return out

    def _known(self, component: Component, known: Mapping[str, Any], place: Place) -> Any:
        """What the process says of a locked field, else its `defaultValue`."""
        if known.get(component.key) is not None:
            return known[component.key]
        default = component.raw.get("defaultValue")
        if is_feel(default):
            return self.ask(component, str(default), place) if self._live else None
        return default

    def _locks(self, component: Component, place: Place) -> bool:
        for name in ("readonly", "disabled"):
            value = component.raw.get(name)
            if value is True or (self._live and is_feel(value) and self.ask(component, str(value), place) is True):
                return True
        return False

    def _convert(self, component: Component, value: Any) -> Any:
        """Leniently, for FEEL: a number or date that cannot be read is none."""
        if component.type == "checkbox":
            return value is True
        if is_blank(value):
            return None
        try:
            if component.type == "number":
                return from_decimal(to_decimal(value, T("")))
            if component.type == "datetime" and component.subtype in TEMPORAL:
                return TEMPORAL[component.subtype](value, T(""))
        except Bad:
            return None  # not a number yet, not a date yet: an expression must not compare it with one
        if component.type in TEXTS:
            return value.strip() if isinstance(value, str) else None
        if component.type in LISTS and not isinstance(value, list):
            return None
        if component.type in MULTIPLE:
            chosen = (self._chosen(component, option) for option in value)
            return [option for option in chosen if option is not None]
        return self._chosen(component, value) if component.type in CHOICES else value

    def _chosen(self, component: Component, value: Any) -> Any:
        """The option meant; None for what is none of those that the definition lists."""
        options = self._static(component)
        found = choice(value, options)
        listed = any(type(found) is type(option.value) and found == option.value for option in options)
        return found if listed or (not options and isinstance(value, str | int | float)) else None

    @staticmethod
    def _static(component: Component) -> list[Option]:
        listed = component.raw.get("values")
        values = [item.get("value") for item in listed if isinstance(item, Mapping)] if isinstance(listed, list) else []
        return [Option("", value) for value in values if isinstance(value, str | int | float | bool)]


def first_rows(component: Component) -> int:
    """How many rows a dynamiclist begins with when the process gives none."""
    wanted = component.raw.get("defaultRepetitions", 1)
    return min(20, max(0, wanted)) if isinstance(wanted, int) else 1


def choice(value: Any, options: list[Option]) -> Any:
    """The option's own value for what was sent (HTML sends text), else what was sent."""
    for option in options:
        if option.text == value or (type(option.value) is type(value) and option.value == value):
            return option.value
    return value


def _filled(components: tuple[Component, ...], values: Mapping[str, Any]) -> dict[str, Any]:
    """Every declared key is there for FEEL: null, or an empty list or object, where it is blank."""
    out: dict[str, Any] = {}
    for component in members(components):
        if component.type == "group":
            out[component.key] = _filled(component.components, _map(values, component.key))
        elif component.type == "dynamiclist" and not component.fixed_rows:
            out[component.key] = [row for row in _list(values, component.key) if not is_empty(row)]
        else:
            out[component.key] = values.get(component.key, [] if component.type in LISTS else None)
    return out


def _map(source: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = source.get(key)
    return value if isinstance(value, Mapping) else {}


def _list(source: Mapping[str, Any], key: str) -> list[Any]:
    value = source.get(key)
    return value if isinstance(value, list) else []


def _at(rows: list[Any], index: int) -> Mapping[str, Any]:
    return rows[index] if index < len(rows) and isinstance(rows[index], Mapping) else {}


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return "、".join(_shown(item) for item in value)
    return "" if value is None else str(value)


def _literal(words: str) -> Text:
    """Text that came from data and must not be translated or formatted."""
    return Text("{words}", words=words)
