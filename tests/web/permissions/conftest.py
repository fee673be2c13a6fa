"""The real office on SQLite: what differs between the databases is tested below the web."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask

from engine.clock import FixedClock
from engine.config import Settings
from engine.engine import Engine
from engine.identity.passwords import DEMO_PASSWORD
from engine.store.unit_of_work import Store
from processes import demo, office
from tests.conftest import MakeEngine
from tests.process.province import MORNING, Province
from tests.web.program import Program
from web.app import create_app


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo province, loaded once, to be copied."""
    path = tmp_path_factory.mktemp("permissions") / "province.db"
    store = Store(f"sqlite:///{path}")
    store.create_schema()
    store.close()
    engine = Engine(
        Settings(f"sqlite:///{path}", path.parent, "test-" * 10),
        office.registry(),
        clock=FixedClock(datetime.fromisoformat(MORNING)),
    )
    list(demo.load(engine))
    engine.stop()
    return path


@pytest.fixture
def province(loaded: Path, make_engine: MakeEngine, tmp_path: Path) -> Province:
    shutil.copy(loaded, tmp_path / "province.db")
    engine = make_engine(f"sqlite:///{tmp_path / 'province.db'}", office.registry())
    assert isinstance(engine.clock, FixedClock)
    engine.clock.set(datetime.fromisoformat(MORNING))
    return Province(engine)


@pytest.fixture
def app(province: Province) -> Flask:
    return create_app(province.engine)


@pytest.fixture
def program(app: Flask) -> Callable[[str | None], Program]:
    """`program("hr-u01")` talks to the API as this account of the demo; `program(None)` as nobody."""
    nobody = Program(app, None)

    def make(username: str | None) -> Program:
        if username is None:
            return nobody
        answer = nobody.post("tokens", {"username": username, "password": DEMO_PASSWORD}, expect=201)
        return Program(app, answer["token"])

    return make


@pytest.fixture(scope="module")
def module_province(loaded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Province]:
    """One province for all tests of a file that change nothing in it."""
    folder = tmp_path_factory.mktemp("module")
    shutil.copy(loaded, folder / "province.db")
    settings = Settings(f"sqlite:///{folder / 'province.db'}", folder, "test-" * 10)
    engine = Engine(settings, office.registry(), clock=FixedClock(datetime.fromisoformat(MORNING)))
    yield Province(engine)
    engine.stop()


@pytest.fixture(scope="module")
def module_app(module_province: Province) -> Flask:
    return create_app(module_province.engine)
