"""Who is at one piece of work for how long, and the thread that ends a process in which something hangs.

A thread cannot be ended from outside, and what hangs in a transaction holds its locks against everybody. So the process
is ended: the database rolls back, the attempt was counted before it began, and whoever keeps the process begins it anew.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

log = structlog.get_logger(__name__)


class Watch:
    """Since when each thread has been at one command or one job; what is nested belongs to the outermost."""

    def __init__(self) -> None:
        self._since: dict[int, float] = {}

    @contextmanager
    def piece(self) -> Iterator[None]:
        me = threading.get_ident()
        if me in self._since:
            yield
            return
        self._since[me] = time.monotonic()
        try:
            yield
        finally:
            del self._since[me]

    def longest(self) -> tuple[int, float]:
        """The thread that has been at it longest, and its seconds; (0, 0.0) where nobody works."""
        thread, since = min(list(self._since.items()), key=lambda item: item[1], default=(0, 0.0))
        return (thread, time.monotonic() - since) if thread else (0, 0.0)


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Watchdog:
    """Calls `end` once something takes longer than `limit` seconds; `alive` is called all the while, so that somebody
    outside notices where even this thread gets no turn."""

    def __init__(
        self,
        watch: Watch,
        limit: float,
        end: Callable[[], None] = kill,
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        self._watch, self._limit, self._end, self._alive = watch, limit, end, alive
        self._thread = threading.Thread(target=self._look, name="watchdog", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def _look(self) -> None:
        pause = min(1.0, self._limit / 10)
        while True:
            self._alive()
            thread, seconds = self._watch.longest()
            if seconds > self._limit:
                # Only places in the program are told, no values.
                frame = sys._current_frames().get(thread)
                where = [f"{each.filename}:{each.lineno} {each.name}" for each in traceback.extract_stack(frame)[-12:]]
                log.error("hangs: this process ends", seconds=round(seconds, 1), limit=self._limit, where=where)
                self._end()
                return
            time.sleep(pause)
