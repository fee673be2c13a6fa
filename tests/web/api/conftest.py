"""The whole application around an engine on SQLite, with accounts, and clients that are logged in by token."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from engine.clock import FixedClock
from engine.config import Settings
from engine.engine import Engine
from engine.registry import Registry
from tests.unit.identity.conftest import PASSWORD, START, Wall, account
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
def engine_(tmp_path: Path) -> Iterator[Engine]:
    settings = Settings(
        f"sqlite:///{tmp_path / 'zhiping.db'}", tmp_path, "k" * 40, attachments_url=str(tmp_path / "attachments")
    )
    made = Engine(settings, Registry(), clock=FixedClock(START))
    made.create_schema()
    for username, *groups in (
        ("admin", "admin"),
        ("process_owner", "process_owner"),
        ("process_owner2", "process_owner"),
        ("manager", "manager"),
        ("wang", "hr"),
        ("li", "hr"),
        ("nobody",),
    ):
        account(made, username, *groups)
    yield made
    made.stop()


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
