"""What is open with its date, and how cases are spread over a diagram: on both databases, at a price that does not grow."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from engine.commands.cancel_instance import CancelInstance
from engine.commands.claim_task import ClaimTask
from engine.commands.start_instance import StartInstance
from engine.engine import Engine
from engine.errors import Forbidden, NotFound
from engine.queries.definitions import DefinitionList
from engine.queries.due_list import SORTS, DueList
from engine.queries.heat import Heat, StandingAt
from engine.queries.views import DueLines
from tests.conftest import NOON
from tests.integration.engine.conftest import (
    ADMIN,
    ANN,
    EVE,
    FINISH,
    OWNER,
    START,
    bpmn,
    complete,
    deploy,
    flow,
    properties,
    simple,
    start,
    tasks,
    user,
)
from tests.integration.engine.test_queries import called, calling, counted

SUNDAY = NOON + timedelta(days=6, hours=12)


def dated(key: str, duration: str, **more: str) -> bytes:
    inside = user("step", attributes=f'camunda:dueDate="=now() + duration(&quot;{duration}&quot;)"')
    scoped = properties(**more) if more else ""
    return bpmn(key, scoped + START + inside + FINISH + flow("begin", "step", "finish"))


def waiting() -> bytes:
    """Waits for a date that lies far off."""
    timer = (
        '<bpmn:intermediateCatchEvent id="later" name="later"><bpmn:timerEventDefinition id="d_later">'
        '<bpmn:timeDate>=date and time("2027-01-01T00:00:00+08:00")</bpmn:timeDate>'
        "</bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>"
    )
    return bpmn("waiting", START + timer + FINISH + flow("begin", "later", "finish"))


def listening() -> bytes:
    """Waits for a message that nobody sends."""
    catch = (
        '<bpmn:receiveTask id="hear" name="hear" messageRef="m"><bpmn:extensionElements><camunda:properties>'
        '<camunda:property name="correlation" value="={order: 1}"/></camunda:properties></bpmn:extensionElements></bpmn:receiveTask>'
    )
    body = START + catch + FINISH + flow("begin", "hear", "finish")
    return bpmn("listening", body, extra='<bpmn:message id="m" name="news"/>')


def due(engine: Engine, actor: Any = ADMIN, **wanted: Any) -> DueLines:
    found = engine.ask(DueList(actor, SUNDAY, **wanted))
    assert found.total == len(found.items)
    return found


def cases(found: DueLines) -> list[str]:
    return [item.process_instance_id for item in found.items]


def test_every_open_case_stands_in_the_list_once_for_what_it_waits_for(engine: Engine) -> None:
    deploy(engine, dated("soon", "PT1H"), dated("week", "P3D"), dated("far", "P30D"), simple(), waiting(), listening())
    soon, week, far, plain = (start(engine, key) for key in ("soon", "week", "far", "simple"))
    timer, message = start(engine, "waiting"), start(engine, "listening")
    ended = start(engine, "simple")
    engine.run(CancelInstance(ended, OWNER, "over"))
    found = due(engine)
    assert cases(found)[:4] == [soon, week, far, timer]
    assert set(cases(found)[4:]) == {plain, message}  # without a date
    kinds = {item.process_instance_id: item.kind for item in found.items}
    assert (kinds[soon], kinds[timer], kinds[message]) == ("task", "timer", "case")
    assert [(one.key, one.count) for one in found.processes] == [
        (key, 1) for key in sorted(("soon", "week", "far", "simple", "waiting", "listening"))
    ]
    counts = found.counts
    assert (counts.total, counts.late, counts.week, counts.later, counts.undated) == (6, 0, 2, 2, 2)
    for when, expected in (("late", []), ("week", [soon, week]), ("later", [far, timer])):
        assert cases(due(engine, when=when)) == expected, when
    engine.work(until=engine.now() + timedelta(hours=1))
    late = due(engine, when="late")
    assert (cases(late), late.counts.late, late.items[0].overdue) == ([soon], 1, True)


def test_filters_find_what_they_name(engine: Engine) -> None:
    deploy(engine, dated("mine", "P1D", scopes="=[&quot;unit:u01&quot;]"), dated("theirs", "P2D"))
    mine = engine.run(StartInstance(OWNER, key="mine", business_key="Case_7"))["id"]
    theirs = start(engine, "theirs")
    for wanted in (
        {"definition_key": "mine"},
        {"step_key": "mine"},
        {"scopes": ["region:r1", "unit:u01"]},
        {"q": "ase_7"},
    ):
        assert cases(due(engine, **wanted)) == [mine], wanted
    assert cases(due(engine, scopes=["unit:u02"])) == cases(due(engine, group="others")) == []
    assert cases(due(engine, group="clerks", element_id="step")) == [mine, theirs]
    engine.run(ClaimTask(tasks(engine, mine)[0].id, ANN))
    assert cases(due(engine, assignee="ann")) == [mine]
    assert cases(due(engine, group="clerks")) == [mine, theirs], "whoever took it, the group's it stays"
    assert due(engine, assignee="ann").items[0].assignee_name == "Ann"
    for column in SORTS:
        for order in ("asc", "desc"):
            assert set(cases(due(engine, sort_by=column, sort_order=order))) == {mine, theirs}
    assert cases(due(engine, sort_order="desc")) == [theirs, mine]
    assert cases(due(engine, ANN)) == [mine, theirs]
    assert cases(due(engine, EVE)) == []


def test_a_page_of_the_list_costs_the_same_for_many_lines(engine: Engine) -> None:
    deploy(engine, dated("mine", "P1D"), waiting())
    spent = []
    for _ in range(2):
        for key in ("mine", "mine", "waiting", "waiting"):
            start(engine, key)
        with counted(engine) as statements:
            engine.ask(DueList(ADMIN, SUNDAY, q="e", group="clerks", when="week"))
        spent.append(len(statements))
    assert spent[0] == spent[1] <= 6


def definition(engine: Engine, key: str) -> str:
    return engine.ask(DefinitionList(ADMIN, kind="process", key=key, active=True)).items[0].id


def test_heat_tells_where_cases_stand_how_many_are_late_and_how_long_it_takes(engine: Engine) -> None:
    deploy(engine, dated("mine", "PT1H"))
    first, second, third = (start(engine, "mine") for _ in range(3))
    engine.work(until=engine.now() + timedelta(minutes=30))
    complete(engine, first, "step")
    fourth = start(engine, "mine")
    engine.work(until=engine.now() + timedelta(minutes=30))
    found = engine.ask(Heat(ADMIN, definition(engine, "mine")))
    assert (found.cases, found.late) == (3, 2)
    (place,) = found.places
    assert (place.element_id, place.cases, place.late, place.incidents) == ("step", 3, 2, 0)
    assert (place.completed, place.median_seconds) == (1, 1800)

    def at(**wanted: Any) -> list[str]:
        page = engine.ask(StandingAt(ADMIN, definition(engine, "mine"), **wanted))
        assert page.total == len(page.items)
        return [item.id for item in page.items]

    assert set(at()) == set(at(element_id="step")) == {second, third, fourth}
    assert set(at(element_id="step", only="late")) == set(at(only="late")) == {second, third}
    assert at(element_id="nowhere") == at(only="incident") == at(element_id="nowhere", only="late") == []
    assert at()[-1] == fourth, "the oldest first"


def test_a_called_process_has_its_own_heat(engine: Engine) -> None:
    deploy(engine, called(), calling())
    one = start(engine, "outer")
    complete(engine, one, "first")
    inner = engine.ask(Heat(ADMIN, definition(engine, "inner")))
    assert (inner.cases, [(place.element_id, place.cases) for place in inner.places]) == (1, [("inside", 1)])
    outer = engine.ask(Heat(ADMIN, definition(engine, "outer")))
    assert {place.element_id: place.cases for place in outer.places} == {"call": 1, "first": 0}
    standing = engine.ask(StandingAt(ADMIN, definition(engine, "inner"), "inside"))
    assert [item.id for item in standing.items] == [one]


def test_a_case_that_is_late_in_a_called_process_is_late_where_it_was_called(engine: Engine) -> None:
    inner = user("inside", attributes='camunda:dueDate="=now() + duration(&quot;PT1H&quot;)"')
    deploy(engine, bpmn("inner", START + inner + FINISH + flow("begin", "inside", "finish")), calling())
    one, two = start(engine, "outer"), start(engine, "outer")
    complete(engine, one, "first")
    engine.work(until=engine.now() + timedelta(hours=2))
    which, calls = definition(engine, "outer"), frozenset({"call"})
    found = engine.ask(Heat(ADMIN, which, calls))
    assert (found.cases, found.late) == (2, 1)
    assert {place.element_id: place.late for place in found.places} == {"call": 1, "first": 0}
    assert [item.id for item in engine.ask(StandingAt(ADMIN, which, "call", "late", calls)).items] == [one]
    assert [item.id for item in engine.ask(StandingAt(ADMIN, which, None, "late", calls)).items] == [one]
    assert [item.id for item in engine.ask(StandingAt(ADMIN, which, "first", None, calls)).items] == [two]
    assert engine.ask(Heat(ADMIN, definition(engine, "inner"))).late == 1


def test_a_step_that_failed_is_counted(engine: Engine, office: Any) -> None:
    work = '<bpmn:serviceTask id="work" name="work" camunda:topic="work"/>'
    deploy(engine, bpmn("machine", START + work + FINISH + flow("begin", "work", "finish")))
    office.failing = 1
    broken = start(engine, "machine")
    found = engine.ask(Heat(ADMIN, definition(engine, "machine")))
    assert [(place.element_id, place.incidents) for place in found.places] == [("work", 1)]
    stuck = engine.ask(StandingAt(ADMIN, definition(engine, "machine"), "work", "incident"))
    assert [item.id for item in stuck.items] == [broken]


def test_heat_is_for_those_who_watch(engine: Engine) -> None:
    deploy(engine, simple())
    which = definition(engine, "simple")
    for query in (Heat(ANN, which), StandingAt(ANN, which)):
        with pytest.raises(Forbidden):
            engine.ask(query)
    for query in (Heat(ADMIN, "none"), StandingAt(ADMIN, "none")):
        with pytest.raises(NotFound):
            engine.ask(query)


@pytest.mark.parametrize("only", [None, "late", "incident"])
def test_heat_costs_the_same_for_many_cases(engine: Engine, only: str | None) -> None:
    deploy(engine, simple())
    which = definition(engine, "simple")
    spent = []
    for _ in range(2):
        for _ in range(4):
            start(engine, "simple")
        with counted(engine) as statements:
            engine.ask(Heat(ADMIN, which))
            engine.ask(StandingAt(ADMIN, which, "check", only))
        spent.append(len(statements))
    assert spent[0] == spent[1] <= 14
