"""gunicorn, started from code: one worker process with threads, and the background work inside it where it is asked for.

The engine is made in the worker, after the fork: database connections and threads do not survive one.
"""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from engine.config import Settings
from web import logs
from web.app import create_app

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.engine import Engine

THREADS = 8
SHARED_MEMORY = Path("/dev/shm")


class Server(BaseApplication):
    """`make_engine` is called in each worker; with `background` its timers, messages and jobs run there too."""

    def __init__(
        self, settings: Settings, make_engine: Callable[[], Engine], *, background: bool, workers: int = 1
    ) -> None:
        self.settings = settings
        self.make_engine = make_engine
        self.background = background
        self.workers = workers
        self.engine: Engine | None = None
        super().__init__()

    def load_config(self) -> None:
        host = f"[{self.settings.host}]" if ":" in self.settings.host else self.settings.host
        for name, value in {
            "bind": f"{host}:{self.settings.port}",
            "workers": self.workers,
            "threads": THREADS,
            "worker_class": "gthread",
            "worker_tmp_dir": str(SHARED_MEMORY) if os.access(SHARED_MEMORY, os.W_OK) else None,
            "timeout": 60,
            "graceful_timeout": 10,
            "keepalive": 5,
            "limit_request_line": 8190,
            "control_socket_disable": True,
            "loglevel": "warning",
            "proc_name": "zhiping",
            "worker_exit": self._stopped,
        }.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """In the worker."""
        logs.set_up()
        self.engine = self.make_engine()
        app = create_app(self.engine)
        if self.background:
            self.engine.start_background()
        return app

    def _stopped(self, _server: Any, _worker: Any) -> None:
        if self.engine is not None:
            self.engine.stop()
            self.engine = None


def run_worker(engine: Engine) -> None:
    """Background work alone, until SIGTERM or SIGINT; what is running is finished first."""
    logs.set_up()
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    engine.start_background()
    ending.wait()
    engine.stop()
