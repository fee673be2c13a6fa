"""gunicorn, started from code: one worker process with threads, and the background work inside it where it is asked for.

The engine is made in the worker, after the fork: database connections and threads do not survive one. A worker in which
something hangs ends itself, and gunicorn begins it anew; one that does not even get that far is killed after `timeout`.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from engine.config import Settings
from engine.jobs.queue import worker_name
from engine.jobs.supervisor import Supervisor
from engine.jobs.watch import Watchdog
from web import health, logs, memory
from web.app import create_app

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.engine import Engine

THREADS = 24  # four times what works with the database at once: who stands in line is known here, and told so in time
SHARED_MEMORY = Path("/dev/shm")
KEEPALIVE = (
    75  # seconds; proxies keep 60: they are who closes, so that no form is sent into a connection that just ends
)
GRACE = 2.0  # seconds for the other requests of a process in which one hangs


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
        self.worker = worker_name()  # one name for all who do the background work after each other
        super().__init__()

    def load_config(self) -> None:
        logs.set_up(self.settings.log_level)  # before the fork: gunicorn's own first lines, too
        if self.workers > 1:
            health.share(self.settings.data_dir / "metrics")
        host = f"[{self.settings.host}]" if ":" in self.settings.host else self.settings.host
        for name, value in {
            "bind": f"{host}:{self.settings.port}",
            "workers": self.workers,
            "threads": THREADS,
            "worker_class": "gthread",
            "worker_tmp_dir": str(SHARED_MEMORY) if os.access(SHARED_MEMORY, os.W_OK) else None,
            "timeout": 60,
            "graceful_timeout": self.settings.job_seconds,  # the running job and requests under way are finished
            "keepalive": KEEPALIVE,
            "limit_request_line": 8190,
            "control_socket_disable": True,
            "loglevel": self.settings.log_level,
            "logger_class": logs.Gunicorn,
            "proc_name": "zhiping",
            "worker_exit": self._stopped,
            "child_exit": lambda _server, worker: health.forget(worker.pid),
        }.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """In the worker."""
        memory.spare()
        self.engine = self.make_engine()
        app = create_app(self.engine, logged=True)
        memory.give_back()
        Watchdog(self.engine.watch, self.settings.job_seconds, end=_end_softly).start()
        if self.background:
            self.engine.worker = self.worker
            self.engine.start_background()
        return app

    def _stopped(self, _server: Any, _worker: Any) -> None:
        if self.engine is not None:
            self.engine.stop()
            self.engine = None


def _end_softly() -> None:
    """No new request, a moment for those under way, then the end: what hangs cannot be waited for."""
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os.kill(os.getpid(), signal.SIGKILL)


def run_worker(settings: Settings, make_engine: Callable[[], Engine]) -> None:
    """Background work alone, until SIGTERM or SIGINT; the running job is finished first. Open no database before."""
    logs.set_up(settings.log_level)
    Supervisor(lambda: _observed(make_engine()), settings.job_seconds).run()


def _observed(engine: Engine) -> Engine:
    engine.observers.append(logs.command)
    return engine
