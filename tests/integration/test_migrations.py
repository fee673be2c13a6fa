"""The revisions make exactly the tables of the code, on both databases, and keep history append-only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, inspect, update
from sqlalchemy.exc import DBAPIError

import engine.attachments.tables
import engine.identity.tables  # noqa: F401  all tables
from engine.store import migrate
from engine.store import tables as t
from engine.store.metadata import metadata
from engine.store.unit_of_work import Store
from processes import office
from tests.postgres import server
from web.cli.common import MIGRATIONS

LINE = {
    "stream": "system",
    "seq": 1,
    "at": datetime(2026, 6, 1, 1, tzinfo=UTC),
    "kind": "tried",
    "body": "{}",
    "prev_hash": "0" * 64,
    "hash": "1" * 64,
}


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path) -> Iterator[Store]:
    """A database without any table."""
    office.registry()
    if request.param == "sqlite":
        store = Store(f"sqlite:///{tmp_path}/empty.db")
        yield store
        store.close()
    else:
        name = server().create()
        store = Store(server().url(name))
        yield store
        store.close()
        server().drop(name)


def test_an_upgraded_database_is_what_the_code_expects(empty: Store) -> None:
    with empty.transaction() as connection:
        migrate.upgrade(connection, MIGRATIONS)
    with empty.snapshot() as connection:
        assert migrate.is_current(connection, MIGRATIONS)
        assert migrate.differences(connection) == []


def test_upgrading_twice_changes_nothing(empty: Store) -> None:
    for _ in range(2):
        with empty.transaction() as connection:
            migrate.upgrade(connection, MIGRATIONS)
    with empty.snapshot() as connection:
        assert migrate.is_current(connection, MIGRATIONS)


def test_a_database_of_a_newer_program_is_not_current(empty: Store) -> None:
    with empty.transaction() as connection:
        migrate.upgrade(connection, MIGRATIONS)
        connection.exec_driver_sql("DELETE FROM alembic_version")
        connection.exec_driver_sql("INSERT INTO alembic_version (version_num) VALUES ('engine_9999')")
    with empty.snapshot() as connection:
        assert not migrate.is_current(connection, MIGRATIONS)


def test_the_same_constraints_stand_whether_migrated_or_made_at_once(empty: Store, tmp_path) -> None:
    def shape(store: Store) -> dict[str, tuple[set, set, set]]:
        with store.snapshot() as connection:
            seen = inspect(connection)
            return {
                table: (
                    {c["name"] for c in seen.get_check_constraints(table)},
                    {(c["name"], tuple(c["column_names"])) for c in seen.get_unique_constraints(table)},
                    {
                        (i["name"], i["unique"], str(sorted(i.get("dialect_options", {}))))
                        for i in seen.get_indexes(table)
                    },
                )
                for table in metadata.tables
            }

    with empty.transaction() as connection:
        migrate.upgrade(connection, MIGRATIONS)
    if empty.url.get_backend_name() == "sqlite":
        other, name = Store(f"sqlite:///{tmp_path}/made.db"), None
    else:
        name = server().create()
        other = Store(server().url(name))
    other.create_schema()
    try:
        assert shape(empty) == shape(other)
    finally:
        other.close()
        if name is not None:
            server().drop(name)


def test_a_migrated_history_cannot_be_rewritten(empty: Store) -> None:
    with empty.transaction() as connection:
        migrate.upgrade(connection, MIGRATIONS)
    with empty.transaction() as connection:
        connection.execute(insert(t.event).values(**LINE))
    with pytest.raises(DBAPIError), empty.transaction() as connection:
        connection.execute(update(t.event).values(actor="somebody else"))
