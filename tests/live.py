"""A whole Zhiping in a process of its own, as `make run` starts it: own data folder, free port, demo loaded, manual clock."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
START = "2026-06-01T09:00:00+08:00"
PASSWORD = "demo-zhiping"
PATIENCE = 60.0  # seconds until it must answer


class Live:
    """Started on construction; `url` is where it listens; `stop` ends it and gives its output. `staged`: with a case at each
    stage, which takes half a minute more."""

    def __init__(
        self, database_url: str | None = None, *, demo: bool = True, staged: bool = False, **settings: str
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="zhiping-live-"))
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **self.settings(self.folder),
            "ZHIPING_PORT": str(self.port),
            **({"ZHIPING_DATABASE_URL": database_url} if database_url else {}),
            **settings,
        }
        if demo and (staged or database_url or settings):
            self.command("demo", *(() if staged else ("--bare",)), "--at", START)
        elif demo:
            shutil.copytree(bare_demo(), self.folder, dirs_exist_ok=True)
        self.output = (self.folder / "server.log").open("w+")
        self.process = self._start()

    @staticmethod
    def settings(folder: Path) -> dict[str, str]:
        """The environment of a program whose data lie in this folder, and whose clock stands."""
        outside = {name: value for name, value in os.environ.items() if not name.startswith("ZHIPING_")}
        return {**outside, "TZ": "UTC", "ZHIPING_DATA_DIR": str(folder), "ZHIPING_CLOCK": "manual"}

    def command(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "web.cli", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"zhiping {' '.join(arguments)} failed:\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def _start(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "web.cli", "serve"],
            cwd=ROOT,
            env=self.environment,
            stdout=self.output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=2):
                    return process
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.1)
        raise RuntimeError(f"the server did not become ready:\n{self.log()}")

    def restart(self) -> None:
        self.process = self._start()

    def kill(self) -> None:
        """kill -9 of the server and all its workers."""
        os.killpg(self.process.pid, 9)
        self.process.wait()

    def log(self) -> str:
        self.output.flush()
        return (self.folder / "server.log").read_text("utf-8", "replace")

    def stop(self) -> str:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.log()


@cache
def bare_demo() -> Path:
    """A data folder with the bare demo, loaded once in a run of the tests and copied for each server."""
    first = Live.__new__(Live)
    first.folder = Path(tempfile.mkdtemp(prefix="zhiping-live-"))
    first.environment = Live.settings(first.folder)
    first.command("demo", "--bare", "--at", START)
    return first.folder


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
