"""Orthogonal edges on a 10-pixel grid: A* with a price for bends, crossings and running close to another line.

A line never passes through a shape and never runs on top of another line.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from itertools import count, pairwise

UNIT = 10  # pixels between two grid points
STEPS = {"right": (1, 0), "left": (-1, 0), "down": (0, 1), "up": (0, -1)}
OPPOSITE = {"right": "left", "left": "right", "down": "up", "up": "down"}

BEND, CROSSING, NEAR, ROUGH, SHARED = 7, 60, 2, 3, 150

Point = tuple[int, int]  # in grid units


@dataclass(frozen=True)
class Port:
    """Where a line may touch a shape: `at` on its border (pixels), `out` the grid point before it, `side` it looks to."""

    at: tuple[float, float]
    out: Point
    side: str
    price: int = 0


@dataclass
class Line:
    """A line wanted from one of `sources` to one of `targets`; `points` (pixels) once it is routed."""

    id: str
    sources: list[Port]
    targets: list[Port]
    path: list[Point] = field(default_factory=list)
    ends: tuple[Port, Port] | None = None
    price: int = 0

    @property
    def points(self) -> list[tuple[float, float]]:
        assert self.ends is not None
        inner = [(x * UNIT, y * UNIT) for x, y in self.path]
        return _corners([self.ends[0].at, *inner, self.ends[1].at])


class Board:
    """The drawing area while lines are being laid: what is blocked, what is taken."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = int(width // UNIT), int(height // UNIT)
        self.blocked: set[Point] = set()
        self.rough: set[Point] = set()  # better not along here: labels, lane borders
        self.taken: dict[Point, dict[str, set[str]]] = {}  # point -> line id -> axes it uses there ("h", "v")
        self.ports: dict[tuple[float, float], set[str]] = {}

    def block(self, x: float, y: float, width: float, height: float, margin: float = 8) -> None:
        """No line through this rectangle (pixels) or closer to it than `margin`."""
        for gx in range(int((x - margin) // UNIT) + 1, -int(-(x + width + margin) // UNIT)):
            for gy in range(int((y - margin) // UNIT) + 1, -int(-(y + height + margin) // UNIT)):
                self.blocked.add((gx, gy))

    def roughen(self, x: float, y: float, width: float, height: float) -> None:
        """Lines should keep out of this rectangle if they can."""
        for gx in range(int(x // UNIT), int((x + width) // UNIT) + 1):
            for gy in range(int(y // UNIT), int((y + height) // UNIT) + 1):
                self.rough.add((gx, gy))

    def route_all(self, lines: list[Line]) -> None:
        """Route every line, then give each dear one another chance with all the others in place."""
        for line in sorted(lines, key=_distance):
            self._lay(line)
        for _ in range(4):
            better = False
            for line in sorted(lines, key=lambda each: -each.price):
                before = line.price
                kept = (line.path, line.ends, line.price)
                self._lift(line)
                self._lay(line)
                if line.price > before:
                    self._lift(line)
                    line.path, line.ends, line.price = kept
                    self._take(line)
                better = better or line.price < before
            if not better:
                break

    def _lay(self, line: Line) -> None:
        found = self._search(line)
        if found is None:
            raise ValueError(f"no way found for {line.id}: give the diagram more room")
        line.path, line.ends, line.price = found
        self._take(line)

    def _take(self, line: Line) -> None:
        assert line.ends is not None
        for a, b in pairwise(line.path):
            axis = "h" if a[1] == b[1] else "v"
            for point in (a, b):
                self.taken.setdefault(point, {}).setdefault(line.id, set()).add(axis)
        if len(line.path) == 1:
            self.taken.setdefault(line.path[0], {})[line.id] = {"h", "v"}
        for port in line.ends:
            self.ports.setdefault(port.at, set()).add(line.id)
            self.taken.setdefault(port.out, {}).setdefault(line.id, set()).add(
                "h" if port.side in ("left", "right") else "v"
            )

    def _lift(self, line: Line) -> None:
        for users in self.taken.values():
            users.pop(line.id, None)
        for users_of_port in self.ports.values():
            users_of_port.discard(line.id)

    def _search(self, line: Line) -> tuple[list[Point], tuple[Port, Port], int] | None:
        goals: dict[Point, list[Port]] = {}
        for port in line.targets:
            goals.setdefault(port.out, []).append(port)
        spots = [port.out for port in line.targets]
        order = count()
        queue: list[tuple[int, int, int, Point, str]] = []
        best: dict[tuple[Point, str], int] = {}
        came: dict[tuple[Point, str], tuple[Point, str]] = {}
        origin: dict[tuple[Point, str], Port] = {}
        for port in line.sources:
            price = port.price + (SHARED if self.ports.get(port.at) else 0)
            state = (port.out, port.side)
            if price < best.get(state, 1 << 30):
                best[state], origin[state] = price, port
                heapq.heappush(queue, (price + _far(port.out, spots), next(order), price, port.out, port.side))
        finish: tuple[int, tuple[Point, str], Port] | None = None
        while queue:
            estimate, _, price, point, direction = heapq.heappop(queue)
            if finish is not None and estimate >= finish[0]:
                break
            state = (point, direction)
            if price > best.get(state, 1 << 30):
                continue
            for port in goals.get(point, ()):
                if direction == port.side:
                    continue
                total = price + port.price + (SHARED if self.ports.get(port.at) else 0)
                total += 0 if direction == OPPOSITE[port.side] else BEND
                if finish is None or total < finish[0]:
                    finish = (total, state, port)
            for turn, (dx, dy) in STEPS.items():
                if turn == OPPOSITE[direction]:
                    continue
                branching = state not in came and state in origin
                step = self._step(point, direction, turn, (point[0] + dx, point[1] + dy), branching)
                if step is None:
                    continue
                after = ((point[0] + dx, point[1] + dy), turn)
                if price + step < best.get(after, 1 << 30):
                    best[after] = price + step
                    came[after] = state
                    heapq.heappush(
                        queue, (price + step + _far(after[0], spots), next(order), price + step, after[0], turn)
                    )
        if finish is None:
            return None
        path, state = [finish[1][0]], finish[1]
        while state in came:
            state = came[state]
            path.append(state[0])
        path.reverse()
        return path, (origin[state], finish[2]), finish[0]

    def _step(self, point: Point, direction: str, turn: str, after: Point, branching: bool) -> int | None:
        """The price of one step, None where it may not be made. `branching`: the line starts here, so that it may
        leave another one that started at the same port."""
        x, y = after
        if not (0 <= x <= self.width and 0 <= y <= self.height) or after in self.blocked:
            return None
        price = 1
        axis = "h" if turn in ("left", "right") else "v"
        here = self.taken.get(point, {})
        if turn != direction:
            if here and not branching:
                return None  # a corner upon another line looks like a join
            price += BEND
        there = self.taken.get(after, {})
        if any(axis in axes for axes in there.values()):
            return None
        price += CROSSING * len(there)
        if after in self.rough:
            price += ROUGH
        beside = ((x, y - 1), (x, y + 1)) if axis == "h" else ((x - 1, y), (x + 1, y))
        for neighbour in beside:
            if neighbour in self.blocked:
                price += 1
            price += NEAR * sum(axis in axes for axes in self.taken.get(neighbour, {}).values())
        return price


def _far(point: Point, spots: list[Point]) -> int:
    return min(abs(point[0] - x) + abs(point[1] - y) for x, y in spots)


def _distance(line: Line) -> tuple[bool, int]:
    a, b = line.sources[0].out, line.targets[0].out
    return b[0] < a[0], abs(a[0] - b[0]) + 3 * abs(a[1] - b[1])


def _corners(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    kept = [points[0]]
    for before, here, after in zip(points, points[1:], points[2:], strict=False):
        straight = (before[0] == here[0] == after[0]) or (before[1] == here[1] == after[1])
        if not straight:
            kept.append(here)
    return [*kept, points[-1]]
