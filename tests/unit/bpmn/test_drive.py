"""The token game: what runs, in which order, and what is known afterwards. Every step is saved and loaded again (`Play`)."""

from __future__ import annotations

import threading
import time

import pytest

from engine.bpmn.drive import Run
from engine.bpmn.model import Limits
from engine.errors import Conflict, NotFound, Refused
from forms.i18n import T
from tests.unit.bpmn.diagrams import (
    NOON,
    Play,
    World,
    flows,
    node,
    process,
    properties,
    release,
    script,
    service,
    timer,
    user,
    xml,
)


def gate(id: str, kind: str = "exclusiveGateway", **attributes: str) -> str:
    return node(kind, id, **attributes)


def test_a_line_of_steps() -> None:
    world = World(handlers={"work": lambda call: {"sum": call.parameters["a"] + 1, "text": call.parameters["b"]}})
    play = Play(
        xml(
            process(
                "p",
                user("first") + script("double", "=n * 2", "twice") + service("add", a="=twice", b="as it stands"),
                "s -> first -> double -> add -> e",
            )
        ),
        {"n": 2},
        world=world,
    )
    assert play.open == ["first"]
    play.complete("first", n=21)
    assert play.picture.completed
    assert play.data == {"n": 21, "twice": 42, "sum": 43, "text": "as it stands"}
    assert play.ended == ["e"]
    assert [(call.topic, call.definition_key, call.element_id) for call in world.calls] == [("work", "p", "add")]
    assert play.happened == [
        ("entered", "s"),
        ("completed", "s"),
        ("entered", "first"),
        ("completed", "first"),
        ("entered", "double"),
        ("completed", "double"),
        ("entered", "add"),
        ("service_done", "add"),
        ("completed", "add"),
        ("entered", "e"),
        ("ended", "e"),
        ("completed", "e"),
    ]


def test_the_result_of_a_service_goes_where_the_diagram_says_and_used_variables_go() -> None:
    world = World(handlers={"work": lambda call: {"id": 7}})
    play = Play(
        xml(process("p", service("a", result="made", consume="secret, other") + user("u"), "s -> a -> u -> e")),
        {"secret": 1, "other": 2, "kept": 3},
        world=world,
    )
    assert play.data == {"kept": 3, "made": {"id": 7}}


def test_manual_and_bare_tasks_are_human_steps() -> None:
    play = Play(xml(process("p", node("manualTask", "m") + node("task", "t"), "s -> m -> t -> e")))
    assert play.open == ["m"]
    play.complete("m")
    assert play.open == ["t"]
    task = play.task("t")
    assert (task.candidate_groups, task.candidate_users, task.assignee) == ((), (), None)
    assert play.complete("t").picture.completed


def test_elements_named_like_the_engines_own_do_not_collide() -> None:
    body = '<bpmn:startEvent id="Start"/><bpmn:endEvent id="End"/>' + user("Root")
    play = Play(xml(process("p", body, "Start -> Root -> End", start=False)))
    assert play.open == ["Root"]
    assert play.complete("Root").ended == ["End"]


def test_who_and_until_when_is_settled_when_the_task_begins() -> None:
    task = user(
        "u",
        properties(notSameActorAs="other", hint="请核对"),
        camunda_formKey="form",
        camunda_assignee="=who",
        camunda_candidateGroups="a, b",
        camunda_candidateUsers="${helpers}",
        camunda_dueDate="P5D",
        camunda_followUpDate="=when",
    )
    play = Play(
        xml(process("p", task, "s -> u -> e")),
        {"who": "li", "helpers": ["x", "y"], "when": "2026-06-02T09:00:00+08:00"},
    )
    got = play.task("u")
    assert (got.form_key, got.assignee, got.candidate_groups) == ("form", "li", ("a", "b"))
    assert got.candidate_users == ("x", "y")
    assert got.due_at is not None
    assert (got.due_at - NOON).days == 5
    assert got.follow_up_at is not None
    assert got.follow_up_at.isoformat() == "2026-06-02T01:00:00+00:00"
    assert got.properties == {"notSameActorAs": "other", "hint": "请核对"}
    play.world.later(days=3)
    assert play.load().advance().tasks[0].due_at == got.due_at


