"""Programmes, phases, streams, waivers, escalations, summaries

Revision: office_0004, after office_0003
"""

from __future__ import annotations

revision = "office_0004"
down_revision = "office_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled as the tables of this part are made."""
