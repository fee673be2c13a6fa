"""Which values a variable can have, as far as a release says: by forms, results of services, decisions, scripts, calls and messages.

A `Shape` is what is known of a value before anything runs; `ANYTHING` where nothing is. `Ways` finds from it the flows of a gateway that
no value can ever choose.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import product
from math import prod
from typing import Any, Final

from engine.bpmn.elements import Element, Flow
from engine.bpmn.feel import Feel, FeelError, Names

MAX_CASES: Final = 200  # combinations of values tried at one gateway
MAX_SECONDS: Final = 0.3  # of processor time, all gateways of a process together
_NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)  # conditions that ask for the time are not tried
# Functions that a tried condition may call: short ones. Whatever else it calls may take long, or asks the clock or the office.
_TRIED: Final = frozenset({"not", "list contains", "is defined", "count", "contains", "starts with", "ends with"})
_LITERAL: Final = re.compile(r'"(?:[^"\\]|\\.){0,500}"|-?(?:0|[1-9]\d{0,14})(?:\.\d{1,9})?|true|false|null')

Path = tuple[str, ...]  # a variable, or a variable and one name behind its dot


@dataclass(frozen=True)
class Shape:
    """`options`: all values it can have (plain JSON values), None where it can be any. `entries`: the entries of a context, None where
    it is none or can have any."""

    options: frozenset[Any] | None = None
    entries: Mapping[str, Shape] | None = None


ANYTHING: Final = Shape()


def either(one: Shape, other: Shape) -> Shape:
    """What is known of a value that is one or the other."""
    options = one.options | other.options if one.options is not None and other.options is not None else None
    entries: Mapping[str, Shape] | None = None
    if one.entries is not None and other.entries is not None:
        entries = merged(one.entries, other.entries)
    elif (one.entries is None) != (other.entries is None) and frozenset({None}) in (one.options, other.options):
        entries = one.entries if one.entries is not None else other.entries
    return Shape(options, entries)


def merged(*many: Mapping[str, Shape]) -> dict[str, Shape]:
    """Several sources of variables as one."""
    found: dict[str, Shape] = {}
    for names in many:
        for name, shape in names.items():
            found[name] = either(found[name], shape) if name in found else shape
    return found


@dataclass
class Ways:
    """The flows that can be chosen at a gateway. `why`: for each flow that cannot, the values its condition can meet."""

    feel: Feel
    shapes: Mapping[str, Shape]
    why: dict[str, dict[str, list[Any]]] = field(default_factory=dict)
    until: float = field(default_factory=lambda: time.thread_time() + MAX_SECONDS)

    def __call__(self, gateway: Element, flows: list[Flow]) -> set[str]:
        """Ids of the flows that some values choose; all of them where that cannot be known."""
        conditional = [f for f in flows if f.condition and f.id != gateway.default_flow]
        possible = {flow.id for flow in flows}
        if len(flows) < 2 or not conditional:
            return possible
        cases = self._cases([f.condition or "" for f in conditional])
        if cases is None:
            return possible - {f.id for f in conditional if self._impossible(f)}
        taken = self._taken(gateway, flows, conditional, cases)
        if taken is None:
            return possible
        for flow in flows:
            if flow.id not in taken:
                self.why[flow.id] = self._met([f.condition or "" for f in conditional])
        return taken

    def _impossible(self, flow: Flow) -> bool:
        """Whether a condition by itself is never true."""
        cases = self._cases([flow.condition or ""])
        verdicts = {self._holds(flow.condition or "", case) for case in cases} if cases is not None else {None}
        if verdicts - {False, "missing"}:
            return False
        self.why[flow.id] = self._met([flow.condition or ""])
        return True

    def _taken(
        self, gateway: Element, flows: list[Flow], conditional: list[Flow], cases: list[dict[str, Any]]
    ) -> set[str] | None:
        exclusive = gateway.type == "exclusiveGateway"
        always = [f.id for f in flows if not f.condition and f.id != gateway.default_flow]
        taken = set() if exclusive else set(always)
        for case in cases:
            chosen = False
            for flow in conditional:
                verdict = self._holds(flow.condition or "", case)
                if verdict is None:
                    return None
                if verdict == "missing":
                    chosen = True  # this case stands still here, with an incident
                    break
                if verdict:
                    taken.add(flow.id)
                    chosen = True
                    if exclusive:
                        break
            if not chosen and gateway.default_flow:
                taken.add(gateway.default_flow)
            elif not chosen and exclusive:
                taken.update(always[:1])
        return taken

    def _holds(self, condition: str, case: dict[str, Any]) -> bool | str | None:
        """Whether it holds; "missing" where a value that is not set stops it, None where nobody can say."""
        if time.thread_time() > self.until:
            return None
        try:
            return self.feel.condition(condition, case, {}, _NOW).value
        except FeelError:
            return "missing" if _has_null(case) else None

    def _cases(self, conditions: list[str]) -> list[dict[str, Any]] | None:
        """All combinations of the values that the conditions read; None where one of them can be anything."""
        paths = self._paths(conditions)
        if paths is None or prod(len(options) for options in paths.values()) > MAX_CASES:
            return None
        return [_nested(dict(zip(paths, values, strict=True))) for values in product(*paths.values())]

    def _met(self, conditions: list[str]) -> dict[str, list[Any]]:
        return {".".join(path): options for path, options in (self._paths(conditions) or {}).items()}

    def _paths(self, conditions: list[str]) -> dict[Path, list[Any]] | None:
        paths: dict[Path, list[Any]] = {}
        for condition in conditions:
            names = names_of(self.feel, condition)
            if names.called - _TRIED or any(mention.filtered for mention in names.read):
                return None
            for mention in names.read:
                path: Path = (mention.name, mention.after) if mention.after else (mention.name,)
                options = self._options(path)
                if options is None:
                    return None
                paths[path] = sorted(options, key=repr)
        return None if _overlapping(paths) else paths

    def _options(self, path: Path) -> frozenset[Any] | None:
        shape = self.shapes.get(path[0], ANYTHING)
        if len(path) == 1:
            return shape.options
        return (shape.entries or {}).get(path[1], ANYTHING).options


def names_of(feel: Feel, expression: str) -> Names:
    """What an expression mentions; asked once for each expression."""
    found = _names.get(expression)
    if found is None:
        if len(_names) > _MOST_NAMES:
            _names.clear()
        found = _names[expression] = feel.names(expression)
    return found


_MOST_NAMES: Final = 4_000
_names: Final[dict[str, Names]] = {}  # a fact about a text: whoever asks, the answer is the same


def _overlapping(paths: Iterable[Path]) -> bool:
    """Whether a variable is read both as a whole and by one of its entries: its values are then not free of each other."""
    whole = {path[0] for path in paths if len(path) == 1}
    return any(len(path) > 1 and path[0] in whole for path in paths)


def _nested(values: Mapping[Path, Any]) -> dict[str, Any]:
    case: dict[str, Any] = {}
    for path, value in values.items():
        if len(path) == 1:
            case[path[0]] = value
        else:
            case.setdefault(path[0], {})[path[1]] = value
    return case


def _has_null(value: Any) -> bool:
    return value is None or (isinstance(value, dict) and any(_has_null(each) for each in value.values()))


def literals(texts: Iterable[str]) -> frozenset[Any] | None:
    """The values of expressions that are plain texts, numbers, true, false or null; None where one is anything else. Nothing is
    evaluated: what a file says is not run for being looked at."""
    values: set[Any] = set()
    for text in texts:
        if not _LITERAL.fullmatch(text.strip()):
            return None
        try:
            values.add(json.loads(text))
        except ValueError:
            return None
    return frozenset(values)
