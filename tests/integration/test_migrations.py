"""The revisions make exactly the tables of the code, on both databases, and keep history append-only."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy import func, insert, inspect, select, update
from sqlalchemy.exc import DBAPIError

import engine.attachments.tables
import engine.identity.tables
import engine.studio.tables  # noqa: F401  all tables
from engine import history, replies
from engine.commands.port import Once
from engine.store import migrate, prepare, revisions
from engine.store import tables as t
from engine.store.metadata import UtcDateTime, metadata
from engine.store.packed import fold
from engine.store.unit_of_work import Store
from processes import office
from tests.postgres import server
from web.cli.common import MIGRATIONS

LINE: dict[str, Any] = {
    "stream": "system",
    "seq": 1,
    "lines": 1,
    "at": datetime(2026, 6, 1, 1, tzinfo=UTC),
    "hash": bytes(32),
    "folded": fold(b"{}"),
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
        assert revisions.is_current(connection, MIGRATIONS)
        assert migrate.differences(connection) == []


def test_upgrading_twice_changes_nothing(empty: Store) -> None:
    for _ in range(2):
        with empty.transaction() as connection:
            migrate.upgrade(connection, MIGRATIONS)
    with empty.snapshot() as connection:
        assert revisions.is_current(connection, MIGRATIONS)


def test_a_database_of_a_newer_program_is_not_current(empty: Store) -> None:
    with empty.transaction() as connection:
        migrate.upgrade(connection, MIGRATIONS)
        connection.exec_driver_sql("DELETE FROM alembic_version")
        connection.exec_driver_sql("INSERT INTO alembic_version (version_num) VALUES ('engine_9999')")
    with empty.snapshot() as connection:
        assert not revisions.is_current(connection, MIGRATIONS)


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
        connection.execute(update(t.event).values(folded=fold(b"[]")))


# Tables as revision 3 had them.
OLD_EVENT = sa.table(
    "event",
    *(
        sa.column(name)
        for name in ("stream", "seq", "kind", "actor", "revision", "definition_key", "element_id", "name")
    ),
    *(sa.column(name) for name in ("task_id", "body", "prev_hash", "hash")),
    sa.column("at", UtcDateTime()),
)
OLD_REPLY = sa.table(
    "idempotency",
    *(sa.column(name) for name in ("account_id", "route", "key", "body_hash")),
    sa.column("response", sa.JSON()),
    sa.column("created_at", UtcDateTime()),
)


def old_lines(stream: str, steps: int) -> list[dict[str, object]]:
    """A chain as it was written then: one row per line, two lines per step."""
    rows: list[dict[str, object]] = []
    before = history.GENESIS
    for seq in range(1, 2 * steps + 1):
        at, revision = LINE["at"] + timedelta(minutes=(seq - 1) // 2), (seq + 1) // 2
        told = {"stream": stream, "seq": seq, "at": at, "kind": "completed", "actor": "wáng", "revision": revision}
        told |= {"definition_key": "p", "element_id": f"e{seq}", "name": "审核", "task_id": None}
        body = history.canonical({**told, "data": {"flows": ["f"]}, "text": None})
        rows.append({**told, "body": body.decode(), "prev_hash": before, "hash": history.link(before, body)})
        before = history.link(before, body)
    return rows


def at_revision_3(store: Store, lines: list[dict[str, object]]) -> None:
    with store.transaction() as connection:
        command.upgrade(migrate.configuration(connection, MIGRATIONS), "engine_0003")
        connection.execute(insert(OLD_EVENT), lines)
        once = Once("account", "POST /api/v1/tasks/1/complete", "key-1", b"{}")
        connection.execute(
            insert(OLD_REPLY).values(
                account_id=once.account_id,
                route=once.route,
                key=once.key,
                body_hash=once.body_hash,
                response={"result": {"id": "1"}},
                created_at=LINE["at"],
            )
        )


def test_an_older_history_keeps_its_hashes_and_its_replies(empty: Store) -> None:
    lines = [*old_lines("one", 3), *old_lines("two", 300)]
    at_revision_3(empty, lines)
    with empty.transaction() as connection:
        migrate.upgrade(connection, MIGRATIONS)
    with empty.snapshot() as connection:
        for stream in ("one", "two"):
            assert history.verify(connection, stream) is None
            mine = [line for line in lines if line["stream"] == stream]
            told = history.read(connection, stream)
            assert [line.hash for line in told] == [line["hash"] for line in mine]
            assert [(line.seq, line.at, line.actor, line.element_id) for line in told] == [
                (line["seq"], line["at"], line["actor"], line["element_id"]) for line in mine
            ]
        assert connection.scalar(select(func.count()).select_from(t.event)) == 303
    with empty.transaction() as connection:
        once = Once("account", "POST /api/v1/tasks/1/complete", "key-1", b"{}")
        assert replies.reserve(connection, once, LINE["at"]) == {"result": {"id": "1"}}
    with pytest.raises(DBAPIError, match="append-only"), empty.transaction() as connection:
        connection.execute(update(t.event).values(lines=1))


@pytest.mark.parametrize("damage", ["word", "missing"])
def test_the_upgrade_hides_no_damage(empty: Store, damage: str) -> None:
    lines = old_lines("one", 3)
    if damage == "word":
        lines[2]["body"] = str(lines[2]["body"]).replace("wáng", "lǐ")
    else:
        del lines[2]
    at_revision_3(empty, lines)
    with empty.transaction() as connection:
        migrate.upgrade(connection, MIGRATIONS)
    with empty.snapshot() as connection:
        assert history.verify(connection, "one") is not None


def begun(pool: ThreadPoolExecutor, store: Store) -> Future[None]:
    """An upgrade on its way, that waits for somebody's lock (or has ended without)."""
    upgrade = pool.submit(prepare.upgrade, store.url.render_as_string(), MIGRATIONS)
    waiting = sa.text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    while not upgrade.done():
        with store.snapshot() as connection:
            if connection.scalar(waiting):
                break
    return upgrade


@pytest.mark.parametrize("empty", ["postgresql"], indirect=True)
def test_what_is_written_while_the_upgrade_begins_is_not_lost(empty: Store) -> None:
    """A program that nobody stopped commits its line after the upgrade has come to the history."""
    lines = old_lines("one", 3)
    at_revision_3(empty, lines[:4])
    with ThreadPoolExecutor() as pool:
        with empty.transaction() as writer:
            writer.execute(insert(OLD_EVENT), lines[4:])
            upgrade = begun(pool, empty)
        upgrade.result()
    with empty.snapshot() as connection:
        assert [line.seq for line in history.read(connection, "one")] == [1, 2, 3, 4, 5, 6]
        assert history.verify(connection, "one") is None


@pytest.mark.parametrize("empty", ["postgresql"], indirect=True)
def test_two_processes_that_start_on_an_empty_database_make_its_tables_once(empty: Store) -> None:
    """A web and a worker begun together: the second waits for the first, and finds everything made."""
    with ThreadPoolExecutor() as pool:
        with empty.transaction() as first:
            empty.lock_name(first, prepare.LOCK)
            second = begun(pool, empty)
            migrate.upgrade(first, MIGRATIONS)
        second.result()
