"""The tables of the expert pool: who may sit on a committee, and whom each of them is related to (R-65, R-66, R-77).

Confidential (R-76): read by the committee's office and the supervisor alone.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from engine.store.metadata import Id, UtcDateTime, metadata, one_of
from processes.register.columns import Key, Name, together
from processes.rules.eligibility import TITLES
from processes.rules.recusal import KINDS

SECTORS = ("university", "research", "enterprise", "public_institution", "central_unit", "archives")
ROLES = ("chair", "vice_chair", "member")

expert = Table(
    "expert",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account", Key, nullable=False, unique=True),  # username
    Column("name", Name, nullable=False),
    Column("title", String(40), nullable=False),
    Column("unit_name", Name, nullable=False),
    Column("unit_code", Key, ForeignKey("unit.code"), index=True),  # None: a unit outside this province
    Column("sector", String(24), nullable=False),
    Column("province", Name, nullable=False),
    Column("specialties", JSON, nullable=False),  # kinds of works (`application_tables.WORK_KINDS`)
    Column("tracks", JSON, nullable=False),  # artisan, academic
    Column("status", String(16), nullable=False),
    Column("term_from", Date, nullable=False),
    Column("term_to", Date, nullable=False),  # inclusive, at most three years
    Column("created_at", UtcDateTime, nullable=False),
    one_of("title", *TITLES),
    one_of("sector", *SECTORS),
    one_of("status", "active", "suspended", "removed"),
    CheckConstraint("term_to > term_from", name="term"),
)

# Towards one person or one unit. A false positive stays as a record, with who looked at it and what they found.
expert_relation = Table(
    "expert_relation",
    metadata,
    Column("id", Id, primary_key=True),
    Column("expert_id", Id, ForeignKey("expert.id"), nullable=False, index=True),
    Column("person_id", Id, ForeignKey("person.id"), index=True),
    Column("unit_code", Key, ForeignKey("unit.code"), index=True),
    Column("kind", String(24), nullable=False),
    Column("valid_from", Date),
    Column("valid_to", Date),  # inclusive
    Column("source", String(16), nullable=False),
    Column("recorded_by", Key),  # None: found by the program
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("false_positive", Boolean, nullable=False),
    Column("note", Text),
    Column("dismissed_by", Key),
    Column("dismissed_at", UtcDateTime),
    one_of("kind", *KINDS),
    one_of("source", "declared", "detected", "reported"),
    CheckConstraint("(person_id IS NULL) <> (unit_code IS NULL)", name="towards"),
    CheckConstraint("false_positive = (dismissed_at IS NOT NULL)", name="false_positive"),
    CheckConstraint("dismissed_at IS NULL OR note IS NOT NULL", name="dismissed_with_note"),
    together("dismissed_by", "dismissed_at", name="dismissed"),
)

committee_member = Table(
    "committee_member",
    metadata,
    Column("committee_id", Id, ForeignKey("committee.id"), primary_key=True),
    Column("expert_id", Id, ForeignKey("expert.id"), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("seat", String(16), nullable=False),
    Column("position", Integer, nullable=False),  # reserves are called in this order
    UniqueConstraint("committee_id", "seat", "position"),
    one_of("role", *ROLES),
    one_of("seat", "member", "reserve"),
    CheckConstraint("seat = 'member' OR role = 'member'", name="reserve_presides_nowhere"),
)
Index(
    "uq_committee_member_chair",
    committee_member.c.committee_id,
    unique=True,
    sqlite_where=committee_member.c.role == "chair",
    postgresql_where=committee_member.c.role == "chair",
)
