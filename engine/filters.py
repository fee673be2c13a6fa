"""Variables by which the work list can be filtered: a process names them in its property `filters`.

    filters = "unit_code=单位，target_title=申报职称"        name of a variable of the process, and what people call it

Their values stand as text in `instance_value`, written with the step that changed them, as long as the case runs. Only
what is short and plain is kept: text of one line, numbers, true and false. What the process keeps secret is never kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, not_, select

from engine.bpmn.elements import split_names
from engine.registry import Actor
from engine.store import tables as t

if TYPE_CHECKING:
    from engine.releases import LoadedRelease

LONGEST = 200  # characters of a value
MOST = 10  # variables of one process


def declared(properties: Mapping[str, str]) -> dict[str, str]:
    """Name -> label, as a process's properties say; without a label the name stands for itself."""
    secret = frozenset(split_names(properties.get("secret")))
    named = [part.partition("=") for part in split_names(properties.get("filters"))]
    return {name.strip(): label.strip() or name.strip() for name, _, label in named if name.strip() not in secret}


def values(names: Mapping[str, str], variables: Mapping[str, Any]) -> dict[str, str]:
    """What is kept of these variables."""
    told = {name: text_of(variables[name]) for name in names if name in variables}
    return {name: value for name, value in told.items() if value is not None}


def text_of(value: Any) -> str | None:
    """A value as people type it into the filter; None for what cannot be filtered by."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            text = str(value)
        case float():
            text = str(int(value)) if value.is_integer() else repr(value)
        case str():
            text = value.strip()
        case _:
            return None
    return text if 0 < len(text) <= LONGEST and text.isprintable() else None


def outsiders(properties: Mapping[str, str]) -> str:
    """The groups whose members are not told the variables of the process, as `,a,b,`; empty where there are none."""
    groups = sorted(split_names(properties.get("outsiders")))
    return f",{','.join(groups)}," if groups else ""


def of_release(release: LoadedRelease) -> dict[str, str]:
    """Every variable that a process of a release names, with its label; by name."""
    found: dict[str, str] = {}
    for _, info in sorted(release.bpmn.processes.items()):
        found = declared(info.properties) | found
    return dict(sorted(found.items()))


def fitting(actor: Actor, wanted: Sequence[tuple[str, str]]) -> list[ColumnElement[bool]]:
    """Rows of `task` whose case has all these values. Nothing for who is not told the variables of that process: a filter
    that answers is as good as a look."""
    value = t.instance_value.c
    if actor.groups:
        told = not_(and_(*(value.outsiders.contains(f",{group},", autoescape=True) for group in sorted(actor.groups))))
    else:
        told = value.outsiders == ""
    return [
        t.task.c.instance_id.in_(select(value.instance_id).where(value.name == name, value.value == text.strip(), told))
        for name, text in wanted
    ]
