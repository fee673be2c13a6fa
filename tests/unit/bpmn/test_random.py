"""Random block-structured diagrams on random paths: saved and loaded at every step they do what they do unsaved.

The oracle is a token game of its own on the blocks: which tasks must be open, and how often each was done in the end.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.bpmn.parse import Release
from tests.unit.bpmn.diagrams import Play, flows, many, node, process, release, timer, user, xml

Block = tuple[str, list[Any]]  # kind, parts

_leaf = st.just(("task", []))
blocks = st.recursive(
    _leaf,
    lambda inner: st.one_of(
        st.tuples(st.just("sequence"), st.lists(inner, min_size=1, max_size=3)),
        st.tuples(st.just("choice"), st.lists(inner, min_size=2, max_size=3)),
        st.tuples(st.just("parallel"), st.lists(inner, min_size=2, max_size=3)),
        st.tuples(st.just("inclusive"), st.lists(inner, min_size=2, max_size=3)),
        st.tuples(st.just("loop"), st.lists(inner, min_size=1, max_size=1)),
        st.tuples(st.just("inside"), st.lists(inner, min_size=1, max_size=1)),
        st.tuples(st.just("several"), st.just([])),
    ),
    max_leaves=8,
)
timed_blocks = st.recursive(
    st.just(("task", [])),
    lambda inner: st.one_of(
        st.tuples(st.just("sequence"), st.lists(inner, min_size=1, max_size=3)),
        st.tuples(st.just("parallel"), st.lists(inner, min_size=2, max_size=3)),
        st.tuples(st.just("loop"), st.lists(inner, min_size=1, max_size=1)),
        st.tuples(st.sampled_from(["reminded", "overtaken"]), st.lists(inner, min_size=1, max_size=1)),
        st.tuples(st.just("waiting"), st.just([])),
        st.tuples(st.just("several"), st.just([])),
    ),
    max_leaves=6,
)


@dataclass
class Drawing:
    """A block structure as XML, with the choices its gateways will read and what must be done."""

    dice: random.Random
    nodes: list[str] = field(default_factory=list)
    arrows: list[str] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)
    expected: dict[str, int] = field(default_factory=dict)
    number: int = 0

    def name(self, kind: str) -> str:
        self.number += 1
        return f"{kind}{self.number}"

    def draw(self, block: Block, times: int) -> tuple[str, str]:
        """First and last element of the block; `times`: how often a token comes by."""
        kind, parts = block
        if kind in ("task", "several"):
            id = self.name("t")
            several = many(cardinality="2") if kind == "several" else ""
            self.nodes.append(user(id, several))
            self.expected[id] = times * (2 if several else 1)
            return id, id
        if kind == "sequence":
            drawn = [self.draw(part, times) for part in parts]
            for (_, last), (first, _) in pairwise(drawn):
                self.arrows.append(f"{last} -> {first}")
            return drawn[0][0], drawn[-1][1]
        if kind == "inside":
            id = self.name("sub")
            outer_nodes, outer_arrows, self.nodes, self.arrows = self.nodes, self.arrows, [], []
            first, last = self.draw(parts[0], times)
            inner = f'<bpmn:startEvent id="{id}s"/><bpmn:endEvent id="{id}e"/>' + "".join(self.nodes)
            inner += flows("; ".join([*self.arrows, f"{id}s -> {first}", f"{last} -> {id}e"]))
            self.nodes, self.arrows = outer_nodes, outer_arrows
            self.nodes.append(node("subProcess", id, inner))
            return id, id
        if kind == "loop":
            return self._loop(parts[0], times)
        if kind == "waiting":
            id = self.name("w")
            self.nodes.append(
                node("intermediateCatchEvent", id, timer("timeDuration", f"PT{self.dice.randint(1, 4)}H"))
            )
            return id, id
        if kind in ("reminded", "overtaken"):
            return self._edge(kind, parts[0], times)
        return self._split(kind, parts, times)

    def _loop(self, body: Block, times: int) -> tuple[str, str]:
        into, out, variable = self.name("m"), self.name("g"), self.name("v")
        rounds = self.dice.randint(1, 2)
        task = self.name("t")
        first, last = self.draw(body, times * rounds)
        self.nodes.append(node("exclusiveGateway", into))
        self.nodes.append(
            node(
                "scriptTask",
                task,
                f"<bpmn:script>{variable} - 1</bpmn:script>",
                scriptFormat="feel",
                camunda_resultVariable=variable,
            )
        )
        after = self.name("x")
        self.nodes.append(node("exclusiveGateway", out, default=f"{out}_{after}"))
        self.nodes.append(
            node(
                "scriptTask",
                after,
                f"<bpmn:script>{rounds}</bpmn:script>",
                scriptFormat="feel",
                camunda_resultVariable=variable,
            )
        )
        self.variables[variable] = rounds
        self.arrows += [
            f"{into} -> {first}",
            f"{last} -> {task} -> {out}",
            f"{out} -> {into} [{variable} > 0]",
            f"{out} -> {after}",
        ]
        return into, after

    def _edge(self, kind: str, body: Block, times: int) -> tuple[str, str]:
        """A sub-process with a timer on its edge: beside it (a branch of its own) or instead of it (joined behind)."""
        first, last = self.draw(("inside", [body]), times)
        event, task, join = self.name("b"), self.name("t"), self.name("m")
        repeat = kind == "reminded" and self.dice.random() < 0.5
        when = timer("timeCycle", "R2/PT1H") if repeat else timer("timeDuration", f"PT{self.dice.randint(1, 3)}H")
        ends_it = str(kind == "overtaken").lower()
        self.nodes += [
            node("boundaryEvent", event, when, attachedToRef=first, cancelActivity=ends_it),
            user(task),
            node("exclusiveGateway", join),
        ]
        self.arrows += [f"{last} -> {join}", f"{event} -> {task}"]
        if kind == "overtaken":
            self.arrows.append(f"{task} -> {join}")
        return first, join

    def _split(self, kind: str, parts: list[Block], times: int) -> tuple[str, str]:
        tag = {"choice": "exclusiveGateway", "parallel": "parallelGateway", "inclusive": "inclusiveGateway"}[kind]
        split, join = self.name("s"), self.name("j")
        if kind == "choice":
            taken = {self.dice.randrange(len(parts))}
        elif kind == "parallel":
            taken = set(range(len(parts)))
        else:
            taken = {n for n in range(len(parts)) if self.dice.random() < 0.6} or {0}
        self.nodes += [node(tag, split), node(tag, join)]
        for number, part in enumerate(parts):
            first, last = self.draw(part, times if number in taken else 0)
            condition = ""
            if kind != "parallel":
                variable = self.name("c")
                self.variables[variable] = number in taken
                condition = f" [{variable}]"
            self.arrows += [f"{split} -> {first}{condition}", f"{last} -> {join}"]
        return split, join


def drawn(block: Block, dice: random.Random) -> tuple[Release, Drawing]:
    drawing = Drawing(dice)
    first, last = drawing.draw(block, 1)
    arrows = "; ".join([*drawing.arrows, f"s -> {first}", f"{last} -> e"])
    return release(xml(process("p", "".join(drawing.nodes), arrows))), drawing


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(blocks, st.integers(0, 2**32))
def test_saved_or_not_the_same_things_are_done(block: Block, seed: int) -> None:
    built, drawing = drawn(block, random.Random(seed))
    saved = Play(built, drawing.variables, reload=True)
    unsaved = Play(built, drawing.variables, reload=False)
    unsaved.load = lambda: unsaved.run  # type: ignore[method-assign] # one object in memory all the way
    done: dict[str, int] = {}
    path = random.Random(seed)
    for step in range(200):
        assert sorted(saved.open) == sorted(unsaved.open)
        assert saved.failed == unsaved.failed == []
        if saved.picture.completed:
            break
        element = path.choice(sorted(saved.open))
        done[element] = done.get(element, 0) + 1
        for play in (saved, unsaved):
            play.complete(element, **{f"by_{element}": step})
    assert saved.picture.completed
    assert unsaved.picture.completed
    assert saved.data == unsaved.data
    assert done == {element: times for element, times in drawing.expected.items() if times}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(timed_blocks, st.integers(0, 2**32))
def test_timers_and_edges_do_the_same_saved_or_not(block: Block, seed: int) -> None:
    built, drawing = drawn(block, random.Random(seed))
    saved = Play(built, drawing.variables, reload=True)
    unsaved = Play(built, drawing.variables, reload=False)
    unsaved.load = lambda: unsaved.run  # type: ignore[method-assign]
    path = random.Random(seed)
    for step in range(200):
        assert sorted(saved.open) == sorted(unsaved.open)
        assert [(t.element_id, t.due_at) for t in saved.picture.timers] == [
            (t.element_id, t.due_at) for t in unsaved.picture.timers
        ]
        assert saved.failed == unsaved.failed == []
        if saved.picture.completed:
            break
        if saved.picture.timers and (not saved.open or path.random() < 0.4):
            fired = [play.fire(hours=1) for play in (saved, unsaved)]
            assert fired[0] == fired[1]
            continue
        element = path.choice(sorted(saved.open))
        for play in (saved, unsaved):
            play.complete(element, **{f"by_{element}": step})
    assert saved.picture.completed
    assert saved.data == unsaved.data
