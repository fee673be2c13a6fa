"""A connection of the pool that died meanwhile: noticed before it is used, or answered once with "try again"."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import text

from engine.errors import Busy
from engine.store import postgres
from engine.store.unit_of_work import Store
from tests.postgres import server


@pytest.fixture
def store() -> Iterator[Store]:
    name = server().create()
    store = Store(server().url(name))
    yield store
    store.close()
    server().drop(name)


def number(store: Store) -> int:
    with store.transaction() as connection:
        return int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())


def kill(store: Store, pid: int) -> None:
    with psycopg.connect(store.url.set(drivername="postgresql").render_as_string(), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def test_one_that_lay_idle_is_asked_first(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "FRESH", 0.0)
    first = number(store)
    kill(store, first)
    assert number(store) != first


def test_one_used_a_moment_ago_is_not_asked_and_answers_busy_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "FRESH", 60.0)
    first = number(store)
    assert number(store) == first
    kill(store, first)
    with pytest.raises(Busy):
        number(store)
    assert number(store) != first
