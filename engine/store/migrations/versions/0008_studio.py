"""Studio: changes to the release, every saved version of their files, what each person has not saved yet

Revision: engine_0008, after engine_0007
"""

from __future__ import annotations

revision = "engine_0008"
down_revision = "engine_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
