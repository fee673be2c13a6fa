"""What is peculiar to SQLite: one writer at a time, WAL, and a database in a file."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

from engine.errors import Busy
from engine.store import patience
from forms.i18n import T

WAIT = 5.0  # seconds to wait for the writer's place

# The disk is full, or a file has reached the size that the system allows: a write that does not fit, in the log, in the
# file itself, or in the index of the log that every connection needs.
NO_ROOM = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE)


class Sqlite:
    """WAL with synchronous FULL: a reply that was given survives a kill and a power cut."""

    def __init__(self, url: str) -> None:
        self.engine: Engine = create_engine(
            url,
            pool_size=16,
            max_overflow=16,
            pool_timeout=WAIT,
            hide_parameters=True,  # an error may be logged or shown; the values people typed may not
        )
        # SQLite wakes waiting writers by polling; within one process a lock hands the place on at once.
        self._writer = threading.Lock()
        self.gate = patience.Gate()
        event.listen(self.engine, "connect", self._prepare)
        event.listen(self.engine, "begin", self._begin)

    @staticmethod
    def _prepare(raw: Any, _record: Any) -> None:
        raw.isolation_level = None  # transactions are begun below, not by the driver
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={int(WAIT * 1000)}",
            "trusted_schema=OFF",
        ):
            raw.execute(f"PRAGMA {pragma}")

    def _begin(self, connection: Connection) -> None:
        writing = connection.get_execution_options().get("writing", False)
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        raw.execute(f"PRAGMA query_only={'OFF' if writing else 'ON'}")
        if not writing:
            raw.execute("BEGIN")
            return
        with self.gate.waiting() as seconds:  # another process may hold the writer's place
            raw.execute(f"PRAGMA busy_timeout={int((WAIT if seconds is None else seconds) * 1000)}")
            raw.execute("BEGIN IMMEDIATE")

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        with self.gate.place():
            with self.gate.waiting() as seconds:
                if not self._writer.acquire(timeout=WAIT if seconds is None else seconds):
                    raise Busy(T("系统正忙，请稍后再试。"))
            try:
                with self.engine.connect() as connection:
                    yield connection.execution_options(writing=True)
            finally:
                self._writer.release()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self.engine.connect() as connection:
            yield connection.execution_options(writing=False)

    @staticmethod
    def is_busy(error: BaseException) -> bool:
        return isinstance(error, sqlite3.OperationalError) and any(
            word in str(error) for word in ("locked", "busy", "disk I/O", "unable to open")
        )

    @staticmethod
    def is_full(error: BaseException) -> bool:
        return getattr(error, "sqlite_errorcode", None) in NO_ROOM

    single_process = True  # an installation on SQLite is one process

    @staticmethod
    def lock_name(connection: Connection, name: str) -> None:
        """Nothing to do: the whole database has one writer."""

    append_only = (
        "CREATE TRIGGER IF NOT EXISTS event_no_update BEFORE UPDATE ON event "
        "BEGIN SELECT RAISE(ABORT, 'history is append-only'); END",
        "CREATE TRIGGER IF NOT EXISTS event_no_delete BEFORE DELETE ON event "
        "BEGIN SELECT RAISE(ABORT, 'history is append-only'); END",
    )
