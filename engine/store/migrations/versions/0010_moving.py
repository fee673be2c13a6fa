"""Moving: running instances brought to another release, with undo

Revision: engine_0010, after engine_0009
"""

from __future__ import annotations

revision = "engine_0010"
down_revision = "engine_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
