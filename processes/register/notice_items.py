"""What becomes of each item of a notice: clear, upheld or withdrawn; held alone while an objection is looked into (R-94)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, select, update

from engine.errors import Refused
from forms.i18n import T
from processes.register.notice_tables import notice_items, publicity_item, publicity_notice


def settle_item(connection: Connection, notice_id: str, application_id: str, outcome: str, now: datetime) -> None:
    """What an investigation found, or a withdrawal: `clear`, `upheld` or `withdrawn`; ends the hold. Said once."""
    found = connection.execute(
        update(publicity_item)
        .where(*_item(notice_id, application_id), publicity_item.c.outcome.is_(None))
        .values(hold=False, outcome=outcome, settled_at=now)
    )
    if found.rowcount == 0:
        raise Refused(T("这一项已经有结论。"), code="ITEM_SETTLED")


def withdraw_items(connection: Connection, application_id: str, now: datetime) -> None:
    """The application has ended: in every notice that still runs its item is withdrawn, the others go on."""
    running = select(publicity_notice.c.id).where(publicity_notice.c.status.in_(("draft", "published")))
    connection.execute(
        update(publicity_item)
        .where(
            publicity_item.c.application_id == application_id,
            publicity_item.c.outcome.is_(None),
            publicity_item.c.notice_id.in_(running),
        )
        .values(hold=False, outcome="withdrawn", settled_at=now)
    )


def drop_withdrawn(connection: Connection, notice_id: str) -> int:
    """Who has ended since the draft was made is not published: drop their items and number the others anew. Answers how
    many are left."""
    ended = (publicity_item.c.notice_id == notice_id) & (publicity_item.c.outcome == "withdrawn")
    connection.execute(delete(publicity_item).where(ended))
    left = notice_items(connection, notice_id)
    for position, item in enumerate(left, 1):
        connection.execute(update(publicity_item).where(publicity_item.c.id == item["id"]).values(position=position))
    return len(left)


def item_outcome(connection: Connection, kind: str, application_id: str) -> tuple[str | None, RowMapping | None]:
    """Outcome and notice of the newest notice of `kind` that was published over an application; (None, None) before."""
    row = (
        connection.execute(
            select(publicity_notice, publicity_item.c.outcome)
            .join(publicity_item, publicity_item.c.notice_id == publicity_notice.c.id)
            .where(
                publicity_item.c.application_id == application_id,
                publicity_notice.c.kind == kind,
                publicity_notice.c.status.in_(("published", "closed")),
            )
            .order_by(publicity_notice.c.published_at.desc())
            .limit(1)
        )
        .mappings()
        .first()
    )
    return (None, None) if row is None else (row["outcome"], row)


def running_until(connection: Connection, application_id: str) -> datetime | None:
    """When the notice that runs over an application closes (aware, UTC); None where none runs."""
    query = (
        select(publicity_notice.c.closes_at)
        .join(publicity_item, publicity_item.c.notice_id == publicity_notice.c.id)
        .where(
            publicity_item.c.application_id == application_id,
            publicity_item.c.outcome.is_(None),
            publicity_notice.c.status == "published",
        )
    )
    closes_at: datetime | None = connection.execute(query.order_by(publicity_notice.c.closes_at.desc())).scalar()
    return closes_at


def _item(notice_id: str, application_id: str) -> tuple[Any, Any]:
    return publicity_item.c.notice_id == notice_id, publicity_item.c.application_id == application_id


def untold(connection: Connection, notice_id: str) -> Sequence[RowMapping]:
    """Settled items of a closed notice whose cases have not been told yet, in order."""
    query = select(publicity_item).where(
        publicity_item.c.notice_id == notice_id,
        publicity_item.c.outcome.is_not(None),
        publicity_item.c.told_at.is_(None),
    )
    return connection.execute(query.order_by(publicity_item.c.position)).mappings().all()


def mark_told(connection: Connection, item_id: str, now: datetime) -> None:
    connection.execute(update(publicity_item).where(publicity_item.c.id == item_id).values(told_at=now))
