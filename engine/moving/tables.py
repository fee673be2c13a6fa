"""What was asked to be moved, and what became of each instance."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from engine.store.metadata import Id, UtcDateTime, metadata, one_of
from engine.store.tables import Key

move_batch = Table(
    "move_batch",
    metadata,
    Column("id", Id, primary_key=True),
    Column("to_deployment_id", Id, ForeignKey("deployment.id"), nullable=False, index=True),
    Column("source", Id),  # the deployment or definition they came from; null: from wherever
    Column("mapping", JSON, nullable=False),  # {process: {old element: new element or null}}
    Column("reason", Text, nullable=False),
    Column("asked_by", Key, nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("stopped_by", Key),
    Column("stopped_at", UtcDateTime),
    Column("undone_by", Key),
    Column("undone_at", UtcDateTime),
    Column("undo_reason", Text),
)
Index("ix_move_batch_asked_at", move_batch.c.asked_at)

move_item = Table(
    "move_item",
    metadata,
    Column("batch_id", Id, ForeignKey("move_batch.id"), primary_key=True),
    Column("instance_id", Id, ForeignKey("instance.id"), primary_key=True, index=True),
    Column("from_deployment_id", Id, ForeignKey("deployment.id"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("at", UtcDateTime),
    Column("texts", JSON),  # why it was not moved or not taken back: a list of forms.i18n.Text.dump()
    # To take it back: its state as it stood before, and the revision at which nothing has gone on since. Null where the move itself
    # let it go on.
    Column("revision", Integer),
    Column("blob", LargeBinary),
    Column("mac", LargeBinary),
    one_of("state", "waiting", "moved", "refused", "stopped", "returning", "returned", "stayed"),
)