def test_a_missing_assignee_or_scope_never_widens_who_may_act() -> None:
    play = Play(xml(process("p", user("u", camunda_assignee="=who") + user("v"), "s -> u -> v -> e")))
    assert play.open == []
    assert play.failed == [("u", "NOBODY")]
    play = Play(
        xml(process("p", user("u", properties(scope='="unit:" + unit'), camunda_candidateGroups="g"), "s -> u -> e"))
    )
    assert play.failed == [("u", "NO_SCOPE")]


def test_lanes_are_candidate_groups() -> None:
    lanes = (
        '<bpmn:laneSet id="ls"><bpmn:lane id="l1" name="单位人事">'
        + properties(group="unit_hr", scope='="unit:" + unit')
        + '<bpmn:flowNodeRef>a</bpmn:flowNodeRef><bpmn:flowNodeRef>sub</bpmn:flowNodeRef></bpmn:lane><bpmn:lane id="l2" name="省厅">'
        "<bpmn:flowNodeRef>b</bpmn:flowNodeRef></bpmn:lane></bpmn:laneSet>"
    )
    inner = '<bpmn:startEvent id="is"/>' + user("inside") + '<bpmn:endEvent id="ie"/>'
    body = lanes + user("a") + user("b", camunda_candidateGroups="own") + user("c")
    body += node("subProcess", "sub", inner + flows("is -> inside -> ie"))
    play = Play(xml(process("p", body, "s -> a -> b -> sub -> c -> e")), {"unit": "u01"})
    got = play.task("a")
    assert (got.lane, got.candidate_groups, got.scope) == ("单位人事", ("unit_hr",), "unit:u01")
    got = play.complete("a").task("b")
    assert (got.lane, got.candidate_groups, got.scope) == ("省厅", ("own",), None)
    assert play.complete("b").task("inside").candidate_groups == ("unit_hr",)
    assert play.complete("inside").task("c").lane is None


def test_an_exclusive_gateway_says_why() -> None:
    body = gate("g", default="g_low") + user("high") + user("low")
    diagram = xml(process("p", body, "s -> g; g -> high [=score >= limit]; g -> low; high -> e; low -> e"))
    play = Play(diagram, {"score": 61, "limit": 60})
    assert play.open == ["high"]
    decided = next(h for h in play.happenings if h.kind == "decided")
    assert decided.data == {
        "conditions": [
            {"flow": "g_high", "condition": "score >= limit", "read": {"score": 61, "limit": 60}, "value": True}
        ],
        "taken": ["g_high"],
    }
    assert Play(diagram, {"score": 59, "limit": 60}).open == ["low"]


def test_a_condition_that_cannot_be_judged_is_an_incident_and_never_the_default() -> None:
    body = gate("g", default="g_low") + user("high") + user("low")
    diagram = xml(process("p", body, "s -> g; g -> high [score > 60]; g -> low; high -> e; low -> e"))
    play = Play(diagram, {"score": "61"})
    assert play.open == []
    assert play.failed == [("g", "FEEL_ERROR")]
    assert not play.picture.completed


def test_no_condition_true_and_no_default_is_an_incident() -> None:
    body = gate("g") + user("a") + user("b")
    play = Play(xml(process("p", body, "s -> g; g -> a [n = 1]; g -> b [n = 2]; a -> e; b -> e")), {"n": 3})
    assert play.failed == [("g", "NO_FLOW")]


def test_conditions_are_looked_at_in_the_order_of_the_file() -> None:
    body = gate("g") + user("a") + user("b")
    play = Play(xml(process("p", body, "s -> g; g -> b [true]; g -> a [true]; a -> e; b -> e")))
    assert play.open == ["b"]


def test_parallel_branches_keep_what_each_of_them_changed() -> None:
    body = gate("f", "parallelGateway") + gate("j", "parallelGateway") + user("a") + user("b") + user("after")
    play = Play(
        xml(process("p", body, "s -> f; f -> a -> j; f -> b -> j; j -> after -> e")),
        {"x": 1, "list": [1], "nested": {"k": 1}},
    )
    play.complete("a", x=2, list=[1, 2], nested={"k": 2})
    assert play.open == ["b"]
    play.complete("b", y=3)
    assert play.open == ["after"]
    assert play.data == {"x": 2, "list": [1, 2], "nested": {"k": 2}, "y": 3}


