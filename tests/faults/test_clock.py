"""Time that jumps, zones that keep daylight saving, leap days and the ends of months: what falls due is right, once, and none is lost."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from engine.clock import FixedClock
from engine.commands.complete_task import CompleteTask
from engine.commands.port import Once
from engine.engine import Engine
from engine.errors import Conflict
from engine.history import every
from engine.store import tables as t
from tests.conftest import NOON, MakeEngine
from tests.faults.dues import CASES, case, fingerprint
from tests.integration.engine.conftest import (
    ANN,
    FINISH,
    START,
    Office,
    add_people,
    bpmn,
    deploy,
    flow,
    look,
    start,
    tasks,
    user,
)

pytestmark = pytest.mark.fault

ROOT = Path(__file__).resolve().parents[2]
ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "UTC")
JUMPS = {
    "an hour back": timedelta(hours=-1),
    "an hour on": timedelta(hours=1),
    "a day back": timedelta(days=-1),
    "a year on": timedelta(days=365),
}


def test_5000_due_instants_are_those_of_the_time_zone_database() -> None:
    dice = random.Random("dues")
    for number in range(CASES):
        what, now, wanted, reached = case(dice)
        assert reached() == wanted, f"case {number}: {what} at {now.isoformat()}"


def test_the_zone_of_the_process_changes_nothing() -> None:
    """The same results in every zone, each in a process of its own that runs there."""
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.faults.dues"],
            env={**os.environ, "TZ": zone},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for zone in ZONES
    ]
    assert {child.communicate(timeout=60)[0].strip() for child in running} == {fingerprint()}


def waiting() -> bytes:
    """A task with a reminder every hour, and beside it a timer of two hours."""
    edge = (
        '<bpmn:boundaryEvent id="again" attachedToRef="work" cancelActivity="false"><bpmn:timerEventDefinition>'
        "<bpmn:timeCycle>R3/PT1H</bpmn:timeCycle></bpmn:timerEventDefinition></bpmn:boundaryEvent>"
    )
    wait = (
        '<bpmn:intermediateCatchEvent id="later"><bpmn:timerEventDefinition><bpmn:timeDuration>PT2H</bpmn:timeDuration>'
        "</bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>"
    )
    gates = '<bpmn:parallelGateway id="part"/><bpmn:parallelGateway id="meet"/><bpmn:endEvent id="told"/>'
    flows = flow("begin", "part", "work", "meet", "finish") + flow("part", "later", "meet") + flow("again", "told")
    return bpmn("waiting", START + gates + user("work") + edge + wait + FINISH + flows)


def fired(engine: Engine) -> list[tuple[str | None, str]]:
    with engine.store.snapshot() as connection:
        return [(line.element_id, line.data["due"]) for line in every(connection) if line.kind == "timer_fired"]


@pytest.mark.parametrize("jump", JUMPS)
def test_a_clock_that_jumps_fires_nothing_twice_and_loses_nothing(
    database_url: str, make_engine: MakeEngine, office: Office, jump: str
) -> None:
    """The system's clock is put wrong while an instance waits, work is done meanwhile, and it is put right again."""
    engine = make_engine(database_url, office.registry())
    add_people(engine)
    deploy(engine, waiting())
    one = start(engine, "waiting")
    clock = FixedClock(NOON + timedelta(minutes=90))
    engine.clock = clock
    engine.work()
    assert fired(engine) == [("again", (NOON + timedelta(hours=1)).isoformat())]
    clock.set(clock.now() + JUMPS[jump])
    engine.work()
    once = Once("ann", "complete", "key-1", b"{}")
    finish = CompleteTask(tasks(engine, one, element="work")[0].id, ANN)
    first = engine.run(finish, once)
    assert engine.run(finish, once) == first  # a repetition is known, whatever the clock says
    engine.work()
    clock.set(NOON + timedelta(minutes=91))
    engine.work()
    # Keys are kept for 24 hours by this clock: one that was a day wrong may have forgotten it. Done twice it is not.
    with suppress(Conflict):
        assert engine.run(finish, once) == first
    clock.set(NOON + timedelta(hours=4))
    engine.work()
    assert look(engine, one).instance.state == "completed"
    happened = fired(engine)
    assert len(happened) == len(set(happened))
    assert ("later", (NOON + timedelta(hours=2)).isoformat()) in happened
    # On a clock that was ahead, what would have been due then is due: a reminder while the task was still open.
    ahead = JUMPS[jump] > timedelta(0)
    assert [element for element, _ in happened].count("again") == (1 if not ahead else 2 if jump == "an hour on" else 3)
    with engine.store.snapshot() as connection:
        assert connection.execute(select(t.timer.c.id)).all() == []


def test_a_lease_does_not_hang_on_the_office_clock(database_url: str, make_engine: MakeEngine, office: Office) -> None:
    """Who holds a job holds it by the real time: a clock put back a year frees nothing, and nothing waits a year for it."""
    engine = make_engine(database_url, office.registry())
    add_people(engine)
    deploy(engine, waiting())
    one = start(engine, "waiting")
    engine.clock = FixedClock(NOON + timedelta(hours=3))
    wall = FixedClock(datetime(2026, 6, 1, 9, 0, tzinfo=UTC))
    engine.wall = wall
    engine.work()
    assert [element for element, _ in fired(engine)].count("later") == 1
    wall.set(wall.now() - timedelta(days=1))
    engine.clock = FixedClock(NOON - timedelta(days=365))
    engine.work()
    engine.clock = FixedClock(NOON + timedelta(hours=5))
    engine.work()
    assert [element for element, _ in fired(engine)].count("later") == 1
    assert look(engine, one).instance.state == "active"
