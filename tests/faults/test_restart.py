"""The database goes away in the middle of work, and comes back: people are told to try again, and nothing else happens.

RESTART_SECONDS=… RESTART_SEED=… pytest tests/faults/test_restart.py -s
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from engine.clock import SystemClock
from engine.store import tables as t
from tests.faults.site import Clerks, Site, verdict
from tests.postgres import DURABLE, PostgresServer

pytestmark = [pytest.mark.fault, pytest.mark.alone]

SECONDS = float(os.environ.get("RESTART_SECONDS", "20"))
SEED = int(os.environ.get("RESTART_SEED", random.SystemRandom().randrange(10**6)))
RECOVERY = 5.0  # seconds from the database's return to the first completion, and to any timer that is due, at most


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A PostgreSQL of this test's own, which keeps what it has confirmed."""
    made = PostgresServer(DURABLE)
    yield made
    made.stop()


def test_restarts_of_the_database_cost_people_a_moment_and_nothing_else(server: PostgresServer, tmp_path: Path) -> None:
    print(f"\nRESTART_SEED={SEED}")
    chance = random.Random(SEED)
    database = server.create()
    site = Site(tmp_path / "site", server.url(database))
    site.open_cases(40, 50)
    site.start("web")
    site.start("worker")
    try:
        site.until_ready()
        clerks = Clerks(site, site.token(), seed=SEED)
        clerks.start()
        returns: list[tuple[float, datetime]] = []
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            time.sleep(chance.uniform(1.5, 3))
            if len(returns) % 3 == 2:
                server.end_sessions(database)
            else:
                server.restart()
            returns.append((time.monotonic(), SystemClock().now()))
            wait_for(lambda: any(at > returns[-1][0] for at in clerks.done_at), RECOVERY + 1)
        time.sleep(3)
        clerks.stop()
        wait_for(lambda: quiet(site), 10)
    finally:
        site.stop()
    seen = verdict(site)
    people = max(min(at for at in clerks.done_at if at > back) - back for back, _ in returns)
    late = max(fired - max([due, *(back for _, back in returns if back < fired)]) for due, fired in seen.timers)
    print(
        f"{len(returns)} losses; after the database was back the first completion took {people:.2f} s at most, a timer that "
        f"was due {late.total_seconds():.2f} s; {dict(clerks.answers)}; {seen.figures}"
    )
    assert clerks.wrong == []
    assert seen.broken == []
    assert seen.figures["incidents"] == seen.figures["jobs left"] == 0
    assert clerks.answers["503"] > 0
    assert clerks.answers["no answer"] == 0
    assert people <= RECOVERY
    assert late.total_seconds() <= RECOVERY


def quiet(site: Site) -> bool:
    """Nothing is left for the background."""
    with site.engine() as engine, engine.store.snapshot() as connection:
        return all(connection.scalar(select(func.count()).select_from(table)) == 0 for table in (t.job, t.timer))


def wait_for(holds: Callable[[], bool], seconds: float) -> None:
    """Returns when it holds or the time is over; what follows finds out."""
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.02)
