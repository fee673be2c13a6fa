"""The one place where things are wired: settings, store, registry, clock and background work."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, TypeVar, cast

import structlog
from sqlalchemy import Connection, select

from engine import faults, history, replies
from engine.clock import Clock, FixedClock, SystemClock
from engine.commands.port import Command, Journey, Once, Prepared, Query
from engine.commands.run_job import Done, JobFailed, LetGo, RunJob, TakeJob
from engine.commands.step import Step
from engine.commands.text import check_command
from engine.config import Settings
from engine.effects import Sender
from engine.errors import Busy, Conflict, DeploymentRefused, Forbidden, Invalid, Refused, ZhipingError
from engine.jobs import queue
from engine.jobs.local import LocalJobs
from engine.jobs.queue import Job
from engine.jobs.watch import Watch
from engine.observing import Seen
from engine.queries.reading import Reading
from engine.registry import Registry
from engine.releases import Releases
from engine.store import tables as t
from engine.store.row_clock import RowClock
from engine.store.unit_of_work import Store
from forms.i18n import T

log = structlog.get_logger(__name__)

R = TypeVar("R")
AUDITED = (Refused, Forbidden, Conflict, Invalid, DeploymentRefused)  # what a person was refused is written down
SAME_INSTANT = 100  # firings of one instance at one instant: a loop of timers that never waits
PATIENCE = 5.0  # seconds to wait for jobs that somebody else holds
CHAIN = 50  # jobs after one another, before what became due meanwhile is put in its place among them


class Engine:
    """Runs any office's processes durably. `run` changes, `ask` reads; both may be called from any thread."""

    def __init__(
        self,
        settings: Settings,
        registry: Registry,
        clock: Clock | None = None,
        senders: Mapping[str, Sender] | None = None,
    ) -> None:
        """`clock` None takes what the settings say: the system's, or the manual one that stands in a row.
        `senders` carry effects out of the program, by kind; an effect nobody carries stays in its row."""
        self.settings = settings
        self.registry = registry
        self.senders = dict(senders or {})
        self.store = Store(settings.database_url)
        self.releases = Releases(registry)
        self.clock: Clock = clock or (RowClock(self.store) if settings.clock == "manual" else SystemClock())
        self.wall: Clock = SystemClock()  # for leases alone: they measure real time, whatever the clock says
        self.worker = queue.worker_name()  # whose leases these are; the children of one supervisor share theirs
        self.watch = Watch()
        self.observers: list[Callable[[Seen], None]] = []  # told of each command when it is over; they must not raise
        self._troubled = False
        self._jobs: LocalJobs | None = None
        self._working = threading.RLock()

    def now(self) -> datetime:
        """The engine's present instant, aware, in UTC: what every command and query started now would see."""
        return self.clock.now()

    def run(self, command: Command[R] | Journey[R], once: Once | None = None) -> R:
        """Execute one command in one transaction, and wake the background work.

        `once` (an idempotency key) makes a repetition answer with the kept result; the result must then be plain JSON.
        Raises the errors of `engine.errors`; nothing is kept of a command that raised, but a line that it was refused.
        """
        if isinstance(command, Journey):
            return command.conduct(self)
        if once is not None and getattr(command, "confidential", False):
            raise TypeError("what a confidential command was asked must not be kept, not even as a hash")
        step: Step | None = None
        seen = Seen(command)
        try:
            check_command(command)
            if isinstance(command, Prepared):
                command = command.prepared(self)
            with self.watch.piece(), self.store.transaction() as connection:
                step = Step(connection, self._read_clock(connection), self)
                if once is not None and (kept := replies.reserve(connection, once, step.now)) is not None:
                    return cast(R, kept["result"])
                result = command.execute(step)
                if once is not None:
                    replies.keep(connection, once, result)
        except AUDITED as refusal:
            self._write_down(command, refusal, step.stream if step else None)
            raise
        finally:
            for observer in self.observers:
                observer(seen.done(step.stream if step else None))
        if step.stirred and self._jobs is not None:
            self._jobs.wake()
        return result

    def ask(self, query: Query[R]) -> R:
        """Answer a query from one consistent, read-only snapshot."""
        with self.store.snapshot() as connection:
            return query.answer(Reading(connection, self._read_clock(connection), self))

    def work(self, until: datetime | None = None, *, wait: bool = True) -> int:
        """Do everything that is due, here and now; answers how many timers fired. With `until` the manual or fixed
        clock is moved there, stopping at every due instant in order. `wait`: a little for what somebody else holds."""
        with self._working:
            fired = self._drain(PATIENCE if wait else 0.0)
            if until is None:
                return fired
            if not isinstance(self.clock, RowClock | FixedClock):
                raise TypeError("only a clock that stands still can be moved")
            while (due := self._next_due()) is not None and self.clock.now() < due <= until:
                self.clock.set(due)
                fired += self._drain(PATIENCE)
            if until > self.clock.now():
                self.clock.set(until)
            return fired + self._drain(PATIENCE)

    def exclusive(self) -> AbstractContextManager[bool]:
        """Nothing runs in the background of this process meanwhile."""
        return self._working

    def next_due_by_wall(self) -> datetime | None:
        """When the background work should wake by itself; never, where the clock stands still."""
        if not isinstance(self.clock, SystemClock):
            return None
        return self._next_due()

    def start_background(self) -> None:
        """Let timers, messages and jobs run by themselves in this process."""
        if self._jobs is not None:
            raise RuntimeError("the background work runs already")
        self._jobs = LocalJobs(self)
        self._jobs.start()

    def take_over(self) -> None:
        """What the process before this one held when it died. In a file (SQLite) that is everything that is held."""
        self.run(LetGo(None if self.store.single_process else self.worker, died=True))

    def stop(self) -> None:
        """Finish the running job, begin no other, and close the database."""
        if self._jobs is not None:
            self._jobs.stop()
            self._jobs = None
        self.store.close()

    def create_schema(self) -> None:
        """Make all tables in an empty database (tests); an installation uses the migrations."""
        self.store.create_schema()

    def _read_clock(self, connection: Connection) -> datetime:
        return self.clock.read(connection) if isinstance(self.clock, RowClock) else self.clock.now()

    def _next_due(self) -> datetime | None:
        with self.store.snapshot() as connection:
            return queue.next_due(connection)

    def _drain(self, patience: float) -> int:
        """Run jobs until nothing is due. Each is a transaction of its own, so a broken one stops no other."""
        if self._troubled:
            self.run(LetGo(self.worker, died=False))
            self._troubled = False
        try:
            return self._drain_on(patience)
        except Busy:
            self._troubled = True  # even whether the last transaction was committed is not known now
            raise

    def _drain_on(self, patience: float) -> int:
        fired = 0
        seen: Counter[str] = Counter()
        waited = 0.0
        while not self._ending and (due := self._next_due()) is not None and due <= self.clock.now():
            taken = self.run(TakeJob())
            if taken.job is None and not taken.given_up:
                if waited >= patience:
                    break
                waited += 0.05
                threading.Event().wait(0.05)
            job, left = taken.job, CHAIN
            while job is not None:
                if self._ending:
                    self.run(LetGo(self.worker, died=False))
                    break
                left -= 1
                seen[job.key] += 1
                done = self._perform(job, endless=seen[job.key] > SAME_INSTANT, more=left > 0)
                fired += done.fired
                job = done.following
        return fired

    @property
    def _ending(self) -> bool:
        return self._jobs is not None and self._jobs.stopping

    def _perform(self, job: Job, *, endless: bool, more: bool) -> Done:
        with self.watch.piece():
            try:
                if endless:
                    raise Refused(T("计时器在同一时刻不停地触发，已停下。"), code="TIMER_LOOP")
                if job.kind == queue.EFFECT and not self._send(job):
                    return Done()
                return self.run(RunJob(job, more))
            except Busy:
                raise
            except ZhipingError as error:
                failed = JobFailed(job, error.code, error.text, final=True, more=more)
            except (Exception, SystemExit) as error:  # a library may want to end the program: no reason for it to end
                log.exception("job failed", job=job.key, attempts=job.attempts)
                text = T("这一步未能完成（{error}）。", error=type(error).__name__)
                failed = JobFailed(job, "JOB_FAILED", text, more=more)
            return self.run(failed)

    def _send(self, job: Job) -> bool:
        """Outside any transaction: at least once, with the key by which the receiver knows a repetition. False where
        somebody else has taken the job over."""
        with self.store.snapshot() as connection:
            if not queue.held(connection, job):
                return False
            row = connection.execute(select(t.effect).where(t.effect.c.id == job.payload["effect_id"])).one()
        faults.point("before_send")
        self.senders[row.kind](row.key, row.payload)
        faults.point("after_send")
        return True

    def _write_down(self, command: Any, refusal: ZhipingError, stream: str | None) -> None:
        """The line that somebody was refused, in a transaction of its own: the command's own is rolled back."""
        actor = getattr(command, "actor", None)
        if actor is None or getattr(command, "confidential", False):
            return
        data: dict[str, Any] = {"command": type(command).__name__, "code": refusal.code}
        if isinstance(refusal, Invalid):
            data["fields"] = sorted(refusal.errors)
        if isinstance(refusal, DeploymentRefused):
            data["problems"] = sorted({problem.code for problem in refusal.problems})
        line = history.Line("refused", actor.username, data=data, text=refusal.text)
        with self.store.transaction() as connection:
            now = self._read_clock(connection)
            if stream is None or not history.append_to_instance(connection, stream, now, [line]):
                history.append_to(connection, history.OFFICE, now, [line])
