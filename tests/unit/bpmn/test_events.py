"""Timers, messages, errors, and what happens on the edge of an activity. Every step is saved and loaded again (`Play`)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from engine.bpmn.model import ServiceCall
from engine.errors import BpmnError, Refused
from forms.i18n import T
from tests.unit.bpmn.diagrams import (
    NOON,
    Play,
    World,
    error,
    flows,
    message,
    node,
    process,
    properties,
    script,
    service,
    timer,
    user,
    xml,
)


def catch(id: str, definition: str, **given: str) -> str:
    return node("intermediateCatchEvent", id, (properties(**given) if given else "") + definition)


def edge(id: str, on: str, definition: str, *, ends_it: bool = True, **given: str) -> str:
    return node(
        "boundaryEvent",
        id,
        (properties(**given) if given else "") + definition,
        attachedToRef=on,
        cancelActivity=str(ends_it).lower(),
    )


def gate(id: str, kind: str, **attributes: str) -> str:
    return node(kind, id, **attributes)


def raising(code: str, kind: type[Exception] = BpmnError):  # type: ignore[no-untyped-def]
    def work(_: ServiceCall) -> dict[str, object]:
        raise Refused(T("不行"), code=code) if kind is Refused else BpmnError(code, T("不行"))

    return World(handlers={"work": work})


# -- timers -----------------------------------------------------------------------------------------------------------


def test_a_timer_is_due_at_its_very_instant() -> None:
    play = Play(xml(process("p", catch("w", timer("timeDuration", "PT1H")) + user("u"), "s -> w -> u -> e")))
    (pending,) = play.picture.timers
    assert (pending.element_id, pending.definition_key, pending.due_at) == ("w", "p", NOON + timedelta(hours=1))
    assert play.fire(minutes=59) == 0
    assert play.open == []
    assert play.fire(minutes=1) == 1
    assert play.open == ["u"]
    assert play.picture.timers == ()
    assert play.fire(days=1) == 0


def test_a_date_and_an_expression_for_a_timer() -> None:
    play = Play(xml(process("p", catch("w", timer("timeDate", "2026-06-02T09:00")), "s -> w -> e")))
    assert play.picture.timers[0].due_at == datetime(2026, 6, 2, 1, 0, tzinfo=UTC)
    world = World(functions={"deadline": lambda n: f"2026-06-{n:02d}T24:00:00+08:00".replace("T24", "T23")})
    play = Play(xml(process("p", catch("w", timer("timeDate", "=deadline(n)")), "s -> w -> e")), {"n": 9}, world=world)
    assert play.picture.timers[0].due_at == datetime(2026, 6, 9, 15, 0, tzinfo=UTC)


def test_a_timer_that_cannot_be_read_is_an_incident_and_the_completion_before_it_stands() -> None:
    body = user("u") + catch("w", timer("timeDate", "=when"))
    play = Play(xml(process("p", body, "s -> u -> w -> e")))
    play.complete("u", other=1)
    assert play.failed == [("w", "TIMER_ERROR")]
    assert play.data == {"other": 1}
    play.retry("w")
    assert play.failed == [("w", "TIMER_ERROR")]
    play = Play(xml(process("p", body, "s -> u -> w -> e")))
    play.complete("u", when="-PT5M")
    assert play.failed == [("w", "TIMER_ERROR")]


def test_a_due_date_that_a_rule_refuses_holds_nobody_up_and_is_told() -> None:
    def in_days(n: int) -> str:
        raise Refused(T("没有 2027 年的日历"), code="CALENDAR_MISSING")

    task = '<bpmn:userTask id="u" camunda:dueDate="=in_days(5)"/>'
    play = Play(xml(process("p", task, "s -> u -> e")), world=World(functions={"in_days": in_days}))
    assert play.open == ["u"]
    assert play.task("u").due_at is None
    assert play.failed == []
    assert [h.data for h in play.happenings if h.kind == "no_date"] == [
        {"code": "CALENDAR_MISSING", "slot": "=in_days(5)"}
    ]


def test_wait_read_the_date_again_and_wait_again() -> None:
    dates = ["2026-06-03T00:00:00+08:00", "2026-06-08T00:00:00+08:00", "2026-06-08T00:00:00+08:00"]
    world = World(handlers={"work": lambda _: {"closes_at": dates.pop(0)}})
    body = service("read") + catch("w", timer("timeDate", "=closes_at")) + service("again")
    body += gate("moved", "exclusiveGateway", default="moved_u") + gate("m", "exclusiveGateway") + user("u")
    arrows = "s -> read -> m -> w -> again -> moved; moved -> m [date and time(closes_at) > now()]; moved -> u -> e"
    play = Play(xml(process("p", body, arrows)), world=world)
    assert play.fire(days=2) == 1
    assert play.open == []
    assert play.picture.timers[0].due_at == datetime(2026, 6, 7, 16, 0, tzinfo=UTC)
    assert play.fire(days=5) == 1
    assert play.open == ["u"]


def test_overdue_timers_fire_in_order_each_once() -> None:
    seen = []
    world = World(handlers={"work": lambda call: seen.append(call.element_id) or {}})
    body = gate("f", "parallelGateway")
    for name, span in (("x", "PT3H"), ("y", "PT1H"), ("z", "PT2H")):
        body += catch(f"w{name}", timer("timeDuration", span)) + service(f"at_{name}")
    arrows = "s -> f; " + "; ".join(f"f -> w{n} -> at_{n} -> e" for n in "xyz")
    play = Play(xml(process("p", body, arrows)), world=world)
    assert play.fire(days=1) == 3
    assert seen == ["at_y", "at_z", "at_x"]
    assert play.picture.completed
    assert play.fire(days=1) == 0


def test_a_timer_that_an_earlier_one_has_ended_does_not_fire() -> None:
    body = (
        user("u")
        + edge("first", "u", timer("timeDuration", "PT1H"))
        + edge("second", "u", timer("timeDuration", "PT2H"))
    )
    body += script("one", '"one"', "by") + script("two", '"two"', "by")
    play = Play(xml(process("p", body, "s -> u -> e; first -> one -> e; second -> two -> e")))
    assert play.fire(days=1) == 1
    assert play.picture.completed
    assert play.data == {"by": "one"}


def test_a_timer_set_again_within_its_own_firing_waits_for_the_next_look() -> None:
    body = gate("m", "exclusiveGateway") + catch("w", timer("timeDate", "2026-01-01")) + script("n", "n + 1", "n")
    play = Play(xml(process("p", body, "s -> m -> w -> n -> m")), {"n": 0})
    assert play.fire() == 1
    assert play.data == {"n": 1}
    assert play.fire() == 1
    assert play.data == {"n": 2}


# -- boundary events --------------------------------------------------------------------------------------------------


def test_an_interrupting_timer_takes_the_task_away() -> None:
    body = user("u") + edge("late", "u", timer("timeDuration", "P3D")) + user("after") + script("note", "true", "late")
    diagram = xml(process("p", body, "s -> u -> after -> e; late -> note -> after"))
    play = Play(diagram)
    assert play.open == ["u"]
    assert play.fire(days=3) == 1
    assert play.open == ["after"]
    assert ("cancelled", "u") in play.happened
    assert play.data == {"late": True}
    play = Play(diagram).complete("u")
    assert play.open == ["after"]
    assert play.picture.timers == ()


def test_a_reminder_leaves_the_task_open() -> None:
    body = user("u") + edge("soon", "u", timer("timeDuration", "P1D"), ends_it=False) + user("nudge")
    play = Play(xml(process("p", body, "s -> u -> e; soon -> nudge -> e")))
    assert play.fire(days=1) == 1
    assert sorted(play.open) == ["nudge", "u"]
    play.complete("u", done=1)
    assert play.open == ["nudge"]
    assert play.complete("nudge").picture.completed
    assert play.data == {"done": 1}


def test_a_repeating_reminder_comes_as_often_as_it_says_and_its_branches_outlive_the_task() -> None:
    body = user("u") + edge("soon", "u", timer("timeCycle", "R3/P1D"), ends_it=False) + user("nudge")
    play = Play(xml(process("p", body, "s -> u -> e; soon -> nudge -> e")))
    for day in (1, 2):
        assert play.fire(days=1) == 1
        assert play.open.count("nudge") == day
    assert play.picture.timers[0].due_at == NOON + timedelta(days=3)
    play.complete("u")
    assert play.open == ["nudge", "nudge"]
    assert play.picture.timers == ()
    play.complete("nudge").complete("nudge")
    assert play.picture.completed
    three = Play(xml(process("p", body, "s -> u -> e; soon -> nudge -> e")))
    assert [three.fire(days=1) for _ in range(4)] == [1, 1, 1, 0]
    assert three.open.count("nudge") == 3


@pytest.mark.parametrize("answered", [True, False])
def test_an_interrupting_event_ends_the_task_beside_which_a_reminder_has_begun(answered: bool) -> None:
    body = user("u") + edge("soon", "u", timer("timeDuration", "P1D"), ends_it=False) + user("nudge")
    body += edge("gone", "u", message("withdrew"), correlation="={id: id}") + user("release")
    diagram = xml(process("p", body, "s -> u -> e; soon -> nudge -> e; gone -> release -> e"), messages="withdrew")
    play = Play(diagram, {"id": 7})
    assert play.fire(days=1) == 1
    if answered:
        play.complete("nudge")
    assert play.send("withdrew", {"id": 7}) == 1
    assert sorted(play.open) == (["release"] if answered else ["nudge", "release"])
    for element in sorted(play.open):
        play.complete(element)
    assert play.picture.completed


def test_a_failing_boundary_timer_does_not_take_the_task_away() -> None:
    body = user("u") + edge("late", "u", timer("timeDate", "=when"))
    play = Play(xml(process("p", body, "s -> u -> e; late -> e")))
    assert play.open == ["u"]
    assert play.failed == [("late", "TIMER_ERROR")]
    assert play.complete("u").picture.completed


def test_a_message_ends_a_whole_subprocess_and_what_was_entered_inside_is_known() -> None:
    inner = (
        '<bpmn:startEvent id="is"/><bpmn:endEvent id="ie"/>'
        + user("fill")
        + node("callActivity", "ca", calledElement="q")
    )
    body = node("subProcess", "sub", inner + flows("is -> fill -> ca -> ie"))
    body += edge("gone", "sub", message("withdrew"), correlation="={id: id}") + user("release")
    called = process("q", user("deep"), "s -> deep -> e")
    diagram = xml(process("p", body, "s -> sub -> e; gone -> release -> e"), called, messages="withdrew")
    play = Play(diagram, {"id": 7})
    assert play.open == ["fill"]
    assert play.picture.messages[0].correlation == {"id": 7}
    play.complete("fill", reserved=3)
    assert [(t.element_id, t.definition_key) for t in play.picture.tasks] == [("deep", "q")]
    assert play.send("withdrew", {"id": 8}) == 0
    assert play.send("withdrew", {"id": 7}, why="moved") == 1
    assert play.open == ["release"]
    assert play.data == {"id": 7, "reserved": 3, "why": "moved"}
    assert ("cancelled", "deep") in play.happened
    assert play.complete("release").picture.completed


def test_a_message_beside_the_activity_can_come_again() -> None:
    body = user("u") + edge("ask", "u", message("question"), ends_it=False) + user("answer")
    play = Play(xml(process("p", body, "s -> u -> e; ask -> answer -> e"), messages="question"))
    for number in (1, 2):
        assert play.send("question", None, q=number) == 1
    assert play.open == ["u", "answer", "answer"]
    assert [t.data["q"] for t in play.picture.tasks if t.element_id == "answer"] == [1, 2]


# -- messages ---------------------------------------------------------------------------------------------------------


def test_a_loop_that_sends_for_ever_stops_after_two_hundred_messages() -> None:
    body = node("intermediateThrowEvent", "t", message("m"))
    for gateway in ("a", "b"):
        default = ' default="b_e"' if gateway == "b" else ""
        body += f'<bpmn:exclusiveGateway id="{gateway}"{default}/>'
    play = Play(xml(process("p", body, "s -> a -> t -> b; b -> a [true]; b -> e"), messages="m"), reload=False)
    assert [code for _, code in play.failed] == ["MESSAGE_LIMIT"]
    assert len(play.outgoing) == 200


def test_an_event_without_correlation_takes_no_foreign_message() -> None:
    diagram = xml(process("p", catch("w", message("m")) + user("u"), "s -> w -> u -> e"), messages="m")
    play = Play(diagram)
    assert play.send("m", {"id": 1}) == 0
    assert play.send("m", {}) == 0
    assert play.send("other", None) == 0
    assert play.send("m", None, got=1) == 1
    assert play.data == {"got": 1}


def test_all_values_asked_for_must_match_and_more_may_come() -> None:
    body = catch("w", message("m"), correlation="={a: a, b: b}")
    play = Play(xml(process("p", body, "s -> w -> e"), messages="m"), {"a": 1, "b": "x"})
    assert play.send("m", {"a": 1}) == 0
    assert play.send("m", {"a": True, "b": "x"}) == 0
    assert play.send("m", {"a": 1, "b": "x", "c": 3}) == 1
    assert play.picture.completed


def test_waiting_for_nothing_in_particular_by_a_missing_value_is_an_incident() -> None:
    body = catch("w", message("m"), correlation="={id: id}")
    play = Play(xml(process("p", body, "s -> w -> e"), messages="m"))
    assert play.failed == [("w", "NO_CORRELATION")]
    assert play.picture.messages == ()


def test_what_is_sent_is_told_after_the_run() -> None:
    body = node(
        "intermediateThrowEvent",
        "t",
        properties(correlation="={id: id}", variables="={n: n + 1}", businessKey='="A-" + id') + message("m"),
    )
    body += node("endEvent", "done", properties(variables="={last: true}") + message("m2"))
    play = Play(xml(process("p", body, "s -> t -> done"), messages="m m2"), {"id": "7", "n": 1})
    assert [(m.name, m.correlation, m.business_key, m.variables) for m in play.outgoing] == [
        ("m", {"id": "7"}, "A-7", {"n": 2}),
        ("m2", {}, None, {"last": True}),
    ]
    assert play.ended == ["done"]


def test_receive_and_send_tasks() -> None:
    body = node("receiveTask", "r", messageRef="m") + node("sendTask", "t", messageRef="m")
    play = Play(xml(process("p", body, "s -> r -> t -> e"), messages="m"))
    assert play.send("m", None) == 1
    assert [m.name for m in play.outgoing] == ["m"]
    assert play.picture.completed


def test_the_first_event_behind_an_event_gateway_wins() -> None:
    body = gate("g", "eventBasedGateway") + catch("w", timer("timeDuration", "P1D")) + catch("m1", message("m"))
    body += user("late") + user("answered")
    diagram = xml(process("p", body, "s -> g; g -> w -> late -> e; g -> m1 -> answered -> e"), messages="m")
    play = Play(diagram)
    assert [t.element_id for t in play.picture.timers] == ["w"]
    assert play.send("m", None, x=1) == 1
    assert (play.open, play.picture.timers, play.data) == (["answered"], (), {"x": 1})
    play = Play(diagram)
    assert play.fire(days=1) == 1
    assert (play.open, play.picture.messages) == (["late"], ())


# -- errors -----------------------------------------------------------------------------------------------------------


def test_a_business_error_goes_to_its_boundary_event() -> None:
    body = service("call") + edge("any", "call", error()) + edge("own", "call", error("FULL", errorCodeVariable="code"))
    body += user("a") + user("b")
    diagram = xml(process("p", body, "s -> call -> e; any -> a -> e; own -> b -> e"), errors="FULL")
    play = Play(diagram, world=raising("FULL"))
    assert play.open == ["b"]
    assert play.data == {"code": "FULL"}
    assert ("error_caught", "own") in play.happened
    assert Play(diagram, world=raising("OTHER")).open == ["a"]


def test_a_refusal_is_caught_only_by_its_name() -> None:
    body = (
        service("call")
        + edge("any", "call", error())
        + edge("own", "call", error("NO_VACANCY"))
        + user("a")
        + user("b")
    )
    diagram = xml(process("p", body, "s -> call -> e; any -> a -> e; own -> b -> e"), errors="NO_VACANCY")
    assert Play(diagram, world=raising("NO_VACANCY", Refused)).open == ["b"]
    assert Play(diagram, world=raising("OTHER", Refused), refuse=False).failed == [("call", "OTHER")]


def test_an_error_climbs_out_of_called_processes_and_touches_only_its_own_branch() -> None:
    body = gate("f", "parallelGateway")
    for name in "xy":
        body += node("callActivity", f"c{name}", calledElement="q") + edge(f"b{name}", f"c{name}", error("FULL"))
        body += user(f"u{name}")
    arrows = "s -> f; " + "; ".join(f"f -> c{n} -> e; b{n} -> u{n} -> e" for n in "xy")
    q = process("q", user("ask") + service("call"), "s -> ask -> call -> e")
    play = Play(xml(process("p", body, arrows), q, errors="FULL"), world=raising("FULL"))
    play.complete("ask", 1)
    assert sorted(play.open) == ["ask", "uy"]
    play.complete("ask")
    assert sorted(play.open) == ["ux", "uy"]


def test_an_error_nobody_catches_is_an_incident() -> None:
    play = Play(xml(process("p", service("call"), "s -> call -> e")), world=raising("FULL"))
    assert play.failed == [("call", "ERROR_UNCAUGHT")]
    stop = node("endEvent", "stop", error("FULL"))
    play = Play(xml(process("p", stop, "s -> stop"), errors="FULL"))
    assert play.failed == [("stop", "ERROR_UNCAUGHT")]


def test_an_error_end_event_ends_the_subprocess() -> None:
    inner = '<bpmn:startEvent id="is"/>' + user("try") + user("beside") + gate("f", "parallelGateway")
    inner += node("endEvent", "stop", error("FULL")) + '<bpmn:endEvent id="ie"/>'
    body = node("subProcess", "sub", inner + flows("is -> f; f -> try -> stop; f -> beside -> ie"))
    body += edge("b", "sub", error("FULL")) + user("after")
    play = Play(xml(process("p", body, "s -> sub -> e; b -> after -> e"), errors="FULL"))
    play.complete("try", x=1)
    assert play.open == ["after"]
    assert play.data == {"x": 1}
    assert ("cancelled", "beside") in play.happened


def test_a_function_that_refuses_in_a_timer_goes_to_the_boundary_event_of_the_subprocess() -> None:
    def deadline() -> str:
        raise Refused(T("没有 2027 年的日历"), code="CALENDAR_MISSING")

    inner = '<bpmn:startEvent id="is"/>' + catch("w", timer("timeDate", "=deadline()")) + '<bpmn:endEvent id="ie"/>'
    body = node("subProcess", "sub", inner + flows("is -> w -> ie"))
    body += edge("b", "sub", error("CALENDAR_MISSING")) + user("provide")
    diagram = xml(process("p", body, "s -> sub -> e; b -> provide -> sub"), errors="CALENDAR_MISSING")
    play = Play(diagram, world=World(functions={"deadline": deadline}))
    assert play.open == ["provide"]
    assert play.failed == []
