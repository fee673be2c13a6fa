"""What must hold in the studio's tables between two transactions (called by engine/invariants.py)."""

from __future__ import annotations

from sqlalchemy import Connection, and_, func, not_, or_, select

from engine.store import tables as t
from engine.studio import tables as s


def versions(connection: Connection) -> list[str]:
    """Versions are numbered from 1 without a gap: none was taken away."""
    v = s.change_version.c
    counted = select(v.change_id, v.file_name, func.count().label("n"), func.max(v.number).label("top"))
    rows = connection.execute(
        counted.group_by(v.change_id, v.file_name).having(
            or_(func.count() != func.max(v.number), func.min(v.number) != 1)
        )
    )
    return [f"change {row.change_id}: {row.file_name} has {row.n} versions, the newest is {row.top}" for row in rows]


def changes(connection: Connection) -> list[str]:
    """A change is proposed as a release, and published when that release became active."""
    c, d = s.change.c, t.deployment.c
    standing = select(c.id, c.state, d.state.label("release")).outerjoin(t.deployment, d.id == c.deployment_id)
    rows = connection.execute(
        standing.where(
            or_(
                and_(c.state == "proposed", or_(d.id.is_(None), d.state != "candidate")),
                and_(c.state == "published", or_(d.id.is_(None), d.state == "candidate")),
                and_(c.state.in_(("published", "dropped")), c.ended_at.is_(None)),
                and_(not_(c.state.in_(("published", "dropped"))), c.ended_at.is_not(None)),
            )
        )
    )
    return [f"change {row.id} is {row.state}, its release {row.release}" for row in rows]
