"""The small web office (tests/web/office.py) behind gunicorn, as it is run: processes of their own, a port of this machine."""

from __future__ import annotations

import http.client
import json
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.live import free_port
from tests.web.office import _engine
from web.server import Server

FORK = multiprocessing.get_context("fork")
PATIENCE = 30.0  # seconds until it must answer, and until an answer must be there
API = "/api/v1/"


@contextmanager
def served(url: str, folder: Path, *, workers: int = 1) -> Iterator[int]:
    """The port. No background work runs: the clock is a manual one, and whoever moves it does what is due."""
    port = free_port()
    process = FORK.Process(target=_serve, args=(url, folder, port, workers))
    process.start()
    try:
        _until_it_answers(port)
        yield port
    finally:
        assert process.pid is not None
        os.kill(process.pid, signal.SIGTERM)
        process.join(15)
        if process.exitcode is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.join()


def _serve(url: str, folder: Path, port: int, workers: int) -> None:
    os.setsid()
    settings = _engine(url, folder).settings
    Server(_with_port(settings, port), lambda: _engine(url, folder), background=False, workers=workers).run()


def _with_port(settings: Any, port: int) -> Any:
    return type(settings)(
        settings.database_url, settings.data_dir, settings.secret_key, clock="manual", host="127.0.0.1", port=port
    )


def _until_it_answers(port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            if Caller(port, None).send("GET", "/healthz")[0] == 200:
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the server did not become ready")


class Caller:
    """A program with a token that keeps its connection open, as programs do. Not to be shared by threads."""

    def __init__(self, port: int, token: str | None) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.retry_after: str | None = None  # of the last answer

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        raw: bytes | None = None,
        kind: str = "",
    ) -> tuple[int, bytes]:
        """Status and bytes of the answer. `body` goes as JSON; `raw` with its content type `kind` as it is.
        Raises OSError or HTTPException where no whole answer came; the next call connects anew."""
        headers = dict(self.headers)
        sent = raw
        if body is not None:
            sent, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        elif raw is not None:
            headers["Content-Type"] = kind
        if key is not None:
            headers["Idempotency-Key"] = key
        try:
            self.connection.request(method, path if path.startswith("/") else API + path, sent, headers)
            answer = self.connection.getresponse()
            self.retry_after = answer.headers["Retry-After"]
            return answer.status, answer.read()
        except BaseException:
            self.connection.close()
            raise

    def json(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, Mapping[str, Any]]:
        status, content = self.send(method, path, body, **more)
        return status, json.loads(content)
