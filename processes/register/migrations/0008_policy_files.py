"""Files of policy documents

Revision: office_0008, after office_0007
"""

from __future__ import annotations

from alembic import op

revision = "office_0008"
down_revision = "office_0007"
branch_labels = None
depends_on = "engine_0003"


def upgrade() -> None:
    # As text, for both databases: making the table anew would drop rows that others of it rest on.
    op.execute(
        "ALTER TABLE policy_document ADD COLUMN file_id VARCHAR(36)"
        " CONSTRAINT fk_policy_document_file_id REFERENCES attachment (id)"
    )
    op.create_index(op.f("ix_policy_document_file_id"), "policy_document", ["file_id"], unique=False)
