"""What was proposed about cases and wants a second person, as rows of one shape whatever is proposed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, select

from engine import policy
from engine.errors import Forbidden
from engine.policy import OWNER, CancellationFacts
from engine.queries import shaped
from engine.queries.reading import Reading
from engine.registry import Actor
from engine.store import tables as t
from forms.i18n import T

MOST = 200


def proposals(
    reading: Reading, actor: Actor, table: Table, instance_id: str | None
) -> list[tuple[Any, dict[str, Any]]]:
    """The rows of `table`, the newest first, each with the fields that every proposal shows: those that wait for the second
    person, or all of one case. For overseers of the office and those who read everything. Two statements. Raises Forbidden."""
    overseers = reading.engine.registry.overseers
    if not policy.allows(actor, "operation.read") and actor.groups.isdisjoint({OWNER, *overseers}):
        raise Forbidden(T("您没有这项权限。"), action="operation.read")
    instance = t.instance
    query = select(
        table,
        instance.c.definition_key,
        instance.c.business_key,
        instance.c.state.label("instance_state"),
        instance.c.revision.label("instance_revision"),
    ).join(instance, instance.c.id == table.c.instance_id)
    if instance_id is not None:
        query = query.where(table.c.instance_id == instance_id)
    else:
        going = instance.c.state.in_(("active", "incident", "suspended"))
        query = query.where(table.c.status == "proposed", going)
    rows = reading.connection.execute(query.order_by(table.c.proposed_at.desc(), table.c.id).limit(MOST)).all()
    known = shaped.names(reading.connection, [name for row in rows for name in (row.proposed_by, row.decided_by)])

    def may(action: str, row: Any) -> bool:
        return row.status == "proposed" and policy.allows(actor, action, CancellationFacts(row.proposed_by, overseers))

    return [
        (
            row,
            {
                "id": row.id,
                "process_instance_id": row.instance_id,
                "definition_key": row.definition_key,
                "business_key": row.business_key,
                "instance_state": row.instance_state,
                "reason": row.reason,
                "status": row.status,
                "by": known.get(row.proposed_by, row.proposed_by),
                "at": row.proposed_at,
                "decided_by": known.get(row.decided_by, row.decided_by) if row.decided_by else None,
                "decided_at": row.decided_at,
                "answer": row.answer,
                "may_decide": may("cancellation.decide", row),
                "may_withdraw": may("cancellation.withdraw", row),
            },
        )
        for row in rows
    ]
