"""Objections, their investigation, days given back after an outage; notices of posts

Revision: office_0003, after office_0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.metadata import UtcDateTime

revision = "office_0003"
down_revision = "office_0002"
branch_labels = None
depends_on = "engine_0002"  # outages are read from its table of silences


def upgrade() -> None:
    # Batch mode makes the table anew on SQLite and would lose its checks.
    checks = (
        sa.CheckConstraint("outcome IN ('clear', 'upheld', 'withdrawn')", name=op.f("ck_publicity_item_outcome")),
        sa.CheckConstraint(
            "(outcome IS NULL AND settled_at IS NULL) OR (outcome IS NOT NULL AND settled_at IS NOT NULL)",
            name=op.f("ck_publicity_item_settled"),
        ),
        sa.CheckConstraint("outcome IS NULL OR NOT hold", name=op.f("ck_publicity_item_held_is_not_settled")),
    )
    with op.batch_alter_table("publicity_item", schema=None, table_args=checks) as batch_op:
        batch_op.add_column(sa.Column("subject", sa.String(length=255), nullable=True))
        batch_op.alter_column("application_id", existing_type=sa.VARCHAR(length=36), nullable=True)
        batch_op.create_unique_constraint(batch_op.f("uq_publicity_item_notice_id_subject"), ["notice_id", "subject"])
        batch_op.create_check_constraint(
            batch_op.f("ck_publicity_item_about_something"), "(application_id IS NULL) <> (subject IS NULL)"
        )
    op.create_table(
        "outage_compensation",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("from_at", UtcDateTime(), nullable=False),
        sa.Column("to_at", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("offered_by", sa.String(length=255), nullable=False),
        sa.Column("offered_at", UtcDateTime(), nullable=False),
        sa.Column("confirmed_by", sa.String(length=255), nullable=True),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "(confirmed_by IS NULL AND confirmed_at IS NULL) OR (confirmed_by IS NOT NULL AND confirmed_at IS NOT NULL)",
            name=op.f("ck_outage_compensation_confirmation"),
        ),
        sa.CheckConstraint(
            "confirmed_by IS NULL OR confirmed_by <> offered_by", name=op.f("ck_outage_compensation_four_eyes")
        ),
        sa.CheckConstraint("to_at > from_at", name=op.f("ck_outage_compensation_period")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outage_compensation")),
        sa.UniqueConstraint("from_at", "to_at", name=op.f("uq_outage_compensation_from_at_to_at")),
    )
    op.create_table(
        "supplementary_period",
        sa.Column("notice_id", sa.String(length=36), nullable=False),
        sa.Column("compensation_id", sa.String(length=36), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("objections_until", UtcDateTime(), nullable=False),
        sa.CheckConstraint("objections_until > opened_at", name=op.f("ck_supplementary_period_period")),
        sa.ForeignKeyConstraint(
            ["compensation_id"], ["outage_compensation.id"], name=op.f("fk_supplementary_period_compensation_id")
        ),
        sa.ForeignKeyConstraint(["notice_id"], ["publicity_notice.id"], name=op.f("fk_supplementary_period_notice_id")),
        sa.PrimaryKeyConstraint("notice_id", name=op.f("pk_supplementary_period")),
    )
    op.create_table(
        "objection",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("receipt_no", sa.String(length=40), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=True),
        sa.Column("notice_id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=True),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("registered_at", UtcDateTime(), nullable=False),
        sa.Column("via", sa.String(length=8), nullable=False),
        sa.Column("registered_by", sa.String(length=255), nullable=True),
        sa.Column("registered_note", sa.Text(), nullable=True),
        sa.Column("grounds", sa.JSON(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("real_name", sa.Boolean(), nullable=False),
        sa.Column("contact_name", sa.LargeBinary(), nullable=True),
        sa.Column("contact_phone", sa.LargeBinary(), nullable=True),
        sa.Column("timely", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("instance_id", sa.String(length=36), nullable=True),
        sa.Column("concluded_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("(status = 'concluded') = (concluded_at IS NOT NULL)", name=op.f("ck_objection_concluded")),
        sa.CheckConstraint("(via = 'online') = (registered_by IS NULL)", name=op.f("ck_objection_registered_by")),
        sa.CheckConstraint(
            "kind = 'tip_off' OR instance_id IS NOT NULL", name=op.f("ck_objection_timely_is_investigated")
        ),
        sa.CheckConstraint("kind IN ('objection', 'tip_off')", name=op.f("ck_objection_kind")),
        sa.CheckConstraint(
            "status = 'received' OR instance_id IS NOT NULL", name=op.f("ck_objection_investigated_in_an_instance")
        ),
        sa.CheckConstraint("status IN ('received', 'investigating', 'concluded')", name=op.f("ck_objection_status")),
        sa.CheckConstraint("timely = (kind = 'objection')", name=op.f("ck_objection_late_is_a_tip_off")),
        sa.CheckConstraint("via IN ('online', 'paper', 'phone')", name=op.f("ck_objection_via")),
        sa.CheckConstraint(
            "(contact_name IS NULL AND contact_phone IS NULL) OR (contact_name IS NOT NULL AND contact_phone IS NOT NULL)",
            name=op.f("ck_objection_contact"),
        ),
        sa.CheckConstraint(
            "(registered_by IS NULL AND registered_note IS NULL) OR (registered_by IS NOT NULL AND registered_note IS NOT NULL)",
            name=op.f("ck_objection_registered"),
        ),
        sa.CheckConstraint("length(text) BETWEEN 20 AND 2000", name=op.f("ck_objection_text")),
        sa.CheckConstraint("real_name = (contact_name IS NOT NULL)", name=op.f("ck_objection_real_name")),
        sa.CheckConstraint("received_at <= registered_at", name=op.f("ck_objection_received")),
        sa.ForeignKeyConstraint(["item_id"], ["publicity_item.id"], name=op.f("fk_objection_item_id")),
        sa.ForeignKeyConstraint(["notice_id"], ["publicity_notice.id"], name=op.f("fk_objection_notice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objection")),
        sa.UniqueConstraint("nonce", name=op.f("uq_objection_nonce")),
        sa.UniqueConstraint("receipt_no", name=op.f("uq_objection_receipt_no")),
    )
    with op.batch_alter_table("objection", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_objection_instance_id"), ["instance_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_objection_item_id"), ["item_id"], unique=False)
        batch_op.create_index("ix_objection_notice_received", ["notice_id", "received_at"], unique=False)

    op.create_table(
        "investigation",
        sa.Column("objection_id", sa.String(length=36), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("opened_by", sa.String(length=255), nullable=True),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("latest_at", UtcDateTime(), nullable=False),
        sa.Column("investigator", sa.String(length=255), nullable=True),
        sa.Column("question", sa.Text(), nullable=True),
        sa.Column("unit_statement", sa.Text(), nullable=True),
        sa.Column("unit_stated_at", UtcDateTime(), nullable=True),
        sa.Column("candidate_statement", sa.Text(), nullable=True),
        sa.Column("candidate_stated_at", UtcDateTime(), nullable=True),
        sa.Column("extended_by", sa.String(length=255), nullable=True),
        sa.Column("extended_at", UtcDateTime(), nullable=True),
        sa.Column("extension_reason", sa.Text(), nullable=True),
        sa.Column("finding", sa.String(length=16), nullable=True),
        sa.Column("facts", sa.Text(), nullable=True),
        sa.Column("evidence", sa.JSON(), nullable=True),
        sa.Column("proposal", sa.String(length=16), nullable=True),
        sa.Column("articles", sa.Text(), nullable=True),
        sa.Column("concluded_by", sa.String(length=255), nullable=True),
        sa.Column("concluded_at", UtcDateTime(), nullable=True),
        sa.Column("signed_by", sa.String(length=255), nullable=True),
        sa.Column("signed_at", UtcDateTime(), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("reply_due_at", UtcDateTime(), nullable=True),
        sa.Column("replied_by", sa.String(length=255), nullable=True),
        sa.Column("replied_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "finding IN ('proven', 'partly_proven', 'unfounded', 'unverifiable')", name=op.f("ck_investigation_finding")
        ),
        sa.CheckConstraint("outcome IN ('upheld', 'redo', 'not_upheld')", name=op.f("ck_investigation_outcome")),
        sa.CheckConstraint("proposal IN ('cancel', 'redo', 'continue')", name=op.f("ck_investigation_proposal")),
        sa.CheckConstraint(
            "(extended_by IS NULL AND extended_at IS NULL AND extension_reason IS NULL) OR (extended_by IS NOT NULL AND extended_at IS NOT NULL AND extension_reason IS NOT NULL)",
            name=op.f("ck_investigation_extension"),
        ),
        sa.CheckConstraint(
            "(finding IS NULL AND facts IS NULL AND proposal IS NULL AND articles IS NULL AND concluded_by IS NULL AND concluded_at IS NULL) OR (finding IS NOT NULL AND facts IS NOT NULL AND proposal IS NOT NULL AND articles IS NOT NULL AND concluded_by IS NOT NULL AND concluded_at IS NOT NULL)",
            name=op.f("ck_investigation_conclusion"),
        ),
        sa.CheckConstraint(
            "(reply IS NULL AND replied_by IS NULL AND replied_at IS NULL) OR (reply IS NOT NULL AND replied_by IS NOT NULL AND replied_at IS NOT NULL)",
            name=op.f("ck_investigation_reply"),
        ),
        sa.CheckConstraint(
            "(signed_by IS NULL AND signed_at IS NULL AND outcome IS NULL) OR (signed_by IS NOT NULL AND signed_at IS NOT NULL AND outcome IS NOT NULL)",
            name=op.f("ck_investigation_signature"),
        ),
        sa.CheckConstraint("due_at <= latest_at", name=op.f("ck_investigation_longest")),
        sa.CheckConstraint(
            "outcome IS NULL OR finding IS NOT NULL", name=op.f("ck_investigation_outcome_needs_a_finding")
        ),
        sa.CheckConstraint("signed_by IS NULL OR signed_by <> concluded_by", name=op.f("ck_investigation_four_eyes")),
        sa.ForeignKeyConstraint(["objection_id"], ["objection.id"], name=op.f("fk_investigation_objection_id")),
        sa.PrimaryKeyConstraint("objection_id", name=op.f("pk_investigation")),
    )
