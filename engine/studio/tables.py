"""The studio's tables: changes on their way to a release, every saved version of their files, and what each person has not saved yet."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from engine.store.metadata import Id, UtcDateTime, metadata, one_of
from engine.store.tables import Hash, Key

# A set of edited files that stands over the active release: what it does not hold is the active release's.
change = Table(
    "change",
    metadata,
    Column("id", Id, primary_key=True),
    Column("title", Text, nullable=False),
    Column("reason", Text, nullable=False),  # why: what it is begun with, or dropped with
    Column("state", String(16), nullable=False),
    Column("created_by", Key, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),  # when it was published or dropped
    Column("deployment_id", Id, ForeignKey("deployment.id")),  # the release it was proposed as
    one_of("state", "open", "proposed", "published", "dropped"),
)
Index("ix_change_state_created", change.c.state, change.c.created_at)

# One saved state of one file; never changed, never deleted. Number 0 has no row: it is the file as the active release has it.
change_version = Table(
    "change_version",
    metadata,
    Column("change_id", Id, ForeignKey("change.id"), primary_key=True),
    Column("file_name", Key, primary_key=True),
    Column("number", Integer, primary_key=True),  # from 1, without gaps
    Column("content", LargeBinary),  # null: from here on the change does not hold the file
    Column("author", Key, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("comment", Text, nullable=False),
    Column("restored_from", Integer),  # the version it is a copy of
    Column("over", Hash),  # sha256 of the active release's file its author had before them; null where there was none
)

# What one person has not saved yet in one file, and that they have it open.
change_draft = Table(
    "change_draft",
    metadata,
    Column("change_id", Id, ForeignKey("change.id"), primary_key=True),
    Column("file_name", Key, primary_key=True),
    Column("username", Key, primary_key=True),
    Column("content", LargeBinary),  # null: nothing unsaved
    Column("base", Integer, nullable=False),  # number of the version they began from
    Column("at", UtcDateTime),  # when the content was kept
    Column("seen_at", UtcDateTime, nullable=False),  # by the wall clock: being there is real time, also in the demo
)