def test_a_parallel_join_of_nested_splits_is_not_lost_by_keeping_the_tree_small() -> None:
    body = gate("f", "parallelGateway") + gate("g", "parallelGateway") + gate("j", "parallelGateway")
    body += user("a") + user("b") + user("c") + user("after")
    play = Play(xml(process("p", body, "s -> f; f -> a -> j; f -> g; g -> b -> j; g -> c -> j; j -> after -> e")))
    play.complete("a", a=1).complete("b", b=2)
    assert play.open == ["c"]
    play.complete("c", c=3)
    assert play.open == ["after"]
    assert play.data == {"a": 1, "b": 2, "c": 3}


def test_a_parallel_join_in_a_loop_waits_for_both_in_every_round() -> None:
    body = gate("m") + gate("f", "parallelGateway") + gate("j", "parallelGateway") + gate("again", default="again_e")
    body += user("a") + user("b")
    play = Play(
        xml(
            process("p", body, "s -> m -> f; f -> a -> j; f -> b -> j; j -> again; again -> m [=more]; again -> e"),
        ),
        {"more": True},
    )
    for order in ("ab", "ba", "ab", "ba"):
        play.complete(order[0])
        assert play.open == [order[1]]
        play.complete(order[1])
        assert sorted(play.open) == ["a", "b"]
    play.complete("b", more=False)
    assert play.complete("a", more=False).picture.completed


def test_two_tokens_on_one_flow_do_not_stand_in_for_a_missing_one() -> None:
    # Both branches into `m` reach the join by the same flow.
    body = gate("f", "parallelGateway") + gate("m") + gate("j", "parallelGateway") + user("a") + user("b") + user("c")
    play = Play(xml(process("p", body, "s -> f; f -> a -> m; f -> b -> m; f -> c -> j; m -> j; j -> e")))
    play.complete("a").complete("b")
    assert play.open == ["c"]
    play.complete("c")
    # One token is left over at the join and can never go on: said aloud, not silently.
    assert play.failed == [("j", "STUCK")]


def test_an_exclusive_split_closed_by_a_parallel_join_is_reported_not_completed() -> None:
    body = gate("g", default="g_b") + gate("j", "parallelGateway") + user("a") + user("b")
    play = Play(xml(process("p", body, "s -> g; g -> a [true]; g -> b; a -> j; b -> j; j -> e")))
    play.complete("a")
    assert not play.picture.completed
    assert play.failed == [("j", "STUCK")]


@pytest.mark.parametrize(("chosen", "expected"), [("ab", {"a", "b"}), ("a", {"a"}), ("bc", {"b", "c"}), ("", {"d"})])
def test_an_inclusive_gateway_waits_for_what_was_chosen(chosen: str, expected: set[str]) -> None:
    body = gate("f", "inclusiveGateway", default="f_d") + gate("j", "inclusiveGateway") + user("after")
    body += "".join(user(name) for name in "abcd")
    arrows = "s -> f; f -> a [wa]; f -> b [wb]; f -> c [wc]; f -> d; a -> j; b -> j; c -> j; d -> j; j -> after -> e"
    play = Play(xml(process("p", body, arrows)), {f"w{name}": name in chosen for name in "abc"})
    assert set(play.open) == expected
    for name in sorted(expected):
        assert "after" not in play.open
        play.complete(name, **{name: True})
    assert play.open == ["after"]
    assert {name for name in "abcd" if play.data.get(name)} == expected


def test_a_loop_of_700_rounds_stays_quick_and_small() -> None:
    body = user("fill") + user("check") + gate("ok", default="ok_e") + gate("m")
    diagram = xml(process("p", body, "s -> m -> fill -> check -> ok; ok -> m [again]; ok -> e"))
    play = Play(diagram, {"again": True}, reload=False)
    began = time.process_time()
    for round in range(700):
        play.complete("fill", round=round)
        play.complete("check", again=round < 699)
    assert play.picture.completed
    assert play.data["round"] == 699
    assert time.process_time() - began < 10
    assert len(play.blob) < 600


