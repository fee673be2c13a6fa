"""What was handed in, and which instances it belongs to. The bytes lie outside the database, under `stored_as`."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, PrimaryKeyConstraint, String, Table

from engine.store.metadata import Id, UtcDateTime, metadata

attachment = Table(
    "attachment",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(200), nullable=False),  # as shown to people; never a path
    Column("type", String(100), nullable=False),  # found in the content
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("stored_as", String(64), nullable=False, unique=True),
    Column("uploaded_by", String(64), nullable=False),  # username
    Column("uploaded_at", UtcDateTime, nullable=False),
    CheckConstraint("size > 0", name="not_empty"),
)
Index("ix_attachment_uploader", attachment.c.uploaded_by, attachment.c.uploaded_at)

attachment_link = Table(
    "attachment_link",
    metadata,
    Column("attachment_id", Id, ForeignKey("attachment.id"), nullable=False),
    Column("instance_id", Id, ForeignKey("instance.id"), nullable=False, index=True),
    Column("task_id", Id),
    Column("linked_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("attachment_id", "instance_id"),
)
