"""Reading a DMN file: decisions as plain values, and everything that stands against them, found in one walk.

DMN 1.2 to 1.5 are taken (they differ in namespaces). What we do not run is refused here with its line, never ignored: hit policies other
than UNIQUE, FIRST, ANY and COLLECT, expression languages other than FEEL, business knowledge models, decision services, boxed
expressions other than a table or a literal, imports, and requirements that leave the file or go round in a circle.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from engine.bpmn.feel import Feel
from engine.bpmn.findings import Findings
from engine.bpmn.lint_texts import check_texts
from engine.bpmn.overlaps import check_rows
from engine.bpmn.xmlsafe import read_xml
from engine.errors import Problem, ZhipingError
from forms.i18n import T, Text

NAMESPACES: Final = (
    "http://www.omg.org/spec/DMN/20180521/MODEL/",
    "https://www.omg.org/spec/DMN/20191111/MODEL/",
    "https://www.omg.org/spec/DMN/20211108/MODEL/",
    "https://www.omg.org/spec/DMN/20230324/MODEL/",
)
HIT_POLICIES: Final = ("UNIQUE", "FIRST", "ANY", "COLLECT")
AGGREGATIONS: Final = ("SUM", "MIN", "MAX", "COUNT")
MAX_RULES: Final = 500

_TYPES: Final = {
    "string": "string",
    "boolean": "boolean",
    "number": "number",
    "integer": "number",
    "long": "number",
    "double": "number",
    "date": "date",
    "time": "time",
    "datetime": "date and time",
    "date and time": "date and time",
    "dateandtime": "date and time",
    "duration": "duration",
    "daytimeduration": "duration",
    "yearmonthduration": "duration",
    "days and time duration": "duration",
    "years and months duration": "duration",
    "any": "any",
}
# What refuses a new table and stops none that is kept: rows that apply together are an error of the case that meets them.
_ONLY_NEW: Final = frozenset(
    {"DMN_OVERLAP", "DMN_DIFFERENT", "TEXT_TOO_LONG", "MARKUP", "SCRIPT_LINK", "CONTROL_CHARACTER"}
)
_FEEL_NAMES: Final = re.compile(r"feel|https?://www\.omg\.org/spec/(FEEL|DMN)/\d+/(FEEL/?)?", re.IGNORECASE)
_ID: Final = re.compile(r"[^\W\d][\w.-]*")
_UNKNOWN: Final = ("businessKnowledgeModel", "decisionService", "import", "organizationUnit", "performanceIndicator")
_BOXED: Final = (
    "context",
    "invocation",
    "list",
    "relation",
    "functionDefinition",
    "conditional",
    "for",
    "every",
    "some",
    "filter",
)


class DecisionError(ZhipingError):
    """A table that gives no single answer for these values. Facts: `decision`, `rules` (ids), `reason`."""

    code = "DECISION_ERROR"


@dataclass(frozen=True)
class Input:
    name: str  # its label, else its expression
    expression: str
    type: str  # one of string, number, boolean, date, time, date and time, duration, any
    allowed: str = ""  # unary tests; empty takes anything


@dataclass(frozen=True)
class Output:
    name: str
    type: str
    allowed: str = ""
    default: str = ""  # FEEL, used when no rule matches


@dataclass(frozen=True)
class Rule:
    id: str
    row: int  # 1-based, as people see it
    tests: tuple[str, ...]
    values: tuple[str, ...]  # FEEL; empty is null


@dataclass(frozen=True)
class Decision:
    """A table (`rules`) or, if `literal` is set, one FEEL expression."""

    key: str
    name: str
    variable: str  # what other decisions call its result
    inputs: tuple[Input, ...] = ()
    outputs: tuple[Output, ...] = ()
    rules: tuple[Rule, ...] = ()
    hit_policy: str = "UNIQUE"
    aggregation: str | None = None
    literal: str | None = None
    requires: tuple[Decision, ...] = field(default=(), repr=False)

    @staticmethod
    def parse(raw: bytes) -> dict[str, Decision]:
        """The decisions of a file by id. Raises DecisionError with the first finding that forbids to run it: releases kept
        before rows were compared, or texts looked at, go on running."""
        decisions, problems = read_dmn("", raw)
        errors = [problem for problem in problems if problem.severity == "error" and problem.code not in _ONLY_NEW]
        if errors:
            raise DecisionError(errors[0].text, line=errors[0].line, reason=errors[0].code)
        return decisions


def lint_dmn(file: str, raw: bytes) -> list[Problem]:
    """What stands against running this file, each with its line. An empty list means that `Decision.parse` will do."""
    return read_dmn(file, raw)[1]


def read_dmn(file: str, raw: bytes) -> tuple[dict[str, Decision], list[Problem]]:
    """Both at once; the decisions are to be used only if no problem is an error."""
    reader, root = _opened(file, raw)
    decisions = reader.read(root) if root is not None else {}
    return decisions, sorted(reader.problems, key=lambda problem: problem.line or 0)


def admit_dmn(file: str, raw: bytes) -> list[Problem]:
    """What may not even be kept as a version: what cannot be read as a decision table, or would harm who opens it."""
    reader, root = _opened(file, raw)
    if root is not None:
        reader.ids(root)
        for table in root.iter(f"{{{root.tag.partition('}')[0].lstrip('{')}}}decisionTable"):
            reader.count(table)
    return reader.problems


def _opened(file: str, raw: bytes) -> tuple[_Reader, Any | None]:
    reader = _Reader(file)
    root, problems = read_xml(file, raw)
    reader.problems.extend(problems)
    if root is None:
        return reader, None
    if _local(root) != "definitions" or root.tag.partition("}")[0].lstrip("{") not in NAMESPACES:
        reader.say(root, "DMN_ROOT", T("不是 DMN 1.2 至 1.5 的决策文件，请用建模工具另存为 DMN 1.3。"))
        return reader, None
    check_texts(root, reader.findings)
    return reader, root


def _local(element: Any) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _children(element: Any, name: str) -> list[Any]:
    return [child for child in element if _local(child) == name]


def _text(element: Any, name: str = "text") -> str:
    found = _children(element, name)
    return "".join(found[0].itertext()).strip() if found else ""


class _Reader:
    def __init__(self, file: str) -> None:
        self.findings = Findings(file)
        self.feel = Feel()

    @property
    def problems(self) -> list[Problem]:
        return self.findings.problems

    def say(self, element: Any, code: str, text: Text) -> None:
        at = element
        while at is not None and at.get("id") is None:
            at = at.getparent()
        identity = at.get("id") if at is not None else None
        self.findings.error(element.sourceline, identity, code, text)

    def read(self, root: Any) -> dict[str, Decision]:
        self.ids(root)
        self._language(root)
        for name in _UNKNOWN:
            for element in _children(root, name):
                self.say(element, "DMN_UNSUPPORTED", T("本系统不执行“{name}”，请改用决策表。", name=name))
        found: dict[str, tuple[Decision, Any]] = {}
        for element in _children(root, "decision"):
            decision = self._decision(element)
            if decision is not None:
                found[decision.key] = (decision, element)
        if not _children(root, "decision"):
            self.say(root, "DMN_EMPTY", T("文件中没有决策。"))
        return self._connected(found, {_identity(e) for e in _children(root, "inputData")})

    def ids(self, root: Any) -> None:
        seen: dict[str, int] = {}
        for element in root.iter():
            identity = element.get("id") if isinstance(element.tag, str) else None
            if identity is None:
                continue
            if identity in seen:
                text = T("编号 {id} 与第 {line} 行重复，请改成不同的编号。", id=identity, line=seen[identity])
                self.say(element, "DUPLICATE_ID", text)
            seen.setdefault(identity, element.sourceline)

    def _language(self, element: Any) -> None:
        language = element.get("expressionLanguage", "")
        if language and not _FEEL_NAMES.fullmatch(language):
            self.say(element, "DMN_LANGUAGE", T("表达式语言 {name} 不被支持，只能用 FEEL。", name=language))

    def _decision(self, element: Any) -> Decision | None:
        key = _identity(element)
        if not key or not _ID.fullmatch(key):
            self.say(element, "DMN_ID", T("决策缺少编号，或编号“{id}”不是字母开头的字母、数字、下划线。", id=key))
            return None
        variable = next((v.get("name") for v in _children(element, "variable") if v.get("name")), key)
        decision = Decision(key, element.get("name") or key, variable)
        for name in _BOXED:
            for boxed in _children(element, name):
                self.say(boxed, "DMN_UNSUPPORTED", T("本系统不执行“{name}”，请改用决策表。", name=name))
                return decision
        tables, literals = _children(element, "decisionTable"), _children(element, "literalExpression")
        if len(tables) + len(literals) != 1:
            self.say(element, "DMN_LOGIC", T("决策 {id} 应有且只有一张决策表或一个表达式。", id=key))
            return decision
        if tables:
            return self._table(tables[0], decision)
        self._language(literals[0])
        literal = _text(literals[0])
        self._feel(literals[0], self.feel.check(literal))
        return replace(decision, literal=literal)

    def _feel(self, element: Any, wrong: Text | None) -> None:
        if wrong is not None:
            self.say(element, "FEEL_ERROR", wrong)

    def _table(self, table: Any, decision: Decision) -> Decision:
        before = len(self.problems)
        policy = table.get("hitPolicy", "UNIQUE")
        aggregation = table.get("aggregation")
        if policy not in HIT_POLICIES:
            text = T("命中策略 {policy} 不被支持，可用：{known}。", policy=policy, known=list(HIT_POLICIES))
            self.say(table, "DMN_HIT_POLICY", text)
        inputs = tuple(self._input(element) for element in _children(table, "input"))
        elements = _children(table, "output")
        outputs = tuple(self._output(element, len(elements)) for element in elements)
        if not outputs:
            self.say(table, "DMN_OUTPUT", T("决策表没有输出列。"))
        names = [output.name for output in outputs]
        for name in sorted({name for name in names if names.count(name) > 1}):
            self.say(table, "DMN_OUTPUT", T("输出列“{name}”重名。", name=name))
        if aggregation is not None and (aggregation not in AGGREGATIONS or policy != "COLLECT" or len(outputs) != 1):
            text = T(
                "汇总方式 {name} 只能与 COLLECT 和唯一的输出列同用，可用：{known}。",
                name=aggregation,
                known=list(AGGREGATIONS),
            )
            self.say(table, "DMN_AGGREGATION", text)
        elements = _children(table, "rule")
        self.count(table)
        rules = tuple(self._rule(e, row, len(inputs), len(outputs)) for row, e in enumerate(elements[:MAX_RULES], 1))
        made = replace(
            decision, inputs=inputs, outputs=outputs, rules=rules, hit_policy=policy, aggregation=aggregation
        )
        if len(self.problems) == before:
            places = [(element.sourceline, _identity(element) or decision.key) for element in elements[:MAX_RULES]]
            check_rows(made, places, self.findings)
        return made

    def count(self, table: Any) -> None:
        if len(_children(table, "rule")) > MAX_RULES:
            self.say(table, "DMN_TOO_MANY", T("规则超过 {n} 行，请拆分决策表。", n=MAX_RULES))

    def _input(self, element: Any) -> Input:
        expressions = _children(element, "inputExpression")
        expression = _text(expressions[0]) if expressions else ""
        if not expression:
            self.say(element, "DMN_INPUT", T("输入列没有表达式。"))
            return Input("", "null", "any")
        self._language(expressions[0])
        self._feel(expressions[0], self.feel.check(expression))
        allowed = self._allowed(element, "inputValues")
        return Input(element.get("label") or expression, expression, self._type(expressions[0]), allowed)

    def _output(self, element: Any, count: int) -> Output:
        name = (element.get("name") or "").strip()
        if not name:
            self.say(element, "DMN_OUTPUT", T("输出列没有名称：结果按名称取用，请补上。"))
        default = ""
        for entry in _children(element, "defaultOutputEntry"):
            default = _text(entry)
            self._feel(entry, self.feel.check(default) if default else None)
        return Output(name, self._type(element), self._allowed(element, "outputValues"), default)

    def _allowed(self, element: Any, name: str) -> str:
        for entry in _children(element, name):
            test = _text(entry)
            self._feel(entry, self.feel.check_unary(test))
            return test
        return ""

    def _type(self, element: Any) -> str:
        written = element.get("typeRef") or "any"
        kind = _TYPES.get(written.rpartition(":")[2].strip().lower())
        if kind is None:
            self.say(element, "DMN_TYPE", T("类型 {name} 不被支持，可用：{known}。", name=written, known=_KNOWN_TYPES))
        return kind or "any"

    def _rule(self, element: Any, row: int, inputs: int, outputs: int) -> Rule:
        tests, values = _children(element, "inputEntry"), _children(element, "outputEntry")
        if len(tests) != inputs or len(values) != outputs:
            self.say(element, "DMN_RULE", T("第 {row} 行的格数与列数不符。", row=row))
        for entry in tests:
            self._language(entry)
            self._feel(entry, self.feel.check_unary(_text(entry)))
        for entry in values:
            self._language(entry)
            if text := _text(entry):
                self._feel(entry, self.feel.check(text))
        return Rule(
            _identity(element) or f"row{row}", row, tuple(_text(e) for e in tests), tuple(_text(e) for e in values)
        )

    def _connected(self, found: dict[str, tuple[Decision, Any]], data: set[str]) -> dict[str, Decision]:
        """Resolve the requirements inside the file; what a decision needs is built before it."""
        built: dict[str, Decision] = {}

        def build(key: str, path: tuple[str, ...]) -> Decision | None:
            if key in built:
                return built[key]
            decision, element = found[key]
            needed = []
            for link in _links(element):
                target = (link.get("href") or "").removeprefix("#")
                if target in path:
                    self.say(link, "DMN_CIRCLE", T("决策互相依赖成圈：{path}。", path=[*path, target]))
                elif target in found:
                    needed.append(build(target, (*path, target)))
                elif not (_local(link) == "requiredInput" and target in data):
                    self.say(link, "DMN_REFERENCE", T("依赖的决策 {id} 不在本文件中。", id=target))
            built[key] = replace(decision, requires=tuple(one for one in needed if one is not None))
            return built[key]

        for key in found:
            build(key, (key,))
        return built


_KNOWN_TYPES: Final = ["string", "number", "boolean", "date", "time", "date and time", "duration"]


def _identity(element: Any) -> str:
    return (element.get("id") or "").strip()


def _links(element: Any) -> Iterator[Any]:
    """Everything a decision says it needs: decisions, input data, knowledge."""
    for requirement in element:
        if _local(requirement) in ("informationRequirement", "knowledgeRequirement"):
            yield from (child for child in requirement if _local(child).startswith("required"))
