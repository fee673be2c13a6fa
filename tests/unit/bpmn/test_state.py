"""What is saved comes back the same, nothing else is read, and no path leads to Python in a diagram."""

from __future__ import annotations

import builtins
import math
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.bpmn.codec import FORMAT
from engine.bpmn.drive import Run
from engine.bpmn.machine import NoPython
from engine.bpmn.parse import KEPT_RELEASES, Release
from engine.bpmn.specs import Node
from engine.bpmn.values import MAX_DEPTH, MAX_ITEMS, clean
from engine.errors import Refused, ZhipingError
from tests.unit.bpmn.diagrams import (
    Play,
    World,
    flows,
    many,
    node,
    process,
    properties,
    release,
    script,
    service,
    user,
    xml,
)

ONE = xml(process("p", user("u") + user("v"), "s -> u -> v -> e"))

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(alphabet=st.characters(exclude_characters="\x00", exclude_categories=("Cs",)), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(alphabet="abtypename_", max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from(["a", "b", "typename", "x y", "职称"]), json_values, max_size=4))
def test_any_json_comes_back_as_it_was(variables: dict[str, Any]) -> None:
    play = Play(_SHARED, variables)
    play.complete("u", **{key: value for key, value in variables.items() if key.isidentifier()})
    assert orjson.dumps(play.data) == orjson.dumps(variables)


_SHARED = release(ONE)


def test_true_and_one_are_not_taken_for_each_other() -> None:
    play = Play(ONE, {"a": True, "b": 1, "c": [1], "d": 0.0})
    play.complete("u", a=1, b=True, c=[True], d=0)
    assert orjson.dumps(play.data, option=orjson.OPT_SORT_KEYS) == b'{"a":1,"b":true,"c":[true],"d":0}'


def test_python_values_become_json() -> None:
    moment = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
    given = {"d": Decimal("3"), "f": Decimal("2.5"), "day": date(2026, 6, 1), "at": moment, "t": (1, 2)}
    assert clean(given) == {"d": 3, "f": 2.5, "day": "2026-06-01", "at": "2026-06-01T09:00:00+00:00", "t": [1, 2]}


@pytest.mark.parametrize(
    "value",
    [
        "a\x00b",
        "\ud800",
        {"\x00": 1},
        {"k": ["\udfff"]},
        math.nan,
        math.inf,
        2**63,
        -(2**70),
        {1: 2},
        object(),
        b"bytes",
        Decimal("NaN"),
    ],
)
def test_what_no_database_could_keep_is_refused_at_the_door(value: Any) -> None:
    with pytest.raises(Refused) as refused:
        Play(ONE).complete("u", x=value)
    assert refused.value.code == "BAD_DATA"
    assert "x" in refused.value.facts["path"]
    str(refused.value.text).encode("utf-8")


def test_nesting_is_bounded() -> None:
    deep: Any = 1
    for _ in range(MAX_DEPTH + 1):
        deep = [deep]
    with pytest.raises(Refused):
        clean(deep)


def test_the_number_of_items_is_bounded_however_short_their_text() -> None:
    assert len(clean([[]] * MAX_ITEMS)) == MAX_ITEMS
    many: Any = []
    for _ in range(17):
        many = [many, many]
    for value in ([[]] * (MAX_ITEMS + 1), {"x": [{}] * MAX_ITEMS}, many):
        with pytest.raises(Refused):
            clean(value)


def test_bad_results_of_services_are_incidents() -> None:
    for result in ({"x": "\x00"}, {"x": object()}, "text", None):
        play = Play(
            xml(process("p", service("c"), "s -> c -> e")), world=World(handlers={"work": lambda _, r=result: r})
        )
        assert play.failed in ([("c", "BAD_DATA")], [("c", "BAD_RESULT")])


def test_only_our_own_format_is_read() -> None:
    play = Play(ONE, {"n": 1})
    body = zstandard.ZstdDecompressor().decompress(play.blob[3:])
    other_format = play.blob[:2] + bytes([FORMAT + 1]) + play.blob[3:]
    old_engine = orjson.dumps({"serializer_version": "1.1", "typename": "BpmnWorkflow"})
    for blob in (
        b"",
        b"ZP",
        play.blob[:20],
        play.blob[:-4],
        other_format,
        old_engine,
        play.blob[:3] + b"nonsense",
        body,
    ):
        with pytest.raises(ZhipingError) as refused:
            Run.load(play.release, "p", blob, World())
        assert refused.value.code == "STATE_UNREADABLE"
    with pytest.raises(ZhipingError):
        Run.load(release(ONE), "p", play.blob, World())  # another release
    packed = zstandard.ZstdCompressor().compress(orjson.dumps([play.release.id, "p", [], []]))
    with pytest.raises(ZhipingError):
        Run.load(play.release, "p", play.blob[:3] + packed, World())


def test_saving_twice_gives_the_same_and_ids_stay() -> None:
    play = Play(ONE, {"n": 1})
    again = play.load()
    again.advance()
    assert again.dump() == play.blob
    assert play.load().advance().tasks == play.picture.tasks


