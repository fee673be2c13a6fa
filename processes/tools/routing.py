"""Orthogonal edges on a 10-pixel grid: A* with a price for bends, crossings and running close to another line.

A line never passes through a shape and never runs on top of another line, except that branches of one gateway may
share their first stretch, as people draw them.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from itertools import count, pairwise

UNIT = 10  # pixels between two grid points
STEPS = {"right": (1, 0), "left": (-1, 0), "down": (0, 1), "up": (0, -1)}
OPPOSITE = {"right": "left", "left": "right", "down": "up", "up": "down"}

BEND, CROSSING, NEAR, ROUGH, SHARED, BRANCH = 7, 120, 2, 3, 150, 25

Point = tuple[int, int]  # in grid units
PASSES = 5  # over all lines, each time each line anew among the others
State = tuple[Point, str, bool]  # where, in which direction, still on the stretch shared with a sibling


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
    source: str = ""  # the gateway whose branches may share a stretch, else empty
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
        self.laid: list[Line] = []

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
        for _ in range(PASSES):
            changed = False
            for line in sorted(lines, key=lambda each: -each.price):
                before = line.path
                self._lift(line)
                self._lay(line)
                changed = changed or line.path != before
            if not changed:
                break

    def _lay(self, line: Line) -> None:
        found = self._search(line)
        if found is None:
            raise ValueError(f"no way found for {line.id}: give the diagram more room")
        line.path, line.ends, line.price = found
        self._take(line)

    def _take(self, line: Line) -> None:
        assert line.ends is not None
        self.laid.append(line)
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
        self.laid.remove(line)
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
        queue: list[tuple[int, int, int, State]] = []
        best: dict[State, int] = {}
        came: dict[State, State] = {}
        origin: dict[State, Port] = {}
        finish: tuple[int, State, Port] | None = None

        def offer(state: State, price: int, before: State | None) -> None:
            if price < best.get(state, 1 << 30):
                best[state] = price
                if before is not None:
                    came[state] = before
                heapq.heappush(queue, (price + _far(state[0], spots), next(order), price, state))

        trunks: dict[Port, set[tuple[Point, Point]]] = {}
        for port in line.sources:
            siblings = [each for each in self.laid if line.source and each.source == line.source and each.ends]
            siblings = [each for each in siblings if each.ends and each.ends[0].at == port.at]
            used = len(self.ports.get(port.at, ()))
            state = (port.out, port.side, bool(siblings))
            origin[state] = port
            trunks[port] = {step for each in siblings for step in pairwise(each.path)}
            price = 0 if not used else BRANCH if used == len(siblings) else SHARED
            price += 40 if siblings and port.side == "right" else 0  # straight on belongs to the main way
            offer(state, port.price + price, None)
        start_of: dict[State, Port] = dict(origin)
        while queue:
            estimate, _, price, state = heapq.heappop(queue)
            point, direction, on_trunk = state
            if finish is not None and estimate >= finish[0]:
                break
            if price > best[state]:
                continue
            start = start_of[state]
            for port in goals.get(point, ()):
                if direction == port.side or on_trunk:
                    continue
                total = price + port.price + (SHARED if self.ports.get(port.at) else 0)
                total += 0 if direction == OPPOSITE[port.side] else BEND
                if finish is None or total < finish[0]:
                    finish = (total, state, port)
            for turn, (dx, dy) in STEPS.items():
                if turn == OPPOSITE[direction]:
                    continue
                after = (point[0] + dx, point[1] + dy)
                if on_trunk and (point, after) in trunks[start]:
                    following, step = (after, turn, True), 1 + (BEND if turn != direction else 0)
                else:
                    priced = self._step(point, direction, turn, after, on_trunk or state in origin)
                    if priced is None:
                        continue
                    following, step = (after, turn, False), priced
                if price + step < best.get(following, 1 << 30):
                    start_of[following] = start
                offer(following, price + step, state)
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
        if not (0 < x < self.width and 0 < y < self.height) or after in self.blocked:
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


def _distance(line: Line) -> tuple[bool, bool, int]:
    """First what can be straight, last what leads back."""
    straight = any(
        a.side == OPPOSITE[b.side] and (a.at[0] == b.at[0] if a.side in ("up", "down") else a.at[1] == b.at[1])
        for a in line.sources
        for b in line.targets
    )
    a, b = line.sources[0].out, line.targets[0].out
    back = max(port.at[0] for port in line.targets) < min(port.at[0] for port in line.sources)
    return back, not straight, abs(a[0] - b[0]) + 3 * abs(a[1] - b[1])


def _corners(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    kept = [points[0]]
    for before, here, after in zip(points, points[1:], points[2:], strict=False):
        straight = (before[0] == here[0] == after[0]) or (before[1] == here[1] == after[1])
        if not straight:
            kept.append(here)
    return [*kept, points[-1]]
