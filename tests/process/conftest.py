"""The demo province, loaded once for each kind of database and copied for every test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from engine.clock import FixedClock
from engine.config import Settings
from engine.engine import Engine
from engine.store.unit_of_work import Store
from processes import demo, office
from tests import postgres
from tests.conftest import MakeEngine
from tests.process.province import MORNING, Province


def _fill(url: str, folder: Path) -> None:
    store = Store(url)
    store.create_schema()
    store.close()
    settings = Settings(database_url=url, data_dir=folder, secret_key="test-" * 10)
    engine = Engine(settings, office.registry(), clock=FixedClock(datetime.fromisoformat(MORNING)))
    list(demo.load(engine))
    engine.stop()


@pytest.fixture(scope="session")
def sqlite_province(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("province") / "province.db"
    _fill(f"sqlite:///{path}", path.parent)
    return path


@pytest.fixture(scope="session")
def postgres_province(tmp_path_factory: pytest.TempPathFactory) -> str:
    name = postgres.server().create()
    _fill(postgres.server().url(name), tmp_path_factory.mktemp("province"))
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
def province_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        path = tmp_path / "province.db"
        shutil.copy(request.getfixturevalue("sqlite_province"), path)
        yield f"sqlite:///{path}"
        return
    name = postgres.server().create(request.getfixturevalue("postgres_province"))
    yield postgres.server().url(name)
    postgres.server().drop(name)


@pytest.fixture
def province(province_url: str, make_engine: MakeEngine) -> Province:
    """An engine on a copy of the demo province, its clock at 2026-06-01 09:00, on SQLite and on PostgreSQL."""
    engine = make_engine(province_url, office.registry())
    assert isinstance(engine.clock, FixedClock)
    engine.clock.set(datetime.fromisoformat(MORNING))
    return Province(engine)
