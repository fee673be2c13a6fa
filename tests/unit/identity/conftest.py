"""An engine with nothing deployed, on both databases, and a real-time clock that tests move."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

import engine.attachments.tables
import engine.identity.tables  # noqa: F401 - puts the tables on the one MetaData
from engine.engine import Engine
from engine.identity.accounts import CreateAccount
from engine.registry import Actor, Membership, Registry
from tests.conftest import NOON, MakeEngine

START = NOON
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


@pytest.fixture
def engine_(database_url: str, make_engine: MakeEngine, tmp_path: Path) -> Engine:
    return make_engine(database_url, Registry(), attachments_url=str(tmp_path / "attachments"))


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
