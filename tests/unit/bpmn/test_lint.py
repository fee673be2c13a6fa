"""The lint names every bad element, with its line and what to do, and bears any file in well under two seconds."""

from __future__ import annotations

import time

import pytest
from marshmallow import Schema, fields

from engine.bpmn.findings import MAX_PROBLEMS
from engine.bpmn.lint import KnownNames, admit_bpmn, lint_bpmn
from engine.bpmn.parse import Release
from engine.errors import Problem
from engine.registry import Handler, Registry
from forms.i18n import T
from tests.unit.bpmn.diagrams import (
    HEAD,
    Play,
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


def lint(raw: bytes, **given: object) -> list[Problem]:
    began = time.process_time()
    problems = lint_bpmn("p.bpmn", raw, **given)  # type: ignore[arg-type]
    assert time.process_time() - began < 2
    for problem in problems:
        assert problem.file == "p.bpmn"
        assert str(problem.text)
        assert problem.text.to("en") != str(problem.text)
    return problems


def found(raw: bytes, **given: object) -> list[tuple[str, str | None]]:
    return [(p.code, p.element) for p in lint(raw, **given) if p.severity == "error"]


def warned(raw: bytes) -> list[tuple[str, str | None]]:
    return [(p.code, p.element) for p in lint(raw) if p.severity == "warning"]


def gate(id: str, kind: str = "exclusiveGateway", **attributes: str) -> str:
    return node(kind, id, **attributes)


def inner(body: str, arrows: str) -> str:
    return f'<bpmn:startEvent id="is"/><bpmn:endEvent id="ie"/>{body}{flows(arrows)}'


LINE = "s -> u -> e"


def test_a_good_diagram_has_nothing_against_it() -> None:
    body = (
        user("u", properties(notSameActorAs="v", hint="核对"), camunda_formKey="f", camunda_dueDate="P5D")
        + user("v", camunda_assignee="=who", camunda_dueDate="=due")
        + gate("g", default="g_v")
        + service("c", text="a", n="=1 + 1")
        + node("businessRuleTask", "d", camunda_decisionRef="D", camunda_resultVariable="r")
        + script("x", "=n + 1", "y")
        + node("boundaryEvent", "b", timer("timeCycle", "R3/P1D"), attachedToRef="u", cancelActivity="false")
        + node("callActivity", "ca", calledElement="q")
    )
    arrows = "s -> u -> g; g -> c [n > 1]; g -> v; c -> d -> x -> v -> ca -> e; b -> e"
    raw = xml(
        process("p", body, arrows),
        process("q", user("w"), "s2 -> w -> e2", start=False).replace(
            "<bpmn:userTask", '<bpmn:startEvent id="s2"/><bpmn:endEvent id="e2"/><bpmn:userTask', 1
        ),
    )
    known = KnownNames(forms=frozenset({"f"}), decisions=frozenset({"D"}), processes=frozenset())
    assert lint(raw, known=known) == []
    assert Release.build("good", {"p": raw}).drawings == {}


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"<a/>", "NOT_BPMN"),
        (xml(), "NO_PROCESS"),
        (b"", "XML_MALFORMED"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "XML_DOCTYPE"),
        (xml(process("p", user("u", name="x" * 10_000_000), LINE)), "XML_TOO_BIG"),
        (xml(process("p", user("u", name="x" * 4_000_000), LINE)), "XML_TEXT_TOO_LONG"),
        (xml(process("p", "".join(user(f"u{n}") for n in range(5_000)), "")), "TOO_LARGE"),
        (f"{HEAD}{'<bpmn:subProcess>' * 300}".encode(), "XML_TOO_DEEP"),
        (b"<a>\x00</a>", "XML_CHARACTER"),
    ],
)
def test_a_hostile_file_is_refused_at_once(raw: bytes, code: str) -> None:
    assert code in [problem.code for problem in lint(raw)]


