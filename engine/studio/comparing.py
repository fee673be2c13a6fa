"""Two states of one file: what was added, removed, changed and moved, in words, and line by line.

Works on stored bytes that may be unfinished work: what cannot be read is compared as text alone. Nothing here raises for what a file
holds, and everything is bounded by the sizes that `checking.admit` lets in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import zip_longest

from engine.commands import contents
from engine.studio.comparing_bpmn import diagrams
from engine.studio.comparing_forms import forms
from engine.studio.comparing_tables import tables
from engine.studio.differences import ADDED, CHANGED, REMOVED, SORTS, Difference, Grid, Line

MOST_LINES = 5_000  # that differ: more are not laid side by side
AROUND = 3  # equal lines shown before and after a difference


@dataclass(frozen=True)
class Comparison:
    """`same`: byte for byte. `read`: both sides could be read as what their names say, so that `differences` is complete; otherwise
    the lines alone tell. `lines` None: too much differs to be shown line by line."""

    kind: str | None  # process | decision | form | test; None for a file we do not know
    same: bool
    read: bool
    differences: tuple[Difference, ...]
    lines: tuple[Line, ...] | None
    grids: tuple[Grid, ...] = field(default=())

    @property
    def counts(self) -> dict[str, int]:
        """How many of each sort."""
        return {sort: sum(one.sort == sort for one in self.differences) for sort in SORTS}


def compare(file: str, left: bytes | None, right: bytes | None) -> Comparison:
    """What `right` says otherwise than `left`; None: there is no such file on that side."""
    kind = contents.kind_of(file)
    found: list[Difference] | None = []
    grids: list[Grid] = []
    if left != right:
        if kind == "process":
            found = diagrams(left, right)
        elif kind == "decision":
            read = tables(left, right)
            found, grids = read if read is not None else (None, [])
        elif kind == "form":
            found = forms(left, right)
        else:
            found = None
    shown = side_by_side(left or b"", right or b"")
    return Comparison(kind, left == right, found is not None, tuple(found or ()), shown, tuple(grids))


def side_by_side(left: bytes, right: bytes) -> tuple[Line, ...] | None:
    """The texts line by line, with what is equal left out but for a little around each difference."""
    a, b = (raw.decode("utf-8", "replace").splitlines() for raw in (left, right))
    begin = 0
    while begin < min(len(a), len(b)) and a[begin] == b[begin]:
        begin += 1
    end = 0
    while end < min(len(a), len(b)) - begin and a[-1 - end] == b[-1 - end]:
        end += 1
    if max(len(a), len(b)) - begin - end > MOST_LINES:
        return None
    inner = SequenceMatcher(None, a[begin : len(a) - end], b[begin : len(b) - end])
    blocks = [("equal", 0, begin, 0, begin)]
    blocks += [(tag, i + begin, j + begin, k + begin, m + begin) for tag, i, j, k, m in inner.get_opcodes()]
    blocks.append(("equal", len(a) - end, len(a), len(b) - end, len(b)))
    shown: list[Line] = []
    for index, (tag, i, j, k, m) in enumerate(blocks):
        if tag == "equal":
            shown += _equal(a, i, j, k, first=index == 0, last=index == len(blocks) - 1)
        else:
            shown += _differing(a, b, range(i, j), range(k, m))
    return tuple(shown)


def _equal(a: Sequence[str], i: int, j: int, k: int, *, first: bool, last: bool) -> list[Line]:
    count = j - i
    head = 0 if first else min(AROUND, count)
    tail = 0 if last else min(AROUND, count - head)
    lines = [Line("same", i + n + 1, a[i + n], k + n + 1, a[i + n]) for n in range(head)]
    if count > head + tail:
        lines.append(Line("gap"))
    lines += [Line("same", i + n + 1, a[i + n], k + n + 1, a[i + n]) for n in range(count - tail, count)]
    return lines


def _differing(a: Sequence[str], b: Sequence[str], left: range, right: range) -> list[Line]:
    lines = []
    for n, m in zip_longest(left, right):
        sort = ADDED if n is None else REMOVED if m is None else CHANGED
        lines.append(
            Line(
                sort,
                None if n is None else n + 1,
                None if n is None else a[n],
                None if m is None else m + 1,
                None if m is None else b[m],
            )
        )
    return lines
