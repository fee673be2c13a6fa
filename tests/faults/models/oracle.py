"""The token game: what a model must do, told by its blocks alone. Knows nothing of the engine's trees, states or diagrams.

Every `Live` is one block at work. It gets variables when it starts, and hands variables to the one above when it is over. A wait is
what somebody outside can make happen. Lines that part remember from which variables; where they meet, each brings what it has
changed since, in the order in which they come.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.faults.models.blocks import PASSED, Block, Model

Data = dict[str, Any]


def changed(since: Mapping[str, Any], data: Mapping[str, Any], onto: Data) -> Data:
    """`onto` with everything that `data` has otherwise than `since`."""
    result = {**onto, **{k: v for k, v in data.items() if k not in since or since[k] != v}}
    return {k: v for k, v in result.items() if k in data or k not in since}


def holds(test: tuple[str, str, int], data: Mapping[str, Any]) -> bool:
    name, sign, number = test
    value = data[name]
    return {"<": value < number, ">": value > number, "=": value == number}[sign]


@dataclass(eq=False)
class Wait:
    kind: str  # user, timer, message, failed
    element: str
    owner: Any
    data: Data
    due: datetime | None = None


class Game:
    """One instance. `waits` stand in the order in which they came to be."""

    def __init__(self, model: Model, variables: Mapping[str, Any], now: datetime, broken: set[str]) -> None:
        self.model, self.now, self.broken = model, now, broken  # `broken`: services that do not answer
        self.waits: list[Wait] = []
        self.sent: list[tuple[str, Any]] = []
        self.result: Data | None = None
        self.tick = 0  # counts the blocks that were begun: of two writers the one that came further later counts
        self.top = Scope(self, None, model.processes["p"])
        self.top.start(dict(variables))

    def over(self, _live: Any, data: Data) -> None:
        self.result = data

    def wait(self, kind: str, owner: Any, data: Data, due: datetime | None = None) -> Wait:
        made = Wait(kind, owner.block.id, owner, data, due)
        self.waits.append(made)
        return made

    def drop(self, owner: Any) -> None:
        self.waits = [wait for wait in self.waits if wait.owner is not owner]

    # what can happen

    def complete(self, wait: Wait, values: Mapping[str, Any]) -> None:
        wait.owner.happens(wait, values)

    def mend(self, element: str) -> None:
        self.broken.discard(element)

    def fire_due(self) -> None:
        """Each timer that is due, the earliest first; those set meanwhile are for the next round."""
        due = [wait for wait in self.waits if wait.due and wait.due <= self.now]
        for wait in sorted(due, key=lambda wait: wait.due or self.now):
            if wait in self.waits:
                wait.owner.happens(wait, {})

    @property
    def variables(self) -> Data:
        return self.result if self.result is not None else self.top.seen()

    def active(self) -> Counter[str]:
        counted: Counter[str] = Counter()
        if self.result is None:
            self.top.count(counted)
        return counted


class Live:
    """A block at work. `kids` are the blocks at work inside it."""

    def __init__(self, game: Game, above: Any, block: Block) -> None:
        self.game, self.above, self.block = game, above, block
        self.kids: list[Live] = []
        self.alive = True
        self.entry: Data = {}
        self.came = 0

    def begin(self, block: Block, data: Data) -> None:
        kid = LIVES[block.kind](self.game, self, block)
        self.kids.append(kid)
        kid.start(data)

    def start(self, data: Data) -> None:
        self.entry = data
        self.stamp()
        self.run()

    def stamp(self) -> None:
        """A token has come here: it belongs to the lines around, up to the activity that holds it as one."""
        self.game.tick += 1
        at: Any = self
        at.came = self.game.tick
        while at.above is not None and not isinstance(at.above, Scope | Several):
            at = at.above
            at.came = self.game.tick

    def run(self) -> None:
        self.finish(dict(self.entry))

    def happens(self, wait: Wait, values: Mapping[str, Any]) -> None:
        """What it waited for."""
        self.game.waits.remove(wait)
        self.finish({**self.entry, **values})

    def over(self, kid: Live, data: Data) -> None:
        self.kids.remove(kid)
        self.finish(data)

    def finish(self, data: Data) -> None:
        if self.alive:
            self.alive = False
            self.above.over(self, data)

    def cancel(self) -> None:
        self.alive = False
        self.game.drop(self)
        for kid in self.kids:
            kid.cancel()
        self.kids = []

    def seen(self) -> Data:
        """The variables as they stand where this block is at work."""
        return self.kids[0].seen() if self.kids else self.entry

    def count(self, counted: Counter[str]) -> None:
        counted[self.block.id] += sum(1 for w in self.game.waits if w.owner is self)
        for kid in self.kids:
            kid.count(counted)

    def scope(self) -> Scope:
        at = self.above
        while not isinstance(at, Scope):
            at = at.above
        return at


class User(Live):
    def run(self) -> None:
        self.game.wait("user", self, self.entry)


class Script(Live):
    def run(self) -> None:
        given = self.block.given
        self.finish({**self.entry, given["target"]: self.entry[given["source"]] + given["add"]})


class Service(Live):
    def run(self) -> None:
        given = self.block.given
        if given["flaky"] and self.block.id in self.game.broken:
            self.game.wait("failed", self, self.entry)
        elif given["errs"] and holds(given["errs"], self.entry):
            fail(self)
        else:
            self._done()

    def _done(self) -> None:
        given = self.block.given
        data = {**self.entry, f"v_{self.block.id}": {"count": self.entry[given["source"]] + 1}}
        data.pop(f"gone_{self.block.id}", None)
        self.finish(data)

    def happens(self, wait: Wait, values: Mapping[str, Any]) -> None:
        self.game.waits.remove(wait)
        self.run()


class Catch(Live):
    def run(self) -> None:
        given = self.block.given
        if given.get("what", "message") == "message":
            self.game.wait("message", self, self.entry)
        else:
            self.game.wait("timer", self, self.entry, self.game.now + timedelta(seconds=given["seconds"]))


class Throw(Live):
    def run(self) -> None:
        self.game.sent.append((f"m_{self.block.id}", self.entry["x"]))
        self.finish(dict(self.entry))


class Terminate(Live):
    def run(self) -> None:
        self.scope().terminate(self.entry)


class Error(Live):
    def run(self) -> None:
        fail(self)


class Sequence(Live):
    def run(self) -> None:
        self.at = 0
        self.begin(self.block.parts[0], self.entry)

    def over(self, kid: Live, data: Data) -> None:
        self.kids.remove(kid)
        self.at += 1
        if self.at < len(self.block.parts):
            self.begin(self.block.parts[self.at], data)
        else:
            self.finish(data)


class Choice(Live):
    def run(self) -> None:
        tests = self.block.given["tests"]
        taken = next((n for n, test in enumerate(tests) if holds(test, self.entry)), self.block.given["default"])
        self.begin(self.block.parts[taken], self.entry)


class Parallel(Live):
    """All branches, or with tests those that hold; met again when every one has come."""

    def run(self) -> None:
        self.met, self.waiting = dict(self.entry), 0
        parts = self.chosen()
        self.open = len(parts)
        for part in parts:
            if self.alive:
                self.begin(part, dict(self.entry))

    def chosen(self) -> list[Block]:
        return list(self.block.parts)

    def over(self, kid: Live, data: Data) -> None:
        self.kids.remove(kid)
        self.met = changed(self.entry, data, self.met)
        self.waiting += 1
        self.open -= 1
        if self.open == 0:
            self.finish(self.met)

    def seen(self) -> Data:
        data = self.met
        for kid in self.kids:
            data = changed(self.entry, kid.seen(), data)
        return data

    def count(self, counted: Counter[str]) -> None:
        counted[f"{self.block.id}_join"] += self.waiting
        super().count(counted)


class Any_(Parallel):
    def chosen(self) -> list[Block]:
        tests = self.block.given["tests"]
        taken = [part for part, test in zip(self.block.parts, tests, strict=False) if holds(test, self.entry)]
        return taken or [self.block.parts[self.block.given["default"]]]


class Loop(Live):
    def run(self) -> None:
        self.name = f"n_{self.block.id}"
        self.begin(self.block.parts[0], {**self.entry, self.name: 0})

    def over(self, kid: Live, data: Data) -> None:
        self.kids.remove(kid)
        data = {**data, self.name: data[self.name] + 1}
        if data[self.name] < self.block.given["rounds"]:
            self.begin(self.block.parts[0], data)
        else:
            self.finish(data)


class Scope(Live):
    """A process or sub-process: its main line and the lines that have begun beside it on the edge of an activity."""

    def run(self) -> None:
        self.sides: list[Side] = []
        self.main: Data | None = None  # what the main line has brought to the end
        self.brought: list[tuple[int, Data, Data]] = []  # by sides that are over: when, begun with what, bringing what
        self.begin(self.body(), self.inward())

    def body(self) -> Block:
        return self.block if self.above is None else self.block.parts[0]

    def inward(self) -> Data:
        return dict(self.entry)

    def outward(self, data: Data) -> Data:
        return data

    def finish(self, data: Data) -> None:
        if self.above is None:
            self.alive = False
            self.game.over(self, data)
        else:
            super().finish(self.outward(data))

    def over(self, kid: Live, data: Data) -> None:
        if isinstance(kid, Side):
            self.sides.remove(kid)
            kid.stamp()
            self.brought.append((kid.came, kid.since, data))
        else:
            self.kids.remove(kid)
            self.main = data
        if self.main is not None and not self.sides:
            self.finish(self.inside())

    def inside(self) -> Data:
        data = self.main if self.main is not None else self.kids[0].seen()
        lines = [*self.brought, *((side.came, side.since, side.seen()) for side in self.sides)]
        for _, since, brought in sorted(lines, key=lambda line: line[0]):
            data = changed(since, brought, data)
        return data

    def seen(self) -> Data:
        return self.inside()

    def terminate(self, data: Data) -> None:
        for line in [*self.kids, *self.sides]:
            line.cancel()
        self.kids, self.sides, self.main = [], [], data
        self.finish(self.inside())

    def cancel(self) -> None:
        for side in self.sides:
            side.cancel()
        super().cancel()

    def count(self, counted: Counter[str]) -> None:
        if self.above is not None:
            counted[self.block.id] += 1
        for line in [*self.kids, *self.sides]:
            line.count(counted)


class Call(Scope):
    """A called process works on variables of its own."""

    def body(self) -> Block:
        return self.game.model.processes[self.block.given["process"]]

    def inward(self) -> Data:
        return dict(self.entry) if self.block.given["how"] == "all" else {name: self.entry[name] for name in PASSED}

    def outward(self, data: Data) -> Data:
        match self.block.given["how"]:
            case "all":
                return data
            case "in":
                return {**self.entry, **data}
        return {**self.entry, self.block.given["target"]: [data[name] for name in "xyzw"]}

    def seen(self) -> Data:
        return self.entry


class Side(Live):
    """A line that an event has begun beside its activity."""

    def __init__(self, game: Game, above: Any, block: Block, since: Data) -> None:
        super().__init__(game, above, block)
        self.since = since

    def run(self) -> None:
        self.begin(self.block.parts[0], self.entry)


class Several(Live):
    """Instances of one activity."""

    def run(self) -> None:
        host = self.block.parts[0]
        self.private = {"loopCounter", "me"} if self.block.given["listed"] else {"loopCounter"}
        self.now = dict(self.entry)
        if self.block.given["collects"]:
            self.now[f"all_{host.id}"] = []
        self.started, self.finished, self.results = 0, 0, dict[int, Any]()
        self.numbers: dict[Live, tuple[int, Data]] = {}
        if self.block.given["count"] == 0:
            self.finish(self.now)
            return
        for _ in range(1 if self.block.given["one_by_one"] else self.block.given["count"]):
            if self.alive:
                self._next()

    def _next(self) -> None:
        host, number = self.block.parts[0], self.started
        self.started += 1
        data = {**self.now, "loopCounter": number + 1}
        if self.block.given["listed"]:
            data["me"] = f"{self.entry['me']}/{number + 1}"
        kid = LIVES[host.kind](self.game, self, host)
        self.kids.append(kid)
        self.numbers[kid] = (number, dict(self.now))
        kid.start(data)

    def over(self, kid: Live, data: Data) -> None:
        self.kids.remove(kid)
        number, since = self.numbers.pop(kid)
        given = self.block.given
        if given["collects"]:
            self.results[number] = [data["loopCounter"], data["x"]]
            self.now[f"all_{self.block.id}"] = [self.results[n] for n in sorted(self.results)]
        else:
            own = {k: v for k, v in data.items() if k not in self.private}
            kept = {k: v for k, v in since.items() if k not in self.private}
            self.now = changed(kept, own, self.now)
        self.finished += 1
        if self.finished == given["count"] or (given["enough"] and self.finished >= given["enough"]):
            for other in self.kids:
                other.cancel()
            self.kids = []
            self.finish(self.now)
        elif given["one_by_one"]:
            self._next()

    def seen(self) -> Data:
        return self.now


class Edge(Live):
    """An activity with events on its edge."""

    def run(self) -> None:
        self.events = [Event(self.game, self, event) for event in self.block.parts[1:]]
        for event in self.events:
            event.arm()
        self.begin(self.block.parts[0], self.entry)

    def over(self, kid: Live, data: Data) -> None:
        self.retire()
        super().over(kid, data)

    def retire(self) -> None:
        for event in self.events:
            self.game.drop(event)
        self.events = []

    def cancel(self) -> None:
        self.retire()
        super().cancel()

    def now(self) -> Data:
        """What an event finds: an embedded sub-process works on the variables around it; a called one keeps its own."""
        host = self.kids[0]
        return self.entry if isinstance(host, Call) else dict(host.seen())

    def happened(self, event: Event, values: Mapping[str, Any]) -> None:
        found = self.now()
        data = {**found, **values}
        if not event.block.given["ends"]:
            side = Side(self.game, self.scope(), event.block, found)
            self.scope().sides.append(side)
            side.start(data)
            return
        self.retire()
        for kid in self.kids:
            kid.cancel()
        self.kids = []
        self.begin(event.block.parts[0], data)


class Event(Live):
    """On the edge of an activity. Its block is kept as `Edge.block.parts[n]`."""

    above: Edge

    def arm(self) -> None:
        given = self.block.given
        self.left = given["times"]
        if given["what"] == "message":
            self.game.wait("message", self, self.above.entry)
        elif given["what"] in ("timer", "cycle"):
            self.game.wait("timer", self, self.above.entry, self.game.now + timedelta(seconds=given["seconds"]))

    def happens(self, wait: Wait, values: Mapping[str, Any]) -> None:
        given = self.block.given
        again = given["what"] == "message" and not given["ends"]
        if given["what"] == "cycle":
            self.left = None if self.left is None else self.left - 1
            again = self.left is None or self.left > 0
        if not again:
            self.game.waits.remove(wait)
        elif wait.due is not None:
            wait.due += timedelta(seconds=given["seconds"])
        self.above.happened(self, values)


class Either(Live):
    def run(self) -> None:
        for part in self.block.parts:
            self.begin(part, self.entry)

    def first(self, mine: Live) -> None:
        """One event has happened: the others are not waited for any more."""
        for kid in [kid for kid in self.kids if kid is not mine]:
            kid.cancel()
            self.kids.remove(kid)


def fail(at: Live) -> None:
    """The innermost activity with an error event on its edge ends."""
    above: Any = at
    while above is not None:
        if isinstance(above, Edge):
            for event in above.events:
                if event.block.given["what"] == "error":
                    above.happened(event, {})
                    return
        above = above.above
    raise AssertionError("the model lets an error go uncaught")


class Arm(Sequence):
    """A sequence behind an event gateway: its first part is the event."""

    def over(self, kid: Live, data: Data) -> None:
        if self.at == 0:
            self.above.first(self)
        super().over(kid, data)


def _sequence(game: Game, above: Any, block: Block) -> Live:
    return Arm(game, above, block) if isinstance(above, Either) else Sequence(game, above, block)


LIVES: dict[str, Any] = {
    "user": User,
    "script": Script,
    "service": Service,
    "catch": Catch,
    "receive": Catch,
    "throw": Throw,
    "terminate": Terminate,
    "error": Error,
    "sequence": _sequence,
    "choice": Choice,
    "parallel": Parallel,
    "any": Any_,
    "loop": Loop,
    "sub": Scope,
    "call": Call,
    "several": Several,
    "edge": Edge,
    "either": Either,
}
