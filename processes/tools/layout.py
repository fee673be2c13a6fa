"""Draw a BPMN file: compute its diagram interchange (DI) from what it says.

    python -m processes.tools.layout FILE…        rewrites the DI of each file in place
    python -m processes.tools.picture FILE…       then look at it: FILE.png beside it (or in a folder: --into DIR)

Rows come from the lanes (of the process or, where it has a laneSet of its own, of an expanded sub-process), columns
from the longest path, edges run orthogonally in the gutters. A laneSet or process without a collaboration gets a pool.
An embedded sub-process is drawn expanded; what its boundary events lead to stands beneath it.

The drawing can be nudged by a comment inside the process or sub-process it is about; one for each container:

    <!-- layout: row refuse=1 tell=1 ; column tell=7 ; gap-y 60 ; gap-x 60 ; break from_a_to_b -->

`row` counts within the node's lane from 0 (the lane's upper row), `column` is the least column from 0, `gap-x` and
`gap-y` are the least distances in pixels between two columns and two rows. Behind a flow named by `break` the drawing
begins at the left again, as a text does in its next line; what stands there needs a `row`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from lxml import etree

from processes.tools.labels import place_labels, text_box
from processes.tools.model import Container, Edge, Node
from processes.tools.place import place
from processes.tools.routing import UNIT, Board, Line, Port

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
BPMNDI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
DI = "http://www.omg.org/spec/DD/20100524/DI"
POOL_HEADER = 30
EVENTS = ("startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent")
GATEWAYS = ("exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway", "complexGateway")
TASKS = (
    *("task", "userTask", "manualTask", "serviceTask", "scriptTask", "businessRuleTask"),
    *("sendTask", "receiveTask", "callActivity"),
)


def layout(source: bytes) -> bytes:
    """The same BPMN file with DI for every element of its first process."""
    root = etree.fromstring(source, etree.XMLParser(remove_blank_text=True, resolve_entities=False))
    process = root.find(f"{{{BPMN}}}process")
    if process is None:
        raise ValueError("no process in this file")
    for old in root.findall(f"{{{BPMNDI}}}BPMNDiagram"):
        root.remove(old)
    participant = _participant(root, process)
    container = _read(process)
    _arrange(container)
    diagram = etree.SubElement(root, f"{{{BPMNDI}}}BPMNDiagram", id=f"diagram_{process.get('id')}")
    plane = etree.SubElement(diagram, f"{{{BPMNDI}}}BPMNPlane", id=f"plane_{process.get('id')}")
    plane.set("bpmnElement", root.find(f"{{{BPMN}}}collaboration").get("id"))
    left, top = 160.0, 80.0
    _shape(plane, participant, left, top, container.width + POOL_HEADER, container.height, isHorizontal="true")
    _write(plane, container, left + POOL_HEADER, top)
    etree.cleanup_namespaces(
        root, top_nsmap={"bpmndi": BPMNDI, "dc": DC, "di": DI}, keep_ns_prefixes=["bpmn", "camunda", "xsi"]
    )
    etree.indent(root)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8")) + b"\n"


def _participant(root: Any, process: Any) -> str:
    for found in root.iter(f"{{{BPMN}}}participant"):
        if found.get("processRef") == process.get("id"):
            return str(found.get("id"))
    collaboration = etree.Element(f"{{{BPMN}}}collaboration", id=f"collaboration_{process.get('id')}")
    root.insert(0, collaboration)
    pool = etree.SubElement(collaboration, f"{{{BPMN}}}participant", id=f"pool_{process.get('id')}")
    pool.set("name", process.get("name") or process.get("id"))
    pool.set("processRef", process.get("id"))
    return str(pool.get("id"))


def _read(element: Any) -> Container:
    """What stands in a process or sub-process, measured but not yet placed."""
    box = Container(
        element.get("id"), element.get("name") or "", is_process=etree.QName(element).localname == "process"
    )
    _read_hints(element, box)
    for lane in element.findall(f"{{{BPMN}}}laneSet/{{{BPMN}}}lane"):
        members = [ref.text.strip() for ref in lane.findall(f"{{{BPMN}}}flowNodeRef")]
        box.lanes.append((lane.get("id"), lane.get("name") or "", members))
    for child in element:
        if not isinstance(child.tag, str) or etree.QName(child).namespace != BPMN:
            continue
        tag, name = etree.QName(child).localname, child.get("name") or ""
        if tag in EVENTS:
            node = Node(child.get("id"), tag, name, 36, 36)
        elif tag in GATEWAYS:
            node = Node(child.get("id"), tag, name, 50, 50)
        elif tag in TASKS:
            node = Node(child.get("id"), tag, name, 100, 80)
        elif tag == "boundaryEvent":
            node = Node(child.get("id"), tag, name, 36, 36, host=child.get("attachedToRef"))
        elif tag == "subProcess":
            inner = _read(child)
            _arrange(inner)
            node = Node(child.get("id"), tag, name, inner.width, inner.height, inner=inner)
        else:
            if tag == "sequenceFlow":
                box.edges.append(Edge(child.get("id"), child.get("sourceRef"), child.get("targetRef"), name))
            continue
        box.nodes[node.id] = node
    defaults = {child.get("default") for child in element if isinstance(child.tag, str)}
    for edge in box.edges:
        edge.default = edge.id in defaults
    return box


def _read_hints(element: Any, box: Container) -> None:
    for comment in element.iterchildren(etree.Comment):
        text = (comment.text or "").strip()
        if not text.startswith("layout:"):
            continue
        for part in text.removeprefix("layout:").split(";"):
            kind, *rest = part.split()
            if kind in ("gap-x", "gap-y"):
                setattr(box, kind.replace("-", "_"), int(rest[0]))
                continue
            if kind == "break":
                box.breaks.update(rest)
                continue
            wanted = {"row": box.rows, "column": box.columns}[kind]
            for word in rest:
                match = re.fullmatch(r"([\w.-]+)=(\d+)", word)
                if match is None:
                    raise ValueError(f"not understood in a layout comment: {word!r}")
                wanted[match[1]] = int(match[2])


def _arrange(box: Container) -> None:
    """Place the nodes of one container, route its edges, put its labels where nothing else is."""
    place(box)
    board = Board(box.width, box.height)
    for node in box.nodes.values():
        if node.host is None:
            board.block(node.left, node.top, node.width, node.height)
    for node in box.nodes.values():
        if node.host is not None:
            board.block(node.left, node.top, node.width, node.height, margin=4)
    for node in box.nodes.values():  # the way out of a boundary event leads through its host's margin
        if node.host is not None:
            x, bottom = int(node.x // UNIT), int(node.bottom // UNIT)
            board.blocked -= {(x, y) for y in range(bottom, bottom + 3)}
        if node.tag in EVENTS and node.name:
            width, height, _ = text_box(node.name)
            board.roughen(node.x - width / 2, node.bottom, width, height)
    for _, top, height in box.bands:
        for y in (top, top + height):
            board.roughen(0, y - 5, box.width, 10)
    for edge_of_box in ((0, 0, box.width, 10), (0, box.height - 10, box.width, 10), (0, 0, 10, box.height)):
        board.roughen(*edge_of_box)
    board.roughen(box.width - 10, 0, 10, box.height)
    lines = {
        edge.id: Line(
            edge.id,
            _ports(box.nodes[edge.source], "source"),
            _ports(box.nodes[edge.target], "target"),
            edge.source if box.nodes[edge.source].tag in GATEWAYS else "",
        )
        for edge in box.edges
    }
    board.route_all(list(lines.values()))
    for edge in box.edges:
        edge.points = lines[edge.id].points
        edge.price = lines[edge.id].price
    place_labels(box)


def _ports(node: Node, end: str) -> list[Port]:
    if node.host is not None:
        return [_port(node, "down", 0, 0)]
    prices = (
        {"right": 0, "down": 5, "up": 6, "left": 40}
        if end == "source"
        else {"left": 0, "up": 6, "down": 6, "right": 40}
    )
    found = []
    for side, price in prices.items():
        found.append(_port(node, side, 0, price))
        if node.inner is not None:
            continue
        if node.tag in TASKS:
            reach = 20 if side in ("left", "right") else 30
            found += [_port(node, side, shift, price + 4) for shift in (-reach, reach)]
    return found


def _port(node: Node, side: str, shift: int, price: int) -> Port:
    """`shift` pixels from the middle of that side; the grid point before it is at least ten pixels off."""
    if side in ("left", "right"):
        sign = 1 if side == "right" else -1
        at = (node.x + sign * node.width / 2, node.y + shift)
        out = node.x + sign * (node.width / 2 + 10)
        gx = -int(-out // UNIT) if sign > 0 else int(out // UNIT)
        return Port(at, (gx, int(at[1] // UNIT)), side, price)
    sign = 1 if side == "down" else -1
    at = (node.x + shift, node.y + sign * node.height / 2)
    out = node.y + sign * (node.height / 2 + 10)
    gy = -int(-out // UNIT) if sign > 0 else int(out // UNIT)
    return Port(at, (int(at[0] // UNIT), gy), side, price)


def _write(plane: Any, box: Container, left: float, top: float) -> None:
    for (lane, _, _), (_, lane_top, height) in zip(box.lanes, box.bands, strict=True):
        _shape(plane, lane, left, top + lane_top, box.width, height, isHorizontal="true")
    for node in box.nodes.values():
        extra = {}
        if node.inner is not None:
            extra["isExpanded"] = "true"
        if node.tag == "exclusiveGateway":
            extra["isMarkerVisible"] = "true"
        shape = _shape(plane, node.id, left + node.left, top + node.top, node.width, node.height, **extra)
        _label(shape, node.label, left, top)
    for node in box.nodes.values():
        if node.inner is not None:
            _write(plane, node.inner, left + node.left, top + node.top)
    for edge in box.edges:
        drawn = etree.SubElement(plane, f"{{{BPMNDI}}}BPMNEdge", id=f"{edge.id}_di", bpmnElement=edge.id)
        for x, y in edge.points:
            etree.SubElement(drawn, f"{{{DI}}}waypoint", x=_number(left + x), y=_number(top + y))
        _label(drawn, edge.label, left, top)


def _shape(plane: Any, element: str, x: float, y: float, width: float, height: float, **extra: str) -> Any:
    shape = etree.SubElement(plane, f"{{{BPMNDI}}}BPMNShape", id=f"{element}_di", bpmnElement=element, **extra)
    _bounds(shape, x, y, width, height)
    return shape


def _label(parent: Any, box: tuple[float, float, float, float] | None, left: float, top: float) -> None:
    if box is not None:
        label = etree.SubElement(parent, f"{{{BPMNDI}}}BPMNLabel")
        _bounds(label, left + box[0], top + box[1], box[2], box[3])


def _bounds(parent: Any, x: float, y: float, width: float, height: float) -> None:
    bounds = etree.SubElement(parent, f"{{{DC}}}Bounds")
    for key, value in (("x", x), ("y", y), ("width", width), ("height", height)):
        bounds.set(key, _number(value))


def _number(value: float) -> str:
    return str(round(value))


def main(arguments: list[str]) -> int:
    """Rewrite the DI of each named file."""
    for name in arguments:
        path = Path(name)
        path.write_bytes(layout(path.read_bytes()))
        sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
