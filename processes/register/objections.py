"""Objections as they are received: kept with a receipt number, their author's name sealed, and found again."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, exists, insert, or_, select, update

from engine.errors import NotFound
from engine.identity.crypto import Keyring
from engine.store.metadata import new_id
from forms.i18n import T
from processes.register.notice_tables import publicity_item, publicity_notice
from processes.register.objection_tables import investigation, objection

# No letter that is read as a digit: 32 signs, 5 bits each.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LOOKALIKES = str.maketrans("OILU", "011V")
GROUPS, SIGNS = 5, 4  # 100 bits


@dataclass(frozen=True)
class NewObjection:
    """What was handed in, checked by the command. `item_id` None: against the notice as a whole."""

    item_id: str | None
    grounds: tuple[str, ...]
    text: str
    evidence: tuple[str, ...]
    name: str | None  # in clear, to be sealed; None where it is anonymous
    phone: str | None
    nonce: str | None
    via: str
    received_at: datetime
    timely: bool
    instance_id: str | None
    registered_by: str | None = None
    registered_note: str | None = None


def new_receipt_no() -> str:
    """`7K2M-9QXT-…`: 100 random bits; whoever knows it may ask how the objection stands."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(SIGNS)) for _ in range(GROUPS))


def read_receipt_no(written: str) -> str:
    """A receipt number as people type it (small letters, spaces, O for 0), in the form it is kept in."""
    signs = "".join(c for c in written.upper().translate(LOOKALIKES) if c in ALPHABET)[: GROUPS * SIGNS]
    return "-".join(signs[at : at + SIGNS] for at in range(0, len(signs), SIGNS))


def nonce_mark(nonce: str) -> str:
    return hashlib.sha256(nonce.encode()).hexdigest()


def keep_objection(
    connection: Connection, keyring: Keyring, notice_id: str, new: NewObjection, now: datetime
) -> RowMapping:
    """Keep an objection; returns its row. The same nonce twice breaks a database constraint."""
    objection_id = new_id()

    def sealed(value: str | None, column: str) -> bytes | None:
        return None if value is None else keyring.encrypt(value, table="objection", row=objection_id, column=column)

    connection.execute(
        insert(objection).values(
            id=objection_id,
            receipt_no=new_receipt_no(),
            nonce=None if new.nonce is None else nonce_mark(new.nonce),
            notice_id=notice_id,
            item_id=new.item_id,
            received_at=new.received_at,
            registered_at=now,
            via=new.via,
            registered_by=new.registered_by,
            registered_note=new.registered_note,
            grounds=list(new.grounds),
            text=new.text,
            evidence=list(new.evidence),
            real_name=new.name is not None,
            contact_name=sealed(new.name, "contact_name"),
            contact_phone=sealed(new.phone, "contact_phone"),
            timely=new.timely,
            kind="objection" if new.timely else "tip_off",
            status="received",
            instance_id=new.instance_id,
        )
    )
    return get_objection(connection, objection_id)


def get_objection(connection: Connection, objection_id: str, *, lock: bool = False) -> RowMapping:
    """The objection's row, its contact still sealed. Raises NotFound."""
    query = select(objection).where(objection.c.id == objection_id)
    row = connection.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise NotFound(T("没有这份异议。"))
    return row


def by_nonce(connection: Connection, nonce: str) -> RowMapping | None:
    return connection.execute(select(objection).where(objection.c.nonce == nonce_mark(nonce))).mappings().first()


def by_receipt_no(connection: Connection, written: str) -> RowMapping:
    """Raises NotFound, alike for what was never given out and for what is no receipt number."""
    query = select(objection).where(objection.c.receipt_no == read_receipt_no(written))
    row = connection.execute(query).mappings().first()
    if row is None:
        raise NotFound(T("没有查到这个回执号，请核对后再试。"))
    return row


def contact_of(keyring: Keyring, row: RowMapping) -> tuple[str, str] | None:
    """(name, telephone) in clear of a real-name objector; for investigators and supervisors alone."""
    if not row["real_name"]:
        return None

    def opened(column: str) -> str:
        return keyring.decrypt(row[column], table="objection", row=row["id"], column=column)

    return opened("contact_name"), opened("contact_phone")


def investigation_of(connection: Connection, objection_id: str) -> RowMapping | None:
    """What was found so far; None before its process has begun."""
    query = select(investigation).where(investigation.c.objection_id == objection_id)
    return connection.execute(query).mappings().first()


def is_open() -> ColumnElement[bool]:
    """Rows of `objection` that are being looked into: timely ones from the start, a tip-off once somebody opens it."""
    timely = and_(objection.c.kind == "objection", objection.c.status != "concluded")
    return or_(timely, objection.c.status == "investigating")


def pending_on(connection: Connection, application_id: str) -> bool:
    """Whether an objection against this application, or against a notice it stands in, is not concluded yet (S21d)."""
    mine = publicity_item.c.application_id == application_id
    held = select(publicity_item.c.id).where(mine, publicity_item.c.hold)
    named = (
        select(objection.c.id)
        .join(publicity_item, publicity_item.c.id == objection.c.item_id)
        .where(mine, publicity_item.c.outcome.is_distinct_from("withdrawn"), is_open())
    )
    return any(connection.execute(query.limit(1)).first() is not None for query in (held, named))


def open_against(connection: Connection, item: RowMapping, *, but: str | None = None) -> bool:
    """Whether a timely objection holds this item: against it, or against its notice or one that was recalled before it.

    A notice that is published anew after a recall runs in the same process: who objected to the first is not lost."""
    first = publicity_item.alias("first")
    before = publicity_notice.alias("before")
    now = publicity_notice.alias("now")
    same = or_(
        objection.c.item_id.is_(None),
        first.c.application_id == item["application_id"]
        if item["application_id"] is not None
        else first.c.subject == item["subject"],
    )
    query = (
        select(objection.c.id)
        .join(before, before.c.id == objection.c.notice_id)
        .join(now, now.c.instance_id == before.c.instance_id)
        .outerjoin(first, first.c.id == objection.c.item_id)
        .where(now.c.id == item["notice_id"], objection.c.kind == "objection", objection.c.status != "concluded", same)
    )
    if but is not None:
        query = query.where(objection.c.id != but)
    return connection.execute(query.limit(1)).first() is not None


def set_status(connection: Connection, objection_id: str, status: str, now: datetime | None = None) -> None:
    """`now` where it is concluded, and only there."""
    connection.execute(update(objection).where(objection.c.id == objection_id).values(status=status, concluded_at=now))


def opened_as(connection: Connection, objection_id: str, instance_id: str) -> None:
    """A person made a case of a tip-off: its process is asked for."""
    connection.execute(update(objection).where(objection.c.id == objection_id).values(instance_id=instance_id))


def known_instance(connection: Connection, objection_id: str, instance_id: str) -> bool:
    query = select(exists().where(objection.c.id == objection_id, objection.c.instance_id == instance_id))
    return bool(connection.execute(query).scalar())
