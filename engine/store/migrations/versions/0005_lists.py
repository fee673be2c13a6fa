"""Lists: indexes for long work lists and many timers

Revision: engine_0005, after engine_0004
"""

from __future__ import annotations

revision = "engine_0005"
down_revision = "engine_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
