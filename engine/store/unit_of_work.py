"""The only place that commits. A transaction is committed whole at the end of the block, or rolled back."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import Connection, QueuePool, make_url
from sqlalchemy.exc import DBAPIError, TimeoutError

from engine import faults
from engine.errors import Busy
from engine.store import space
from engine.store.metadata import metadata
from engine.store.postgres import Postgres
from engine.store.sqlite import Sqlite
from forms.i18n import T


class Store:
    """A database, opened by URL. Raises `Busy` wherever it could not be reached in time, `Full` where nothing can be written."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.dialect: Sqlite | Postgres = Sqlite(url) if self.url.get_backend_name() == "sqlite" else Postgres(url)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A write transaction: on SQLite nobody else writes meanwhile; on PostgreSQL rows are locked one by one."""
        with self._busy(), self.dialect.writing() as connection:
            connection.begin()
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            faults.point("before_commit")
            connection.commit()
            faults.point("after_commit")

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A consistent view, read-only in the database itself."""
        with self._busy(), self.dialect.reading() as connection:
            connection.begin()
            try:
                yield connection
            finally:
                connection.rollback()

    def create_schema(self) -> None:
        """All tables of the program, with the triggers that keep history append-only."""
        with self.transaction() as connection:
            metadata.create_all(connection)
            protect_history(connection)

    @property
    def single_process(self) -> bool:
        return self.dialect.single_process

    def lock_name(self, connection: Connection, name: str) -> None:
        """Hold a name of our choice until the transaction ends, against all others that ask for it."""
        self.dialect.lock_name(connection, name)

    def trouble(self, error: Exception) -> Busy | None:
        """What to raise where the store itself is in trouble (unreachable, locked, full), so that trying again later may
        help; None where the statement was wrong."""
        cause = (error.orig or error) if isinstance(error, DBAPIError) else error
        if self.dialect.is_full(cause):
            return space.full()
        if getattr(error, "connection_invalidated", False) or self.dialect.is_busy(cause):
            return Busy(T("系统正忙，请稍后再试。"))
        return None

    def connections(self) -> dict[str, int]:
        """How many connections of this process are `in_use` and `idle`; nothing where there is no pool that counts."""
        pool = self.dialect.engine.pool
        return {"in_use": pool.checkedout(), "idle": pool.checkedin()} if isinstance(pool, QueuePool) else {}

    def close(self) -> None:
        self.dialect.engine.dispose()

    @contextmanager
    def _busy(self) -> Iterator[None]:
        try:
            yield
        except TimeoutError as error:
            raise Busy(T("系统正忙，请稍后再试。")) from error
        except (
            DBAPIError,
            sqlite3.Error,
            psycopg.Error,
        ) as error:  # the driver's own: a transaction that could not begin
            if (trouble := self.trouble(error)) is not None:
                raise trouble from error
            raise


def protect_history(connection: Connection) -> None:
    """Install the triggers that refuse UPDATE and DELETE on `event`; also called by the first migration."""
    statements = Sqlite.append_only if connection.dialect.name == "sqlite" else Postgres.append_only
    for statement in statements:
        connection.exec_driver_sql(statement)
