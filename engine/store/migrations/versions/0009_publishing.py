"""Publishing: reasons, signatures and dates of releases

Revision: engine_0009, after engine_0008
"""

from __future__ import annotations

revision = "engine_0009"
down_revision = "engine_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
