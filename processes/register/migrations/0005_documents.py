"""Policy documents and what is published

Revision: office_0005, after office_0004
"""

from __future__ import annotations

revision = "office_0005"
down_revision = "office_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled as the tables of this part are made."""
