"""Timers and the clock: due rows become commands, one transaction each, at the instant they were due."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from engine import history
from engine.clock import SystemClock
from engine.commands.move_clock import MoveClock
from engine.commands.resume_instance import ResumeInstance
from engine.commands.suspend_instance import SuspendInstance
from engine.engine import Engine
from engine.errors import Conflict, Forbidden
from engine.queries.deadlines import Deadlines
from engine.queries.instance_events import InstanceEvents
from engine.store import tables as t
from engine.store.row_clock import START as CLOCK_START
from engine.store.row_clock import RowClock
from tests.conftest import NOON, MakeEngine
from tests.integration.engine.conftest import (
    ADMIN,
    ANN,
    FINISH,
    OWNER,
    START,
    Office,
    add_people,
    bpmn,
    complete,
    deploy,
    flow,
    look,
    simple,
    start,
    tasks,
    user,
)

HOUR = timedelta(hours=1)


def timer(element_id: str, expression: str, kind: str = "timeDuration") -> str:
    return (
        f'<bpmn:intermediateCatchEvent id="{element_id}" name="{element_id}"><bpmn:timerEventDefinition id="d_{element_id}">'
        f'<bpmn:{kind} xsi:type="bpmn:tFormalExpression">{expression}</bpmn:{kind}>'
        "</bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>"
    )


def waiting(key: str = "waiting", *durations: str) -> bytes:
    names = [f"wait{number}" for number in range(len(durations))]
    events = "".join(timer(name, duration) for name, duration in zip(names, durations, strict=True))
    return bpmn(key, START + events + user("check") + FINISH + flow("begin", *names, "check", "finish"))


def fired(engine: Engine, instance_id: str) -> list[tuple[datetime, str | None]]:
    events = engine.ask(InstanceEvents(ADMIN, instance_id)).items
    return [(event.at, event.actor) for event in events if event.kind == "timer_fired"]


def test_an_instant_exactly_reached_is_due(engine: Engine) -> None:
    deploy(engine, waiting("waiting", "PT1H"))
    one = start(engine, "waiting")
    assert [item.due_at for item in look(engine, one).timers] == [NOON + HOUR]
    assert engine.work(until=NOON + HOUR - timedelta(seconds=1)) == 0
    assert tasks(engine, one) == []
    assert engine.work(until=NOON + HOUR) == 1
    assert [item.element_id for item in tasks(engine, one)] == ["check"]
    assert look(engine, one).timers == ()
    assert fired(engine, one) == [(NOON + HOUR, None)]
    assert engine.work() == 0


def test_moving_the_clock_stops_at_every_due_instant_in_order(engine: Engine) -> None:
    deploy(engine, waiting("waiting", "PT1H", "PT2H"), waiting("other", "PT90M"))
    one, other = start(engine, "waiting"), start(engine, "other")
    answer = engine.run(MoveClock(NOON + timedelta(days=1), ADMIN))
    assert answer == {"now": "2026-06-02T12:00:00+08:00", "fired": 3}
    assert fired(engine, one) == [(NOON + HOUR, None), (NOON + 3 * HOUR, None)]
    assert fired(engine, other) == [(NOON + 1.5 * HOUR, None)]
    assert tasks(engine, one)[0].created_at == NOON + 3 * HOUR
    with pytest.raises(Conflict):
        engine.run(MoveClock(NOON, ADMIN))
    with pytest.raises(Forbidden):
        engine.run(MoveClock(NOON + timedelta(days=2), OWNER))


def test_a_suspended_instance_stands_still_and_catches_up(engine: Engine) -> None:
    deploy(engine, waiting("waiting", "PT1H"))
    one = start(engine, "waiting")
    engine.run(SuspendInstance(one, OWNER, "audit"))
    assert engine.work(until=NOON + 5 * HOUR) == 0
    engine.run(ResumeInstance(one, OWNER))
    assert engine.work() == 1
    assert [item.element_id for item in tasks(engine, one)] == ["check"]


def test_timers_of_many_instances_fire_once_each_whoever_works(engine: Engine) -> None:
    deploy(engine, waiting("waiting", "PT1H"))
    started = [start(engine, "waiting") for _ in range(12)]
    engine.clock.set(NOON + HOUR)  # type: ignore[attr-defined]
    other = Engine(engine.settings, engine.registry, engine.clock)
    workers = [threading.Thread(target=each.work) for each in (engine, other)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    other.stop()
    assert [len(fired(engine, each)) for each in started] == [1] * 12


def test_a_timer_that_never_waits_is_stopped(engine: Engine) -> None:
    again = '<bpmn:exclusiveGateway id="again" default="f_again_now"/>'
    out = (
        '<bpmn:sequenceFlow id="out" sourceRef="again" targetRef="finish">'
        "<bpmn:conditionExpression>false</bpmn:conditionExpression></bpmn:sequenceFlow>"
    )
    body = START + again + timer("now", "PT0S") + FINISH + out + flow("begin", "again", "now", "again")
    deploy(engine, bpmn("spin", body))
    one = start(engine, "spin")
    engine.work()
    seen = look(engine, one)
    assert seen.instance.state == "incident"
    assert [incident.code for incident in seen.incidents] == ["TIMER_LOOP"]


def test_due_dates_make_tasks_overdue(engine: Engine) -> None:
    due = user("check", attributes='camunda:dueDate="2026-06-01T13:00:00+08:00"')
    deploy(engine, bpmn("due", START + due + FINISH + flow("begin", "check", "finish")), waiting("waiting", "PT3H"))
    one = start(engine, "due")
    start(engine, "waiting")
    assert [(item.due_at, item.overdue) for item in tasks(engine, one)] == [(NOON + HOUR, False)]
    engine.work(until=NOON + HOUR)
    assert tasks(engine, one)[0].overdue is True
    seen = engine.ask(Deadlines(ADMIN))
    assert [(item.kind, item.at, item.overdue) for item in seen.items] == [
        ("task", NOON + HOUR, True),
        ("timer", NOON + 3 * HOUR, False),
    ]
    assert engine.ask(Deadlines(ANN, until=NOON + 2 * HOUR)).total == 1


def test_the_manual_clock_stands_in_a_row(database_url: str, make_engine: MakeEngine, office: Office) -> None:
    engine = make_engine(database_url, office.registry(), clock="manual")
    engine.clock = RowClock(engine.store)
    other = make_engine(database_url, office.registry(), clock="manual")
    other.clock = RowClock(other.store)
    assert engine.now() == CLOCK_START
    deploy(engine, waiting("waiting", "PT1H"))
    one = start(engine, "waiting")
    assert engine.run(MoveClock(CLOCK_START + 2 * HOUR, ADMIN))["fired"] == 1
    assert other.now() == CLOCK_START + 2 * HOUR
    assert fired(engine, one) == [(CLOCK_START + HOUR, None)]


def test_the_background_wakes_by_itself_at_the_next_due_time(
    database_url: str, make_engine: MakeEngine, office: Office
) -> None:
    engine = make_engine(database_url, office.registry())
    add_people(engine)
    engine.clock = SystemClock()
    deploy(engine, waiting("waiting", "PT1S"))
    engine.start_background()
    one = start(engine, "waiting")
    arrived = threading.Event()
    for _ in range(100):
        if tasks(engine, one):
            break
        arrived.wait(0.1)
    with engine.store.snapshot() as connection:
        (happened,) = [line.at for line in history.read(connection, one) if line.kind == "timer_fired"]
        began = connection.execute(select(t.instance.c.started_at)).scalars().one()
    assert timedelta(seconds=1) <= happened - began < timedelta(seconds=4)
    complete(engine, one, "check")


def test_a_clock_that_follows_the_system_cannot_be_moved(
    database_url: str, make_engine: MakeEngine, office: Office
) -> None:
    engine = make_engine(database_url, office.registry())
    engine.clock = SystemClock()
    deploy(engine, simple())
    with pytest.raises(Forbidden):
        engine.run(MoveClock(datetime(2099, 1, 1, tzinfo=UTC), ADMIN))
