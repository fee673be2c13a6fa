"""One completion over HTTP beside the floor: one INSERT through the same server, on the same database, in the same run.

    python -m bench.completion [--database-url postgresql+psycopg://…] [--rounds 300] [--clients 4]

Floor and completion take turns, so that whatever else the machine does meets both alike; read the ratios, not the
milliseconds. The floor is authenticated and commits like the completion, and does nothing else.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import Process
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Column, Table, insert

from engine.commands.deploy import Deploy
from engine.config import Settings
from engine.engine import Engine
from engine.identity.accounts import CreateAccount
from engine.registry import Membership
from engine.store.metadata import Id, metadata, new_id
from processes import office
from tests.live import free_port
from web.security import login_required
from web.server import Server

HERE = Path(__file__).parent
PASSWORD = "bench-zhiping-2026"
KEY = "bench_one_task"
AGAIN = {"finished": False}

floor_row = Table("bench_floor", metadata, Column("id", Id, primary_key=True))


class BenchServer(Server):
    """The shipped server with one route more: the floor."""

    def load(self) -> Flask:
        app = super().load()
        engine = self.engine
        assert engine is not None

        @app.post("/api/v1/bench-floor")
        @login_required
        def floor() -> dict[str, str]:
            row = new_id()
            with engine.store.transaction() as connection:
                connection.execute(insert(floor_row).values(id=row))
            return {"id": row}

        return app


class Client:
    """One kept connection of one person."""

    def __init__(self, port: int, token: str = "") -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}

    def post(self, path: str, body: Any) -> Any:
        self.connection.request("POST", path, json.dumps(body), self.headers)
        return self._answer(path)

    def get(self, path: str) -> Any:
        self.connection.request("GET", path, headers=self.headers)
        return self._answer(path)

    def _answer(self, path: str) -> Any:
        response = self.connection.getresponse()
        payload = response.read()
        if response.status >= 300:
            raise RuntimeError(f"{path}: {response.status} {payload[:300]!r}")
        return json.loads(payload)


def timed(action: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    result = action()
    return (time.perf_counter() - started) * 1000, result


def serve(settings: Settings) -> None:
    BenchServer(settings, lambda: Engine(settings, office.registry()), background=True).run()


def prepare(settings: Settings) -> None:
    """Tables, one account, one process."""
    engine = Engine(settings, office.registry())
    engine.create_schema()
    engine.run(CreateAccount("bench", "bench", None, (Membership("process_owner"),), PASSWORD))
    engine.run(Deploy(files={"one_task.bpmn": (HERE / "one_task.bpmn").read_bytes()}, actor=None))
    engine.stop()


def figures(name: str, times: list[float]) -> None:
    ordered = sorted(times)
    print(
        f"{name:<12} median {statistics.median(ordered):7.2f} ms   p95 {ordered[int(len(ordered) * 0.95)]:7.2f} ms"
        f"   n {len(ordered)}"
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--database-url", default="")
    options.add_argument("--rounds", type=int, default=300)
    options.add_argument("--clients", type=int, default=4)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="zhiping-bench-") as folder:
        environment = {"ZHIPING_DATA_DIR": folder, "ZHIPING_PORT": str(free_port())}
        if given.database_url:
            environment["ZHIPING_DATABASE_URL"] = given.database_url
        settings = Settings.from_environment(environment)
        prepare(settings)
        process = Process(target=serve, args=(settings,))
        process.start()
        try:
            measure(settings.port, given.rounds, given.clients)
        finally:
            process.terminate()
            process.join()


def measure(port: int, rounds: int, clients: int) -> None:
    token = log_in(port)
    one = Client(port, token)
    task = start(one)
    floor: list[float] = []
    completion: list[float] = []
    for _ in range(rounds):
        floor.append(timed(lambda: one.post("/api/v1/bench-floor", {}))[0])
        taken, answer = timed(lambda: one.post(f"/api/v1/tasks/{task}/complete", {"variables": AGAIN}))  # noqa: B023
        completion.append(taken)
        task = answer["nextTasks"][0]["id"]
    print("one client, taking turns")
    figures("floor", floor)
    figures("completion", completion)
    print(f"{'ratio':<12} median {statistics.median(completion) / statistics.median(floor):.2f}")
    print(f"{clients} clients at once")
    rates = {}
    for name, work in (("floor", hit_floor), ("completion", complete)):
        started = time.perf_counter()
        with ThreadPoolExecutor(clients) as pool:
            list(pool.map(lambda _, w=work: w(port, token, rounds), range(clients)))  # type: ignore[misc]
        rates[name] = clients * rounds / (time.perf_counter() - started)
        print(f"{name:<12} {rates[name]:8.0f} per second")
    print(f"{'ratio':<12} {rates['floor'] / rates['completion']:.2f}")


def hit_floor(port: int, token: str, rounds: int) -> None:
    client = Client(port, token)
    for _ in range(rounds):
        client.post("/api/v1/bench-floor", {})


def complete(port: int, token: str, rounds: int) -> None:
    client = Client(port, token)
    task = start(client)
    for _ in range(rounds):
        task = client.post(f"/api/v1/tasks/{task}/complete", {"variables": AGAIN})["nextTasks"][0]["id"]


def start(client: Client) -> str:
    """A new instance; the id of the task it waits at."""
    instance = client.post(f"/api/v1/process-definitions/key/{KEY}/start", {})["id"]
    return str(client.get(f"/api/v1/tasks?processInstanceId={instance}")["items"][0]["id"])


def log_in(port: int) -> str:
    """Waits until the server answers."""
    for _ in range(100):
        try:
            return str(Client(port).post("/api/v1/tokens", {"username": "bench", "password": PASSWORD})["token"])
        except OSError:
            threading.Event().wait(0.1)
    raise RuntimeError("the server did not answer")


if __name__ == "__main__":
    main()
