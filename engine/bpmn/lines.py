"""The variables of lines that have parted: merged key by key, each line against the place where it parted, of two that changed the same
key the later one.

The tree knows the places: a split with its branches below it, an activity's edge with what runs beside it. So they are merged from
the inside out. A line beside an activity parted when its event happened, with what the event saw then (`Branch`, or the event itself
where it happens once): against anything older, a value it never touched would look like a change and undo a later one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from engine.bpmn.specs import BoundaryEvent, Branch
from engine.bpmn.values import changes


def merge_tokens(tokens: list[Any], inside: Mapping[UUID, Mapping[str, Any]] | None = None) -> dict[str, Any]:
    """The variables of tokens that meet, in the order in which they came. `inside` has the variables of those whose own are
    changed elsewhere meanwhile (embedded sub-processes)."""
    if len(tokens) == 1:
        return dict((inside or {}).get(tokens[0].id, tokens[0].data))
    return _Merge(tokens, inside or {}).result()


@dataclass
class _Line:
    """What a line brings, the writers of what it has changed since the place it is looked at from, and the last of its tokens."""

    data: Mapping[str, Any]
    last: int
    writers: dict[str, int] = field(default_factory=dict)


class _Merge:
    def __init__(self, tokens: list[Any], inside: Mapping[UUID, Mapping[str, Any]]) -> None:
        self.inside = inside
        self.order = {token.id: number for number, token in enumerate(tokens)}
        self.below: dict[UUID, dict[UUID, Any]] = {}  # of each task the children towards a token
        for token in tokens:
            at, above = token, token.parent
            while above is not None and at.id not in self.below.setdefault(above.id, {}):
                self.below[above.id][at.id] = at
                at, above = above, above.parent
        self.root = tokens[0].workflow.task_tree

    def result(self) -> dict[str, Any]:
        return dict(self._line(self.root).data)

    def _line(self, task: Any) -> _Line:
        # Down a chain without recursion: only where lines part is there anything to merge.
        while task.id not in self.order and len(self.below[task.id]) == 1:
            (child,) = self.below[task.id].values()
            if parts(child):
                break
            task = child
        own = self.order.get(task.id)
        line = _Line(self.inside.get(task.id, task.data) if own is not None else task.data, -1 if own is None else own)
        lines = [(child, self._line(child)) for child in self.below.get(task.id, {}).values()]
        if not lines:
            return line
        merged = dict(line.data)
        for child, brought in lines:
            changed, removed = changes(child.data if parts(child) else line.data, brought.data)
            if _beside(child):
                written = {*brought.writers, *child.internal_data.get("brought", ())}
                changed |= {name: brought.data[name] for name in written if name in brought.data}
            for name in (*changed, *removed):
                writer = brought.writers.get(name, brought.last)
                if line.writers.get(name, -1) > writer:
                    continue
                line.writers[name] = writer
                if name in changed:
                    merged[name] = changed[name]
                else:
                    merged.pop(name, None)
        # What the line itself has changed is as late as its own tokens are, whatever has begun beside it since.
        own_lasts = [brought.last for child, brought in lines if not _beside(child)]
        line.last = max([line.last, *own_lasts]) if own_lasts or own is not None else max(b.last for _, b in lines)
        line.data = merged
        return line


def parts(task: Any) -> bool:
    """Whether a line begins here beside another, with the variables of this very task. (A message's event keeps none of what it
    saw: each of its lines has a `Branch`. In states of older releases the line hangs right below it, and is merged as it was then.)"""
    return isinstance(task.task_spec, Branch) or (_beside(task) and task.task_spec.drawn.event.kind == "timer")


def _beside(task: Any) -> bool:
    spec = task.task_spec
    return isinstance(spec, Branch) or (isinstance(spec, BoundaryEvent) and not spec.drawn.interrupting)
