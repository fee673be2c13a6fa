"""What the layout tool knows of a diagram: nodes, edges and the container they stand in. Lengths in pixels."""

from __future__ import annotations

from dataclasses import dataclass, field

Box = tuple[float, float, float, float]  # x, y, width, height


@dataclass
class Node:
    id: str
    tag: str
    name: str
    width: float
    height: float
    host: str | None = None  # what a boundary event stands on
    inner: Container | None = None  # an expanded sub-process
    lane: int = 0
    column: int = 0
    span: int = 1  # columns it covers
    row: int = 0  # within its lane
    x: float = 0  # of its middle
    y: float = 0
    label: Box | None = None

    @property
    def left(self) -> float:
        return self.x - self.width / 2

    @property
    def top(self) -> float:
        return self.y - self.height / 2

    @property
    def right(self) -> float:
        return self.x + self.width / 2

    @property
    def bottom(self) -> float:
        return self.y + self.height / 2


@dataclass
class Edge:
    id: str
    source: str
    target: str
    name: str
    default: bool = False  # drawn with a stroke near its start
    points: list[tuple[float, float]] = field(default_factory=list)
    price: int = 0
    label: Box | None = None


@dataclass
class Container:
    id: str
    name: str
    is_process: bool
    nodes: dict[str, Node] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    lanes: list[tuple[str, str, list[str]]] = field(default_factory=list)  # id, name, ids of its nodes
    rows: dict[str, int] = field(default_factory=dict)  # hints
    columns: dict[str, int] = field(default_factory=dict)
    breaks: set[str] = field(default_factory=set)  # ids of edges behind which a new line of the drawing begins
    gap_x: int = 60
    gap_y: int = 50
    bands: list[tuple[int, float, float]] = field(default_factory=list)  # lane number, top, height
    width: float = 0
    height: float = 0
