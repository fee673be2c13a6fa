"""A whole installation in processes of its own (`zhiping web` and `zhiping worker`, or `zhiping serve`), and clerks who work
with it from outside and keep a journal of all they ask and are answered."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from engine import invariants
from engine.commands.deploy import Deploy
from engine.commands.start_instance import StartInstance
from engine.config import Settings
from engine.engine import Engine
from engine.identity.accounts import CreateAccount
from engine.identity.passwords import make_hash
from engine.queries.instance_events import InstanceEvents
from engine.registry import Actor, Membership
from engine.store import prepare
from engine.store import tables as t
from processes import office
from tests.faults.laps import KEY, is_task, laps
from tests.faults.lives import Journal, read
from tests.live import ROOT, free_port
from web.cli.common import MIGRATIONS

GROUP = "committee_office"
PASSWORD = "a long way to Golmud"
OPERATOR = Actor("", "operator", "operator", frozenset({Membership("admin"), Membership("process_owner")}))
PATIENCE = 60.0  # seconds until a program must answer, on a machine that does other things too


class Site:
    """Made on construction, with one account and the diagram of `laps` deployed; `start` begins its programs."""

    def __init__(self, folder: Path, database_url: str, **settings: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port = free_port()
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ZHIPING_")},
            "ZHIPING_DATA_DIR": str(folder),
            "ZHIPING_DATABASE_URL": database_url,
            "ZHIPING_SECRET_KEY": "fault-" * 10,
            "ZHIPING_PORT": str(self.port),
            "WEB_CONCURRENCY": "2",
            **settings,
        }
        self.programs: dict[str, subprocess.Popen[bytes]] = {}
        self.opened = 0  # cases, by `open_cases`
        prepare.upgrade(database_url, MIGRATIONS)
        with self.engine() as engine:
            engine.run(Deploy({"laps.bpmn": laps(tasks=4, wait="PT1S", groups=GROUP)}, None))
            belongs = (Membership(GROUP), Membership("process_owner"))
            engine.run(CreateAccount("clerk", "Clerk", None, belongs, password_hash=make_hash(PASSWORD)))

    @contextlib.contextmanager
    def engine(self) -> Iterator[Engine]:
        """To look into the database from here, or to prepare it."""
        engine = Engine(Settings.from_environment(self.environment), office.registry())
        try:
            yield engine
        finally:
            engine.stop()

    def open_cases(self, count: int, laps_each: int) -> None:
        with self.engine() as engine:
            for number in range(count):
                values = {"case": f"{number}-{time.monotonic_ns()}", "left": laps_each}
                engine.run(StartInstance(key=KEY, actor=OPERATOR, variables=values))
        self.opened += count

    def start(self, program: str) -> None:
        """`web`, `worker` or `serve`."""
        with (self.folder / f"{program}.log").open("ab") as log:
            self.programs[program] = subprocess.Popen(
                [sys.executable, "-m", "web.cli", program],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self, program: str) -> None:
        """kill -9 of the program with all its processes."""
        os.killpg(self.programs[program].pid, signal.SIGKILL)
        self.programs[program].wait()

    def kill_parent(self, program: str) -> None:
        """kill -9 of the parent alone: its children have to find out by themselves."""
        self.programs[program].kill()
        self.programs[program].wait()

    def kill_child(self, program: str, chance: random.Random) -> bool:
        """kill -9 of one process that does the work, whose parent begins another; False where there is none just now."""
        parent = self.programs[program].pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        if not children:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(chance.choice(children)), signal.SIGKILL)
        return True

    def stop(self) -> None:
        for program in self.programs.values():
            if program.poll() is None:
                program.terminate()
        for name, program in self.programs.items():
            try:
                program.wait(timeout=40)
            except subprocess.TimeoutExpired:
                self.kill(name)

    def log(self) -> str:
        return "".join(path.read_text("utf-8", "replace") for path in sorted(self.folder.glob("*.log")))

    def ask(
        self, method: str, path: str, body: Any = None, *, timeout: float = 15, **headers: str
    ) -> tuple[int, dict[str, str], Any]:
        """Status, headers (names in lower case), JSON. Raises OSError or HTTPException where nobody answered."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            raw = json.dumps(body) if body is not None else None
            connection.request(method, path, raw, {"Content-Type": "application/json", **headers})
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, found, json.loads(text) if text[:1] in (b"{", b"[") else None

    def until_ready(self, patience: float = PATIENCE) -> float:
        """Seconds until `/readyz` says so. Raises TimeoutError."""
        began = time.monotonic()
        while time.monotonic() - began < patience:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.ask("GET", "/readyz", timeout=2)[0] == 200:
                    return time.monotonic() - began
            time.sleep(0.05)
        raise TimeoutError(f"not ready after {patience} s:\n{self.log()[-4000:]}")

    def token(self) -> str:
        status, _, body = self.ask("POST", "/api/v1/tokens", {"username": "clerk", "password": PASSWORD})
        assert status == 201, body
        return str(body["token"])


