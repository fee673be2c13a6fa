"""Our own evaluation of decision tables: the stock one takes the first of two matches of a UNIQUE table and is silently false for
`"a","b"` in a cell. Pure: values in, result out; the clock reading and our FEEL functions are handed in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from engine.bpmn.dmn import Decision, DecisionError, Input, Output, Rule, lint_dmn
from engine.bpmn.feel import Feel, FeelError, Temporal
from forms.i18n import T, Text

__all__ = ["Decision", "DecisionError", "DecisionResult", "evaluate", "lint_dmn"]

Functions = Mapping[str, Callable[..., Any]]


@dataclass(frozen=True)
class DecisionResult:
    """`result`: an object of the outputs; a list of such objects for COLLECT; None where no rule matches (and no output has a default).
    COLLECT with an aggregation gives one object. A literal expression gives its object, else `{variable: value}`."""

    result: Any
    matched_rules: tuple[str, ...]  # ids of the rules
    rows: tuple[int, ...] = ()  # the same as 1-based row numbers
    inputs: Mapping[str, Any] = field(default_factory=dict)  # what each input column came to, for history


def evaluate(
    decision: Decision, variables: Mapping[str, Any], feel: Feel, functions: Functions, now: datetime
) -> DecisionResult:
    """Decide. Required decisions are evaluated first and seen under their variable (or id): the value of a single output as it is,
    otherwise the object.

    Raises DecisionError (an overlap in a UNIQUE table, differing outputs in ANY, a value of the wrong type or not allowed, a cell
    that cannot be judged); what one of our functions raises comes through.
    """
    return _Evaluation(feel, functions, now).of(decision, variables)[0]


@dataclass(frozen=True)
class _Evaluation:
    feel: Feel
    functions: Functions
    now: datetime

    def of(self, decision: Decision, variables: Mapping[str, Any]) -> tuple[DecisionResult, Any]:
        """The result, and the value under which other decisions see it."""
        known = dict(variables)
        for needed in decision.requires:
            known[needed.key] = known[needed.variable] = self.of(needed, variables)[1]
        if decision.literal is not None:
            value = self._value(decision, decision.literal, known, None)
            return DecisionResult(value if isinstance(value, dict) else {decision.variable: value}, ()), value
        inputs = [self._input(decision, column, known) for column in decision.inputs]
        matched = self._matching(decision, inputs, known)
        seen = {c.name: v.iso if isinstance(v, Temporal) else v for c, v in zip(decision.inputs, inputs, strict=True)}
        result = self._result(decision, matched, known)
        ids, rows = tuple(rule.id for rule in matched), tuple(rule.row for rule in matched)
        return DecisionResult(result, ids, rows, seen), _single(decision, result)

    def _matching(self, decision: Decision, inputs: Sequence[Any], known: Mapping[str, Any]) -> list[Rule]:
        matched: list[Rule] = []
        for rule in decision.rules:
            try:
                passes = self.feel.unaries(rule.tests, inputs, known, self.functions, self.now)
            except FeelError as error:
                raise _row_error(decision, rule, error.text) from error
            if passes:
                matched.append(rule)
                if decision.hit_policy == "FIRST":
                    break
        if decision.hit_policy == "UNIQUE" and len(matched) > 1:
            raise _error(
                decision,
                "OVERLAP",
                T(
                    "决策表 {name} 的第 {rows} 行同时符合，只能有一行。",
                    name=decision.name,
                    rows=[r.row for r in matched],
                ),
                matched,
            )
        return matched

    def _result(self, decision: Decision, matched: list[Rule], known: Mapping[str, Any]) -> Any:
        found = [self._outputs(decision, rule, known) for rule in matched]
        if decision.hit_policy == "COLLECT":
            return _aggregated(decision, found, matched) if decision.aggregation else found
        if not found:
            defaults = [output for output in decision.outputs if output.default]
            return {o.name: self._value(decision, o.default, known, None) for o in defaults} or None
        if decision.hit_policy == "ANY" and any(one != found[0] for one in found):
            rows = [rule.row for rule in matched]
            text = T("决策表 {name} 的第 {rows} 行同时符合，但结果不同。", name=decision.name, rows=rows)
            raise _error(decision, "DIFFERENT", text, matched)
        return found[0]

    def _outputs(self, decision: Decision, rule: Rule, known: Mapping[str, Any]) -> dict[str, Any]:
        return {
            output.name: self._output(decision, output, rule, written, known)
            for output, written in zip(decision.outputs, rule.values, strict=True)
        }

    def _output(self, decision: Decision, output: Output, rule: Rule, written: str, known: Mapping[str, Any]) -> Any:
        if written in ("", "-"):
            return None
        value = self._value(decision, written, known, rule)
        try:
            converted = _converted(value, output.type)
            allowed = converted is None or self.feel.unary(output.allowed, converted, known, self.functions, self.now)
        except FeelError as error:
            raise _row_error(decision, rule, error.text) from error
        except ValueError as error:
            wrong = T("输出“{column}”的值 {value} 不是 {type}", column=output.name, value=repr(value), type=output.type)
            raise _row_error(decision, rule, wrong) from error
        if not allowed:
            raise _row_error(
                decision, rule, T("输出“{column}”的值 {value} 不在允许之列", column=output.name, value=repr(value))
            )
        return value

    def _value(self, decision: Decision, expression: str, known: Mapping[str, Any], rule: Rule | None) -> Any:
        try:
            return self.feel.evaluate(expression, known, self.functions, self.now)
        except FeelError as error:
            if rule is not None:
                raise _row_error(decision, rule, error.text) from error
            raise _in(decision, error.text) from error

    def _input(self, decision: Decision, column: Input, known: Mapping[str, Any]) -> Any:
        """The value of an input column, of the kind its type says: ISO text becomes the date it stands for."""
        try:
            value = self.feel.typed(column.expression, known, self.functions, self.now)
            value = _converted(value, column.type)
            allowed = value is None or self.feel.unary(column.allowed, value, known, self.functions, self.now)
        except FeelError as error:
            raise _in(decision, error.text) from error
        except ValueError as error:
            text = T("输入“{column}”的值 {value} 不是 {type}", column=column.name, value=repr(value), type=column.type)
            raise _in(decision, text) from error
        if not allowed:
            shown = value.iso if isinstance(value, Temporal) else repr(value)
            raise _in(decision, T("输入“{column}”的值 {value} 不在允许之列", column=column.name, value=shown))
        return value


_WRITTEN = {
    "date": re.compile(r"\d{4}-\d\d-\d\d"),
    "time": re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?"),
    "date and time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?"),
    "duration": re.compile(r"-?P(?=.)(\d+Y)?(\d+M)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?"),
}
_PLAIN: dict[str, type | tuple[type, ...]] = {"string": str, "boolean": bool, "number": (int, float)}


def _converted(value: Any, kind: str) -> Any:
    """`value` as a column of type `kind` reads it. ValueError if it is none; null passes."""
    if value is None or kind == "any":
        return value
    if kind in _PLAIN:
        if not isinstance(value, _PLAIN[kind]) or (kind == "number" and isinstance(value, bool)):
            raise ValueError(kind)
        return value
    if isinstance(value, Temporal):
        if value.kind != kind:
            raise ValueError(kind)
        return value
    if not isinstance(value, str):
        raise ValueError(kind)
    if not _WRITTEN[kind].fullmatch(value):
        raise ValueError(kind)
    if kind == "date":
        date.fromisoformat(value)
    elif kind == "date and time":
        datetime.fromisoformat(value)
    return Temporal(kind, value)


def _single(decision: Decision, result: Any) -> Any:
    if len(decision.outputs) != 1 or result is None:
        return result
    name = decision.outputs[0].name
    return [one[name] for one in result] if isinstance(result, list) else result[name]


def _aggregated(decision: Decision, found: list[dict[str, Any]], matched: list[Rule]) -> dict[str, Any] | None:
    name = decision.outputs[0].name
    if decision.aggregation == "COUNT":
        return {name: len(found)}
    if not found:
        return None
    values = [one[name] for one in found]
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        text = T("决策表 {name} 要汇总的值不全是数字：{values}。", name=decision.name, values=[repr(v) for v in values])
        raise _error(decision, "AGGREGATION", text, matched)
    match decision.aggregation:
        case "SUM":
            return {name: sum(values)}
        case "MIN":
            return {name: min(values)}
        case _:
            return {name: max(values)}


def _error(decision: Decision, reason: str, text: Text, rules: Sequence[Rule] = ()) -> DecisionError:
    return DecisionError(text, decision=decision.key, reason=reason, rules=[rule.id for rule in rules])


def _row_error(decision: Decision, rule: Rule, why: Text) -> DecisionError:
    text = T("决策表 {name} 第 {row} 行：{why}", name=decision.name, row=rule.row, why=why)
    return _error(decision, "CELL", text, [rule])


def _in(decision: Decision, why: Text) -> DecisionError:
    return _error(decision, "VALUE", T("决策 {name}：{why}", name=decision.name, why=why))
