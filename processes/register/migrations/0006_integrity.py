"""Cases of sanction, rechecks of a result

Revision: office_0006, after office_0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.metadata import UtcDateTime

revision = "office_0006"
down_revision = "office_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sanction_case",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("application_id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("instance_id", sa.String(length=36), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("finding", sa.String(length=16), nullable=True),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=True),
        sa.Column("law_basis", sa.String(length=400), nullable=True),
        sa.Column("doc_no", sa.String(length=400), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("decided_by", sa.String(length=255), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("confirmed_by", sa.String(length=255), nullable=True),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.CheckConstraint("finding IN ('fraud', 'other', 'unfounded')", name=op.f("ck_sanction_case_finding")),
        sa.CheckConstraint("outcome IN ('sanctioned', 'no_sanction')", name=op.f("ck_sanction_case_outcome")),
        sa.CheckConstraint(
            "outcome IS NULL OR (outcome = 'no_sanction') = (finding = 'unfounded')",
            name=op.f("ck_sanction_case_as_found"),
        ),
        sa.CheckConstraint(
            "outcome IS NULL OR outcome = 'no_sanction' OR (law_basis IS NOT NULL AND doc_no IS NOT NULL AND decided_on IS NOT NULL)",
            name=op.f("ck_sanction_case_document"),
        ),
        sa.CheckConstraint(
            "(confirmed_by IS NULL AND confirmed_at IS NULL AND outcome IS NULL) OR (confirmed_by IS NOT NULL AND confirmed_at IS NOT NULL AND outcome IS NOT NULL)",
            name=op.f("ck_sanction_case_confirmed"),
        ),
        sa.CheckConstraint(
            "(finding IS NULL AND facts IS NULL AND decided_by IS NULL AND decided_at IS NULL) OR (finding IS NOT NULL AND facts IS NOT NULL AND decided_by IS NOT NULL AND decided_at IS NOT NULL)",
            name=op.f("ck_sanction_case_decided"),
        ),
        sa.CheckConstraint(
            "confirmed_by IS NULL OR (decided_by IS NOT NULL AND confirmed_by <> decided_by)",
            name=op.f("ck_sanction_case_four_eyes"),
        ),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], name=op.f("fk_sanction_case_application_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_sanction_case_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sanction_case")),
    )
    op.create_index("ix_sanction_case_application_id", "sanction_case", ["application_id"], unique=False)
    op.create_index(op.f("ix_sanction_case_person_id"), "sanction_case", ["person_id"], unique=False)
    op.create_table(
        "recheck",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("application_id", sa.String(length=36), nullable=False),
        sa.Column("grounds", sa.JSON(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("conclusion", sa.String(length=24), nullable=True),
        sa.Column("reasons", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.String(length=255), nullable=True),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "conclusion IN ('no_error', 'count_error', 'procedure_error')", name=op.f("ck_recheck_conclusion")
        ),
        sa.CheckConstraint(
            "(conclusion IS NULL AND reasons IS NULL AND answered_by IS NULL AND answered_at IS NULL) OR (conclusion IS NOT NULL AND reasons IS NOT NULL AND answered_by IS NOT NULL AND answered_at IS NOT NULL)",
            name=op.f("ck_recheck_answered"),
        ),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], name=op.f("fk_recheck_application_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recheck")),
    )
    op.create_index(op.f("ix_recheck_application_id"), "recheck", ["application_id"], unique=False)
