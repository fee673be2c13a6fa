"""The token game: what a diagram can do at all, found by playing it on paper before anybody runs it.

Every scope (a process, an embedded sub-process) is played by itself, on markings: how many tokens lie on which flow. Choices are free
except where `choices` knows that a way can never be chosen, so what the game never reaches is never reached by an instance either; and
where it is caught, there is a way (`Stuck.path`) that leads there. Bounded in markings and in time: a game that is cut short says nothing.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Final

from engine.bpmn.elements import Element, Flow, Process

MAX_MARKINGS: Final = 20_000  # of one scope
MAX_SECONDS: Final = 0.5  # of processor time, all scopes of a process together
MAX_TOKENS: Final = 2  # counted on one flow; more behave alike
MAX_SUBSETS: Final = (
    4  # conditional ways of an inclusive gateway of which all combinations are played, else one and all
)

Marking = tuple[tuple[str, int], ...]  # (flow, tokens), sorted; the empty one is the end

_BEGIN: Final = "#begin"
# Lie where a terminate or an error end event was reached, which can take everything away at any moment.
_OVER: Final = "#over"
_RAISED: Final = "#raised"
_FINAL: Final = (_OVER, _RAISED)
_ANY: Final = "*"


@dataclass(frozen=True)
class Stuck:
    """A join at which tokens can wait for ever. `missing`: flows by which nobody comes. `path`: what was chosen on the way there
    (ids of flows and of boundary events). `ever`: whether it is passed on some other way."""

    join: str
    missing: tuple[str, ...]
    path: tuple[str, ...]
    ever: bool


@dataclass
class Game:
    """What playing one scope has shown. `walked`: flows; `reached`: elements; both complete only if `whole`."""

    scope: str
    walked: set[str] = field(default_factory=set)
    reached: set[str] = field(default_factory=set)
    fired: set[str] = field(default_factory=set)  # elements that were passed, not only reached
    stuck: list[Stuck] = field(default_factory=list)
    ends: bool = False  # it can come to its end
    errors: set[str] = field(default_factory=set)  # codes that leave it; "*": perhaps any
    whole: bool = True


@dataclass(frozen=True)
class _Move:
    element: str
    marking: Marking
    walked: tuple[str, ...]
    choice: str | None  # the flow or event that was chosen, where there was a choice


# Flows of a gateway that some values can choose; the ids of an element's flows, in the order of the file.
Choices = Callable[[Element, list[Flow]], set[str]]


def play(process: Process, choices: Choices, errors_of: Callable[[str], set[str]]) -> dict[str, Game]:
    """The game of every scope of a process that the lint has nothing against, by the scope's id, the innermost first.

    `errors_of(process key)`: codes of errors that a called process may end with, `{"*"}` where that is not known.
    """
    until = time.thread_time() + MAX_SECONDS
    inside = {process.id: 0}
    for element in process.elements.values():
        if element.type == "subProcess":
            inside[element.id] = inside.get(element.parent, 0) + 1
    games: dict[str, Game] = {}
    for scope in sorted(inside, key=lambda key: -inside[key]):
        games[scope] = _Table(process, scope, choices, errors_of, games).play(until)
    return games


class _Table:
    """One scope and its rules."""

    def __init__(
        self,
        process: Process,
        scope: str,
        choices: Choices,
        errors_of: Callable[[str], set[str]],
        games: Mapping[str, Game],
    ) -> None:
        self.game = Game(scope)
        self.games, self.errors_of = games, errors_of
        self.elements = {e.id: e for e in process.elements.values() if e.parent == scope}
        flows = [f for f in process.flows if f.source in self.elements and f.target in self.elements]
        self.target = {flow.id: flow.target for flow in flows}
        self.source = {flow.id: flow.source for flow in flows}
        self.out: dict[str, list[Flow]] = {key: [] for key in self.elements}
        self.into: dict[str, list[str]] = {key: [] for key in self.elements}
        for flow in flows:
            self.out[flow.source].append(flow)
            self.into[flow.target].append(flow.id)
        self.edge: dict[str, list[Element]] = {}
        for element in self.elements.values():
            if element.type == "boundaryEvent" and element.attached_to in self.elements:
                self.edge.setdefault(element.attached_to or "", []).append(element)
        self.possible = {
            key: choices(element, self.out[key])
            for key, element in self.elements.items()
            if element.type in ("exclusiveGateway", "inclusiveGateway")
        }
        for start in self.elements.values():
            if start.type == "startEvent":
                self.target[_BEGIN] = start.id
                break

    # -- the game ---------------------------------------------------------------------------------------------------

    def play(self, until: float) -> Game:
        first: Marking = ((_BEGIN, 1),) if _BEGIN in self.target else ()
        came: dict[Marking, tuple[Marking, str | None] | None] = {first: None}
        ahead = deque([first])
        waiting: list[Marking] = []
        part: set[Marking] = set()  # markings at which only one place was played
        while ahead:
            marking = ahead.popleft()
            if len(came) > MAX_MARKINGS or time.thread_time() > until:
                self.game.whole = False
                break
            if not marking:
                self.game.ends = True
                continue
            moves = self._moves(marking, part)
            if not moves:
                waiting.append(marking)
            for move in moves:
                self.game.walked.update(move.walked)
                self.game.fired.add(move.element)
                if move.marking not in came:
                    came[move.marking] = (marking, move.choice)
                    ahead.append(move.marking)
        self.game.reached.update(self.target[flow] for marking in came for flow, _ in marking if flow not in _FINAL)
        self.game.reached.update(self.game.fired)
        self._stuck(waiting, came)
        return self.game

    def _moves(self, marking: Marking, part: set[Marking]) -> list[_Move]:
        """Everything that can happen next. Where tokens lie at places that have nothing to do with each other, the order does
        not matter, so one place is enough for now: a partial order reduction. In every circle at least one marking is played
        in full (`part` has no circle of its own), so that no place is left out for ever."""
        tokens = dict(marking)
        places: dict[str, list[str]] = {}
        for flow in tokens:
            if flow not in _FINAL:
                places.setdefault(self.target[flow], []).append(flow)
        everything = [_Move("", (), (), None)] if _OVER in tokens else []
        if _RAISED in tokens and places:
            everything.append(_Move("", ((_RAISED, 1),), (), None))
        for key in sorted(places, key=lambda key: (key in self.edge, key)):
            moves = list(self._of(self.elements[key], places[key], tokens))
            if (
                moves
                and not self._entangled(key)
                and all(m.marking != marking and m.marking not in part for m in moves)
            ):
                if len(places) > 1:
                    part.add(marking)
                return moves
            everything += moves
        return everything

    def _entangled(self, key: str) -> bool:
        """Whether what happens here depends on tokens elsewhere."""
        return self.elements[key].type == "inclusiveGateway" and len(self.into[key]) > 1

    def _of(self, element: Element, flows: list[str], tokens: dict[str, int]) -> Iterator[_Move]:
        kind, arriving = element.type, self.into[element.id]
        if kind == "parallelGateway" and len(arriving) > 1:
            if all(tokens.get(flow) for flow in arriving):
                yield self._move(element, tokens, arriving, [flow.id for flow in self.out[element.id]])
            return
        if kind == "inclusiveGateway" and len(arriving) > 1:
            if self._awaited(element, flows, tokens):
                return
            for ways in self._ways(element):
                yield self._move(element, tokens, flows, ways, self._choice(element, ways))
            return
        for flow in flows:
            if kind == "eventBasedGateway":
                for way in self.out[element.id]:
                    event = self.elements[way.target]
                    self.game.fired.add(event.id)
                    after = [way.id, *(f.id for f in self.out[event.id])]
                    move = self._move(element, tokens, [flow], after[1:], event.id)
                    yield _Move(move.element, move.marking, tuple(after), move.choice)
            elif element.id in self.possible:
                for ways in self._ways(element):
                    yield self._move(element, tokens, [flow], ways, self._choice(element, ways))
            else:
                yield from self._activity(element, flow, tokens)

    def _activity(self, element: Element, flow: str, tokens: dict[str, int]) -> Iterator[_Move]:
        events = self.edge.get(element.id, [])
        inner = self.games.get(element.id) if element.type == "subProcess" else None
        if inner is None or inner.ends or not inner.whole:
            ways = [f.id for f in self.out[element.id]]
            yield self._move(element, tokens, [flow], ways, element.id if events else None)
        raised = self._raised(element, inner)
        caught: set[str] = set()
        for event in events:
            if event.event.kind == "error":
                code = event.event.code
                if not (raised & {code, _ANY} if code else raised):
                    continue
                caught |= {code} if code else {_ANY}
            taken = [flow] if event.interrupting else []
            yield self._move(event, tokens, taken, [f.id for f in self.out[event.id]], event.id)
        if _ANY not in caught:
            self.game.errors |= raised - caught

    def _raised(self, element: Element, inner: Game | None) -> set[str]:
        """Codes of the errors that can come out of an activity."""
        if inner is not None:
            return inner.errors
        if element.type == "callActivity":
            return self.errors_of(element.called or "")
        automatic = element.type == "serviceTask" or (element.type == "sendTask" and element.topic)
        # A form is judged before the step: a rule that refuses comes from what runs by itself, perhaps behind this one.
        return {_ANY} if automatic else set()

    def _ways(self, element: Element) -> list[list[str]]:
        """The sets of flows by which a gateway can be left."""
        flows, possible = self.out[element.id], self.possible[element.id]
        if not flows:
            return [[]]
        if element.type == "exclusiveGateway":
            return [[flow.id] for flow in flows if flow.id in possible]
        always = [f.id for f in flows if not f.condition and f.id != element.default_flow]
        free = [f.id for f in flows if f.condition and f.id != element.default_flow and f.id in possible]
        sizes = range(1, len(free) + 1) if len(free) <= MAX_SUBSETS else (1, len(free))
        ways = [[*always, *some] for size in sizes for some in combinations(free, size)]
        if always:
            ways.append(always)
        elif element.default_flow in possible:
            ways.append([element.default_flow or ""])
        return ways

    def _choice(self, element: Element, ways: list[str]) -> str | None:
        return ways[0] if len(self.out[element.id]) > 1 and ways else None

    def _move(
        self, element: Element, tokens: dict[str, int], taken: list[str], given: list[str], choice: str | None = None
    ) -> _Move:
        after = dict(tokens)
        for flow in taken:
            after[flow] -= 1
        for flow in given:
            target = self.elements[self.target[flow]]
            if target.type != "endEvent":
                after[flow] = min(after.get(flow, 0) + 1, MAX_TOKENS)
                continue
            self.game.fired.add(target.id)
            if target.event.kind == "terminate":
                after[_OVER] = 1
            elif target.event.kind == "error":
                after[_RAISED] = 1
                self.game.errors.add(target.event.code or "")
        marking = tuple(sorted((flow, count) for flow, count in after.items() if count))
        return _Move(element.id, marking, tuple(given), choice)

    # -- inclusive joins, as gateways.InclusiveGateway.settle decides -----------------------------------------------

    def _awaited(self, element: Element, flows: list[str], tokens: dict[str, int]) -> bool:
        here = self._upstream(element.id, [flow for flow in self.into[element.id] if flow in flows])
        more = self._upstream(element.id, [flow for flow in self.into[element.id] if flow not in flows])
        others = {self.target[flow] for flow in tokens if flow not in _FINAL} - {element.id}
        return bool(others & (more - here))

    def _upstream(self, join: str, flows: list[str]) -> set[str]:
        """Elements from which a token can come by one of `flows` without passing the join."""
        ahead = [self.source[flow] for flow in flows]
        seen: set[str] = set()
        while ahead:
            key = ahead.pop()
            if key in seen or key == join:
                continue
            seen.add(key)
            ahead.extend(self.source[flow] for flow in self.into[key])
            attached = self.elements[key].attached_to
            if attached in self.elements:
                ahead.append(attached or "")
        return seen

    # -- where it is caught -----------------------------------------------------------------------------------------

    def _stuck(self, waiting: list[Marking], came: Mapping[Marking, tuple[Marking, str | None] | None]) -> None:
        told: set[str] = set()
        for marking in waiting:
            tokens = dict(marking)
            for key in dict.fromkeys(self.target[flow] for flow in tokens if flow not in _FINAL):
                element = self.elements[key]
                if key in told or element.type != "parallelGateway":
                    continue
                told.add(key)
                missing = tuple(flow for flow in self.into[key] if not tokens.get(flow))
                ever = key in self.game.fired
                if ever or self.game.whole:
                    self.game.stuck.append(Stuck(key, missing, _path(marking, came), ever))


def _path(marking: Marking, came: Mapping[Marking, tuple[Marking, str | None] | None]) -> tuple[str, ...]:
    choices: list[str] = []
    step = came.get(marking)
    while step is not None:
        before, choice = step
        if choice is not None:
            choices.append(choice)
        step = came.get(before)
    return tuple(reversed(choices))
