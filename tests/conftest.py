"""What all tests may use: engines on both databases, with the invariants checked after every test that had one."""

from __future__ import annotations

import gc
import logging
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

from engine import invariants
from engine.clock import FixedClock
from engine.config import Settings
from engine.engine import Engine
from engine.registry import Registry
from engine.store import prepare
from tests import postgres
from web.cli.common import MIGRATIONS

NOON = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)  # a Monday, 12:00 in Qinghai

# A property says what is true, not how quickly: on a busy machine a first call may take long.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

# A sweep of all a test process remembers takes half a second of processor time and more, and would fall upon whichever step runs
# just then, whose processor time is limited. It is done between two tests instead, every so many.
gc.set_threshold(2_000, 20, 1_000_000)
SWEEP_EVERY = 25
_tests = count(1)

MakeEngine = Callable[..., Engine]


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database with all tables, to be copied: quicker than making them again."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    prepare.upgrade(f"sqlite:///{path}", MIGRATIONS)
    return path


@pytest.fixture(scope="session")
def postgres_template() -> str:
    name = postgres.server().create()
    prepare.upgrade(postgres.server().url(name), MIGRATIONS)
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh database with all tables; once per dialect."""
    if request.param == "sqlite":
        path = tmp_path / "zhiping.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    template: str = request.getfixturevalue("postgres_template")
    name = postgres.server().create(template)
    yield postgres.server().url(name)
    postgres.server().drop(name)


@pytest.fixture(autouse=True)
def swept_between() -> Iterator[None]:
    yield
    if next(_tests) % SWEEP_EVERY == 0:
        gc.collect()


@pytest.fixture(autouse=True)
def quiet_afterwards() -> Iterator[None]:
    """A command line that is tried here sets up the log of this process, on a stream that is closed when it is over."""
    root = logging.getLogger()
    handlers, level, kept = root.handlers[:], root.level, structlog.get_config()
    yield
    structlog.configure(**kept)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def make_engine(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[MakeEngine]:
    """Engines that are closed, and whose databases are checked, when the test is over."""
    if "database_url" in request.fixturenames:
        request.getfixturevalue("database_url")  # made before, so that it goes after the check
    made: list[Engine] = []

    def make(url: str, registry: Registry, **settings: object) -> Engine:
        given = {"database_url": url, "data_dir": tmp_path, "secret_key": "test-" * 10, **settings}
        engine = Engine(Settings(**given), registry, clock=FixedClock(NOON))  # type: ignore[arg-type]
        made.append(engine)
        return engine

    yield make
    broken = [found for engine in made for found in _check(engine)]
    assert broken == []


def _check(engine: Engine) -> list[str]:
    try:
        with engine.store.snapshot() as connection:
            return invariants.check(connection, engine)
    finally:
        engine.stop()
