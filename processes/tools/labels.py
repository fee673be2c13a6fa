"""Where the words beside events, gateways and edges go: the free place nearest to what they name."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

from processes.tools.model import Box, Container, Edge, Node

Spot = tuple[float, float]
SIZE = 11.0  # of the font outside shapes
LINE = 14.0
STROKE = 22.0  # where the stroke of a default flow ends
WRAP = 90.0  # the viewer breaks such words at this width


def text_box(text: str) -> tuple[float, float, int]:
    """Width, height and lines of a word as the viewer breaks it."""
    lines = 0
    widest = 0.0
    for part in text.split("\n"):
        width = sum(SIZE if ord(c) > 0x2E7F else SIZE * 0.58 for c in part)
        per_line = math.floor(WRAP / SIZE) * SIZE
        count = max(1, math.ceil(width / per_line))
        lines += count
        widest = max(widest, min(width, per_line))
    return widest + 4, lines * LINE, lines


def place_labels(box: Container) -> None:
    """Set `label` of every named event, gateway and edge."""
    shapes = [(n.left, n.top, n.width, n.height) for n in box.nodes.values()]
    segments = [(a, b) for e in box.edges for a, b in pairwise(e.points)]
    borders = [((0.0, top), (box.width, top)) for _, top, _ in box.bands]
    placed: list[Box] = []

    def cost(candidate: Box) -> float:
        price = 0.0
        for shape in shapes:
            price += 400 * _overlap(candidate, shape)
        for a, b in segments:
            price += 300 * _meets(candidate, a, b)
        for a, b in borders:
            price += 150 * _meets(candidate, a, b)
        for other in placed:
            price += 500 * _overlap(candidate, other)
        if candidate[0] < 0 or candidate[1] < 0:
            price += 500
        return price

    def best(candidates: Iterator[tuple[float, Box]]) -> Box:
        chosen = min(((cost(c) + price, n, c) for n, (price, c) in enumerate(candidates)))[2]
        placed.append(chosen)
        return chosen

    for node in sorted(box.nodes.values(), key=lambda n: n.host is None):
        if node.name and (node.tag.endswith("Event") or node.tag.endswith("Gateway")):
            node.label = best(_around(node))
    for edge in box.edges:
        if edge.name:
            others = [s for e in box.edges if e is not edge and e.source == edge.source for s in pairwise(e.points)]
            edge.label = best(_along(edge, others))


def _around(node: Node) -> Iterator[tuple[float, Box]]:
    width, height, _ = text_box(node.name)
    above = (node.x - width / 2, node.top - height - 5, width, height)
    below = (node.x - width / 2, node.bottom + 5, width, height)
    if node.host is not None:
        for step in (0, 8, 16):
            yield step, (node.x + 8 + step, node.bottom + 2 + step / 2, width, height)
            yield step + 1, (node.x - width - 8 - step, node.bottom + 2 + step / 2, width, height)
            yield step + 30, (node.x + 20 + step, node.top - 6 - step, width, height)
        return
    first, second = (above, below) if node.tag.endswith("Gateway") else (below, above)
    yield 0, first
    yield 4, second
    for x in (node.x - width - 8, node.left - width - 2, node.x + 8, node.right + 2):
        yield 8, (x, node.top - height + 2, width, height)
        yield 9, (x, node.bottom - 2, width, height)
    for step in (10, 20, 30):
        yield 10 + step, (first[0], first[1] + (-step if first is above else step), width, height)
        yield 12 + step, (second[0], second[1] + (-step if second is above else step), width, height)


def _along(edge: Edge, siblings: list[tuple[Spot, Spot]]) -> Iterator[tuple[float, Box]]:
    """Near the start of the edge, but not where it still runs together with a sibling."""
    width, height, _ = text_box(edge.name)
    walked = 0.0
    for a, b in pairwise(edge.points):
        length = abs(a[0] - b[0]) + abs(a[1] - b[1])
        steps = max(1, int(length // 10))
        for step in range(steps + 1):
            share = step / steps
            x, y = a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share
            if any(_on((x, y), segment) for segment in siblings):
                continue
            if edge.default and walked + length * share < STROKE + (width if a[1] == b[1] else height) / 2:
                continue
            price = (walked + length * share) / 12
            price += 12 * any(_on((x, y), segment, 20) for segment in siblings)
            if a[1] == b[1]:
                yield price, (x - width / 2, y - height - 3, width, height)
                yield price + 1, (x - width / 2, y + 3, width, height)
            else:
                yield price + 1, (x + 4, y - height / 2, width, height)
                yield price + 2, (x - width - 4, y - height / 2, width, height)
        walked += length


def _on(spot: Spot, segment: tuple[Spot, Spot], near: float = 0) -> bool:
    (ax, ay), (bx, by) = segment
    x, y = spot
    return min(ax, bx) - near <= x <= max(ax, bx) + near and min(ay, by) - near <= y <= max(ay, by) + near


def _overlap(a: Box, b: Box) -> float:
    """0 where they do not touch, else 1 and more the more they cover each other."""
    dx = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    dy = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return 0.0 if dx <= 0 or dy <= 0 else 1 + dx * dy / (a[2] * a[3])


def _meets(box: Box, a: Spot, b: Spot) -> float:
    left, right = min(a[0], b[0]) - 1, max(a[0], b[0]) + 1
    top, bottom = min(a[1], b[1]) - 1, max(a[1], b[1]) + 1
    return _overlap(box, (left, top, right - left, bottom - top)) and 1.0
