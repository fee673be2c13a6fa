"""Cases of sanction (R-121, R-122): opened over one application, decided by one person, confirmed by another, kept for ever."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    Connection,
    Date,
    ForeignKey,
    Index,
    RowMapping,
    String,
    Table,
    Text,
    insert,
    select,
    update,
)

from engine.errors import NotFound
from engine.store.metadata import Id, UtcDateTime, metadata, new_id, one_of
from forms.i18n import T
from processes.register.columns import Key, Name, together

FINDINGS = ("fraud", "other", "unfounded")
KINDS = ("disqualify", "revoke", "bar", "credit_record", "credit_share", "liability")

sanction_case = Table(
    "sanction_case",
    metadata,
    Column("id", Id, primary_key=True),
    Column("application_id", Id, ForeignKey("application.id"), nullable=False),
    Column("person_id", Id, ForeignKey("person.id"), nullable=False, index=True),
    Column("instance_id", Id, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("finding", String(16)),
    Column("kinds", JSON, nullable=False),
    Column("facts", Text),
    Column("law_basis", Name),
    Column("doc_no", Name),
    Column("decided_on", Date),  # the day the document bears
    Column("decided_by", Key),
    Column("decided_at", UtcDateTime),
    Column("confirmed_by", Key),
    Column("confirmed_at", UtcDateTime),
    Column("outcome", String(16)),
    one_of("finding", *FINDINGS),
    one_of("outcome", "sanctioned", "no_sanction"),
    together("finding", "facts", "decided_by", "decided_at", name="decided"),
    together("confirmed_by", "confirmed_at", "outcome", name="confirmed"),
    CheckConstraint(
        "confirmed_by IS NULL OR (decided_by IS NOT NULL AND confirmed_by <> decided_by)", name="four_eyes"
    ),
    CheckConstraint(
        "outcome IS NULL OR (outcome = 'no_sanction') = (finding = 'unfounded')",
        name="as_found",
    ),
    CheckConstraint(
        "outcome IS NULL OR outcome = 'no_sanction' OR (law_basis IS NOT NULL AND doc_no IS NOT NULL AND decided_on IS NOT NULL)",
        name="document",
    ),
)
Index("ix_sanction_case_application_id", sanction_case.c.application_id)


def open_case(connection: Connection, application_id: str, *, person_id: str, instance_id: str, now: datetime) -> str:
    """Begin; answers the id."""
    case_id = new_id()
    connection.execute(
        insert(sanction_case).values(
            id=case_id,
            application_id=application_id,
            person_id=person_id,
            instance_id=instance_id,
            opened_at=now,
            kinds=[],
        )
    )
    return case_id


def get_case(connection: Connection, case_id: str, *, lock: bool = False) -> RowMapping:
    """Raises NotFound."""
    query = select(sanction_case).where(sanction_case.c.id == case_id)
    row = connection.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise NotFound(T("没有这件失信惩戒。"))
    return row


def decide(
    connection: Connection,
    case_id: str,
    *,
    finding: str,
    kinds: Sequence[str],
    facts: str,
    law_basis: str | None,
    doc_no: str | None,
    decided_on: date | None,
    by: str,
    now: datetime,
) -> None:
    """What the first person decides, replacing what was returned; it holds nothing before a second one has confirmed it."""
    values: dict[str, Any] = {
        "finding": finding,
        "kinds": list(kinds),
        "facts": facts,
        "law_basis": law_basis,
        "doc_no": doc_no,
        "decided_on": decided_on,
        "decided_by": by,
        "decided_at": now,
    }
    connection.execute(update(sanction_case).where(sanction_case.c.id == case_id).values(**values))


def confirm(connection: Connection, case_id: str, *, by: str, now: datetime) -> str:
    """The second person agrees; answers `sanctioned` or `no_sanction`. The same person twice breaks a constraint."""
    outcome = "no_sanction" if get_case(connection, case_id)["finding"] == "unfounded" else "sanctioned"
    connection.execute(
        update(sanction_case)
        .where(sanction_case.c.id == case_id)
        .values(confirmed_by=by, confirmed_at=now, outcome=outcome)
    )
    return outcome


def open_on(connection: Connection, application_id: str) -> bool:
    """Is somebody still looking into this application?"""
    query = select(sanction_case.c.id).where(
        sanction_case.c.application_id == application_id, sanction_case.c.outcome.is_(None)
    )
    return connection.execute(query.limit(1)).first() is not None


def dismissed_since(connection: Connection, application_id: str, since: datetime) -> bool:
    """Was it decided, at or after this moment, that no sanction follows, and none that one does?"""
    query = select(sanction_case.c.outcome).where(
        sanction_case.c.application_id == application_id, sanction_case.c.confirmed_at >= since
    )
    return {row.outcome for row in connection.execute(query)} == {"no_sanction"}
