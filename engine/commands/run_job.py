"""The background work as commands: take what is due, do one job in the transaction that deletes it, put it back or give it up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, update

from engine import faults
from engine.commands import incidents
from engine.commands.background import DeliverMessage, FireDue, RetryFailed, StartRequested
from engine.commands.retry_many import RetryOne
from engine.commands.step import Step
from engine.jobs import backoff, queue
from engine.jobs.queue import Job
from engine.moving.one import MoveBackOne, MoveOne
from engine.store import tables as t
from forms.i18n import T, Text


@dataclass(frozen=True)
class Taken:
    job: Job | None
    given_up: int = 0


@dataclass(frozen=True)
class Done:
    fired: int = 0  # timers
    following: Job | None = None  # leased in the same transaction


@dataclass(frozen=True)
class TakeJob:
    """Lease the next due job. Those that were tried too often without an answer (their workers died) become incidents."""

    def execute(self, step: Step) -> Taken:
        rows = queue.given_up(step.connection, step.now, step.engine.wall.now())
        for row in rows:
            _died(step, row)
        queue.promote(step.connection, step.now)
        return Taken(_next(step), len(rows))


@dataclass(frozen=True)
class LetGo:
    """What `worker` holds and nobody is doing. Where it died, that is tried again after a pause or given up; where the store
    was in trouble or the process ends, it never began and is not counted. `worker` None means anybody who holds something:
    only where no other process can be working (SQLite)."""

    worker: str | None
    died: bool

    def execute(self, step: Step) -> None:
        for row in queue.abandoned(step.connection, self.worker):
            wait = backoff.pause(row.attempts, row.key)
            if not self.died:
                queue.put_back(step.connection, row.id, step.now, row.attempts - 1)
            elif row.attempts >= queue.MOST_ATTEMPTS or wait is None:
                _died(step, row)
            else:
                queue.rest(step.connection, row.id, step.engine.wall.now() + wait)


@dataclass(frozen=True)
class RunJob:
    """Do one job. Does nothing where the lease was lost to somebody else. With `more` the next job is leased on the way:
    one transaction for each job."""

    job: Job
    more: bool = False

    def execute(self, step: Step) -> Done:
        faults.point("before_ack")
        fired = self._do(step) if queue.finish(step.connection, self.job) else 0
        return Done(fired, _next(step) if self.more else None)

    def _do(self, step: Step) -> int:
        payload: dict[str, Any] = dict(self.job.payload)
        match self.job.kind:
            case queue.TIMERS:
                return FireDue(**payload).execute(step)
            case queue.DELIVER:
                DeliverMessage(**payload).execute(step)
            case queue.START:
                StartRequested(**payload).execute(step)
            case queue.RETRY:
                RetryFailed(**payload).execute(step)
            case queue.RETRY_MANY:
                RetryOne(**payload).execute(step)
            case queue.MOVE:
                MoveOne(**payload).execute(step)
            case queue.MOVE_BACK:
                MoveBackOne(**payload).execute(step)
            case queue.ACTIVATE:
                from engine.commands.activate_deployment import (
                    ActivateDue,
                )  # it tests releases, for which it needs an engine

                ActivateDue(**payload).execute(step)
            case queue.EFFECT:
                step.connection.execute(
                    update(t.effect).where(t.effect.c.id == payload["effect_id"]).values(sent_at=step.now)
                )
            case kind:
                raise ValueError(f"no such kind of job: {kind!r}")
        return 0


@dataclass(frozen=True)
class JobFailed:
    """Try again after a pause, or give up and let a person decide; `final` where trying again cannot help. `more` as in
    `RunJob`."""

    job: Job
    code: str
    text: Text
    final: bool = False
    more: bool = False

    def execute(self, step: Step) -> Done:
        if queue.hold(step.connection, self.job):
            wait = None if self.final else backoff.pause(self.job.attempts, self.job.key)
            if wait is None:
                _give_up(step, self.job, self.code, self.text)
            else:
                queue.put_back(step.connection, self.job.id, step.now + wait, self.job.attempts)
        return Done(0, _next(step) if self.more else None)


def _next(step: Step) -> Job | None:
    engine = step.engine
    return queue.take(step.connection, step.now, engine.wall.now(), engine.worker, engine.settings.lease)


def _died(step: Step, row: Row[Any]) -> None:
    text = T("后台工作 {n} 次没有做完，已停下，等待处理。", n=row.attempts)
    job = Job(row.id, row.kind, row.key, row.payload, row.instance_id, row.attempts, "")
    _give_up(step, job, "JOB_DIED", text)


def _give_up(step: Step, job: Job, code: str, text: Text) -> None:
    queue.give_up(step.connection, job.id, {"code": code, "text": text.dump()})
    facts = {"job": job.key, "attempts": job.attempts}
    if job.instance_id is None:
        step.record("system", "job_given_up", data={**facts, "code": code}, text=text)
    else:
        incidents.open_for_job(step, job.instance_id, job.id, code, text, facts)
