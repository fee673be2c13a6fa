"""kill -9 at any moment: what was answered is there once, what was not answered is there whole or not at all."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import event, func, select

from engine.commands.complete_task import CompleteTask
from engine.engine import Engine
from engine.errors import ZhipingError
from engine.queries.work_list import WorkList
from engine.store import tables as t
from tests.conftest import MakeEngine
from tests.integration.engine.conftest import (
    ADMIN,
    ANN,
    FINISH,
    START,
    Office,
    add_people,
    bpmn,
    deploy,
    flow,
    look,
    simple,
    start,
    tasks,
    user,
)
from tests.integration.engine.test_messages import service

pytestmark = pytest.mark.fault

INSTANCES, ROUNDS = 10, 50
FORK = multiprocessing.get_context("fork")  # a new life in milliseconds


def rounds() -> bytes:
    """A task, a service that sends something out, and again, until `left` is used up."""
    count = (
        '<bpmn:scriptTask id="count" scriptFormat="feel" camunda:resultVariable="left">'
        "<bpmn:script>left - 1</bpmn:script></bpmn:scriptTask>"
    )
    choose = '<bpmn:exclusiveGateway id="join"/><bpmn:exclusiveGateway id="choose" default="f_choose_join"/>'
    out = (
        '<bpmn:sequenceFlow id="out" sourceRef="choose" targetRef="finish">'
        "<bpmn:conditionExpression>left = 0</bpmn:conditionExpression></bpmn:sequenceFlow>"
    )
    mail = service("mail", key="=case + &quot;/&quot; + string(left)")
    path = flow("begin", "join", "check", "serve", "count", "choose", "join")
    return bpmn("rounds", START + choose + user("check") + mail + count + FINISH + path + out)


def live(engine: Engine, log: Path) -> None:
    """Complete what there is to do until nothing is left, writing down each answer before going on."""
    engine = Engine(engine.settings, engine.registry, engine.clock)
    with log.open("a") as answers:
        while items := engine.ask(WorkList(ANN, max_results=100)).items:
            for item in random.sample(items, len(items)):
                try:
                    engine.run(CompleteTask(item.id, ANN))
                except ZhipingError:
                    continue
                answers.write(f"{item.id}\n")
                answers.flush()


def test_500_completions_survive_being_killed(
    database_url: str, make_engine: MakeEngine, office: Office, tmp_path: Path
) -> None:
    engine = make_engine(database_url, office.registry())
    add_people(engine)
    deploy(engine, rounds())
    ids = [start(engine, "rounds", left=ROUNDS, case=str(number)) for number in range(INSTANCES)]
    engine.store.close()  # no connection is shared with the children
    log = tmp_path / "answers"
    kills = 0
    chance = random.Random(4)
    while True:
        child = FORK.Process(target=live, args=(engine, log))
        child.start()
        # First lives are short; then one is left in peace to finish.
        child.join(chance.uniform(0.15, 0.7) if kills < 10 else 120)
        if child.exitcode is None:
            assert child.pid is not None
            os.kill(child.pid, signal.SIGKILL)
            child.join()
            kills += 1
            continue
        assert child.exitcode == 0
        break
    assert kills >= 5
    assert {look(engine, each).instance.state for each in ids} == {"completed"}
    with engine.store.snapshot() as connection:
        done = connection.execute(
            select(t.event.c.task_id).where(t.event.c.kind == "completed", t.event.c.element_id == "check")
        ).scalars()
        told = Counter(done.all())
        mails = connection.scalar(select(func.count()).select_from(t.effect))
    assert set(told.values()) == {1}
    assert len(told) == mails == INSTANCES * ROUNDS
    assert set(log.read_text().split()) <= set(told)


def die(engine: Engine, task_id: str, moment: str) -> None:
    engine = Engine(engine.settings, engine.registry, engine.clock)
    writes = 0

    def kill(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def count(connection: object, cursor: object, statement: str, *_: object) -> None:
        nonlocal writes
        writes += statement.startswith(("INSERT", "UPDATE", "DELETE"))
        if writes == 3:
            kill()

    if moment == "between two writes":
        event.listen(engine.store.dialect.engine, "after_cursor_execute", count)
    elif moment == "before the commit":
        event.listen(engine.store.dialect.engine, "commit", kill)
    engine.run(CompleteTask(task_id, ANN))
    kill()


@pytest.mark.parametrize(
    ("moment", "done"), [("between two writes", False), ("before the commit", False), ("after the commit", True)]
)
def test_a_step_is_there_whole_or_not_at_all(
    database_url: str, make_engine: MakeEngine, office: Office, moment: str, done: bool
) -> None:
    engine = make_engine(database_url, office.registry())
    add_people(engine)
    deploy(engine, simple())
    one = start(engine, "simple")
    wanted = tasks(engine, one, ADMIN)[0].id
    engine.store.close()
    child = FORK.Process(target=die, args=(engine, wanted, moment))
    child.start()
    child.join(30)
    assert child.exitcode == -signal.SIGKILL
    began = time.monotonic()
    assert look(engine, one).instance.state == ("completed" if done else "active")
    if not done:
        engine.run(CompleteTask(wanted, ANN))
    assert time.monotonic() - began < 5
