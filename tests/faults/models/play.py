"""One model on one random path: the engine saved and loaded at every step, the engine never saved, and the token game, side by side."""

from __future__ import annotations

import os
import pickle
import random
import signal
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from engine.bpmn.drive import Run
from engine.bpmn.model import Picture, ServiceCall
from engine.bpmn.parse import Release
from engine.errors import BpmnError, ZhipingError
from forms.i18n import T
from tests.faults.models.blocks import CASE, SHARED, Block, Model, grow
from tests.faults.models.drawing import draw
from tests.faults.models.oracle import Game, Wait

BEGIN = datetime(2026, 6, 1, 1, 0, tzinfo=UTC)
STEPS = 45  # then only what brings it to its end is done
MOST = 400
FRESH = 10  # one step in so many is taken in a process of its own, which is then killed


class Difference(AssertionError):
    """The engine and the game do not agree. Says which seed to play again."""


@dataclass
class World:
    """What the services of a model do. `broken` is shared with nobody."""

    now: datetime
    broken: set[str]
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)

    def call(self, request: ServiceCall) -> Mapping[str, Any]:
        result = answer(request.parameters, request.element_id in self.broken)
        request.accept(result)
        return result

    def decide(self, decision_key: str, variables: Mapping[str, Any]) -> Any:
        raise TypeError("no model decides by a table")


def answer(parameters: Mapping[str, Any], broken: bool) -> dict[str, Any]:
    """The one service there is."""
    if broken:
        raise ZhipingError(T("平台没有应答。"), code="NO_ANSWER")
    if parameters["fails"]:
        raise BpmnError("BAD", T("不行。"))
    return {"count": parameters["value"] + 1}


class Unsaved:
    """One object in memory all the way."""

    def __init__(self, release: Release, variables: Mapping[str, Any], world: World) -> None:
        self.release, self.world = release, world
        self.run = Run.start(release, "p", variables, world)
        self.sent: list[Any] = []
        self.settle()

    def settle(self) -> None:
        self.picture = self.run.advance()
        self.sent += told(self.picture)

    def do(self, act: Callable[[Run], object]) -> None:
        del self.run.machine.outgoing[:]
        self.run.machine.started, self.run.machine.steps = None, 0
        act(self.run)
        self.settle()

    def now_in(self, task_id: str) -> Mapping[str, Any]:
        """The variables of one task."""
        found: Mapping[str, Any] = self.run.workflow.find(task_id).data
        return found


class Saved(Unsaved):
    """Loaded before and saved after everything that happens; one in ten times in another process, killed when it has answered."""

    def __init__(self, release: Release, files: Mapping[str, bytes], variables: Any, world: World, dice: random.Random):
        self.files, self.dice = files, dice
        super().__init__(release, variables, world)
        self.blob = self.run.dump()

    def do(self, act: Callable[[Run], object]) -> None:
        fresh = self.dice.random() < 1 / FRESH
        self.blob, self.picture = self._elsewhere(act) if fresh else self._here(self.release, act)
        self.sent += told(self.picture)
        again = Run.load(self.release, "p", self.blob, self.world).advance()
        for same in ("completed", "variables", "tasks", "timers", "messages", "active", "failures"):
            if getattr(again, same) != getattr(self.picture, same):
                raise Difference(f"saved and loaded: {same}: {getattr(again, same)} != {getattr(self.picture, same)}")

    def now_in(self, task_id: str) -> Mapping[str, Any]:
        self.run = Run.load(self.release, "p", self.blob, self.world)
        return super().now_in(task_id)

    def _here(self, release: Release, act: Callable[[Run], object]) -> tuple[bytes, Picture]:
        run = Run.load(release, "p", self.blob, self.world)
        act(run)
        picture = run.advance()
        return run.dump(), picture

    def _elsewhere(self, act: Callable[[Run], object]) -> tuple[bytes, Picture]:
        """The step in a child that compiles the diagram anew. Sometimes a first child is killed before it has answered."""
        for killed_before in (True, False) if self.dice.random() < 0.3 else (False,):
            reading, writing = os.pipe()
            child = os.fork()
            if child == 0:
                try:
                    release = Release._build(self.release.id, self.files)
                    answered = self._here(release, act)
                    if not killed_before:
                        with os.fdopen(writing, "wb") as out:
                            pickle.dump(answered, out)
                finally:
                    os.kill(os.getpid(), signal.SIGKILL)
            os.close(writing)
            with os.fdopen(reading, "rb") as answers:
                raw = answers.read()
            os.waitpid(child, 0)
        if not raw:
            raise Difference("the step failed in a fresh process")
        answered: tuple[bytes, Picture] = pickle.loads(raw)
        return answered


