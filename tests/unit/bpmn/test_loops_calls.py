"""Multi-instance activities, sub-processes and call activities. Every step is saved and loaded again (`Play`)."""

from __future__ import annotations

import pytest

from engine.bpmn.model import Limits
from tests.unit.bpmn.diagrams import (
    Play,
    World,
    error,
    flows,
    many,
    node,
    process,
    properties,
    service,
    timer,
    user,
    xml,
)


def each(id: str, *, until: str = "", one_by_one: bool = False, cardinality: str = "") -> str:
    given = properties(outputCollection="votes", outputElement="=vote", group="x")
    where = many(cardinality=cardinality, until=until, one_by_one=one_by_one)
    if not cardinality:
        where = many("=experts", "expert", until=until, one_by_one=one_by_one)
    return user(id, given + where, camunda_assignee="=expert" if not cardinality else "", camunda_candidateGroups="g")


FIVE = {"experts": ["a", "b", "c", "d", "e5"]}


def test_five_instances_finish_in_any_order() -> None:
    play = Play(xml(process("p", each("u") + user("after"), "s -> u -> after -> e")), FIVE)
    assert [t.assignee for t in play.picture.tasks] == FIVE["experts"]
    assert len({t.id for t in play.picture.tasks}) == 5
    assert [(a.element_id, a.count) for a in play.picture.active] == [("u", 5)]
    for number in (4, 0, 2, 1, 0):
        assert "after" not in play.open
        expert = play.picture.tasks[number].data["expert"]
        play.complete("u", number, vote=f"by {expert}")
    assert play.open == ["after"]
    assert play.data == {**FIVE, "votes": ["by a", "by b", "by c", "by d", "by e5"]}


def test_lanes_and_dates_reach_the_instances() -> None:
    lane = '<bpmn:laneSet><bpmn:lane id="l" name="评审专家"><bpmn:flowNodeRef>u</bpmn:flowNodeRef></bpmn:lane></bpmn:laneSet>'
    task = user("u", many(cardinality="2"), camunda_dueDate="P1D")
    play = Play(xml(process("p", lane + task, "s -> u -> e")))
    assert [(t.candidate_groups, t.lane, t.due_at is not None) for t in play.picture.tasks] == [
        (("评审专家",), "评审专家", True)
    ] * 2


def test_enough_is_enough() -> None:
    until = "nrOfCompletedInstances >= 3 or count(votes[item = &quot;no&quot;]) >= 2".replace("&quot;", '"')
    diagram = xml(process("p", each("u", until=until) + user("after"), "s -> u -> after -> e"))
    play = Play(diagram, FIVE)
    play.complete("u", 1, vote="yes").complete("u", 0, vote="yes")
    assert len(play.open) == 3
    play.complete("u", 0, vote="yes")
    assert play.open == ["after"]
    assert play.data["votes"] == ["yes", "yes", "yes"]
    play = Play(diagram, FIVE).complete("u", vote="no").complete("u", vote="no")
    assert play.open == ["after"]


def test_one_after_the_other() -> None:
    play = Play(xml(process("p", each("u", one_by_one=True), "s -> u -> e")), FIVE)
    for expert in FIVE["experts"]:
        assert [t.assignee for t in play.picture.tasks] == [expert]
        play.complete("u", vote=expert)
    assert play.picture.completed
    assert play.data["votes"] == FIVE["experts"]


def test_a_second_round_starts_with_nothing() -> None:
    body = each("u") + node("exclusiveGateway", "g", default="g_e") + node("exclusiveGateway", "m")
    play = Play(
        xml(process("p", body, 's -> m -> u -> g; g -> m [not(every v in votes satisfies v = "yes")]; g -> e')), FIVE
    )
    for _ in range(4):
        play.complete("u", vote="yes")
    play.complete("u", vote="no")
    assert len(play.open) == 5
    assert play.data["votes"] == []
    for _ in range(5):
        play.complete("u", vote="yes")
    assert play.picture.completed
    assert play.data["votes"] == ["yes"] * 5


@pytest.mark.parametrize(
    ("variables", "code"),
    [({}, "BAD_COLLECTION"), ({"experts": "abc"}, "BAD_COLLECTION"), ({"experts": list(range(50))}, "BRANCH_LIMIT")],
)
def test_a_bad_collection_is_an_incident(variables: dict[str, object], code: str) -> None:
    play = Play(xml(process("p", each("u"), "s -> u -> e")), variables, limits=Limits(branches=20))
    assert play.failed == [("u", code)]


