"""A small office behind the pages: a diagram with two lanes and a form, people of both lanes, a service that can fail, a manual clock."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from marshmallow import Schema
from sqlalchemy import Engine as Connections
from sqlalchemy import event
from werkzeug.test import TestResponse

import processes.register.applications  # noqa: F401 - the register's tables refer to each other
from engine.commands.complete_task import CompleteTask
from engine.commands.deploy import Deploy
from engine.commands.start_instance import StartInstance
from engine.config import Settings
from engine.engine import Engine
from engine.identity import people
from engine.identity.accounts import CreateAccount
from engine.identity.passwords import make_hash
from engine.queries.work_list import WorkList
from engine.registry import Actor, Handler, Membership, Registry, StepContext
from forms.i18n import T
from processes.functions import FUNCTIONS
from web.app import create_app

HERE = Path(__file__).parent
PASSWORD = "correct horse battery"
HASH = make_hash(PASSWORD, username="-")
NOW = datetime.fromisoformat("2026-07-06T10:00:00+08:00")  # a Monday

PEOPLE = {
    "admin": ("管理员甲", [Membership("admin")]),
    "owner": ("负责人甲", [Membership("process_owner")]),
    "owner2": ("负责人乙", [Membership("process_owner")]),
    "clerk": ("人事甲", [Membership("unit_hr", "unit:u01")]),
    "clerk2": ("人事乙", [Membership("unit_hr", "unit:u01")]),
    "other": ("人事丙", [Membership("unit_hr", "unit:u02")]),
    "c-001": ("卓玛·才让", [Membership("candidate")]),
    "c-002": ("李梅", [Membership("candidate")]),
}


class Nothing(Schema):
    pass


@dataclass
class Office:
    """How the office's service behaves."""

    failing: bool = False
    calls: int = 0

    def registry(self) -> Registry:
        registry = Registry(
            groups={
                "admin": T("系统管理员"),
                "process_owner": T("流程负责人"),
                "unit_hr": T("单位人事"),
                "candidate": T("申报人"),
            }
        )
        registry.functions.update({function.name: function for function in FUNCTIONS})
        registry.add_handlers([Handler("record", self._record, Nothing, Nothing, T("登记"))])
        return registry

    def _record(self, context: StepContext, params: dict[str, Any]) -> dict[str, Any]:
        self.calls += 1
        if self.failing:
            raise ConnectionError("the platform does not answer")
        return {}


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def engine(tmp_path: Path, sqlite_template: Path, office: Office) -> Iterator[Engine]:
    path = tmp_path / "zhiping.db"
    path.write_bytes(sqlite_template.read_bytes())
    settings = Settings(
        f"sqlite:///{path}", tmp_path, "test-" * 10, clock="manual", attachments_url=str(tmp_path / "files")
    )
    made = Engine(settings, office.registry())
    made.clock.set(NOW)
    for username, (name, memberships) in PEOPLE.items():
        made.run(CreateAccount(username, name, None, tuple(memberships), password_hash=HASH))
    made.run(
        Deploy(
            {name: (HERE / name).read_bytes() for name in ("review.bpmn", "checked.bpmn", "apply.form", "check.form")},
            None,
        )
    )
    yield made
    made.stop()


class Wall:
    """Real time, for sessions."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at

    def pass_(self, **time: float) -> None:
        self.at += timedelta(**time)


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def app(engine: Engine, wall: Wall) -> Flask:
    return create_app(engine, wall=wall)


@dataclass
class Browser:
    """Opens pages and sends their forms as a browser without scripts does. `page` is the last page's HTML."""

    client: FlaskClient
    page: str = ""
    status: int = 0
    path: str = ""
    seen: list[str] = field(default_factory=list)

    def open(self, path: str, **arguments: Any) -> str:
        return self._took(self.client.get(path, follow_redirects=True, **arguments))

    def send(
        self, action: str, data: dict[str, Any] | None = None, *, follow: bool = True, token: str | None = None
    ) -> str:
        """Post to `action` with the token of the last page."""
        found = re.search(r'name="csrf_token" value="([0-9a-f]+)"', self.page)
        sent = {"csrf_token": token if token is not None else found[1] if found else "", **(data or {})}
        return self._took(self.client.post(action, data=sent, follow_redirects=follow))

    def hidden(self, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]*)"', self.page)
        assert found, f"no hidden field {name}"
        return found[1]

    def log_in(self, username: str, password: str = PASSWORD) -> Browser:
        self.open("/login")
        self.send("/login", {"username": username, "password": password})
        return self

    def _took(self, answer: TestResponse) -> str:
        self.page, self.status, self.path = answer.text, answer.status_code, answer.request.path
        assert "object at 0x" not in self.page  # a template took a method for a value
        return self.page


@pytest.fixture
def browse(app: Flask) -> Callable[..., Browser]:
    """`browse("clerk")` is a browser logged in as that person; `browse()` nobody's."""

    def make(username: str | None = None) -> Browser:
        browser = Browser(app.test_client())
        return browser.log_in(username) if username else browser

    return make


@pytest.fixture
def who(engine: Engine) -> Callable[[str], Actor]:
    def find(username: str) -> Actor:
        with engine.store.snapshot() as connection:
            return people.actor(connection, username)

    return find


@pytest.fixture
def started(engine: Engine, who: Callable[[str], Actor]) -> str:
    """An instance started by c-001, standing at the application."""
    variables = {"unit_code": "u01", "applicant": "c-001"}
    return str(
        engine.run(StartInstance(who("c-001"), key="review", variables=variables, business_key="2026-001 卓玛·才让"))[
            "id"
        ]
    )


@pytest.fixture
def task_of(engine: Engine, who: Callable[[str], Actor]) -> Callable[[str, str], str]:
    """The id of an instance's open task at an element."""

    def find(instance_id: str, element_id: str) -> str:
        query = WorkList(who("admin"), process_instance_id=instance_id, element_id=element_id)
        return engine.ask(query).items[0].id

    return find


@pytest.fixture
def stuck(
    engine: Engine,
    office: Office,
    who: Callable[[str], Actor],
    started: str,
    task_of: Callable[[str, str], str],
) -> str:
    """An instance whose service has failed until nobody tries any more by itself."""
    office.failing = True
    done: dict[str, Any] = {"reason": "申请晋升副研究馆员", "works": [], "proof": []}
    engine.run(CompleteTask(task_of(started, "apply"), who("c-001"), done))
    engine.run(CompleteTask(task_of(started, "check"), who("clerk"), {"verdict": "accept", "opinion": None}))
    return started


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """Every SQL statement run since the test asked."""
    ran: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        ran.append(statement)

    event.listen(Connections, "before_cursor_execute", note)
    yield ran
    event.remove(Connections, "before_cursor_execute", note)