def told(picture: Picture) -> list[tuple[str, Any]]:
    return [(each.name, each.variables["told"]) for each in picture.outgoing]


def repeated(model: Model) -> frozenset[str]:
    """What several lines begun by one event, or several instances at once, may each write: nothing fixes which of them came last."""
    found: set[str] = set()
    events = [b for b in model.blocks() if b.kind == "event" and not b.given["ends"]]
    together = [b for b in model.blocks() if b.kind == "several" and not b.given["one_by_one"]]
    parts = [part for b in together for part in b.parts if part.kind != "user"]
    ahead = [block for begun in (*events, *parts) for block in begun.walk()]
    while ahead:
        block = ahead.pop()
        if f"v_{block.id}" not in found:
            found |= {f"v_{block.id}", block.given.get("target", ""), f"all_{block.id}", f"n_{block.id}"}
            if block.kind == "call":
                ahead += model.processes[block.given["process"]].walk()
    return frozenset(found)


def view(picture: Picture, but: frozenset[str]) -> dict[str, Any]:
    """What can be compared with the game."""
    return {
        "completed": picture.completed,
        "variables": {name: value for name, value in picture.variables.items() if name not in but},
        "tasks": sorted((task.element_id, text(task.data, but)) for task in picture.tasks),
        "timers": sorted((timer.element_id, timer.due_at) for timer in picture.timers),
        "messages": sorted(message.element_id for message in picture.messages),
        "failed": sorted(failure.element_id for failure in picture.failures),
        "active": {each.element_id: each.count for each in picture.active},
    }


def view_of_game(game: Game, but: frozenset[str]) -> dict[str, Any]:
    def waits(kind: str) -> list[Wait]:
        return [wait for wait in game.waits if wait.kind == kind]

    return {
        "completed": game.result is not None,
        "variables": {name: value for name, value in game.variables.items() if name not in but},
        "tasks": sorted((wait.element, text(wait.data, but)) for wait in waits("user")),
        "timers": sorted((wait.element, wait.due) for wait in waits("timer")),
        "messages": sorted(wait.element for wait in waits("message")),
        "failed": sorted(wait.element for wait in waits("failed")),
        "active": {element: count for element, count in game.active().items() if count},
    }


def text(data: Mapping[str, Any], but: frozenset[str] = frozenset()) -> str:
    return orjson.dumps(
        {name: value for name, value in data.items() if name not in but}, option=orjson.OPT_SORT_KEYS
    ).decode()


def beginning(model: Model, dice: random.Random) -> dict[str, Any]:
    gone = {f"gone_{block.id}": 1 for block in model.blocks() if block.kind == "service"}
    return {name: dice.randint(0, 9) for name in SHARED} | {"me": "p"} | gone


def broken(model: Model) -> set[str]:
    return {block.id for block in model.blocks() if block.kind == "service" and block.given["flaky"]}


def values(model: Mapping[str, Block], wait: Wait, dice: random.Random, step: int) -> dict[str, Any]:
    """What somebody types into a task, or what a message brings."""
    writes = model[wait.element].given.get("writes", ()) if wait.kind == "user" else ()
    return {f"v_{wait.element}": step, **{name: dice.randint(0, 9) for name in writes}}


def choose(game: Game, dice: random.Random, step: int) -> Wait | timedelta | None:
    """What happens next: a wait that comes true, or the clock moves on by so much."""
    people = [wait for wait in game.waits if wait.kind != "timer"]
    if step >= STEPS:
        people = [wait for wait in people if wait.kind in ("user", "failed")] or list(filter(_ends_a_wait, people))
    timers = [wait.due for wait in game.waits if wait.due is not None]
    if timers and (not people or (step < STEPS and dice.random() < 0.3)):
        first = max(min(timers) - game.now, timedelta(0))
        return first + timedelta(seconds=dice.choice([0, 0, 1, 3_600, 200_000]))
    if not people:
        return None
    return people[0] if step >= STEPS else dice.choice(people)


