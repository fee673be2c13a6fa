"""Tokens of random diagrams moved at random wherever they may go: everything still comes together and ends."""

from __future__ import annotations

import random
from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.bpmn import surgery
from engine.bpmn.guard import Guard
from engine.registry import Protected
from tests.unit.bpmn.diagrams import Play
from tests.unit.bpmn.test_random import Block, blocks, drawn, timed_blocks


def moves(play: Play, guard: Guard) -> list[Callable[..., object]]:
    """Every move that is allowed now."""
    found = []
    for place in surgery.places(play.load(), guard):
        for target in place.targets:
            if target.reason is None:
                found.append(lambda run, token=place.token, to=target.element_id: surgery.move(run, guard, token, to))
    return found


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(blocks, timed_blocks), st.integers(0, 2**32))
def test_wherever_tokens_are_moved_the_process_comes_to_its_end(block: Block, seed: int) -> None:
    path = random.Random(seed)
    built, drawing = drawn(block, random.Random(seed))
    guard = Guard(built, Protected(), {})
    play, left = Play(built, drawing.variables), 4
    for step in range(400):
        assert play.failed == []
        if play.picture.completed:
            break
        allowed = moves(play, guard) if left and path.random() < 0.4 else []
        if allowed:
            left -= 1
            play.do(path.choice(allowed))
        elif play.picture.timers and (not play.open or path.random() < 0.4):
            play.fire(hours=1)
        else:
            play.complete(path.choice(sorted(play.open)), **{f"by_{step}": step})
    assert play.picture.completed
