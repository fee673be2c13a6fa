"""Experts, attendance, recusals, groups, opinions and ballots

Revision: office_0002, after office_0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.metadata import UtcDateTime

revision = "office_0002"
down_revision = "office_0001"
branch_labels = None
depends_on = None

KEPT = (
    *("id", "meeting_id", "application_id", "round_no", "size", "present", "quorum_needed", "yes", "no", "abstain"),
    *("result", "first_operator", "second_operator", "decided_at", "void", "void_reason"),
)
# What the new columns say of a round that two operators counted on paper before there was a box.
PAPER = {
    "how": "'paper'",
    "status": "'closed'",
    "closed_at": "decided_at",
    "recused": "0",
    "eligible": "yes + no + abstain",
    "voided_by": "CASE WHEN void_reason IS NULL THEN NULL ELSE first_operator END",
    "void_confirmed_by": "CASE WHEN void_reason IS NULL THEN NULL ELSE second_operator END",
    "voided_at": "CASE WHEN void_reason IS NULL THEN NULL ELSE decided_at END",
}


def upgrade() -> None:
    op.add_column(
        "review_meeting", sa.Column("recusal_counts_present", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("review_meeting", sa.Column("quorate_at", UtcDateTime(), nullable=True))
    _pool()
    _room()
    _rounds()
    _box()


def _rounds() -> None:
    """Its checks change, which SQLite cannot do in place: the rows stand aside while the table is made anew."""
    op.execute("CREATE TABLE ballot_round_kept AS SELECT * FROM ballot_round")
    op.drop_table("ballot_round")
    op.create_table(
        "ballot_round",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("meeting_id", sa.String(length=36), nullable=False),
        sa.Column("application_id", sa.String(length=36), nullable=False),
        sa.Column("round_no", sa.Integer(), nullable=False),
        sa.Column("how", sa.String(length=8), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=True),
        sa.Column("closes_at", UtcDateTime(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("present", sa.Integer(), nullable=False),
        sa.Column("recused", sa.Integer(), nullable=False),
        sa.Column("eligible", sa.Integer(), nullable=False),
        sa.Column("quorum_needed", sa.Integer(), nullable=False),
        sa.Column("yes", sa.Integer(), nullable=True),
        sa.Column("no", sa.Integer(), nullable=True),
        sa.Column("abstain", sa.Integer(), nullable=True),
        sa.Column("result", sa.String(length=16), nullable=True),
        sa.Column("first_operator", sa.String(length=255), nullable=True),
        sa.Column("second_operator", sa.String(length=255), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("void", sa.Boolean(), nullable=False),
        sa.Column("void_reason", sa.Text(), nullable=True),
        sa.Column("voided_by", sa.String(length=255), nullable=True),
        sa.Column("void_confirmed_by", sa.String(length=255), nullable=True),
        sa.Column("voided_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "(how = 'paper' AND first_operator IS NOT NULL AND second_operator IS NOT NULL AND first_operator <> second_operator) OR (how = 'box' AND first_operator IS NULL AND second_operator IS NULL)",
            name=op.f("ck_ballot_round_two_operators"),
        ),
        sa.CheckConstraint("(status = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_ballot_round_closed")),
        sa.CheckConstraint(
            "coalesce(result, '') IN ('no_quorum', 'deferred') OR how = 'paper' OR opened_at IS NOT NULL",
            name=op.f("ck_ballot_round_opened_first"),
        ),
        sa.CheckConstraint("how IN ('box', 'paper')", name=op.f("ck_ballot_round_how")),
        sa.CheckConstraint(
            "result <> 'passed' OR (3 * present >= 2 * size AND 3 * yes >= 2 * present)",
            name=op.f("ck_ballot_round_passed"),
        ),
        sa.CheckConstraint(
            "result IN ('passed', 'failed', 'no_quorum', 'deferred')", name=op.f("ck_ballot_round_result")
        ),
        sa.CheckConstraint("result IS NULL OR status = 'closed'", name=op.f("ck_ballot_round_decided_when_closed")),
        sa.CheckConstraint("status = 'closed' OR (how = 'box' AND NOT void)", name=op.f("ck_ballot_round_open")),
        sa.CheckConstraint("status IN ('open', 'closed')", name=op.f("ck_ballot_round_status")),
        sa.CheckConstraint(
            "yes IS NULL OR (coalesce(result, '') IN ('no_quorum', 'deferred') AND yes + no + abstain = 0) OR (how = 'paper' AND yes + no + abstain = eligible) OR (how = 'box' AND yes + no + abstain <= eligible)",
            name=op.f("ck_ballot_round_sum"),
        ),
        sa.CheckConstraint(
            "(opened_at IS NULL AND closes_at IS NULL) OR (opened_at IS NOT NULL AND closes_at IS NOT NULL)",
            name=op.f("ck_ballot_round_opened"),
        ),
        sa.CheckConstraint(
            "(result IS NULL AND decided_at IS NULL) OR (result IS NOT NULL AND decided_at IS NOT NULL)",
            name=op.f("ck_ballot_round_decided"),
        ),
        sa.CheckConstraint(
            "(void_reason IS NULL AND voided_by IS NULL AND void_confirmed_by IS NULL AND voided_at IS NULL) OR (void_reason IS NOT NULL AND voided_by IS NOT NULL AND void_confirmed_by IS NOT NULL AND voided_at IS NOT NULL)",
            name=op.f("ck_ballot_round_void_signed"),
        ),
        sa.CheckConstraint(
            "(yes IS NULL AND no IS NULL AND abstain IS NULL AND closed_at IS NULL) OR (yes IS NOT NULL AND no IS NOT NULL AND abstain IS NOT NULL AND closed_at IS NOT NULL)",
            name=op.f("ck_ballot_round_counted"),
        ),
        sa.CheckConstraint("closes_at > opened_at", name=op.f("ck_ballot_round_window")),
        sa.CheckConstraint(
            "present >= 0 AND present <= size AND yes >= 0 AND no >= 0 AND abstain >= 0",
            name=op.f("ck_ballot_round_counts"),
        ),
        sa.CheckConstraint(
            "recused >= 0 AND eligible >= 0 AND eligible <= present", name=op.f("ck_ballot_round_eligible")
        ),
        sa.CheckConstraint("void = (void_reason IS NOT NULL)", name=op.f("ck_ballot_round_void")),
        sa.CheckConstraint("voided_by <> void_confirmed_by", name=op.f("ck_ballot_round_void_two_persons")),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], name=op.f("fk_ballot_round_application_id")),
        sa.ForeignKeyConstraint(["meeting_id"], ["review_meeting.id"], name=op.f("fk_ballot_round_meeting_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ballot_round")),
        sa.UniqueConstraint(
            "meeting_id", "application_id", "round_no", name=op.f("uq_ballot_round_meeting_id_application_id_round_no")
        ),
    )
    op.create_index(op.f("ix_ballot_round_application_id"), "ballot_round", ["application_id"], unique=False)
    op.create_index(
        "uq_ballot_round_open",
        "ballot_round",
        ["meeting_id"],
        unique=True,
        sqlite_where=sa.text("status = 'open'"),
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_index(
        "uq_ballot_round_standing",
        "ballot_round",
        ["meeting_id", "application_id"],
        unique=True,
        sqlite_where=sa.text("void IS 0"),
        postgresql_where=sa.text("void IS false"),
    )

    columns, values = ", ".join((*KEPT, *PAPER)), ", ".join((*KEPT, *PAPER.values()))
    op.execute(f"INSERT INTO ballot_round ({columns}) SELECT {values} FROM ballot_round_kept")
    op.drop_table("ballot_round_kept")


def _pool() -> None:
    op.create_table(
        "expert",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("account", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=400), nullable=False),
        sa.Column("title", sa.String(length=40), nullable=False),
        sa.Column("unit_name", sa.String(length=400), nullable=False),
        sa.Column("unit_code", sa.String(length=255), nullable=True),
        sa.Column("sector", sa.String(length=24), nullable=False),
        sa.Column("province", sa.String(length=400), nullable=False),
        sa.Column("specialties", sa.JSON(), nullable=False),
        sa.Column("tracks", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("term_from", sa.Date(), nullable=False),
        sa.Column("term_to", sa.Date(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "sector IN ('university', 'research', 'enterprise', 'public_institution', 'central_unit', 'archives')",
            name=op.f("ck_expert_sector"),
        ),
        sa.CheckConstraint("status IN ('active', 'suspended', 'removed')", name=op.f("ck_expert_status")),
        sa.CheckConstraint(
            "title IN ('archives_clerk', 'assistant_archivist', 'archivist', 'associate_research_archivist', 'research_archivist')",
            name=op.f("ck_expert_title"),
        ),
        sa.CheckConstraint("term_to > term_from", name=op.f("ck_expert_term")),
        sa.ForeignKeyConstraint(["unit_code"], ["unit.code"], name=op.f("fk_expert_unit_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expert")),
        sa.UniqueConstraint("account", name=op.f("uq_expert_account")),
    )
    op.create_index(op.f("ix_expert_unit_code"), "expert", ["unit_code"], unique=False)
    op.create_table(
        "expert_relation",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("expert_id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=True),
        sa.Column("unit_code", sa.String(length=255), nullable=True),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("recorded_by", sa.String(length=255), nullable=True),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("false_positive", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("dismissed_by", sa.String(length=255), nullable=True),
        sa.Column("dismissed_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('self', 'spouse', 'kin', 'same_unit', 'former_unit', 'mentor_student', 'co_author', 'supervisor', 'interest', 'dispute', 'other')",
            name=op.f("ck_expert_relation_kind"),
        ),
        sa.CheckConstraint("source IN ('declared', 'detected', 'reported')", name=op.f("ck_expert_relation_source")),
        sa.CheckConstraint(
            "(dismissed_by IS NULL AND dismissed_at IS NULL) OR (dismissed_by IS NOT NULL AND dismissed_at IS NOT NULL)",
            name=op.f("ck_expert_relation_dismissed"),
        ),
        sa.CheckConstraint("(person_id IS NULL) <> (unit_code IS NULL)", name=op.f("ck_expert_relation_towards")),
        sa.CheckConstraint(
            "dismissed_at IS NULL OR note IS NOT NULL", name=op.f("ck_expert_relation_dismissed_with_note")
        ),
        sa.CheckConstraint(
            "false_positive = (dismissed_at IS NOT NULL)", name=op.f("ck_expert_relation_false_positive")
        ),
        sa.ForeignKeyConstraint(["expert_id"], ["expert.id"], name=op.f("fk_expert_relation_expert_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_expert_relation_person_id")),
        sa.ForeignKeyConstraint(["unit_code"], ["unit.code"], name=op.f("fk_expert_relation_unit_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expert_relation")),
    )
    op.create_index(op.f("ix_expert_relation_expert_id"), "expert_relation", ["expert_id"], unique=False)
    op.create_index(op.f("ix_expert_relation_person_id"), "expert_relation", ["person_id"], unique=False)
    op.create_index(op.f("ix_expert_relation_unit_code"), "expert_relation", ["unit_code"], unique=False)
    op.create_table(
        "committee_member",
        sa.Column("committee_id", sa.String(length=36), nullable=False),
        sa.Column("expert_id", sa.String(length=36), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("seat", sa.String(length=16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint("role IN ('chair', 'vice_chair', 'member')", name=op.f("ck_committee_member_role")),
        sa.CheckConstraint(
            "seat = 'member' OR role = 'member'", name=op.f("ck_committee_member_reserve_presides_nowhere")
        ),
        sa.CheckConstraint("seat IN ('member', 'reserve')", name=op.f("ck_committee_member_seat")),
        sa.ForeignKeyConstraint(["committee_id"], ["committee.id"], name=op.f("fk_committee_member_committee_id")),
        sa.ForeignKeyConstraint(["expert_id"], ["expert.id"], name=op.f("fk_committee_member_expert_id")),
        sa.PrimaryKeyConstraint("committee_id", "expert_id", name=op.f("pk_committee_member")),
        sa.UniqueConstraint(
            "committee_id", "seat", "position", name=op.f("uq_committee_member_committee_id_seat_position")
        ),
    )
    op.create_index(
        "uq_committee_member_chair",
        "committee_member",
        ["committee_id"],
        unique=True,
        sqlite_where=sa.text("role = 'chair'"),
        postgresql_where=sa.text("role = 'chair'"),
    )


def _room() -> None:
    op.create_table(
        "meeting_member",
        sa.Column("meeting_id", sa.String(length=36), nullable=False),
        sa.Column("expert_id", sa.String(length=36), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("called_at", UtcDateTime(), nullable=False),
        sa.Column("called_by", sa.String(length=255), nullable=True),
        sa.Column("out_at", UtcDateTime(), nullable=True),
        sa.Column("out_by", sa.String(length=255), nullable=True),
        sa.Column("out_reason", sa.Text(), nullable=True),
        sa.Column("excluded_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("role IN ('chair', 'vice_chair', 'member')", name=op.f("ck_meeting_member_role")),
        sa.CheckConstraint("(out_at IS NULL) = (out_reason IS NULL)", name=op.f("ck_meeting_member_out")),
        sa.ForeignKeyConstraint(["expert_id"], ["expert.id"], name=op.f("fk_meeting_member_expert_id")),
        sa.ForeignKeyConstraint(["meeting_id"], ["review_meeting.id"], name=op.f("fk_meeting_member_meeting_id")),
        sa.PrimaryKeyConstraint("meeting_id", "expert_id", name=op.f("pk_meeting_member")),
    )
    op.create_index(op.f("ix_meeting_member_expert_id"), "meeting_member", ["expert_id"], unique=False)
    op.create_index(
        "uq_meeting_member_seat",
        "meeting_member",
        ["meeting_id", "position"],
        unique=True,
        sqlite_where=sa.text("out_at IS NULL"),
        postgresql_where=sa.text("out_at IS NULL"),
    )
    op.create_table(
        "attendance",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("meeting_id", sa.String(length=36), nullable=False),
        sa.Column("expert_id", sa.String(length=36), nullable=False),
        sa.Column("came_at", UtcDateTime(), nullable=False),
        sa.Column("came_by", sa.String(length=255), nullable=False),
        sa.Column("left_at", UtcDateTime(), nullable=True),
        sa.Column("left_by", sa.String(length=255), nullable=True),
        sa.CheckConstraint(
            "(left_at IS NULL AND left_by IS NULL) OR (left_at IS NOT NULL AND left_by IS NOT NULL)",
            name=op.f("ck_attendance_gone"),
        ),
        sa.CheckConstraint("left_at >= came_at", name=op.f("ck_attendance_order")),
        sa.ForeignKeyConstraint(
            ["meeting_id", "expert_id"],
            ["meeting_member.meeting_id", "meeting_member.expert_id"],
            name="fk_attendance_meeting_member",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendance")),
    )
    op.create_index("ix_attendance_meeting_id_expert_id", "attendance", ["meeting_id", "expert_id"], unique=False)
    op.create_index(
        "uq_attendance_here",
        "attendance",
        ["meeting_id", "expert_id"],
        unique=True,
        sqlite_where=sa.text("left_at IS NULL"),
        postgresql_where=sa.text("left_at IS NULL"),
    )
    op.create_table(
        "recusal",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("meeting_id", sa.String(length=36), nullable=False),
        sa.Column("application_id", sa.String(length=36), nullable=False),
        sa.Column("expert_id", sa.String(length=36), nullable=False),
        sa.Column("ground", sa.String(length=24), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.String(length=255), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.Column("lifted_by", sa.String(length=255), nullable=True),
        sa.Column("lifted_at", UtcDateTime(), nullable=True),
        sa.Column("lifted_note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "ground IN ('self', 'spouse', 'kin', 'same_unit', 'former_unit', 'mentor_student', 'co_author', 'supervisor', 'interest', 'dispute', 'other')",
            name=op.f("ck_recusal_ground"),
        ),
        sa.CheckConstraint("lifted_at IS NULL OR source = 'detected'", name=op.f("ck_recusal_only_detected_is_lifted")),
        sa.CheckConstraint("source IN ('declared', 'detected', 'candidate', 'office')", name=op.f("ck_recusal_source")),
        sa.CheckConstraint(
            "(lifted_by IS NULL AND lifted_at IS NULL AND lifted_note IS NULL) OR (lifted_by IS NOT NULL AND lifted_at IS NOT NULL AND lifted_note IS NOT NULL)",
            name=op.f("ck_recusal_lifted"),
        ),
        sa.ForeignKeyConstraint(
            ["meeting_id", "application_id"],
            ["meeting_candidate.meeting_id", "meeting_candidate.application_id"],
            name="fk_recusal_meeting_candidate",
        ),
        sa.ForeignKeyConstraint(
            ["meeting_id", "expert_id"],
            ["meeting_member.meeting_id", "meeting_member.expert_id"],
            name="fk_recusal_meeting_member",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recusal")),
    )
    op.create_index("ix_recusal_meeting_id_application_id", "recusal", ["meeting_id", "application_id"], unique=False)
    op.create_index(
        "uq_recusal_in_force",
        "recusal",
        ["meeting_id", "application_id", "expert_id"],
        unique=True,
        sqlite_where=sa.text("lifted_at IS NULL"),
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    op.create_table(
        "recusal_ruling",
        sa.Column("meeting_id", sa.String(length=36), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.String(length=255), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["meeting_id"], ["review_meeting.id"], name=op.f("fk_recusal_ruling_meeting_id")),
        sa.ForeignKeyConstraint(["request_id"], ["recusal_request.id"], name=op.f("fk_recusal_ruling_request_id")),
        sa.PrimaryKeyConstraint("meeting_id", "request_id", name=op.f("pk_recusal_ruling")),
    )
    op.create_table(
        "review_group",
        sa.Column("meeting_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("arranged_by", sa.String(length=255), nullable=False),
        sa.Column("arranged_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_review_group_number")),
        sa.ForeignKeyConstraint(["meeting_id"], ["review_meeting.id"], name=op.f("fk_review_group_meeting_id")),
        sa.PrimaryKeyConstraint("meeting_id", "number", name=op.f("pk_review_group")),
    )
    op.create_table(
        "review_group_member",
        sa.Column("meeting_id", sa.String(length=36), nullable=False),
        sa.Column("expert_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("lead", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id", "expert_id"],
            ["meeting_member.meeting_id", "meeting_member.expert_id"],
            name="fk_review_group_member_meeting_member",
        ),
        sa.ForeignKeyConstraint(
            ["meeting_id", "number"],
            ["review_group.meeting_id", "review_group.number"],
            name="fk_review_group_member_review_group",
        ),
        sa.PrimaryKeyConstraint("meeting_id", "expert_id", name=op.f("pk_review_group_member")),
    )
    op.create_index(
        "uq_review_group_member_lead",
        "review_group_member",
        ["meeting_id", "number"],
        unique=True,
        sqlite_where=sa.text("lead IS 1"),
        postgresql_where=sa.text("lead IS true"),
    )
    op.create_table(
        "review_group_case",
        sa.Column("meeting_id", sa.String(length=36), nullable=False),
        sa.Column("application_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id", "application_id"],
            ["meeting_candidate.meeting_id", "meeting_candidate.application_id"],
            name="fk_review_group_case_meeting_candidate",
        ),
        sa.ForeignKeyConstraint(
            ["meeting_id", "number"],
            ["review_group.meeting_id", "review_group.number"],
            name="fk_review_group_case_review_group",
        ),
        sa.PrimaryKeyConstraint("meeting_id", "application_id", name=op.f("pk_review_group_case")),
    )
    op.create_table(
        "group_opinion",
        sa.Column("meeting_id", sa.String(length=36), nullable=False),
        sa.Column("application_id", sa.String(length=36), nullable=False),
        sa.Column("expert_id", sa.String(length=36), nullable=False),
        sa.Column("strengths", sa.Text(), nullable=False),
        sa.Column("weaknesses", sa.Text(), nullable=False),
        sa.Column("recommendation", sa.String(length=16), nullable=False),
        sa.Column("scores", sa.JSON(), nullable=False),
        sa.Column("written_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "recommendation IN ('approve', 'reject', 'interview')", name=op.f("ck_group_opinion_recommendation")
        ),
        sa.CheckConstraint("length(strengths) + length(weaknesses) >= 100", name=op.f("ck_group_opinion_length")),
        sa.ForeignKeyConstraint(
            ["meeting_id", "application_id"],
            ["meeting_candidate.meeting_id", "meeting_candidate.application_id"],
            name="fk_group_opinion_meeting_candidate",
        ),
        sa.ForeignKeyConstraint(
            ["meeting_id", "expert_id"],
            ["meeting_member.meeting_id", "meeting_member.expert_id"],
            name="fk_group_opinion_meeting_member",
        ),
        sa.PrimaryKeyConstraint("meeting_id", "application_id", "expert_id", name=op.f("pk_group_opinion")),
    )
    op.create_table(
        "interview_record",
        sa.Column("meeting_id", sa.String(length=36), nullable=False),
        sa.Column("application_id", sa.String(length=36), nullable=False),
        sa.Column("mode", sa.String(length=16), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("conclusion", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.String(length=255), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("mode IN ('interview', 'report', 'exhibition')", name=op.f("ck_interview_record_mode")),
        sa.ForeignKeyConstraint(
            ["meeting_id", "application_id"],
            ["meeting_candidate.meeting_id", "meeting_candidate.application_id"],
            name="fk_interview_record_meeting_candidate",
        ),
        sa.PrimaryKeyConstraint("meeting_id", "application_id", "mode", name=op.f("pk_interview_record")),
    )


def _box() -> None:
    op.create_table(
        "ballot_token",
        sa.Column("round_id", sa.String(length=36), nullable=False),
        sa.Column("expert_id", sa.String(length=36), nullable=False),
        sa.Column("issued_at", UtcDateTime(), nullable=False),
        sa.Column("used", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["expert_id"], ["expert.id"], name=op.f("fk_ballot_token_expert_id")),
        sa.ForeignKeyConstraint(["round_id"], ["ballot_round.id"], name=op.f("fk_ballot_token_round_id")),
        sa.PrimaryKeyConstraint("round_id", "expert_id", name=op.f("pk_ballot_token")),
    )
    op.create_table(
        "ballot_slip",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("round_id", sa.String(length=36), nullable=False),
        sa.Column("choice", sa.String(length=8), nullable=False),
        sa.CheckConstraint("choice IN ('yes', 'no', 'abstain')", name=op.f("ck_ballot_slip_choice")),
        sa.ForeignKeyConstraint(["round_id"], ["ballot_round.id"], name="fk_ballot_slip_round_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ballot_slip")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_ballot_slip_round_id"), "ballot_slip", ["round_id"], unique=False)
