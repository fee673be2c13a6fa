"""Policy documents and what is published

Revision: office_0005, after office_0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.metadata import UtcDateTime

revision = "office_0005"
down_revision = "office_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "policy_document",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("doc_no", sa.String(length=255), nullable=False),
        sa.Column("title", sa.String(length=400), nullable=False),
        sa.Column("issuers", sa.JSON(), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("issued_year", sa.Integer(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("effective_on", sa.Date(), nullable=True),
        sa.Column("repealed_on", sa.Date(), nullable=True),
        sa.Column("parent_id", sa.String(length=36), nullable=True),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("clauses", sa.JSON(), nullable=False),
        sa.Column("fictional", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("published_by", sa.String(length=255), nullable=False),
        sa.Column("published_at", UtcDateTime(), nullable=False),
        sa.Column("retired_by", sa.String(length=255), nullable=True),
        sa.Column("retired_at", UtcDateTime(), nullable=True),
        sa.Column("retire_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("(status = 'retired') = (retired_at IS NOT NULL)", name=op.f("ck_policy_document_retired")),
        sa.CheckConstraint("level IN ('national', 'provincial', 'local')", name=op.f("ck_policy_document_level")),
        sa.CheckConstraint("status = 'retired' OR repealed_on IS NULL", name=op.f("ck_policy_document_in_force")),
        sa.CheckConstraint("status IN ('published', 'retired')", name=op.f("ck_policy_document_status")),
        sa.CheckConstraint(
            "(retired_by IS NULL AND retired_at IS NULL AND retire_reason IS NULL) OR (retired_by IS NOT NULL AND retired_at IS NOT NULL AND retire_reason IS NOT NULL)",
            name=op.f("ck_policy_document_retirement"),
        ),
        sa.CheckConstraint(
            "issued_on IS NULL OR effective_on IS NULL OR effective_on >= issued_on",
            name=op.f("ck_policy_document_effective"),
        ),
        sa.CheckConstraint(
            "issued_on IS NULL OR repealed_on IS NULL OR repealed_on >= issued_on",
            name=op.f("ck_policy_document_repealed"),
        ),
        sa.CheckConstraint("issued_year BETWEEN 1949 AND 2200", name=op.f("ck_policy_document_year")),
        sa.CheckConstraint(
            "length(doc_no) > 0 AND length(title) > 0 AND length(summary) > 0", name=op.f("ck_policy_document_told")
        ),
        sa.CheckConstraint("parent_id IS NULL OR parent_id <> id", name=op.f("ck_policy_document_not_its_own_parent")),
        sa.ForeignKeyConstraint(["parent_id"], ["policy_document.id"], name=op.f("fk_policy_document_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_document")),
        sa.UniqueConstraint("doc_no", name=op.f("uq_policy_document_doc_no")),
    )
    op.create_index(op.f("ix_policy_document_parent_id"), "policy_document", ["parent_id"], unique=False)
