"""What elements of a running instance were called before it was moved: kept in its state, so that "not the same person as" still finds
the step that somebody did under its old id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from engine.bpmn.elements import split_names

_FORMER: Final = "former"  # in the root's internal data: {process: {id now: [ids before]}}
APART: Final = "notSameActorAs"


def remember(workflow: Any, mapping: Mapping[str, Mapping[str, str | None]]) -> None:
    internal = workflow.task_tree.internal_data
    former = {key: dict(names) for key, names in internal.get(_FORMER, {}).items()}
    for key, pairs in mapping.items():
        was = former.get(key, {})
        now = {name: list(before) for name, before in was.items() if name not in pairs}
        for old, new in pairs.items():
            if new is not None and new != old:
                now[new] = list(dict.fromkeys([*now.get(new, ()), old, *was.get(old, ())]))
        if now:
            former[key] = now
    if former:
        internal[_FORMER] = former


def properties(task: Any) -> dict[str, str]:
    """The properties of a task's element; the steps it must be kept apart from with the names they had before."""
    element = task.task_spec.element
    given = dict(element.properties)
    names = task.workflow.top_workflow.task_tree.internal_data.get(_FORMER, {}).get(element.process)
    if names and given.get(APART):
        apart = [each for name in split_names(given[APART]) for each in (name, *names.get(name, ()))]
        given[APART] = ",".join(dict.fromkeys(apart))
    return given
