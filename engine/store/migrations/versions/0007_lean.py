"""Lean: indexes of tasks that are read by nobody are gone, and small rows stand on SQLite where they are found

Revision: engine_0007, after engine_0006

On SQLite a table with a key of texts holds each key twice, in the rows and in the index over them; four tables of short rows
are kept in the order of their key instead.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "engine_0007"
down_revision = "engine_0006"
branch_labels = None
depends_on = None

BY_KEY = ("instance_scope", "instance_value", "idempotency")


def upgrade() -> None:
    for index in ("ix_task_instance_state_element", "ix_task_assignee_state", "ix_task_completed_by"):
        op.drop_index(index, "task")
    open_ = sa.text("state = 'open'")
    op.create_index("ix_task_instance_state", "task", ["instance_id", "state"])
    op.create_index("ix_task_open_assignee", "task", ["assignee"], sqlite_where=open_, postgresql_where=open_)
    if op.get_bind().dialect.name == "sqlite":
        # The check is not read back from the database.
        offered = sa.CheckConstraint("kind IN ('group', 'user')", name=op.f("ck_task_candidate_kind"))
        for table, checks in (("task_candidate", (offered,)), *((name, ()) for name in BY_KEY)):
            with op.batch_alter_table(
                table, recreate="always", table_args=checks, table_kwargs={"sqlite_with_rowid": False}
            ):
                pass
