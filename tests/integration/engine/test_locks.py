"""Whoever holds a case and whoever holds a job of it do not wait for each other; and no wake is lost to threads that lag."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from apscheduler.executors.base import BaseExecutor
from sqlalchemy import Connection, text

from engine.clock import FixedClock
from engine.commands.cancel_instance import CancelInstance
from engine.commands.run_job import Done, JobFailed, RunJob, TakeJob
from engine.engine import Engine
from engine.jobs import queue
from engine.jobs.queue import Job
from forms.i18n import T
from tests.integration.engine.conftest import OWNER, deploy, look, start
from tests.integration.engine.test_time import waiting

PATIENCE = 20.0  # for the slowest machine
BLOCKED = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_case_is_cancelled_while_a_job_of_it_is_begun(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job has its own row and wants the case's; the person has the case's and takes the jobs away."""
    deploy(engine, waiting("waiting", "PT0S"))
    instance_id = start(engine, "waiting")
    job = engine.run(TakeJob()).job
    assert job is not None
    finish: Callable[[Connection, Job], bool] = queue.finish
    cancelling: list[Future[Any]] = []

    def meanwhile(connection: Connection, mine: Job) -> bool:
        held = finish(connection, mine)
        cancelling.append(pool.submit(engine.run, CancelInstance(instance_id, OWNER, "not needed")))
        while not cancelling[0].done():  # until the person waits for the job's row, or has not waited at all
            with engine.store.snapshot() as other:
                if other.scalar(BLOCKED):
                    break
        return held

    with ThreadPoolExecutor() as pool:
        monkeypatch.setattr(queue, "finish", meanwhile)
        done = engine.run(RunJob(job))
        cancelling[0].result()
    assert done == Done()
    assert look(engine, instance_id).instance.state == "cancelled"


def test_who_lost_a_job_to_another_worker_neither_does_it_nor_puts_it_back(engine: Engine) -> None:
    deploy(engine, waiting("waiting", "PT0S"))
    start(engine, "waiting")
    lost = engine.run(TakeJob()).job
    engine.worker, engine.wall = "another", FixedClock(engine.wall.now() + 2 * engine.settings.lease)
    held = engine.run(TakeJob()).job
    assert lost is not None
    assert held is not None
    assert lost.id == held.id
    assert engine.run(RunJob(lost)) == Done()
    engine.run(JobFailed(lost, "JOB_FAILED", T("出错"), final=True))
    assert engine.run(RunJob(held)) == Done(fired=1)


def test_work_is_done_however_long_finished_threads_are_counted(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a busy machine the scheduler learns late that a look for work has ended, while the next ones are due."""
    told = threading.Event()
    success = BaseExecutor._run_job_success

    def late(executor: BaseExecutor, *result: Any) -> None:
        told.wait(PATIENCE)
        success(executor, *result)

    monkeypatch.setattr(BaseExecutor, "_run_job_success", late)
    looked = threading.Semaphore(0)
    monkeypatch.setattr(Engine, "work", lambda _engine, **_wait: looked.release())
    engine.start_background()
    assert engine._jobs is not None
    try:
        for _ in range(5):
            assert looked.acquire(timeout=PATIENCE)
            engine._jobs.wake()
    finally:
        told.set()
        engine.stop()
