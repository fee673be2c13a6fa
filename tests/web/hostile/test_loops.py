"""Diagrams that never end, call themselves, or grow without end: refused, or an incident within two seconds."""

from __future__ import annotations

import pytest

from tests.web.hostile.slots import KEY, Files, user
from tests.web.hostile.test_expressions import PATIENCE, provoke, works
from tests.web.office import Office
from tests.web.program import diagram, flows

ENDS = '<bpmn:startEvent id="s"/><bpmn:endEvent id="e"/>'


def attacked(body: str) -> Files:
    return {"attacked.bpmn": diagram(KEY, ENDS + body)}


def flow(name: str, source: str, target: str, condition: str = "") -> str:
    inner = f'<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">{condition}</bpmn:conditionExpression>'
    return f'<bpmn:sequenceFlow id="{name}" sourceRef="{source}" targetRef="{target}">{inner if condition else ""}</bpmn:sequenceFlow>'


def script(element: str, text: str, variable: str) -> str:
    return (
        f'<bpmn:scriptTask id="{element}" scriptFormat="feel" camunda:resultVariable="{variable}">'
        f"<bpmn:script>{text}</bpmn:script></bpmn:scriptTask>"
    )


def forks(depth: int) -> str:
    """Each of `depth` parallel gateways doubles the tokens; the exclusive ones between them let every token pass."""
    body = flow("begin", "s", "x0")
    for n in range(depth):
        body += f'<bpmn:exclusiveGateway id="x{n}"/><bpmn:parallelGateway id="p{n}"/>' + flow(f"f{n}", f"x{n}", f"p{n}")
        body += flow(f"left{n}", f"p{n}", f"x{n + 1}") + flow(f"right{n}", f"p{n}", f"x{n + 1}")
    return body + f'<bpmn:exclusiveGateway id="x{depth}"/>' + flow("last", f"x{depth}", "e")


GATEWAYS = '<bpmn:exclusiveGateway id="a"/><bpmn:exclusiveGateway id="b" default="out"/>'
LOOP = GATEWAYS + flow("in", "s", "a") + flow("on", "a", "b") + flow("out", "b", "e")
AROUND = '<bpmn:exclusiveGateway id="a"/>' + flow("in", "s", "a") + flow("on", "a", "t")

ENDLESS: dict[str, Files] = {
    "gateways": attacked(LOOP + flow("back", "b", "a", "1 = 1")),
    "a script that counts": attacked(
        AROUND
        + script("t", "if n = null then 1 else n + 1", "n")
        + '<bpmn:exclusiveGateway id="b" default="out"/>'
        + flow("next", "t", "b")
        + flow("back", "b", "a", "n &gt; 0")
        + flow("out", "b", "e")
    ),
    "a text that doubles": attacked(
        AROUND
        + script("t", "string(n) + string(n)", "n")
        + '<bpmn:exclusiveGateway id="b" default="out"/>'
        + flow("next", "t", "b")
        + flow("back", "b", "a", "n != null")
        + flow("out", "b", "e")
    ),
    "a list that grows": attacked(
        AROUND
        + script("t", "append(if list = null then [] else list, list)", "list")
        + '<bpmn:exclusiveGateway id="b" default="out"/>'
        + flow("next", "t", "b")
        + flow("back", "b", "a", "true")
        + flow("out", "b", "e")
    ),
    "forks": attacked(forks(24)),
    "ten million voters": attacked(
        user(
            "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>10000000</bpmn:loopCardinality>"
            "</bpmn:multiInstanceLoopCharacteristics>"
        )
        + flows("s", "t", "e")
    ),
    "a hundred thousand voters": attacked(
        user(
            '<bpmn:multiInstanceLoopCharacteristics camunda:collection="=for i in 1..100000 return i"'
            ' camunda:elementVariable="i"/>'
        )
        + flows("s", "t", "e")
    ),
    "a call of itself": attacked(f'<bpmn:callActivity id="t" calledElement="{KEY}"/>' + flows("s", "t", "e")),
    "a call in a circle": {
        "attacked.bpmn": diagram(KEY, ENDS + '<bpmn:callActivity id="t" calledElement="b"/>' + flows("s", "t", "e")),
        "b.bpmn": diagram("b", ENDS + '<bpmn:callActivity id="t" calledElement="c"/>' + flows("s", "t", "e")),
        "c.bpmn": diagram("c", ENDS + f'<bpmn:callActivity id="t" calledElement="{KEY}"/>' + flows("s", "t", "e")),
    },
    "a call of a name that is computed": attacked(
        f'<bpmn:callActivity id="t" calledElement="=&quot;{KEY}&quot;"/>' + flows("s", "t", "e")
    ),
    "a timer that never waits": attacked(
        '<bpmn:exclusiveGateway id="a"/><bpmn:intermediateCatchEvent id="t"><bpmn:timerEventDefinition>'
        "<bpmn:timeDuration>PT0S</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>"
        '<bpmn:exclusiveGateway id="b" default="out"/>'
        + flow("in", "s", "a")
        + flow("on", "a", "t")
        + flow("next", "t", "b")
        + flow("back", "b", "a", "1 = 1")
        + flow("out", "b", "e")
    ),
    "a timer every nothing": attacked(
        user() + '<bpmn:boundaryEvent id="b" attachedToRef="t" cancelActivity="false"><bpmn:timerEventDefinition>'
        "<bpmn:timeCycle>R/PT0S</bpmn:timeCycle></bpmn:timerEventDefinition></bpmn:boundaryEvent>"
        '<bpmn:endEvent id="e2"/>' + flows("b", "e2") + flows("s", "t", "e")
    ),
}


@pytest.mark.parametrize("what", ENDLESS)
def test_what_never_ends_is_stopped(office: Office, what: str) -> None:
    assert provoke(office, ENDLESS[what]) in ("refused", "incident")
    assert office.slowest < PATIENCE
    works(office)


def test_an_instance_in_a_loop_stops_no_other(office: Office) -> None:
    provoke(office, ENDLESS["a timer that never waits"])
    instance = office.owner.start("honest")
    office.pass_(days=1)
    office.ann.complete(instance, "t")
