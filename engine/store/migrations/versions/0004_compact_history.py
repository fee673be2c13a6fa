"""Compact history: what a finished case leaves behind takes a quarter of the room

The lines that one transaction added to a history become one row, with the very bytes their hashes cover: every old hash is
recomputed from them and still verifies. What the columns said besides (kind, person, element) is said in the lines.

Revision: engine_0004, after engine_0003
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from typing import Any, TypeVar

import orjson
import sqlalchemy as sa
from alembic import op

from engine import replies
from engine.history import MOST, Head, sheet
from engine.store.metadata import UtcDateTime
from engine.store.packed import fold
from engine.store.unit_of_work import protect_history

revision = "engine_0004"
down_revision = "engine_0003"
branch_labels = None
depends_on = None

AT_ONCE = 500  # rows written by one statement

T = TypeVar("T")


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        # What a program that is still running writes between the copy and the drop would be lost with the old tables.
        op.execute("LOCK TABLE event, idempotency IN ACCESS EXCLUSIVE MODE")
    history = op.create_table(
        "event_rows",
        sa.Column("stream", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("folded", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "seq", name=op.f("pk_event_rows")),
    )
    _move(connection, history, _sheets(connection))
    _replace("event", "event_rows")
    protect_history(connection)

    kept = op.create_table(
        "idempotency_rows",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("reply", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency_rows")),
    )
    _move(connection, kept, _replies(connection))
    _replace("idempotency", "idempotency_rows")


def _replace(table: str, by: str) -> None:
    """The triggers of the old history go with it."""
    op.drop_table(table)
    op.rename_table(by, table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE {table} RENAME CONSTRAINT pk_{by} TO pk_{table}")


def _move(connection: sa.Connection, table: sa.Table, rows: Iterable[dict[str, Any]]) -> None:
    for some in _batches(rows, AT_ONCE):
        connection.execute(sa.insert(table), some)


def _batches(items: Iterable[T], most: int) -> Iterator[list[T]]:
    items = iter(items)
    while some := list(islice(items, most)):
        yield some


def _sheets(connection: sa.Connection) -> Iterator[dict[str, Any]]:
    old = sa.table(
        "event",
        sa.column("stream", sa.String()),
        sa.column("seq", sa.Integer()),
        sa.column("at", UtcDateTime()),
        sa.column("revision", sa.Integer()),
        sa.column("body", sa.Text()),
        sa.column("hash", sa.String()),
    )
    query = sa.select(old).order_by(old.c.stream, old.c.seq).execution_options(yield_per=1000)
    # Lines of one transaction have one instant and one revision. Where a line is missing the row ends, so that the gap stays.
    lines = connection.execute(query)
    for _, together in groupby(_numbered(lines), key=lambda pair: pair[0]):
        for some in _batches((row for _, row in together), MOST):
            last = some[-1]
            yield sheet(
                last.stream, Head(last.seq, last.hash), last.at, last.revision, [row.body.encode() for row in some]
            )


def _numbered(rows: Iterable[sa.Row[Any]]) -> Iterator[tuple[tuple[Any, ...], sa.Row[Any]]]:
    """Each line with what it shares with those beside it; `seq` less its place in the table is the same until one is missing."""
    for place, row in enumerate(rows):
        yield (row.stream, row.at, row.revision, row.seq - place), row


def _replies(connection: sa.Connection) -> Iterator[dict[str, Any]]:
    old = sa.table(
        "idempotency",
        sa.column("account_id", sa.String()),
        sa.column("route", sa.String()),
        sa.column("key", sa.String()),
        sa.column("body_hash", sa.String()),
        sa.column("response", sa.JSON()),
        sa.column("created_at", UtcDateTime()),
    )
    for row in connection.execute(sa.select(old).where(old.c.response.is_not(None)).execution_options(yield_per=1000)):
        yield {
            "id": replies.key_of(row.account_id, row.route, row.key),
            "body": bytes.fromhex(row.body_hash)[: replies.DIGEST],
            "reply": fold(orjson.dumps(row.response)),
            "created_at": row.created_at,
        }