def test_a_loop_beside_an_open_branch_stays_small_too() -> None:
    body = gate("f", "parallelGateway") + gate("j", "parallelGateway") + gate("m") + gate("ok", default="ok_j")
    body += user("other") + user("fill")
    play = Play(
        xml(process("p", body, "s -> f; f -> other -> j; f -> m -> fill -> ok; ok -> m [again]; ok -> j; j -> e")),
        {"again": True},
        reload=False,
    )
    for round in range(120):
        play.complete("fill", round=round, again=True)
    assert len(play.blob) < 600
    play.complete("fill", again=False).complete("other")
    assert play.picture.completed
    assert play.data == {"again": False, "round": 119}


def test_a_line_of_500_tasks_works() -> None:
    names = [f"t{n}" for n in range(500)]
    play = Play(xml(process("p", "".join(map(user, names)), " -> ".join(["s", *names, "e"]))), reload=False)
    for name in names:
        play.complete(name)
    assert play.picture.completed


def test_an_endless_loop_becomes_an_incident_with_a_state_that_can_be_saved() -> None:
    body = (
        gate("a") + script("b", "n + 1", "n") + gate("c", default="c_e") + user("beside") + gate("f", "parallelGateway")
    )
    diagram = xml(process("p", body, "s -> f; f -> a; f -> beside -> e; a -> b -> c; c -> a [true]; c -> e"))
    play = Play(diagram, {"n": 0}, limits=Limits(steps=300, seconds=60), reload=False)
    assert play.failed[0][1] == "STEP_LIMIT"
    assert play.open == ["beside"]
    assert len(play.blob) < 1500
    play.retry(play.failed[0][0])
    assert play.failed[0][1] == "STEP_LIMIT"
    assert play.open == ["beside"]


def test_an_endless_loop_ends_by_time_as_well() -> None:
    body = gate("a") + gate("c", default="c_e")
    began = time.process_time()
    play = Play(
        xml(process("p", body, "s -> a -> c; c -> a [true]; c -> e")),
        limits=Limits(steps=10_000_000, seconds=0.2),
        reload=False,
    )
    assert play.failed[0][1] == "TIME_LIMIT"
    assert time.process_time() - began < 2


def test_branches_without_end_are_stopped() -> None:
    body = gate("a", "parallelGateway") + gate("m")
    diagram = xml(process("p", body + user("u"), "s -> m -> a; a -> m; a -> u; u -> e"))
    play = Play(diagram, limits=Limits(branches=40), reload=False)
    assert [code for _, code in play.failed] == ["BRANCH_LIMIT"]


def test_a_failing_step_stops_only_its_branch_and_a_person_retries() -> None:
    answers: list[object] = [RuntimeError("no line"), {"x": "y"}, {"x": 1}]

    def work(_: object) -> dict[str, object]:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[return-value]

    body = (
        gate("f", "parallelGateway")
        + gate("j", "parallelGateway")
        + service("call")
        + script("use", "x + 1", "z")
        + user("u")
    )
    play = Play(
        xml(process("p", body, "s -> f; f -> call -> use -> j; f -> u -> j; j -> e")),
        world=World(handlers={"work": work}),
    )
    assert play.failed == [("call", "STEP_FAILED")]
    # What the error says may repeat what was typed: only its kind is told.
    assert "RuntimeError" in str(play.picture.failures[0].text)
    assert "no line" not in str(play.picture.failures[0])
    assert play.open == ["u"]
    play.complete("u", done=True)
    assert play.failed == [("call", "STEP_FAILED")]
    assert len(play.world.calls) == 1
    play.retry("call")
    assert play.failed == [("use", "FEEL_ERROR")]
    assert len(play.world.calls) == 2


def test_a_refusal_refuses_the_command_and_nothing_changes() -> None:
    def work(_: object) -> dict[str, object]:
        raise Refused(T("没有名额"), code="NO_VACANCY")

    play = Play(
        xml(process("p", user("u") + service("call"), "s -> u -> call -> e")), world=World(handlers={"work": work})
    )
    before = play.blob
    with pytest.raises(Refused) as refused:
        play.complete("u")
    assert refused.value.code == "NO_VACANCY"
    assert play.blob == before
    assert [t.element_id for t in play.load().advance().tasks] == ["u"]