def test_thousands_of_expressions_are_refused_and_not_read() -> None:
    rows = "".join(f'<camunda:inputParameter name="a{n}">=1 + {n}</camunda:inputParameter>' for n in range(3_000))
    task = node(
        "serviceTask",
        "c",
        f"<bpmn:extensionElements><camunda:inputOutput>{rows}</camunda:inputOutput></bpmn:extensionElements>",
        camunda_topic="work",
    )
    assert found(xml(process("p", task, "s -> c -> e"))) == [("TOO_LARGE", "p")]


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("x" * 2_001, "TEXT_TOO_LONG"),
        ("<b>重要</b>", "MARKUP"),
        ("<img src=x onerror=alert(1)>", "MARKUP"),
        ("&lt;script&gt;", "MARKUP"),
        ("javascript:alert(1)", "SCRIPT_LINK"),
        ("java\u200bscript :alert(1)".replace(" ", ""), "SCRIPT_LINK"),
        ("JaVa&#9;ScRiPt:x", "MARKUP"),
        ("data:text/html;base64,AAAA", "SCRIPT_LINK"),
        ("a\u202eb", "CONTROL_CHARACTER"),
        ("a\x85b", "CONTROL_CHARACTER"),
    ],
)
def test_labels_are_plain_short_text(label: str, code: str) -> None:
    assert (code, "u") in found(xml(process("p", user("u", name=label), LINE)))
    drawing = xml(process("p", user("u", name=label), LINE, attributes=' isExecutable="false"'))
    assert (code, "u") in found(drawing)


def test_documentation_and_hints_are_plain_text_too() -> None:
    marked = user("u", "<bpmn:documentation><b xmlns='x'>a</b></bpmn:documentation>")
    assert found(xml(process("p", marked, LINE))) == [("MARKUP", "u")]
    assert found(xml(process("p", user("u", properties(hint="<a href='x'>")), LINE)))[0][0] == "MARKUP"
    assert found(xml(process("p", user("u", properties(hint="少于 < 3 项")), LINE))) == []


def test_ids() -> None:
    assert ("ID_TWICE", "u") in found(xml(process("p", user("u") + user("u"), LINE)))
    for reserved in ("Start", "End", "Root"):
        assert found(xml(process("p", user(reserved), f"s -> {reserved} -> e"))) == [("ID_RESERVED", reserved)]
    assert ("ID_FORM", "1 x") in found(xml(process("p", user("1 x"), "s -> 1 x -> e")))
    assert ("ID_MISSING", None) in found(xml(process("p", "<bpmn:userTask name='n'/>" + user("u"), LINE)))


def test_dangling_references_are_all_named() -> None:
    lane = (
        '<bpmn:laneSet><bpmn:lane id="l" name="g"><bpmn:flowNodeRef>gone</bpmn:flowNodeRef></bpmn:lane></bpmn:laneSet>'
    )
    body = (
        lane
        + user("u", properties(notSameActorAs="nobody"))
        + gate("g", default="nowhere")
        + node("boundaryEvent", "b", error("missing"), attachedToRef="lost")
        + node("intermediateCatchEvent", "w", message("silent"))
    )
    raw = xml(process("p", body, "s -> u -> g; g -> w; w -> e; u -> void; g -> e [x]"))
    dangling = {(p.element, p.facts["ref"]) for p in lint(raw) if p.code == "DANGLING"}
    assert dangling == {
        ("l", "gone"),
        ("u", "nobody"),
        ("g", "nowhere"),
        ("b", "missing"),
        ("b", "lost"),
        ("w", "silent"),
        ("u_void", "void"),
    }
    assert all(p.line for p in lint(raw) if p.code == "DANGLING")
    pool = '<bpmn:collaboration id="c"><bpmn:participant id="pool" processRef="gone"/></bpmn:collaboration>'
    assert found(xml(pool, process("p", user("u"), LINE))) == [("DANGLING", "c")]


