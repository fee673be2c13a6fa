"""What fails: nothing is lost, what may pass is tried again, the rest waits for a person."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from engine.clock import FixedClock
from engine.commands.cancel_instance import CancelInstance
from engine.commands.complete_task import CompleteTask
from engine.commands.retry_incident import RetryIncident
from engine.commands.run_job import TakeJob, Taken
from engine.commands.suspend_instance import SuspendInstance
from engine.engine import Engine
from engine.errors import Conflict, Forbidden, Refused
from engine.jobs.backoff import pause
from engine.queries.incidents import IncidentList
from engine.queries.instance_diagram import InstanceDiagram
from engine.queries.instance_events import InstanceEvents
from engine.queries.instance_view import InstanceView
from engine.store import tables as t
from tests.conftest import NOON
from tests.integration.engine.conftest import (
    ADMIN,
    ANN,
    EVE,
    FINISH,
    OWNER,
    START,
    Office,
    bpmn,
    complete,
    deploy,
    flow,
    look,
    properties,
    simple,
    start,
    tasks,
    user,
)
from tests.integration.engine.test_messages import sender, service
from tests.integration.engine.test_time import timer, waiting

MINUTE = timedelta(minutes=1)


def served(topic: str = "work", **parameters: str) -> bytes:
    """A task, then a service."""
    parts = START + user("check") + service(topic, **parameters) + FINISH
    return bpmn("served", parts + flow("begin", "check", "serve", "finish"))


def test_outside_a_failed_step_only_stands_still(engine: Engine, office: Office) -> None:
    given = properties(outsiders="others")
    parts = given + START + user("check") + service("work", text="typed-63") + FINISH
    diagram = bpmn("told", parts + flow("begin", "check", "serve", "finish"), 'camunda:candidateStarterGroups="others"')
    deploy(engine, diagram)
    one = start(engine, "told", EVE)
    office.failing = 9
    complete(engine, one, "check")

    inside = engine.ask(IncidentList(ADMIN)).items[0]
    assert (inside.code, "ConnectionError" in str(inside.message)) == ("STEP_FAILED", True)
    told = [
        engine.ask(IncidentList(EVE)).items,
        engine.ask(InstanceView(EVE, one)).incidents,
        engine.ask(InstanceDiagram(EVE, one))[0].incidents,
    ]
    for items in told:
        assert [(item.code, item.facts) for item in items] == [("STANDS_STILL", {})]
        assert "停住了" in str(items[0].message)
    lines = [event for event in engine.ask(InstanceEvents(EVE, one)).items if event.kind == "incident_opened"]
    assert [("停住了" in str(line.text), line.data) for line in lines] == [(True, {})]


def test_nobody_is_told_what_an_unforeseen_error_says(engine: Engine, office: Office) -> None:
    deploy(engine, served())
    one = start(engine, "served")
    office.failing = 9
    with capture_logs() as logged:
        complete(engine, one, "check")
    sentence = str(engine.ask(IncidentList(ADMIN)).items[0].message)
    events = engine.ask(InstanceEvents(ADMIN, one)).items
    assert "ConnectionError" in sentence
    assert "platform" not in sentence + "".join(f"{event.text} {event.data}" for event in events)
    assert any("the platform does not answer" in line.get("error", "") for line in logged)


def script(expression: str) -> bytes:
    step = (
        '<bpmn:scriptTask id="reckon" name="reckon" scriptFormat="feel" camunda:resultVariable="r">'
        f"<bpmn:script>{expression}</bpmn:script></bpmn:scriptTask>"
    )
    return bpmn("script", START + user("check") + step + FINISH + flow("begin", "check", "reckon", "finish"))


def kinds(engine: Engine, instance_id: str) -> list[str]:
    return [event.kind for event in engine.ask(InstanceEvents(ADMIN, instance_id)).items]


def test_a_handler_works_in_the_same_transaction(engine: Engine, office: Office) -> None:
    deploy(engine, served(text="=&quot;hello &quot; + name"))
    one = start(engine, "served", name="ann")
    complete(engine, one, "check")
    assert office.calls == ["hello ann"]
    assert look(engine, one).variables["count"] == 1
    assert "worked" in kinds(engine, one)


def test_a_refusal_refuses_the_whole_command_and_is_written_down(engine: Engine, office: Office) -> None:
    office.refuse = True
    deploy(engine, served())
    one = start(engine, "served")
    before = look(engine, one)
    with pytest.raises(Refused) as refused:
        complete(engine, one, "check", ANN, y=1)
    assert refused.value.code == "NOT_TODAY"
    assert look(engine, one) == before
    last = engine.ask(InstanceEvents(ADMIN, one, newest_first=True)).items[0]
    assert (last.kind, last.actor, last.data) == ("refused", "ann", {"command": "CompleteTask", "code": "NOT_TODAY"})
    office.refuse = False
    complete(engine, one, "check")


def test_a_refusal_where_nobody_is_there_is_an_incident(engine: Engine, office: Office) -> None:
    office.refuse = True
    parts = START + timer("wait", "PT1H") + service("work") + FINISH
    deploy(engine, bpmn("alone", parts + flow("begin", "wait", "serve", "finish")))
    one = start(engine, "alone")
    engine.work(until=NOON + timedelta(hours=1))
    seen = look(engine, one)
    assert (seen.instance.state, [i.code for i in seen.incidents], seen.incidents[0].state) == (
        "incident",
        ["NOT_TODAY"],
        "open",
    )
    engine.run(RetryIncident(seen.incidents[0].id, OWNER))
    assert [(i.state, i.attempts) for i in look(engine, one).incidents] == [("open", 2)]
    office.refuse = False
    answer = engine.run(RetryIncident(seen.incidents[0].id, OWNER))
    assert (answer["state"], answer["instance"]["state"]) == ("resolved", "completed")


def test_a_broken_expression_waits_for_a_person_at_once(engine: Engine) -> None:
    deploy(engine, script("number(x) + 1"))
    one = start(engine, "script", x="not a number")
    complete(engine, one, "check")
    seen = look(engine, one)
    assert seen.instance.state == "incident"
    assert [(i.element_id, i.state, i.attempts) for i in seen.incidents] == [("reckon", "open", 1)]
    assert engine.ask(IncidentList(OWNER)).total == 1
    assert engine.ask(IncidentList(ANN)).total == 1  # took part
    with pytest.raises(Forbidden):
        engine.run(RetryIncident(seen.incidents[0].id, ANN))


def test_a_service_that_breaks_down_is_tried_again_by_itself(engine: Engine, office: Office) -> None:
    office.failing = 2
    deploy(engine, served(text="go"))
    one = start(engine, "served")
    complete(engine, one, "check")
    seen = look(engine, one)
    assert (seen.instance.state, seen.incidents[0].state) == ("active", "retrying")
    engine.work(until=NOON + MINUTE)
    assert office.calls == ["go"] * 3
    assert look(engine, one).instance.state == "completed"
    times = [e.at - NOON for e in engine.ask(InstanceEvents(ADMIN, one)).items if e.kind.startswith("incident")]
    assert times[0] == timedelta(0)
    assert timedelta(seconds=0.8) <= times[1] <= timedelta(seconds=1.2)
    assert timedelta(seconds=4) <= times[2] <= timedelta(seconds=6)


def test_after_three_tries_a_person_is_asked(engine: Engine, office: Office) -> None:
    office.failing = 5
    deploy(engine, served(text="go"))
    one = start(engine, "served")
    complete(engine, one, "check")
    engine.work(until=NOON + MINUTE)
    seen = look(engine, one)
    assert (seen.instance.state, seen.incidents[0].state, seen.incidents[0].attempts) == ("incident", "open", 4)
    office.failing = 0
    engine.run(RetryIncident(seen.incidents[0].id, OWNER))
    assert look(engine, one).instance.state == "completed"
    with pytest.raises(Conflict):
        engine.run(RetryIncident(seen.incidents[0].id, OWNER))


def test_pauses_grow_and_differ() -> None:
    first = [pause(1, f"key{number}") for number in range(50)]
    assert len(set(first)) == 50
    assert all(timedelta(seconds=0.8) <= each <= timedelta(seconds=1.2) for each in first if each)
    assert pause(4, "key") is None


def test_an_effect_is_kept_once_per_key_and_sent(engine: Engine, office: Office) -> None:
    sent: list[str] = []
    engine.senders["mail"] = lambda key, payload: sent.append(f"{key} {payload['to']}")
    deploy(engine, sender("mail", key="=about"))
    for _ in range(2):
        start(engine, "sender", about="k1")
    start(engine, "sender", about="k2")
    assert sent == []
    engine.work()
    engine.work()
    assert sorted(sent) == ["k1 ann", "k2 ann"]
    with engine.store.snapshot() as connection:
        assert None not in connection.execute(select(t.effect.c.sent_at)).scalars().all()


def test_a_sender_that_fails_is_asked_again_with_the_same_key(engine: Engine) -> None:
    keys: list[str] = []

    def send(key: str, payload: object) -> None:
        keys.append(key)
        if len(keys) < 3:
            raise TimeoutError

    engine.senders["mail"] = send
    deploy(engine, sender("mail", key="k"))
    start(engine, "sender")
    engine.work(until=NOON + MINUTE)
    assert keys == ["k"] * 3


def test_a_worker_that_dies_is_counted(engine: Engine) -> None:
    """A job that kills its worker every time never reports: three attempts that began are enough."""
    deploy(engine, waiting("waiting", "PT1H"))
    one = start(engine, "waiting")
    engine.clock.set(NOON + timedelta(hours=1))  # type: ignore[attr-defined]
    wall = FixedClock(engine.wall.now())
    engine.wall = wall
    for attempt in range(3):
        taken = engine.run(TakeJob()).job
        assert taken is not None
        assert taken.attempts == attempt + 1  # and the worker is gone
        assert engine.run(TakeJob()) == Taken(None)
        wall.set(wall.now() + MINUTE + timedelta(seconds=1))
    assert engine.run(TakeJob()) == Taken(None, given_up=1)
    seen = look(engine, one)
    assert (seen.instance.state, [i.code for i in seen.incidents]) == ("incident", ["JOB_DIED"])
    engine.run(RetryIncident(seen.incidents[0].id, OWNER))
    assert engine.work() == 1
    assert look(engine, one).instance.state == "active"


def test_a_damaged_state_is_refused(engine: Engine) -> None:
    deploy(engine, simple())
    one, two = start(engine, "simple"), start(engine, "simple")
    state = t.instance_state
    with engine.store.transaction() as connection:
        kept = connection.execute(select(state).where(state.c.instance_id == one)).one()
        other = connection.execute(select(state).where(state.c.instance_id == two)).one()
        swap = update(state).where(state.c.instance_id == one)
        connection.execute(swap.values(blob=other.blob, mac=other.mac))  # another instance's, whole and genuine
    wanted = tasks(engine, one)[0].id
    with pytest.raises(Refused) as refused:
        engine.run(CompleteTask(wanted, ANN))
    assert refused.value.code == "STATE_DAMAGED"
    with engine.store.transaction() as connection:
        connection.execute(swap.values(blob=kept.blob, mac=kept.mac))
    engine.run(CompleteTask(wanted, ANN))


def test_a_cancelled_instance_offers_nothing_any_more(engine: Engine) -> None:
    deploy(engine, waiting("waiting", "PT1H"), simple())
    one, two = start(engine, "waiting"), start(engine, "simple")
    wanted = tasks(engine, two)[0].id
    for each in (one, two):
        assert engine.run(CancelInstance(each, OWNER, "withdrawn"))["state"] == "cancelled"
    with pytest.raises(Conflict):
        engine.run(CompleteTask(wanted, ANN))
    with pytest.raises(Conflict):
        engine.run(CancelInstance(one, OWNER, "again"))
    assert engine.work(until=NOON + timedelta(hours=2)) == 0
    assert look(engine, two).instance.reason == "withdrawn"
    with pytest.raises(Forbidden):
        engine.run(CancelInstance(one, ADMIN, "x"))


def test_a_suspended_task_cannot_be_done(engine: Engine) -> None:
    deploy(engine, simple())
    one = start(engine, "simple")
    engine.run(SuspendInstance(one, OWNER, "audit"))
    assert tasks(engine, one)[0].suspended is True
    with pytest.raises(Conflict) as refused:
        complete(engine, one, "check")
    assert refused.value.code == "INSTANCE_SUSPENDED"