def test_where_nobody_is_there_to_be_told_a_refusal_is_a_failure() -> None:
    def work(_: object) -> dict[str, object]:
        raise Refused(T("没有名额"), code="NO_VACANCY")

    play = Play(
        xml(process("p", service("call"), "s -> call -> e")), world=World(handlers={"work": work}), refuse=False
    )
    assert play.failed == [("call", "NO_VACANCY")]


def test_a_decision_goes_to_its_variable() -> None:
    body = node("businessRuleTask", "d", camunda_decisionRef="T1", camunda_resultVariable="verdict") + user("u")
    world = World(tables={"T1": lambda variables: {"eligible": variables["age"] > 30}})
    play = Play(xml(process("p", body, "s -> d -> u -> e")), {"age": 40}, world=world)
    assert play.data["verdict"] == {"eligible": True}
    decided = next(h for h in play.happenings if h.kind == "decided")
    assert decided.data == {"decision": "T1", "result": {"eligible": True}}


def test_only_open_tasks_can_be_completed() -> None:
    play = Play(xml(process("p", user("u") + user("v"), "s -> u -> v -> e")))
    done = play.task("u").id
    play.complete("u")
    with pytest.raises((Conflict, NotFound)):
        play.do(lambda run: run.complete(done, {}))
    with pytest.raises(NotFound):
        play.do(lambda run: run.complete("nonsense", {}))
    waits = node("intermediateCatchEvent", "w", timer("timeDuration", "P1D"))
    waiting = Play(xml(process("p", waits, "s -> w -> e")))
    with pytest.raises(Conflict):
        waiting.do(lambda run: run.complete(waiting.picture.timers[0].id, {}))


def test_too_much_data_is_refused_from_people_and_an_incident_from_services() -> None:
    limits = Limits(data_bytes=2_000)
    diagram = xml(process("p", user("u") + service("call") + user("v"), "s -> u -> call -> v -> e"))
    play = Play(diagram, limits=limits, world=World(handlers={"work": lambda _: {"big": "x" * 3_000}}))
    with pytest.raises(Refused):
        play.complete("u", big="x" * 3_000)
    play.complete("u")
    assert play.failed == [("call", "DATA_LIMIT")]
    assert play.world.kept == []  # so that a retry does not do the work twice


def test_cancelling_an_instance_closes_everything() -> None:
    body = gate("f", "parallelGateway") + user("a") + user("b")
    play = Play(xml(process("p", body, "s -> f; f -> a -> e; f -> b -> e")), {"x": 1})
    play.do(lambda run: run.cancel())
    assert play.picture.completed
    assert play.open == []
    assert play.data == {"x": 1}
    assert ("cancelled", "a") in play.happened


def test_a_terminate_end_cancels_the_rest() -> None:
    body = (
        gate("f", "parallelGateway")
        + user("a")
        + user("b")
        + '<bpmn:endEvent id="stop"><bpmn:terminateEventDefinition/></bpmn:endEvent>'
    )
    play = Play(xml(process("p", body, "s -> f; f -> a -> stop; f -> b -> e")))
    play.complete("a", done=1)
    assert play.picture.completed
    assert play.ended == ["stop"]
    assert play.data == {"done": 1}


def test_what_people_did_not_write_down_is_not_shared_between_steps() -> None:
    """A handler that changes what it was given changes nothing."""

    def spoil(call: object) -> dict[str, object]:
        call.variables["nested"]["k"] = "spoiled"  # type: ignore[attr-defined]
        return {}

    play = Play(
        xml(process("p", service("a") + user("u"), "s -> a -> u -> e")),
        {"nested": {"k": "kept"}},
        world=World(handlers={"work": spoil}),
    )
    assert play.data == {"nested": {"k": "kept"}}


def test_two_threads_share_a_release() -> None:
    shared = release(xml(process("p", user("u"), "s -> u -> e")))
    results = []

    def play_through() -> None:
        for _ in range(20):
            run = Run.start(shared, "p", {}, World())
            run.complete(run.advance().tasks[0].id, {"n": 1})
            results.append(run.advance().completed)

    threads = [threading.Thread(target=play_through) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 80
