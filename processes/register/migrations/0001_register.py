"""The register's tables

Revision: office_0001, after nothing
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.metadata import UtcDateTime

revision = "office_0001"
down_revision = None
branch_labels = ("office",)
depends_on = "engine_0001"


def upgrade() -> None:
    op.create_table(
        "certificate_serial",
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_certificate_serial")),
    )
    op.create_table(
        "committee",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("code", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=400), nullable=False),
        sa.Column("series", sa.String(length=255), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("basis", sa.String(length=16), nullable=False),
        sa.Column("organizer", sa.String(length=400), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("min_size_waiver_doc", sa.Text(), nullable=True),
        sa.Column("scope_titles", sa.JSON(), nullable=False),
        sa.Column("filing_no", sa.String(length=255), nullable=False),
        sa.Column("filed_on", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("basis IN ('series', 'specialty')", name=op.f("ck_committee_basis")),
        sa.CheckConstraint("level IN ('senior', 'intermediate', 'junior')", name=op.f("ck_committee_level")),
        sa.CheckConstraint("size > 0 AND size % 2 = 1", name=op.f("ck_committee_odd")),
        sa.CheckConstraint("valid_until > filed_on", name=op.f("ck_committee_filing")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_committee")),
        sa.UniqueConstraint("code", name=op.f("uq_committee_code")),
        sa.UniqueConstraint("filing_no", name=op.f("uq_committee_filing_no")),
    )
    op.create_table(
        "confirmation",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("doc_no", sa.String(length=400), nullable=False),
        sa.Column("confirmed_on", sa.Date(), nullable=False),
        sa.Column("confirmed_by", sa.String(length=255), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_confirmation")),
        sa.UniqueConstraint("doc_no", name=op.f("uq_confirmation_doc_no")),
    )
    op.create_table(
        "policy_parameter",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("effective_from", UtcDateTime(), nullable=False),
        sa.Column("source_doc", sa.Text(), nullable=False),
        sa.Column("set_by", sa.String(length=255), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("length(source_doc) > 0", name=op.f("ck_policy_parameter_has_source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_parameter")),
        sa.UniqueConstraint("name", "effective_from", name=op.f("uq_policy_parameter_name_effective_from")),
    )
    op.create_table(
        "publicity_notice",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("publisher_group", sa.String(length=255), nullable=False),
        sa.Column("publisher_scope", sa.String(length=255), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("title", sa.String(length=400), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("contact_phone", sa.String(length=255), nullable=False),
        sa.Column("contact_email", sa.String(length=255), nullable=False),
        sa.Column("board_photo", sa.JSON(), nullable=False),
        sa.Column("min_workdays", sa.Integer(), nullable=False),
        sa.Column("instance_id", sa.String(length=36), nullable=False),
        sa.Column("prepared_by", sa.String(length=255), nullable=True),
        sa.Column("approved_by", sa.String(length=255), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=True),
        sa.Column("published_at", UtcDateTime(), nullable=True),
        sa.Column("closes_at", UtcDateTime(), nullable=True),
        sa.Column("first_day_counts", sa.Boolean(), nullable=True),
        sa.Column("close_time", sa.String(length=5), nullable=True),
        sa.Column("calendar_version", sa.Integer(), nullable=True),
        sa.Column("closed_effective_at", UtcDateTime(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("recalled_at", UtcDateTime(), nullable=True),
        sa.Column("recall_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(status = 'closed' AND closed_effective_at IS NOT NULL AND closed_at >= closed_effective_at) OR (status <> 'closed' AND closed_effective_at IS NULL AND closed_at IS NULL)",
            name=op.f("ck_publicity_notice_closed"),
        ),
        sa.CheckConstraint(
            "(status = 'recalled') = (recalled_at IS NOT NULL)", name=op.f("ck_publicity_notice_recalled")
        ),
        sa.CheckConstraint(
            "kind IN ('quota', 'recommendation', 'works', 'result', 'appointment')",
            name=op.f("ck_publicity_notice_kind"),
        ),
        sa.CheckConstraint("scope IN ('unit', 'province')", name=op.f("ck_publicity_notice_scope")),
        sa.CheckConstraint(
            "status = 'draft' OR (content_hash IS NOT NULL AND published_at IS NOT NULL AND closes_at IS NOT NULL AND calendar_version IS NOT NULL AND approved_by IS NOT NULL)",
            name=op.f("ck_publicity_notice_published"),
        ),
        sa.CheckConstraint(
            "status IN ('draft', 'published', 'closed', 'recalled')", name=op.f("ck_publicity_notice_status")
        ),
        sa.CheckConstraint(
            "(recalled_at IS NULL AND recall_reason IS NULL) OR (recalled_at IS NOT NULL AND recall_reason IS NOT NULL)",
            name=op.f("ck_publicity_notice_recall"),
        ),
        sa.CheckConstraint(
            "approved_by IS NULL OR approved_by <> prepared_by", name=op.f("ck_publicity_notice_four_eyes")
        ),
        sa.CheckConstraint("closes_at IS NULL OR closes_at > published_at", name=op.f("ck_publicity_notice_window")),
        sa.CheckConstraint("min_workdays >= 5", name=op.f("ck_publicity_notice_floor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publicity_notice")),
    )
    with op.batch_alter_table("publicity_notice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_publicity_notice_instance_id"), ["instance_id"], unique=False)
        batch_op.create_index("ix_publicity_notice_status_closes", ["status", "closes_at"], unique=False)

    op.create_table(
        "region",
        sa.Column("code", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=400), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.CheckConstraint(
            "kind IN ('prefecture', 'provincial_direct', 'central_in_qinghai')", name=op.f("ck_region_kind")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_region")),
    )
    op.create_table(
        "review_cycle",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=400), nullable=False),
        sa.Column("apply_from", sa.Date(), nullable=False),
        sa.Column("apply_to", sa.Date(), nullable=False),
        sa.Column("cutoff_date", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.CheckConstraint("status IN ('open', 'cancelled', 'closed')", name=op.f("ck_review_cycle_status")),
        sa.CheckConstraint("apply_to >= apply_from", name=op.f("ck_review_cycle_window")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_cycle")),
        sa.UniqueConstraint("year", name=op.f("uq_review_cycle_year")),
    )
    op.create_table(
        "rule_set",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("code", sa.String(length=255), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("scope", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("effective_from", UtcDateTime(), nullable=False),
        sa.Column("effective_to", UtcDateTime(), nullable=True),
        sa.Column("source_doc", sa.Text(), nullable=False),
        sa.Column("rows", sa.JSON(), nullable=False),
        sa.Column("signed_archives", sa.String(length=255), nullable=True),
        sa.Column("signed_hrss", sa.String(length=255), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "status = 'draft' OR (signed_archives IS NOT NULL AND signed_hrss IS NOT NULL AND signed_archives <> signed_hrss)",
            name=op.f("ck_rule_set_signed_by_both"),
        ),
        sa.CheckConstraint("status IN ('draft', 'active', 'retired')", name=op.f("ck_rule_set_status")),
        sa.CheckConstraint("effective_to IS NULL OR effective_to > effective_from", name=op.f("ck_rule_set_period")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_set")),
        sa.UniqueConstraint("code", "scope", "version", name=op.f("uq_rule_set_code_scope_version")),
    )
    op.create_table(
        "work_calendar",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("source_doc", sa.Text(), nullable=False),
        sa.Column("rest", sa.JSON(), nullable=False),
        sa.Column("work", sa.JSON(), nullable=False),
        sa.Column("imported_by", sa.String(length=255), nullable=False),
        sa.Column("imported_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("status IN ('official', 'provisional')", name=op.f("ck_work_calendar_status")),
        sa.CheckConstraint("length(source_doc) > 0", name=op.f("ck_work_calendar_has_source")),
        sa.CheckConstraint("version > 1", name=op.f("ck_work_calendar_after_the_shipped")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_calendar")),
        sa.UniqueConstraint("version", name=op.f("uq_work_calendar_version")),
    )
    with op.batch_alter_table("work_calendar", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_work_calendar_year"), ["year"], unique=False)

    op.create_table(
        "notice_window",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("notice_id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("closes_at", UtcDateTime(), nullable=False),
        sa.Column("computed_at", UtcDateTime(), nullable=True),
        sa.Column("cause", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("calendar_version", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(length=255), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "cause IN ('published', 'extended', 'calendar', 'outage')", name=op.f("ck_notice_window_cause")
        ),
        sa.ForeignKeyConstraint(["notice_id"], ["publicity_notice.id"], name=op.f("fk_notice_window_notice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_window")),
        sa.UniqueConstraint("notice_id", "seq", name=op.f("uq_notice_window_notice_id_seq")),
    )
    op.create_table(
        "review_meeting",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("committee_id", sa.String(length=36), nullable=False),
        sa.Column("instance_id", sa.String(length=36), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("place", sa.String(length=400), nullable=False),
        sa.Column("mode", sa.String(length=16), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("attended", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("announced_by", sa.String(length=255), nullable=True),
        sa.Column("announced_at", UtcDateTime(), nullable=True),
        sa.Column("announced_as", sa.String(length=400), nullable=True),
        sa.Column("seal_file", sa.JSON(), nullable=False),
        sa.Column("minutes", sa.Text(), nullable=True),
        sa.Column("irregularities", sa.Text(), nullable=True),
        sa.Column("minutes_by", sa.String(length=255), nullable=True),
        sa.Column("minutes_at", UtcDateTime(), nullable=True),
        sa.Column("supervised_by", sa.String(length=255), nullable=True),
        sa.Column("supervised_at", UtcDateTime(), nullable=True),
        sa.Column("sheet_hash", sa.String(length=64), nullable=True),
        sa.Column("sealed_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("mode IN ('onsite', 'online')", name=op.f("ck_review_meeting_mode")),
        sa.CheckConstraint(
            "status <> 'sealed' OR (announced_by IS NOT NULL AND minutes_by IS NOT NULL AND supervised_by IS NOT NULL AND sheet_hash IS NOT NULL)",
            name=op.f("ck_review_meeting_sealed_is_signed"),
        ),
        sa.CheckConstraint(
            "status IN ('planned', 'counting', 'decided', 'sealed')", name=op.f("ck_review_meeting_status")
        ),
        sa.CheckConstraint(
            "(announced_by IS NULL AND announced_at IS NULL AND announced_as IS NULL) OR (announced_by IS NOT NULL AND announced_at IS NOT NULL AND announced_as IS NOT NULL)",
            name=op.f("ck_review_meeting_announced"),
        ),
        sa.CheckConstraint(
            "(minutes IS NULL AND minutes_by IS NULL AND minutes_at IS NULL) OR (minutes IS NOT NULL AND minutes_by IS NOT NULL AND minutes_at IS NOT NULL)",
            name=op.f("ck_review_meeting_minutes"),
        ),
        sa.CheckConstraint(
            "(sheet_hash IS NULL AND sealed_at IS NULL) OR (sheet_hash IS NOT NULL AND sealed_at IS NOT NULL)",
            name=op.f("ck_review_meeting_seal"),
        ),
        sa.CheckConstraint(
            "(supervised_by IS NULL AND supervised_at IS NULL) OR (supervised_by IS NOT NULL AND supervised_at IS NOT NULL)",
            name=op.f("ck_review_meeting_supervised"),
        ),
        sa.CheckConstraint(
            "attended IS NULL OR (attended >= 0 AND attended <= size)", name=op.f("ck_review_meeting_attended")
        ),
        sa.CheckConstraint(
            "minutes_by IS NULL OR minutes_by <> announced_by", name=op.f("ck_review_meeting_recorder_is_not_chair")
        ),
        sa.CheckConstraint(
            "supervised_by IS NULL OR (supervised_by <> minutes_by AND supervised_by <> announced_by)",
            name=op.f("ck_review_meeting_supervisor_is_another"),
        ),
        sa.ForeignKeyConstraint(["committee_id"], ["committee.id"], name=op.f("fk_review_meeting_committee_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_meeting")),
        sa.UniqueConstraint("instance_id", name=op.f("uq_review_meeting_instance_id")),
    )
    op.create_table(
        "unit",
        sa.Column("code", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=400), nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=False),
        sa.Column("region_code", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("ownership", sa.String(length=16), nullable=False),
        sa.Column("post_managed", sa.Boolean(), nullable=False),
        sa.Column("civil_servant_law", sa.Boolean(), nullable=False),
        sa.Column("hardship", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('public_institution', 'enterprise', 'non_public', 'social_org', 'other', 'agency')",
            name=op.f("ck_unit_kind"),
        ),
        sa.CheckConstraint("ownership IN ('public', 'non_public')", name=op.f("ck_unit_ownership")),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"], name=op.f("fk_unit_region_code")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_unit")),
        sa.UniqueConstraint("uscc", name=op.f("uq_unit_uscc")),
    )
    with op.batch_alter_table("unit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_unit_region_code"), ["region_code"], unique=False)

    op.create_table(
        "person",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("account", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=400), nullable=False),
        sa.Column("id_no", sa.LargeBinary(), nullable=False),
        sa.Column("id_no_index", sa.String(length=64), nullable=False),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("born_on", sa.Date(), nullable=False),
        sa.Column("unit_code", sa.String(length=255), nullable=False),
        sa.Column("employed_from", sa.Date(), nullable=True),
        sa.Column("employed_until", sa.Date(), nullable=True),
        sa.Column("retired_on", sa.Date(), nullable=True),
        sa.Column("archives_work_from", sa.Date(), nullable=True),
        sa.Column("aid_from", sa.Date(), nullable=True),
        sa.Column("aid_to", sa.Date(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 64", name=op.f("ck_person_name")),
        sa.ForeignKeyConstraint(["unit_code"], ["unit.code"], name=op.f("fk_person_unit_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("account", name=op.f("uq_person_account")),
        sa.UniqueConstraint("id_no_index", name=op.f("uq_person_id_no_index")),
    )
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_person_unit_code"), ["unit_code"], unique=False)

    op.create_table(
        "post_quota",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("unit_code", sa.String(length=255), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("post_level", sa.String(length=16), nullable=False),
        sa.Column("approved", sa.Integer(), nullable=False),
        sa.Column("occupied", sa.Integer(), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False),
        sa.Column("special_occupied", sa.Integer(), nullable=False),
        sa.Column("approval_doc", sa.String(length=400), nullable=True),
        sa.Column("notice_closed_at", UtcDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "post_level IN ('full_senior', 'deputy_senior', 'intermediate', 'junior')",
            name=op.f("ck_post_quota_post_level"),
        ),
        sa.CheckConstraint(
            "approved >= 0 AND occupied >= 0 AND reserved >= 0 AND special_occupied >= 0",
            name=op.f("ck_post_quota_counts"),
        ),
        sa.CheckConstraint("reserved = 0 OR approved - occupied - reserved >= 0", name=op.f("ck_post_quota_vacant")),
        sa.ForeignKeyConstraint(["unit_code"], ["unit.code"], name=op.f("fk_post_quota_unit_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post_quota")),
        sa.UniqueConstraint("unit_code", "year", "post_level", name=op.f("uq_post_quota_unit_code_year_post_level")),
    )
    op.create_table(
        "annual_assessment",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("grade", sa.String(length=24), nullable=False),
        sa.CheckConstraint(
            "grade IN ('excellent', 'qualified', 'basically_qualified', 'unqualified', 'undetermined')",
            name=op.f("ck_annual_assessment_grade"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_annual_assessment_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annual_assessment")),
        sa.UniqueConstraint("person_id", "year", name=op.f("uq_annual_assessment_person_id_year")),
    )
    op.create_table(
        "application",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("cycle_id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("instance_id", sa.String(length=36), nullable=False),
        sa.Column("unit_code", sa.String(length=255), nullable=False),
        sa.Column("agent_unit", sa.String(length=255), nullable=True),
        sa.Column("region_code", sa.String(length=255), nullable=False),
        sa.Column("appointment_mode", sa.String(length=16), nullable=False),
        sa.Column("cutoff_date", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("target_title", sa.String(length=40), nullable=True),
        sa.Column("track", sa.String(length=8), nullable=True),
        sa.Column("channel", sa.String(length=32), nullable=True),
        sa.Column("channel_evidence", sa.JSON(), nullable=False),
        sa.Column("identity_status", sa.String(length=24), nullable=True),
        sa.Column("prior_title", sa.String(length=40), nullable=True),
        sa.Column("prior_title_date", sa.Date(), nullable=True),
        sa.Column("archives_work_from", sa.Date(), nullable=True),
        sa.Column("work_summary", sa.Text(), nullable=True),
        sa.Column("no_assessment_statement", sa.Text(), nullable=True),
        sa.Column("quota_exempt", sa.Boolean(), nullable=False),
        sa.Column("eligible", sa.Boolean(), nullable=True),
        sa.Column("interview_required", sa.Boolean(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("basis", sa.JSON(), nullable=True),
        sa.Column("confirmed_by", sa.String(length=255), nullable=True),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("submitted_at", UtcDateTime(), nullable=True),
        sa.Column("result_public_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "appointment_mode IN ('integrated', 'separate')", name=op.f("ck_application_appointment_mode")
        ),
        sa.CheckConstraint(
            "channel IN ('normal', 'exceptional', 'introduced_high_level', 'urgently_needed', 'aid_qinghai', 'hardship_grassroots', 'high_education_recognition')",
            name=op.f("ck_application_channel"),
        ),
        sa.CheckConstraint(
            "identity_status IN ('public_institution', 'enterprise', 'non_public', 'social_org', 'freelance', 'civil_servant', 'teacher', 'retired')",
            name=op.f("ck_application_identity_status"),
        ),
        sa.CheckConstraint(
            "prior_title IN ('archives_clerk', 'assistant_archivist', 'archivist', 'associate_research_archivist', 'research_archivist')",
            name=op.f("ck_application_prior_title"),
        ),
        sa.CheckConstraint(
            "status IN ('draft', 'submitted_to_unit', 'unit_review', 'unit_publicity', 'unit_objection_hold', 'recommended', 'material_review', 'correction_pending', 'accepted', 'work_audit', 'queued_for_meeting', 'in_meeting', 'deferred_no_quorum', 'voted_passed', 'result_publicity', 'result_objection_hold', 'confirmed', 'certified', 'appointed', 'certified_not_appointed', 'expired_draft', 'ineligible', 'withdrawn', 'quota_rejected', 'unit_not_recommended', 'not_endorsed', 'material_rejected', 'deemed_withdrawn', 'work_audit_failed', 'voted_failed', 'disqualified', 'revoked')",
            name=op.f("ck_application_status"),
        ),
        sa.CheckConstraint(
            "target_title IN ('archives_clerk', 'assistant_archivist', 'archivist', 'associate_research_archivist', 'research_archivist')",
            name=op.f("ck_application_target_title"),
        ),
        sa.CheckConstraint("track IN ('artisan', 'academic')", name=op.f("ck_application_track")),
        sa.CheckConstraint(
            "(confirmed_by IS NULL AND confirmed_at IS NULL) OR (confirmed_by IS NOT NULL AND confirmed_at IS NOT NULL)",
            name=op.f("ck_application_confirmed"),
        ),
        sa.CheckConstraint(
            "submitted_at IS NULL OR (target_title IS NOT NULL AND track IS NOT NULL AND channel IS NOT NULL AND identity_status IS NOT NULL)",
            name=op.f("ck_application_submitted"),
        ),
        sa.ForeignKeyConstraint(["cycle_id"], ["review_cycle.id"], name=op.f("fk_application_cycle_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_application_person_id")),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"], name=op.f("fk_application_region_code")),
        sa.ForeignKeyConstraint(["unit_code"], ["unit.code"], name=op.f("fk_application_unit_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application")),
        sa.UniqueConstraint("instance_id", name=op.f("uq_application_instance_id")),
    )
    with op.batch_alter_table("application", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_application_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_application_region_code"), ["region_code"], unique=False)
        batch_op.create_index(batch_op.f("ix_application_status"), ["status"], unique=False)
        batch_op.create_index(batch_op.f("ix_application_unit_code"), ["unit_code"], unique=False)
        batch_op.create_index(
            "uq_application_cycle_person",
            ["cycle_id", "person_id"],
            unique=True,
            sqlite_where=sa.text("(status NOT IN ('expired_draft', 'ineligible', 'withdrawn'))"),
            postgresql_where=sa.text("(status NOT IN ('expired_draft', 'ineligible', 'withdrawn'))"),
        )

    op.create_table(
        "education_record",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("level", sa.String(length=24), nullable=False),
        sa.Column("school", sa.String(length=400), nullable=False),
        sa.Column("major", sa.String(length=400), nullable=True),
        sa.Column("graduated_on", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "level IN ('high_school_equiv', 'junior_college', 'bachelor', 'master', 'doctor')",
            name=op.f("ck_education_record_level"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_education_record_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_education_record")),
    )
    with op.batch_alter_table("education_record", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_education_record_person_id"), ["person_id"], unique=False)

    op.create_table(
        "sanction",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("doc_no", sa.String(length=400), nullable=True),
        sa.Column("facts", sa.String(length=400), nullable=True),
        sa.Column("law_basis", sa.String(length=400), nullable=True),
        sa.Column("recorded_by", sa.String(length=255), nullable=True),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('warning', 'demerit', 'downgrade', 'dismissal_from_post', 'integrity_bar')",
            name=op.f("ck_sanction_kind"),
        ),
        sa.CheckConstraint("until >= decided_on", name=op.f("ck_sanction_period")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_sanction_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sanction")),
    )
    with op.batch_alter_table("sanction", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sanction_person_id"), ["person_id"], unique=False)

    op.create_table(
        "title_record",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("title", sa.String(length=40), nullable=False),
        sa.Column("obtained_on", sa.Date(), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "source IN ('review', 'recognition', 'exam', 'confirmation')", name=op.f("ck_title_record_source")
        ),
        sa.CheckConstraint("status IN ('valid', 'revoked')", name=op.f("ck_title_record_status")),
        sa.CheckConstraint(
            "title IN ('archives_clerk', 'assistant_archivist', 'archivist', 'associate_research_archivist', 'research_archivist')",
            name=op.f("ck_title_record_title"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_title_record_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_title_record")),
    )
    with op.batch_alter_table("title_record", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_title_record_person_id"), ["person_id"], unique=False)

    op.create_table(
        "application_assessment",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("application_id", sa.String(length=36), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("grade", sa.String(length=24), nullable=False),
        sa.CheckConstraint(
            "grade IN ('excellent', 'qualified', 'basically_qualified', 'unqualified', 'undetermined')",
            name=op.f("ck_application_assessment_grade"),
        ),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_application_assessment_application_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application_assessment")),
        sa.UniqueConstraint("application_id", "year", name=op.f("uq_application_assessment_application_id_year")),
    )
    op.create_table(
        "application_education",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("application_id", sa.String(length=36), nullable=False),
        sa.Column("level", sa.String(length=24), nullable=False),
        sa.Column("school", sa.String(length=400), nullable=True),
        sa.Column("major", sa.String(length=400), nullable=True),
        sa.Column("graduated_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "level IN ('high_school_equiv', 'junior_college', 'bachelor', 'master', 'doctor')",
            name=op.f("ck_application_education_level"),
        ),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_application_education_application_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application_education")),
    )
    with op.batch_alter_table("application_education", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_application_education_application_id"), ["application_id"], unique=False)

    op.create_table(
        "application_status",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("application_id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=255), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status IN ('draft', 'submitted_to_unit', 'unit_review', 'unit_publicity', 'unit_objection_hold', 'recommended', 'material_review', 'correction_pending', 'accepted', 'work_audit', 'queued_for_meeting', 'in_meeting', 'deferred_no_quorum', 'voted_passed', 'result_publicity', 'result_objection_hold', 'confirmed', 'certified', 'appointed', 'certified_not_appointed', 'expired_draft', 'ineligible', 'withdrawn', 'quota_rejected', 'unit_not_recommended', 'not_endorsed', 'material_rejected', 'deemed_withdrawn', 'work_audit_failed', 'voted_failed', 'disqualified', 'revoked')",
            name=op.f("ck_application_status_status"),
        ),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_application_status_application_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application_status")),
        sa.UniqueConstraint("application_id", "seq", name=op.f("uq_application_status_application_id_seq")),
    )
    op.create_table(
        "appointment",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("application_id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("unit_code", sa.String(length=255), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("post_grade", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(length=16), nullable=False),
        sa.Column("contract_from", sa.Date(), nullable=False),
        sa.Column("contract_to", sa.Date(), nullable=False),
        sa.Column("salary_from", sa.Date(), nullable=True),
        sa.Column("use_special_post", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("appointed_by", sa.String(length=255), nullable=False),
        sa.Column("appointed_at", UtcDateTime(), nullable=False),
        sa.Column("filed_by", sa.String(length=255), nullable=True),
        sa.Column("filed_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("mode IN ('integrated', 'separate')", name=op.f("ck_appointment_mode")),
        sa.CheckConstraint(
            "status IN ('active', 'ended', 'downgraded', 'dismissed')", name=op.f("ck_appointment_status")
        ),
        sa.CheckConstraint(
            "(filed_by IS NULL AND filed_at IS NULL) OR (filed_by IS NOT NULL AND filed_at IS NOT NULL)",
            name=op.f("ck_appointment_filed"),
        ),
        sa.CheckConstraint("contract_to > contract_from", name=op.f("ck_appointment_contract")),
        sa.CheckConstraint("filed_by IS NULL OR filed_by <> appointed_by", name=op.f("ck_appointment_four_eyes")),
        sa.CheckConstraint("post_grade BETWEEN 1 AND 13", name=op.f("ck_appointment_grade")),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], name=op.f("fk_appointment_application_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_appointment_person_id")),
        sa.ForeignKeyConstraint(["unit_code"], ["unit.code"], name=op.f("fk_appointment_unit_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment")),
        sa.UniqueConstraint("application_id", name=op.f("uq_appointment_application_id")),
    )
    with op.batch_alter_table("appointment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_appointment_unit_code"), ["unit_code"], unique=False)
        batch_op.create_index(
            "uq_appointment_active",
            ["person_id", "unit_code"],
            unique=True,
            sqlite_where=sa.text("status = 'active'"),
            postgresql_where=sa.text("status = 'active'"),
        )

    op.create_table(
        "ballot_round",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("meeting_id", sa.String(length=36), nullable=False),
        sa.Column("application_id", sa.String(length=36), nullable=False),
        sa.Column("round_no", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("present", sa.Integer(), nullable=False),
        sa.Column("quorum_needed", sa.Integer(), nullable=False),
        sa.Column("yes", sa.Integer(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("abstain", sa.Integer(), nullable=False),
        sa.Column("result", sa.String(length=16), nullable=False),
        sa.Column("first_operator", sa.String(length=255), nullable=False),
        sa.Column("second_operator", sa.String(length=255), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.Column("void", sa.Boolean(), nullable=False),
        sa.Column("void_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "result <> 'passed' OR (3 * present >= 2 * size AND 3 * yes >= 2 * present)",
            name=op.f("ck_ballot_round_passed"),
        ),
        sa.CheckConstraint("result IN ('passed', 'failed', 'no_quorum')", name=op.f("ck_ballot_round_result")),
        sa.CheckConstraint(
            "yes + no + abstain = present OR (result = 'no_quorum' AND yes + no + abstain = 0)",
            name=op.f("ck_ballot_round_sum"),
        ),
        sa.CheckConstraint("first_operator <> second_operator", name=op.f("ck_ballot_round_two_operators")),
        sa.CheckConstraint(
            "present >= 0 AND present <= size AND yes >= 0 AND no >= 0 AND abstain >= 0",
            name=op.f("ck_ballot_round_counts"),
        ),
        sa.CheckConstraint("void = (void_reason IS NOT NULL)", name=op.f("ck_ballot_round_void")),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], name=op.f("fk_ballot_round_application_id")),
        sa.ForeignKeyConstraint(["meeting_id"], ["review_meeting.id"], name=op.f("fk_ballot_round_meeting_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ballot_round")),
        sa.UniqueConstraint(
            "meeting_id", "application_id", "round_no", name=op.f("uq_ballot_round_meeting_id_application_id_round_no")
        ),
    )
    with op.batch_alter_table("ballot_round", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ballot_round_application_id"), ["application_id"], unique=False)
        batch_op.create_index(
            "uq_ballot_round_standing",
            ["meeting_id", "application_id"],
            unique=True,
            sqlite_where=sa.text("void IS 0"),
            postgresql_where=sa.text("void IS false"),
        )

    op.create_table(
        "certificate",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("no", sa.String(length=255), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("application_id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("holder_name", sa.String(length=400), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("issued_by", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("revoked_on", sa.Date(), nullable=True),
        sa.CheckConstraint("(status = 'revoked') = (revoked_on IS NOT NULL)", name=op.f("ck_certificate_revoked")),
        sa.CheckConstraint("status IN ('valid', 'suspended', 'revoked')", name=op.f("ck_certificate_status")),
        sa.CheckConstraint("issued_on >= effective_on", name=op.f("ck_certificate_issued_after")),
        sa.CheckConstraint("length(code) = 32", name=op.f("ck_certificate_code")),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], name=op.f("fk_certificate_application_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_certificate_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate")),
        sa.UniqueConstraint("application_id", name=op.f("uq_certificate_application_id")),
        sa.UniqueConstraint("code", name=op.f("uq_certificate_code")),
        sa.UniqueConstraint("no", name=op.f("uq_certificate_no")),
    )
    with op.batch_alter_table("certificate", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_certificate_person_id"), ["person_id"], unique=False)
        batch_op.create_index(
            "uq_certificate_standing",
            ["person_id", "title"],
            unique=True,
            sqlite_where=sa.text("status != 'revoked'"),
            postgresql_where=sa.text("status != 'revoked'"),
        )

    op.create_table(
        "competition",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("application_id", sa.String(length=36), nullable=False),
        sa.Column("unit_code", sa.String(length=255), nullable=False),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.Column("terms", sa.Integer(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("qualified", sa.Boolean(), nullable=False),
        sa.Column("qualification_note", sa.Text(), nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("ranking", sa.Integer(), nullable=True),
        sa.Column("selected", sa.Boolean(), nullable=False),
        sa.Column("recorded_by", sa.String(length=255), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "NOT selected OR (qualified AND ranking IS NOT NULL AND ranking <= posts)",
            name=op.f("ck_competition_merit"),
        ),
        sa.CheckConstraint("posts >= 1", name=op.f("ck_competition_posts")),
        sa.CheckConstraint("qualified OR qualification_note IS NOT NULL", name=op.f("ck_competition_reason")),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], name=op.f("fk_competition_application_id")),
        sa.ForeignKeyConstraint(["unit_code"], ["unit.code"], name=op.f("fk_competition_unit_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_competition")),
    )
    with op.batch_alter_table("competition", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_competition_application_id"), ["application_id"], unique=False)

    op.create_table(
        "confirmation_item",
        sa.Column("application_id", sa.String(length=36), nullable=False),
        sa.Column("confirmation_id", sa.String(length=36), nullable=False),
        sa.Column("confirmed_by", sa.String(length=255), nullable=False),
        sa.Column("confirmed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_confirmation_item_application_id")
        ),
        sa.ForeignKeyConstraint(
            ["confirmation_id"], ["confirmation.id"], name=op.f("fk_confirmation_item_confirmation_id")
        ),
        sa.PrimaryKeyConstraint("application_id", name=op.f("pk_confirmation_item")),
    )
    with op.batch_alter_table("confirmation_item", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_confirmation_item_confirmation_id"), ["confirmation_id"], unique=False)

    op.create_table(
        "consent",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("application_id", sa.String(length=36), nullable=False),
        sa.Column("purpose", sa.String(length=24), nullable=False),
        sa.Column("text_hash", sa.String(length=64), nullable=False),
        sa.Column("given_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("purpose IN ('pipl')", name=op.f("ck_consent_purpose")),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], name=op.f("fk_consent_application_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consent_application_id"), ["application_id"], unique=False)

    op.create_table(
        "count_entry",
        sa.Column("meeting_id", sa.String(length=36), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("entry", sa.String(length=8), nullable=False),
        sa.Column("application_id", sa.String(length=36), nullable=False),
        sa.Column("operator", sa.String(length=255), nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.Column("present", sa.Integer(), nullable=False),
        sa.Column("yes", sa.Integer(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("abstain", sa.Integer(), nullable=False),
        sa.CheckConstraint("entry IN ('first', 'second')", name=op.f("ck_count_entry_entry")),
        sa.CheckConstraint(
            "present >= 0 AND yes >= 0 AND no >= 0 AND abstain >= 0", name=op.f("ck_count_entry_counts")
        ),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], name=op.f("fk_count_entry_application_id")),
        sa.ForeignKeyConstraint(["meeting_id"], ["review_meeting.id"], name=op.f("fk_count_entry_meeting_id")),
        sa.PrimaryKeyConstraint("meeting_id", "attempt", "entry", "application_id", name=op.f("pk_count_entry")),
    )
    op.create_table(
        "integrity_pledge",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("application_id", sa.String(length=36), nullable=False),
        sa.Column("subject", sa.String(length=16), nullable=False),
        sa.Column("account", sa.String(length=255), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_hash", sa.String(length=64), nullable=False),
        sa.Column("signed_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("subject IN ('candidate', 'unit')", name=op.f("ck_integrity_pledge_subject")),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_integrity_pledge_application_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integrity_pledge")),
    )
    with op.batch_alter_table("integrity_pledge", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_integrity_pledge_application_id"), ["application_id"], unique=False)

    op.create_table(
        "meeting_candidate",
        sa.Column("meeting_id", sa.String(length=36), nullable=False),
        sa.Column("application_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_meeting_candidate_application_id")
        ),
        sa.ForeignKeyConstraint(["meeting_id"], ["review_meeting.id"], name=op.f("fk_meeting_candidate_meeting_id")),
        sa.PrimaryKeyConstraint("meeting_id", "application_id", name=op.f("pk_meeting_candidate")),
        sa.UniqueConstraint("meeting_id", "position", name=op.f("uq_meeting_candidate_meeting_id_position")),
    )
    with op.batch_alter_table("meeting_candidate", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_meeting_candidate_application_id"), ["application_id"], unique=False)

    op.create_table(
        "performance_item",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("application_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("date", sa.Date(), nullable=True),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=400), nullable=True),
        sa.Column("effect", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_performance_item_application_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_performance_item")),
        sa.UniqueConstraint("application_id", "position", name=op.f("uq_performance_item_application_id_position")),
    )
    op.create_table(
        "publicity_item",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("notice_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("application_id", sa.String(length=36), nullable=False),
        sa.Column("shown", sa.JSON(), nullable=False),
        sa.Column("hold", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("outcome IN ('clear', 'upheld', 'withdrawn')", name=op.f("ck_publicity_item_outcome")),
        sa.CheckConstraint(
            "(outcome IS NULL AND settled_at IS NULL) OR (outcome IS NOT NULL AND settled_at IS NOT NULL)",
            name=op.f("ck_publicity_item_settled"),
        ),
        sa.CheckConstraint("outcome IS NULL OR NOT hold", name=op.f("ck_publicity_item_held_is_not_settled")),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], name=op.f("fk_publicity_item_application_id")),
        sa.ForeignKeyConstraint(["notice_id"], ["publicity_notice.id"], name=op.f("fk_publicity_item_notice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publicity_item")),
        sa.UniqueConstraint("notice_id", "application_id", name=op.f("uq_publicity_item_notice_id_application_id")),
        sa.UniqueConstraint("notice_id", "position", name=op.f("uq_publicity_item_notice_id_position")),
    )
    with op.batch_alter_table("publicity_item", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_publicity_item_application_id"), ["application_id"], unique=False)

    op.create_table(
        "quota_reservation",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("quota_id", sa.String(length=36), nullable=False),
        sa.Column("application_id", sa.String(length=36), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("reserved_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("(status = 'held') = (ended_at IS NULL)", name=op.f("ck_quota_reservation_ended")),
        sa.CheckConstraint("status IN ('held', 'released', 'filled')", name=op.f("ck_quota_reservation_status")),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_quota_reservation_application_id")
        ),
        sa.ForeignKeyConstraint(["quota_id"], ["post_quota.id"], name=op.f("fk_quota_reservation_quota_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quota_reservation")),
    )
    with op.batch_alter_table("quota_reservation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_quota_reservation_application_id"), ["application_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_quota_reservation_quota_id"), ["quota_id"], unique=False)
        batch_op.create_index(
            "uq_quota_reservation_held",
            ["application_id"],
            unique=True,
            sqlite_where=sa.text("status = 'held'"),
            postgresql_where=sa.text("status = 'held'"),
        )

    op.create_table(
        "recommendation",
        sa.Column("application_id", sa.String(length=36), nullable=False),
        sa.Column("authenticity", sa.String(length=16), nullable=True),
        sa.Column("checked_items", sa.JSON(), nullable=True),
        sa.Column("verified_by", sa.String(length=255), nullable=True),
        sa.Column("verified_at", UtcDateTime(), nullable=True),
        sa.Column("ethics", sa.String(length=8), nullable=True),
        sa.Column("ability", sa.Integer(), nullable=True),
        sa.Column("performance", sa.Integer(), nullable=True),
        sa.Column("agree", sa.Integer(), nullable=True),
        sa.Column("against", sa.Integer(), nullable=True),
        sa.Column("abstain", sa.Integer(), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("panel_opinion", sa.Text(), nullable=True),
        sa.Column("assessed_by", sa.String(length=255), nullable=True),
        sa.Column("assessed_at", UtcDateTime(), nullable=True),
        sa.Column("decision", sa.String(length=16), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.String(length=255), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("objection_summary", sa.Text(), nullable=True),
        sa.Column("seal_file", sa.JSON(), nullable=True),
        sa.Column("submitted_by", sa.String(length=255), nullable=True),
        sa.Column("submitted_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "(authenticity IS NULL AND verified_by IS NULL AND verified_at IS NULL) OR (authenticity IS NOT NULL AND verified_by IS NOT NULL AND verified_at IS NOT NULL)",
            name=op.f("ck_recommendation_verified"),
        ),
        sa.CheckConstraint(
            "(decision IS NULL AND decided_by IS NULL AND decided_at IS NULL) OR (decision IS NOT NULL AND decided_by IS NOT NULL AND decided_at IS NOT NULL)",
            name=op.f("ck_recommendation_decided"),
        ),
        sa.CheckConstraint(
            "(ethics IS NULL AND assessed_by IS NULL AND assessed_at IS NULL) OR (ethics IS NOT NULL AND assessed_by IS NOT NULL AND assessed_at IS NOT NULL)",
            name=op.f("ck_recommendation_assessed"),
        ),
        sa.CheckConstraint(
            "(seal_file IS NULL AND submitted_by IS NULL AND submitted_at IS NULL) OR (seal_file IS NOT NULL AND submitted_by IS NOT NULL AND submitted_at IS NOT NULL)",
            name=op.f("ck_recommendation_submitted"),
        ),
        sa.CheckConstraint(
            "ability BETWEEN 0 AND 100 AND performance BETWEEN 0 AND 100", name=op.f("ck_recommendation_scores")
        ),
        sa.CheckConstraint("decided_by IS NULL OR decided_by <> verified_by", name=op.f("ck_recommendation_four_eyes")),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], name=op.f("fk_recommendation_application_id")),
        sa.PrimaryKeyConstraint("application_id", name=op.f("pk_recommendation")),
    )
    op.create_table(
        "recusal_request",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("application_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=400), nullable=False),
        sa.Column("unit", sa.String(length=400), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], name=op.f("fk_recusal_request_application_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recusal_request")),
    )
    with op.batch_alter_table("recusal_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recusal_request_application_id"), ["application_id"], unique=False)

    op.create_table(
        "representative_work",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("application_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("title", sa.String(length=400), nullable=False),
        sa.Column("role", sa.String(length=400), nullable=True),
        sa.Column("date", sa.Date(), nullable=True),
        sa.Column("abstract", sa.Text(), nullable=True),
        sa.Column("file", sa.JSON(), nullable=False),
        sa.Column("confidential", sa.Boolean(), nullable=False),
        sa.Column("audit_result", sa.String(length=16), nullable=True),
        sa.Column("audit_comment", sa.Text(), nullable=True),
        sa.CheckConstraint("audit_result IN ('ok', 'removed')", name=op.f("ck_representative_work_audit_result")),
        sa.CheckConstraint(
            "kind IN ('standard', 'restoration', 'creative_product', 'patent', 'technical_plan', 'research_report', 'paper', 'monograph', 'project', 'compilation', 'other')",
            name=op.f("ck_representative_work_kind"),
        ),
        sa.CheckConstraint("length(abstract) <= 500", name=op.f("ck_representative_work_abstract")),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_representative_work_application_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_representative_work")),
        sa.UniqueConstraint("application_id", "position", name=op.f("uq_representative_work_application_id_position")),
    )


def downgrade() -> None:
    op.drop_table("representative_work")
    with op.batch_alter_table("recusal_request", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_recusal_request_application_id"))

    op.drop_table("recusal_request")
    op.drop_table("recommendation")
    with op.batch_alter_table("quota_reservation", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_quota_reservation_held",
            sqlite_where=sa.text("status = 'held'"),
            postgresql_where=sa.text("status = 'held'"),
        )
        batch_op.drop_index(batch_op.f("ix_quota_reservation_quota_id"))
        batch_op.drop_index(batch_op.f("ix_quota_reservation_application_id"))

    op.drop_table("quota_reservation")
    with op.batch_alter_table("publicity_item", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_publicity_item_application_id"))

    op.drop_table("publicity_item")
    op.drop_table("performance_item")
    with op.batch_alter_table("meeting_candidate", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_meeting_candidate_application_id"))

    op.drop_table("meeting_candidate")
    with op.batch_alter_table("integrity_pledge", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_integrity_pledge_application_id"))

    op.drop_table("integrity_pledge")
    op.drop_table("count_entry")
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_consent_application_id"))

    op.drop_table("consent")
    with op.batch_alter_table("confirmation_item", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_confirmation_item_confirmation_id"))

    op.drop_table("confirmation_item")
    with op.batch_alter_table("competition", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_competition_application_id"))

    op.drop_table("competition")
    with op.batch_alter_table("certificate", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_certificate_standing",
            sqlite_where=sa.text("status != 'revoked'"),
            postgresql_where=sa.text("status != 'revoked'"),
        )
        batch_op.drop_index(batch_op.f("ix_certificate_person_id"))

    op.drop_table("certificate")
    with op.batch_alter_table("ballot_round", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_ballot_round_standing", sqlite_where=sa.text("void IS 0"), postgresql_where=sa.text("void IS false")
        )
        batch_op.drop_index(batch_op.f("ix_ballot_round_application_id"))

    op.drop_table("ballot_round")
    with op.batch_alter_table("appointment", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_appointment_active",
            sqlite_where=sa.text("status = 'active'"),
            postgresql_where=sa.text("status = 'active'"),
        )
        batch_op.drop_index(batch_op.f("ix_appointment_unit_code"))

    op.drop_table("appointment")
    op.drop_table("application_status")
    with op.batch_alter_table("application_education", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_application_education_application_id"))

    op.drop_table("application_education")
    op.drop_table("application_assessment")
    with op.batch_alter_table("title_record", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_title_record_person_id"))

    op.drop_table("title_record")
    with op.batch_alter_table("sanction", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sanction_person_id"))

    op.drop_table("sanction")
    with op.batch_alter_table("education_record", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_education_record_person_id"))

    op.drop_table("education_record")
    with op.batch_alter_table("application", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_application_cycle_person",
            sqlite_where=sa.text("(status NOT IN ('expired_draft', 'ineligible', 'withdrawn'))"),
            postgresql_where=sa.text("(status NOT IN ('expired_draft', 'ineligible', 'withdrawn'))"),
        )
        batch_op.drop_index(batch_op.f("ix_application_unit_code"))
        batch_op.drop_index(batch_op.f("ix_application_status"))
        batch_op.drop_index(batch_op.f("ix_application_region_code"))
        batch_op.drop_index(batch_op.f("ix_application_person_id"))

    op.drop_table("application")
    op.drop_table("annual_assessment")
    op.drop_table("post_quota")
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_person_unit_code"))

    op.drop_table("person")
    with op.batch_alter_table("unit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_unit_region_code"))

    op.drop_table("unit")
    op.drop_table("review_meeting")
    op.drop_table("notice_window")
    with op.batch_alter_table("work_calendar", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_work_calendar_year"))

    op.drop_table("work_calendar")
    op.drop_table("rule_set")
    op.drop_table("review_cycle")
    op.drop_table("region")
    with op.batch_alter_table("publicity_notice", schema=None) as batch_op:
        batch_op.drop_index("ix_publicity_notice_status_closes")
        batch_op.drop_index(batch_op.f("ix_publicity_notice_instance_id"))

    op.drop_table("publicity_notice")
    op.drop_table("policy_parameter")
    op.drop_table("confirmation")
    op.drop_table("committee")
    op.drop_table("certificate_serial")