@dataclass
class Clerks:
    """People at work through the API, each in a thread: complete what is open, ask again with the same key until answered.
    Where fewer than `cases` tasks are open they begin new cases, of `laps_each` laps."""

    site: Site
    token: str
    number: int = 4
    seed: int = 0
    cases: int = 0
    laps_each: int = 10
    answers: Counter[str] = field(default_factory=Counter)  # by status; "no answer" where the connection broke
    wrong: list[str] = field(default_factory=list)  # answers that nobody should ever get
    done_at: list[float] = field(default_factory=list)  # monotonic instants of completions answered with 200
    _end: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        self._threads = [threading.Thread(target=self._work, args=(n,), daemon=True) for n in range(self.number)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Everybody ends when what they asked last is answered."""
        self._end.set()
        for thread in self._threads:
            thread.join(PATIENCE)
            assert not thread.is_alive(), "a clerk was never answered"

    def _work(self, number: int) -> None:
        chance = random.Random(self.seed + number)
        intents = Journal(self.site.folder / f"intents-{number}")
        answers = Journal(self.site.folder / f"answers-{number}")
        starts = Journal(self.site.folder / f"starts-{number}")
        while not self._end.is_set():
            _, body = self._insist("GET", "/api/v1/tasks?maxResults=100")
            if body["total"] < self.cases:
                key = f"{self.seed}/{number}/{chance.random()}"
                values = {"variables": {"case": key, "left": self.laps_each}}
                starts.write(self._insist("POST", f"/api/v1/process-definitions/key/{KEY}/start", values, key)[1]["id"])
            # Everybody has tasks of their own, but for one clerk in ten tasks who reaches for a colleague's.
            tasks = [
                task["id"]
                for task in body["items"]
                if zlib.crc32(task["id"].encode()) % self.number == number or chance.random() < 0.1
            ]
            if not tasks:
                self._end.wait(0.2)
            for task in chance.sample(tasks, min(10, len(tasks))):
                intents.write(task)
                path, key = f"/api/v1/tasks/{task}/complete", f"{number}/{task}"
                status, _ = self._insist("POST", path, {"variables": {}}, key)
                answers.write(task, status)
                if status == 200:
                    self.done_at.append(time.monotonic())
                if self._end.is_set():
                    break

    def _insist(self, method: str, path: str, body: Any = None, key: str = "") -> tuple[int, Any]:
        """Ask until there is an answer that stands: 503 says when to come again, and a broken connection says nothing.
        Raises RuntimeError where an answer came that nobody should ever get."""
        headers = {"Authorization": f"Bearer {self.token}", **({"Idempotency-Key": key} if key else {})}
        while True:
            try:
                status, found, answer = self.site.ask(method, path, body, **headers)
            except (OSError, http.client.HTTPException) as error:
                self.answers["no answer"] += 1
                if isinstance(error, TimeoutError):
                    self.wrong.append(f"{method} {path}: no answer within the time")
                time.sleep(0.1)
                continue
            self.answers[str(status)] += 1
            if status == 503 and found.get("retry-after", "").isdigit():
                time.sleep(min(0.3, float(found["retry-after"])))
                continue
            # 409: somebody else was quicker; 404: and the case has ended since.
            if status not in (200, 201) and not (status in (404, 409) and "/tasks/" in path):
                self.wrong.append(f"{method} {path}: {status} {answer}")
                raise RuntimeError(self.wrong[-1])
            return status, answer


@dataclass
class Verdict:
    """Of a site whose programs have ended. `broken`: every completion answered with 200 stands in a history once and no other
    does, and all that must hold between two transactions does."""

    broken: list[str]
    figures: dict[str, int]
    timers: list[tuple[datetime, datetime]]  # when each was due, and when it fired


def verdict(site: Site) -> Verdict:
    done = [line[0] for path in site.folder.glob("answers-*") for line in read(path) if line[1] == "200"]
    with site.engine() as engine:
        with engine.store.snapshot() as connection:
            found = invariants.check(connection, engine)
            instances = connection.scalars(select(t.instance.c.id)).all()
            figures = {
                "incidents": connection.scalar(select(func.count()).where(t.incident.c.state != "resolved")) or 0,
                "jobs left": connection.scalar(select(func.count()).select_from(t.job)) or 0,
            }
        told: Counter[str | None] = Counter()
        kinds: Counter[str] = Counter()
        timers = []
        for one in instances:
            lines = engine.ask(InstanceEvents(OPERATOR, one, max_results=10**6)).items
            told.update(line.task_id for line in lines if line.kind == "completed" and is_task(line.element_id))
            kinds.update(line.kind for line in lines)
            timers += [
                (datetime.fromisoformat(line.data["due"]), line.at) for line in lines if line.kind == "timer_fired"
            ]
    found += [f"I1 task {task}: completed {n} times" for task, n in told.items() if n > 1]
    found += [f"I1 task {task}: {n} answers for one completion" for task, n in Counter(done).items() if n > 1]
    found += [f"I1 task {task}: answered, and not in the history" for task in set(done) - told.keys()]
    found += [f"I1 task {task}: completed, and nobody was told" for task in told.keys() - set(done)]
    begun = [line[0] for path in site.folder.glob("starts-*") for line in read(path)]
    found += [f"case {one}: {n} answers for one start" for one, n in Counter(begun).items() if n > 1]
    found += [f"case {one}: begun, and not there" for one in set(begun) - set(instances)]
    if len(instances) != site.opened + len(begun):
        found.append(f"{len(instances)} cases, and {site.opened + len(begun)} were begun")
    counts = {
        "cases": len(instances),
        "completions": len(told),
        "timers": kinds["timer_fired"],
        "messages": kinds["message_caught"],
    }
    return Verdict(found, {**counts, **figures}, timers)