@pytest.mark.parametrize("text", ["-1", "1.5", '"3"', "null"])
def test_a_bad_number_of_instances_is_an_incident(text: str) -> None:
    play = Play(xml(process("p", each("u", cardinality=text), "s -> u -> e")))
    assert play.failed == [("u", "BAD_CARDINALITY")]


def test_nothing_to_do_is_done() -> None:
    play = Play(xml(process("p", each("u"), "s -> u -> e")), {"experts": []})
    assert play.picture.completed
    assert play.data["votes"] == []


def test_a_completion_condition_that_fails_can_be_retried_and_loses_no_answer() -> None:
    play = Play(xml(process("p", each("u", until='vote > "x"') + user("after"), "s -> u -> after -> e")), FIVE)
    play.complete("u", vote=1)
    assert play.failed == [("u", "FEEL_ERROR")]
    assert play.open == ["u"] * 4
    play.complete("u", vote="a")
    assert play.open == ["u"] * 3
    play.retry("u")
    assert play.failed == [("u", "FEEL_ERROR")]
    for _ in range(3):
        play.complete("u", vote="b")
    assert play.open == ["after"]
    assert play.failed == []
    assert play.data["votes"] == [1, "a", "b", "b", "b"]


def test_an_interrupting_timer_on_all_instances_keeps_what_was_given() -> None:
    late = node("boundaryEvent", "late", timer("timeDuration", "P1D"), attachedToRef="u")
    play = Play(xml(process("p", each("u") + late + user("after"), "s -> u -> e; late -> after -> e")), FIVE)
    play.complete("u", 1, vote="yes")
    assert play.fire(days=1) == 1
    assert play.open == ["after"]
    assert play.data["votes"] == ["yes"]


def test_instances_of_a_service_and_its_error() -> None:
    from engine.errors import BpmnError
    from forms.i18n import T

    def work(call: object) -> dict[str, object]:
        if call.variables["x"] == stop:  # type: ignore[attr-defined]
            raise BpmnError("FULL", T("满"))
        return {"twice": call.variables["x"] * 2}  # type: ignore[attr-defined]

    call = service("c").replace(
        "</bpmn:serviceTask>",
        many("xs", "x") + "</bpmn:serviceTask>",
    )
    call = call.replace(
        "<camunda:properties>",
        '<camunda:properties><camunda:property name="outputCollection" value="out"/><camunda:property name="outputElement" value="twice"/>',
    )
    edge = node("boundaryEvent", "b", error("FULL"), attachedToRef="c")
    diagram = xml(process("p", call + edge + user("after"), "s -> c -> e; b -> after -> e"), errors="FULL")
    stop = 0
    assert Play(diagram, {"xs": [1, 2, 3]}, world=World(handlers={"work": work})).data["out"] == [2, 4, 6]
    stop = 2
    assert Play(diagram, {"xs": [1, 2, 3]}, world=World(handlers={"work": work})).open == ["after"]


def test_without_a_collection_for_results_each_instance_adds_what_it_changed() -> None:
    for one_by_one in (False, True):
        task = user("u", many("=experts", "expert", one_by_one=one_by_one))
        play = Play(
            xml(process("p", task + user("after"), "s -> u -> after -> e")), {"experts": ["a", "b"], "n": 0, "gone": 1}
        )
        play.complete("u", by_a=1, n=1)
        play.complete("u", by_b=2)
        assert play.data == {"experts": ["a", "b"], "n": 1, "gone": 1, "by_a": 1, "by_b": 2}


def test_instances_of_instances_are_counted_together() -> None:
    called = process("q", user("deep", many(cardinality="30")), "s -> deep -> e")
    ca = node("callActivity", "ca", many(cardinality="30"), calledElement="q")
    play = Play(xml(process("p", ca, "s -> ca -> e"), called), limits=Limits(branches=100), reload=False)
    assert {code for _, code in play.failed} == {"BRANCH_LIMIT"}
    assert len(play.open) <= 100


def test_a_call_that_leads_nowhere_is_an_incident() -> None:
    play = Play(xml(process("p", node("callActivity", "ca", calledElement="gone"), "s -> ca -> e")))
    assert play.failed == [("ca", "NO_SUCH_PROCESS")]


def test_many_instances_stay_quick() -> None:
    play = Play(xml(process("p", each("u", cardinality="=n"), "s -> u -> e")), {"n": 120}, reload=False)
    for _ in range(120):
        play.complete("u", vote=1)
    assert play.picture.completed
    assert play.data["votes"] == [1] * 120


# -- processes inside processes ---------------------------------------------------------------------------------------


