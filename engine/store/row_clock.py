"""The manual clock of trials and demonstrations: time stands in a row, so that all processes share it."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, select, update

from engine.store import tables as t
from engine.store.unit_of_work import Store
from engine.store.upsert import insert_new

KEY = "clock.now"
START = datetime(2026, 6, 1, 1, 0, tzinfo=UTC)  # 2026-06-01T09:00+08:00, where the demonstration begins


class RowClock:
    def __init__(self, store: Store) -> None:
        self._store = store

    def now(self) -> datetime:
        with self._store.snapshot() as connection:
            return self.read(connection)

    def read(self, connection: Connection) -> datetime:
        """The time as this transaction sees it."""
        kept = connection.scalar(select(t.setting.c.value).where(t.setting.c.key == KEY))
        return datetime.fromisoformat(kept) if kept else START

    def set(self, at: datetime) -> None:
        if at.tzinfo is None:
            raise ValueError("a clock needs an aware datetime")
        value = at.astimezone(UTC).isoformat()
        with self._store.transaction() as connection:
            if connection.execute(insert_new(connection, t.setting).values(key=KEY, value=value)).rowcount == 0:
                connection.execute(update(t.setting).where(t.setting.c.key == KEY).values(value=value))
