"""Scenarios written as YAML read back as they were, whatever stands in them."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.scenarios.reading import read_yaml
from engine.scenarios.writing import file_text, referred

ONE, TWO = "123e4567-e89b-42d3-a456-426614174000", "223e4567-e89b-42d3-a456-426614174000"
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=30) | st.sampled_from(
    [
        "yes",
        "null",
        "~",
        "12",
        "1.50",
        "2026-06-01",
        "2026-06-01T09:00",
        "=a.b",
        "- x",
        "a: b",
        "#",
        "多行\n文字",
        "",
        " x ",
    ]
)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.sampled_from([0.5, -1.25]) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=30)
@given(st.dictionaries(TEXT, VALUE, max_size=4), st.lists(st.dictionaries(TEXT, VALUE, max_size=2), max_size=3))
def test_what_is_written_reads_back(variables: dict[str, Any], steps: list[dict[str, Any]]) -> None:
    scenario = {"name": "甲", "start": {"by": "ann", "variables": variables}, "steps": steps, "expect": {"open": []}}
    read = read_yaml("p.test.yaml", file_text("p", [scenario, scenario]).encode())
    assert json.loads(json.dumps(read)) == {"process": "p", "scenarios": [scenario, scenario]}


def test_ids_made_anew_are_found_again() -> None:
    names = {"case": {"application_id": ONE, "unit code": ONE}}
    variables = {"candidates": [{"id": "x"}, {"id": TWO}]}
    typed = {"of": ONE, "rows": [{"who": TWO}], "text": "=1 + 1", "plain": "x", "stranger": TWO[:-1] + "9"}
    assert referred(typed, names, variables) == {
        "of": "=case.application_id",
        "rows": [{"who": "=candidates[2].id"}],
        "text": '="=1 + 1"',
        "plain": "x",
        "stranger": TWO[:-1] + "9",
    }
