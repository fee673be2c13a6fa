"""The whole application around an engine on SQLite, with accounts, and clients that are logged in by token."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from engine.engine import Engine
from engine.identity import passwords
from engine.identity.accounts import CreateAccount
from engine.registry import Membership, Registry
from tests.conftest import MakeEngine
from tests.unit.identity.conftest import PASSWORD, Wall
from web.app import create_app

API = "/api/v1"


class Caller:
    """A program with a token; `json` bodies; answers as the test client gives them."""

    def __init__(self, client: FlaskClient, token: str | None) -> None:
        self.client = client
        self.token = token

    def __call__(self, method: str, path: str, **arguments: Any) -> TestResponse:
        headers = dict(arguments.pop("headers", {}))
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        return self.client.open(
            path if path.startswith("/") else f"{API}/{path}", method=method, headers=headers, **arguments
        )

    def get(self, path: str, **arguments: Any) -> TestResponse:
        return self("GET", path, **arguments)

    def post(self, path: str, **arguments: Any) -> TestResponse:
        return self("POST", path, **arguments)

    def put(self, path: str, **arguments: Any) -> TestResponse:
        return self("PUT", path, **arguments)


@pytest.fixture
def engine_(sqlite_template: Path, make_engine: MakeEngine, tmp_path: Path) -> Engine:
    """On SQLite alone: what the databases do differently is tested below the web."""
    shutil.copy(sqlite_template, tmp_path / "zhiping.db")
    return peopled(make_engine, f"sqlite:///{tmp_path / 'zhiping.db'}", tmp_path)


def peopled(make_engine: MakeEngine, url: str, tmp_path: Path) -> Engine:
    """An engine with the accounts of these tests."""
    made = make_engine(url, Registry(), attachments_url=str(tmp_path / "attachments"))
    hashed = passwords.make_hash(PASSWORD)
    for username, *groups in (
        ("admin", "admin"),
        ("owner", "process_owner"),
        ("owner2", "process_owner"),
        ("manager", "manager"),
        ("wang", "hr"),
        ("li", "hr"),
        ("nobody",),
    ):
        belongs = tuple(Membership(group) for group in groups)
        made.run(
            CreateAccount(
                username=username, name=username.title(), actor=None, memberships=belongs, password_hash=hashed
            )
        )
    return made


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def app(engine_: Engine, wall: Wall) -> Flask:
    return create_app(engine_, wall=wall)


@pytest.fixture
def caller(app: Flask) -> Callable[..., Caller]:
    """`caller("wang")` is logged in by token; `caller()` is nobody."""

    def make(username: str | None = None) -> Caller:
        client = app.test_client(use_cookies=False)
        if username is None:
            return Caller(client, None)
        answer = client.post(f"{API}/tokens", json={"username": username, "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        return Caller(client, answer.json["token"])

    return make
