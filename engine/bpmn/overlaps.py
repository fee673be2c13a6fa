"""How the rows of a decision table stand to each other: rows that apply together, rows that never apply, cases that no row takes.

A cell is read as a set of values where it is written with literals, comparisons, intervals and `not(…)`; any other FEEL is opaque: it says nothing,
so that nobody is refused for what only a running table can tell.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cached_property
from itertools import pairwise, product
from math import prod
from typing import TYPE_CHECKING, Any, Final

from engine.bpmn.findings import Findings
from forms.i18n import T

if TYPE_CHECKING:
    from engine.bpmn.dmn import Decision, Input, Rule

MAX_FOUND: Final = 20  # of each kind in one table
MAX_CASES: Final = 5_000  # combinations tried when looking for cases that no row takes
MAX_SECONDS: Final = 0.5  # of processor time for one table

# -- sets of values ---------------------------------------------------------------------------------------------------

Bound = tuple[Any, bool]  # a value and whether it belongs to the set


@dataclass(frozen=True)
class Span:
    """Ordered values between two bounds; None: no bound there."""

    low: Bound | None
    high: Bound | None

    def meets(self, other: Span) -> bool:
        return not (_before(self.high, other.low) or _before(other.high, self.low))

    def within(self, other: Span) -> bool:
        low = other.low is None or (self.low is not None and _not_lower(self.low, other.low))
        high = other.high is None or (self.high is not None and _not_higher(self.high, other.high))
        return low and high


def _before(high: Bound | None, low: Bound | None) -> bool:
    """Whether one set ends before another begins."""
    if high is None or low is None:
        return False
    return bool(high[0] < low[0]) or (high[0] == low[0] and not (high[1] and low[1]))


def _not_lower(mine: Bound, theirs: Bound) -> bool:
    return bool(mine[0] > theirs[0]) or (mine[0] == theirs[0] and (theirs[1] or not mine[1]))


def _not_higher(mine: Bound, theirs: Bound) -> bool:
    return bool(mine[0] < theirs[0]) or (mine[0] == theirs[0] and (theirs[1] or not mine[1]))


@dataclass(frozen=True)
class Words:
    """Texts or truth values: these, or with `but` all except these."""

    values: frozenset[Any]
    but: bool = False

    def meets(self, other: Words) -> bool:
        if self.but and other.but:
            return True
        if self.but or other.but:
            some, all_but = (other, self) if self.but else (self, other)
            return bool(some.values - all_but.values)
        return bool(self.values & other.values)

    def within(self, other: Words) -> bool:
        if self.but:
            return other.but and other.values <= self.values
        return not (self.values & other.values) if other.but else self.values <= other.values


Cell = tuple[Span, ...] | Words | str | None  # None: any value; a text: opaque


def meet(one: Cell, other: Cell) -> bool:
    """Whether a value can pass both; never true where that cannot be told, except for two cells written alike."""
    if one is None or other is None:
        return not isinstance(one, str) and not isinstance(other, str)
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    if isinstance(one, Words) and isinstance(other, Words):
        return one.meets(other)
    if isinstance(one, Words) or isinstance(other, Words):
        return False
    return any(mine.meets(theirs) for mine in one for theirs in other)


def inside(one: Cell, other: Cell) -> bool:
    """Whether whatever passes `one` passes `other`, as far as can be told."""
    if other is None:
        return True
    if one is None:
        return False
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    if isinstance(one, Words) and isinstance(other, Words):
        return one.within(other)
    if isinstance(one, Words) or isinstance(other, Words):
        return False
    return all(any(mine.within(theirs) for theirs in other) for mine in one)


# -- reading cells ----------------------------------------------------------------------------------------------------

_STRING: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')
_VALUE: Final = r"-?\d+(?:\.\d+)?|date\(\s*\"[^\"]+\"\s*\)|@\"[^\"]+\"|\"[^\"\\]*\"|true|false"
_COMPARED: Final = re.compile(rf"(<=|>=|<|>|=)?\s*({_VALUE})")
_INTERVAL: Final = re.compile(rf"([\[\](])\s*({_VALUE})\s*\.\.\s*({_VALUE})\s*([\])\[])")
_NOT: Final = re.compile(r"not\s*\((.*)\)", re.DOTALL)


def cell_of(text: str) -> Cell:
    """What a cell takes."""
    text = text.strip()
    if text in ("", "-"):
        return None
    if found := _NOT.fullmatch(text):
        inner = cell_of(found.group(1))
        return Words(inner.values, not inner.but) if isinstance(inner, Words) else text
    spans: list[Span] = []
    words: set[Any] = set()
    for part in _parts(text):
        one = _part(part)
        if isinstance(one, Span):
            spans.append(one)
        elif one is not None:
            words |= one
        else:
            return text
    if spans and words:
        return text
    if spans and len({type(b[0]) for span in spans for b in (span.low, span.high) if b is not None}) > 1:
        return text
    return tuple(spans) if spans else Words(frozenset(words))


def _parts(text: str) -> Iterator[str]:
    """Split at the commas between tests."""
    depth, quoted, begin = 0, False, 0
    for at, sign in enumerate(text):
        if sign == '"' and (at == 0 or text[at - 1] != "\\"):
            quoted = not quoted
        elif not quoted and sign in "([":
            depth += 1
        elif not quoted and sign in ")]":
            depth -= 1
        elif not quoted and sign == "," and depth <= 0:
            yield text[begin:at].strip()
            begin = at + 1
    yield text[begin:].strip()


def _part(text: str) -> Span | set[Any] | None:
    if found := _INTERVAL.fullmatch(text):
        low, high = _literal(found.group(2)), _literal(found.group(3))
        if low is None or type(low) is not type(high) or isinstance(low, str | bool):
            return None
        return Span((low, found.group(1) == "["), (high, found.group(4) == "]"))
    found = _COMPARED.fullmatch(text)
    value = _literal(found.group(2)) if found else None
    if found is None or value is None:
        return None
    sign = found.group(1) or "="
    if isinstance(value, str | bool):
        return {value} if sign == "=" else None
    bound = (value, sign in ("<=", ">=", "="))
    return Span(bound if sign in (">", ">=", "=") else None, bound if sign in ("<", "<=", "=") else None)


def _literal(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    if found := _STRING.fullmatch(text):
        return None if "\\" in found.group(1) else found.group(1)
    if text.startswith(("date", "@")):
        written = text[text.index('"') + 1 : text.rindex('"')]
        try:
            return date.fromisoformat(written)
        except ValueError:
            return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


# -- a table ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    rule: Rule
    line: int
    element: str
    cells: tuple[Cell, ...]

    @cached_property
    def limits(self) -> list[tuple[int, Cell]]:
        """Its cells that do not take anything, with their columns."""
        return [(at, cell) for at, cell in enumerate(self.cells) if cell is not None]


def check_rows(decision: Decision, places: Sequence[tuple[int, str]], findings: Findings) -> None:
    """`decision`: a table without errors; `places`: line and element id of each rule. Findings: DMN_OVERLAP and DMN_DIFFERENT
    (errors), DMN_SHADOWED and DMN_GAP (warnings)."""
    if len({column.expression for column in decision.inputs}) < len(decision.inputs):
        return  # two columns about one thing: what passes each may pass never both
    until = time.thread_time() + MAX_SECONDS
    rows = [
        Row(
            rule,
            line,
            element,
            tuple(_narrowed(cell_of(test), column) for test, column in zip(rule.tests, decision.inputs, strict=True)),
        )
        for rule, (line, element) in zip(decision.rules, places, strict=True)
    ]
    found = 0
    for at, row in enumerate(rows):
        for other in rows[:at]:
            if found >= MAX_FOUND or time.thread_time() > until:
                return
            if _judge(decision, other, row, findings):
                found += 1
                break
    if not found and decision.hit_policy != "COLLECT" and not any(output.default for output in decision.outputs):
        _gap(decision, rows, findings)


def _narrowed(cell: Cell, column: Input) -> Cell:
    """A cell that excludes values, as one that names those that are left, where the column says which there are."""
    allowed = Words(frozenset({True, False})) if column.type == "boolean" else cell_of(column.allowed)
    if isinstance(cell, Words) and cell.but and isinstance(allowed, Words) and not allowed.but:
        return Words(allowed.values - cell.values)
    return cell


def _judge(decision: Decision, first: Row, second: Row, findings: Findings) -> bool:
    pair = {"name": decision.name, "a": first.rule.row, "b": second.rule.row}
    where, facts = second.element, {"rows": [first.rule.row, second.rule.row]}
    if decision.hit_policy == "FIRST":
        if not all(inside(mine, theirs) for mine, theirs in zip(second.cells, first.cells, strict=True)):
            return False
        text = T("决策表“{name}”第 {b} 行永远用不上：第 {a} 行已经包括了它。", **pair)
        findings.warn(second.line, where, "DMN_SHADOWED", text, **facts)
        return True
    if decision.hit_policy not in ("UNIQUE", "ANY"):
        return False
    if not all(meet(first.cells[at], mine) for at, mine in second.limits):
        return False
    if any(isinstance(first.cells[at], str) and second.cells[at] is None for at, _ in first.limits):
        return False  # as `meet` says of them
    if decision.hit_policy == "UNIQUE":
        text = T("决策表“{name}”第 {a} 行与第 {b} 行会同时符合，而命中策略是“唯一”。", **pair)
        findings.error(second.line, where, "DMN_OVERLAP", text, **facts)
        return True
    if first.rule.values != second.rule.values:
        text = T("决策表“{name}”第 {a} 行与第 {b} 行会同时符合，结果却不同。", **pair)
        findings.error(second.line, where, "DMN_DIFFERENT", text, **facts)
        return True
    return False


def _gap(decision: Decision, rows: Sequence[Row], findings: Findings) -> None:
    """A combination of values, each of which some row asks for, that no row takes."""
    if not rows or any(isinstance(cell, str) for row in rows for cell in row.cells):
        return
    columns = [_samples([row.cells[at] for row in rows]) for at in range(len(decision.inputs))]
    if prod(len(column) for column in columns) > MAX_CASES:
        return
    for case in product(*columns):
        if not any(all(inside(v, cell) for v, cell in zip(case, row.cells, strict=True)) for row in rows):
            shown = [
                f"{column.name}={_shown(value)}"
                for column, value in zip(decision.inputs, case, strict=True)
                if value is not None
            ]
            text = T("决策表“{name}”没有一行管到这种情况：{values}。", name=decision.name, values=shown)
            findings.warn(rows[-1].line, decision.key, "DMN_GAP", text)
            return


def _samples(cells: Sequence[Cell]) -> list[Cell]:
    """One value of every kind that the cells of a column tell apart, nothing beyond the outermost ones."""
    words = {value for cell in cells if isinstance(cell, Words) for value in cell.values}
    if words:
        return [Words(frozenset({value})) for value in sorted(words, key=repr)]
    spans = [span for cell in cells if isinstance(cell, tuple) for span in cell]
    bounds = sorted({bound[0] for span in spans for bound in (span.low, span.high) if bound is not None})
    if not bounds:
        return [None]
    points = [*bounds, *(middle for a, b in pairwise(bounds) if (middle := _between(a, b)))]
    points = [p for p in points if bounds[0] < p < bounds[-1] or any(inside(_exactly(p), cell) for cell in cells)]
    below = _step(bounds[0], -1)
    if any(span.low is None for span in spans) and (isinstance(below, date) or bounds[0] < 0 or below >= 0):
        points.append(below)  # what is counted from 0 on is never less
    if any(span.high is None for span in spans):
        points.append(_step(bounds[-1], 1))
    return [_exactly(point) for point in sorted(points)]


def _exactly(value: Any) -> Cell:
    return (Span((value, True), (value, True)),)


def _between(low: Any, high: Any) -> Any:
    """A whole number or a day between two; None where there is none."""
    middle = _step(low if isinstance(low, date) else Decimal(int(low // 1)), 1)
    return middle if low < middle < high else None


def _step(value: Any, by: int) -> Any:
    if isinstance(value, date) and not isinstance(value, datetime):
        day = value.toordinal() + by
        return date.fromordinal(day) if 1 <= day <= date.max.toordinal() else value
    return value + by


def _shown(cell: Cell) -> str:
    if isinstance(cell, Words):
        return "/".join(str(value) for value in cell.values)
    return str(cell[0].low[0]) if isinstance(cell, tuple) and cell[0].low else ""
