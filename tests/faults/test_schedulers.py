"""Several workers over one database: every timer fires once, whoever is killed or stopped in the middle; and whoever wakes up
after its lease has lapsed changes nothing. On PostgreSQL: an installation on SQLite is one process."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from engine.clock import SystemClock
from engine.commands.start_instance import StartInstance
from engine.commands.step import Step
from engine.engine import Engine
from engine.jobs.queue import Job
from engine.queries.instance_events import InstanceEvents
from engine.registry import Handler, Registry, StepContext
from engine.store import tables as t
from forms.i18n import T
from tests import postgres
from tests.conftest import NOON, MakeEngine
from tests.faults.fates import FORK
from tests.faults.test_poison import until
from tests.integration.engine.conftest import (
    ADMIN,
    FINISH,
    OWNER,
    START,
    Anything,
    Counted,
    add_people,
    bpmn,
    deploy,
    flow,
)
from tests.integration.engine.test_messages import service
from tests.integration.engine.test_time import timer

pytestmark = [pytest.mark.fault, pytest.mark.alone]

TIMERS, WORKERS = 2_000, 4
LEASE = 2.0  # seconds: twice what one job may take here
FIRES = bpmn(
    "fires",
    START + timer("wait", "=due", "timeDate") + service("mail") + FINISH + flow("begin", "wait", "serve", "finish"),
)


def mail(context: StepContext, params: dict[str, Any]) -> None:
    context.effect("mail", context.key, {})


@pytest.fixture
def engine(make_engine: MakeEngine, postgres_template: str) -> Engine:
    registry = Registry(groups={"clerks": T("科员")})
    registry.add_handlers([Handler("mail", mail, Anything, Counted, T("发信"))])
    engine = make_engine(postgres.server().url(postgres.server().create(postgres_template)), registry, job_seconds=1)
    add_people(engine)
    deploy(engine, FIRES)
    return engine


def begin(engine: Engine, count: int) -> None:
    """Cases whose timers are due within ten seconds, all of them past by the real clock."""
    with engine.store.transaction() as connection:
        step = Step(connection, engine.now(), engine)
        for number in range(count):
            due = NOON + timedelta(milliseconds=number * 10_000 // count)
            StartInstance(actor=OWNER, key="fires", variables={"due": due.isoformat()}).execute(step)
    engine.store.close()  # no connection is shared with the children


def work(engine: Engine, name: str) -> None:
    """In a child: background work alone, until it is killed or told to stop."""
    mine = Engine(engine.settings, engine.registry, SystemClock())
    mine.worker = name
    ending = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ending.set())
    mine.start_background()
    ending.wait()
    mine.stop()


@pytest.fixture
def child() -> Iterator[Callable[..., ForkProcess]]:
    children: list[ForkProcess] = []

    def begin(target: Callable[..., Any], *args: Any) -> ForkProcess:
        children.append(FORK.Process(target=target, args=args))
        children[-1].start()
        return children[-1]

    yield begin
    for each in children:
        if each.is_alive():
            each.kill()
        each.join()


def fired(engine: Engine) -> tuple[int, int]:
    """How many cases have ended, and how many timers are left."""
    with engine.store.snapshot() as connection:
        ended = connection.scalar(select(func.count()).where(t.instance.c.state == "completed")) or 0
        left = connection.scalar(select(func.count()).select_from(t.timer)) or 0
    return ended, left


def held_by(engine: Engine, name: str) -> list[str]:
    with engine.store.snapshot() as connection:
        rows = connection.execute(select(t.job.c.instance_id).where(t.job.c.lease.startswith(f"{name}:")))
        return [str(each) for each in rows.scalars()]


def test_two_thousand_timers_fire_once_whoever_is_killed_or_stopped(
    engine: Engine, child: Callable[..., ForkProcess]
) -> None:
    begin(engine, TIMERS)
    workers = [child(work, engine, f"worker-{number}") for number in range(WORKERS)]
    until(lambda: fired(engine)[0] > TIMERS // 10)
    killed, stopped = workers[0], workers[1]
    assert killed.pid
    assert stopped.pid
    os.kill(stopped.pid, signal.SIGSTOP)
    os.kill(killed.pid, signal.SIGKILL)
    at = engine.wall.now()
    killed.join()
    orphans = held_by(engine, "worker-0")
    woken = time.monotonic() + 2 * LEASE
    until(lambda: time.monotonic() > woken)
    os.kill(stopped.pid, signal.SIGCONT)
    until(lambda: fired(engine) == (TIMERS, 0))
    for each in workers[1:]:
        each.terminate()
        each.join(30)
        assert each.exitcode == 0
    with engine.store.snapshot() as connection:
        times = connection.execute(select(t.instance.c.ended_at).where(t.instance.c.id.in_(orphans))).scalars().all()
        effects = connection.scalar(select(func.count()).select_from(t.effect))
        incidents = connection.scalar(select(func.count()).select_from(t.incident))
        lines = connection.execute(select(t.instance.c.events).distinct()).scalars().all()
    assert (effects, incidents) == (TIMERS, 0)  # the handler ran once for each: its key is unique only for one step
    assert len(lines) == 1  # every case has the same history: none has a line twice
    assert all(ended - at < timedelta(seconds=60) for ended in times)  # taken over


def count_lines(engine: Engine) -> list[int]:
    """How often the timer of each case has fired, by its history."""
    with engine.store.snapshot() as connection:
        ids = connection.execute(select(t.instance.c.id)).scalars().all()
    events = [engine.ask(InstanceEvents(ADMIN, each)).items for each in ids]
    return [sum(event.kind == "timer_fired" for event in each) for each in events]


def sleepwalk(engine: Engine, told: Path) -> None:
    """In a child: stopped between taking a job and doing it, and woken when somebody else has done it."""
    mine = Engine(engine.settings, engine.registry, SystemClock())
    perform = mine._perform

    def stopped(job: Job, **given: Any) -> Any:
        os.kill(os.getpid(), signal.SIGSTOP)
        done = perform(job, **given)
        told.write_text(f"{job.attempts} {done.fired}")
        return done

    mine._perform = stopped  # type: ignore[method-assign]
    mine.work(wait=False)
    mine.stop()


def test_who_wakes_up_after_its_lease_has_lapsed_does_nothing(
    engine: Engine, child: Callable[..., ForkProcess], tmp_path: Path
) -> None:
    begin(engine, 1)
    zombie = child(sleepwalk, engine, tmp_path / "told")
    assert zombie.pid
    until(lambda: Path(f"/proc/{zombie.pid}/stat").read_text().split()[2] == "T")
    engine.clock = SystemClock()
    assert engine.work(wait=False) == 0  # held by a lease that has not lapsed
    time.sleep(LEASE + 0.1)
    assert engine.work(wait=False) == 1
    os.kill(zombie.pid, signal.SIGCONT)
    zombie.join(30)
    assert zombie.exitcode == 0
    assert (tmp_path / "told").read_text() == "1 0"
    assert count_lines(engine) == [1]


def post(engine: Engine, told: Path) -> None:
    """In a child: stopped while it sends, and woken when somebody else has sent the same again."""

    def send(key: str, payload: Mapping[str, Any]) -> None:
        os.kill(os.getpid(), signal.SIGSTOP)
        with told.open("a") as file:
            file.write(f"{key}\n")

    mine = Engine(engine.settings, engine.registry, SystemClock(), {"mail": send})
    mine.work(wait=False)
    mine.stop()


def test_what_a_stopped_sender_sends_again_bears_the_same_key(
    engine: Engine, child: Callable[..., ForkProcess], tmp_path: Path
) -> None:
    begin(engine, 1)
    told = tmp_path / "told"
    zombie = child(post, engine, told)
    assert zombie.pid
    until(lambda: Path(f"/proc/{zombie.pid}/stat").read_text().split()[2] == "T")
    sent: list[str] = []
    engine.clock = SystemClock()
    engine.senders["mail"] = lambda key, payload: sent.append(key)
    time.sleep(LEASE + 0.1)
    engine.work(wait=False)
    os.kill(zombie.pid, signal.SIGCONT)
    zombie.join(30)
    assert zombie.exitcode == 0
    assert told.read_text().split() == sent
    with engine.store.snapshot() as connection:
        assert connection.scalar(select(func.count()).select_from(t.job)) == 0
        assert connection.scalar(select(func.count()).where(t.effect.c.sent_at.is_not(None))) == 1


def test_a_job_whose_worker_was_stopped_in_its_transaction_is_taken_over_within_a_minute(engine: Engine) -> None:
    """The stopped process keeps the row locked; the server ends a transaction that stands still."""
    with engine.store.snapshot() as connection:
        asked = "SELECT setting::int FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout'"
        milliseconds = connection.exec_driver_sql(asked).scalar_one()
    assert 0 < milliseconds < 55_000
