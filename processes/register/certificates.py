"""Confirmation documents and electronic certificates (R-98, R-114, R-122): numbered, checkable by anybody, never deleted."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    Date,
    ForeignKey,
    Index,
    Integer,
    RowMapping,
    String,
    Table,
    insert,
    select,
    update,
)

from engine.clock import local
from engine.errors import Refused
from engine.store.metadata import Id, UtcDateTime, metadata, new_id, one_of
from engine.store.upsert import insert_new
from forms.i18n import T
from processes.dates import day
from processes.register import integrity, objections
from processes.register.columns import Key, Name
from processes.register.committee_tables import committee, review_meeting
from processes.register.meetings import passing_round
from processes.register.notice_items import item_outcome
from processes.register.objection_holds import objections_until

confirmation = Table(
    "confirmation",
    metadata,
    Column("id", Id, primary_key=True),
    Column("doc_no", Name, nullable=False, unique=True),
    Column("confirmed_on", Date, nullable=False),
    Column("confirmed_by", Key, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
)

confirmation_item = Table(
    "confirmation_item",
    metadata,
    Column("application_id", Id, ForeignKey("application.id"), primary_key=True),
    Column("confirmation_id", Id, ForeignKey("confirmation.id"), nullable=False, index=True),
    Column("confirmed_by", Key, nullable=False),
    Column("confirmed_at", UtcDateTime, nullable=False),
)

certificate = Table(
    "certificate",
    metadata,
    Column("id", Id, primary_key=True),
    Column("no", Key, nullable=False, unique=True),
    Column("code", String(32), nullable=False, unique=True),  # 128 random bits, printed beside the number
    Column("application_id", Id, ForeignKey("application.id"), nullable=False, unique=True),
    Column("person_id", Id, ForeignKey("person.id"), nullable=False, index=True),
    Column("holder_name", Name, nullable=False),  # as printed
    Column("title", Key, nullable=False),
    Column("effective_on", Date, nullable=False),  # the day of the meeting
    Column("issued_on", Date, nullable=False),
    Column("issued_by", Key, nullable=False),
    Column("status", String(16), nullable=False),
    Column("revoked_on", Date),
    one_of("status", "valid", "suspended", "revoked"),
    CheckConstraint("(status = 'revoked') = (revoked_on IS NOT NULL)", name="revoked"),
    CheckConstraint("issued_on >= effective_on", name="issued_after"),
    CheckConstraint("length(code) = 32", name="code"),
)
# One standing certificate per person and title, whatever two people do at once.
Index(
    "uq_certificate_standing",
    certificate.c.person_id,
    certificate.c.title,
    unique=True,
    sqlite_where=certificate.c.status != "revoked",
    postgresql_where=certificate.c.status != "revoked",
)

certificate_serial = Table(
    "certificate_serial",
    metadata,
    Column("year", Integer, primary_key=True),
    Column("last", Integer, nullable=False),
)


def check_confirmable(connection: Connection, application_id: str) -> RowMapping:
    """The vote a confirmation rests on. Raises `Refused`: `NOT_PASSED`, `RESULT_NOTICE_OPEN`, `NOT_CLEAR`."""
    vote = passing_round(connection, application_id)
    if vote is None:
        raise Refused(T("评审委员会没有通过这份申报，不能确认。"), code="NOT_PASSED")
    outcome, notice = item_outcome(connection, "result", application_id)
    if notice is None or notice["status"] != "closed":
        raise Refused(T("评审结果公示期满之前不能确认。"), code="RESULT_NOTICE_OPEN")
    if outcome != "clear" and not _dismissed(connection, application_id, outcome, notice):
        raise Refused(T("公示中的异议没有排除，不能确认。"), code="NOT_CLEAR")
    return vote


def _dismissed(connection: Connection, application_id: str, outcome: str | None, notice: RowMapping) -> bool:
    """An objection was upheld, and two persons then decided that no sanction follows from it."""
    return outcome == "upheld" and integrity.dismissed_since(connection, application_id, notice["closed_effective_at"])


def check_undisputed(connection: Connection, application_id: str) -> None:
    """Nothing is confirmed and no certificate issued while somebody looks into the case. Raises `Refused` `IN_DISPUTE`."""
    if objections.pending_on(connection, application_id) or integrity.open_on(connection, application_id):
        raise Refused(
            T("这份申报有异议或者失信问题正在核实，有结论之后才能报请确认和发证，请先办其他申报。"), code="IN_DISPUTE"
        )


def confirm_title(
    connection: Connection, application_id: str, *, doc_no: str, confirmed_on: date, confirmed_by: str, now: datetime
) -> None:
    """Record the authority's confirmation; one document may confirm many. Refused before the result notice has closed, and
    while a supplementary period runs after an outage: an objection is still in time then.

    The document's day lies neither before the notice's close nor in the future (`BAD_DATE`); a known number has one day.
    """
    check_confirmable(connection, application_id)
    check_undisputed(connection, application_id)
    _, notice = item_outcome(connection, "result", application_id)
    if notice is not None and now < objections_until(connection, notice):
        raise Refused(T("评审结果公示期满之前不能确认。"), code="RESULT_NOTICE_OPEN")
    closed_on = local(notice["closed_effective_at"]).date() if notice else confirmed_on
    if not closed_on <= confirmed_on <= local(now).date():
        raise Refused(
            T("批复日期应在公示期满（{closed}）之后、今天（含）之前。", closed=day(closed_on)), code="BAD_DATE"
        )
    new = {
        "id": new_id(),
        "doc_no": doc_no,
        "confirmed_on": confirmed_on,
        "confirmed_by": confirmed_by,
        "recorded_at": now,
    }
    connection.execute(insert_new(connection, confirmation).values(new))
    kept = connection.execute(select(confirmation).where(confirmation.c.doc_no == doc_no)).mappings().one()
    if kept["confirmed_on"] != confirmed_on:
        raise Refused(
            T("文号 {doc_no} 已登记的日期是 {day}，请核对。", doc_no=doc_no, day=day(kept["confirmed_on"])),
            code="DOC_NO_TAKEN",
        )
    connection.execute(
        insert(confirmation_item).values(
            application_id=application_id,
            confirmation_id=kept["id"],
            confirmed_by=confirmed_by,
            confirmed_at=now,
        )
    )


def issue_certificate(
    connection: Connection,
    application_id: str,
    *,
    person_id: str,
    holder_name: str,
    title: str,
    issued_by: str,
    now: datetime,
) -> RowMapping:
    """Make the certificate of a confirmed case: effective on the day of the meeting, issued today (+08:00).

    Raises `Refused`: `NOT_CONFIRMED`, `ALREADY_CERTIFIED`.
    """
    confirmed = select(confirmation_item.c.application_id).where(confirmation_item.c.application_id == application_id)
    if connection.execute(confirmed).first() is None:
        raise Refused(T("没有确认批复，不能发证。"), code="NOT_CONFIRMED")
    vote = check_confirmable(connection, application_id)
    check_undisputed(connection, application_id)
    standing = select(certificate.c.no).where(
        certificate.c.person_id == person_id, certificate.c.title == title, certificate.c.status != "revoked"
    )
    if connection.execute(standing).first() is not None:
        raise Refused(T("{name}已持有这一职称的有效证书。", name=holder_name), code="ALREADY_CERTIFIED")
    issued_on = local(now).date()
    certificate_id = new_id()
    connection.execute(
        insert(certificate).values(
            id=certificate_id,
            no=_next_number(connection, issued_on.year),
            code=secrets.token_hex(16),
            application_id=application_id,
            person_id=person_id,
            holder_name=holder_name,
            title=title,
            effective_on=vote["held_on"],
            issued_on=issued_on,
            issued_by=issued_by,
            status="valid",
        )
    )
    return connection.execute(select(certificate).where(certificate.c.id == certificate_id)).mappings().one()


def revoke(connection: Connection, application_id: str, revoked_on: date) -> RowMapping | None:
    """Revoke the certificate of an application (R-122): marked with the decision's day, never deleted. Answers it as it
    stood before; None where none stands."""
    row = certificate_of(connection, application_id)
    if row is None or row["status"] == "revoked":
        return None
    connection.execute(
        update(certificate).where(certificate.c.id == row["id"]).values(status="revoked", revoked_on=revoked_on)
    )
    return row


def find_certificate(connection: Connection, no: str, code: str) -> RowMapping | None:
    """The certificate with this number and this code; None alike for a number nobody has and for a wrong code."""
    row = connection.execute(select(certificate).where(certificate.c.no == no.strip())).mappings().first()
    right = hmac.compare_digest(code.strip().lower().encode(), (row["code"] if row else "-" * 32).encode())
    return row if right else None


def certificate_of(connection: Connection, application_id: str) -> RowMapping | None:
    query = select(certificate).where(certificate.c.application_id == application_id)
    return connection.execute(query).mappings().first()


def printed(connection: Connection, no: str) -> RowMapping | None:
    """A certificate with what its document names besides: the committee that voted, the confirmation and its day."""
    row = connection.execute(select(certificate).where(certificate.c.no == no.strip())).mappings().first()
    vote = passing_round(connection, row["application_id"]) if row is not None else None
    if row is None or vote is None:
        return None
    query = (
        select(
            certificate,
            committee.c.name.label("committee_name"),
            confirmation.c.doc_no,
            confirmation.c.confirmed_on,
        )
        .join(confirmation_item, confirmation_item.c.application_id == certificate.c.application_id)
        .join(confirmation, confirmation.c.id == confirmation_item.c.confirmation_id)
        .join(review_meeting, review_meeting.c.id == vote["meeting_id"])
        .join(committee, committee.c.id == review_meeting.c.committee_id)
        .where(certificate.c.id == row["id"])
    )
    return connection.execute(query).mappings().first()


def certificates_of(connection: Connection, person_id: str) -> Sequence[RowMapping]:
    """Everything ever issued to a person, newest first; a revoked one stays."""
    query = select(certificate).where(certificate.c.person_id == person_id)
    return connection.execute(query.order_by(certificate.c.issued_on.desc(), certificate.c.no)).mappings().all()


def _next_number(connection: Connection, year: int) -> str:
    """QHDA + year + a running number without gaps; the counter's row is locked until the step commits."""
    connection.execute(insert_new(connection, certificate_serial).values(year=year, last=0))
    counter = certificate_serial.c.year == year
    connection.execute(update(certificate_serial).where(counter).values(last=certificate_serial.c.last + 1))
    last = connection.execute(select(certificate_serial.c.last).where(counter)).scalar_one()
    return f"QHDA{year}{last:05d}"
