"""Scenarios on the real engine: what passes, what fails in which words, and that nothing real is ever touched."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from engine.scenarios import sandbox
from engine.scenarios.coverage import missing
from engine.scenarios.play import play
from engine.scenarios.script import read_tests
from tests.unit.bpmn.diagrams import error, message, node, process, properties, service, timer, user, xml
from tests.unit.scenarios.desk import FILE, played, registry, scenario, workshop

CLERK = {"camunda_candidateGroups": "clerks"}
ASK = xml(
    process(
        "p",
        user("ask", **CLERK) + node("exclusiveGateway", "g", default="g_e") + node("endEvent", "refused"),
        "s -> ask -> g; g -> refused [answer = false]; g -> e",
    )
)
ASKS = xml(process("p", user("ask", **CLERK), "s -> ask -> e"))
WAIT = xml(process("p", node("intermediateCatchEvent", "t", timer("timeDuration", "P2D")), "s -> t -> e"))


def why(raw: bytes, *diagrams: bytes) -> str:
    outcome = played(raw, *diagrams)
    assert not outcome.passed
    assert outcome.text is not None
    return str(outcome.text)


def test_a_person_answers_and_the_flows_are_walked() -> None:
    outcome = played(
        scenario(
            "- task: {element: ask, by: ann, variables: {answer: false}}", "{ended: refused, path: [ask, g, refused]}"
        ),
        ASK,
    )
    assert outcome.passed, outcome.text
    assert outcome.walked == {("p", "s_ask"), ("p", "ask_g"), ("p", "g_refused")}


def test_what_no_scenario_walks_is_missing() -> None:
    with workshop(ASK) as made:
        test, _ = read_tests(
            FILE, scenario("- task: {element: ask, by: ann, variables: {answer: false}}", "{}"), registry().scenes
        )
        assert test is not None
        outcome = play(made, test.scenarios[0])
        assert missing(made.contents, "p", outcome.walked) == ["g_e"]


def test_names_values_and_feel() -> None:
    steps = """
- note: {key: a, value: 甲}
- note: {key: b, as: second}
- task: {element: ask, by: ann, variables: {answer: true, said: '=note.value + "乙" + second.key', plain: 2026-06-01}}
"""
    expect = """
      ended: e
      variables: {said: 甲乙b, plain: 2026-06-01, answer: true}
      that: [answer = true, =string length(said) = 3]
      register:
        - {table: setting, where: {key: a}, has: {value: 甲}, count: 1}
        - {table: setting, where: {key: c}, count: 0}
"""
    assert played(scenario(steps, expect), ASK).passed


@pytest.mark.parametrize(
    ("expect", "words"),
    [
        ("{ended: refused}", "应结束于“refused”，实际e"),
        ("{ended: e, variables: {answer: false}}", "变量 answer 应为 False，实际是 True"),
        ("{ended: e, variables: {answer: 1}}", "变量 answer 应为 1，实际是 True"),
        ("{open: [ask]}", "“open”应为 [ask]，实际是 []"),
        ("{path: [g, ask]}", "走过的路上没有（或次序不对）“ask”"),
        ("{that: [answer = false]}", "“answer = false”不成立"),
        ("{that: ['=nonsense(']}", "nonsense"),
        ("{register: [{table: setting, count: 3}]}", "应有 3 条符合，实际 0 条"),
        ("{register: [{table: setting, has: {value: x}}]}", "中没有"),
        ("{register: [{table: nowhere}]}", "没有登记表“nowhere”"),
        ("{register: [{table: setting, has: {colour: red}}]}", "没有“colour”这一栏"),
        ("{of: other, ended: e}", "流程“other”没有被发起"),
        ("{incidents: [ask]}", "“incidents”应为 [ask]，实际是 []"),
    ],
)
def test_what_differs_is_told(expect: str, words: str) -> None:
    assert words in why(scenario("- task: {element: ask, by: ann, variables: {answer: true}}", expect), ASK)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("- task: {element: ask, by: eve, variables: {answer: true}}", "Eve没有待办“ask”。现在停在：ask。"),
        ("- task: {element: other, by: ann}", "Ann没有待办“other”"),
        ("- task: {element: ask, by: ann, variables: {answer: =1 + }}", "FEEL"),
        (
            "- task: {element: ask, by: ann, variables: {answer: true}, refused: NOT_TODAY}",
            "应被拒绝（NOT_TODAY），实际办成了",
        ),
        ("- task: {element: ask, by: eve, refused: NOT_TODAY}", "应被拒绝（NOT_TODAY），实际是：NO_SUCH_TASK"),
        ("- shout: {}", "TOO_LOUD 不行。"),
        ("- break_down: {}", "出错（RuntimeError）"),
        ("- clock: 2026-05-31", "时钟只能向前拨"),
        ("- clock: soon", "不是日期或时间"),
        ("- message: {name: nobody, correlation: {a: 1}, by: owner}", "NOBODY_WAITS"),
    ],
)
def test_a_step_that_cannot_be_done_fails_with_its_line(step: str, words: str) -> None:
    outcome = played(scenario(step, "{}"), ASK)
    assert words in str(outcome.text)
    assert outcome.line == 7
    assert outcome.element == ("ask" if "element: ask" in step else "other" if "other" in step else None)


def test_a_refusal_that_is_expected_passes() -> None:
    steps = """
