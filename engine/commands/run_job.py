"""The background work as commands: take what is due, do one job in the transaction that deletes it, put it back or give it up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update

from engine import faults
from engine.commands import incidents
from engine.commands.background import DeliverMessage, FireDue, RetryFailed, StartRequested
from engine.commands.step import Step
from engine.jobs import backoff, queue
from engine.jobs.queue import Job
from engine.store import tables as t
from forms.i18n import T, Text

AFTER_BUSY = timedelta(seconds=1)


@dataclass(frozen=True)
class Jobs:
    jobs: list[Job]
    given_up: int


@dataclass(frozen=True)
class TakeJobs:
    """Lease due jobs. One that was tried too often without an answer (its worker died) becomes an incident."""

    wall: datetime

    def execute(self, step: Step) -> Jobs:
        jobs, given_up = queue.take(step.connection, step.now, self.wall)
        for row in given_up:
            text = T("后台工作 {n} 次没有做完，已停下，等待处理。", n=row.attempts)
            job = Job(row.id, row.kind, row.key, row.payload, row.instance_id, row.attempts, "")
            _give_up(step, job, "JOB_DIED", text)
        return Jobs(jobs, len(given_up))


@dataclass(frozen=True)
class RunJob:
    """Do one job; answers how many timers fired. Does nothing where the lease was lost to somebody else."""

    job: Job

    def execute(self, step: Step) -> int:
        if not queue.hold(step.connection, self.job):
            return 0
        faults.point("before_ack")
        queue.finish(step.connection, self.job)
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
            case queue.EFFECT:
                step.connection.execute(
                    update(t.effect).where(t.effect.c.id == payload["effect_id"]).values(sent_at=step.now)
                )
            case kind:
                raise ValueError(f"no such kind of job: {kind!r}")
        return 0


@dataclass(frozen=True)
class PutBack:
    """The store was busy: try again soon, without counting it."""

    job: Job

    def execute(self, step: Step) -> None:
        queue.put_back(step.connection, self.job, step.now + AFTER_BUSY, uncounted=True)


@dataclass(frozen=True)
class JobFailed:
    """Try again after a pause, or give up and let a person decide; `final` where trying again cannot help."""

    job: Job
    code: str
    text: Text
    final: bool = False

    def execute(self, step: Step) -> None:
        if not queue.hold(step.connection, self.job):
            return
        wait = None if self.final else backoff.pause(self.job.attempts, self.job.key)
        if wait is None or self.job.attempts >= queue.MOST_ATTEMPTS:
            _give_up(step, self.job, self.code, self.text)
        else:
            queue.put_back(step.connection, self.job, step.now + wait)


def _give_up(step: Step, job: Job, code: str, text: Text) -> None:
    queue.give_up(step.connection, job.id)
    facts = {"job": job.key, "attempts": job.attempts}
    if job.instance_id is None:
        step.record("system", "job_given_up", data={**facts, "code": code}, text=text)
    else:
        incidents.open_for_job(step, job.instance_id, job.id, code, text, facts)
