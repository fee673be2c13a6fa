"""A database that is slow or silent: nobody waits longer than five seconds, nobody piles up behind the others, the health page
answers, and as soon as the database is back so is the program."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import postgres
from tests.faults.proxy import Wire, proxied
from tests.faults.serving import Caller, served
from tests.web.office import Office, opened, prepare
from tests.web.program import diagram, flows

pytestmark = [pytest.mark.fault, pytest.mark.alone]

LONGEST = 5.0  # seconds until a request is refused at the latest
BUSY = 1.5  # seconds that a machine which does something else besides may add to what it measures
AT_ONCE = 20  # programs that ask at the same time, of a server in which a few work with the database at once
RECOVERED = 10.0


def single() -> bytes:
    body = '<bpmn:startEvent id="begin"/><bpmn:userTask id="check" camunda:candidateGroups="clerks"/><bpmn:endEvent id="end"/>'
    return diagram("single", body + flows("begin", "check", "end"))


@dataclass(frozen=True)
class Answer:
    status: int
    seconds: float
    retry_after: str | None


@dataclass(frozen=True)
class Running:
    office: Office
    port: int

    def ask(self, method: str, path: str, body: object = None) -> Answer:
        caller = Caller(self.port, None if path == "/healthz" else self.office.tokens["ann"])
        began = time.monotonic()
        status, _ = caller.send(method, path, body)
        return Answer(status, time.monotonic() - began, caller.retry_after)

    def all_at_once(self, *requests: tuple[str, str, object]) -> list[Answer]:
        found: list[Answer] = []
        threads = [threading.Thread(target=lambda r=each: found.append(self.ask(*r))) for each in requests]  # type: ignore[misc]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == len(requests)
        return found

    def alive(self) -> None:
        answer = self.ask("GET", "/healthz")
        assert answer.status == 200
        assert answer.seconds < LONGEST / 2

    def recovers(self, request: tuple[str, str, object]) -> None:
        began = time.monotonic()
        while self.ask(*request).status != 200:
            assert time.monotonic() - began < RECOVERED
        assert {answer.status for answer in self.all_at_once(*[request] * AT_ONCE)} == {200}


LIST = ("GET", "tasks", None)


def refused_in_time(answers: list[Answer]) -> None:
    assert {answer.status for answer in answers} == {503}
    assert max(answer.seconds for answer in answers) <= LONGEST + BUSY, answers
    assert {answer.retry_after for answer in answers} == {"2"}


@dataclass
class Brake:
    """What the wire to the database does: nothing, wait before each statement, or stand still."""

    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.open = threading.Event()
        self.open.set()

    def __call__(self) -> None:
        if self.seconds:
            time.sleep(self.seconds)
        self.open.wait(60)


@pytest.fixture
def braked(tmp_path: Path) -> Iterator[tuple[Running, Brake]]:
    """The office behind gunicorn on PostgreSQL, which it reaches by a wire with a brake."""
    brake = Brake()
    with opened(prepare("postgresql", tmp_path, {"single.bpmn": single()}), tmp_path) as office:
        name = office.engine.store.url.database
        with proxied(str(postgres.server().folder / ".s.PGSQL.5432"), Wire(wait=brake)) as port:
            url = f"postgresql+psycopg://postgres@127.0.0.1:{port}/{name}"
            with served(url, tmp_path) as front:
                yield Running(office, front), brake


def test_a_silent_database(braked: tuple[Running, Brake]) -> None:
    running, brake = braked
    running.office.owner.start("single")
    assert {answer.status for answer in running.all_at_once(*[LIST] * AT_ONCE)} == {200}
    brake.open.clear()
    answers: list[Answer] = []
    first = threading.Thread(target=lambda: answers.extend(running.all_at_once(*[LIST] * AT_ONCE)))
    first.start()
    time.sleep(0.2)
    for _ in range(5):
        running.alive()
        time.sleep(0.5)
    first.join()
    refused_in_time(answers)
    # More of them than there are threads, and hardly one has waited: they did not stand in line for each other.
    assert sum(answer.seconds < LONGEST / 2 for answer in answers) >= AT_ONCE // 2
    refused_in_time(running.all_at_once(*[LIST] * AT_ONCE))
    brake.open.set()
    running.recovers(LIST)


def test_a_slow_database(braked: tuple[Running, Brake]) -> None:
    running, brake = braked
    running.office.owner.start("single")
    running.recovers(LIST)
    brake.seconds = 0.2
    # One after the other is slow and answered; many at once are answered or refused, each in time.
    assert running.ask(*LIST).status == 200
    answers = running.all_at_once(*[LIST] * AT_ONCE)
    assert {answer.status for answer in answers} <= {200, 503}
    assert max(answer.seconds for answer in answers) <= LONGEST + BUSY, answers
    running.alive()
    brake.seconds = 0
    running.recovers(LIST)


def test_somebody_else_writes_for_long(tmp_path: Path) -> None:
    """SQLite: another process holds the only writer's place."""
    with opened(prepare("sqlite", tmp_path, {"single.bpmn": single()}), tmp_path) as office:
        office.owner.start("single")
        (task,) = office.ann.get("tasks")["items"]
        claim = ("POST", f"tasks/{task['id']}/claim", {})
        url = office.engine.settings.database_url
        with served(url, tmp_path) as front:
            running = Running(office, front)
            with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                writers: list[Answer] = []
                first = threading.Thread(target=lambda: writers.extend(running.all_at_once(*[claim] * AT_ONCE)))
                first.start()
                time.sleep(0.2)
                for _ in range(4):
                    running.alive()
                    assert running.ask(*LIST).status == 200  # reading waits for no writer
                    time.sleep(0.5)
                first.join()
                refused_in_time(writers)
                other.execute("ROLLBACK")
            running.recovers(LIST)
            assert running.ask(*claim).status == 200
