"""What a scope of a diagram lets happen at the same time, and which ways into a join are still open: for moving running instances.

A place is where a token can stand: an element's id, or for a join `<gateway>@<flow>`, the way by which the token came. All events
behind one event-based gateway are that gateway's place.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from engine.bpmn.gateways import EventGateway, ExclusiveGateway, Join, ParallelGateway
from engine.bpmn.specs import END, BoundarySplit


class Paths:
    """Of one process or embedded sub-process, worked out once."""

    def __init__(self, spec: Any) -> None:
        self._specs = spec.task_specs
        self._turns: dict[str, list[tuple[str, ...]]] = {}  # place -> what one token there can turn into
        self._joins: dict[str, tuple[str, ...]] = {}  # parallel joins -> their ways in
        self._out: dict[str, tuple[str, ...]] = {}  # and what comes out of them
        self._born: set[tuple[str, str]] = set()  # pairs that come to be at once
        for name, node in spec.task_specs.items():
            if (node.element is not None and name == node.element.id) or node is spec.start:
                self._read(name, node)
        self.together = self._concurrent()

    # -- two at a time ----------------------------------------------------------------------------------------------

    def _lands(self, flow: str, name: str) -> Iterator[str]:
        if name == END:
            return
        node = self._specs[name]
        if isinstance(node, BoundarySplit):
            yield node.main
        elif isinstance(node, Join) and len(node.arriving) > 1:
            yield f"{name}@{flow}"
        else:
            yield name

    def _read(self, name: str, node: Any) -> None:
        outs = [place for flow, target in node.flows for place in self._lands(flow, target)]
        one_of = isinstance(node, ExclusiveGateway | EventGateway)
        turns: list[tuple[str, ...]] = (
            [(place,) for place in outs] if one_of else [tuple(outs)]
        )  # an inclusive gateway may take them all
        for together in turns:
            self._born.update((one, other) for n, one in enumerate(together) for other in together[n + 1 :])
        ways = [f"{name}@{flow}" for flow in node.arriving] if isinstance(node, Join) else []
        if len(ways) < 2:
            self._turns[name] = turns + self._edge(name)
        elif isinstance(node, ParallelGateway):
            self._joins[name], self._out[name] = tuple(ways), tuple(outs)
        else:
            for way in ways:
                self._turns[way] = turns

    def _edge(self, name: str) -> list[tuple[str, ...]]:
        split = self._specs.get(f"{name}#edge")
        turns: list[tuple[str, ...]] = []
        for event in split.events if split is not None else ():
            if self._specs[event].element.interrupting:
                turns.append((event,))
            else:
                turns.append((name, event))
                self._born |= {(name, event), (event, event)}  # it may happen again while its last line still runs
        return turns

    def _concurrent(self) -> set[tuple[str, str]]:
        """Pairs of places that may be occupied at the same time: from where lines part, step by step. Rather a pair too many."""
        found: set[tuple[str, str]] = set()
        ahead: deque[tuple[str, str]] = deque()

        def add(one: str, other: str) -> None:
            if (one, other) not in found:
                found.update(((one, other), (other, one)))
                ahead.extend(((one, other), (other, one)))

        for one, other in self._born:
            add(one, other)
        join_of = {way: join for join, ways in self._joins.items() for way in ways}
        while ahead:
            one, other = ahead.popleft()
            for turned in self._turns.get(one, ()):
                for place in turned:
                    add(place, other)
            join = join_of.get(one)
            if join is not None and all((way, other) in found for way in self._joins[join]):
                for place in self._out[join]:
                    add(place, other)
        return found

    # -- ways into a join -------------------------------------------------------------------------------------------

    def starved(self, places: Iterable[str]) -> dict[str, list[str]]:
        """Parallel joins that some token in `places` can reach and that still wait in vain: `{join: the flows by which none can come}`."""
        standing = set(places)
        found: dict[str, list[str]] = {}
        for join, ways in self._joins.items():
            open_ways = {way: bool(standing & self._before(way, join)) for way in ways}
            if any(open_ways.values()) and not all(open_ways.values()):
                found[join] = [way.partition("@")[2] for way, is_open in open_ways.items() if not is_open]
        return found

    def _before(self, way: str, join: str) -> set[str]:
        """Places from which a token can come to `way` without passing `join`."""
        into: dict[str, list[str]] = {}
        for place, turns in self._turns.items():
            for turned in turns:
                for each in turned:
                    into.setdefault(each, []).append(place)
        for name, ways in self._joins.items():
            if name != join:
                for each in self._out[name]:
                    into.setdefault(each, []).extend(ways)
        seen, ahead = {way}, [way]
        while ahead:
            for place in into.get(ahead.pop(), ()):
                if place not in seen:
                    seen.add(place)
                    ahead.append(place)
        return seen


@lru_cache(maxsize=128)
def paths(spec: Any) -> Paths:
    return Paths(spec)
