"""Programmes, phases, streams, waivers, escalations, summaries

Revision: office_0004, after office_0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.metadata import UtcDateTime

revision = "office_0004"
down_revision = "office_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "programme",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=400), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("base_docs", sa.JSON(), nullable=False),
        sa.Column("instance_id", sa.String(length=36), nullable=True),
        sa.Column("registered_by", sa.String(length=255), nullable=False),
        sa.Column("registered_at", UtcDateTime(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("cycle_closed_by", sa.String(length=255), nullable=True),
        sa.Column("cycle_closed_at", UtcDateTime(), nullable=True),
        sa.Column("completed_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("(status = 'completed') = (completed_at IS NOT NULL)", name=op.f("ck_programme_completed")),
        sa.CheckConstraint("status IN ('running', 'completed')", name=op.f("ck_programme_status")),
        sa.CheckConstraint(
            "(cycle_closed_by IS NULL AND cycle_closed_at IS NULL) OR (cycle_closed_by IS NOT NULL AND cycle_closed_at IS NOT NULL)",
            name=op.f("ck_programme_cycle"),
        ),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_programme_name")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programme")),
        sa.UniqueConstraint("instance_id", name=op.f("uq_programme_instance_id")),
    )
    op.create_table(
        "issued_document",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("programme_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=400), nullable=False),
        sa.Column("doc_no", sa.String(length=400), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("file", sa.JSON(), nullable=False),
        sa.Column("publish_public", sa.Boolean(), nullable=False),
        sa.Column("recorded_by", sa.String(length=255), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("kind IN ('plan', 'conditions', 'other')", name=op.f("ck_issued_document_kind")),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_issued_document_programme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issued_document")),
        sa.UniqueConstraint("programme_id", "doc_no", name=op.f("uq_issued_document_programme_id_doc_no")),
    )
    op.create_index(op.f("ix_issued_document_programme_id"), "issued_document", ["programme_id"], unique=False)
    op.create_table(
        "programme_phase",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("programme_id", sa.String(length=36), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=400), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("tasks", sa.JSON(), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("wait_until", UtcDateTime(), nullable=True),
        sa.Column("opened_at", UtcDateTime(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("late_reason", sa.Text(), nullable=True),
        sa.Column("late_by", sa.String(length=255), nullable=True),
        sa.CheckConstraint(
            "(late_reason IS NULL AND late_by IS NULL) OR (late_reason IS NOT NULL AND late_by IS NOT NULL)",
            name=op.f("ck_programme_phase_late"),
        ),
        sa.CheckConstraint(
            "closed_at IS NULL OR (opened_at IS NOT NULL AND closed_at >= opened_at)",
            name=op.f("ck_programme_phase_closed"),
        ),
        sa.CheckConstraint("due_at > starts_at", name=op.f("ck_programme_phase_due")),
        sa.CheckConstraint("no IN (1, 2, 3)", name=op.f("ck_programme_phase_no")),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_programme_phase_programme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programme_phase")),
        sa.UniqueConstraint("programme_id", "no", name=op.f("uq_programme_phase_programme_id_no")),
    )
    op.create_table(
        "programme_report",
        sa.Column("programme_id", sa.String(length=36), nullable=False),
        sa.Column("achievements", sa.Text(), nullable=False),
        sa.Column("problems", sa.Text(), nullable=False),
        sa.Column("countermeasures", sa.Text(), nullable=False),
        sa.Column("stats", sa.JSON(), nullable=False),
        sa.Column("file", sa.JSON(), nullable=False),
        sa.Column("written_by", sa.String(length=255), nullable=False),
        sa.Column("written_at", UtcDateTime(), nullable=False),
        sa.Column("return_reason", sa.Text(), nullable=True),
        sa.Column("accepted_by", sa.String(length=255), nullable=True),
        sa.Column("accepted_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "(accepted_by IS NULL AND accepted_at IS NULL) OR (accepted_by IS NOT NULL AND accepted_at IS NOT NULL)",
            name=op.f("ck_programme_report_accepted"),
        ),
        sa.CheckConstraint(
            "length(problems) >= 100 AND length(countermeasures) >= 100", name=op.f("ck_programme_report_length")
        ),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_programme_report_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", name=op.f("pk_programme_report")),
    )
    op.create_table(
        "programme_stream",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("programme_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("region_code", sa.String(length=255), nullable=False),
        sa.Column("responsible", sa.String(length=400), nullable=False),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("length(responsible) > 0", name=op.f("ck_programme_stream_responsible")),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_programme_stream_programme_id")),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"], name=op.f("fk_programme_stream_region_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programme_stream")),
        sa.UniqueConstraint("programme_id", "position", name=op.f("uq_programme_stream_programme_id_position")),
        sa.UniqueConstraint("programme_id", "region_code", name=op.f("uq_programme_stream_programme_id_region_code")),
    )
    op.create_table(
        "escalation",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("stream_id", sa.String(length=36), nullable=False),
        sa.Column("phase_no", sa.Integer(), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "level IN ('remind', 'remind_lead', 'overdue', 'archives_bureau', 'provincial_hrss')",
            name=op.f("ck_escalation_level"),
        ),
        sa.CheckConstraint("phase_no IN (1, 2, 3)", name=op.f("ck_escalation_no")),
        sa.ForeignKeyConstraint(["stream_id"], ["programme_stream.id"], name=op.f("fk_escalation_stream_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalation")),
        sa.UniqueConstraint(
            "stream_id", "phase_no", "level", "due_at", name=op.f("uq_escalation_stream_id_phase_no_level_due_at")
        ),
    )
    op.create_table(
        "feedback",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("stream_id", sa.String(length=36), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("category", sa.String(length=16), nullable=False),
        sa.Column("issue", sa.Text(), nullable=False),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.String(length=255), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "category IN ('policy', 'procedure', 'conditions', 'posts', 'other')", name=op.f("ck_feedback_category")
        ),
        sa.CheckConstraint("source IN ('staff', 'unit', 'public')", name=op.f("ck_feedback_source")),
        sa.ForeignKeyConstraint(["stream_id"], ["programme_stream.id"], name=op.f("fk_feedback_stream_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
    )
    op.create_index(op.f("ix_feedback_stream_id"), "feedback", ["stream_id"], unique=False)
    op.create_table(
        "policy_briefing",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("stream_id", sa.String(length=36), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column("reached", sa.Integer(), nullable=True),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("recorded_by", sa.String(length=255), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "channel IN ('website', 'wechat', 'training', 'lecture', 'printed', 'broadcast', 'bilingual')",
            name=op.f("ck_policy_briefing_channel"),
        ),
        sa.CheckConstraint("reached IS NULL OR reached >= 0", name=op.f("ck_policy_briefing_reached")),
        sa.ForeignKeyConstraint(["stream_id"], ["programme_stream.id"], name=op.f("fk_policy_briefing_stream_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_briefing")),
    )
    op.create_index(op.f("ix_policy_briefing_stream_id"), "policy_briefing", ["stream_id"], unique=False)
    op.create_table(
        "region_report",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("stream_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("reported_by", sa.String(length=255), nullable=False),
        sa.Column("reported_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("kind IN ('quota', 'appointment')", name=op.f("ck_region_report_kind")),
        sa.ForeignKeyConstraint(["stream_id"], ["programme_stream.id"], name=op.f("fk_region_report_stream_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_region_report")),
        sa.UniqueConstraint("stream_id", "kind", name=op.f("uq_region_report_stream_id_kind")),
    )
    op.create_table(
        "stream_phase",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("stream_id", sa.String(length=36), nullable=False),
        sa.Column("phase_no", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "(status IN ('done', 'waived')) = (ended_at IS NOT NULL)", name=op.f("ck_stream_phase_ended")
        ),
        sa.CheckConstraint("status IN ('pending', 'running', 'done', 'waived')", name=op.f("ck_stream_phase_status")),
        sa.CheckConstraint(
            "status NOT IN ('running', 'done') OR started_at IS NOT NULL", name=op.f("ck_stream_phase_started")
        ),
        sa.CheckConstraint("phase_no IN (1, 2, 3)", name=op.f("ck_stream_phase_no")),
        sa.ForeignKeyConstraint(["stream_id"], ["programme_stream.id"], name=op.f("fk_stream_phase_stream_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stream_phase")),
        sa.UniqueConstraint("stream_id", "phase_no", name=op.f("uq_stream_phase_stream_id_phase_no")),
    )
    op.create_table(
        "summary_report",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("stream_id", sa.String(length=36), nullable=False),
        sa.Column("done", sa.Text(), nullable=False),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("suggestions", sa.Text(), nullable=True),
        sa.Column("stats", sa.JSON(), nullable=False),
        sa.Column("file", sa.JSON(), nullable=False),
        sa.Column("written_by", sa.String(length=255), nullable=False),
        sa.Column("written_at", UtcDateTime(), nullable=False),
        sa.Column("sent_by", sa.String(length=255), nullable=True),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "(sent_by IS NULL AND sent_at IS NULL) OR (sent_by IS NOT NULL AND sent_at IS NOT NULL)",
            name=op.f("ck_summary_report_sent"),
        ),
        sa.ForeignKeyConstraint(["stream_id"], ["programme_stream.id"], name=op.f("fk_summary_report_stream_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_summary_report")),
        sa.UniqueConstraint("stream_id", name=op.f("uq_summary_report_stream_id")),
    )
    op.create_table(
        "unit_verification",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("stream_id", sa.String(length=36), nullable=False),
        sa.Column("unit_code", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("instance_id", sa.String(length=36), nullable=True),
        sa.Column("declared", sa.JSON(), nullable=True),
        sa.Column("special_posts", sa.Integer(), nullable=False),
        sa.Column("approval_doc", sa.JSON(), nullable=False),
        sa.Column("returns", sa.Integer(), nullable=False),
        sa.Column("verified_by", sa.String(length=255), nullable=True),
        sa.Column("notice_id", sa.String(length=36), nullable=True),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "(status IN ('verified', 'no_posts', 'waived')) = (settled_at IS NOT NULL)",
            name=op.f("ck_unit_verification_settled"),
        ),
        sa.CheckConstraint(
            "status IN ('declaring', 'verifying', 'publicising', 'verified', 'no_posts', 'waived')",
            name=op.f("ck_unit_verification_status"),
        ),
        sa.CheckConstraint("returns >= 0 AND special_posts >= 0", name=op.f("ck_unit_verification_counts")),
        sa.ForeignKeyConstraint(["stream_id"], ["programme_stream.id"], name=op.f("fk_unit_verification_stream_id")),
        sa.ForeignKeyConstraint(["unit_code"], ["unit.code"], name=op.f("fk_unit_verification_unit_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_verification")),
        sa.UniqueConstraint("stream_id", "unit_code", name=op.f("uq_unit_verification_stream_id_unit_code")),
    )
    op.create_table(
        "waiver",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("stream_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("units", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("wait_until", UtcDateTime(), nullable=True),
        sa.Column("decided_by", sa.String(length=255), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("(kind = 'stream') = (wait_until IS NULL)", name=op.f("ck_waiver_wait")),
        sa.CheckConstraint("kind IN ('wait', 'units', 'stream')", name=op.f("ck_waiver_kind")),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_waiver_reason")),
        sa.ForeignKeyConstraint(["stream_id"], ["programme_stream.id"], name=op.f("fk_waiver_stream_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiver")),
    )
    op.create_index(op.f("ix_waiver_stream_id"), "waiver", ["stream_id"], unique=False)
    op.create_index(
        "uq_waiver_stream",
        "waiver",
        ["stream_id"],
        unique=True,
        sqlite_where=sa.text("kind = 'stream'"),
        postgresql_where=sa.text("kind = 'stream'"),
    )
    op.create_table(
        "summary_receipt",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("summary_id", sa.String(length=36), nullable=False),
        sa.Column("recipient", sa.String(length=16), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=False),
        sa.Column("received_by", sa.String(length=255), nullable=True),
        sa.Column("received_at", UtcDateTime(), nullable=True),
        sa.Column("return_reason", sa.Text(), nullable=True),
        sa.Column("returns", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "recipient IN ('archives_bureau', 'provincial_hrss')", name=op.f("ck_summary_receipt_recipient")
        ),
        sa.CheckConstraint(
            "(received_by IS NULL AND received_at IS NULL) OR (received_by IS NOT NULL AND received_at IS NOT NULL)",
            name=op.f("ck_summary_receipt_received"),
        ),
        sa.ForeignKeyConstraint(["summary_id"], ["summary_report.id"], name=op.f("fk_summary_receipt_summary_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_summary_receipt")),
        sa.UniqueConstraint("summary_id", "recipient", name=op.f("uq_summary_receipt_summary_id_recipient")),
    )