- shout: {refused: TOO_LOUD}
- task: {element: ask, by: eve, refused: NO_SUCH_TASK}
- task: {element: ask, by: ann, variables: {answer: true}}
"""
    assert played(scenario(steps), ASK).passed


def test_a_start_that_is_refused_leaves_nothing() -> None:
    diagram = xml(process("p", service("w", text="refused"), "s -> w -> e"))
    expect = "{register: [{table: instance, count: 0}]}"
    assert played(scenario(expect=expect, start="{by: owner, refused: NOT_TODAY}"), diagram).passed
    assert "NOT_TODAY" in why(scenario(), diagram)


def test_the_clock_moves_and_waits_are_seen() -> None:
    raw = scenario(
        "- expect: {waits: [t], open: []}\n- clock: 2026-06-03T08:59\n- expect: {waits: [t]}\n- clock: 2026-06-03T09:00"
    )
    assert played(raw, WAIT).passed


def test_messages_come_as_from_another_process_or_by_a_person() -> None:
    body = node("intermediateCatchEvent", "m", properties(correlation="={n: 7}") + message("m1"))
    diagram = xml(process("p", body, "s -> m -> e"), messages="m1")
    assert played(
        scenario("- message: {name: m1, correlation: {n: 7}, variables: {x: 1}}", "{ended: e, variables: {x: 1}}"),
        diagram,
    ).passed
    assert played(scenario("- message: {name: m1, correlation: {n: 7}, by: owner}"), diagram).passed
    assert "现在停在" not in why(scenario("- message: {name: m1, correlation: {n: 8}}", "{ended: e}"), diagram)


def test_an_instance_that_an_act_begins_needs_no_start() -> None:
    outcome = played(scenario("- begin: {process: p}\n- task: {element: ask, by: ann}", start=""), ASKS)
    assert outcome.passed, outcome.text


def test_an_instance_of_another_process_is_looked_at_by_its_key() -> None:
    other = xml(process("q", user("deep", **CLERK), "s -> deep -> e"))
    steps = """
