"""New values of policy parameters that somebody has proposed, and what a second person decided (R-08).

A value is in force only when its proposal is confirmed by an authority; the row of `policy_parameter` is written then.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    Connection,
    Index,
    RowMapping,
    String,
    Table,
    Text,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from engine.errors import Conflict, NotFound, Refused
from engine.store.metadata import Id, UtcDateTime, metadata, new_id, one_of
from forms.i18n import T
from processes.register.columns import Key
from processes.register.parameters import PARAMETERS
from processes.register.policies import check_parameter, set_parameter

parameter_proposal = Table(
    "parameter_proposal",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Key, nullable=False),
    Column("value", JSON, nullable=False),
    Column("effective_from", UtcDateTime, nullable=False),
    Column("source_doc", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("proposed_by", Key, nullable=False),
    Column("proposed_at", UtcDateTime, nullable=False),
    Column("decided_by", Key),
    Column("decided_at", UtcDateTime),
    Column("reason", Text),  # why it was not confirmed, or was taken back
    one_of("status", "proposed", "confirmed", "rejected", "withdrawn"),
    CheckConstraint("length(source_doc) > 0", name="has_source"),
    CheckConstraint(
        "(status = 'proposed' AND decided_by IS NULL AND decided_at IS NULL)"
        " OR (status <> 'proposed' AND decided_by IS NOT NULL AND decided_at IS NOT NULL)",
        name="decided",
    ),
    CheckConstraint("status NOT IN ('confirmed', 'rejected') OR decided_by <> proposed_by", name="four_eyes"),
    CheckConstraint("status IN ('proposed', 'confirmed') OR length(reason) > 0", name="reason"),
)
Index("ix_parameter_proposal_name", parameter_proposal.c.name, parameter_proposal.c.effective_from)
# Two proposals for one parameter at a time would leave open which of them was meant.
Index(
    "uq_parameter_proposal_open",
    parameter_proposal.c.name,
    unique=True,
    sqlite_where=parameter_proposal.c.status == "proposed",
    postgresql_where=parameter_proposal.c.status == "proposed",
)


def propose(
    connection: Connection,
    name: str,
    value: Any,
    *,
    effective_from: datetime,
    source_doc: str,
    by: str,
    now: datetime,
) -> str:
    """Keep a proposal and return its id. Raises as `check_parameter`, and `Conflict` where one is open already."""
    check_parameter(connection, name, value, effective_from=effective_from, source_doc=source_doc, now=now)
    proposal_id = new_id()
    row = {
        "id": proposal_id,
        "name": name,
        "value": value,
        "effective_from": effective_from,
        "source_doc": source_doc.strip(),
        "status": "proposed",
        "proposed_by": by,
        "proposed_at": now,
    }
    waiting = parameter_proposal.c.name == name, parameter_proposal.c.status == "proposed"
    try:
        if connection.execute(select(parameter_proposal.c.id).where(*waiting)).first() is not None:
            raise _already(name)
        with connection.begin_nested():
            connection.execute(insert(parameter_proposal).values(**row))
    except IntegrityError as twice:
        raise _already(name) from twice
    return proposal_id


def confirm(connection: Connection, proposal_id: str, *, by: str, now: datetime) -> RowMapping:
    """Put the proposed value in force from its day on. Raises `NotFound`, `Conflict`, `Refused` (`SAME_PERSON`; as
    `check_parameter`, for what has changed since: a day that has passed asks for a new proposal)."""
    row = _open(connection, proposal_id)
    if row["proposed_by"] == by:
        raise Refused(T("提出的人不能自己确认，请由另一人核对文件后确认。"), code="SAME_PERSON")
    set_parameter(
        connection,
        row["name"],
        row["value"],
        effective_from=row["effective_from"],
        source_doc=row["source_doc"],
        actor=row["proposed_by"],
        now=now,
    )
    _decide(connection, proposal_id, "confirmed", by, now, None)
    return row


def turn_down(
    connection: Connection, proposal_id: str, *, withdrawn: bool, reason: str, by: str, now: datetime
) -> RowMapping:
    """The proposal does not come into force: taken back by whoever made it, else not confirmed. Raises `NotFound`,
    `Conflict`, `Refused` (`SAME_PERSON`, `REASON_MISSING`)."""
    row = _open(connection, proposal_id)
    if not reason.strip():
        raise Refused(T("请写明理由。"), code="REASON_MISSING")
    if (row["proposed_by"] == by) != withdrawn:
        raise Refused(
            T("只有提出的人可以撤回。") if withdrawn else T("提出的人不能自己退回，可以撤回。"), code="SAME_PERSON"
        )
    _decide(connection, proposal_id, "withdrawn" if withdrawn else "rejected", by, now, reason.strip())
    return row


def _open(connection: Connection, proposal_id: str) -> RowMapping:
    query = select(parameter_proposal).where(parameter_proposal.c.id == proposal_id).with_for_update()
    row = connection.execute(query).mappings().first()
    if row is None:
        raise NotFound(T("没有这项提议。"))
    if row["status"] != "proposed":
        raise Conflict(T("这项提议已经处理过了，请刷新后查看。"))
    return row


def _decide(connection: Connection, proposal_id: str, status: str, by: str, now: datetime, reason: str | None) -> None:
    connection.execute(
        update(parameter_proposal)
        .where(parameter_proposal.c.id == proposal_id)
        .values(status=status, decided_by=by, decided_at=now, reason=reason)
    )


def _already(name: str) -> Conflict:
    return Conflict(T("“{label}”已有一项等待确认的提议，请先确认、退回或撤回它。", label=PARAMETERS[name].label))
