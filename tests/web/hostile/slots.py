"""Every place in a file in which its author can write something that is evaluated, read or shown; and what an attacker writes there."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from xml.sax.saxutils import escape, quoteattr

from tests.web.program import diagram, flows

KEY = "attacked"
MARK = "zhiping-was-here"  # a file of this name in the working directory means that foreign code ran

HONEST = {
    "honest.bpmn": diagram(
        "honest",
        '<bpmn:startEvent id="s"/><bpmn:userTask id="t" camunda:candidateGroups="clerks"/><bpmn:endEvent id="e"/>'
        + flows("s", "t", "e"),
    )
}

# Expressions. Each must be refused, or end as an incident; none may be done, and none may take long.
BOMBS = {
    "python": f"__import__('os').system('touch {MARK}')",
    "power of powers": "9**9**9**9",
    "a billion": "count(for i in 1..1000000000 return i)",
}
MORE_BOMBS = {
    "python by attributes": "().__class__.__bases__[0].__subclasses__()",
    "a million millions": "count(for i in 1..1000000, j in 1..1000000 return i)",
    "every billion": "every i in 1..1000000000 satisfies i > 0",
    "recursion": "{f: function(n) f(n + 1) + f(n + 2), r: f(1)}.r",
    "growing text": 'count(for i in 1..100000 return string join(for j in 1..100 return "xxxxxxxxxxxxxxxx"))',
    "regular expression": 'matches("' + "a" * 40 + '!", "^(a+)+$")',
    "brackets": "(" * 5_000 + "1" + ")" * 5_000,
    "lists": "[" * 3_000 + "]" * 3_000,
    "long": "1" + " + 1" * 20_000,
    "unfinished": '"',
}
# JavaScript that FEEL reads as something else: it may be null or an error, but must not run.
FOREIGN = [
    f"\"\".constructor.constructor(\"return process.mainModule.require('fs').writeFileSync('{MARK}')\")()",
    "this.constructor.constructor('return globalThis')()",
    "globalThis.std.open('x', 'w')",
    "{a: 1}.__proto__.polluted",
    "import('os')",
]

Files = Mapping[str, bytes]
Slot = Callable[[str], Files]


def process(body: str, *path: str, beside: str = "", attributes: str = "", **more: bytes) -> Files:
    """A process with start `s` and end `e` around `body`; `path` are the elements between them."""
    ends = '<bpmn:startEvent id="s"/><bpmn:endEvent id="e"/>'
    whole = diagram(KEY, ends + body + flows("s", *path, "e"), beside=beside, attributes=attributes)
    return {"attacked.bpmn": whole, **more}


def user(inner: str = "", attributes: str = "") -> str:
    offered = "" if "andidate" in attributes or "assignee" in attributes else 'camunda:candidateGroups="clerks"'
    return f'<bpmn:userTask id="t" {offered} {attributes}>{inner}</bpmn:userTask>'


def property_(name: str, value: str) -> str:
    return (
        f"<bpmn:extensionElements><camunda:properties><camunda:property name={quoteattr(name)} value={quoteattr(value)}/>"
        "</camunda:properties></bpmn:extensionElements>"
    )


def on_task(attribute: str) -> Slot:
    return lambda text: process(user(attributes=f"camunda:{attribute}={quoteattr('=' + text)}"), "t")


def condition(text: str) -> Files:
    gateway = '<bpmn:exclusiveGateway id="g" default="s_rest"/>' + user()
    chosen = f'<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">={escape(text)}</bpmn:conditionExpression>'
    body = (
        f'{gateway}<bpmn:sequenceFlow id="chosen" sourceRef="g" targetRef="t">{chosen}</bpmn:sequenceFlow>'
        '<bpmn:sequenceFlow id="s_rest" sourceRef="g" targetRef="e"/><bpmn:sequenceFlow id="s_end" sourceRef="t" targetRef="e"/>'
    )
    ends = '<bpmn:startEvent id="s"/><bpmn:endEvent id="e"/>'
    return {"attacked.bpmn": diagram(KEY, ends + body + flows("s", "g"))}


def timer(kind: str) -> Slot:
    def made(text: str) -> Files:
        inner = f"<bpmn:timerEventDefinition><bpmn:{kind}>={escape(text)}</bpmn:{kind}></bpmn:timerEventDefinition>"
        return process(f'<bpmn:intermediateCatchEvent id="t">{inner}</bpmn:intermediateCatchEvent>', "t")

    return made


def cycle(text: str) -> Files:
    inner = f"<bpmn:timerEventDefinition><bpmn:timeCycle>={escape(text)}</bpmn:timeCycle></bpmn:timerEventDefinition>"
    edge = f'<bpmn:boundaryEvent id="b" attachedToRef="t" cancelActivity="false">{inner}</bpmn:boundaryEvent>'
    return process(user() + edge + '<bpmn:endEvent id="e2"/>' + flows("b", "e2"), "t")


def loop(kind: str) -> Slot:
    def made(text: str) -> Files:
        expression = escape(text)
        if kind == "collection":
            inner = f'<bpmn:multiInstanceLoopCharacteristics camunda:collection={quoteattr("=" + text)} camunda:elementVariable="x"/>'
        elif kind == "cardinality":
            inner = (
                "<bpmn:multiInstanceLoopCharacteristics>"
                f"<bpmn:loopCardinality>={expression}</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>"
            )
        elif kind == "completion":
            inner = (
                "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>2</bpmn:loopCardinality>"
                f"<bpmn:completionCondition>={expression}</bpmn:completionCondition></bpmn:multiInstanceLoopCharacteristics>"
            )
        else:
            inner = (
                '<bpmn:extensionElements><camunda:properties><camunda:property name="outputCollection" value="out"/>'
                f'<camunda:property name="outputElement" value={quoteattr("=" + text)}/></camunda:properties></bpmn:extensionElements>'
                "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>1</bpmn:loopCardinality>"
                "</bpmn:multiInstanceLoopCharacteristics>"
            )
        return process(user(inner), "t")

    return made


def script(text: str) -> Files:
    body = (
        '<bpmn:scriptTask id="t" scriptFormat="feel" camunda:resultVariable="r">'
        f"<bpmn:script>{escape(text)}</bpmn:script></bpmn:scriptTask>"
    )
    return process(body, "t")


def parameter(text: str) -> Files:
    inner = (
        "<bpmn:extensionElements><camunda:inputOutput>"
        f'<camunda:inputParameter name="p">={escape(text)}</camunda:inputParameter>'
        "</camunda:inputOutput></bpmn:extensionElements>"
    )
    return process(f'<bpmn:serviceTask id="t" camunda:topic="swallow">{inner}</bpmn:serviceTask>', "t")


MESSAGE = '<bpmn:message id="m" name="m"/>'


def receive(text: str) -> Files:
    inner = property_("correlation", "=" + text)
    return process(f'<bpmn:receiveTask id="t" messageRef="m">{inner}</bpmn:receiveTask>', "t", beside=MESSAGE)


def throw(name: str) -> Slot:
    def made(text: str) -> Files:
        inner = property_(name, "=" + text)
        return process(f'<bpmn:sendTask id="t" messageRef="m">{inner}</bpmn:sendTask>', "t", beside=MESSAGE)

    return made


def task_property(name: str) -> Slot:
    return lambda text: process(user(property_(name, "=" + text)), "t")


def call_input(text: str) -> Files:
    inner = (
        f"<bpmn:extensionElements><camunda:in sourceExpression={quoteattr('=' + text)} "
        'target="x"/></bpmn:extensionElements>'
    )
    return process(f'<bpmn:callActivity id="t" calledElement="honest">{inner}</bpmn:callActivity>', "t")


def table(place: str) -> Slot:
    def made(text: str) -> Files:
        given = {"input": "n", "cell": "-", "output": '"x"'} | {place: text}
        dmn = (
            '<?xml version="1.0" encoding="UTF-8"?><definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"'
            ' id="d" name="d" namespace="x"><decision id="table" name="table"><decisionTable id="dt" hitPolicy="FIRST">'
            f'<input id="i" label="n"><inputExpression id="ie"><text>{escape(given["input"])}</text></inputExpression></input>'
            '<output id="o" name="o"/><rule id="r">'
            f'<inputEntry id="c1"><text>{escape(given["cell"])}</text></inputEntry>'
            f'<outputEntry id="c2"><text>{escape(given["output"])}</text></outputEntry>'
            "</rule></decisionTable></decision></definitions>"
        )
        body = '<bpmn:businessRuleTask id="t" camunda:decisionRef="table" camunda:resultVariable="r"/>'
        return {**process(body, "t"), "table.dmn": dmn.encode()}

    return made


def field(change: Callable[[str], dict[str, object]]) -> Slot:
    """A form whose one field has `change(text)` in it."""

    def made(text: str) -> Files:
        component = {"type": "textfield", "id": "f", "key": "n", "label": "N"} | change("=" + text)
        form = {"type": "default", "id": "page", "schemaVersion": 18, "components": [component]}
        return {
            **process(user(attributes='camunda:formKey="page"'), "t"),
            "page.form": json.dumps(form).encode(),
        }

    return made


SLOTS: dict[str, Slot] = {
    "condition": condition,
    "timer duration": timer("timeDuration"),
    "timer date": timer("timeDate"),
    "timer cycle": cycle,
    "due date": on_task("dueDate"),
    "follow-up date": on_task("followUpDate"),
    "assignee": on_task("assignee"),
    "candidate users": on_task("candidateUsers"),
    "candidate groups": on_task("candidateGroups"),
    "collection": loop("collection"),
    "cardinality": loop("cardinality"),
    "completion condition": loop("completion"),
    "output element": loop("output"),
    "script": script,
    "input parameter": parameter,
    "correlation": receive,
    "message variables": throw("variables"),
    "message correlation": throw("correlation"),
    "message business key": throw("businessKey"),
    "scope": task_property("scope"),
    "call input": call_input,
    "table input": table("input"),
    "table cell": table("cell"),
    "table output": table("output"),
    "form visibility": field(lambda text: {"conditional": {"hide": text}}),
    "form read-only": field(lambda text: {"readonly": text}),
    "form required": field(lambda text: {"validate": {"required": text}}),
    "form least": field(lambda text: {"type": "number", "validate": {"min": text}}),
    "form longest": field(lambda text: {"validate": {"maxLength": text}}),
    "form default": field(lambda text: {"defaultValue": text}),
    "form label": field(lambda text: {"label": text}),
    "form options": field(lambda text: {"type": "select", "valuesExpression": text}),
    "form computed": field(lambda text: {"type": "expression", "expression": text}),
}

# What an honest author writes in the slot; where nothing is said, a text will do.
HONEST_TEXT = {
    "condition": "true",
    "timer duration": 'duration("PT1H")',
    "timer date": 'date and time("2026-06-01T10:00:00+08:00")',
    "timer cycle": '"R2/PT1H"',
    "due date": "now()",
    "follow-up date": "now()",
    "assignee": '"ann"',
    "candidate users": '["ann"]',
    "candidate groups": '["clerks"]',
    "collection": "[1]",
    "cardinality": "2",
    "completion condition": "true",
    "scope": '"unit:u01"',
    "correlation": "{a: 1}",
    "message variables": "{a: 1}",
    "message correlation": "{a: 1}",
    "message business key": '"k"',
    "table input": "n",
    "table cell": "1",
    "form visibility": "false",
    "form read-only": "false",
    "form required": "true",
    "form least": "1",
    "form longest": "5",
    "form options": '["1"]',
}
