"""Three of ten answers are lost on the way after the server has done what was asked. The program asks again with the same key:
it gets the answer it would have got, and everything has happened once."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from engine.attachments.tables import attachment
from engine.commands.beat import Beat
from engine.store import tables as t
from tests.faults.proxy import Wire, proxied
from tests.faults.serving import Caller, served
from tests.process.stage import PIXEL
from tests.web.office import Office, opened, prepare
from tests.web.program import diagram, flows

pytestmark = pytest.mark.fault

CASES = 94  # of each three tasks: five requests a case and one start; with 30 deployments and files over 500 requests a database
LOST = 0.3
CLIENTS = ("ann", "ben")
BOUNDARY = b"boundary-of-the-test"


def letter() -> bytes:
    """A task, a message from outside, and a task."""
    message = '<bpmn:message id="m" name="answer"/>'
    body = (
        '<bpmn:startEvent id="begin"/><bpmn:userTask id="check" camunda:candidateGroups="clerks"/>'
        '<bpmn:intermediateCatchEvent id="wait"><bpmn:extensionElements><camunda:properties>'
        '<camunda:property name="correlation" value="={number: number}"/></camunda:properties></bpmn:extensionElements>'
        '<bpmn:messageEventDefinition messageRef="m"/></bpmn:intermediateCatchEvent>'
        '<bpmn:userTask id="file" camunda:candidateGroups="clerks"/><bpmn:endEvent id="end"/>'
    )
    return diagram("letter", body + flows("begin", "check", "wait", "file", "end"), beside=message)


def upload(name: str, content: bytes, field_name: str = "file0") -> bytes:
    head = f'Content-Disposition: form-data; name="{field_name}"; filename="{name}"\r\n\r\n'.encode()
    return b"--" + BOUNDARY + b"\r\n" + head + content + b"\r\n--" + BOUNDARY + b"--\r\n"


@dataclass
class Persistent:
    """A program that asks until it gets an answer, always with the same key; `lost` counts the answers that did not come.
    Every request is asked once more when it has been answered, to see that the answer stays the same."""

    caller: Caller
    name: str
    asked: int = 0
    lost: int = 0
    kept: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def ask(self, path: str, body: Any = None, *, expect: int = 200, **more: Any) -> Any:
        self.asked += 1
        key = f"{self.name}-{self.asked}"
        request = {"body": body, "key": key, **more}
        first = self._until_answered(path, request)
        assert first[0] == expect, (path, first)
        if self.asked % 5 == 0:
            assert self._until_answered(path, request) == first
        self.kept.append((path, request))
        return json.loads(first[1])

    def _until_answered(self, path: str, request: dict[str, Any]) -> tuple[int, bytes]:
        for _ in range(50):
            try:
                return self.caller.send("POST", path, **request)
            except (OSError, http.client.HTTPException):
                self.lost += 1
        raise AssertionError(f"no answer to {path}")


@dataclass(frozen=True)
class Running:
    office: Office
    port: int
    wire: Wire

    def program(self, who: str, name: str) -> Persistent:
        return Persistent(Caller(self.port, self.office.tokens[who]), name)

    def count(self, table: Any, *where: Any) -> int:
        with self.office.engine.store.snapshot() as connection:
            return int(connection.execute(select(func.count()).select_from(table).where(*where)).scalar_one())


@pytest.fixture(params=["sqlite", "postgresql"])
def running(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Running]:
    """The office behind gunicorn, and a wire to it that loses answers."""
    chance = random.Random(9)
    wire = Wire(down=lambda _number: chance.random() >= LOST)
    with opened(prepare(request.param, tmp_path, {"letter.bpmn": letter()}), tmp_path) as office:
        workers = 1 if request.param == "sqlite" else 2
        with (
            served(office.engine.settings.database_url, tmp_path, workers=workers) as direct,
            proxied(direct, wire) as port,
        ):
            yield Running(office, port, wire)


def walk(running: Running, clerk: Persistent, owner: Persistent, number: int) -> str:
    """One case from its start to its end, every request with a key."""
    body = {"variables": {"number": number}, "businessKey": f"case {number}"}
    instance = owner.ask("process-definitions/key/letter/start", body, expect=201)["id"]
    task = open_task(running, instance, "check")
    clerk.ask(f"tasks/{task}/claim", {})
    if number % 4 == 0:
        clerk.ask(f"tasks/{task}/unclaim", {})
    clerk.ask(f"tasks/{task}/complete", {"variables": {"checked_by": clerk.name}})
    owner.ask("messages", {"name": "answer", "correlation": {"number": number}, "variables": {"told": number}})
    clerk.ask(f"tasks/{open_task(running, instance, 'file')}/complete", {"variables": {}})
    return str(instance)


def open_task(running: Running, instance: str, element: str) -> str:
    """The message is delivered in the background: wait for the task behind it."""
    query = select(t.task.c.id).where(
        t.task.c.instance_id == instance, t.task.c.element_id == element, t.task.c.state == "open"
    )
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with running.office.engine.store.snapshot() as connection:
            found = connection.scalar(query)
        if found is not None:
            return str(found)
        running.office.engine.work()
    raise AssertionError(f"no open {element}")


def bring(running: Running, clerk: Persistent, owner: Persistent, number: int) -> None:
    """Files and releases."""
    kind = f"multipart/form-data; boundary={BOUNDARY.decode()}"
    picture = upload(f"{number}.png", PIXEL + number.to_bytes(4, "big"), "file")
    clerk.ask("attachments", raw=picture, kind=kind, expect=201)
    changed = letter().replace(b'"letter"', f'"letter{number}"'.encode())
    owner.ask("deployments", raw=upload("letter.bpmn", changed), kind=kind, expect=201)


def test_what_was_answered_on_the_way_into_nothing_is_answered_again(running: Running) -> None:
    instances: list[str] = []
    programs: list[Persistent] = []

    def client(who: str, first: int) -> None:
        clerk, owner = running.program(who, who), running.program("process_owner", f"owner of {who}")
        programs.extend((clerk, owner))
        for number in range(first, CASES, len(CLIENTS)):
            instances.append(walk(running, clerk, owner, number))
            if number % 6 == 0:
                bring(running, clerk, owner, number)

    threads = [threading.Thread(target=client, args=(who, first)) for first, who in enumerate(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(instances) == CASES
    asked, lost = sum(each.asked for each in programs), sum(each.lost for each in programs)
    assert asked >= 500
    assert lost >= asked * LOST * 0.7, (asked, lost)
    # Each request had its effect once.
    brought = len(range(0, CASES, 6))
    assert running.count(t.instance) == CASES
    assert (
        running.count(t.message, t.message.c.state != "delivered") == 0
    )  # a message sent twice would wait for somebody
    assert running.count(attachment) == brought
    assert running.count(t.deployment) == 1 + brought
    assert {running.office.ann.look(each)["state"] for each in instances} == {"completed"}
    for instance in random.Random(1).sample(instances, 15):
        seen = Counter((event["kind"], event["elementId"]) for event in running.office.admin.events(instance))
        assert seen["completed", "check"] == seen["completed", "file"] == 1
        assert seen["claimed", "check"] == seen["completed", "wait"] == 1
    # The same key with something else is refused, and changes nothing.
    path, request = programs[0].kept[0]
    answer = programs[0]._until_answered(path, request | {"body": {"revision": 77}})
    assert answer[0] == 422
    assert b"IDEMPOTENCY_KEY_REUSED" in answer[1]


def test_an_answer_is_kept_for_a_day_and_then_forgotten(running: Running) -> None:
    running.wire.down = lambda _number: True
    owner = running.program("process_owner", "owner")
    body = {"variables": {"number": 1}}
    path = "process-definitions/key/letter/start"
    first = owner.caller.send("POST", path, body, key="one")
    running.office.engine.run(Beat())  # the background work, which forgets once an hour
    running.office.pass_(hours=23, minutes=59)
    assert owner.caller.send("POST", path, body, key="one") == first
    assert running.count(t.instance) == 1
    running.office.pass_(minutes=2)
    owner.caller.send("POST", path, body, key="two")
    running.office.engine.run(Beat())
    assert running.count(t.idempotency) == 1
    assert owner.caller.send("POST", path, body, key="one")[1] != first[1]