def _ends_a_wait(wait: Wait) -> bool:
    """Rather than begin something beside it."""
    return wait.owner.block.kind != "event" or wait.owner.block.given["ends"]


def play(seed: str, path: str, *, simple: bool = False) -> int:
    """One model on one path; answers its steps. Raises Difference."""
    model = grow(seed, simple=simple)
    files = {"model.bpmn": draw(model)}
    release = Release.build(f"model-{seed}", files)
    dice = random.Random(f"{seed}/{path}")
    variables = beginning(model, dice)
    blocks = {block.id: block for block in model.blocks() if block.kind != "edge"}
    game = Game(model, variables, BEGIN, broken(model))
    worlds = [World(BEGIN, broken(model)) for _ in range(2)]
    kill = random.Random(f"{seed}/{path}/kill")
    engines = [Saved(release, files, variables, worlds[0], kill), Unsaved(release, variables, worlds[1])]
    story: list[str] = []
    but = repeated(model)
    for step in range(MOST):
        for engine in engines:
            compare(engine, game, story, but)
        move = choose(game, dice, step)
        if move is None:
            if game.result is None:
                raise Difference(f"nothing can happen any more: {game.active()}")
            return step
        if isinstance(move, timedelta):
            story.append(f"the clock moves on by {move}")
            game.now += move
            rounds = 0
            while any(wait.due and wait.due <= game.now for wait in game.waits):
                game.fire_due()
                rounds += 1
            for world, engine in zip(worlds, engines, strict=True):
                world.now = game.now
                for _ in range(rounds):
                    engine.do(lambda run: run.fire_due())
            continue
        story.append(f"{move.kind} {move.element}")
        if move.kind == "failed":
            game.mend(move.element)
            for world in worlds:
                world.broken.discard(move.element)
        number = alike(game, move, but)
        given = values(blocks, move, dice, step)
        acts = [act_on(engine, move, number, given, but) for engine in engines]
        game.complete(move, given)
        for engine, act in zip(engines, acts, strict=True):
            engine.do(act)
    raise Difference(f"no end after {MOST} steps")


def alike(game: Game, wait: Wait, but: frozenset[str]) -> int:
    """Which of those that look the same, in the order in which they came to be."""
    look = looks(wait, but)
    return [other for other in game.waits if looks(other, but) == look].index(wait)


def looks(wait: Wait, but: frozenset[str]) -> tuple[str, str, str]:
    return wait.kind, wait.element, text(wait.data, but) if wait.kind == "user" else wait.data["me"]


def act_on(
    engine: Unsaved, wait: Wait, number: int, given: Mapping[str, Any], but: frozenset[str]
) -> Callable[[Run], object]:
    """The same in an engine, which has ids of its own."""
    picture, look = engine.picture, looks(wait, but)[2]
    if wait.kind == "user":
        task = [t for t in picture.tasks if t.element_id == wait.element and text(t.data, but) == look][number]
        return lambda run: run.complete(task.id, given)
    if wait.kind == "failed":
        failed = [each.task_id for each in picture.failures if each.element_id == wait.element]
        task_id = [each for each in failed if engine.now_in(each)["me"] == look][number]
        return lambda run: run.retry(task_id)
    waiting = [each for each in picture.messages if each.element_id == wait.element]
    one = [each for each in waiting if each.correlation["me"] == look][number]
    return lambda run: run.deliver(one.message, {"case": CASE, "me": look}, given, receiver=one.id)


def compare(engine: Unsaved, game: Game, story: list[str], but: frozenset[str]) -> None:
    seen, wanted = view(engine.picture, but), view_of_game(game, but)
    for key, value in wanted.items():
        if seen[key] != value:
            said = (
                f"{type(engine).__name__} after {story[-6:] or 'the start'}: {key}\n engine {_only(seen[key], value)}"
            )
            raise Difference(f"{said}\n game   {_only(value, seen[key])}")
    if Counter(map(str, engine.sent)) != Counter(map(str, game.sent)):
        raise Difference(f"sent {engine.sent}, to be sent {game.sent}")


def _only(one: Any, other: Any) -> Any:
    """What of a value the other has not."""
    if isinstance(one, dict):
        return {key: value for key, value in one.items() if key not in other or other[key] != value}
    return [value for value in one if value not in other] or one if isinstance(one, list) else one
