"""An instance larger than any that an office has: its pages still answer, and what is too much becomes an incident."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from marshmallow import Schema, fields
from sqlalchemy import func, select

import processes.register.applications  # noqa: F401 - the register's tables, which the pages read
from engine.commands.complete_task import CompleteTask
from engine.engine import Engine
from engine.identity.accounts import CreateAccount
from engine.identity.passwords import make_hash
from engine.queries.instance_events import InstanceEvents
from engine.registry import Handler, Membership, Registry, StepContext
from engine.store import tables as t
from forms.i18n import T
from tests.conftest import MakeEngine
from tests.integration.engine.conftest import (
    ADMIN,
    ANN,
    FINISH,
    START,
    Told,
    add_people,
    bpmn,
    deploy,
    flow,
    look,
    start,
    tasks,
    user,
)
from tests.integration.engine.test_messages import service
from tests.web.pages.conftest import Browser
from web.app import create_app

pytestmark = pytest.mark.fault

SECONDS = 2.0  # of processor time for one answer
PASSWORD = "correct horse battery"
MEGABYTE = random.Random(1).randbytes(500_000).hex()  # not to be squeezed into nothing
BRANCHES, LINES = 5_000, 10_000
LOOP = (
    "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>=n</bpmn:loopCardinality>"
    "</bpmn:multiInstanceLoopCharacteristics>"
)
WIDE = bpmn("wide", START + user("ask", LOOP) + user("last") + FINISH + flow("begin", "ask", "last", "finish"))
LONG = bpmn("long", START + service("tell", n="=n") + user("last") + FINISH + flow("begin", "serve", "last", "finish"))


class Count(Schema):
    n = fields.Integer(required=True)


def tell(context: StepContext, params: dict[str, Any]) -> None:
    for number in range(params["n"]):
        context.note("told", {"number": number}, T("第 {n} 件事。", n=number))


@dataclass
class Quick:
    """Everything that is asked takes at most `SECONDS` of processor time."""

    engine: Engine
    browser: Browser

    def page(self, path: str) -> str:
        page: str = self.take(lambda: self.browser.open(path))
        assert self.browser.status == 200, path
        return page

    def take(self, ask: Callable[[], Any]) -> Any:
        began = time.thread_time()
        answer = ask()
        took = time.thread_time() - began
        assert took < SECONDS
        return answer

    def complete(self, task_id: str, **variables: Any) -> None:
        self.take(lambda: self.engine.run(CompleteTask(task_id, ANN, variables)))


@pytest.fixture
def quick(database_url: str, make_engine: MakeEngine) -> Quick:
    registry = Registry(groups={"clerks": T("科员"), "process_owner": T("流程负责人")})
    registry.add_handlers([Handler("tell", tell, Count, Told, T("讲"))])
    engine = make_engine(database_url, registry)
    add_people(engine)
    for name, group in (("dora", "process_owner"), ("cleo", "clerks")):
        known = make_hash(PASSWORD, username=name)
        engine.run(CreateAccount(name, name.title(), None, (Membership(group),), password_hash=known))
    deploy(engine, WIDE, LONG)
    app = create_app(engine)
    return Quick(engine, Browser(app.test_client()).log_in("dora"))


def test_five_thousand_branches_and_their_pages(quick: Quick) -> None:
    one = quick.take(lambda: start(quick.engine, "wide", n=BRANCHES))
    for path in (f"/instances/{one}", f"/instances/{one}?page=3", "/work", "/deadlines"):
        quick.page(path)
    for item in tasks(quick.engine, one)[:2]:
        quick.page(f"/tasks/{item.id}")
        quick.complete(item.id, x="y")
    assert len(look(quick.engine, one).tasks) == BRANCHES - 2


def test_one_megabyte_of_variables(quick: Quick) -> None:
    one = quick.take(lambda: start(quick.engine, "wide", n=50, much=MEGABYTE))
    quick.page(f"/instances/{one}")
    for item in tasks(quick.engine, one)[:2]:
        quick.page(f"/tasks/{item.id}")
        quick.complete(item.id, x="y")
    assert len(look(quick.engine, one).tasks) == 48
    # Each task keeps what its person works on: five thousand copies of it are too much.
    two = quick.take(lambda: start(quick.engine, "wide", n=BRANCHES, much=MEGABYTE))
    quick.page(f"/instances/{two}")
    seen = look(quick.engine, two)
    assert (seen.instance.state, [each.code for each in seen.incidents]) == ("incident", ["SPREAD_LIMIT"])
    with quick.engine.store.snapshot() as connection:
        assert connection.scalar(select(func.count()).where(t.task.c.instance_id == two)) == 0


def test_ten_thousand_lines_of_history(quick: Quick) -> None:
    one = quick.take(lambda: start(quick.engine, "long", n=LINES))
    events = quick.engine.ask(InstanceEvents(ADMIN, one))
    assert events.total > LINES
    for number in (1, 2, events.total // 500 + 1):
        quick.page(f"/instances/{one}?page={number}")
    quick.complete(tasks(quick.engine, one)[0].id)
    assert look(quick.engine, one).instance.state == "completed"
