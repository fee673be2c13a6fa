"""What is measured: a private PostgreSQL that syncs to disk as shipped, `zhiping web` and `zhiping worker` beside it (or
`zhiping serve` on SQLite), each a process of its own; and the client that asks."""

from __future__ import annotations

import http.client
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.serving import floor_row
from engine.clock import SystemClock
from engine.commands.deploy import Deploy
from engine.config import Settings
from engine.engine import Engine
from engine.identity import login, people
from engine.identity.accounts import CreateAccount
from engine.registry import Actor, Membership
from processes import office
from tests.live import ROOT, free_port
from tests.postgres import PostgresServer

HERE = Path(__file__).parent
PASSWORD = "bench-zhiping-2026"
OWNER = "bench"
PATIENCE = 60.0  # seconds until a server must answer
# As PostgreSQL comes out of its box, and with the instant of each commit kept: what a timer really took is read from it.
DURABLE = {"max_connections": "200", "track_commit_timestamp": "on"}
DIAGRAMS = ("office_mix.bpmn", "votes.bpmn", "one_task.bpmn", "filled.bpmn")
CASE = {
    "applicant": OWNER,
    "unit_code": "u01",
    "target_title": "副研究馆员",
    "papers": 3,
    "years": 5,
    "remarks": "材料齐全，按通知要求办理。" * 3,
    "members": [f"m{number:02}" for number in range(25)],
}
MIX_CASE = {name: value for name, value in CASE.items() if name != "members"}


@dataclass
class Answer:
    body: Any
    statements: int
    commits: int
    ms: float


class Client:
    """One kept connection of one person, by token or by session cookie."""

    def __init__(self, port: int, *, token: str = "", cookie: str = "") -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = {"Content-Type": "application/json"}
        if token:
            self.headers["Authorization"] = f"Bearer {token}"
        if cookie:
            self.headers["Cookie"] = f"zhiping={cookie}"

    def post(self, path: str, body: Any, **headers: str) -> Answer:
        return self._ask("POST", path, json.dumps(body), headers)

    def get(self, path: str) -> Answer:
        return self._ask("GET", path, None, {})

    def close(self) -> None:
        self.connection.close()

    def _ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Answer:
        if self.connection.sock is None:
            self.connection.connect()
        started = time.perf_counter()
        self.connection.request(method, path, body, self.headers | headers)
        response = self.connection.getresponse()
        payload = response.read()
        taken = (time.perf_counter() - started) * 1000
        if response.status >= 300:
            raise RuntimeError(f"{path}: {response.status} {payload[:500]!r}")
        statements, commits = (response.headers.get("X-Bench") or "0 0").split()
        is_json = "json" in (response.headers.get("Content-Type") or "")
        return Answer(json.loads(payload) if is_json else payload, int(statements), int(commits), taken)

    # --- what the rows do again and again

    def floor(self) -> Answer:
        return self.post("/api/v1/bench-floor", {})

    def start(self, key: str, variables: dict[str, Any]) -> Answer:
        return self.post(f"/api/v1/process-definitions/key/{key}/start", {"variables": variables})

    def open_tasks(self, instance: str) -> list[str]:
        return [str(task["id"]) for task in self.get(f"/api/v1/tasks?processInstanceId={instance}").body["items"]]

    def complete(self, task: str, variables: Mapping[str, Any], **headers: str) -> Answer:
        return self.post(f"/api/v1/tasks/{task}/complete", {"variables": dict(variables)}, **headers)


class Case:
    """One instance on its way: complete whatever is open, one task after the other."""

    def __init__(self, client: Client, key: str, variables: dict[str, Any]) -> None:
        self.client = client
        self.started = client.start(key, variables)
        self.open = client.open_tasks(self.started.body["id"])
        self._known = set(self.open)
        self._serial = 0

    def step(self, variables: Mapping[str, Any]) -> Answer:
        task = self.open.pop(0)
        self._serial += 1
        answer = self.client.complete(task, variables, **{"Idempotency-Key": f"{task}-{self._serial}"})
        for following in answer.body["nextTasks"]:
            if following["id"] not in self._known:
                self._known.add(following["id"])
                self.open.append(following["id"])
        return answer


