"""Messages between instances and from outside: one receiver, the right one, once."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from engine.commands.background import DeliverMessage
from engine.commands.publish_message import PublishMessage
from engine.commands.start_instance import StartInstance
from engine.engine import Engine
from engine.errors import Forbidden, Invalid, NotFound
from engine.queries.instance_list import InstanceList
from engine.store import tables as t
from tests.integration.engine.conftest import (
    ADMIN,
    ANN,
    FINISH,
    OWNER,
    START,
    bpmn,
    deploy,
    flow,
    look,
    properties,
    start,
    tasks,
    user,
)

NEWS = '<bpmn:message id="m_news" name="news"/>'


def catch(correlation: str | None = "={order: order}") -> str:
    declared = properties(correlation=correlation) if correlation else ""
    return (
        f'<bpmn:intermediateCatchEvent id="wait" name="wait">{declared}'
        '<bpmn:messageEventDefinition id="dm" messageRef="m_news"/></bpmn:intermediateCatchEvent>'
    )


def listener(key: str = "listener", correlation: str | None = "={order: order}") -> bytes:
    body = START + catch(correlation) + user("read") + FINISH + flow("begin", "wait", "read", "finish")
    return bpmn(key, body, extra=NEWS)


def service(topic: str, **parameters: str) -> str:
    inputs = "".join(f'<camunda:inputParameter name="{k}">{v}</camunda:inputParameter>' for k, v in parameters.items())
    inside = f"<bpmn:extensionElements><camunda:inputOutput>{inputs}</camunda:inputOutput></bpmn:extensionElements>"
    return f'<bpmn:serviceTask id="serve" name="serve" camunda:topic="{topic}">{inside}</bpmn:serviceTask>'


def sender(topic: str = "send", **parameters: str) -> bytes:
    parameters = parameters or {"order": "=order"}
    return bpmn("sender", START + service(topic, **parameters) + FINISH + flow("begin", "serve", "finish"))


def publish(engine: Engine, **what: Any) -> int:
    answer: int = engine.run(PublishMessage(name="news", actor=OWNER, **what))["delivered"]
    return answer


def told(engine: Engine, instance_id: str) -> Any:
    return look(engine, instance_id).variables.get("told")


def test_a_message_reaches_whom_it_correlates_with(engine: Engine) -> None:
    deploy(engine, listener())
    one, two = start(engine, "listener", order=1), start(engine, "listener", order=2)
    assert publish(engine, correlation={"order": 2}, variables={"told": "x"}) == 1
    assert (told(engine, one), told(engine, two)) == (None, "x")
    assert look(engine, one).waiting[0].message == "news"
    with pytest.raises(NotFound):
        publish(engine, correlation={"order": 3})
    with pytest.raises(NotFound):
        publish(engine, correlation={"order": "1"})
    with pytest.raises(Invalid):
        publish(engine)
    with pytest.raises(Forbidden):
        engine.run(PublishMessage("news", ANN, correlation={"order": 1}))


def test_a_business_key_alone_is_enough(engine: Engine) -> None:
    deploy(engine, listener())
    ids = [
        engine.run(StartInstance(OWNER, key="listener", business_key=key, variables={"order": 1}))["id"]
        for key in ("a", "b")
    ]
    assert publish(engine, business_key="b", variables={"told": "x"}) == 1
    assert [told(engine, each) for each in ids] == [None, "x"]
    with pytest.raises(NotFound):
        publish(engine, business_key="a", correlation={"order": 2})


def test_an_event_that_declares_nothing_is_found_by_its_variables(engine: Engine) -> None:
    deploy(engine, listener(correlation=None))
    one, two = start(engine, "listener", order=1, city="x"), start(engine, "listener", order=2)
    assert publish(engine, correlation={"order": 1}, variables={"told": 1}) == 1
    assert (told(engine, one), told(engine, two)) == (1, None)


def test_one_receiver_or_all(engine: Engine) -> None:
    deploy(engine, listener())
    ids = [start(engine, "listener", order=1) for _ in range(4)]
    assert publish(engine, correlation={"order": 1}, variables={"told": 1}) == 1
    assert publish(engine, correlation={"order": 1}, variables={"told": 2}, all=True) == 3
    assert sorted(told(engine, each) for each in ids) == [1, 2, 2, 2]


def test_a_kept_message_waits_for_the_next_to_wait(engine: Engine) -> None:
    deploy(engine, listener())
    assert publish(engine, correlation={"order": 7}, variables={"told": "early"}, keep=True) == 0
    other, one = start(engine, "listener", order=8), start(engine, "listener", order=7)
    engine.work()
    assert (told(engine, other), told(engine, one)) == (None, "early")
    late = start(engine, "listener", order=7)
    engine.work()
    assert told(engine, late) is None


def test_instances_tell_each_other_after_the_commit(engine: Engine) -> None:
    deploy(engine, listener(), sender())
    one = start(engine, "listener", order=5)
    start(engine, "sender", order=5)
    assert told(engine, one) is None
    engine.work()
    assert told(engine, one) is True
    start(engine, "sender", order=6)  # sent before anybody waits
    engine.work()
    two = start(engine, "listener", order=6)
    engine.work()
    assert told(engine, two) is True


def test_a_message_delivered_twice_acts_once(engine: Engine) -> None:
    deploy(engine, listener(), sender())
    ids = [start(engine, "listener", order=5) for _ in range(2)]
    start(engine, "sender", order=5)
    engine.work()
    with engine.store.snapshot() as connection:
        message_id = connection.scalars(select(t.message.c.id)).one()
    engine.run(DeliverMessage(message_id))
    assert sorted(str(told(engine, each)) for each in ids) == ["None", "True"]


def test_a_handler_starts_another_process_once(engine: Engine) -> None:
    deploy(engine, sender("start", key="listener"), listener(correlation="={from: from}"))
    one = start(engine, "sender")
    engine.work()
    engine.work()
    found = engine.ask(InstanceList(ADMIN, definition_key="listener")).items
    assert [(item.started_by, item.state) for item in found] == [(None, "active")]
    assert look(engine, found[0].id).variables == {"from": one}
    publish(engine, correlation={"from": one})
    assert [item.candidate_groups for item in tasks(engine, found[0].id)] == [("clerks",)]


def test_a_start_that_cannot_be_is_an_incident_of_who_asked(engine: Engine) -> None:
    deploy(engine, sender("start", key="missing"))
    one = start(engine, "sender")
    engine.work()
    assert [(incident.code, incident.state) for incident in look(engine, one).incidents] == [("NOT_FOUND", "open")]
