"""What is peculiar to PostgreSQL: row locks, read-only snapshots, and a server that may go away."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.abc import PQGen
from sqlalchemy import Connection, Engine, create_engine, event, func, select
from sqlalchemy.exc import InvalidatePoolError

from engine.store import patience

WAIT = 5  # seconds for a connection or a lock
FRESH = 1.0  # seconds since it was used: a connection is taken to be alive without asking


class Patient(psycopg.Connection[Any]):
    """A connection on which a request waits no longer than it may (`engine.store.patience`), even where the server has fallen
    silent. What is given up is closed: nobody knows any more what the server will still say on it."""

    gate: patience.Gate

    def wait(self, gen: PQGen[Any], *arguments: Any, **more: Any) -> Any:
        with self.gate.waiting() as seconds:
            if seconds is None:
                return super().wait(gen, *arguments, **more)
            until = time.monotonic() + seconds
            try:
                if seconds > 0:
                    return super().wait(gen, *arguments, **more | {"timeout": seconds})
                raise psycopg.OperationalError("the request has waited long enough")
            except psycopg.OperationalError:
                if time.monotonic() >= until:
                    self.close()
                raise


class Postgres:
    def __init__(self, url: str) -> None:
        self.gate = patience.Gate()
        self.engine: Engine = create_engine(
            url,
            pool_size=16,
            max_overflow=16,
            pool_timeout=WAIT,
            isolation_level="READ COMMITTED",
            hide_parameters=True,  # an error may be logged or shown; the values people typed may not
            connect_args={
                "connect_timeout": WAIT,
                # A process that was stopped in a transaction loses its locks in time for another to do its work within a minute.
                "options": f"-c lock_timeout={WAIT}s -c idle_in_transaction_session_timeout=45s -c timezone=UTC",
            },
        )

        event.listen(self.engine, "do_connect", self._connect)
        event.listen(self.engine, "connect", self._used)
        event.listen(self.engine, "checkin", self._used)
        event.listen(self.engine, "checkout", self._ping)

    def _connect(self, _dialect: Any, _record: Any, arguments: Any, more: dict[str, Any]) -> Patient:
        with self.gate.waiting() as seconds:
            if seconds is not None:
                if seconds <= 0:
                    raise psycopg.OperationalError("the request has waited long enough")
                more = more | {"connect_timeout": max(2, math.floor(seconds))}  # less than two seconds it cannot say
            made = Patient.connect(*arguments, **more)
        made.gate = self.gate
        return made

    @staticmethod
    def _used(_raw: Any, record: Any) -> None:
        record.info["used"] = time.monotonic()

    def _ping(self, raw: Any, record: Any, _proxy: Any) -> None:
        """As SQLAlchemy's own ping before each use, but not where one was used a moment ago: two of thirteen round trips of a
        completion were pings. A server that went away within that moment answers 503 once instead of not at all."""
        if time.monotonic() - record.info["used"] < FRESH:
            return
        try:
            self.engine.dialect.do_ping(raw)
        except psycopg.OperationalError as error:
            raise InvalidatePoolError from error

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        with self.gate.place(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self.gate.place(), self.engine.connect() as connection:
            yield connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    @staticmethod
    def is_full(error: BaseException) -> bool:
        return isinstance(error, psycopg.errors.DiskFull)

    @staticmethod
    def is_busy(error: BaseException) -> bool:
        """Connection lost, lock or resources not to be had, deadlock, shutdown: trying again may help."""
        if not isinstance(error, psycopg.OperationalError):
            return False
        state = error.sqlstate
        return state is None or state[:2] in ("08", "40", "53", "55", "57")

    single_process = False

    @staticmethod
    def lock_name(connection: Connection, name: str) -> None:
        """Hold a name until the end of the transaction."""
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))

    append_only = (
        "CREATE OR REPLACE FUNCTION refuse_event_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'history is append-only'; END $$",
        "CREATE OR REPLACE TRIGGER event_no_change BEFORE UPDATE OR DELETE ON event "
        "FOR EACH ROW EXECUTE FUNCTION refuse_event_change()",
        "CREATE OR REPLACE TRIGGER event_no_truncate BEFORE TRUNCATE ON event "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_event_change()",
    )