- begin: {process: q}
- task: {element: ask, by: ann}
- expect: {of: q, open: [deep]}
- task: {element: deep, by: ann}
- expect: {of: q, ended: e, path: [deep]}
"""
    outcome = played(scenario(steps), ASKS, other)
    assert outcome.passed, outcome.text


def test_an_incident_nobody_expects_fails_at_the_end() -> None:
    steps = "- task: {element: ask, by: ann}"
    assert "“incidents”应为 []，实际是 [g]" in why(scenario(steps, "{}"), ASK)
    assert played(scenario(steps, "{incidents: [g]}"), ASK).passed
    assert "“g”这一步出错：FEEL" in why(scenario(f"{steps}\n{steps}", "{}"), ASK)


def test_a_called_process_can_be_replaced_by_what_it_leaves() -> None:
    called = xml(process("q", user("deep", **CLERK), "s -> deep -> e"))
    caller = xml(process("p", node("callActivity", "c", calledElement="q"), "s -> c -> e"))
    raw = scenario(
        "",
        '{ended: e, variables: {a: 甲"<&, n: 3, l: [{k: null}], t: true, f: 4}}',
        calls='{q: {a: 甲"<&, n: 3, l: [{k: ~}], t: true, f: =n + 1}}',
    )
    outcome = played(raw, caller, called)
    assert outcome.passed, outcome.text
    assert ("p", "c_e") in outcome.walked
    assert played(scenario("- task: {element: deep, by: ann}"), caller, called).passed
    assert "没有流程“nowhere”" in why(scenario(calls="{nowhere: {}}"), caller, called)
    both = xml(
        process("p", node("callActivity", "c", calledElement="q"), "s -> c -> e"),
        process("q", user("deep"), "s -> deep -> e"),
    )
    assert "不能单独代替" in why(scenario(calls="{q: {}}"), both)


def test_branches_beside_an_activity_and_behind_an_event_gateway_count_honestly() -> None:
    body = (
        user("ask", **CLERK)
        + node("boundaryEvent", "late", timer("timeDuration", "P1D"), attachedToRef="ask", cancelActivity="false")
        + user("remind", **CLERK)
        + node("endEvent", "over")
        + node("eventBasedGateway", "g")
        + node("intermediateCatchEvent", "t1", timer("timeDuration", "P1D"))
        + node("intermediateCatchEvent", "m1", properties(correlation="={n: 1}") + message("m1"))
    )
    diagram = xml(process("p", body, "s -> ask -> g -> t1 -> e; g -> m1 -> e; late -> remind -> over"), messages="m1")
    steps = "- clock: 2026-06-02T09:00\n- task: {element: remind, by: ann}\n- task: {element: ask, by: ann}\n- clock: 2026-06-03T09:00"
    outcome = played(scenario(steps, "{ended: e}"), diagram)
    assert outcome.passed, outcome.text
    assert {flow for _, flow in outcome.walked} == {"s_ask", "ask_g", "g_t1", "t1_e", "late_remind", "remind_over"}


def test_every_wait_is_saved_and_reloaded_and_effects_stay_in_the_sandbox() -> None:
    diagram = xml(process("p", service("w", topic="mail", text="k"), "s -> w -> e"))
    expect = "{ended: e, register: [{table: effect, has: {kind: mail, sent_at: ~}, count: 1}]}"
    assert played(scenario(expect=expect), diagram).passed


def test_errors_of_the_diagram_are_walked_too() -> None:
    body = (
        service("w", text="bad")
        + node("boundaryEvent", "b", error("BAD"), attachedToRef="w")
        + node("endEvent", "caught")
    )
    diagram = xml(process("p", body, "s -> w -> e; b -> caught"), errors="BAD")
    outcome = played(scenario(expect="{ended: caught}"), diagram)
    assert outcome.passed, outcome.text
    assert ("p", "b_caught") in outcome.walked


def test_each_scenario_begins_anew() -> None:
    twice = scenario("- note: {key: only}", "{register: [{table: setting, count: 1}]}", start="")
    test, _ = read_tests(FILE, twice, registry().scenes)
    assert test is not None
    with workshop(ASK) as made:
        assert [play(made, test.scenarios[0]).passed for _ in range(2)] == [True, True]


def test_nothing_is_left_behind() -> None:
    with workshop(ASK) as made:
        test, _ = read_tests(FILE, scenario(expect="{}"), registry().scenes)
        assert test is not None
        play(made, test.scenarios[0])
        folder = made.folder
        assert folder.exists()
        assert {path.suffix for path in folder.glob("*.db*")} == {".db"}
    assert not Path(folder).exists()


TICKING = xml(
    process(
        "p",
        node("exclusiveGateway", "again") + node("intermediateCatchEvent", "t", timer("timeDuration", "PT1S")),
        "s -> again -> t -> again",
    )
)


@pytest.mark.parametrize(
    ("diagram", "steps"),
    [
        (TICKING, "- clock: 2999-01-01"),
        (ASK, "- task: {element: ask, by: ann, variables: {answer: '=count(for a in 1..100000000 return a)'}}"),
    ],
    ids=["a loop of timers", "a loop in FEEL"],
)
def test_what_goes_on_and_on_ends_in_words(diagram: bytes, steps: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "SECONDS", 1.0)
    began = time.thread_time()
    outcome = played(scenario(steps, "{}"), diagram)
    assert not outcome.passed
    assert "FEEL_ERROR" in str(outcome.text) or "用时超过" in str(outcome.text)
    assert time.thread_time() - began < 6
