"""Decision tables: hit policies, cells, types, requirements, and what the lint refuses."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.bpmn.decision import Decision, DecisionError, DecisionResult, evaluate, lint_dmn
from engine.bpmn.feel import Feel
from engine.errors import Refused
from engine.registry import BoundFunction
from forms.i18n import T

NOW = datetime(2026, 6, 1, 1, 0, tzinfo=UTC)
FEEL = Feel()
V13 = "https://www.omg.org/spec/DMN/20191111/MODEL/"


def table(
    rules: list[tuple[str, ...]],
    *,
    inputs: tuple[tuple[str, str], ...] = (("x", "number"),),
    outputs: tuple[tuple[str, str], ...] = (("out", "string"),),
    policy: str = "UNIQUE",
    more: str = "",
    key: str = "D",
    head: str = "",
) -> str:
    columns = "".join(
        f'<input id="{key}_i{n}" label={quoteattr(e)}><inputExpression typeRef={quoteattr(t)}><text>{escape(e)}</text></inputExpression></input>'
        for n, (e, t) in enumerate(inputs)
    )
    columns += "".join(
        f"<output id='{key}_o{n}' name={quoteattr(name)} typeRef={quoteattr(t)}/>"
        for n, (name, t) in enumerate(outputs)
    )
    for row, cells in enumerate(rules, 1):
        tests, values = cells[: len(inputs)], cells[len(inputs) :]
        columns += f'\n<rule id="{key}_r{row}">'
        columns += "".join(f"<inputEntry><text>{escape(c)}</text></inputEntry>" for c in tests)
        columns += "".join(f"<outputEntry><text>{escape(c)}</text></outputEntry>" for c in values) + "</rule>"
    return f'<decision id="{key}" name="表{key}">{head}<decisionTable hitPolicy="{policy}"{more}>{columns}</decisionTable></decision>'


def literal(key: str, text: str, head: str = "") -> str:
    return f'<decision id="{key}">{head}<literalExpression><text>{escape(text)}</text></literalExpression></decision>'


def needs(key: str) -> str:
    return f'<informationRequirement><requiredDecision href="#{key}"/></informationRequirement>'


def file(*decisions: str, namespace: str = V13) -> bytes:
    body = "\n".join(decisions)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<definitions xmlns="{namespace}" id="file" name="n">\n{body}\n</definitions>'.encode()


def decide(raw: bytes, functions: dict[str, Any] | None = None, key: str = "D", **variables: Any) -> DecisionResult:
    assert lint_dmn("t.dmn", raw) == []
    return evaluate(Decision.parse(raw)[key], variables, FEEL, functions or {}, NOW)


def refused(raw: bytes, **variables: Any) -> DecisionError:
    with pytest.raises(DecisionError) as caught:
        decide(raw, **variables)
    assert caught.value.text.to("en") != caught.value.text.to("zh")
    return caught.value


GRADES = [("< 60", '"failed"'), ("[60..80[", '"passed"'), (">= 80", '"good"')]


def test_unique_gives_an_object() -> None:
    raw = file(table(GRADES))
    out = decide(raw, x=80)
    assert out == DecisionResult({"out": "good"}, ("D_r3",), (3,), {"x": 80})
    assert decide(raw, x=59.5).result == {"out": "failed"}


def test_no_match_is_null_and_nothing_set_matches_nothing() -> None:
    raw = file(table([("> 5", '"a"')]))
    assert decide(raw, x=1) == DecisionResult(None, (), (), {"x": 1})
    assert decide(raw).result is None


def test_unique_with_an_overlap_names_the_rows() -> None:
    error = refused(file(table([("? > 1", '"a"'), ("? > 2", '"a"'), ("< 0", '"c"')])), x=3)
    assert error.code == "DECISION_ERROR"
    assert error.facts["reason"] == "OVERLAP"
    assert error.facts["rules"] == ["D_r1", "D_r2"]
    assert "1、2" in error.text.to("zh")


def test_first_takes_the_first() -> None:
    rules = [("> 1", '"a"'), ("-", '"b"'), ("not a number", '"never reached"')]
    assert decide(file(table(rules[:2], policy="FIRST")), x=3) == DecisionResult(
        {"out": "a"}, ("D_r1",), (1,), {"x": 3}
    )
    assert decide(file(table(rules[:2], policy="FIRST")), x=0).result == {"out": "b"}


def test_any_wants_the_same_outputs() -> None:
    assert decide(file(table([("> 1", '"a"'), ("> 2", '"a"')], policy="ANY")), x=3).rows == (1, 2)
    error = refused(file(table([("? > 1", '"a"'), ("? > 2", '"b"')], policy="ANY")), x=3)
    assert error.facts["reason"] == "DIFFERENT"


def test_collect_lists_and_aggregates() -> None:
    rules = [("> 1", "10"), ("> 2", "5"), ("> 9", "1")]
    columns = (("n", "number"),)
    raw = file(table(rules, outputs=columns, policy="COLLECT"))
    assert decide(raw, x=3).result == [{"n": 10}, {"n": 5}]
    assert decide(raw, x=0).result == []
    for name, expected in (("SUM", 15), ("MIN", 5), ("MAX", 10), ("COUNT", 2)):
        raw = file(table(rules, outputs=columns, policy="COLLECT", more=f' aggregation="{name}"'))
        assert decide(raw, x=3).result == {"n": expected}
    assert decide(raw, x=0).result == {"n": 0}
    words = file(table([("-", '"a"')], policy="COLLECT", more=' aggregation="SUM"'))
    assert refused(words, x=3).facts["reason"] == "AGGREGATION"


def test_cells_of_many_kinds() -> None:
    inputs = (("title", "string"), ("exempt", "boolean"), ("x", "number"), ("d", "date"))
    rules = [
        ('"馆员","副研究馆员"', "true", "-", "", '"a"', "1 + 1"),
        ('not("馆员")', "false", "[1..3]", '> date("2026-01-01")', '"b"', "x * 2"),
        ("null", "-", "-", "-", '"c"', ""),
    ]
    raw = file(table(rules, inputs=inputs, outputs=(("out", "string"), ("n", "number"))))
    assert decide(raw, title="副研究馆员", exempt=True).result == {"out": "a", "n": 2}
    assert decide(raw, title="馆", exempt=False, x=2, d="2026-05-01").result == {"out": "b", "n": 4}
    assert decide(raw, title="馆", exempt=False, x=2, d="2025-05-01").result is None
    assert decide(raw, title=None, exempt=False).result == {"out": "c", "n": None}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("number", "3"),
        ("number", True),
        ("integer", "3"),
        ("boolean", "true"),
        ("string", 3),
        ("date", "yesterday"),
        ("date", "2026-02-30"),
        ("date", 20260101),
        ("dateTime", "2026-01-01"),
    ],
)
def test_a_value_of_another_type_is_an_error(kind: str, value: Any) -> None:
    error = refused(file(table([("-", '"a"')], inputs=(("v", kind),))), v=value)
    assert error.facts["reason"] == "VALUE"
    assert str(value) in str(error.text)


def test_dates_computed_by_an_input_expression_keep_their_kind() -> None:
    rules = [('< date("2026-06-01")', '"past"'), ('>= date("2026-06-01")', '"future"')]
    for kind in ("date", "any"):
        assert decide(file(table(rules, inputs=(("date(d)", kind),))), d="2026-05-31").result == {"out": "past"}
    rules = [("< now()", '"past"'), (">= now()", '"future"')]
    raw = file(table(rules, inputs=(("at", "date and time"),)))
    out = decide(raw, at="2026-06-01T00:59:59Z")
    assert out.result == {"out": "past"}
    assert out.inputs == {"at": "2026-06-01T00:59:59Z"}
    assert refused(raw, at="2026-06-01T00:59:59").facts["reason"] == "CELL"  # without an offset nobody knows


def test_a_cell_that_cannot_be_judged_names_its_row() -> None:
    error = refused(file(table([('"a"', '"1"'), ("合格", '"2"')], inputs=(("v", "any"),))), v="b")
    assert error.facts == {"decision": "D", "reason": "CELL", "rules": ["D_r2"]}
    assert "合格" in str(error.text)
    error = refused(file(table([("-", "nowhere + 1"), ("-", "mistyped(1)")], policy="COLLECT")), x=1)
    assert error.facts["rules"] == ["D_r2"]
    error = refused(file(table([("-", "5")])), x=1)
    assert "out" in str(error.text)


def test_allowed_values_and_defaults() -> None:
    raw = file(table([('"a"', '"ok"'), ('"b"', '"bad"')], inputs=(("v", "string"),)))
    raw = raw.replace(b"</inputExpression>", b'</inputExpression><inputValues><text>"a","b"</text></inputValues>')
    raw = raw.replace(b"typeRef='string'/>", b"/>").replace(
        b'name="out" typeRef="string"/>',
        b'name="out" typeRef="string"><outputValues><text>"ok","none"</text></outputValues>'
        b'<defaultOutputEntry><text>"none"</text></defaultOutputEntry></output>',
    )
    assert decide(raw, v="a").result == {"out": "ok"}
    assert decide(raw).result == {"out": "none"}
    assert refused(raw, v="c").facts["reason"] == "VALUE"
    assert refused(raw, v="b").facts["reason"] == "CELL"


def test_our_functions_answer_in_tables_and_their_refusals_come_through() -> None:
    def deadline(start: str, n: int) -> str:
        if n > 9:
            raise Refused(T("没有日历。"), code="NO_CALENDAR")
        return "2026-06-08T00:00:00+08:00"

    functions = {"deadline": BoundFunction(deadline, "date and time")}
    raw = file(
        table([("< deadline(now(), 5)", '"open"'), (">= deadline(now(), 5)", '"over"')], inputs=(("now()", "any"),))
    )
    assert decide(raw, functions).result == {"out": "open"}
    with pytest.raises(Refused):
        decide(file(table([("-", "string(deadline(now(), 10))")])), functions, x=1)


def test_literals_and_requirements() -> None:
    points = table([("-", "x * 2")], outputs=(("points", "number"),), key="points")
    both = table([("-", "1", "2")], outputs=(("a", "number"), ("b", "number")), key="both")
    total = literal("total", "points + both.a + both.b", needs("points") + needs("both"))
    top = table(GRADES, inputs=(("total", "number"),), head=needs("total"))
    raw = file(top, total, points, both)
    assert decide(raw, x=40) == DecisionResult({"out": "good"}, ("D_r3",), (3,), {"total": 83})
    assert decide(raw, key="total", x=40).result == {"total": 83}
    assert decide(file(literal("D", "{a: 1}"))).result == {"a": 1}


@pytest.mark.parametrize("year", ["20180521", "20191111", "20211108", "20230324"])
def test_versions_of_the_format(year: str) -> None:
    scheme = "http" if year == "20180521" else "https"
    raw = file(table(GRADES), namespace=f"{scheme}://www.omg.org/spec/DMN/{year}/MODEL/")
    assert decide(raw, x=1).result == {"out": "failed"}


LINT: list[tuple[str, bytes, str, int | None]] = [
    ("not dmn", b"<definitions xmlns='urn:x'/>", "DMN_ROOT", 1),
    ("old", file(table(GRADES), namespace="http://www.omg.org/spec/DMN/20151101/dmn.xsd"), "DMN_ROOT", 2),
    ("empty", file(), "DMN_EMPTY", 2),
    ("entities", b"<!DOCTYPE a><a/>", "XML_DOCTYPE", 1),
    ("duplicate", file(table(GRADES), table(GRADES, key="D")), "DUPLICATE_ID", 7),
    ("policy", file(table(GRADES, policy="PRIORITY")), "DMN_HIT_POLICY", 3),
    ("rule order", file(table(GRADES, policy="RULE ORDER")), "DMN_HIT_POLICY", 3),
    ("aggregation", file(table(GRADES, policy="COLLECT", more=' aggregation="AVG"')), "DMN_AGGREGATION", 3),
    ("aggregation on unique", file(table(GRADES, more=' aggregation="SUM"')), "DMN_AGGREGATION", 3),
    ("bad cell", file(table([("> 1", '"a"'), (">", '"a"')])), "FEEL_ERROR", 5),
    ("bad output", file(table([("> 1", '"a')])), "FEEL_ERROR", 4),
    ("bad input", file(table([("> 1", '"a"')], inputs=(("x +", "number"),))), "FEEL_ERROR", 3),
    ("bad literal", file(literal("D", "1 +")), "FEEL_ERROR", 3),
    ("empty literal", file(literal("D", "")), "FEEL_ERROR", 3),
    ("python", file(literal("D", "[x for x in y]")), "FEEL_ERROR", 3),
    ("no input", file(table([("-", '"a"')], inputs=(("", "number"),))), "DMN_INPUT", 3),
    ("type", file(table([("-", '"a"')], inputs=(("x", "money"),))), "DMN_TYPE", 3),
    ("no name", file(table([("-", '"a"')], outputs=(("", "string"),))), "DMN_OUTPUT", 3),
    ("same names", file(table([("-", "1", "2")], outputs=(("a", "any"), ("a", "any")))), "DMN_OUTPUT", 3),
    ("no outputs", file(table([("-",)], outputs=())), "DMN_OUTPUT", 3),
    (
        "cells",
        file(table([("-", '"a"')]).replace("<outputEntry>", "<inputEntry><text>-</text></inputEntry><outputEntry>")),
        "DMN_RULE",
        4,
    ),
    (
        "language",
        file(table(GRADES, more=' id="t"').replace("<inputEntry>", '<inputEntry expressionLanguage="python">', 1)),
        "DMN_LANGUAGE",
        4,
    ),
    ("neither", file('<decision id="D"/>'), "DMN_LOGIC", 3),
    ("boxed", file('<decision id="D"><context/></decision>'), "DMN_UNSUPPORTED", 3),
    ("knowledge", file(table(GRADES), '<businessKnowledgeModel id="b"/>'), "DMN_UNSUPPORTED", 7),
    ("no id", file("<decision><literalExpression><text>1</text></literalExpression></decision>"), "DMN_ID", 3),
    ("elsewhere", file(table(GRADES, head=needs("other"))), "DMN_REFERENCE", 3),
    ("itself", file(literal("D", "1", needs("D"))), "DMN_CIRCLE", 3),
    ("circle", file(literal("D", "1", needs("E")), literal("E", "1", needs("D"))), "DMN_CIRCLE", 4),
    ("many", file(table([("-", "1")] * 501)), "DMN_TOO_MANY", 3),
]


@pytest.mark.parametrize(("raw", "code", "line"), [row[1:] for row in LINT], ids=[row[0] for row in LINT])
def test_the_lint_names_what_is_wrong_and_where(raw: bytes, code: str, line: int | None) -> None:
    problems = lint_dmn("t.dmn", raw)
    assert (code, line) in [(problem.code, problem.line) for problem in problems]
    for problem in problems:
        assert problem.file == "t.dmn"
        assert problem.text.to("en") != problem.text.to("zh")
    with pytest.raises(DecisionError):
        Decision.parse(raw)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-50, 50), min_size=1, max_size=6, unique=True), st.integers(-60, 60))
def test_a_table_of_intervals_is_a_step_function(cuts: list[int], x: int) -> None:
    cuts = sorted(cuts)
    tests = [f"< {cuts[0]}", *(f"[{a}..{b}[" for a, b in pairwise(cuts)), f">= {cuts[-1]}"]
    raw = file(table([(test, str(n)) for n, test in enumerate(tests)], outputs=(("n", "number"),)))
    assert decide(raw, x=x).result == {"n": sum(x >= cut for cut in cuts)}
