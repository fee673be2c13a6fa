"""Experts, attendance, recusals, groups, opinions and ballots

Revision: office_0002, after office_0001
"""

from __future__ import annotations

revision = "office_0002"
down_revision = "office_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled as the tables of this part are made."""
