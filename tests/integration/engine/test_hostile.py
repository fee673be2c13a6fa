"""Diagrams that want to break out or never end: refused, or an incident within two seconds, and the next request works."""

from __future__ import annotations

import time

import pytest

from engine.commands.cancel_instance import CancelInstance
from engine.engine import Engine
from engine.errors import DeploymentRefused
from tests.integration.engine.conftest import (
    FINISH,
    OWNER,
    START,
    bpmn,
    complete,
    deploy,
    flow,
    look,
    properties,
    simple,
    start,
    user,
)
from tests.integration.engine.test_messages import service
from tests.integration.engine.test_time import timer

ENDLESS = "count(for i in 1..1000000000 return i)"
PAYLOADS = {
    "import": '__import__("os").system("true")',
    "power": "9**9**9**9**9",
    "endless": ENDLESS,
    "recursion": "{f: function(n) f(n + 1), r: f(0)}.r",
    "memory": 'for i in 1..100000000 return "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"',
}
SECONDS = 2.0


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def in_condition(payload: str) -> bytes:
    out = (
        '<bpmn:sequenceFlow id="out" sourceRef="choose" targetRef="finish">'
        f"<bpmn:conditionExpression>{payload}</bpmn:conditionExpression></bpmn:sequenceFlow>"
    )
    choose = '<bpmn:exclusiveGateway id="choose" default="f_choose_other"/>'
    parts = START + user("check") + choose + user("other") + FINISH + out
    return bpmn("hostile", parts + flow("begin", "check", "choose", "other", "finish"))


def in_script(payload: str) -> bytes:
    step = (
        '<bpmn:scriptTask id="step" scriptFormat="feel" camunda:resultVariable="r">'
        f"<bpmn:script>{payload}</bpmn:script></bpmn:scriptTask>"
    )
    return bpmn("hostile", START + user("check") + step + FINISH + flow("begin", "check", "step", "finish"))


def in_timer(payload: str) -> bytes:
    parts = START + user("check") + timer("step", payload) + FINISH
    return bpmn("hostile", parts + flow("begin", "check", "step", "finish"))


def in_task(attribute: str) -> object:
    def build(payload: str) -> bytes:
        step = user("step", attributes=f'camunda:{attribute}="={payload}"', groups="")
        return bpmn("hostile", START + user("check") + step + FINISH + flow("begin", "check", "step", "finish"))

    return build


def in_collection(payload: str) -> bytes:
    loop = f'<bpmn:multiInstanceLoopCharacteristics camunda:collection="={payload}" camunda:elementVariable="n"/>'
    return bpmn(
        "hostile", START + user("check") + user("step", loop) + FINISH + flow("begin", "check", "step", "finish")
    )


def in_cardinality(payload: str) -> bytes:
    loop = (
        "<bpmn:multiInstanceLoopCharacteristics>"
        f"<bpmn:loopCardinality>{payload}</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>"
    )
    return bpmn(
        "hostile", START + user("check") + user("step", loop) + FINISH + flow("begin", "check", "step", "finish")
    )


def in_parameter(payload: str) -> bytes:
    parts = START + user("check") + service("work", text=f"={payload}") + FINISH
    return bpmn("hostile", parts + flow("begin", "check", "serve", "finish"))


def in_scopes(payload: str) -> bytes:
    parts = properties(scopes=f"={payload}") + START + user("check") + FINISH
    return bpmn("hostile", parts + flow("begin", "check", "finish"))


SLOTS = {
    "condition": in_condition,
    "script": in_script,
    "timer": in_timer,
    "assignee": in_task("assignee"),
    "dueDate": in_task("dueDate"),
    "candidateGroups": in_task("candidateGroups"),
    "collection": in_collection,
    "cardinality": in_cardinality,
    "parameter": in_parameter,
    "scopes": in_scopes,
}


@pytest.mark.parametrize("slot", SLOTS)
def test_no_slot_runs_python_or_runs_for_ever(engine: Engine, slot: str) -> None:
    deploy(engine, simple())
    for name, payload in PAYLOADS.items():
        began = time.thread_time()
        try:
            deploy(engine, SLOTS[slot](escaped(payload)))  # type: ignore[operator]
            one = start(engine, "hostile")
            if slot != "scopes":
                complete(engine, one, "check")
                seen = look(engine, one)
                assert (seen.instance.state, len(seen.incidents)) == ("incident", 1), name
            engine.run(CancelInstance(one, OWNER, "hostile"))
        except DeploymentRefused:
            pass
        assert time.thread_time() - began < SECONDS, name
    complete(engine, start(engine, "simple"), "check")


def test_too_many_branches_become_an_incident(engine: Engine) -> None:
    deploy(engine, in_collection("for i in 1..6000 return i"))
    one = start(engine, "hostile")
    complete(engine, one, "check")
    assert [incident.code for incident in look(engine, one).incidents] != []
