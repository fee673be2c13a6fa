"""Rechecks of a result (R-99): what the candidate asked for, and what was answered, by somebody who had not handled the case."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    ForeignKey,
    String,
    Table,
    Text,
    insert,
    select,
    update,
)

from engine.store import tables as t
from engine.store.metadata import Id, UtcDateTime, metadata, new_id, one_of
from processes.register.columns import Key, together
from processes.register.committee_tables import count_entry

GROUNDS = ("procedure", "recusal", "material_omitted", "count_error")
CONCLUSIONS = ("no_error", "count_error", "procedure_error")

recheck = Table(
    "recheck",
    metadata,
    Column("id", Id, primary_key=True),
    Column("application_id", Id, ForeignKey("application.id"), nullable=False, index=True),
    Column("grounds", JSON, nullable=False),
    Column("text", Text, nullable=False),
    Column("evidence", JSON, nullable=False),  # attachment ids
    Column("asked_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("conclusion", String(24)),
    Column("reasons", Text),
    Column("answered_by", Key),
    Column("answered_at", UtcDateTime),
    one_of("conclusion", *CONCLUSIONS),
    together("conclusion", "reasons", "answered_by", "answered_at", name="answered"),
)


def ask(
    connection: Connection,
    application_id: str,
    *,
    grounds: Sequence[str],
    text: str,
    evidence: Sequence[str],
    due_at: datetime,
    now: datetime,
) -> str:
    """Keep what the candidate asks; answers the id."""
    recheck_id = new_id()
    connection.execute(
        insert(recheck).values(
            id=recheck_id,
            application_id=application_id,
            grounds=list(grounds),
            text=text,
            evidence=list(evidence),
            asked_at=now,
            due_at=due_at,
        )
    )
    return recheck_id


def answer(connection: Connection, recheck_id: str, *, conclusion: str, reasons: str, by: str, now: datetime) -> None:
    connection.execute(
        update(recheck)
        .where(recheck.c.id == recheck_id)
        .values(conclusion=conclusion, reasons=reasons, answered_by=by, answered_at=now)
    )


def handlers(connection: Connection, application_id: str, instance_id: str, steps: Collection[str]) -> frozenset[str]:
    """Who handled this application for the office: those who did one of `steps` in its own case, and who entered its counts."""
    done = select(t.task.c.completed_by).where(
        t.task.c.instance_id == instance_id, t.task.c.element_id.in_(steps), t.task.c.completed_by.is_not(None)
    )
    counted = select(count_entry.c.operator).where(count_entry.c.application_id == application_id)
    return frozenset(row[0] for query in (done, counted) for row in connection.execute(query))
