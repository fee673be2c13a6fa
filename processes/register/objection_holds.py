"""What an objection holds, and what becomes of it when the objection is concluded (R-94): its own item and no other.

Locks are taken in the order notice, application, item, as everywhere in the register.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, exists, or_, select, update

from processes.register import applications
from processes.register.notice_tables import get_notice, publicity_item, publicity_notice
from processes.register.objection_tables import investigation, objection, supplementary_period
from processes.register.objections import open_against

# kind of notice -> (status of a case while it is public, status while it is held)
HELD: dict[str, tuple[str, str]] = {
    "recommendation": ("unit_publicity", "unit_objection_hold"),
    "result": ("result_publicity", "result_objection_hold"),
}


@dataclass(frozen=True)
class Settled:
    """What a concluded objection changed. `to_tell`: P06 still waits for it; `overtaken`: application ids of cases that
    went on before the objection was upheld."""

    to_tell: bool
    overtaken: tuple[str, ...]


def objections_until(connection: Connection, notice: RowMapping) -> datetime:
    """Before this instant an objection is in time: the close, or the end of a supplementary period after an outage."""
    query = select(supplementary_period.c.objections_until).where(supplementary_period.c.notice_id == notice["id"])
    given: datetime | None = connection.execute(query).scalar()
    closes_at: datetime = notice["closes_at"]
    return closes_at if given is None else max(closes_at, given)


def hold_items(connection: Connection, notice: RowMapping, item_id: str | None, now: datetime) -> int:
    """Hold one item, or all of a notice; answers how many. Of a notice that has closed, only a case that has not gone
    further than the notice can be held again."""
    held = 0
    for seen in _items(connection, notice["id"], item_id):
        item, status = _locked(connection, seen)
        if item["outcome"] in ("withdrawn", "upheld"):
            continue
        if item["outcome"] == "clear" and not _can_be_held_again(notice["kind"], status):
            continue
        _set_item(connection, item["id"], hold=True, outcome=None, settled_at=None)
        public, waiting = HELD.get(notice["kind"], ("", ""))
        if item["application_id"] is not None and status == public:
            applications.set_status(connection, item["application_id"], waiting, now=now)
        held += 1
    return held


def carry_upheld(connection: Connection, notice_id: str, now: datetime) -> None:
    """A notice published anew after a recall: whom an objection was upheld against in the first is not cleared by the
    second. In a result, one that was upheld after the recall was reported to its case already."""
    first, before = publicity_item.alias("first"), publicity_notice.alias("before")
    own = get_notice(connection, notice_id)
    query = (
        select(first)
        .join(before, before.c.id == first.c.notice_id)
        .where(before.c.instance_id == own["instance_id"], before.c.kind == own["kind"], before.c.status == "recalled")
        .where(first.c.outcome == "upheld")
        .where(or_(before.c.kind != "result", first.c.settled_at <= before.c.recalled_at))
    )
    upheld = {_key(row): row for row in connection.execute(query).mappings()}
    for item in _items(connection, notice_id, None):
        if (found := upheld.get(_key(item))) is not None:
            _set_item(connection, item["id"], outcome="upheld", settled_at=now, told_at=found["told_at"])


def carry_holds(connection: Connection, notice_id: str, now: datetime) -> None:
    """A notice published anew after a recall: what was objected to in the first is held in this one too."""
    notice = get_notice(connection, notice_id)
    for item in _items(connection, notice_id, None):
        if open_against(connection, item):
            hold_items(connection, notice, item["id"], now)


def settle(connection: Connection, row: RowMapping, *, upheld: bool, now: datetime) -> Settled:
    """An objection is concluded (its row says so already): each of its items waits for the last objection against it,
    and is then upheld if one of them was, else released."""
    notice = get_notice(connection, row["notice_id"], lock=True)
    to_tell, overtaken = False, []
    for seen in _items_now(connection, notice, _items(connection, notice["id"], row["item_id"])):
        own = get_notice(connection, seen["notice_id"], lock=True)
        item, _ = _locked(connection, seen)
        if item["outcome"] in ("withdrawn", "upheld"):
            continue
        if open_against(connection, item, but=row["id"]):
            continue
        waits = own["status"] == "closed" and item["told_at"] is None
        if upheld or _upheld_before(connection, item, row["id"]):
            _set_item(connection, item["id"], hold=False, outcome="upheld", settled_at=now)
            # Told already: P06 will not say it again. A result that was taken back is told at once; a unit's candidate
            # learns it with the notice published anew.
            late = item["told_at"] is not None or (own["status"] == "recalled" and own["kind"] == "result")
            if late and item["application_id"] is not None:
                overtaken.append(item["application_id"])
            to_tell = to_tell or waits
        elif item["hold"]:
            closed = own["status"] == "closed"
            _set_item(
                connection,
                item["id"],
                hold=False,
                outcome="clear" if closed else None,
                settled_at=now if closed else None,
            )
            _release_case(connection, own["kind"], item, now)
            to_tell = to_tell or waits
    return Settled(to_tell, tuple(overtaken))


def release_recalled(connection: Connection, notice_id: str, now: datetime) -> None:
    """The notice was taken back: what nobody objects to any more is held no longer. What somebody does is held on, and
    in the next notice too."""
    notice = get_notice(connection, notice_id)
    for item in _items(connection, notice_id, None):
        if item["hold"] and not open_against(connection, item):
            _set_item(connection, item["id"], hold=False)
            _release_case(connection, notice["kind"], item, now)


def _release_case(connection: Connection, kind: str, item: RowMapping, now: datetime) -> None:
    public, waiting = HELD.get(kind, ("", ""))
    if item["application_id"] is not None and _status(connection, item) == waiting:
        applications.set_status(connection, item["application_id"], public, now=now)


def _can_be_held_again(kind: str, status: str | None) -> bool:
    if kind == "appointment":
        return status == "certified"
    return status is not None and status in HELD.get(kind, ())


def _upheld_before(connection: Connection, item: RowMapping, but: str) -> bool:
    """Whether another objection against this very item was upheld, while this one was still open."""
    found = (
        exists()
        .where(objection.c.item_id == item["id"], objection.c.id != but)
        .where(investigation.c.objection_id == objection.c.id)
        .where(or_(investigation.c.outcome == "upheld", investigation.c.outcome == "redo"))
    )
    return bool(connection.execute(select(found)).scalar())


def _items(connection: Connection, notice_id: str, item_id: str | None) -> Sequence[RowMapping]:
    query = select(publicity_item).where(publicity_item.c.notice_id == notice_id)
    if item_id is not None:
        query = query.where(publicity_item.c.id == item_id)
    return connection.execute(query.order_by(publicity_item.c.position)).mappings().all()


def _items_now(connection: Connection, notice: RowMapping, items: Sequence[RowMapping]) -> list[RowMapping]:
    """The items as they are public now: where the notice was recalled and published anew, those of the new one."""
    if notice["status"] != "recalled":
        return list(items)
    query = (
        select(publicity_item)
        .join(publicity_notice, publicity_notice.c.id == publicity_item.c.notice_id)
        .where(
            publicity_notice.c.instance_id == notice["instance_id"],
            publicity_notice.c.status.in_(("published", "closed")),
        )
    )
    anew = {_key(item): item for item in connection.execute(query).mappings()}
    for item in items:
        if item["hold"] and _key(item) in anew:
            _set_item(connection, item["id"], hold=False)
    return [anew.get(_key(item), item) for item in items]


def _key(item: RowMapping) -> tuple[str | None, str | None]:
    return item["application_id"], item["subject"]


def _locked(connection: Connection, seen: RowMapping) -> tuple[RowMapping, str | None]:
    """An item as it is once its application is ours, and the status of that: whoever had the lock before may have withdrawn
    the application, and its item, since the item was read."""
    status = _status(connection, seen, lock=True)
    query = select(publicity_item).where(publicity_item.c.id == seen["id"]).with_for_update()
    return connection.execute(query).mappings().one(), status


def _status(connection: Connection, item: RowMapping, *, lock: bool = False) -> str | None:
    if item["application_id"] is None:
        return None
    status: str = applications.get_application(connection, item["application_id"], lock=lock)["status"]
    return status


def _set_item(connection: Connection, item_id: str, **values: Any) -> None:
    connection.execute(update(publicity_item).where(publicity_item.c.id == item_id).values(**values))