@pytest.mark.parametrize(
    "body",
    [
        node("complexGateway", "x"),
        node("transaction", "x"),
        node("adHocSubProcess", "x"),
        node("subProcess", "x", triggeredByEvent="true"),
        node("intermediateThrowEvent", "x", "<bpmn:signalEventDefinition/>"),
        node("intermediateThrowEvent", "x", "<bpmn:linkEventDefinition/>"),
        node("intermediateThrowEvent", "x", "<bpmn:compensateEventDefinition/>"),
        node("intermediateThrowEvent", "x", "<bpmn:escalationEventDefinition/>"),
        node("intermediateCatchEvent", "x", "<bpmn:conditionalEventDefinition/>"),
        node("intermediateCatchEvent", "x", "<bpmn:signalEventDefinition/>"),
        node("intermediateCatchEvent", "x"),
        node("intermediateCatchEvent", "x", timer("timeDuration", "P1D") + message("m")),
        node("endEvent", "x", "<bpmn:signalEventDefinition/>"),
        node("endEvent", "x", "<bpmn:cancelEventDefinition/>"),
        node("startEvent", "x", "<bpmn:errorEventDefinition/>"),
        node("startEvent", "x", timer("timeDuration", "P1D")),
        node("boundaryEvent", "x", "<bpmn:signalEventDefinition/>", attachedToRef="u"),
        user("x", "<bpmn:standardLoopCharacteristics/>"),
        user("x", isForCompensation="true"),
    ],
)
def test_what_the_engine_does_not_run_is_refused_or_kept_as_a_drawing(body: str) -> None:
    arrows = f"{LINE}; u -> x -> e"
    raw = xml(process("p", user("u") + body, arrows), messages="m")
    assert ("NOT_RUN", "x") in found(raw)
    assert list(Release.build(f"run {body}", {"p": raw}).drawings) == ["p"]
    drawing = xml(process("p", user("u") + body, arrows, attributes=' isExecutable="false"'), messages="m")
    assert [p.code for p in lint(drawing) if p.code == "DRAWING"] == ["DRAWING"]
    assert ("NOT_RUN", "x") not in found(drawing)
    assert list(Release.build(f"drawn {body}", {"p": drawing}).drawings) == ["p"]


def test_how_flows_must_lead() -> None:
    assert ("CROSSES", "u_v") in found(
        xml(
            process(
                "p",
                user("u") + node("subProcess", "sub", inner(user("v"), "is -> v -> ie")),
                "s -> u -> sub -> e; u -> v",
            )
        )
    )
    assert ("FLOW_DIRECTION", "u_s") in found(xml(process("p", user("u"), "s -> u -> e; u -> s")))
    assert ("FLOW_DIRECTION", "e_u") in found(xml(process("p", user("u"), "s -> u -> e; e -> u")))
    assert ("UNREACHABLE", "v") in found(xml(process("p", user("u") + user("v"), "s -> u -> e; v -> e")))
    assert ("START", "p") in found(xml(process("p", user("u"), "u -> e", start=False)))
    assert ("START", "p") in found(xml(process("p", user("u") + '<bpmn:startEvent id="t"/>', "s -> u -> e; t -> u")))
    assert ("NO_END", "p") in warned(xml(process("p", user("u"), "s -> u")))
    assert ("START", "sub") in found(xml(process("p", node("subProcess", "sub", user("v")), "s -> sub -> e")))
    assert ("DEAD_END", "v") in warned(xml(process("p", user("u") + user("v"), "s -> u -> e; u -> v")))
    assert ("IMPLICIT_SPLIT", "u") in warned(xml(process("p", user("u") + user("v"), "s -> u -> e; u -> v -> e")))
    assert ("NO_WAY_OUT", "m") in warned(
        xml(process("p", gate("m") + user("u") + user("v"), "s -> m -> u -> m; v -> e"))
    )


