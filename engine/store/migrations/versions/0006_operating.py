"""Operating: who works in the background, why a job was given up, cancelling by two, trying many again

Revision: engine_0006, after engine_0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.metadata import UtcDateTime

revision = "engine_0006"
down_revision = "engine_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("job", sa.Column("problem", sa.JSON(), nullable=True))
    op.create_table(
        "worker",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("stopped_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker")),
    )
    op.create_table(
        "cancellation",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("instance_id", sa.String(length=36), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("proposed_by", sa.String(length=255), nullable=False),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.Column("decided_by", sa.String(length=255), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status IN ('proposed', 'confirmed', 'rejected', 'withdrawn')", name=op.f("ck_cancellation_status")
        ),
        sa.CheckConstraint(
            "status NOT IN ('confirmed', 'rejected') OR decided_by <> proposed_by", name=op.f("ck_cancellation_two")
        ),
        sa.ForeignKeyConstraint(["instance_id"], ["instance.id"], name=op.f("fk_cancellation_instance_id_instance")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cancellation")),
    )
    op.create_index(
        "uq_cancellation_open",
        "cancellation",
        ["instance_id"],
        unique=True,
        sqlite_where=sa.text("status = 'proposed'"),
        postgresql_where=sa.text("status = 'proposed'"),
    )
    op.create_index("ix_cancellation_status", "cancellation", ["status", "proposed_at"])
    op.create_table(
        "retry_batch",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("code", sa.String(length=255), nullable=False),
        sa.Column("definition_key", sa.String(length=255), nullable=True),
        sa.Column("element_id", sa.String(length=255), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.String(length=255), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retry_batch")),
    )
    op.create_index("ix_retry_batch_asked_at", "retry_batch", ["asked_at"])
    op.create_table(
        "retry_item",
        sa.Column("batch_id", sa.String(length=36), nullable=False),
        sa.Column("incident_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=True),
        sa.Column("text", sa.JSON(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'worked', 'failed', 'skipped')", name=op.f("ck_retry_item_state")),
        sa.ForeignKeyConstraint(["batch_id"], ["retry_batch.id"], name=op.f("fk_retry_item_batch_id_retry_batch")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_retry_item_incident_id_incident")),
        sa.PrimaryKeyConstraint("batch_id", "incident_id", name=op.f("pk_retry_item")),
    )
