"""One instance at every kind of wait the engine knows: the diagrams, and how far each has gone when it is frozen.

These are kept inside each frozen release; they may be changed for the next one without touching those before.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.commands.claim_task import ClaimTask
from engine.commands.delegate_task import DelegateTask
from engine.commands.publish_message import PublishMessage
from engine.commands.save_draft import SaveDraft
from engine.commands.start_instance import StartInstance
from engine.commands.suspend_instance import SuspendInstance
from engine.engine import Engine
from tests.frozen.finish import actor, complete, open_tasks
from tests.unit.bpmn.diagrams import flows, many, message, node, process, properties, script, timer, user, xml

OWNER, WORKER, OTHER = "process_owner", "manager", "inspector"


def task(element_id: str, inner: str = "", **attributes: str) -> str:
    return user(element_id, inner, camunda_candidateGroups=f"{WORKER},{OTHER}", **attributes)


def catch(element_id: str, what: str, correlation: str = "") -> str:
    given = properties(correlation=correlation) if correlation else ""
    return node("intermediateCatchEvent", element_id, given + what, name=element_id)


def edge(element_id: str, host: str, what: str, *, ends: bool = True, correlation: str = "") -> str:
    given = properties(correlation=correlation) if correlation else ""
    attributes = {"attachedToRef": host, "cancelActivity": str(ends).lower(), "name": element_id}
    return node("boundaryEvent", element_id, given + what, **attributes)


def inside(element_id: str, body: str, arrows: str, loop: str = "") -> str:
    ends = f'<bpmn:startEvent id="{element_id}_in"/><bpmn:endEvent id="{element_id}_out"/>'
    return node("subProcess", element_id, loop + ends + body + flows(arrows), name=element_id)


def wait(key: str, body: str, arrows: str, *more: str, messages: str = "") -> bytes:
    return xml(process(f"frozen_{key}", body, arrows), *more, messages=messages)


DAYS = "P40D"
XOR = "exclusiveGateway"
AND = "parallelGateway"
OR = "inclusiveGateway"
CASE = "={case: case}"

DIAGRAMS = {
    "user_task": wait("user_task", task("work"), "s -> work -> e"),
    "user_task_held": wait("user_task_held", task("work", camunda_dueDate="P3D"), "s -> work -> e"),
    "timer_duration": wait("timer_duration", catch("later", timer("timeDuration", DAYS)), "s -> later -> e"),
    "timer_date": wait("timer_date", catch("later", timer("timeDate", "2026-07-31T18:00:00")), "s -> later -> e"),
    "message": wait("message", catch("heard", message("frozen_news"), CASE), "s -> heard -> e", messages="frozen_news"),
    "receive_task": wait(
        "receive_task",
        node("receiveTask", "heard", properties(correlation=CASE), messageRef="frozen_news", name="heard"),
        "s -> heard -> e",
        messages="frozen_news",
    ),
    "event_gateway": wait(
        "event_gateway",
        node("eventBasedGateway", "either")
        + catch("heard", message("frozen_either"), CASE)
        + catch("later", timer("timeDuration", DAYS))
        + '<bpmn:endEvent id="told"/>',
        "s -> either -> heard -> told; either -> later -> e",
        messages="frozen_either",
    ),
    "boundary_timer": wait(
        "boundary_timer",
        inside("part", task("work"), "part_in -> work -> part_out")
        + edge("late", "part", timer("timeDuration", DAYS))
        + task("rescue")
        + '<bpmn:endEvent id="saved"/>',
        "s -> part -> e; late -> rescue -> saved",
    ),
    "boundary_cycle": wait(
        "boundary_cycle",
        task("work") + edge("again", "work", timer("timeCycle", "R5/P1D"), ends=False) + task("remind"),
        "s -> work -> e; again -> remind",
    ),
    "boundary_message": wait(
        "boundary_message",
        task("work") + edge("news", "work", message("frozen_edge"), ends=False, correlation=CASE) + task("read"),
        "s -> work -> e; news -> read",
        messages="frozen_edge",
    ),
    "parallel_instances": wait(
        "parallel_instances",
        task(
            "vote",
            properties(outputCollection="votes", outputElement="=choice + loopCounter")
            + many("=voters", "voter", until="nrOfCompletedInstances = 3"),
        ),
        "s -> vote -> e",
    ),
    "sequential_instances": wait(
        "sequential_instances", task("sign", many("=voters", "voter", one_by_one=True)), "s -> sign -> e"
    ),
    "parts_in_instances": wait(
        "parts_in_instances",
        inside(
            "each",
            node("callActivity", "deep", calledElement="frozen_called", name="deep")
            + edge("late", "deep", timer("timeDuration", DAYS), ends=False)
            + task("remind"),
            "each_in -> deep -> each_out; late -> remind",
            many(cardinality="2"),
        ),
        "s -> each -> e",
    ),
    "call_activity": wait(
        "call_activity",
        node(
            "callActivity",
            "ask",
            '<bpmn:extensionElements><camunda:in source="case" target="asked"/>'
            '<camunda:out sourceExpression="=answer * 2" target="doubled"/></bpmn:extensionElements>',
            calledElement="frozen_called",
            name="ask",
        ),
        "s -> ask -> e",
        process(
            "frozen_called",
            '<bpmn:startEvent id="called"/>' + task("answer_it") + '<bpmn:endEvent id="answered"/>',
            "called -> answer_it -> answered",
            start=False,
        ),
    ),
    "parallel_join": wait(
        "parallel_join",
        node(AND, "part") + node(AND, "meet") + task("one") + task("two") + script("sum", "a + b", "total"),
        "s -> part -> one -> meet -> sum -> e; part -> two -> meet",
    ),
    "inclusive_join": wait(
        "inclusive_join",
        node(OR, "part", default="part_three") + node(OR, "meet") + task("one") + task("two") + task("three"),
        "s -> part; part -> one [case != null]; part -> two [case != null]; part -> three; one -> meet -> e;"
        "two -> meet; three -> meet",
    ),
    "loop": wait(
        "loop",
        node(XOR, "into")
        + task("work")
        + script("count", "rounds - 1", "rounds")
        + node(XOR, "more", default="more_e"),
        "s -> into -> work -> count -> more; more -> into [rounds > 0]; more -> e",
    ),
    "incident": wait(
        "incident",
        node(XOR, "decide") + task("work"),
        's -> decide; decide -> work [now() > date and time("2026-06-20T00:00:00+08:00")]; work -> e',
    ),
    "suspended": wait(
        "suspended",
        task("work") + edge("late", "work", timer("timeDuration", DAYS), ends=False) + task("remind"),
        "s -> work -> e; late -> remind",
    ),
}


def start(engine: Engine, kind: str) -> str:
    variables = {"case": kind, "voters": ["a", "b", "c", "d"], "rounds": 3, "choice": 0}
    begin = StartInstance(
        actor(engine, OWNER), key=f"frozen_{kind}", variables=variables, business_key=f"frozen-{kind}"
    )
    started: str = engine.run(begin)["id"]
    engine.work()
    return started


def _some(*elements: str) -> Callable[[Engine, str], None]:
    def go(engine: Engine, instance_id: str) -> None:
        for number, element in enumerate(elements):
            complete(engine, instance_id, WORKER, element, {"a": 1, "choice": number})

    return go


def _held(engine: Engine, instance_id: str) -> None:
    """Claimed, handed on, with something typed already."""
    work = open_tasks(engine, instance_id)[0].id
    engine.run(ClaimTask(work, actor(engine, WORKER)))
    engine.run(SaveDraft(work, actor(engine, WORKER), {"note": "写了一半"}))
    engine.run(DelegateTask(work, OTHER, actor(engine, WORKER)))


def _told(engine: Engine, instance_id: str) -> None:
    news = {"name": "frozen_edge", "correlation": {"case": "boundary_message"}, "variables": {"told": 1}}
    engine.run(PublishMessage(actor=actor(engine, OWNER), **news))
    engine.work()


def _suspended(engine: Engine, instance_id: str) -> None:
    engine.run(SuspendInstance(instance_id, actor(engine, OWNER), "暂停核查"))


# How far an instance has gone beyond its start.
FURTHER = {
    "user_task_held": _held,
    "boundary_message": _told,
    "parallel_instances": _some("vote", "vote"),
    "sequential_instances": _some("sign"),
    "parallel_join": _some("one"),
    "inclusive_join": _some("one"),
    "loop": _some("work"),
    "suspended": _suspended,
}


def bring_all(engine: Engine) -> dict[str, str]:
    """Every kind of wait, at its wait; answers the instances by kind."""
    started = {}
    for kind in DIAGRAMS:
        started[kind] = start(engine, kind)
        if kind in FURTHER:
            FURTHER[kind](engine, started[kind])
    # A message that came before anybody waited for it: the next to wait takes it.
    kept = {"name": "frozen_news", "correlation": {"case": "later"}, "keep": True}
    engine.run(PublishMessage(actor=actor(engine, OWNER), **kept))
    engine.work()
    return started
