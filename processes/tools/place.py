"""Columns from the longest path, rows from lanes: where each node of a container stands."""

from __future__ import annotations

from processes.tools.labels import text_box
from processes.tools.model import Container, Edge, Node

LANE_HEADER = 30
STEP = 100  # width of a column without anything wider


def place(box: Container) -> None:
    """Give every node its middle, and the container its lanes' bands and its size."""
    forward = _forward_edges(box)
    _lanes(box)
    _columns(box, forward)
    _rows(box, forward)
    _coordinates(box)


def _forward_edges(box: Container) -> list[Edge]:
    """The edges without breaks and those that close a loop, found by a depth-first walk from the starts in file order."""
    leaving: dict[str, list[Edge]] = {}
    for edge in box.edges:
        if edge.id not in box.breaks:
            leaving.setdefault(edge.source, []).append(edge)
    for node in box.nodes.values():  # a boundary event comes after its host
        if node.host is not None:
            leaving.setdefault(node.host, []).append(Edge(f"on:{node.id}", node.host, node.id, ""))
    entered = {edge.target for edge in box.edges}
    starts = [n.id for n in box.nodes.values() if n.id not in entered and n.host is None]
    state: dict[str, int] = {}
    kept: list[Edge] = []
    for start in [*starts, *box.nodes]:
        if start in state:
            continue
        state[start] = 1
        stack = [(start, iter(leaving.get(start, [])))]
        while stack:
            here, rest = stack[-1]
            following = next(rest, None)
            if following is None:
                state[here] = 2
                stack.pop()
            elif state.get(following.target) != 1:
                kept.append(following)
                if following.target not in state:
                    state[following.target] = 1
                    stack.append((following.target, iter(leaving.get(following.target, []))))
    return kept


def _lanes(box: Container) -> None:
    for number, (_, _, members) in enumerate(box.lanes):
        for member in members:
            if member in box.nodes:
                box.nodes[member].lane = number
    for node in box.nodes.values():
        if node.host is not None:
            node.lane = box.nodes[node.host].lane
        if node.inner is not None:
            node.span = max(1, round((node.width + box.gap_x) / (STEP + box.gap_x) + 0.499))


def _columns(box: Container, forward: list[Edge]) -> None:
    beneath = _beneath(box, forward)
    tucked = _tucked(box)
    for node in box.nodes.values():
        node.column = box.columns.get(node.id, 0)
    for _ in range(len(box.nodes) + 1):
        moved = False
        for edge in forward:
            source, target = box.nodes[edge.source], box.nodes[edge.target]
            if target.host is not None:
                least = source.column + beneath.get(target.id, 0)
            elif (source.host is not None and box.nodes[source.host].inner is not None) or edge.target in tucked:
                least = source.column
            else:
                least = source.column + source.span
            if target.column < least:
                target.column, moved = least, True
        if not moved:
            return
    raise ValueError(f"columns of {box.id} do not settle")


def _beneath(box: Container, forward: list[Edge]) -> dict[str, int]:
    """For boundary events on expanded sub-processes: how many columns to the right of its host each stands, so that
    what they lead to has room side by side."""
    offsets: dict[str, int] = {}
    used: dict[str, int] = {}
    for node in box.nodes.values():
        if node.host is None or box.nodes[node.host].inner is None:
            continue
        length, frontier, seen = 0, {node.id}, {node.id}
        while True:
            frontier = {e.target for e in forward if e.source in frontier} - seen
            if not frontier:
                break
            seen |= frontier
            length += 1
        offsets[node.id] = used.get(node.host, 0)
        used[node.host] = offsets[node.id] + max(1, length)
    return offsets


def _tucked(box: Container) -> set[str]:
    """The first end event of each gateway, if it is in the gateway's lane: it stands right below the gateway."""
    entering: dict[str, list[Edge]] = {}
    for edge in box.edges:
        entering.setdefault(edge.target, []).append(edge)
    found: dict[str, str] = {}
    for edge in box.edges:
        source, target = box.nodes[edge.source], box.nodes[edge.target]
        alone = len(entering[edge.target]) == 1 and target.id not in box.columns
        if target.tag == "endEvent" and source.tag.endswith("Gateway") and source.lane == target.lane and alone:
            found.setdefault(edge.source, edge.target)
    return set(found.values())


def _remaining(box: Container, forward: list[Edge]) -> dict[str, int]:
    """How long the way still is from each node; the longest way is drawn straight."""
    length = dict.fromkeys(box.nodes, 0)
    for _ in box.nodes:
        for edge in forward:
            length[edge.source] = max(length[edge.source], length[edge.target] + 1)
    return length


