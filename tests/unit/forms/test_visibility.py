"""What is hidden is neither checked nor kept, and hiding goes on until nothing changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from forms.errors import FormErrors
from forms.schema import validate
from forms.sheet import Place, Sheet


def text(key: str, hide: str | None = None, **more: Any) -> dict[str, Any]:
    conditional = {"conditional": {"hide": hide}} if hide else {}
    return {"type": "textfield", "key": key, "id": f"f_{key}", "label": key, **conditional, **more}


NEED = {"validate": {"required": True}}


def test_a_hidden_field_is_neither_checked_nor_kept(form: Any, check: Any) -> None:
    definition = form(text("channel"), text("evidence", '=channel = "normal"', **NEED))
    assert check(definition, {"channel": "normal"}) == {"channel": "normal"}
    assert check(definition, {"channel": "normal", "evidence": "藏"}) == {"channel": "normal"}
    assert set(check(definition, {"channel": "other"})) == {"evidence"}


def test_null_shows(form: Any, check: Any) -> None:
    definition = form(text("a"), text("b", "=a > 5", **NEED))
    assert set(check(definition, {"a": "text is not a number"})) == {"b"}


def test_a_hidden_value_counts_as_blank_for_others(form: Any, check: Any) -> None:
    definition = form(text("a"), text("b", '=a = "x"'), text("c", "=b = null", **NEED))
    assert check(definition, {"a": "x", "b": "1", "c": "2"}) == {"a": "x"}
    assert check(definition, {"a": "y", "b": "1", "c": "2"}) == {"a": "y", "b": "1", "c": "2"}


def test_the_order_of_the_fields_does_not_matter(form: Any, check: Any) -> None:
    definition = form(text("c", "=b = null"), text("b", '=a = "x"'), text("a"))
    assert check(definition, {"a": "x", "b": "1", "c": "2"}) == {"a": "x"}


def test_fields_that_hide_each_other_still_end(form: Any, check: Any) -> None:
    definition = form(text("a", "=b != null"), text("b", "=a != null"))
    assert isinstance(check(definition, {"a": "1", "b": "2"}), dict)


def test_boxes_take_their_fields_along(form: Any, check: Any) -> None:
    def box(kind: str, **more: Any) -> dict[str, Any]:
        return {
            "type": kind,
            "id": f"b_{kind}",
            "label": "盒",
            "conditional": {"hide": "=off"},
            "components": [text("in", **NEED)],
            **more,
        }

    for component, data in (
        (box("group"), {"in": "1"}),
        (box("group", path="g"), {"g": {"in": "1"}}),
        (box("dynamiclist", path="l"), {"l": [{"in": "1"}]}),
    ):
        assert check(form(component), data, {"off": True}) == {}
        assert check(form(component), data, {"off": False}) == data


def test_each_row_decides_for_itself(form: Any, check: Any) -> None:
    definition = form(
        text("mode"),
        {
            "type": "dynamiclist",
            "path": "works",
            "id": "w",
            "label": "代表作",
            "components": [text("kind"), text("file", '=this.kind = "secret" or parent.mode = "plain"', **NEED)],
        },
    )
    rows = [{"kind": "secret", "file": "藏"}, {"kind": "open", "file": "b"}, {"kind": "open"}]
    assert set(check(definition, {"works": rows})) == {"works[2].file"}
    assert check(definition, {"works": rows[:2]})["works"] == [{"kind": "secret"}, {"kind": "open", "file": "b"}]
    kept = check(definition, {"mode": "plain", "works": rows})["works"]
    assert kept == [{"kind": "secret"}, {"kind": "open"}, {"kind": "open"}]


def test_what_feel_sees(form: Any) -> None:
    seen: list[dict[str, Any]] = []

    def feel(expression: str, variables: Any) -> Any:
        seen.append(dict(variables))
        return None

    inner = {
        "type": "dynamiclist",
        "path": "rows",
        "label": "行",
        "components": [text("cell", "=f(a, n, f, more, rows, this, parent, i)")],
    }
    definition = form(
        text("a"),
        {"type": "number", "key": "n", "label": "数"},
        inner,
        {"type": "filepicker", "key": "f", "label": "附"},
    )
    Sheet(definition, {"n": "１２", "rows": [{}, {"cell": " x "}]}, {"a": "older", "more": 1}, feel)
    last = seen[-1]
    assert last["a"] is None, "the form's own keys cover process variables, also when blank"
    assert (last["more"], last["n"], last["f"], last["rows"]) == (1, 12, [], [{"cell": "x"}])
    assert (last["this"], last["i"], last["parent"]["n"]) == ({"cell": "x"}, [2], 12)


def test_required_may_depend(form: Any, check: Any) -> None:
    definition = form(text("a"), text("why", validate={"required": '=a = "no"'}))
    assert set(check(definition, {"a": "no"})) == {"why"}
    assert check(definition, {"a": "yes"}) == {"a": "yes", "why": None}


def test_a_sheet_knows_what_is_hidden_where(form: Any, feel: Any) -> None:
    definition = form(text("a"), text("b", '=a = "x"'))
    sheet = Sheet(definition, {"a": "x"}, {}, feel)
    assert [sheet.is_hidden(component, Place()) for component in definition.components] == [False, True]


def test_half_a_number_is_none_for_expressions_and_an_error_for_its_writer(form: Any) -> None:
    """The real evaluator refuses to compare text with a number: that must not break the page while somebody types."""
    seen = []

    def hides(expression: str, variables: Mapping[str, Any]) -> bool:
        seen.append(variables["years"])
        return False

    years = {"type": "number", "key": "years", "id": "f_years", "label": "年限"}
    definition = form(years, text("note", "=years = null or years < 5"))
    with pytest.raises(FormErrors) as caught:
        validate(definition, {"years": "abc"}, context={}, feel=hides, attachments=None)
    assert set(caught.value.errors) == {"years"}
    assert set(seen) == {None}
