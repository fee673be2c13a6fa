"""Running instances of random models moved to another release in the middle, and what becomes of them there.

A twin is the same model under another release, with the same ids or with every id changed: the instance goes on exactly as the token
game says. A changed model differs by a step that is gone, lines that are more or fewer: what is refused stays as it was, and what is moved
comes to an end.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from engine.bpmn import moving
from engine.bpmn.drive import Run
from engine.bpmn.model import Limits, Picture, ServiceCall, WaitingMessage
from engine.bpmn.parse import Release
from tests.faults.models.blocks import Block, Model, grow
from tests.faults.models.drawing import draw
from tests.faults.models.oracle import Game
from tests.faults.models.play import (
    BEGIN,
    MOST,
    Unsaved,
    World,
    act_on,
    alike,
    beginning,
    broken,
    choose,
    compare,
    repeated,
    values,
)

pytestmark = pytest.mark.fault


class Elsewhere(World):
    """Knows a service by the id it had before it was renamed."""

    def call(self, request: ServiceCall) -> Mapping[str, Any]:
        return super().call(replace(request, element_id=plain(request.element_id)))


def plain(element_id: str) -> str:
    return element_id.removeprefix("R__")


def renamed(raw: bytes, release: Release) -> tuple[bytes, moving.Names]:
    """The same diagram with another id for every element and flow, and what they were called."""
    text = raw.decode()
    ids = set(re.findall(r'<bpmn:(?!process|message|error|definitions)\w+ [^>]*?\bid="(\w+)"', text))
    whole = re.compile(r"(?<!\w)(" + "|".join(sorted(ids, key=len, reverse=True)) + r")(?!\w)")
    parts = re.split(r'(\b(?:id|sourceRef|targetRef|default|attachedToRef)="\w+")', text)
    drawn = "".join(whole.sub(r"R__\1", part) if n % 2 else part for n, part in enumerate(parts))
    return drawn.encode(), {key: {e: f"R__{e}" for e in info.elements} for key, info in release.processes.items()}


def as_before(picture: Picture) -> Picture:
    def back(items: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(replace(item, element_id=plain(item.element_id)) for item in items)

    names = ("tasks", "timers", "messages", "active", "failures")
    return replace(picture, **{name: back(getattr(picture, name)) for name in names})


class Moving(Unsaved):
    """One instance that is moved between two releases now and then."""

    def __init__(self, one: Release, two: Release, names: moving.Names, variables: Any, world: World) -> None:
        self.there, self.names = {one.id: two, two.id: one}, {one.id: names, two.id: turned(names)}
        self.moves = 0
        super().__init__(one, variables, world)

    def settle(self) -> None:
        super().settle()
        self.picture = as_before(self.picture)

    def move(self) -> None:
        names, there = self.names[self.run.release.id], self.there[self.run.release.id]
        planned = moving.plan(self.run, there, names)
        assert not planned.obstacles, [str(each.text) for each in planned.obstacles]
        assert not planned.begins
        self.run = moving.carry(self.run, planned, there, names, self.world, Limits())
        self.moves += 1
        del self.sent[len(self.sent) :]
        self.settle()


def turned(names: moving.Names) -> moving.Names:
    return {key: {new: old for old, new in pairs.items() if new is not None} for key, pairs in names.items()}


@pytest.mark.parametrize("ids", ["same", "other"])
def test_an_instance_goes_on_in_a_twin_as_the_game_says(ids: str) -> None:
    moves = sum(play_twin(f"twin-{ids}-{number}", ids == "other") for number in range(24))
    assert moves > 35


def play_twin(seed: str, other_ids: bool) -> int:
    model = grow(seed)
    raw = draw(model)
    one = Release.build(f"{seed}-one", {"m.bpmn": raw})
    drawn, names = renamed(raw, one) if other_ids else (raw, {})
    two = Release.build(f"{seed}-two", {"m.bpmn": drawn})
    dice, but = random.Random(seed), repeated(model)
    variables = beginning(model, dice)
    blocks = {block.id: block for block in model.blocks() if block.kind != "edge"}
    game = Game(model, variables, BEGIN, broken(model))
    engine = Moving(one, two, names, variables, Elsewhere(BEGIN, broken(model)))
    story = [seed]
    for step in range(MOST):
        compare(engine, game, story, but)
        if not engine.picture.completed and dice.random() < 0.4:
            engine.move()
            story.append("moved")
            compare(engine, game, story, but)
        act(engine, game, blocks, dice, step, but, story)
        if game.result is not None:
            break
    compare(engine, game, story, but)
    return engine.moves


def act(
    engine: Moving, game: Game, blocks: dict[str, Block], dice: random.Random, step: int, but: Any, story: list[str]
) -> None:
    wait = choose(game, dice, step)
    if wait is None:
        return
    if isinstance(wait, timedelta):
        game.now += wait
        engine.world.now = game.now
        story.append(f"the clock moves on by {wait}")
        while any(each.due and each.due <= game.now for each in game.waits):
            game.fire_due()
            engine.do(Run.fire_due)
        return
    story.append(f"{wait.kind} {wait.element}")
    if wait.kind == "failed":
        game.mend(wait.element)
        engine.world.broken.discard(wait.element)
    number, given = alike(game, wait, but), values(blocks, wait, dice, step)
    done = act_on(engine, wait, number, given, but)
    game.complete(wait, given)
    engine.do(done)


# -- changed models -----------------------------------------------------------------------------------------------------


def test_a_changed_model_takes_over_what_it_can_and_refuses_the_rest() -> None:
    moved = refused = 0
    for number in range(90):
        verdict = play_changed(f"changed-{number}")
        moved, refused = moved + verdict.count("m"), refused + verdict.count("r")
    assert moved > 15
    assert refused > 10


def play_changed(seed: str) -> str:
    """What became of the moves tried: m moved, r refused. A refused one leaves the saved state as it was; a moved one ends."""
    dice = random.Random(seed)
    model = grow(seed, simple=True)
    other = Model({key: change(body, dice) for key, body in model.processes.items()})
    one = Release.build(f"{seed}-one", {"m.bpmn": draw(model)})
    two = Release.build(f"{seed}-two", {"m.bpmn": draw(other)})
    known = {element.id for info in two.processes.values() for element in info.elements.values()}
    world = World(BEGIN, set())
    run = Run.start(one, "p", beginning(model, dice) | beginning(other, dice), world)
    picture = run.advance()
    verdict = ""
    for _ in range(dice.randint(0, 6)):
        if not push(run, picture, world, dice):
            break
        picture = run.advance()
    if picture.completed:
        return verdict
    blob = run.dump()
    planned = moving.plan(run, two, {})
    assert run.dump() == blob, f"{seed}: looking changed the state"
    standing = {each.element_id for each in picture.active} | {timer.element_id for timer in picture.timers}
    if planned.obstacles:
        assert all(each.text.dump() and each.code for each in planned.obstacles)
        return "r"
    assert standing <= known, f"{seed}: moved although {standing - known} are not there"
    kept = {task.id: (task.element_id, task.due_at, task.data) for task in picture.tasks}
    dues = {timer.id: timer.due_at for timer in picture.timers}
    run = moving.carry(run, planned, two, {}, world, Limits())
    picture = run.advance()
    assert kept.items() <= {t.id: (t.element_id, t.due_at, t.data) for t in picture.tasks}.items(), seed
    assert dues.items() <= {timer.id: timer.due_at for timer in picture.timers}.items(), seed
    run = Run.load(two, "p", run.dump(), world)
    for _ in range(MOST):
        stuck = [failure.code for failure in picture.failures]
        assert not stuck, f"{seed}: {stuck} after the move"
        if picture.completed or not push(run, picture, world, dice, to_the_end=True):
            break
        picture = run.advance()
    assert picture.completed, f"{seed}: no end after the move: {picture.active}"
    return "m"


def change(block: Block, dice: random.Random) -> Block:
    """A model that somebody went on drawing: a step more, a step less, a line more or less."""
    parts = tuple(change(part, dice) for part in block.parts)
    block = replace(block, parts=parts)
    luck = dice.random()
    if block.kind == "user" and luck < 0.08:
        return replace(block, id=f"{block.id}_new")
    if block.kind == "parallel" and luck < 0.25:
        more = Block("user", f"more_{block.id}", (), {"writes": ()})
        return replace(block, parts=(*parts, more))
    if block.kind == "parallel" and luck < 0.45:
        return Block("sequence", block.id, parts)
    if block.kind == "sequence" and luck < 0.2:
        more = Block("user", f"more_{block.id}", (), {"writes": ()})
        return replace(block, parts=(parts[0], more, *parts[1:]))
    if block.kind == "sequence" and luck < 0.3 and len(parts) > 2:
        return replace(block, parts=parts[:-1])
    if block.kind == "sequence" and luck < 0.4:
        return replace(block, parts=tuple(reversed(parts)))
    return block


def begins_beside(run: Run, waiting: WaitingMessage) -> bool:
    element = run.release.processes[waiting.definition_key].elements[waiting.element_id]
    return element.type == "boundaryEvent" and not element.interrupting


def push(run: Run, picture: Picture, world: World, dice: random.Random, *, to_the_end: bool = False) -> bool:
    """Something happens to it; False where nothing can."""
    ways = [*picture.tasks, *picture.messages]
    if to_the_end:  # rather than begin something beside an activity again and again
        ways = list(picture.tasks) or [each for each in picture.messages if not begins_beside(run, each)]
    timers = sorted(timer.due_at for timer in picture.timers)
    if timers and (not ways or dice.random() < 0.2):
        world.now = max(world.now, timers[0]) + timedelta(hours=dice.choice([0, 0, 40]))
        run.fire_due()
        return True
    if not ways:
        return False
    chosen = ways[0] if to_the_end else dice.choice(ways)
    if chosen in picture.tasks:
        run.complete(chosen.id, {})
    else:
        run.deliver(chosen.message, chosen.correlation, {}, receiver=chosen.id)
    return True