class Site:
    """The processes and the database of one kind. `engine` is this process's own view of it, for filling and reading."""

    def __init__(self, database_url: str | None, folder: Path) -> None:
        """`database_url` None: SQLite in `folder`, served by one process."""
        self.folder = folder
        self.sqlite = database_url is None
        self.settings = Settings.from_environment(
            {"ZHIPING_DATA_DIR": str(folder), **({"ZHIPING_DATABASE_URL": database_url} if database_url else {})}
        )
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("ZHIPING_", "FAULT"))},
            "ZHIPING_DATA_DIR": str(folder),
            "ZHIPING_SECRET_KEY": self.settings.secret_key,
            **({"ZHIPING_DATABASE_URL": database_url} if database_url else {}),
        }
        self.engine = Engine(self.settings, office.registry())
        self._prepare()
        self.processes: list[subprocess.Popen[bytes]] = []

    def _prepare(self) -> None:
        from web.cli.common import prepare

        prepare(self.settings)
        with self.engine.store.transaction() as connection:
            floor_row.create(connection)
        groups = ("process_owner", "unit_hr", "committee_office", "expert")
        self.engine.run(CreateAccount(OWNER, OWNER, None, tuple(Membership(group) for group in groups), PASSWORD))
        self.engine.run(Deploy(files={name: (HERE / name).read_bytes() for name in DIAGRAMS}, actor=None))

    def actor(self, username: str = OWNER) -> Actor:
        with self.engine.store.snapshot() as connection:
            return people.actor(connection, username)

    @contextmanager
    def serving(self, processes: int = 1) -> Iterator[Web]:
        """The web server, ready."""
        port = free_port()
        environment = {**self.environment, "ZHIPING_PORT": str(port), "WEB_CONCURRENCY": str(processes)}
        process = self._begin("serve" if self.sqlite else "web", environment)
        try:
            token = _first_answer(port, process)
            yield Web(port, token, process.pid)
        except RuntimeError as error:
            error.add_note(_told(self.folder))
            raise
        finally:
            _end(process)

    @contextmanager
    def working(self) -> Iterator[None]:
        """The background worker beside it."""
        process = self._begin("worker", self.environment)
        try:
            yield
        finally:
            _end(process)

    def cookie(self, username: str = OWNER, password: str = PASSWORD) -> str:
        """A session of that person, as the browser would send it."""
        return login.log_in(self.engine, username, password, address="127.0.0.1", at=SystemClock().now()).key

    def _begin(self, command: str, environment: dict[str, str]) -> subprocess.Popen[bytes]:
        with (self.folder / f"{command}.log").open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "bench.serving", command],
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def close(self) -> None:
        self.engine.stop()


@dataclass
class Web:
    port: int
    token: str
    pid: int

    def client(self, **login_by: str) -> Client:
        return Client(self.port, **(login_by or {"token": self.token}))

    def children(self) -> list[int]:
        """Process ids of the workers."""
        found = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [int(pid) for pid in found]


def resident_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1_000_000
    raise RuntimeError(f"process {pid} has ended")


@contextmanager
def postgres_site() -> Iterator[Site]:
    server = PostgresServer(DURABLE, parent=tempfile.gettempdir())
    try:
        with tempfile.TemporaryDirectory(prefix="zhiping-bench-") as folder:
            site = Site(server.url(server.create()), Path(folder))
            try:
                yield site
            finally:
                site.close()
    finally:
        server.stop()


@contextmanager
def sqlite_site() -> Iterator[Site]:
    with tempfile.TemporaryDirectory(prefix="zhiping-bench-") as folder:
        site = Site(None, Path(folder))
        try:
            yield site
        finally:
            site.close()


def _first_answer(port: int, process: subprocess.Popen[bytes]) -> str:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        client = Client(port)
        try:
            return str(client.post("/api/v1/tokens", {"username": OWNER, "password": PASSWORD}).body["token"])
        except OSError:
            time.sleep(0.1)
        finally:
            client.close()
    raise RuntimeError("the server did not answer")


def _told(folder: Path) -> str:
    """The end of what the processes wrote."""
    return "\n".join(path.read_text("utf-8", "replace")[-3000:] for path in sorted(folder.glob("*.log")))


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def together(clients: int, work: Callable[[int], int]) -> float:
    """`work(number)` in so many threads, each answering how much it did: how much was done per second."""
    begin = threading.Barrier(clients + 1)

    def one(number: int) -> int:
        begin.wait()
        return work(number)

    with ThreadPoolExecutor(clients) as pool:
        working = [pool.submit(one, number) for number in range(clients)]
        begin.wait()
        started = time.perf_counter()
        done = sum(each.result() for each in working)
        return done / (time.perf_counter() - started)


def median(times: Sequence[float]) -> float:
    return statistics.median(times)


def percentile(times: Sequence[float], part: float) -> float:
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]
