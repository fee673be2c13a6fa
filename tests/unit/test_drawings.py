"""The shipped diagrams are drawn for people: everything is on the picture, nothing covers anything, hardly a line crosses another."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from processes.tools.layout import layout

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "processes").glob("*/*.bpmn"))
BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
BPMNDI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
DC = "{http://www.omg.org/spec/DD/20100524/DC}"
DI = "{http://www.omg.org/spec/DD/20100524/DI}"
FRAMES = ("participant", "lane", "subProcess", "boundaryEvent")

Spot = tuple[float, float]


@dataclass(frozen=True)
class Box:
    x: float
    y: float
    width: float
    height: float

    def overlaps(self, other: Box) -> bool:
        return (
            min(self.x + self.width, other.x + other.width) - max(self.x, other.x) > 1
            and min(self.y + self.height, other.y + other.height) - max(self.y, other.y) > 1
        )


@dataclass
class Drawing:
    kinds: dict[str, str]
    shapes: dict[str, Box]
    labels: dict[str, Box]
    flows: dict[str, tuple[str, str]]
    lines: dict[str, list[Spot]]

    @classmethod
    def of(cls, raw: bytes) -> Drawing:
        root = etree.fromstring(raw)
        kinds = {e.get("id"): etree.QName(e).localname for e in root.iter(f"{BPMN}*") if e.get("id")}
        flows = {e.get("id"): (e.get("sourceRef"), e.get("targetRef")) for e in root.iter(f"{BPMN}sequenceFlow")}
        shapes, labels, lines = {}, {}, {}
        for drawn in root.iter(f"{BPMNDI}BPMNShape", f"{BPMNDI}BPMNEdge"):
            name = drawn.get("bpmnElement")
            for bounds in drawn.findall(f"{DC}Bounds"):
                shapes[name] = _box(bounds)
            for bounds in drawn.findall(f"{BPMNDI}BPMNLabel/{DC}Bounds"):
                labels[name] = _box(bounds)
            points = [(float(p.get("x")), float(p.get("y"))) for p in drawn.findall(f"{DI}waypoint")]
            if points:
                lines[name] = points
        return cls(kinds, shapes, labels, flows, lines)

    @property
    def nodes(self) -> dict[str, Box]:
        """Shapes that stand for a step, without the frames around them and the events upon them."""
        return {name: box for name, box in self.shapes.items() if self.kinds[name] not in FRAMES}


def _box(bounds: Any) -> Box:
    return Box(*(float(bounds.get(key)) for key in ("x", "y", "width", "height")))


def _segments(points: list[Spot]) -> list[Box]:
    return [
        Box(min(a[0], b[0]), min(a[1], b[1]), abs(a[0] - b[0]) or 0.1, abs(a[1] - b[1]) or 0.1)
        for a, b in pairwise(points)
    ]


def _through(segment: Box, box: Box) -> bool:
    """Whether a line runs through the inside of a box."""
    inner = Box(box.x + 2, box.y + 2, box.width - 4, box.height - 4)
    return (
        segment.x < inner.x + inner.width
        and segment.x + segment.width > inner.x
        and segment.y < inner.y + inner.height
        and segment.y + segment.height > inner.y
    )


def _cross(one: Box, other: Box) -> bool:
    """A horizontal and a vertical piece that go through each other, not merely touch."""
    level, upright = (one, other) if one.width > one.height else (other, one)
    if (level.width > level.height) == (upright.width > upright.height):
        return False
    return (
        level.x + 1 < upright.x < level.x + level.width - 1 and upright.y + 1 < level.y < upright.y + upright.height - 1
    )


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def drawing(request: pytest.FixtureRequest) -> Drawing:
    return Drawing.of(request.param.read_bytes())


def test_everything_is_on_the_picture(drawing: Drawing) -> None:
    steps = ("Event", "Gateway", "Task", "callActivity", "subProcess")
    wanted = {name for name, kind in drawing.kinds.items() if kind.endswith(steps)}
    assert wanted <= drawing.shapes.keys()
    assert drawing.flows.keys() == drawing.lines.keys()


def test_no_step_covers_another(drawing: Drawing) -> None:
    assert [(a, b) for (a, x), (b, y) in combinations(drawing.nodes.items(), 2) if x.overlaps(y)] == []


def test_no_line_runs_through_a_step(drawing: Drawing) -> None:
    found = []
    for flow, points in drawing.lines.items():
        others = {name: box for name, box in drawing.nodes.items() if name not in drawing.flows[flow]}
        found += [(flow, n) for s in _segments(points) for n, box in others.items() if _through(s, box)]
    assert found == []


def test_no_word_stands_on_a_step_or_on_another_word(drawing: Drawing) -> None:
    on_steps = [(a, b) for a, x in drawing.labels.items() for b, y in drawing.nodes.items() if x.overlaps(y)]
    on_words = [(a, b) for (a, x), (b, y) in combinations(drawing.labels.items(), 2) if x.overlaps(y)]
    assert (on_steps, on_words) == ([], [])


def test_lines_hardly_cross(drawing: Drawing) -> None:
    crossings = [
        (a, b)
        for (a, p), (b, q) in combinations(drawing.lines.items(), 2)
        if drawing.flows[a][0] != drawing.flows[b][0]
        for s in _segments(p)
        for t in _segments(q)
        if _cross(s, t)
    ]
    assert len(crossings) <= 1, crossings


def test_the_tool_draws_the_same_again() -> None:
    raw = (ROOT / "processes" / "candidate" / "P08_material_review.bpmn").read_bytes()
    assert layout(layout(raw)) == layout(raw)


def test_a_diagram_without_layout_gets_a_pool_and_all_its_steps() -> None:
    bare = b"""<?xml version="1.0"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="t">
  <bpmn:process id="p" name="p" isExecutable="true">
    <bpmn:startEvent id="begin"/><bpmn:exclusiveGateway id="which" name="?"/>
    <bpmn:userTask id="one" name="one"/><bpmn:userTask id="two" name="two"/><bpmn:endEvent id="over"/>
    <bpmn:sequenceFlow id="f1" sourceRef="begin" targetRef="which"/>
    <bpmn:sequenceFlow id="f2" name="a" sourceRef="which" targetRef="one"/>
    <bpmn:sequenceFlow id="f3" name="b" sourceRef="which" targetRef="two"/>
    <bpmn:sequenceFlow id="f4" sourceRef="one" targetRef="over"/>
    <bpmn:sequenceFlow id="f5" sourceRef="two" targetRef="which"/>
  </bpmn:process>
