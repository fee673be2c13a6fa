"""Random block-structured processes: every block has one way in and one way out, so what it must do can be told by rules.

What several lines write at once is kept apart, so that no result hangs on an order that nothing fixes: each branch of a split may
change shared variables of its own (`shared`), a branch that begins on the edge of an activity only variables nobody else writes.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

SHARED = ("x", "y", "z", "w")
CASE = "case-7"  # what every message is correlated by, together with `me`, which tells instances of an activity apart
PASSED = (*SHARED, "me")  # what a called process is given where not everything


@dataclass(frozen=True)
class Block:
    """`kind` says what it is, `id` is its main element; `given` holds what kind needs (see `grow`)."""

    kind: str
    id: str
    parts: tuple[Block, ...] = ()
    given: dict[str, Any] = field(default_factory=dict)

    def walk(self) -> Iterator[Block]:
        yield self
        for part in self.parts:
            yield from part.walk()

    def always_waits(self) -> bool:
        """Whether nobody gets through it without something from outside."""
        if self.kind in ("user", "catch", "receive", "either"):
            return True
        if self.kind in ("choice", "any"):
            return all(part.always_waits() for part in self.parts)
        if self.kind == "several":
            return False  # there may be no item
        if self.kind == "edge":
            return self.parts[0].always_waits() and not any(e.given["what"] == "error" for e in self.parts[1:])
        return any(part.always_waits() for part in self.parts)


@dataclass(frozen=True)
class Model:
    """The process `p` and those it calls, by process id."""

    processes: dict[str, Block]

    def blocks(self) -> Iterator[Block]:
        for block in self.processes.values():
            yield from block.walk()


@dataclass
class Grower:
    """Makes blocks; `room` is how many more leaves there may be."""

    dice: random.Random
    room: int
    simple: bool = False  # nothing that breaks down and is mended: for engines that try again by themselves
    called: dict[str, Block] = field(default_factory=dict)
    number: int = 0

    def name(self, letter: str) -> str:
        self.number += 1
        return f"{letter}{self.number}"

    def grow(
        self, depth: int, shared: tuple[str, ...], *, scope: int = 0, erring: bool = False, twice: bool = False
    ) -> Block:
        """A block that may change the variables in `shared`. `scope`: how many scopes deep; `erring`: an error would be caught;
        `twice`: several tokens may be in it at once. A join tells no token from another, so there it is put into a sub-process."""
        if depth <= 0 or self.room <= 1:
            return self._leaf(shared, erring)
        makers = [
            (6, self._leaf_here),
            (6, self._sequence),
            (3, self._choice),
            (3, self._parallel),
            (2, self._any),
            (2, self._loop),
            (3, self._several),
            (2, self._sub),
            (5, self._edge),
            (1, self._call),
            (2, self._either),
        ]
        maker = self.dice.choices([m for _, m in makers], [w for w, _ in makers])[0]
        made: Block = maker(depth - 1, shared, scope=scope, erring=erring, twice=twice)
        return made

    def scope_body(self, depth: int, shared: tuple[str, ...], *, scope: int, erring: bool = False) -> Block:
        """What stands in a process or sub-process; it may end early."""
        body = self.grow(depth, shared, scope=scope, erring=erring)
        if self.dice.random() < 0.12:
            arm = Block("terminate", self.name("stop"))
            rest = self._leaf(shared, erring)
            early = Block("choice", self.name("g"), (arm, rest), {"tests": [self._test()], "default": 1})
            parts = (body, early) if self.dice.random() < 0.5 else (early, body)
            body = Block("sequence", self.name("q"), parts)
        return body

    # -- leaves -----------------------------------------------------------------------------------------------------

    def _leaf_here(
        self, depth: int, shared: tuple[str, ...], *, scope: int, erring: bool, twice: bool = False
    ) -> Block:
        return self._leaf(shared, erring)

    def _leaf(self, shared: tuple[str, ...], erring: bool = False) -> Block:
        self.room -= 1
        kind = self.dice.choices(["user", "script", "service", "catch", "receive", "throw"], [10, 3, 3, 3, 2, 1])[0]
        if kind == "user":
            return self._user(shared)
        id = self.name(
            {"script": "calc", "service": "serve", "catch": "catch", "receive": "hear", "throw": "tell"}[kind]
        )
        if kind == "script":
            target = self.dice.choice(shared) if shared and self.dice.random() < 0.7 else f"v_{id}"
            return Block(
                kind, id, (), {"target": target, "source": self.dice.choice(SHARED), "add": self.dice.randint(1, 3)}
            )
        if kind == "service":
            given: dict[str, Any] = {"source": self.dice.choice(SHARED)}
            given["errs"] = self._test() if erring and self.dice.random() < 0.6 else None
            given["flaky"] = not self.simple and self.dice.random() < 0.25
            return Block(kind, id, (), given)
        if kind == "catch":
            return self._catch()
        return Block(kind, id)

    def _user(self, shared: tuple[str, ...]) -> Block:
        writes = tuple(name for name in shared if self.dice.random() < 0.5)
        return Block("user", self.name("task"), (), {"writes": writes})

    def _catch(self) -> Block:
        what = self.dice.choice(["timer", "date", "message"])
        return Block("catch", self.name("catch"), (), {"what": what, "seconds": self._seconds()})

    def _seconds(self) -> int:
        return self.dice.randint(60, 300_000)  # so wide that no two fall together

    def _test(self) -> tuple[str, str, int]:
        return self.dice.choice(SHARED), self.dice.choice(["<", ">", "="]), self.dice.randint(1, 8)

    # -- what holds others ------------------------------------------------------------------------------------------

    def _sequence(self, depth: int, shared: tuple[str, ...], **where: Any) -> Block:
        parts = tuple(self.grow(depth, shared, **where) for _ in range(self.dice.randint(2, 3)))
        return Block("sequence", self.name("q"), parts)

    def _choice(self, depth: int, shared: tuple[str, ...], *, scope: int, erring: bool, twice: bool = False) -> Block:
        parts = [
            self.grow(depth, shared, scope=scope, erring=erring, twice=twice) for _ in range(self.dice.randint(2, 3))
        ]
        if erring and self.dice.random() < 0.5:
            parts.insert(0, Block("error", self.name("bad")))
        tests = [self._test() for _ in parts[1:]]
        return Block("choice", self.name("g"), tuple(parts), {"tests": tests, "default": len(parts) - 1})

    def _parallel(self, depth: int, shared: tuple[str, ...], *, scope: int, erring: bool, twice: bool = False) -> Block:
        if twice:
            return self._sub(depth, shared, scope=scope, erring=erring)
        return Block("parallel", self.name("g"), self._branches(depth, shared, scope, erring))

    def _any(self, depth: int, shared: tuple[str, ...], *, scope: int, erring: bool, twice: bool = False) -> Block:
        if twice:
            return self._sub(depth, shared, scope=scope, erring=erring)
        parts = self._branches(depth, shared, scope, erring)
        tests = [self._test() for _ in parts[1:]]
        return Block("any", self.name("g"), parts, {"tests": tests, "default": len(parts) - 1})

    def _branches(self, depth: int, shared: tuple[str, ...], scope: int, erring: bool) -> tuple[Block, ...]:
        count = self.dice.randint(2, 3)
        own: list[list[str]] = [[] for _ in range(count)]
        for name in shared:
            own[self.dice.randrange(count)].append(name)
        parts = [self._branch(depth, tuple(own[number]), scope, erring) for number in range(count)]
        if self.dice.random() < 0.3:
            # Two people who write the same: of the two, who comes to the join last counts.
            race = self.name("r")
            for number in (0, 1):
                last = Block("user", self.name("task"), (), {"writes": (race,)})
                parts[number] = Block("sequence", self.name("q"), (parts[number], last))
        return tuple(parts)

    def _branch(self, depth: int, shared: tuple[str, ...], scope: int, erring: bool) -> Block:
        """An error comes only after a wait: how far the others are when it comes is fixed then."""
        if not erring or self.dice.random() < 0.6:
            return self.grow(depth, shared, scope=scope)
        return Block(
            "sequence", self.name("q"), (self._user(shared), self.grow(depth, shared, scope=scope, erring=True))
        )

    def _loop(self, depth: int, shared: tuple[str, ...], **where: Any) -> Block:
        return Block("loop", self.name("l"), (self.grow(depth, shared, **where),), {"rounds": self.dice.randint(2, 3)})

    def _several(self, depth: int, shared: tuple[str, ...], *, scope: int, erring: bool, twice: bool = False) -> Block:
        """Several instances of a user task, a sub-process or a called process."""
        count, one_by_one = self.dice.choice([0, 1, 2, 2, 3, 3, 4]), self.dice.random() < 0.4
        inner, erring = (shared, erring) if one_by_one else ((), False)
        kind = self.dice.choice(["user", "user", "sub", "call"]) if scope < 2 else "user"
        if kind == "user":
            host = self._user(shared)
            self.room -= 1
        elif kind == "sub":
            host = self._sub(min(depth, 2), inner, scope=scope, erring=erring)
        else:
            host = self._call(depth, inner, scope=scope, erring=erring)
        counted = (
            kind == "user" or one_by_one
        )  # timers of several instances fall due together: who is first nothing fixes
        given = {
            "count": count,
            "listed": kind != "user" or self.dice.random() < 0.6,
            "one_by_one": one_by_one,
            "enough": self.dice.randint(1, max(count, 1)) if counted and self.dice.random() < 0.4 else None,
            "collects": self.dice.random() < 0.5,
        }
        return Block("several", host.id, (host,), given)

    def _sub(self, depth: int, shared: tuple[str, ...], *, scope: int, erring: bool, twice: bool = False) -> Block:
        if scope >= 3:
            return self._user(shared)
        return Block("sub", self.name("sub"), (self.scope_body(depth, shared, scope=scope + 1, erring=erring),))

    def _call(self, depth: int, shared: tuple[str, ...], *, scope: int, erring: bool, twice: bool = False) -> Block:
        """A called process; it calls none itself."""
        if scope >= 2 or len(self.called) >= 2:
            return self._user(shared)
        key = self.name("called")
        how = self.dice.choice(["all", "in", "in_out"])
        inside = SHARED if how == "in_out" else shared
        self.called[key] = Block("nothing", "reserved")
        self.called[key] = self.scope_body(min(depth, 2), inside, scope=3, erring=erring)
        return Block("call", self.name("call"), (), {"process": key, "how": how, "target": f"v_{key}"})

    def _edge(self, depth: int, shared: tuple[str, ...], *, scope: int, erring: bool, twice: bool = False) -> Block:
        """An activity with one to three events on its edge, each with what follows from it."""
        what = [
            self.dice.choice(["timer", "timer", "cycle", "message", "error"]) for _ in range(self.dice.randint(1, 3))
        ]
        what = [kind for n, kind in enumerate(what) if kind != "error" or "error" not in what[:n]]
        caught = erring or "error" in what
        maker = self.dice.choice([self._sub, self._sub, self._several, self._call, None])
        if maker is None:
            host = self._user(shared)
            self.room -= 1
        else:
            host = maker(depth, shared, scope=scope, erring=caught)
        parts = [host]
        for kind in what:
            ends = kind == "error" or (kind != "cycle" and self.dice.random() < 0.5)
            where = {"erring": erring, "twice": twice} if ends else {"erring": False, "twice": True}
            follows = self.grow(min(depth, 2), shared if ends else (), scope=scope, **where)
            seconds = self._seconds()
            times = self.dice.choice([1, 2, 3, None] if seconds > 100_000 else [1, 2, 3])
            given = {"what": kind, "ends": ends, "seconds": seconds, "times": times}
            parts.append(Block("event", self.name("edge"), (follows,), given))
        return Block("edge", host.id, tuple(parts))

    def _either(self, depth: int, shared: tuple[str, ...], *, scope: int, erring: bool, twice: bool = False) -> Block:
        parts = []
        for number in range(self.dice.randint(2, 3)):
            self.room -= 1
            follows = self.grow(min(depth, 1), shared, scope=scope, erring=erring, twice=twice)
            first = self._catch() if number == 0 else Block("receive", self.name("hear"))
            parts.append(Block("sequence", self.name("q"), (first, follows)))
        return Block("either", self.name("ev"), tuple(parts))


def grow(seed: str, *, simple: bool = False) -> Model:
    """The model of this seed: the same seed, the same model. It has something to wait for."""
    dice = random.Random(seed)
    wanted = dice.randint(1, 8)
    while True:
        grower = Grower(dice, room=dice.randint(wanted + 2, 22), simple=simple)
        body = grower.scope_body(dice.randint(3, 5), SHARED, scope=0)
        model = Model({"p": body, **grower.called})
        if sum(block.kind in ("user", "catch", "receive", "event") for block in model.blocks()) >= wanted:
            return model
