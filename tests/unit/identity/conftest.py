"""An engine with nothing deployed, on both databases, and a real-time clock that tests move."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

import engine.attachments.tables
import engine.identity.tables  # noqa: F401 - puts the tables on the one MetaData
from engine.clock import FixedClock
from engine.config import Settings
from engine.engine import Engine
from engine.identity.accounts import CreateAccount
from engine.queries.audit import VerifyHistory
from engine.registry import Actor, Membership, Registry
from engine.store.unit_of_work import Store
from tests import postgres

START = datetime(2026, 6, 1, 1, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"
HERE = "192.0.2.7"


class Wall:
    """Real time as the tests have it."""

    def __init__(self) -> None:
        self.at = START

    def pass_(self, **time: float) -> datetime:
        self.at += timedelta(**time)
        return self.at

    def now(self) -> datetime:
        return self.at


@pytest.fixture(params=["sqlite", "postgres"])
def engine_(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    database = None
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'zhiping.db'}"
    else:
        database = postgres.server().create(template=template())
        url = postgres.server().url(database)
    settings = Settings(url, tmp_path, "k" * 40, attachments_url=str(tmp_path / "attachments"))
    made = Engine(settings, Registry(), clock=FixedClock(START))
    if request.param == "sqlite":
        made.create_schema()
    yield made
    assert made.ask(VerifyHistory()).findings == ()
    made.stop()
    if database:
        postgres.server().drop(database)


@cache
def template() -> str:
    """A PostgreSQL database with all tables, to be copied."""
    name = postgres.server().create()
    store = Store(postgres.server().url(name))
    store.create_schema()
    store.close()
    return name


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def admin(engine_: Engine) -> Actor:
    return account(engine_, "admin", "admin")


def account(engine: Engine, username: str, *groups: str, password: str = PASSWORD) -> Actor:
    """A new account with a password of its own; returns its actor."""
    belongs = tuple(Membership(group) for group in groups)
    made = engine.run(
        CreateAccount(username=username, name=username.title(), actor=None, memberships=belongs, password=password)
    )
    return Actor(made["id"], made["username"], made["name"], frozenset(belongs))
