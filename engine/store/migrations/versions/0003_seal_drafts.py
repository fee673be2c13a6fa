"""Seal drafts: what stood in the clear is sealed with the secret

Revision: engine_0003, after engine_0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

from engine import drafts
from engine.errors import Refused
from engine.history import canonical
from engine.identity.crypto import Keyring
from forms.i18n import T

revision = "engine_0003"
down_revision = "engine_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("task_draft", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sealed", sa.LargeBinary(), nullable=True))
    _seal_all(op.get_bind(), context.config.attributes.get("secret", ""))
    with op.batch_alter_table("task_draft", schema=None) as batch_op:
        batch_op.alter_column("sealed", existing_type=sa.LargeBinary(), nullable=False)
        batch_op.drop_column("data")


def _seal_all(connection: sa.Connection, secret: str) -> None:
    table = sa.table(
        "task_draft",
        sa.column("task_id", sa.String()),
        sa.column("username", sa.String()),
        sa.column("data", sa.JSON()),
        sa.column("sealed", sa.LargeBinary()),
    )
    keys = [tuple(row) for row in connection.execute(sa.select(table.c.task_id, table.c.username))]
    if keys and not secret:
        raise Refused(T("数据库里有未加密的草稿，升级时须给出 ZHIPING_SECRET_KEY。"), code="SECRET_NEEDED")
    for task_id, username in keys:  # one by one: a draft may have a megabyte
        mine = (table.c.task_id == task_id) & (table.c.username == username)
        written = canonical(connection.execute(sa.select(table.c.data).where(mine)).scalar_one())
        sealed = drafts.seal(Keyring(secret), task_id, username, written)
        connection.execute(sa.update(table).where(mine).values(sealed=sealed))