def test_gateways() -> None:
    two = user("u") + user("v")
    assert ("CONDITION_MISSING", "g_v") in found(
        xml(process("p", gate("g") + two, "s -> g; g -> u [x]; g -> v; u -> e; v -> e"))
    )
    assert ("NO_DEFAULT", "g") in warned(
        xml(process("p", gate("g") + two, "s -> g; g -> u [x]; g -> v [y]; u -> e; v -> e"))
    )
    assert ("CONDITION_IGNORED", "g_v") in warned(
        xml(process("p", gate("g", default="g_v") + two, "s -> g; g -> u [x]; g -> v [y]; u -> e; v -> e"))
    )
    assert ("CONDITION_IGNORED", "u_e") in found(xml(process("p", user("u"), "s -> u; u -> e [x]")))
    closed = gate("g", default="g_v") + gate("j", "parallelGateway") + two
    assert ("XOR_CLOSED_BY_AND", "j") in found(
        xml(process("p", closed, "s -> g; g -> u [x]; g -> v; u -> j; v -> j; j -> e"))
    )
    fine = gate("f", "parallelGateway") + gate("g", default="g_m") + gate("m") + gate("j", "parallelGateway") + two
    assert (
        found(xml(process("p", fine, "s -> f; f -> g; g -> u [x]; g -> m; u -> m; m -> j; f -> v; v -> j; j -> e")))
        == []
    )
    loose = gate("f", "parallelGateway") + gate("m") + two
    assert ("AND_NOT_JOINED", "m") in warned(xml(process("p", loose, "s -> f; f -> u -> m; f -> v -> m; m -> e")))
    again = user("u") + user("v") + gate("f", "parallelGateway") + gate("g", default="g_e")
    round_again = "s -> f; f -> u -> g; f -> v -> e2; g -> u [n > 1]; g -> e"
    ends = '<bpmn:endEvent id="e2"/>'
    assert warned(xml(process("p", again + ends, round_again))) == []  # one branch that comes round meets nobody


def test_event_gateways() -> None:
    def catch(id: str, definition: str) -> str:
        return node("intermediateCatchEvent", id, definition)

    t1, t2, m1 = (
        catch("t1", timer("timeDuration", "P1D")),
        catch("t2", timer("timeDuration", "P2D")),
        catch("m1", message("m")),
    )
    g = gate("g", "eventBasedGateway")
    assert found(xml(process("p", g + t1 + m1, "s -> g; g -> t1 -> e; g -> m1 -> e"), messages="m")) == []
    assert found(xml(process("p", g + t1 + t2, "s -> g; g -> t1 -> e; g -> t2 -> e"))) == [("TWO_TIMERS", "g")]
    assert ("EVENT_GATEWAY", "g") in found(xml(process("p", g + t1, "s -> g -> t1 -> e")))
    assert ("EVENT_GATEWAY", "u") in found(xml(process("p", g + t1 + user("u"), "s -> g; g -> t1 -> e; g -> u -> e")))


def test_boundary_events() -> None:
    edge = node("boundaryEvent", "b", error("E"), attachedToRef="c", cancelActivity="false")
    assert ("ERROR_INTERRUPTS", "b") in found(xml(process("p", service("c") + edge, "s -> c -> e; b -> e"), errors="E"))
    edge = node("boundaryEvent", "b", timer("timeDuration", "P1D"), attachedToRef="g")
    assert ("BAD_HOST", "b") in found(xml(process("p", gate("g") + edge, "s -> g -> e; b -> e")))
    edge = node("boundaryEvent", "b", timer("timeCycle", "R3/P1D"), attachedToRef="u")
    assert ("CYCLE", "b") in found(xml(process("p", user("u") + edge, "s -> u -> e; b -> e")))


BAD = "a +"


