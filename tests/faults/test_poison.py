"""Work that kills its worker or hangs: counted before it runs, given up after three tries, and nobody else waits for it.
And the ordinary end: SIGTERM, after which nothing is half done and nothing stays held."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from engine.clock import SystemClock
from engine.engine import Engine
from engine.identity.accounts import CreateAccount
from engine.identity.passwords import make_hash
from engine.queries.incidents import IncidentList
from engine.registry import Membership
from engine.store import tables as t
from tests import postgres
from tests.conftest import MakeEngine
from tests.faults.fates import FORK, alone, asked, registry, start_all, states
from tests.integration.engine.conftest import OWNER, add_people, deploy, look, tasks
from tests.live import ROOT, free_port
from web import server

pytestmark = pytest.mark.fault

LIMIT = 1  # seconds for one job
SECRET = "test-" * 10
PATIENCE = 120.0  # for the slowest machine


@pytest.fixture
def postgres_url(postgres_template: str) -> str:
    return postgres.server().url(postgres.server().create(postgres_template))


def office(make_engine: MakeEngine, url: str, *diagrams: bytes) -> Engine:
    engine = make_engine(url, registry(), job_seconds=LIMIT)
    engine.clock = SystemClock()
    add_people(engine)
    deploy(engine, *diagrams)
    return engine


def until(reached: Callable[[], bool], seconds: float = PATIENCE) -> None:
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.1)


def work(engine: Engine) -> None:
    """In a child: what `zhiping worker` does."""
    server.run_worker(engine.settings, lambda: Engine(engine.settings, engine.registry))


def longest_pause(engine: Engine) -> float:
    """Seconds in which no instance ended, while some were still to end."""
    with engine.store.snapshot() as connection:
        ended = connection.execute(select(t.instance.c.ended_at).where(t.instance.c.state == "completed"))
        at = sorted(ended.scalars().all())
    return max((later - earlier).total_seconds() for earlier, later in pairwise(at))


def test_five_poisoned_instances_among_a_thousand_stop_no_other(make_engine: MakeEngine, postgres_url: str) -> None:
    engine = office(make_engine, postgres_url, alone())
    fates = ["fine"] * 1000
    fates[:600:120] = ["die", "die", "hang", "die", "die"]
    ids = start_all(engine, fates)
    poisoned = {one for one, fate in zip(ids, fates, strict=True) if fate != "fine"}
    engine.store.close()  # no connection is shared with the children
    worker = FORK.Process(target=work, args=(engine,))
    worker.start()
    try:
        until(lambda: states(engine) == {"completed": 995, "incident": 5})
    finally:
        worker.terminate()
        worker.join(PATIENCE)
    assert worker.exitcode == 0
    found = engine.ask(IncidentList(OWNER, max_results=10)).items
    assert {each.process_instance_id for each in found} == poisoned
    assert [(each.code, each.attempts) for each in found] == [("JOB_DIED", 3)] * 5
    with engine.store.snapshot() as connection:
        assert connection.scalar(select(func.count()).where(t.job.c.lease_until.is_not(None))) == 0
    assert longest_pause(engine) < LIMIT + 4  # the limit, and a new child on a busy machine


class Process:
    """`tests.faults.fates serve|worker` with the settings of an engine."""

    def __init__(self, engine: Engine, what: str, folder: Path) -> None:
        engine.store.close()
        self.port = free_port()
        self.log = folder / f"{what}.log"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ZHIPING_")} | {
            "ZHIPING_DATABASE_URL": engine.settings.database_url,
            "ZHIPING_DATA_DIR": str(folder),
            "ZHIPING_SECRET_KEY": SECRET,
            "ZHIPING_PORT": str(self.port),
            "ZHIPING_JOB_SECONDS": str(engine.settings.job_seconds),
        }
        with self.log.open("w") as output:
            self.running = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.fates", what],
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def end(self, number: int = signal.SIGTERM) -> int:
        self.running.send_signal(number)
        return self.running.wait(PATIENCE)

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=2):
                return True
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            return False

    def post(self, path: str, body: Any, token: str = "") -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/v1/{path}",
            json.dumps(body).encode(),
            {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Callable[[Engine, str], Process]]:
    begun: list[Process] = []

    def one(engine: Engine, what: str) -> Process:
        begun.append(Process(engine, what, tmp_path))
        return begun[-1]

    yield one
    for each in begun:
        if each.running.poll() is None:
            os.killpg(each.running.pid, signal.SIGKILL)
            each.running.wait()


Begin = Callable[[Engine, str], Process]


def test_a_server_in_which_a_job_hangs_or_kills_begins_anew(
    database_url: str, make_engine: MakeEngine, begin: Begin
) -> None:
    engine = office(make_engine, database_url, alone())
    # One of each is enough, and three lives take their time: what hangs on SQLite holds the place of the only writer.
    fate = "hang" if engine.store.single_process else "die"
    start_all(engine, ["fine", fate, "fine"])
    process = begin(engine, "serve")
    until(lambda: states(engine) == {"completed": 2, "incident": 1})
    found = engine.ask(IncidentList(OWNER)).items
    assert [(each.code, each.attempts) for each in found] == [("JOB_DIED", 3)]
    assert process.running.poll() is None
    until(process.answers)
    assert process.end() == 0
    assert ("hangs: this process ends" in process.log.read_text()) == (fate == "hang")


def test_a_request_that_hangs_takes_its_process_and_nobody_s_work_with_it(
    database_url: str, make_engine: MakeEngine, begin: Begin
) -> None:
    engine = office(make_engine, database_url, asked())
    known = make_hash("a long pass phrase")
    engine.run(CreateAccount("dora", "Dora", None, (Membership("clerks"),), password_hash=known))
    bad, good = start_all(engine, ["hang", "fine"], "asked")
    hanging, fine = tasks(engine, bad)[0].id, tasks(engine, good)[0].id
    process = begin(engine, "serve")
    until(process.answers)
    token = process.post("tokens", {"username": "dora", "password": "a long pass phrase"})["token"]
    with pytest.raises((urllib.error.URLError, ConnectionError)):
        process.post(f"tasks/{hanging}/complete", {"variables": {}}, token)
    until(process.answers)
    assert process.post(f"tasks/{fine}/complete", {"variables": {}}, token)["instance"]["state"] == "completed"
    assert process.end() == 0
    assert [item.id for item in tasks(engine, bad)] == [hanging]  # as it was


def leases(engine: Engine) -> list[tuple[int, str | None]]:
    with engine.store.snapshot() as connection:
        rows = connection.execute(select(t.job.c.attempts, t.job.c.lease).order_by(t.job.c.attempts))
        return [(row.attempts, row.lease) for row in rows]


def test_a_worker_that_is_told_to_stop_finishes_its_job_and_begins_no_other(
    make_engine: MakeEngine, postgres_url: str, begin: Begin
) -> None:
    engine = make_engine(postgres_url, registry(), job_seconds=10)
    engine.clock = SystemClock()
    add_people(engine)
    deploy(engine, alone())
    start_all(engine, ["nap"] * 3)
    process = begin(engine, "worker")
    until(lambda: any(lease for _, lease in leases(engine)))
    assert process.end() == 0
    done = states(engine)["completed"]
    assert done in (1, 2)
    assert leases(engine) in ([(0, None)] * n for n in range(3))  # given back, and uncounted
    assert engine.work() + done == 3


def test_a_worker_whose_parent_is_killed_stops_by_itself(
    make_engine: MakeEngine, postgres_url: str, begin: Begin
) -> None:
    engine = office(make_engine, postgres_url, alone())
    process = begin(engine, "worker")
    until(lambda: beats(engine) == 1)
    (child,) = children(process.running.pid)
    process.end(signal.SIGKILL)
    until(lambda: not Path(f"/proc/{child}").exists(), 10)


def beats(engine: Engine) -> int:
    with engine.store.snapshot() as connection:
        return connection.scalar(select(func.count()).select_from(t.heartbeat)) or 0


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_server_that_is_told_to_stop_answers_what_it_was_asked(
    database_url: str, make_engine: MakeEngine, begin: Begin
) -> None:
    engine = make_engine(database_url, registry(), job_seconds=10)
    engine.clock = SystemClock()
    add_people(engine)
    known = make_hash("a long pass phrase")
    engine.run(CreateAccount("dora", "Dora", None, (Membership("clerks"),), password_hash=known))
    deploy(engine, asked())
    (one,) = start_all(engine, ["nap"], "asked")
    task = tasks(engine, one)[0].id
    process = begin(engine, "serve")
    until(process.answers)
    token = process.post("tokens", {"username": "dora", "password": "a long pass phrase"})["token"]
    answers: list[Any] = []

    def ask() -> None:
        answers.append(process.post(f"tasks/{task}/complete", {"variables": {}}, token))

    asking = threading.Thread(target=ask)
    asking.start()
    time.sleep(0.7)  # the request is under way: its handler naps
    assert process.end() == 0
    asking.join()
    assert answers[0]["instance"]["state"] == "completed"
    assert look(engine, one).instance.state == "completed"
