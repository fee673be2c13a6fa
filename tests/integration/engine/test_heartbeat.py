"""Signs of life of the background work: by a clock that runs, once a minute, and a silence is kept."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from engine.clock import FixedClock, SystemClock
from engine.commands.beat import NOTICEABLE, Beat
from engine.config import Settings
from engine.engine import Engine
from engine.queries.silences import silences
from engine.registry import Registry
from engine.store import tables as t
from tests.conftest import NOON, MakeEngine


def beats(engine: Engine) -> list[object]:
    with engine.store.snapshot() as connection:
        return list(connection.execute(select(t.heartbeat.c.at)).scalars())


def test_the_background_work_beats_by_a_running_clock_alone(database_url: str, tmp_path: Path) -> None:
    settings = Settings(database_url=database_url, data_dir=tmp_path, secret_key="test-" * 10)
    for clock, expected in ((FixedClock(NOON), 0), (SystemClock(), 1)):
        engine = Engine(settings, Registry(), clock=clock)
        engine.start_background()
        end = time.monotonic() + 10
        while expected and not beats(engine) and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(0.3)
        found = beats(engine)
        engine.stop()
        assert len(found) == expected


def test_a_silence_is_kept_with_both_its_ends(database_url: str, make_engine: MakeEngine) -> None:
    engine = make_engine(database_url, Registry())
    assert isinstance(engine.clock, FixedClock)
    last = NOON
    for pause, noticed in ((timedelta(0), False), (timedelta(minutes=1), False), (NOTICEABLE, True)):
        before, last = last, last + pause
        engine.clock.set(last)
        assert engine.run(Beat()) is noticed
    with engine.store.snapshot() as connection:
        [kept] = silences(connection)
    assert (kept.from_at, kept.to_at) == (before, last)
    assert beats(engine) == [last]