def test_a_release_is_compiled_once_and_the_oldest_is_forgotten() -> None:
    files = {"p.bpmn": ONE}
    first = Release.build("kept once", files)
    assert Release.build("kept once", files) is first
    for number in range(KEPT_RELEASES):
        Release.build(f"other {number}", files)
    assert Release.build("kept once", files) is not first


def test_what_a_release_tells_about_its_processes() -> None:
    lane = (
        '<bpmn:laneSet><bpmn:lane id="l" name="人事"><bpmn:flowNodeRef>u</bpmn:flowNodeRef></bpmn:lane></bpmn:laneSet>'
    )
    body = (
        properties(scopes='=["unit:" + unit]')
        + lane
        + user("u", "<bpmn:documentation>为什么</bpmn:documentation>" + properties(hint="核对"), camunda_formKey="f")
        + node("businessRuleTask", "d", camunda_decisionRef="D", camunda_resultVariable="r")
        + service("t", "notify")
        + node("receiveTask", "r", messageRef="m")
        + node("callActivity", "c", calledElement="q")
    )
    raw = xml(
        process(
            "p",
            body,
            "s -> u -> d -> t -> r -> c -> e",
            attributes=' isExecutable="true" camunda:candidateStarterGroups="a, b"',
        ),
        process("q", user("w"), "s -> w -> e"),
        process("drawn", user("x"), "s -> x -> e", attributes=' isExecutable="false"'),
        messages="m",
    )
    built = release(raw)
    info = built.info("p")
    assert sorted(built.processes) == ["p", "q"]
    assert list(built.drawings) == ["drawn"]
    assert info.start_groups == ("a", "b")
    assert info.scopes == '["unit:" + unit]'
    assert (info.forms, info.decisions, info.topics, info.calls, info.messages) == (
        frozenset({"f"}),
        frozenset({"D"}),
        frozenset({"notify"}),
        frozenset({"q"}),
        frozenset({"m"}),
    )
    assert [(lane.id, lane.group) for lane in info.lanes] == [("l", "人事")]
    assert (info.elements["u"].documentation, info.elements["u"].hint) == ("为什么", "核对")
    for key in ("drawn", "gone"):
        with pytest.raises(ZhipingError) as refused:
            Run.start(built, key, {}, World())
        assert refused.value.code == "NO_SUCH_PROCESS"


def test_specs_are_all_our_own_and_the_script_engine_runs_nothing() -> None:
    body = (
        user("u", many(cardinality="2"))
        + node("exclusiveGateway", "g", default="g_e")
        + script("x", "1", "y")
        + node("subProcess", "sub", '<bpmn:startEvent id="is"/><bpmn:endEvent id="ie"/>' + flows("is -> ie"))
    )
    built = release(xml(process("p", body, "s -> u -> sub -> x -> g; g -> u [y = 2]; g -> e")))
    for spec in built.specs.values():
        assert all(isinstance(task_spec, Node) for task_spec in spec.task_specs.values())
    run = Run.start(built, "p", {}, World())
    engine = run.workflow.script_engine
    assert isinstance(engine, NoPython)
    for call in (
        engine.evaluate,
        engine.execute,
        engine.call_service,
        engine.validate,
        engine.environment.evaluate,
        engine.environment.execute,
        engine.environment.call_service,
    ):
        with pytest.raises(ZhipingError):
            call("1 + 1", {})


EVIL = '__import__("os").system("id")'


@pytest.mark.parametrize(
    "body",
    [
        script("x", EVIL, "y"),
        service("x", a=f"={EVIL}"),
        user("x", camunda_assignee=f"={EVIL}"),
        user("x", camunda_dueDate=EVIL),
        user("x", many(cardinality=EVIL)),
        user("x", many(f"={EVIL}", "i")),
        user("x", properties(scope=f"={EVIL}")),
        node(
            "intermediateCatchEvent",
            "x",
            f"<bpmn:timerEventDefinition><bpmn:timeDate>{EVIL}</bpmn:timeDate></bpmn:timerEventDefinition>",
        ),
        node(
            "intermediateCatchEvent",
            "x",
            properties(correlation=EVIL) + '<bpmn:messageEventDefinition messageRef="m"/>',
        ),
        node(
            "intermediateThrowEvent", "x", properties(variables=EVIL) + '<bpmn:messageEventDefinition messageRef="m"/>'
        ),
        node("exclusiveGateway", "x"),
    ],
)
def test_no_slot_reaches_python(body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("Python was run")

    arrows = "s -> x; x -> e" + (f" [{EVIL}]" if "Gateway" in body else "")
    built = release(xml(process("p", body, arrows), messages="m"))
    monkeypatch.setattr(builtins, "eval", never)
    monkeypatch.setattr(builtins, "exec", never)
    play = Play(built)
    assert [element for element, _ in play.failed] == ["x"]


@pytest.mark.parametrize(
    "expression", ["9 ** 9 ** 9 ** 9", "count(for i in 1..1000000000 return i)", "(" * 5_000, "x" * 15_000]
)
def test_a_greedy_expression_is_an_incident_within_two_seconds(expression: str) -> None:
    began = time.process_time()
    play = Play(xml(process("p", script("x", expression, "y") + user("u"), "s -> x -> u -> e")), reload=False)
    assert play.failed[0][0] == "x"
    assert time.process_time() - began < 2
    assert Play(ONE).open == ["u"]
