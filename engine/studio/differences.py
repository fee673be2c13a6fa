"""What stands between two states of a file, as values: things in words, lines of text, cells of a table."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from forms.i18n import T, Text

ADDED, REMOVED, CHANGED, MOVED = "added", "removed", "changed", "moved"
SORTS: dict[str, Text] = {ADDED: T("新增"), REMOVED: T("删除"), CHANGED: T("修改"), MOVED: T("移动")}


@dataclass(frozen=True)
class Detail:
    """One property of a thing, before and after; None where it was not there."""

    name: Text | str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Difference:
    """One thing that differs. `element`: its id in the file, for marking it. `place`: what it stands in, where that helps."""

    sort: str  # added | removed | changed | moved
    element: str | None
    kind: Text | str  # what sort of thing it is
    name: str
    details: tuple[Detail, ...] = ()


@dataclass(frozen=True)
class Line:
    """One line of the text side by side: numbers from 1, None on the side that has no such line. A `gap` stands for lines left out."""

    sort: str  # same | added | removed | changed | gap
    left_number: int | None = None
    left: str | None = None
    right_number: int | None = None
    right: str | None = None


@dataclass(frozen=True)
class Cell:
    sort: str  # same | added | removed | changed
    before: str
    after: str


@dataclass(frozen=True)
class Row:
    sort: str  # same | added | removed | changed | moved
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Grid:
    """A decision table laid over the other: `heads` are its columns, first what is tested, then what comes out."""

    element: str
    name: str
    heads: tuple[Cell, ...]
    rows: tuple[Row, ...]


def steady(order: Sequence[int]) -> set[int]:
    """Of different numbers the most that already stand in rising order: what is not among them has moved."""
    ends: list[int] = []  # index of the least last number of a rising row of each length
    before: list[int | None] = [None] * len(order)
    for index, number in enumerate(order):
        at = bisect_left(ends, number, key=lambda one: order[one])
        before[index] = ends[at - 1] if at else None
        ends[at : at + 1] = [index]
    found = set()
    last = ends[-1] if ends else None
    while last is not None:
        found.add(order[last])
        last = before[last]
    return found


def differing(
    before: dict[str, str], after: dict[str, str], names: dict[str, Text] | None = None
) -> tuple[Detail, ...]:
    """The properties that differ, in the order of the file; `names` calls them as people do."""
    keys = [*before, *(key for key in after if key not in before)]
    return tuple(
        Detail((names or {}).get(key, key), before.get(key), after.get(key))
        for key in keys
        if before.get(key) != after.get(key)
    )
