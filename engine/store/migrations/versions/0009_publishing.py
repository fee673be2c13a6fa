"""Publishing: reasons, signatures and dates of releases

Revision: engine_0009, after engine_0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.metadata import UtcDateTime

revision = "engine_0009"
down_revision = "engine_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "release_review",
        sa.Column("deployment_id", sa.String(length=36), nullable=False),
        sa.Column("change_id", sa.String(length=36), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("preview_by", sa.String(length=255), nullable=True),
        sa.Column("preview_at", UtcDateTime(), nullable=True),
        sa.Column("preview_of", sa.String(length=36), nullable=True),
        sa.Column("agreed_by", sa.String(length=255), nullable=True),
        sa.Column("agreed_at", UtcDateTime(), nullable=True),
        sa.Column("agreed_reason", sa.Text(), nullable=True),
        sa.Column("wanted_at", UtcDateTime(), nullable=True),
        sa.Column("activate_at", UtcDateTime(), nullable=True),
        sa.Column("agreed_hash", sa.String(length=64), nullable=True),
        sa.Column("ticket", sa.String(length=36), nullable=True),
        sa.Column("halted", sa.JSON(), nullable=True),
        sa.Column("withdrawn_by", sa.String(length=255), nullable=True),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["deployment_id"], ["deployment.id"], name=op.f("fk_release_review_deployment_id_deployment")
        ),
        sa.ForeignKeyConstraint(["change_id"], ["change.id"], name=op.f("fk_release_review_change_id_change")),
        sa.PrimaryKeyConstraint("deployment_id", name=op.f("pk_release_review")),
    )
    op.create_index(op.f("ix_release_review_change_id"), "release_review", ["change_id"])
    op.create_table(
        "release_signature",
        sa.Column("deployment_id", sa.String(length=36), nullable=False),
        sa.Column("authority", sa.String(length=255), nullable=False),
        sa.Column("username", sa.String(length=255), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_id"], ["deployment.id"], name=op.f("fk_release_signature_deployment_id_deployment")
        ),
        sa.PrimaryKeyConstraint("deployment_id", "authority", name=op.f("pk_release_signature")),
        sa.UniqueConstraint("deployment_id", "username", name=op.f("uq_release_signature_deployment_id_username")),
    )
    op.create_table(
        "change_trial",
        sa.Column("change_id", sa.String(length=36), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("username", sa.String(length=255), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("passed", sa.Integer(), nullable=False),
        sa.Column("failed", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["change_id"], ["change.id"], name=op.f("fk_change_trial_change_id_change")),
        sa.PrimaryKeyConstraint("change_id", name=op.f("pk_change_trial")),
    )
