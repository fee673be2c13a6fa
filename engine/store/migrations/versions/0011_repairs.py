"""Repairs: single instances put right by two persons

Revision: engine_0011, after engine_0010
"""

from __future__ import annotations

revision = "engine_0011"
down_revision = "engine_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
