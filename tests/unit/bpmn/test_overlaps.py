"""Rows of a decision table against each other: what is refused, what is warned of, and what nobody can tell."""

from __future__ import annotations

import time

import pytest

from engine.bpmn.decision import Decision, evaluate
from engine.bpmn.dmn import lint_dmn
from engine.errors import Problem
from tests.unit.bpmn.test_decision import FEEL, NOW, file, table

TWO = (("grade", "string"), ("years", "number"))


def found(raw: bytes) -> list[Problem]:
    problems = lint_dmn("t.dmn", raw)
    for problem in problems:
        assert problem.file == "t.dmn"
        assert problem.line
        assert problem.text.to("en") != str(problem.text)
        assert problem.remedy.to("en") != str(problem.remedy)
    return problems


def codes(*cells: str, policy: str = "UNIQUE", typed: str = "number") -> list[str]:
    rules = [(cell, f'"r{n}"') for n, cell in enumerate(cells)]
    return [problem.code for problem in found(file(table(rules, inputs=(("x", typed),), policy=policy)))]


@pytest.mark.parametrize(
    "cells",
    [
        ("> 1", "> 2"),
        ("[1..5]", "[5..9]"),
        ("<= 5", ">= 5"),
        ("-", "3"),
        ("1, 2, [7..9]", "8"),
        ('not("a")', 'not("b")'),
        ('"a", "b"', '"b"'),
        ('date("2026-01-01")', '< date("2026-06-01")'),
        ("? > limit", "? > limit"),
    ],
)
def test_rows_that_apply_together_are_refused_with_their_place(cells: tuple[str, str]) -> None:
    assert codes(*cells, typed="any") == ["DMN_OVERLAP"]
    (problem,) = found(file(table([(cell, '"r"') for cell in cells], inputs=(("x", "any"),))))
    assert (problem.element, problem.line, problem.severity) == ("D_r2", 5, "error")
    assert problem.facts["rows"] == [1, 2]


@pytest.mark.parametrize(
    "cells",
    [
        ("< 5", ">= 5"),
        ("[1..5]", "(5..9]"),
        ("[1..5[", "5"),
        ('not("a")', '"a"'),
        ("true", "false"),
        ("not(true)", "not(false)"),
        ("? > limit", "? <= limit"),
        ("? > limit", "3"),  # who knows the limit?
        ("string length(string(?)) > 2", "-"),
    ],
)
def test_rows_that_never_meet_or_of_which_nobody_knows_pass(cells: tuple[str, str]) -> None:
    typed = "boolean" if cells[0] in ("true", "not(true)") else "any"
    assert "DMN_OVERLAP" not in codes(*cells, typed=typed)


def test_all_columns_must_meet_for_rows_to_overlap() -> None:
    rules = [('"a"', "< 5", '"x"'), ('"a"', ">= 5", '"y"'), ('"b"', "-", '"z"')]
    assert found(file(table(rules, inputs=TWO))) == []
    assert [p.element for p in found(file(table([*rules, ('"b"', "3", '"q"')], inputs=TWO)))] == ["D_r4"]


def test_two_columns_about_one_thing_are_not_judged() -> None:
    rules = [("> 5", "< 10", '"a"'), (">= 10", "-", '"b"')]
    assert found(file(table(rules, inputs=(("x", "number"), ("x", "number"))))) == []


def test_any_wants_the_same_results_and_first_wants_rows_that_count() -> None:
    same = file(table([("> 1", '"a"'), ("> 2", '"a"')], policy="ANY"))
    assert found(same) == []
    assert codes("> 1", "> 2", policy="ANY") == ["DMN_DIFFERENT"]
    (problem,) = found(file(table([("-", '"a"'), ("> 2", '"b"')], policy="FIRST")))
    assert (problem.code, problem.element, problem.severity) == ("DMN_SHADOWED", "D_r2", "warning")
    assert codes("> 2", "-", policy="FIRST") == []
    assert codes("> 1", "> 2", policy="COLLECT") == []


def test_a_case_that_no_row_takes_is_told_with_its_values() -> None:
    rules = [('"a"', "[0..5]", '"x"'), ('"a"', "> 5", '"y"'), ('"b"', "<= 5", '"z"')]
    (problem,) = found(file(table(rules, inputs=TWO)))
    assert (problem.code, problem.severity) == ("DMN_GAP", "warning")
    assert "grade=b" in str(problem.text)
    assert "years=6" in str(problem.text)
    assert codes("[0..5]", "[6..9]") == []  # nothing whole lies between
    assert codes("[0..5]", "[8..9]") == ["DMN_GAP"]


def test_five_hundred_rows_are_compared_in_time() -> None:
    inputs = tuple((f"x{n}", "number") for n in range(4))
    rules = [(*["-"] * 3, f"{n}", '"r"') for n in range(500)]
    began = time.thread_time()
    assert found(file(table(rules, inputs=inputs))) == []
    many = found(file(table([(*["-"] * 4, '"r"')] * 500, inputs=inputs)))
    assert 1 <= len(many) <= 20
    assert time.thread_time() - began < 4  # two tables


def test_a_table_kept_before_rows_were_compared_goes_on_running() -> None:
    raw = file(table([("> 1", '"a"'), ("> 5", '"b"')]))
    assert [problem.code for problem in found(raw)] == ["DMN_OVERLAP"]
    assert evaluate(Decision.parse(raw)["D"], {"x": 3}, FEEL, {}, NOW).result == {"out": "a"}
