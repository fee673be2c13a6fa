"""Two states of a file: what is told of a diagram, a table, a form and a text, and that nothing harmless or harmful is told wrongly."""

from __future__ import annotations

import re
from pathlib import Path

import orjson
import pytest

from engine.studio.comparing import MOST_LINES, Comparison, compare
from engine.studio.differences import ADDED, CHANGED, MOVED, REMOVED, steady

ROOT = Path(__file__).resolve().parents[3]
DIAGRAM = ROOT / "processes/committee/P12_review_meeting_vote.bpmn"
TABLE = ROOT / "processes/committee/D08_vote_result.dmn"
FORM = {
    "type": "default",
    "id": "ask",
    "components": [
        {"id": "a", "type": "textfield", "key": "name", "label": "姓名", "validate": {"required": True}},
        {"id": "b", "type": "select", "key": "kind", "label": "类别", "values": [{"label": "甲", "value": "x"}]},
        {
            "id": "g",
            "type": "group",
            "label": "其他",
            "components": [{"id": "c", "type": "number", "key": "n", "label": "数"}],
        },
    ],
}


def told(found: Comparison) -> list[tuple[str, str | None, list[tuple[str, str | None, str | None]]]]:
    return [
        (one.sort, one.element, [(str(detail.name), detail.before, detail.after) for detail in one.details])
        for one in found.differences
    ]


@pytest.mark.parametrize(
    "path", sorted(p for s in ("bpmn", "dmn") for p in ROOT.glob(f"processes/**/*.{s}")), ids=lambda p: p.name
)
def test_a_shipped_file_does_not_differ_from_itself_written_otherwise(path: Path) -> None:
    raw = path.read_bytes()
    found = compare(path.name, raw, re.sub(rb"\n\s*", b"\n ", raw))
    assert found.read
    assert told(found) == []


def test_a_diagram_tells_each_thing_with_what_it_says() -> None:
    raw = DIAGRAM.read_bytes()
    changed = raw.replace('name="安排会议"'.encode(), 'name="安排评审会议"'.encode())
    changed = re.sub(rb'(id="plan_meeting".*?camunda:dueDate=")[^"]*"', rb'\1P8D"', changed, count=1, flags=re.DOTALL)
    found = compare(DIAGRAM.name, raw, changed)
    [(sort, element, details)] = told(found)
    assert (sort, element) == (CHANGED, "plan_meeting")
    assert ("名称", "安排会议", "安排评审会议") in details
    assert [(name, after) for name, _, after in details if name == "期限"] == [("期限", "P8D")]


def test_steps_come_go_and_move() -> None:
    raw = DIAGRAM.read_bytes()
    lane = re.search(rb"<bpmn:flowNodeRef>plan_meeting</bpmn:flowNodeRef>", raw)
    assert lane is not None
    shape = re.search(rb'bpmnElement="plan_meeting"[^>]*>\s*<dc:Bounds x="(\d+)', raw)
    assert shape is not None
    moved = raw[: shape.start(1)] + b"9" + raw[shape.start(1) :]
    assert told(compare(DIAGRAM.name, raw, moved)) == [(MOVED, "plan_meeting", [])]
    renamed = raw.replace(b'"plan_meeting"', b'"plan_it"').replace(b">plan_meeting<", b">plan_it<")
    sorts = {(sort, element) for sort, element, _ in told(compare(DIAGRAM.name, raw, renamed))}
    assert {(ADDED, "plan_it"), (REMOVED, "plan_meeting")} <= sorts
    assert any(element == "lane_preparation" for sort, element in sorts if sort == CHANGED)


def test_a_new_file_is_all_added_and_a_gone_one_all_removed() -> None:
    for raw, file in ((DIAGRAM.read_bytes(), "a.bpmn"), (TABLE.read_bytes(), "a.dmn"), (orjson.dumps(FORM), "a.form")):
        assert {one.sort for one in compare(file, None, raw).differences} == {ADDED}
        assert {one.sort for one in compare(file, raw, None).differences} == {REMOVED}