def _rows(box: Container, forward: list[Edge]) -> None:
    """Straight on where the way is free, else the next free row below in the same lane."""
    before: dict[str, list[Node]] = {}
    for edge in forward:
        source = box.nodes[edge.source]
        if source.host is not None:
            source = box.nodes[source.host]
        before.setdefault(edge.target, []).append(source)
    left = _remaining(box, forward)
    taken: set[tuple[int, int, int]] = set()  # lane, row, column
    spans = [n for n in box.nodes.values() if n.inner is not None]

    def cells(node: Node, row: int, come_from: Node | None) -> set[tuple[int, int, int]]:
        first = node.column
        if come_from is not None and come_from.lane == node.lane and come_from.row == row:
            first = min(first, come_from.column + come_from.span)
        return {(node.lane, row, column) for column in range(first, node.column + node.span)}

    ordered = sorted((n for n in box.nodes.values() if n.host is None), key=lambda n: (n.column, -left[n.id]))
    for node in ordered:
        nearest = max((n for n in before.get(node.id, []) if n.lane == node.lane), key=lambda n: n.column, default=None)
        wished = box.rows.get(node.id, nearest.row if nearest is not None else 0)
        if nearest is not None and nearest.column == node.column:
            wished = box.rows.get(node.id, nearest.row + 1)
        if any(nearest is host for host in spans) and node.column < host_end(nearest):
            wished = box.rows.get(node.id, 1)
        row = wished
        while node.id not in box.rows and cells(node, row, nearest) & taken:
            row += 1
        node.row = row
        taken |= cells(node, row, nearest)
    for node in box.nodes.values():
        if node.host is not None:
            node.row = box.nodes[node.host].row


def host_end(host: Node | None) -> int:
    return 0 if host is None else host.column + host.span


def _coordinates(box: Container) -> None:
    lane_count = max(1, len(box.lanes))
    header = LANE_HEADER if box.lanes else 0
    top_margin = 30 if not box.is_process else 0  # the name of a sub-process stands in its upper edge
    last = max((n.column + n.span for n in box.nodes.values()), default=1)
    widths = [50.0] * last
    for node in box.nodes.values():
        if node.host is None and node.inner is None:
            widths[node.column] = max(widths[node.column], node.width)
    for node in box.nodes.values():
        if node.inner is not None:
            for column in range(node.column, node.column + node.span):
                widths[column] = max(widths[column], STEP)
    gaps = [float(box.gap_x)] * last
    for edge in box.edges:
        source, target = box.nodes[edge.source], box.nodes[edge.target]
        if edge.name and source.host is None and target.column >= source.column:
            gaps[source.column] = max(gaps[source.column], _tens(text_box(edge.name)[0] + 40))
    lefts, x = [], header + 50.0
    for width, gap in zip(widths, gaps, strict=True):
        lefts.append(x)
        x += _tens(width) + gap
    box.width = _tens(x - gaps[-1] + 50)
    y = float(top_margin)
    for lane in range(lane_count):
        rows = max((n.row for n in box.nodes.values() if n.lane == lane), default=0) + 1
        band_top = y
        for row in range(rows):
            mine = [n for n in box.nodes.values() if n.host is None and n.lane == lane and n.row == row]
            height = max([80.0, *(n.height for n in mine)])
            middle = y + box.gap_y / 2 + height / 2
            for node in mine:
                node.y = _tens(middle)
            y = _tens(y + height + box.gap_y)
        if box.lanes:
            box.bands.append((lane, band_top, y - band_top))
    box.height = y if box.is_process else y + 10
    if box.bands:
        lane, band_top, height = box.bands[-1]
        box.bands[-1] = (lane, band_top, box.height - band_top)
    for node in box.nodes.values():
        if node.host is None and node.inner is None:
            node.x = _tens(lefts[node.column] + widths[node.column] / 2)
        elif node.inner is not None:
            node.x = lefts[node.column] + node.width / 2
    guests: dict[str, list[Node]] = {}
    for node in box.nodes.values():
        if node.host is not None:
            guests.setdefault(node.host, []).append(node)
    for host, standing in guests.items():
        holder = box.nodes[host]
        for number, node in enumerate(reversed(standing)):
            node.y = holder.bottom
            if holder.inner is not None:
                node.x = _tens(lefts[node.column] + widths[node.column] / 2)
            elif all(box.nodes[e.target].column < holder.column for e in box.edges if e.source == node.id):
                node.x = _tens(holder.left + 20 + 50 * number)  # it leads back
            else:
                node.x = _tens(holder.right - 20 - 50 * number)


def _tens(value: float) -> float:
    return float(-int(-value // 10) * 10)