@pytest.mark.parametrize(
    ("body", "arrows", "where"),
    [
        (gate("g", default="g_u") + user("u"), f"s -> g; g -> u; g -> e [{BAD}]; u -> e", "g_e"),
        (user("u", camunda_assignee=f"={BAD}"), LINE, "u"),
        (user("u", camunda_candidateGroups=f"${{{BAD}}}"), LINE, "u"),
        (user("u", camunda_candidateUsers=f"={BAD}"), LINE, "u"),
        (user("u", camunda_dueDate=f"={BAD}"), LINE, "u"),
        (user("u", camunda_followUpDate=BAD), LINE, "u"),
        (user("u", properties(scope=f"={BAD}")), LINE, "u"),
        (script("u", BAD, "x"), LINE, "u"),
        (service("u", a=f"={BAD}"), LINE, "u"),
        (user("u", many(f"={BAD}", "x")), LINE, "u"),
        (user("u", many(cardinality=BAD)), LINE, "u"),
        (user("u", many(cardinality="2", until=BAD)), LINE, "u"),
        (user("u", properties(outputCollection="o", outputElement=BAD) + many(cardinality="2")), LINE, "u"),
        (node("intermediateCatchEvent", "u", timer("timeDate", f"={BAD}")), LINE, "u"),
        (node("intermediateCatchEvent", "u", properties(correlation=BAD) + message("m")), LINE, "u"),
        (node("intermediateThrowEvent", "u", properties(variables=BAD) + message("m")), LINE, "u"),
        (properties(scopes=f"=[{BAD}]") + user("u"), LINE, "p"),
    ],
)
def test_every_slot_of_feel_is_read(body: str, arrows: str, where: str) -> None:
    assert ("FEEL", where) in found(xml(process("p", body, arrows), messages="m"))


def test_python_in_a_slot_is_just_bad_feel_or_a_name_nobody_knows() -> None:
    raw = xml(process("p", script("x", '__import__("os").system("id")', "y"), "s -> x -> e"))
    assert found(raw) or Play(raw).failed == [("x", "FEEL_ERROR")]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (node("serviceTask", "u"), "TOPIC_MISSING"),
        (node("businessRuleTask", "u"), "DECISION_MISSING"),
        (
            node("scriptTask", "u", "<bpmn:script>1</bpmn:script>", scriptFormat="python", camunda_resultVariable="x"),
            "SCRIPT_FORMAT",
        ),
        (node("scriptTask", "u", scriptFormat="feel", camunda_resultVariable="x"), "SCRIPT_EMPTY"),
        (node("scriptTask", "u", "<bpmn:script>1</bpmn:script>", scriptFormat="feel"), "RESULT_MISSING"),
        (script("u", "1", "not a name"), "VARIABLE_NAME"),
        (node("intermediateCatchEvent", "u", timer("timeDuration", "-PT5M")), "TIMER"),
        (node("intermediateCatchEvent", "u", timer("timeDuration", "P")), "TIMER"),
        (node("intermediateCatchEvent", "u", "<bpmn:timerEventDefinition/>"), "TIMER"),
        (user("u", camunda_dueDate="2026-02-30"), "TIMER"),
        (node("intermediateCatchEvent", "u", "<bpmn:messageEventDefinition/>"), "MESSAGE_MISSING"),
        (user("u", "<bpmn:multiInstanceLoopCharacteristics/>"), "LOOP"),
        (user("u", properties(outputCollection="o") + many(cardinality="2")), "LOOP"),
        (node("callActivity", "u"), "CALL_MISSING"),
        (node("callActivity", "u", calledElement="${x}"), "CALL_EXPRESSION"),
        (node("callActivity", "u", calledElement="p"), "CALL_CYCLE"),
        (node("serviceTask", "u", camunda_topic="t", camunda_delegateExpression="${x}"), "IGNORED"),
        (user("u", '<bpmn:extensionElements><camunda:taskListener class="x"/></bpmn:extensionElements>'), "IGNORED"),
    ],
)
def test_elements_must_be_complete(body: str, code: str) -> None:
    assert (code, "u") in found(xml(process("p", body, LINE)))


class Params(Schema):
    unit = fields.String(required=True)
    days = fields.Integer()


