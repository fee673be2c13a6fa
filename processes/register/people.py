"""Persons and what the province knows of them. Identity numbers and telephones are sealed; an HMAC finds them again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    Date,
    ForeignKey,
    Integer,
    LargeBinary,
    RowMapping,
    String,
    Table,
    UniqueConstraint,
    insert,
    select,
    update,
)

from engine.errors import NotFound
from engine.identity.crypto import Keyring
from engine.store.metadata import Id, UtcDateTime, metadata, new_id, one_of
from forms.i18n import T
from processes.register.columns import Hash, Key, Name
from processes.rules.conduct import MONTHS, Period
from processes.rules.eligibility import LEVELS, TITLES

GRADES = ("excellent", "qualified", "basically_qualified", "unqualified", "undetermined")
BAR = "integrity_bar"
SEALED = ("id_no", "phone")

person = Table(
    "person",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account", Key, nullable=False, unique=True),  # username
    Column("name", Name, nullable=False),
    Column("id_no", LargeBinary, nullable=False),  # sealed
    Column("id_no_index", Hash, nullable=False, unique=True),
    Column("phone", LargeBinary),  # sealed
    Column("born_on", Date, nullable=False),
    Column("unit_code", Key, ForeignKey("unit.code"), nullable=False, index=True),
    Column("employed_from", Date),
    Column("employed_until", Date),
    Column("retired_on", Date),
    Column("archives_work_from", Date),
    Column("aid_from", Date),
    Column("aid_to", Date),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("length(name) BETWEEN 1 AND 64", name="name"),
)

education_record = Table(
    "education_record",
    metadata,
    Column("id", Id, primary_key=True),
    Column("person_id", Id, ForeignKey("person.id"), nullable=False, index=True),
    Column("level", String(24), nullable=False),
    Column("school", Name, nullable=False),
    Column("major", Name),
    Column("graduated_on", Date, nullable=False),
    one_of("level", *LEVELS),
)

title_record = Table(
    "title_record",
    metadata,
    Column("id", Id, primary_key=True),
    Column("person_id", Id, ForeignKey("person.id"), nullable=False, index=True),
    Column("title", String(40), nullable=False),
    Column("obtained_on", Date, nullable=False),
    Column("source", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    one_of("title", *TITLES),
    one_of("source", "review", "recognition", "exam", "confirmation"),
    one_of("status", "valid", "revoked"),
)

annual_assessment = Table(
    "annual_assessment",
    metadata,
    Column("id", Id, primary_key=True),
    Column("person_id", Id, ForeignKey("person.id"), nullable=False),
    Column("year", Integer, nullable=False),
    Column("grade", String(24), nullable=False),
    UniqueConstraint("person_id", "year"),
    one_of("grade", *GRADES),
)

sanction = Table(
    "sanction",
    metadata,
    Column("id", Id, primary_key=True),
    Column("person_id", Id, ForeignKey("person.id"), nullable=False, index=True),
    Column("kind", String(24), nullable=False),
    Column("decided_on", Date, nullable=False),
    Column("until", Date, nullable=False),  # its last day
    Column("doc_no", Name),
    Column("facts", Name),
    Column("law_basis", Name),
    Column("recorded_by", Key),
    Column("recorded_at", UtcDateTime, nullable=False),
    one_of("kind", *MONTHS, BAR),
    CheckConstraint("until >= decided_on", name="period"),
)


@dataclass(frozen=True)
class NewPerson:
    """What is known of a person; identity number and telephone in clear, to be sealed."""

    account: str
    name: str
    id_no: str
    born_on: date
    unit_code: str
    phone: str | None = None
    employed_from: date | None = None
    employed_until: date | None = None
    retired_on: date | None = None
    archives_work_from: date | None = None
    aid_from: date | None = None
    aid_to: date | None = None


def add_person(connection: Connection, keyring: Keyring, new: NewPerson, now: datetime) -> str:
    """Keep a person; returns the id. The same identity number twice breaks a database constraint."""
    person_id = new_id()
    number = new.id_no.strip().upper()
    plain = {name: getattr(new, name) for name in NewPerson.__dataclass_fields__ if name not in SEALED}
    connection.execute(
        insert(person).values(
            id=person_id,
            id_no=keyring.encrypt(number, table="person", row=person_id, column="id_no"),
            id_no_index=keyring.index(number, purpose="person.id_no"),
            phone=None
            if new.phone is None
            else keyring.encrypt(new.phone, table="person", row=person_id, column="phone"),
            created_at=now,
            **plain,
        )
    )
    return person_id


def person_of(connection: Connection, account: str) -> RowMapping | None:
    """The person behind an account (by user name)."""
    return connection.execute(select(person).where(person.c.account == account)).mappings().first()


def get_person(connection: Connection, person_id: str) -> RowMapping:
    """Raises NotFound."""
    row = connection.execute(select(person).where(person.c.id == person_id)).mappings().first()
    if row is None:
        raise NotFound(T("没有这个人。"))
    return row


def id_no_of(connection: Connection, keyring: Keyring, person_id: str) -> str:
    """The identity number in clear; for certificates alone, never for a variable or a page of others."""
    sealed = get_person(connection, person_id)["id_no"]
    return keyring.decrypt(sealed, table="person", row=person_id, column="id_no")


def find_by_id_no(connection: Connection, keyring: Keyring, id_no: str) -> RowMapping | None:
    marks = keyring.indexes(id_no.strip().upper(), purpose="person.id_no")
    return connection.execute(select(person).where(person.c.id_no_index.in_(marks))).mappings().first()


def educations(connection: Connection, person_id: str) -> Sequence[RowMapping]:
    query = select(education_record).where(education_record.c.person_id == person_id)
    return connection.execute(query.order_by(education_record.c.graduated_on)).mappings().all()


def add_education(
    connection: Connection, person_id: str, level: str, school: str, graduated_on: date, major: str | None = None
) -> None:
    connection.execute(
        insert(education_record).values(
            id=new_id(), person_id=person_id, level=level, school=school, graduated_on=graduated_on, major=major
        )
    )


def current_title(connection: Connection, person_id: str) -> RowMapping | None:
    """The highest valid title; of two the same, the one obtained first."""
    query = select(title_record).where(title_record.c.person_id == person_id, title_record.c.status == "valid")
    rows = connection.execute(query.order_by(title_record.c.obtained_on)).mappings().all()
    return max(rows, key=lambda row: TITLES.index(row["title"]), default=None)


def add_title(connection: Connection, person_id: str, title: str, obtained_on: date, source: str) -> None:
    connection.execute(
        insert(title_record).values(
            id=new_id(), person_id=person_id, title=title, obtained_on=obtained_on, source=source, status="valid"
        )
    )


def revoke_title(connection: Connection, person_id: str, title: str, obtained_on: date) -> None:
    """A title got by fraud counts for nothing any more (R-122); its row stays."""
    where = (title_record.c.person_id == person_id, title_record.c.title == title)
    connection.execute(
        update(title_record).where(*where, title_record.c.obtained_on == obtained_on).values(status="revoked")
    )


def assessments(connection: Connection, person_id: str) -> dict[int, str]:
    """Grade by year."""
    query = select(annual_assessment.c.year, annual_assessment.c.grade).where(
        annual_assessment.c.person_id == person_id
    )
    return {row.year: row.grade for row in connection.execute(query.order_by(annual_assessment.c.year))}


def add_assessments(connection: Connection, person_id: str, grades: Iterable[tuple[int, str]]) -> None:
    for year, grade in grades:
        connection.execute(insert(annual_assessment).values(id=new_id(), person_id=person_id, year=year, grade=grade))


def penalties_and_bars(connection: Connection, person_id: str) -> tuple[list[Period], list[Period]]:
    """(disciplinary penalties, integrity bars) of a person, each with its last day."""
    rows = connection.execute(select(sanction).where(sanction.c.person_id == person_id)).mappings().all()
    periods = [Period(row["kind"], row["decided_on"], row["until"]) for row in rows]
    return [p for p in periods if p.kind != BAR], [p for p in periods if p.kind == BAR]


def add_sanction(
    connection: Connection,
    person_id: str,
    period: Period,
    *,
    now: datetime,
    recorded_by: str | None = None,
    doc_no: str | None = None,
    facts: str | None = None,
    law_basis: str | None = None,
) -> None:
    connection.execute(
        insert(sanction).values(
            id=new_id(),
            person_id=person_id,
            kind=period.kind,
            decided_on=period.decided_on,
            until=period.until,
            doc_no=doc_no,
            facts=facts,
            law_basis=law_basis,
            recorded_by=recorded_by,
            recorded_at=now,
        )
    )