def test_a_table_tells_rows_and_cells() -> None:
    raw = TABLE.read_bytes()
    rules = re.findall(rb"<rule .*?</rule>\s*", raw, flags=re.DOTALL)
    cell = raw.replace(b"<text>false</text>", b"<text>true</text>", 1)
    [(sort, element, details)] = told(compare(TABLE.name, raw, cell))
    assert (sort, element, details[0][1:]) == (CHANGED, "rule_D08_1", ("false", "true"))
    [grid] = compare(TABLE.name, raw, cell).grids
    assert [row.sort for row in grid.rows] == [CHANGED, "same", "same"]
    assert [c.sort for c in grid.rows[0].cells].count(CHANGED) == 1

    without = raw.replace(rules[1], b"")
    assert [one[:2] for one in told(compare(TABLE.name, raw, without))] == [(REMOVED, "rule_D08_2")]
    assert [row.sort for row in compare(TABLE.name, raw, without).grids[0].rows] == ["same", REMOVED, "same"]
    swapped = raw.replace(rules[0], b"@").replace(rules[1], rules[0]).replace(b"@", rules[1])
    assert [sort for sort, _, _ in told(compare(TABLE.name, raw, swapped))] == [MOVED]
    other_ids = re.sub(rb'id="(rule_D08_\d)"', rb'id="x_\1"', raw)
    assert told(compare(TABLE.name, raw, other_ids)) == []


def test_a_form_tells_its_fields() -> None:
    after = orjson.loads(orjson.dumps(FORM))
    after["components"][0]["validate"]["required"] = False
    after["components"][1]["values"].append({"label": "乙", "value": "y"})
    after["components"][2]["components"] = []
    after["components"].append({"id": "d", "type": "checkbox", "key": "sure", "label": "确认"})
    found = compare("a.form", orjson.dumps(FORM), orjson.dumps(after))
    assert sorted(told(found), key=str) == sorted(
        [
            (ADDED, "d", []),
            (REMOVED, "c", []),
            (CHANGED, "a", [("必填", "true", "false")]),
            (CHANGED, "b", [("选项", "甲（x）", "甲（x）、乙（y）")]),
        ],
        key=str,
    )
    after = orjson.loads(orjson.dumps(FORM))
    after["components"].reverse()
    assert {sort for sort, _, _ in told(compare("a.form", orjson.dumps(FORM), orjson.dumps(after)))} == {MOVED}


def test_what_cannot_be_read_is_compared_line_by_line() -> None:
    for file in ("a.bpmn", "a.dmn", "a.form", "a.test.yaml"):
        found = compare(file, b"one\ntwo\nthree", b"one\n2\nthree\nfour")
        assert not found.read
        assert found.lines is not None
        assert (found.lines[0].sort, found.lines[0].left) == ("same", "one")
        assert [(line.sort, line.left, line.right) for line in found.lines or () if line.sort != "same"] == [
            (CHANGED, "two", "2"),
            (ADDED, None, "four"),
        ]


def test_hostile_sizes_are_bounded() -> None:
    """Many alike are worked through in a time that grows with them; with its square this test would not end."""
    many = b"<x>" + b"".join(b'<y a="%d"/>' % n for n in range(40_000)) + b"</x>"
    head = b'<d xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process id="p"><task id="t"><extensionElements>'
    tail = b"</extensionElements></task></process></d>"
    assert compare("a.bpmn", head + many + tail, head + many[:-4] + b"</x>" + tail).read
    fields = [{"id": f"f{n}", "type": "textfield", "key": f"k{n}", "label": "x"} for n in range(1_999)]
    forwards, backwards = ({"id": "f", "components": made} for made in (fields, fields[::-1]))
    assert compare("a.form", orjson.dumps(forwards), orjson.dumps(backwards)).counts[MOVED] == 1_998
    lines = compare("a.test.yaml", b"a\n" * (MOST_LINES + 1), b"b\n" * (MOST_LINES + 1)).lines
    assert lines is None


def test_the_most_that_stand_in_order_are_steady() -> None:
    assert steady([]) == set()
    assert steady([2, 0, 1, 3]) == {0, 1, 3}
    assert len(steady([3, 2, 1, 0])) == 1