def test_a_call_shares_everything_unless_mapped() -> None:
    called = process("q", user("deep"), "s -> deep -> e")
    play = Play(
        xml(process("p", node("callActivity", "ca", calledElement="q") + user("u"), "s -> ca -> u -> e"), called),
        {"a": 1},
    )
    assert [(t.element_id, t.definition_key, t.data) for t in play.picture.tasks] == [("deep", "q", {"a": 1})]
    assert ("called", "ca") in play.happened
    play.complete("deep", b=2)
    assert play.data == {"a": 1, "b": 2}


def test_a_call_with_mappings_keeps_the_rest_apart() -> None:
    called = process("q", user("deep"), "s -> deep -> e")
    mapping = (
        '<bpmn:extensionElements><camunda:in source="a" target="x"/><camunda:in sourceExpression="=a + 1" target="y"/>'
        '<camunda:out source="outcome" target="result"/></bpmn:extensionElements>'
    )
    play = Play(
        xml(
            process("p", node("callActivity", "ca", mapping, calledElement="q") + user("u"), "s -> ca -> u -> e"),
            called,
        ),
        {"a": 1, "kept": 0},
    )
    assert play.task("deep").data == {"x": 1, "y": 2}
    play.complete("deep", outcome="ok", other="gone")
    assert play.data == {"a": 1, "kept": 0, "result": "ok"}


def test_a_mapping_that_fails_can_be_retried() -> None:
    called = process("q", user("deep"), "s -> deep -> e")
    mapping = '<bpmn:extensionElements><camunda:out sourceExpression="=if n > 1 then 1 else 0" target="r"/></bpmn:extensionElements>'
    play = Play(
        xml(process("p", node("callActivity", "ca", mapping, calledElement="q"), "s -> ca -> e"), called), {"n": "x"}
    )
    play.complete("deep")
    assert play.failed == [("ca", "FEEL_ERROR")]
    play.retry("ca")
    assert play.failed == [("ca", "FEEL_ERROR")]


def test_calls_within_calls_and_their_depth() -> None:
    chain = [process(f"q{n}", node("callActivity", "ca", calledElement=f"q{n + 1}"), "s -> ca -> e") for n in range(4)]
    chain.append(process("q4", user("deep"), "s -> deep -> e"))
    play = Play(xml(*chain), key="q0")
    assert [(t.element_id, t.definition_key) for t in play.picture.tasks] == [("deep", "q4")]
    assert [(a.element_id, a.definition_key) for a in play.picture.active] == [
        ("ca", "q0"),
        ("ca", "q1"),
        ("ca", "q2"),
        ("ca", "q3"),
        ("deep", "q4"),
    ]
    assert play.complete("deep", x=1).picture.completed
    assert play.data == {"x": 1}
    assert Play(xml(*chain), key="q0", limits=Limits(depth=3)).failed == [("ca", "DEPTH_LIMIT")]


def test_calls_for_each_item_and_a_timer_around_them() -> None:
    called = process("q", user("deep"), "s -> deep -> e")
    ca = node(
        "callActivity",
        "ca",
        properties(outputCollection="outcomes", outputElement="=outcome") + many("units", "unit"),
        calledElement="q",
    )
    late = node("boundaryEvent", "late", timer("timeDuration", "P1D"), attachedToRef="ca")
    diagram = xml(process("p", ca + late + user("after"), "s -> ca -> after -> e; late -> after"), called)
    play = Play(diagram, {"units": ["x", "y", "z"]})
    assert [t.data["unit"] for t in play.picture.tasks] == ["x", "y", "z"]
    play.complete("deep", 2, outcome=3).complete("deep", 0, outcome=1)
    assert play.complete("deep", outcome=2).data["outcomes"] == [1, 2, 3]
    assert play.open == ["after"]
    play = Play(diagram, {"units": ["x", "y", "z"]}).complete("deep", 1, outcome=2)
    assert play.fire(days=1) == 1
    assert play.open == ["after"]
    assert play.data["outcomes"] == [2]
    assert len(play.run.workflow.subprocesses) == 0


def test_a_loop_inside_a_subprocess_stays_small() -> None:
    inner = '<bpmn:startEvent id="is"/><bpmn:endEvent id="ie"/>' + user("fill") + node("exclusiveGateway", "m")
    inner += node("exclusiveGateway", "g", default="g_ie")
    body = node("subProcess", "sub", inner + flows("is -> m -> fill -> g; g -> m [again]; g -> ie"))
    play = Play(xml(process("p", body, "s -> sub -> e")), reload=False)
    for number in range(100):
        play.complete("fill", again=True, n=number)
    assert len(play.blob) < 700
    assert play.complete("fill", again=False).picture.completed
