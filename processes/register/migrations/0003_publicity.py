"""Objections, compensation of outages

Revision: office_0003, after office_0002
"""

from __future__ import annotations

revision = "office_0003"
down_revision = "office_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled as the tables of this part are made."""
