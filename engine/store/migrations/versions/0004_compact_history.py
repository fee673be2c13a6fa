"""Compact history: what a finished case leaves behind

Revision: engine_0004, after engine_0003
"""

from __future__ import annotations

revision = "engine_0004"
down_revision = "engine_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
