"""The soundness check finds each planted fault, with its element and line, and says nothing of what is shipped."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from marshmallow import Schema, fields
from marshmallow.validate import OneOf

from engine.bpmn.lint import lint_bpmn
from engine.commands import contents
from engine.commands.check_soundness import check_soundness
from engine.commands.contents import Content
from engine.errors import Problem
from engine.registry import Handler, Registry
from forms.i18n import T
from processes.office import registry
from tests.unit.bpmn.diagrams import (
    error,
    flows,
    many,
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

FORK, MEET, PICK = "parallelGateway", "parallelGateway", "exclusiveGateway"


class Verdict(Schema):
    verdict = fields.String(required=True, validate=OneOf(["good", "bad"]))
    score = fields.Integer(required=True)


OFFICE = Registry(groups={"clerks": T("x")})
OFFICE.add_handlers([Handler("judge", lambda *_: {}, Schema, Verdict, T("x"))])


def form(key: str, *components: dict[str, object]) -> Content:
    raw = json.dumps({"type": "default", "id": key, "components": components}).encode()
    return Content("form", key, key, f"{key}.form", raw)


def radio(key: str, *values: str, required: bool = True) -> dict[str, object]:
    options = [{"label": value, "value": value} for value in values]
    return {"type": "radio", "key": key, "label": "选", "values": options, "validate": {"required": required}}


def found(raw: bytes, *others: Content, office: Registry = OFFICE) -> list[Problem]:
    assert [p for p in lint_bpmn("p.bpmn", raw) if p.severity == "error"] == []
    problems = check_soundness("p.bpmn", raw, others, office)
    for problem in problems:
        assert (problem.file, problem.severity) == ("p.bpmn", "warning")
        assert problem.line
        assert problem.text.to("en") != str(problem.text)
        assert problem.remedy.to("en") != str(problem.remedy)
    return problems


def codes(raw: bytes, *others: Content, office: Registry = OFFICE) -> list[tuple[str, str | None]]:
    return [(p.code, p.element) for p in found(raw, *others, office=office)]


def one(body: str, arrows: str, **given: str) -> bytes:
    return xml(process("p", body, arrows), **given)


CHOICE = form("page", radio("answer", "agree", "refuse"))
ASKED = user("u", camunda_formKey="page")


def test_the_shipped_diagrams_stick_nowhere() -> None:
    office = registry()
    files = {path.name: path.read_bytes() for folder in office.shipped for path in Path(folder).rglob("*.*")}
    whole, problems = contents.read({name: raw for name, raw in files.items() if contents.kind_of(name)})
    assert problems == []
    said = {
        file: [(p.code, p.element, str(p.text)) for p in check_soundness(file, raw, whole, office)]
        for file, raw in files.items()
        if file.endswith(".bpmn")
    }
    assert len(said) >= 18
    assert {file: problems for file, problems in said.items() if problems} == {}


# -- tokens -----------------------------------------------------------------------------------------------------------


def test_a_branch_that_ends_elsewhere_leaves_the_join_waiting() -> None:
    body = node(FORK, "f") + node(MEET, "j", name="会合") + ASKED + user("v") + node(PICK, "g", default="g_j")
    raw = one(
        body + node("endEvent", "out"), 's -> f -> u -> g; f -> v -> j; g -> out [answer = "refuse"]; g -> j; j -> e'
    )
    (problem,) = found(raw, CHOICE)
    assert (problem.code, problem.element) == ("JOIN_MAY_STARVE", "j")
    assert problem.facts["missing"] == ["g_j"]
    assert "g→out" in str(problem.text)


def test_with_a_terminating_end_the_same_is_sound() -> None:
    body = node(FORK, "f") + node(MEET, "j") + ASKED + user("v") + node(PICK, "g", default="g_j")
    body += node("endEvent", "out", "<bpmn:terminateEventDefinition/>")
    assert codes(one(body, 's -> f -> u -> g; f -> v -> j; g -> out [answer = "refuse"]; g -> j; j -> e'), CHOICE) == []


def test_a_join_that_can_never_complete_and_what_lies_behind_it() -> None:
    body = ASKED + node(PICK, "g", default="g_w") + user("v") + user("w") + user("x") + node(MEET, "j")
    body += node(FORK, "f")
    raw = one(body, 's -> f -> u -> g; f -> x -> j; g -> v [answer = "agree"]; g -> w; v -> j; w -> j; j -> e')
    assert codes(raw, CHOICE) == [("JOIN_STARVES", "j"), ("END_NEVER", "e")]


def test_a_condition_that_no_value_meets() -> None:
    body = ASKED + node(PICK, "g", default="g_e") + node("endEvent", "out")
    (problem, end) = found(one(body, 's -> u -> g; g -> out [answer = "refused"]; g -> e'), CHOICE)
    assert (problem.code, problem.element) == ("FLOW_NEVER", "g_out")
    assert '"agree"' in str(problem.text)
    assert (end.code, end.element) == ("END_NEVER", "out")
    assert codes(one(body, 's -> u -> g; g -> out [answer = "refuse"]; g -> e'), CHOICE) == []


def test_a_default_way_that_nothing_is_left_for() -> None:
    body = service("c", "judge") + node(PICK, "g", default="g_e") + node("endEvent", "a") + node("endEvent", "b")
    arrows = 's -> c -> g; g -> a [verdict = "good"]; g -> b [verdict != "good"]; g -> e'
    assert codes(one(body, arrows)) == [("FLOW_NEVER", "g_e"), ("END_NEVER", "e")]


def test_conditions_about_a_result_kept_as_a_whole() -> None:
    body = service("c", "judge", "r") + node(PICK, "g", default="g_e") + node("endEvent", "a")
    assert codes(one(body, 's -> c -> g; g -> a [r.verdict = "fine"]; g -> e')) == [
        ("FLOW_NEVER", "g_a"),
        ("END_NEVER", "a"),
    ]
    assert codes(one(body, "s -> c -> g; g -> a [r.score > 3]; g -> e")) == []


def test_a_condition_that_is_always_the_same() -> None:
    body = user("u") + node(PICK, "g", default="g_e") + node("endEvent", "a")
    assert codes(one(body, "s -> u -> g; g -> a [1 > 2]; g -> e")) == [("FLOW_NEVER", "g_a"), ("END_NEVER", "a")]


def test_an_error_nobody_reports() -> None:
    inner = f'<bpmn:startEvent id="is"/><bpmn:endEvent id="ie"/>{user("u")}{flows("is -> u -> ie")}'
    body = node("subProcess", "sub", inner) + node("boundaryEvent", "b", error("no"), attachedToRef="sub")
    raw = one(body + node("endEvent", "out"), "s -> sub -> e; b -> out", errors="no yes")
    assert codes(raw) == [("FLOW_NEVER", "b"), ("END_NEVER", "out")]
    raising = inner.replace('<bpmn:endEvent id="ie"/>', f'<bpmn:endEvent id="ie">{error("no")}</bpmn:endEvent>')
    thrown = one(body.replace(inner, raising) + node("endEvent", "out"), "s -> sub -> e; b -> out", errors="no yes")
    assert codes(thrown) == [("FLOW_NEVER", "sub_e"), ("END_NEVER", "e")]  # it always ends with the error


def test_events_beside_an_activity_and_races_are_played() -> None:
    body = user("u") + node(
        "boundaryEvent", "b", timer("timeDuration", "P1D"), attachedToRef="u", cancelActivity="false"
    )
    body += node("eventBasedGateway", "r") + user("v") + node(MEET, "j")
    body += node("intermediateCatchEvent", "m", message("m1")) + node(
        "intermediateCatchEvent", "t", timer("timeDuration", "P2D")
    )
    raw = one(body, "s -> u -> r; r -> m; r -> t; m -> e; t -> e; b -> v -> e2", messages="m1").replace(
        b"<bpmn:parallelGateway", b'<bpmn:endEvent id="e2"/><bpmn:parallelGateway'
    )
    assert codes(raw.replace(b'<bpmn:parallelGateway id="j"></bpmn:parallelGateway>', b"")) == []
    raced = one(
        node("eventBasedGateway", "r")
        + node("intermediateCatchEvent", "m", message("m1"))
        + node("intermediateCatchEvent", "t", timer("timeDuration", "P2D"))
        + node(FORK, "f")
        + node(MEET, "j")
        + user("w"),
        "s -> f -> r; f -> w -> j; r -> m; r -> t; m -> j; t -> e2; j -> e",
        messages="m1",
    ).replace(b'<bpmn:parallelGateway id="f">', b'<bpmn:endEvent id="e2"/><bpmn:parallelGateway id="f">')
    assert codes(raced) == [("JOIN_MAY_STARVE", "j")]


def test_an_inclusive_join_waits_only_for_what_can_come() -> None:
    body = user("u") + node("inclusiveGateway", "f", default="f_c") + user("a") + user("b") + user("c")
    body += node("inclusiveGateway", "j")
    arrows = "s -> u -> f; f -> a [n > 1]; f -> b [n > 2]; f -> c; a -> j; b -> j; c -> j; j -> e"
    assert [code for code, _ in codes(one(body, arrows))] == ["VARIABLE_UNSET"]


def test_a_game_too_big_to_end_says_nothing_and_ends() -> None:
    """Twelve branches with a loop each: more markings than anybody can look at."""
    body, arrows = node(FORK, "f") + node(MEET, "j"), "s -> f; j -> e"
    for n in range(12):
        body += user(f"u{n}") + node(PICK, f"x{n}") + node(PICK, f"g{n}", default=f"g{n}_j")
        arrows += f"; f -> x{n} -> u{n} -> g{n}; g{n} -> x{n} [loopCounter > 1]; g{n} -> j"
    began = time.thread_time()
    said = found(one(body, arrows))
    assert time.thread_time() - began < 2
    assert {problem.code for problem in said} <= {"VARIABLE_UNSET"}


# -- variables --------------------------------------------------------------------------------------------------------


def test_a_variable_nobody_sets_and_the_name_it_was_meant_to_be() -> None:
    body = ASKED + script("x", "if anser = null then 1 else 2", "n") + user("v", camunda_assignee="=who")
    said = found(one(body, "s -> u -> x -> v -> e"), CHOICE)
    assert [(p.code, p.element, p.facts["variable"], p.facts["near"]) for p in said] == [
        ("VARIABLE_UNSET", "x", "anser", ["answer"]),
        ("VARIABLE_UNSET", "v", "who", []),
    ]


@pytest.mark.parametrize(
    ("body", "extra"),
    [
        (properties(startVariables="who"), ()),
        (user("first", camunda_formKey="f"), (form("f", {"type": "textfield", "key": "who", "label": "谁"}),)),
        (script("first", '"ann"', "who"), ()),
        (user("first", many("[1]", "who")), ()),
        (node("receiveTask", "first", properties(accepts="who"), messageRef="m1"), ()),
        (node("callActivity", "first", calledElement="q"), ("called",)),
        (
            node(
                "callActivity",
                "first",
                '<bpmn:extensionElements><camunda:out source="inner" target="who"/></bpmn:extensionElements>',
                calledElement="q",
            ),
            ("called",),
        ),
    ],
)
def test_whoever_sets_a_variable_counts(body: str, extra: tuple[object, ...]) -> None:
    called = xml(process("q", script("x", "1", "who") + script("y", "1", "inner"), "s -> x -> y -> e"))
    others = [Content("process", "q", "q", "q.bpmn", called) if item == "called" else item for item in extra]
    first = "first -> " if 'id="first"' in body else ""
    raw = one(body + user("v", camunda_assignee="=who"), f"s -> {first}v -> e", messages="m1")
    assert codes(raw, *others) == []  # type: ignore[arg-type]


def test_a_form_that_shows_what_nobody_sets() -> None:
    shown: dict[str, object] = {"type": "text", "id": "t", "text": "您好，{{applicant}}，{{answer}}"}
    hidden: dict[str, object] = {"type": "text", "id": "h", "text": "x", "conditional": {"hide": "=extra = null"}}
    page = form("page", radio("answer", "agree"), shown, hidden)
    (problem,) = found(one(ASKED, "s -> u -> e"), page)
    assert (problem.element, problem.facts["variable"]) == ("u", "applicant")
    assert found(one(properties(startVariables="applicant") + ASKED, "s -> u -> e"), page) == []
    office = Registry(sends={"m1": frozenset({"applicant"})})
    told = one(node("receiveTask", "r", messageRef="m1") + ASKED, "s -> r -> u -> e", messages="m1")
    assert codes(told, page, office=office) == []
    assert codes(told, page) == [("VARIABLE_UNSET", "u")]


def test_what_is_named_inside_an_expression_is_no_variable() -> None:
    text = "for i in 1..3 return {a: i, b: a}[b > 1].b"
    body = script("x", text, "n") + script("y", "some k in n satisfies k > count(n)", "m")
    assert codes(one(body, "s -> x -> y -> e")) == []


def test_a_called_process_does_not_give_back_what_is_taken_from_it() -> None:
    mapped = '<bpmn:extensionElements><camunda:out source="nothing" target="who"/></bpmn:extensionElements>'
    called = Content("process", "q", "q", "q.bpmn", xml(process("q", user("x"), "s -> x -> e")))
    raw = one(node("callActivity", "first", mapped, calledElement="q"), "s -> first -> e")
    assert codes(raw, called) == [("VARIABLE_UNSET", "first")]


def test_an_entry_that_a_service_does_not_give() -> None:
    body = (
        service("c", "judge", "r") + user("v", camunda_assignee="=r.verdikt") + user("w", camunda_assignee="=r.verdict")
    )
    (problem,) = found(one(body, "s -> c -> v -> w -> e"))
    assert (problem.element, problem.facts["variable"], problem.facts["near"]) == ("v", "r.verdikt", ["verdict"])


# -- people -----------------------------------------------------------------------------------------------------------


def test_a_lane_and_tasks_that_nobody_can_do() -> None:
    lane = '<bpmn:laneSet id="ls"><bpmn:lane id="l" name="纪委"><bpmn:flowNodeRef>u</bpmn:flowNodeRef></bpmn:lane></bpmn:laneSet>'
    body = lane + user("u") + user("v", camunda_candidateGroups="clerks, nobodies")
    body += user("w", camunda_assignee="=n") + user("x", properties(notSameActorAs="w"), camunda_assignee="=n")
    raw = one(properties(startVariables="n") + body, "s -> u -> v -> w -> x -> e")
    assert codes(raw) == [("LANE_NOBODY", "l"), ("TASK_NOBODY", "v"), ("TASK_NOBODY", "x")]
    assert codes(one(properties(startedBy="process") + user("u"), "s -> u -> e")) == [("TASK_NOBODY", "u")]
    assert codes(one(user("u"), "s -> u -> e")) == []  # its starter does it