</bpmn:definitions>"""
    drawn = Drawing.of(layout(bare))
    assert {"pool_p", "begin", "which", "one", "two", "over"} <= drawn.shapes.keys()
    assert drawn.lines.keys() == {"f1", "f2", "f3", "f4", "f5"}
    assert drawn.shapes["one"].y != drawn.shapes["two"].y


def test_a_break_begins_a_new_line_of_the_drawing() -> None:
    bare = b"""<?xml version="1.0"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="t">
  <bpmn:process id="p" name="p" isExecutable="true">
    <!-- layout: break f2 ; row two=1 over=1 -->
    <bpmn:startEvent id="begin"/><bpmn:userTask id="one" name="one"/>
    <bpmn:userTask id="two" name="two"/><bpmn:endEvent id="over"/>
    <bpmn:sequenceFlow id="f1" sourceRef="begin" targetRef="one"/>
    <bpmn:sequenceFlow id="f2" sourceRef="one" targetRef="two"/>
    <bpmn:sequenceFlow id="f3" sourceRef="two" targetRef="over"/>
  </bpmn:process>
</bpmn:definitions>"""
    drawn = Drawing.of(layout(bare))
    assert drawn.shapes["two"].x < drawn.shapes["one"].x
    assert drawn.shapes["two"].y > drawn.shapes["one"].y
    assert drawn.lines.keys() == {"f1", "f2", "f3"}