def test_references_to_the_rest_of_the_release() -> None:
    registry = Registry()
    registry.add_handlers([Handler("notify", lambda _context, _params: None, Params, Schema, T("通知"))])
    known = KnownNames(processes=frozenset({"q"}), forms=frozenset(), decisions=frozenset())
    body = (
        user("f", camunda_formKey="gone")
        + node("businessRuleTask", "d", camunda_decisionRef="gone", camunda_resultVariable="r")
        + service("t", "gone")
        + service("n", "notify", other="x")
        + node("callActivity", "c", calledElement="gone")
        + node("callActivity", "q1", calledElement="q")
    )
    raw = xml(process("p", body, "s -> f -> d -> t -> n -> c -> q1 -> e"))
    assert found(raw, registry=registry, known=known) == [
        ("FORM_UNKNOWN", "f"),
        ("DECISION_UNKNOWN", "d"),
        ("TOPIC_UNKNOWN", "t"),
        ("PARAMETER", "n"),
        ("PARAMETER", "n"),
        ("CALL_UNKNOWN", "c"),
    ]
    assert found(raw) == []


def test_calls_in_a_circle_over_several_files() -> None:
    raw = xml(process("p", node("callActivity", "c", calledElement="q"), "s -> c -> e"))
    calls = {"q": frozenset({"r"}), "r": frozenset({"p"})}
    assert found(raw, known=KnownNames(calls=calls)) == [("CALL_CYCLE", "c")]


def test_a_big_hostile_file_is_read_in_time_and_not_all_is_told() -> None:
    rows = "".join(f'<camunda:listener{n % 7} a="b: c" name="&lt;b&gt;"/>' for n in range(15_000))
    task = node("userTask", "u", f"<bpmn:extensionElements>{rows}</bpmn:extensionElements>")
    assert len(lint(xml(process("p", task, LINE)))) == MAX_PROBLEMS
    arrows = "".join(f'<bpmn:sequenceFlow id="f{n}" sourceRef="u" targetRef="e"/>' for n in range(15_000))
    assert found(xml(process("p", user("u") + arrows, LINE))) == [("TOO_LARGE", "f3000")]


def test_an_element_stands_in_one_lane() -> None:
    def lane(id: str, inner: str = "") -> str:
        return node("lane", id, f"<bpmn:flowNodeRef>u</bpmn:flowNodeRef>{inner}", name=id)

    beside = xml(process("p", f"<bpmn:laneSet>{lane('a')}{lane('b')}</bpmn:laneSet>" + user("u"), LINE))
    assert found(beside) == [("TWO_LANES", "u")]
    inner = node("childLaneSet", "set", lane("b"))
    within = node("laneSet", "sets", lane("a", inner))
    raw = xml(process("p", within + user("u"), LINE))
    assert found(raw) == []
    assert Play(raw).task("u").lane == "b"


def test_conditions_in_another_language_are_refused() -> None:
    raw = xml(process("p", gate("g", default="g_u") + user("u"), "s -> g; g -> u; g -> e [x]; u -> e"))
    assert found(raw.replace(b"<bpmn:conditionExpression ", b'<bpmn:conditionExpression language="groovy" ')) == [
        ("SCRIPT_FORMAT", "g_e")
    ]


def test_problems_come_in_the_order_of_the_file_with_lines() -> None:
    raw = xml(
        process(
            "p",
            user("a") + "\n" + user("b", camunda_dueDate="P") + "\n" + node("serviceTask", "c"),
            "s -> a -> b -> c -> e",
        )
    )
    problems = [p for p in lint(raw) if p.severity == "error"]
    assert [(p.element, p.line) for p in problems] == [("b", 2), ("c", 3)]


STARTED_BY_ALL = ' isExecutable="true" camunda:candidateStarterGroups="candidate, clerks"'


