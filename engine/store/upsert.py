"""INSERT … ON CONFLICT DO NOTHING, which both databases know and SQLAlchemy spells per dialect."""

from __future__ import annotations

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_new(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An insert that leaves a row already there alone; `rowcount` says whether it was new (1) or not (0)."""
    made: sqlite.Insert | postgresql.Insert
    if connection.dialect.name == "sqlite":
        made = sqlite.insert(table).on_conflict_do_nothing()
    else:
        made = postgresql.insert(table).on_conflict_do_nothing()
    return made.execution_options(preserve_rowcount=True)
