"""The table of policy documents: what the office works by, open to everybody (R-115)."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, CheckConstraint, Column, Date, ForeignKey, Integer, String, Table, Text

from engine.store.metadata import Id, UtcDateTime, metadata, one_of
from processes.register.columns import Key, Name, together

LEVELS = ("national", "provincial", "local")

policy_document = Table(
    "policy_document",
    metadata,
    Column("id", Id, primary_key=True),
    Column("doc_no", Key, nullable=False, unique=True),  # as printed: 人社部发〔2020〕20号
    Column("title", Name, nullable=False),
    Column("issuers", JSON, nullable=False),  # names, in the order printed
    Column("level", String(16), nullable=False),
    Column("issued_year", Integer, nullable=False),  # the number always tells the year, the day is not always known
    Column("issued_on", Date),
    Column("effective_on", Date),
    Column("repealed_on", Date),
    Column("parent_id", Id, ForeignKey("policy_document.id"), index=True),  # what it carries out
    Column("summary", Text, nullable=False),
    Column("clauses", JSON, nullable=False),  # [{"anchor": "三（二）3", "title": …, "text": …}]
    Column("file_id", Id, ForeignKey("attachment.id"), index=True),  # the printed text, for everybody to download
    Column("fictional", Boolean, nullable=False),  # belongs to the demonstration; every page says so
    Column("status", String(16), nullable=False),
    Column("published_by", Key, nullable=False),
    Column("published_at", UtcDateTime, nullable=False),
    Column("retired_by", Key),
    Column("retired_at", UtcDateTime),
    Column("retire_reason", Text),
    one_of("level", *LEVELS),
    one_of("status", "published", "retired"),
    CheckConstraint("issued_year BETWEEN 1949 AND 2200", name="year"),
    CheckConstraint("length(doc_no) > 0 AND length(title) > 0 AND length(summary) > 0", name="told"),
    CheckConstraint("parent_id IS NULL OR parent_id <> id", name="not_its_own_parent"),
    CheckConstraint("issued_on IS NULL OR effective_on IS NULL OR effective_on >= issued_on", name="effective"),
    CheckConstraint("issued_on IS NULL OR repealed_on IS NULL OR repealed_on >= issued_on", name="repealed"),
    CheckConstraint("(status = 'retired') = (retired_at IS NOT NULL)", name="retired"),
    CheckConstraint("status = 'retired' OR repealed_on IS NULL", name="in_force"),
    together("retired_by", "retired_at", "retire_reason", name="retirement"),
)