@pytest.mark.parametrize(
    ("task", "warned"),
    [
        (user("u", camunda_candidateGroups="candidate"), True),
        (user("u", camunda_candidateGroups="experts,clerks"), True),
        (user("u", properties(scope="person:x"), camunda_candidateGroups="candidate"), False),
        (user("u", camunda_candidateGroups="experts"), False),
        (user("u", camunda_assignee="=starter"), False),
    ],
)
def test_a_task_for_all_who_may_start_is_pointed_out(task: str, warned: bool) -> None:
    problems = lint(xml(process("p", task, LINE, attributes=STARTED_BY_ALL)))
    assert [(each.code, each.severity) for each in problems] == [("OFFER_TO_STARTERS", "warning")] * warned


def test_a_lane_for_all_who_may_start_is_pointed_out_once() -> None:
    refs = "<bpmn:flowNodeRef>u</bpmn:flowNodeRef><bpmn:flowNodeRef>w</bpmn:flowNodeRef>"
    lane = f'<bpmn:laneSet id="set"><bpmn:lane id="lane" name="clerks">{refs}</bpmn:lane></bpmn:laneSet>'
    body = lane + user("u") + user("w")
    problems = lint(xml(process("p", body, "s -> u -> w -> e", attributes=STARTED_BY_ALL)))
    assert [(each.code, each.element) for each in problems] == [("OFFER_TO_STARTERS", "lane")]


def test_two_lanes_for_the_same_starters_are_pointed_out_once() -> None:
    lanes = "".join(
        f'<bpmn:lane id="lane_{one}" name="clerks"><bpmn:flowNodeRef>{one}</bpmn:flowNodeRef></bpmn:lane>'
        for one in "uw"
    )
    body = f'<bpmn:laneSet id="set">{lanes}</bpmn:laneSet>' + user("u") + user("w")
    problems = lint(xml(process("p", body, "s -> u -> w -> e", attributes=STARTED_BY_ALL)))
    assert [(each.code, each.element) for each in problems] == [("OFFER_TO_STARTERS", "lane_u")]


def test_a_group_whose_members_act_everywhere_may_share_its_tasks() -> None:
    office = Registry(groups={"candidate": T("申报人"), "clerks": T("办事员")}, everywhere=frozenset({"clerks"}))
    shared = user("u", camunda_candidateGroups="clerks") + user("w", camunda_candidateGroups="clerks,candidate")
    problems = lint(xml(process("p", shared, "s -> u -> w -> e", attributes=STARTED_BY_ALL)), registry=office)
    assert [(each.code, each.element) for each in problems] == [("OFFER_TO_STARTERS", "w")]


def test_a_second_block_of_extensions_is_refused_because_editors_drop_it() -> None:
    twice = user("u", properties(hint="a") + "\n" + properties(hint="b"))
    raw = xml(process("p", twice, LINE))
    assert [(each.code, each.element, each.line) for each in lint(raw)] == [("EXTENDED_TWICE", "u", 2)]
    assert [each.code for each in admit_bpmn("", raw)] == ["EXTENDED_TWICE"]


def test_an_unknown_service_names_the_five_nearest() -> None:
    def run(_context: object, _params: object) -> None:
        return None

    registry = Registry()
    topics = ["vote.open", "vote.close", "vote.count", "notice.post", "notice.close", "draw.seal", "draw.open"]
    registry.add_handlers([Handler(topic, run, Schema, Schema, T("x")) for topic in topics])
    (problem,) = lint(xml(process("p", service("u", "vote.clos"), LINE)), registry=registry)
    names = problem.text.params["names"]
    assert (problem.code, len(names), names[0]) == ("TOPIC_UNKNOWN", 5, "vote.close")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"filters": "unit_code=单位，year"}, None),
        ({"filters": "unit code"}, "FILTER_NAME"),
        ({"filters": "salary=工资", "secret": "salary"}, "FILTER_SECRET"),
        ({"filters": ",".join(f"name{n}" for n in range(11))}, "TOO_LARGE"),
    ],
)
def test_filters_name_variables_that_are_no_secret(given: dict[str, str], code: str | None) -> None:
    raw = xml(process("p", properties(**given) + user("u"), "s -> u -> e"))
    assert found(raw) == ([(code, "p")] if code else [])
