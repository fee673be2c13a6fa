"""A worker that survives what it works on: a parent that only watches, and a child that does the background work.

The child dies of a job or is killed because one takes too long; the next child takes over what it held at once, because
all children of one parent have one name and only one of them lives at a time.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from multiprocessing.context import ForkProcess
from typing import TYPE_CHECKING

import structlog

from engine.jobs.queue import worker_name
from engine.jobs.watch import Watchdog

if TYPE_CHECKING:
    from engine.engine import Engine

log = structlog.get_logger(__name__)

FORK = multiprocessing.get_context("fork")  # a new child in milliseconds: everything is imported already
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0  # seconds before the next child; doubled by each that dies young
YOUNG = 1.0  # seconds
LOOK = 0.1


class Supervisor:
    """Call `run` in the main thread of a process that has opened no database and begun no thread yet."""

    def __init__(self, make_engine: Callable[[], Engine], limit: float) -> None:
        """`make_engine` is called in each child; `limit`: seconds that one job may take."""
        self._make_engine = make_engine
        self._limit = limit
        self._name = worker_name()
        self._ending = threading.Event()
        self._alive = FORK.Value("d", 0.0, lock=False)  # the monotonic clock when the child's watchdog last had a turn

    def run(self) -> None:
        """Until SIGTERM or SIGINT; the running job is finished first, within its limit."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._ending.set())
        pause = FIRST_PAUSE
        while not self._ending.is_set():
            began = time.monotonic()
            status = self._one_life()
            if self._ending.is_set():
                return
            if time.monotonic() - began > YOUNG:
                pause = FIRST_PAUSE
            log.error("the worker's child ended, another begins", status=status, pause=pause)
            self._ending.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _one_life(self) -> int | None:
        self._alive.value = time.monotonic()
        child = FORK.Process(target=self._live, args=(os.getpid(),), name="zhiping-worker")
        child.start()
        told = False
        while child.is_alive():
            child.join(LOOK)
            if self._ending.is_set() and not told:
                child.terminate()
                told = True
            self._kill_where_stuck(child)
        return child.exitcode

    def _kill_where_stuck(self, child: ForkProcess) -> None:
        """The child's own watchdog comes first; it cannot where the child is stopped or code holds the interpreter."""
        silent = time.monotonic() - self._alive.value
        if silent > self._limit + 1:
            log.error("the worker's child gives no sign of life", seconds=round(silent, 1))
            child.kill()

    def _live(self, parent: int) -> None:
        """In the child."""
        ending = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: ending.set())
        engine = self._make_engine()
        engine.worker = self._name
        Watchdog(engine.watch, self._limit, alive=self._sign).start()
        engine.start_background()
        while not ending.wait(1) and os.getppid() == parent:
            pass
        engine.stop()

    def _sign(self) -> None:
        self._alive.value = time.monotonic()
