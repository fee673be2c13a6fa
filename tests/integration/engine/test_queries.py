"""Queries: filters, and a number of statements that does not grow with the rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from engine.commands.claim_task import ClaimTask
from engine.commands.start_instance import StartInstance
from engine.engine import Engine
from engine.errors import Forbidden, NotFound
from engine.queries.deadlines import Deadlines
from engine.queries.definitions import DefinitionList, DefinitionView
from engine.queries.deployments import DeploymentList, DeploymentView
from engine.queries.incidents import IncidentList
from engine.queries.instance_diagram import InstanceDiagram
from engine.queries.instance_events import InstanceEvents
from engine.queries.instance_list import InstanceList
from engine.queries.instance_view import InstanceView
from engine.queries.task_view import TaskForm, TaskView
from engine.queries.work_list import WorkList
from engine.registry import Actor
from tests.conftest import NOON
from tests.integration.engine.conftest import (
    ADMIN,
    ANN,
    BEN,
    EVE,
    FINISH,
    OWNER,
    START,
    bpmn,
    complete,
    deploy,
    flow,
    person,
    properties,
    simple,
    start,
    tasks,
    user,
)


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    statements: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(engine.store.dialect.engine, "before_cursor_execute", count)
    yield statements
    event.remove(engine.store.dialect.engine, "before_cursor_execute", count)


def called() -> bytes:
    return bpmn("inner", START + user("inside") + FINISH + flow("begin", "inside", "finish"))


def calling() -> bytes:
    call = '<bpmn:callActivity id="call" name="call" calledElement="inner"/>'
    return bpmn("outer", START + user("first") + call + FINISH + flow("begin", "first", "call", "finish"))


QUERIES: list[tuple[int, Callable[[str, str, str], Any]]] = [
    (5, lambda one, task, release: WorkList(ANN)),
    (5, lambda one, task, release: WorkList(ANN, mine=True, q="c", overdue=True, candidate_group="clerks")),
    (6, lambda one, task, release: TaskView(ANN, task)),
    (5, lambda one, task, release: TaskForm(ANN, task)),
    (11, lambda one, task, release: InstanceView(ANN, one)),
    (3, lambda one, task, release: InstanceList(ANN)),
    (3, lambda one, task, release: InstanceEvents(ANN, one)),
    (6, lambda one, task, release: InstanceDiagram(ANN, one)),
    (3, lambda one, task, release: DefinitionList(ANN)),
    (3, lambda one, task, release: DeploymentList(OWNER)),
    (5, lambda one, task, release: DeploymentView(OWNER, release)),
    (2, lambda one, task, release: IncidentList(ANN)),
    (2, lambda one, task, release: Deadlines(ANN)),
]


@pytest.mark.parametrize(("most", "make"), QUERIES, ids=lambda value: str(value) if isinstance(value, int) else "")
def test_statements_do_not_grow_with_rows(engine: Engine, most: int, make: Callable[[str, str, str], Any]) -> None:
    release = deploy(
        engine,
        bpmn(
            "eyes",
            START + user("check", properties(notSameActorAs="check")) + FINISH + flow("begin", "check", "finish"),
        ),
    )
    numbers = []
    for _ in range(2):
        one = start(engine, "eyes")
        for _ in range(3):
            start(engine, "eyes")
        task = tasks(engine, one)[0].id
        engine.run(ClaimTask(task, ANN))
        with counted(engine) as statements:
            engine.ask(make(one, task, release["id"]))
        numbers.append(len(statements))
    assert numbers[0] == numbers[1] <= most


def test_the_work_list_filters_and_sorts(engine: Engine) -> None:
    due = user("late", attributes='camunda:dueDate="=now() + duration(&quot;PT1H&quot;)"', groups="others")
    deploy(engine, simple(), bpmn("due", START + due + FINISH + flow("begin", "late", "finish")))
    plain = start(engine, "simple")
    urgent = engine.run(StartInstance(OWNER, key="due", business_key="Case_7"))["id"]

    def found(actor: Actor = ADMIN, **wanted: Any) -> list[str]:
        page = engine.ask(WorkList(actor, **wanted))
        assert page.total == len(page.items)
        return [item.process_instance_id for item in page.items]

    assert found() == [urgent, plain]  # what has no date comes last
    assert found(sort_order="desc") == [urgent, plain]
    assert found(sort_by="name") == [plain, urgent]
    assert found(definition_key="due") == found(element_id="late") == found(candidate_group="others") == [urgent]
    assert found(q="ase_7") == found(q="CASE") == [urgent]
    assert found(q="%") == found(q="ase-7") == []
    assert found(due_before=NOON + timedelta(hours=2)) == [urgent]
    assert found(due_before=NOON) == found(overdue=True) == []
    assert (found(ANN), found(EVE), found(person("x"))) == ([plain], [urgent], [])
    engine.run(ClaimTask(tasks(engine, plain)[0].id, ANN))
    assert found(assignee="ann") == found(ANN, mine=True) == [plain]
    assert found(candidate_group="clerks") == found(BEN, mine=True) == []
    page = engine.ask(WorkList(ADMIN, first_result=1, max_results=1))
    assert ([item.process_instance_id for item in page.items], page.total) == ([plain], 2)


def test_a_diagram_is_painted_across_called_processes(engine: Engine) -> None:
    deploy(engine, called(), calling())
    one = start(engine, "outer")
    complete(engine, one, "first")
    outer, inner = engine.ask(InstanceDiagram(ANN, one))
    assert (outer.definition_key, [a.element_id for a in outer.active]) == ("outer", ["call"])
    assert set(outer.visited) >= {"begin", "first", "call"}
    assert (inner.definition_key, [a.element_id for a in inner.active]) == ("inner", ["inside"])
    item = tasks(engine, one)[0]
    assert (item.process_instance_id, item.definition_key, item.process_name) == (one, "inner", "outer")
    complete(engine, one, "inside")
    assert [view.active for view in engine.ask(InstanceDiagram(ANN, one))] == [(), ()]


def test_instances_are_seen_by_who_took_part(engine: Engine) -> None:
    deploy(engine, simple())
    one = start(engine, "simple")
    assert [item.id for item in engine.ask(InstanceList(ANN)).items] == [one]
    for query in (InstanceView(EVE, one), InstanceEvents(EVE, one), InstanceDiagram(EVE, one)):
        with pytest.raises(NotFound):
            engine.ask(query)
    complete(engine, one, "check", ANN)
    assert engine.ask(InstanceList(ANN, state="completed")).total == 1
    assert engine.ask(InstanceList(OWNER, state="active")).total == 0
    with pytest.raises(Forbidden):
        engine.ask(DeploymentList(ANN))


def test_definitions_say_what_may_be_started(engine: Engine) -> None:
    attributes = 'camunda:candidateStarterGroups="clerks"'
    deploy(
        engine, simple(), bpmn("open", START + user("check") + FINISH + flow("begin", "check", "finish"), attributes)
    )
    assert [item.key for item in engine.ask(DefinitionList(ANN, startable=True)).items] == ["open"]
    assert [item.key for item in engine.ask(DefinitionList(OWNER, startable=True)).items] == ["open", "simple"]
    with pytest.raises(NotFound):
        engine.ask(DefinitionView(ANN, "missing"))


def test_a_query_cannot_write(engine: Engine) -> None:
    class Sneaky:
        def answer(self, reading: Any) -> None:
            reading.connection.exec_driver_sql("DELETE FROM setting")

    with pytest.raises(Exception, match=r"(?i)read-?only"):
        engine.ask(Sneaky())
