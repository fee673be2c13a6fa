"""The server as `zhiping serve` starts it: it answers, ends when asked, and survives being killed."""

from __future__ import annotations

import json
import os
import signal
import time
import urllib.request
from collections.abc import Iterator

import pytest

from tests.live import Live


@pytest.fixture
def live() -> Iterator[Live]:
    started = Live(demo=False)
    yield started
    started.stop()


def get(live: Live, path: str) -> tuple[int, str]:
    with urllib.request.urlopen(live.url + path, timeout=5) as answer:
        return answer.status, answer.read().decode()


def children(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(child) for child in file.read().split()]


def threads(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/task"))


def test_it_serves_and_ends_in_order(live: Live) -> None:
    assert json.loads(get(live, "/healthz")[1]) == {"status": "ok"}
    assert "zhiping_open_tasks 0.0" in get(live, "/metrics")[1]
    assert get(live, "/login")[0] == 200
    assert f"http://127.0.0.1:{live.port}" in live.log()
    live.process.send_signal(signal.SIGTERM)
    assert live.process.wait(timeout=15) == 0
    assert "Traceback" not in live.log()


def test_a_killed_worker_is_replaced(live: Live) -> None:
    worker = max(children(live.process.pid), key=threads)
    os.kill(worker, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            if get(live, "/readyz")[0] == 200 and worker not in children(live.process.pid):
                break
        except OSError:
            time.sleep(0.1)
    assert get(live, "/readyz")[0] == 200
    assert worker not in children(live.process.pid)


def test_after_kill_9_of_everything_it_starts_again(live: Live) -> None:
    live.kill()
    live.restart()
    assert get(live, "/readyz")[0] == 200
