"""A small office to run diagrams in: people, groups, a few handlers, and a way to deploy a diagram in one line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest
from marshmallow import Schema, fields
from sqlalchemy import insert

from engine.commands.complete_task import CompleteTask
from engine.commands.deploy import Deploy
from engine.commands.start_instance import StartInstance
from engine.engine import Engine
from engine.errors import BpmnError, Refused
from engine.identity.tables import account, membership
from engine.queries.instance_view import InstanceView
from engine.queries.views import InstanceDetail, TaskItem
from engine.queries.work_list import WorkList
from engine.registry import Actor, FeelFunction, Handler, Membership, Registry, StepContext
from forms.i18n import T
from tests.conftest import NOON, MakeEngine


def person(username: str, *groups: str, scope: str | None = None) -> Actor:
    return Actor(username, username, username.title(), frozenset(Membership(group, scope) for group in groups))


OWNER = person("owner", "process_owner")
OWNER2 = person("owner2", "process_owner")
ADMIN = person("admin", "admin")
ANN = person("ann", "clerks")
BEN = person("ben", "clerks")
EVE = person("eve", "others")
PEOPLE = (OWNER, OWNER2, ADMIN, ANN, BEN, EVE)


class Anything(Schema):
    class Meta:
        unknown = "include"


class Told(Schema):
    text = fields.String(load_default="")


class Counted(Schema):
    count = fields.Integer()


@dataclass
class Office:
    """The outside world of the tests: what the handlers did, and how they are to behave."""

    calls: list[str] = field(default_factory=list)
    failing: int = 0  # times the service will still break down
    refuse: bool = False

    def registry(self) -> Registry:
        registry = Registry(groups={"clerks": T("科员")})
        registry.add_handlers(
            [
                Handler("work", self._work, Told, Counted, T("工作")),
                Handler("error", self._error, Told, Counted, T("出错")),
                Handler("send", self._send, Anything, Counted, T("发消息")),
                Handler("start", self._start, Anything, Counted, T("另起流程")),
                Handler("mail", self._mail, Anything, Counted, T("发信")),
            ]
        )
        registry.functions["double"] = FeelFunction(
            "double", ("n",), lambda _c, _n: lambda n: n * 2, T("加倍"), "number"
        )
        return registry

    def _work(self, context: StepContext, params: dict[str, Any]) -> dict[str, Any]:
        self.calls.append(params["text"])
        if self.refuse:
            raise Refused(T("规则不允许。"), code="NOT_TODAY")
        if self.failing:
            self.failing -= 1
            raise ConnectionError("the platform does not answer")
        context.note("worked", {"text": params["text"]})
        return {"count": len(self.calls)}

    def _error(self, context: StepContext, params: dict[str, Any]) -> dict[str, Any]:
        raise BpmnError("BAD", T("不行。"))

    def _send(self, context: StepContext, params: dict[str, Any]) -> None:
        context.send("news", correlation={"order": params["order"]}, variables={"told": params.get("told", True)})

    def _start(self, context: StepContext, params: dict[str, Any]) -> None:
        context.start(params["key"], variables={"from": context.instance_id}, business_key=context.business_key)

    def _mail(self, context: StepContext, params: dict[str, Any]) -> None:
        context.effect("mail", params["key"], {"to": "ann"})


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def engine(database_url: str, make_engine: MakeEngine, office: Office) -> Engine:
    """An engine with the people of this office, on SQLite and on PostgreSQL."""
    engine = make_engine(database_url, office.registry())
    add_people(engine)
    return engine


def add_people(engine: Engine) -> None:
    with engine.store.transaction() as connection:
        connection.execute(
            insert(account),
            [
                {
                    "id": actor.account_id,
                    "username": actor.username,
                    "name": actor.name,
                    "created_at": NOON,
                    "password_at": NOON,
                }
                for actor in PEOPLE
            ],
        )
        connection.execute(
            insert(membership),
            [
                {"account_id": actor.account_id, "group_key": each.group, "scope": each.scope or "", "granted_at": NOON}
                for actor in PEOPLE
                for each in actor.memberships
            ],
        )


def bpmn(key: str, body: str, attributes: str = "", extra: str = "") -> bytes:
    """A diagram without layout: `body` are the elements of one process, `extra` stands beside it (messages, errors)."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="d_{key}" targetNamespace="test">
  {extra}
  <bpmn:process id="{key}" name="{key}" isExecutable="true" {attributes}>{body}</bpmn:process>
</bpmn:definitions>""".encode()


def flow(*ids: str) -> str:
    """Sequence flows from each to the next."""
    return "".join(f'<bpmn:sequenceFlow id="f_{a}_{b}" sourceRef="{a}" targetRef="{b}"/>' for a, b in pairwise(ids))


def properties(**values: str) -> str:
    inside = "".join(f'<camunda:property name="{name}" value="{value}"/>' for name, value in values.items())
    return f"<bpmn:extensionElements><camunda:properties>{inside}</camunda:properties></bpmn:extensionElements>"


START = '<bpmn:startEvent id="begin"/>'
FINISH = '<bpmn:endEvent id="finish"/>'


def user(element_id: str, inside: str = "", groups: str = "clerks", attributes: str = "") -> str:
    offered = f'camunda:candidateGroups="{groups}"' if groups else ""
    return f'<bpmn:userTask id="{element_id}" name="{element_id}" {offered} {attributes}>{inside}</bpmn:userTask>'


def simple(key: str = "simple") -> bytes:
    return bpmn(key, START + user("check") + FINISH + flow("begin", "check", "finish"))


def deploy(engine: Engine, *files: bytes, **named: bytes) -> dict[str, Any]:
    """Deploy as the command line does: active at once."""
    all_files = {f"file{number}.bpmn": raw for number, raw in enumerate(files)}
    all_files |= {name.replace("_dot_", "."): raw for name, raw in named.items()}
    return engine.run(Deploy(files=all_files, actor=None))


def start(engine: Engine, key: str, actor: Actor = OWNER, **variables: Any) -> str:
    """Returns the new instance's id."""
    started: str = engine.run(StartInstance(actor=actor, key=key, variables=variables))["id"]
    return started


def tasks(engine: Engine, instance_id: str, actor: Actor = ADMIN, element: str | None = None) -> list[TaskItem]:
    query = WorkList(actor=actor, process_instance_id=instance_id, element_id=element, max_results=500)
    return engine.ask(query).items


def complete(engine: Engine, instance_id: str, element: str, actor: Actor = ANN, **variables: Any) -> dict[str, Any]:
    """Finish the first open task of that element."""
    task = tasks(engine, instance_id, element=element)[0]
    return engine.run(CompleteTask(task_id=task.id, actor=actor, variables=variables))


def look(engine: Engine, instance_id: str) -> InstanceDetail:
    return engine.ask(InstanceView(actor=ADMIN, instance_id=instance_id))


Deployer = Callable[..., dict[str, Any]]
