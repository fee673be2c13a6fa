"""Pairs of an HTML form become data, exactly as typed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.submission import apply_action, parse_submission

COMPONENTS: list[dict[str, Any]] = [
    {"type": "textfield", "key": "name", "label": "姓名"},
    {"type": "number", "key": "age", "label": "年龄"},
    {"type": "checkbox", "key": "agree", "label": "同意"},
    {
        "type": "checklist",
        "key": "marks",
        "label": "勾选",
        "values": [{"label": "甲", "value": "a"}, {"label": "乙", "value": "b"}],
    },
    {"type": "filepicker", "key": "files", "label": "附件", "multiple": True},
    {
        "type": "group",
        "path": "unit",
        "label": "单位",
        "components": [{"type": "textfield", "key": "code", "label": "编号"}],
    },
    {
        "type": "dynamiclist",
        "path": "works",
        "label": "代表作",
        "components": [
            {"type": "textfield", "key": "title", "label": "题名"},
            {"type": "textfield", "key": "lang", "label": "语种", "defaultValue": "汉语"},
            {"type": "checkbox", "key": "secret", "label": "涉密"},
            {
                "type": "dynamiclist",
                "path": "authors",
                "label": "作者",
                "components": [{"type": "textfield", "key": "who", "label": "谁"}],
            },
        ],
    },
    {
        "type": "dynamiclist",
        "path": "fixed",
        "label": "清单",
        "allowAddRemove": False,
        "components": [{"type": "checkbox", "key": "ok", "label": "可"}],
    },
]
BLANK = {"agree": False, "marks": [], "files": [], "unit": {}, "works": [], "fixed": []}


@pytest.fixture(scope="module")
def definition(form: Any) -> Any:
    return form(*COMPONENTS)


def test_an_empty_form(definition: Any) -> None:
    assert parse_submission(definition, []) == (BLANK, ("submit",))


def test_everything_stays_as_typed(definition: Any) -> None:
    pairs = [
        ("_csrf", "token"),
        ("name", "  张三 "),
        ("age", "十二"),
        ("agree", "true"),
        ("marks", "a"),
        ("marks", "b"),
        ("files", "id1"),
        ("files", "id2"),
        ("unit.code", "u1"),
        ("works[0]", ""),
        ("works[1].title", ""),
        ("works[1].secret", "true"),
        ("works[1].authors[0].who", "李四"),
        ("_action", "save"),
    ]
    data, action = parse_submission(definition, pairs)
    assert action == ("save",)
    assert data == BLANK | {
        "name": "  张三 ",
        "age": "十二",
        "agree": True,
        "marks": ["a", "b"],
        "files": ["id1", "id2"],
        "unit": {"code": "u1"},
        "works": [{"secret": False, "authors": []}, {"secret": True, "authors": [{"who": "李四"}]}],
    }


@pytest.mark.parametrize(
    "name",
    [
        "role",
        "name.x",
        "works",
        "works[0].role",
        "works[9999].title",
        "works[-1].title",
        "works.title",
        "unit",
        "unit[0].code",
        "name[0]",
        "a" * 5000,
    ],
)
def test_other_names_are_kept_to_be_refused(definition: Any, check: Any, name: str) -> None:
    data, _ = parse_submission(definition, [(name, "x")])
    assert data[name] == "x"
    assert type(check(definition, data)).__name__ == "Refusal"


def test_a_prefix(definition: Any) -> None:
    data, action = parse_submission(
        definition, [("p-name", "甲"), ("name", "乙"), ("p-_action", "save")], names_prefix="p-"
    )
    assert (data["name"], action) == ("甲", ("save",))


@pytest.mark.parametrize(
    ("pair", "action"),
    [
        (("_add", "works"), ("add", "works")),
        (("_add", "works[0].authors"), ("add", "works[0].authors")),
        (("_remove", "works.0"), ("remove", "works", 0)),
        (("_remove", "works[1].authors.2"), ("remove", "works[1].authors", 2)),
        (("_action", "submit"), ("submit",)),
        (("_add", "name"), ("submit",)),
        (("_add", "fixed"), ("submit",)),
        (("_remove", "fixed.0"), ("submit",)),
        (("_remove", "works"), ("submit",)),
        (("_remove", "works.x"), ("submit",)),
        (("_action", "<script>"), ("submit",)),
    ],
)
def test_actions(definition: Any, pair: tuple[str, str], action: Any) -> None:
    assert parse_submission(definition, [pair])[1] == action


def test_adding_and_removing_rows(definition: Any) -> None:
    data: dict[str, Any] = {"works": [{"title": "甲"}]}
    more = apply_action(definition, data, ("add", "works"))
    assert more["works"] == [{"title": "甲"}, {"lang": "汉语", "secret": False, "authors": []}]
    assert data == {"works": [{"title": "甲"}]}, "the old data is left alone"
    deeper = apply_action(definition, more, ("add", "works[1].authors"))
    assert deeper["works"][1]["authors"] == [{}]
    assert apply_action(definition, deeper, ("remove", "works", 0))["works"] == deeper["works"][1:]
    for useless in (("remove", "works", 7), ("remove", "fixed", 0), ("add", "name"), ("save",)):
        assert apply_action(definition, deeper, useless) == deeper


@settings(deadline=None)
@given(st.lists(st.tuples(st.text("naemworks[]0.1_x-", max_size=20), st.text(max_size=5)), max_size=10))
def test_no_pairs_break_it(definition: Any, check: Any, pairs: list[tuple[str, str]]) -> None:
    data, _ = parse_submission(definition, pairs)
    check(definition, data)
