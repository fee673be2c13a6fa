"""Background work inside one process: APScheduler wakes at the next due instant, and after each commit that wants work."""

from __future__ import annotations

import os
import socket
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from engine.clock import SystemClock
from engine.commands.beat import EVERY, SIGN_EVERY, Beat, SignOff, SignOfLife
from engine.errors import Busy
from engine.store.metadata import new_id

if TYPE_CHECKING:
    from engine.engine import Engine

log = structlog.get_logger(__name__)

ALONE = timedelta(seconds=30)  # to look again at the latest: leases of the dead run out
TOGETHER = timedelta(seconds=1)  # where other processes may have put work in
SOON = timedelta(milliseconds=200)
AFTER_TROUBLE = timedelta(seconds=2)


class LocalJobs:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._scheduler = BackgroundScheduler(timezone=UTC)
        self._lock = threading.Lock()
        self._working = False
        self._again = False
        self.stopping = False
        self._taken_over = False
        self._beaten: datetime | None = None
        self._id = new_id()
        self._started = engine.wall.now()

    def start(self) -> None:
        every = int(SIGN_EVERY.total_seconds())
        # Beside the work, so that a long queue is not taken for a dead process.
        self._scheduler.add_job(self._sign, "interval", seconds=every, next_run_time=self._engine.wall.now())
        self._scheduler.start()
        self.wake()

    def stop(self) -> None:
        """Return when the running job has finished; nothing new is begun."""
        self.stopping = True
        self._scheduler.shutdown(wait=True)
        try:
            self._engine.run(SignOff(self._id, self._engine.wall.now()))
        except Busy:
            log.warning("the end of the background work could not be written down")

    def wake(self) -> None:
        """Look for work now. Cheap, from any thread."""
        with self._lock:
            if self._working:
                self._again = True
            elif not self.stopping:
                self._plan(self._engine.wall.now())

    def _plan(self, at: datetime) -> None:
        # Only one works at a time, as `_work` sees to. The scheduler counts one as running until a thread has told it of the end,
        # which takes a while where all processors are busy; one instance too many it would skip, and nobody would plan the next.
        self._scheduler.add_job(
            self._work,
            "date",
            run_date=at,
            id="work",
            replace_existing=True,
            max_instances=1000,
            misfire_grace_time=None,
        )

    def _work(self) -> None:
        with self._lock:
            if self._working or self.stopping:
                return
            self._working, self._again = True, False
        following: datetime | None = None
        try:
            if not self._taken_over:
                self._engine.take_over()
                self._taken_over = True
            self._beat()
            self._engine.work(wait=False)
            following = self._engine.next_due_by_wall()
        except Busy:
            following = self._engine.wall.now() + AFTER_TROUBLE
        except Exception:
            # Whatever it is, the next due thing must still be done; the job's own failure is an incident already.
            log.exception("background work failed")
            following = self._engine.wall.now() + AFTER_TROUBLE
        finally:
            with self._lock:
                self._working = False
                if not self.stopping:
                    now = self._engine.wall.now()
                    latest = now + (ALONE if self._engine.store.single_process else TOGETHER)
                    # What is due and still not done is held by somebody else: look again soon, not at once.
                    following = max(following or latest, now + SOON)
                    self._plan(now if self._again else min(following, latest))

    def _beat(self) -> None:
        """Once a minute; a clock that people move tells nothing about who was there."""
        now = self._engine.wall.now()
        if isinstance(self._engine.clock, SystemClock) and (self._beaten is None or now - self._beaten >= EVERY):
            self._engine.run(Beat())
            self._beaten = now

    def _sign(self) -> None:
        """Whoever looks after the program sees that somebody works here, whatever the clock says."""
        now = self._engine.wall.now()
        try:
            self._engine.run(SignOfLife(self._id, socket.gethostname()[:255], os.getpid(), self._started, now))
        except Busy:
            log.warning("the sign of life could not be written down")
