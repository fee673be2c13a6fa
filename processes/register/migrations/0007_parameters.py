"""Values of parameters that wait for a second person

Revision: office_0007, after office_0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.metadata import UtcDateTime

revision = "office_0007"
down_revision = "office_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "parameter_proposal",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("effective_from", UtcDateTime(), nullable=False),
        sa.Column("source_doc", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("proposed_by", sa.String(length=255), nullable=False),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.Column("decided_by", sa.String(length=255), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status IN ('proposed', 'confirmed', 'rejected', 'withdrawn')", name=op.f("ck_parameter_proposal_status")
        ),
        sa.CheckConstraint("length(source_doc) > 0", name=op.f("ck_parameter_proposal_has_source")),
        sa.CheckConstraint(
            "(status = 'proposed' AND decided_by IS NULL AND decided_at IS NULL)"
            " OR (status <> 'proposed' AND decided_by IS NOT NULL AND decided_at IS NOT NULL)",
            name=op.f("ck_parameter_proposal_decided"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('confirmed', 'rejected') OR decided_by <> proposed_by",
            name=op.f("ck_parameter_proposal_four_eyes"),
        ),
        sa.CheckConstraint(
            "status IN ('proposed', 'confirmed') OR length(reason) > 0", name=op.f("ck_parameter_proposal_reason")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parameter_proposal")),
    )
    op.create_index("ix_parameter_proposal_name", "parameter_proposal", ["name", "effective_from"], unique=False)
    op.create_index(
        "uq_parameter_proposal_open",
        "parameter_proposal",
        ["name"],
        unique=True,
        sqlite_where=sa.text("status = 'proposed'"),
        postgresql_where=sa.text("status = 'proposed'"),
    )
