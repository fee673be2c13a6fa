"""Operating: what the operator needs to know

Revision: engine_0006, after engine_0005
"""

from __future__ import annotations

revision = "engine_0006"
down_revision = "engine_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
