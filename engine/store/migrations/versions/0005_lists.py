"""Lists: indexes for long work lists, and the values a running case can be found by

Revision: engine_0005, after engine_0004

Of processes that run already nothing is kept yet: what a process names in `filters` is written with its next step.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "engine_0005"
down_revision = "engine_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "instance_value",
        sa.Column("instance_id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("value", sa.String(255), nullable=False),
        sa.Column("outsiders", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["instance_id"], ["instance.id"], name=op.f("fk_instance_value_instance_id")),
        sa.PrimaryKeyConstraint("instance_id", "name", name=op.f("pk_instance_value")),
    )
    op.create_index("ix_instance_value_value", "instance_value", ["name", "value", "instance_id"])
    op.drop_index("ix_task_state_due", "task")
    op.create_index(
        "ix_task_open",
        "task",
        ["due_at", "created_at", "id", "assignee", "owner", "instance_id"],
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.drop_index("ix_task_candidate_value", "task_candidate")
    op.create_index("ix_task_candidate_value", "task_candidate", ["value", "kind", "scope", "task_id"])
