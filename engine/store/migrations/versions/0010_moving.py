"""Moving: running instances brought to another release, with undo

Revision: engine_0010, after engine_0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.metadata import UtcDateTime

revision = "engine_0010"
down_revision = "engine_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "move_batch",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("to_deployment_id", sa.String(length=36), nullable=False),
        sa.Column("source", sa.String(length=36), nullable=True),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.String(length=255), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("stopped_by", sa.String(length=255), nullable=True),
        sa.Column("stopped_at", UtcDateTime(), nullable=True),
        sa.Column("undone_by", sa.String(length=255), nullable=True),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        sa.Column("undo_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["to_deployment_id"], ["deployment.id"], name=op.f("fk_move_batch_to_deployment_id_deployment")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_move_batch")),
    )
    op.create_index(op.f("ix_move_batch_to_deployment_id"), "move_batch", ["to_deployment_id"])
    op.create_index("ix_move_batch_asked_at", "move_batch", ["asked_at"])
    op.create_table(
        "move_item",
        sa.Column("batch_id", sa.String(length=36), nullable=False),
        sa.Column("instance_id", sa.String(length=36), nullable=False),
        sa.Column("from_deployment_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=True),
        sa.Column("texts", sa.JSON(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.Column("blob", sa.LargeBinary(), nullable=True),
        sa.Column("mac", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'moved', 'refused', 'stopped', 'returning', 'returned', 'stayed')",
            name=op.f("ck_move_item_state"),
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["move_batch.id"], name=op.f("fk_move_item_batch_id_move_batch")),
        sa.ForeignKeyConstraint(
            ["from_deployment_id"], ["deployment.id"], name=op.f("fk_move_item_from_deployment_id_deployment")
        ),
        sa.ForeignKeyConstraint(["instance_id"], ["instance.id"], name=op.f("fk_move_item_instance_id_instance")),
        sa.PrimaryKeyConstraint("batch_id", "instance_id", name=op.f("pk_move_item")),
    )
    op.create_index(op.f("ix_move_item_instance_id"), "move_item", ["instance_id"])
