"""Writing rows: INSERT … ON CONFLICT, which both databases know and SQLAlchemy spells per dialect, and lists of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Executable, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_row(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An insert that can be told what to do where the row is there already."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    return dialect.insert(table)


def insert_new(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An insert that leaves a row already there alone; `rowcount` says whether it was new (1) or not (0)."""
    return insert_row(connection, table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)


def execute_each(connection: Connection, statement: Executable, rows: Sequence[Mapping[str, Any]]) -> None:
    """The statement for each of these rows, of which there is mostly one: for a list psycopg opens and closes a pipeline, two
    round trips more than for a row."""
    connection.execute(statement, rows[0] if len(rows) == 1 else rows)
