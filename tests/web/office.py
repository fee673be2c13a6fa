"""An office to talk to from outside: accounts, tokens, diagrams deployed through the API, a manual clock. It is made once
per database system and copied for every test, because logging in is slow on purpose."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from marshmallow import INCLUDE, Schema

import processes.register.applications  # noqa: F401 - the register's tables, which the office's functions read
from engine import invariants
from engine.config import Settings
from engine.engine import Engine
from engine.identity.accounts import CreateAccount
from engine.identity.passwords import make_hash
from engine.registry import Handler, Membership, Registry, StepContext
from forms.i18n import T
from processes.functions import FUNCTIONS
from tests import postgres
from tests.web.program import PASSWORD, Program
from web.app import create_app

PEOPLE = {
    "process_owner": "process_owner",
    "process_owner2": "process_owner",
    "admin": "admin",
    "manager": "manager",
    "inspector": "inspector",
    "ann": "clerks",
    "ben": "clerks",
    "cat": "auditors",
    "eve": None,
}
NOW = datetime.fromisoformat("2026-06-01T09:00:00+08:00")  # where a manual clock begins


@dataclass(frozen=True)
class Prepared:
    """A database with accounts and an active release, closed, to be copied; and the tokens of its accounts."""

    dialect: str
    place: str  # a file, or the name of a PostgreSQL database
    app: Flask  # made once, because making it takes longer than most tests; it serves one copy at a time
    tokens: Mapping[str, str]


class Office:
    """One running copy. `office.ann` is a program that is logged in as ann."""

    def __init__(self, engine: Engine, app: Flask, tokens: Mapping[str, str]) -> None:
        self.engine = engine
        self.app = app
        self.tokens = tokens
        self.slowest = 0.0  # seconds of processor time of the longest request
        app.extensions["zhiping"] = replace(app.extensions["zhiping"], engine=engine)

    def program(self, username: str | None, language: str | None = None) -> Program:
        return Program(self.app, self.tokens[username] if username else None, language, self._timed)

    def _timed(self, seconds: float) -> None:
        self.slowest = max(self.slowest, seconds)

    @property
    def owner(self) -> Program:
        return self.program("process_owner")

    @property
    def admin(self) -> Program:
        return self.program("admin")

    @property
    def ann(self) -> Program:
        return self.program("ann")

    @property
    def ben(self) -> Program:
        return self.program("ben")

    @property
    def cat(self) -> Program:
        return self.program("cat")

    @property
    def eve(self) -> Program:
        return self.program("eve")

    def activate(self, files: Mapping[str, bytes]) -> dict[str, str]:
        """Upload by one person, activate by another; `{key: definition id}` of what was brought."""
        deployed = self.owner.upload(files)
        self.program("process_owner2").post(f"deployments/{deployed['id']}/activate")
        return {each["key"]: each["id"] for each in deployed["definitions"]}

    def pass_(self, **time: float) -> int:
        """Let time pass; answers how many timers fired."""
        now = datetime.fromisoformat(self.admin.get("clock")["now"])
        moved = self.admin.put("clock", {"now": (now + timedelta(**time)).isoformat()})
        return moved["fired"]

    def settle(self) -> None:
        """Wait until messages between instances have arrived: a clock that is moved by nothing does what is due."""
        self.pass_(seconds=0)


def prepare(dialect: str, folder: Path, files: Mapping[str, bytes]) -> Prepared:
    place = str(folder / "office.db") if dialect == "sqlite" else postgres.server().create()
    engine = _engine(_url(dialect, place), folder)
    engine.create_schema()
    known = make_hash(PASSWORD)
    for username, group in PEOPLE.items():
        belongs = (Membership(group),) if group else ()
        engine.run(CreateAccount(username, username.title(), None, belongs, password_hash=known))
    app = create_app(engine)
    nobody = Program(app, None)
    tokens = {
        name: nobody.post("tokens", {"username": name, "password": PASSWORD}, expect=201)["token"] for name in PEOPLE
    }
    office = Office(engine, app, tokens)
    if files:
        office.activate(files)
    engine.stop()
    return Prepared(dialect, place, app, tokens)


@contextmanager
def opened(prepared: Prepared, folder: Path) -> Iterator[Office]:
    """A copy for one test. When the test is over, everything that must hold in its database is checked."""
    if prepared.dialect == "sqlite":
        place = str(folder / "copy.db")
        shutil.copy(prepared.place, place)
    else:
        place = postgres.server().create(prepared.place)
    engine = _engine(_url(prepared.dialect, place), folder)
    try:
        yield Office(engine, prepared.app, prepared.tokens)
        with engine.store.snapshot() as connection:
            assert invariants.check(connection, engine) == []
    finally:
        engine.stop()
        if prepared.dialect != "sqlite":
            postgres.server().drop(place)


def _url(dialect: str, place: str) -> str:
    return f"sqlite:///{place}" if dialect == "sqlite" else postgres.server().url(place)


class Anything(Schema):
    class Meta:
        unknown = INCLUDE


class Nothing(Schema):
    pass


def _swallow(context: StepContext, params: dict[str, Any]) -> dict[str, Any]:
    return {}


def _engine(url: str, folder: Path) -> Engine:
    registry = Registry(functions={function.name: function for function in FUNCTIONS})
    registry.add_handlers([Handler("swallow", _swallow, Anything, Nothing, T("什么也不做"))])
    return Engine(Settings(url, folder, "test-" * 10, clock="manual"), registry)
