"""What an HTML form sends: pairs of names and texts, turned into the data that `validate` takes, and back.

Names are paths: `target_title`, `unit.code`, `works[0].title`. A hidden `works[0]` says that the row exists even
when nothing in it was filled in. Names that begin with `_` are the page's own (`_csrf`, `_revision`, …) and passed over.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from forms.component import LISTS, Component, is_feel, members
from forms.definition import FormDefinition
from forms.sheet import MAX_ROWS

Action = tuple[str, ...] | tuple[str, str, int]

_STEP = re.compile(r"([A-Za-z][A-Za-z0-9_]*)(?:\[([0-9]{1,4})\])?(\.|$)")
_TOKEN = re.compile(r"[a-z][a-z_]{0,30}")


def parse_submission(
    definition: FormDefinition, pairs: Iterable[tuple[str, str]], *, names_prefix: str = ""
) -> tuple[dict[str, Any], Action]:
    """`(data, action)`.

    - Texts, also of numbers and dates, stay exactly as typed; blank ones are left out. Checkboxes are bool, lists are
      lists. Uploaded files arrive as further pairs (name of the field, attachment id).
    - A declared name never fails; any other is kept under its own name, for `validate` to refuse.
    - `action`: `("add", "works")`, `("remove", "works", 0)`, else `(_action,)`: `("save",)`, `("submit",)`; without a
      button `("submit",)`.
    """
    data: dict[str, Any] = {}
    action: Action = ("submit",)
    for name, value in pairs:
        if not name.startswith(names_prefix):
            continue
        name = name[len(names_prefix) :]
        if name.startswith("_"):
            action = _action(definition, name, value) or action
        elif not _put(definition, data, name, value):
            data[name] = value
    _complete(definition.components, data)
    return data, action


def apply_action(definition: FormDefinition, data: Mapping[str, Any], action: Action) -> dict[str, Any]:
    """The data with the row added or removed; with any other action a copy."""
    out = copy.deepcopy(dict(data))
    found = _find(definition, str(action[1])) if action[0] in ("add", "remove") and len(action) > 1 else None
    if found is None or found[0].type != "dynamiclist" or found[0].fixed_rows:
        return out
    holder = _holder(out, found[1])
    rows = holder.setdefault(found[0].key, []) if holder is not None else []
    if action[0] == "add" and len(rows) < MAX_ROWS:
        rows.append(new_row(found[0]))
    elif action[0] == "remove" and isinstance(action[-1], int) and 0 <= action[-1] < len(rows):
        del rows[action[-1]]
    return out


def new_row(component: Component) -> dict[str, Any]:
    """A row to fill in, with the literal `defaultValue`s of its fields."""
    row: dict[str, Any] = {}
    for inner in members(component.components):
        default = inner.raw.get("defaultValue")
        if default is not None and not is_feel(default) and inner.type not in ("group", "dynamiclist", "expression"):
            row[inner.key] = default
    _complete(component.components, row)
    return row


def pairs_of(definition: FormDefinition, data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The pairs a browser would send for this data (for tests and for pages that carry a form along)."""
    return list(_pairs(definition.components, data, ""))


def _pairs(components: tuple[Component, ...], data: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for component in members(components):
        name, value = prefix + component.key, data.get(component.key)
        if component.type == "group":
            yield from _pairs(component.components, value or {}, f"{name}.")
        elif component.type == "dynamiclist":
            for index, row in enumerate(value or []):
                yield f"{name}[{index}]", ""
                yield from _pairs(component.components, row, f"{name}[{index}].")
        elif component.type in LISTS:
            yield from ((name, _word(item)) for item in value or [])
        elif component.type == "checkbox":
            if value:
                yield name, "true"
        else:
            yield name, _word(value)


def _word(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _action(definition: FormDefinition, name: str, value: str) -> Action | None:
    if name == "_action" and _TOKEN.fullmatch(value):
        return (value,)
    if name == "_add" and _is_list(definition, value):
        return ("add", value)
    path, _, index = value.rpartition(".")
    if name == "_remove" and index.isascii() and index.isdigit() and len(index) <= 4 and _is_list(definition, path):
        return ("remove", path, int(index))
    return None


def _is_list(definition: FormDefinition, path: str) -> bool:
    found = _find(definition, path)
    return found is not None and found[0].type == "dynamiclist" and not found[0].fixed_rows and found[2] is None


Steps = list[tuple[str, int | None]]


def _find(definition: FormDefinition, path: str) -> tuple[Component, Steps, int | None] | None:
    """The component at a path, the steps to the scope that holds it, and the row number if the path ends in one."""
    components, at = definition.components, 0
    steps: Steps = []
    while found := _STEP.match(path, at):
        key, row, more = found[1], None if found[2] is None else int(found[2]), bool(found[3])
        component = next((c for c in members(components) if c.key == key), None)
        if component is None or (row is not None and (component.type != "dynamiclist" or row >= MAX_ROWS)):
            return None
        if not more:
            return component, steps, row
        if component.type != ("group" if row is None else "dynamiclist"):
            return None
        steps.append((key, row))
        components, at = component.components, found.end()
    return None


def _holder(data: dict[str, Any], steps: Steps) -> dict[str, Any] | None:
    """The scope at the end of the steps, made where it is missing; None where something else stands in the way."""
    here: Any = data
    for key, row in steps:
        inner = here.setdefault(key, {} if row is None else [])
        if row is None:
            here = inner
        elif isinstance(inner, list):
            inner.extend({} for _ in range(row + 1 - len(inner)))
            here = inner[row]
        else:
            return None
        if not isinstance(here, dict):
            return None
    return here


def _put(definition: FormDefinition, data: dict[str, Any], name: str, value: str) -> bool:
    found = _find(definition, name)
    if found is None:
        return False
    component, steps, row = found
    holder = _holder(data, [*steps, (component.key, row)] if row is not None else steps)
    if holder is None:
        return False
    if row is not None:
        return True
    if component.type in ("group", "dynamiclist"):
        return False
    if component.type == "checkbox":
        holder[component.key] = value in ("true", "on", "1")
    elif component.type in LISTS:
        if value:
            holder.setdefault(component.key, []).append(value)
    elif value != "":
        holder[component.key] = value
    return True


def _complete(components: tuple[Component, ...], data: dict[str, Any]) -> None:
    """A browser says nothing of unchecked boxes and empty lists; we do, except of what is shown only."""
    for component in members(components):
        value = data.get(component.key)
        if (
            component.raw.get("readonly") is True
            or component.raw.get("disabled") is True
            or component.type == "expression"
        ):
            continue
        if component.type == "group":
            inner = data.setdefault(component.key, {})
            if isinstance(inner, dict):
                _complete(component.components, inner)
        elif component.type == "checkbox":
            data.setdefault(component.key, False)
        elif component.type in LISTS:
            data.setdefault(component.key, [])
        if component.type == "dynamiclist" and isinstance(value, list):
            for row in value:
                _complete(component.components, row)
