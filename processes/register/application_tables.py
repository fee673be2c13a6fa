"""The tables of applications: what a candidate declared, what was found, and every status with its moment."""

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
from processes.register.columns import Hash, Key, Name, together
from processes.register.people import GRADES
from processes.rules.channels import CHANNELS
from processes.rules.eligibility import LEVELS, TITLES

RUNNING = (
    *("draft", "submitted_to_unit", "unit_review", "unit_publicity", "unit_objection_hold", "recommended"),
    *("material_review", "correction_pending", "accepted", "work_audit", "queued_for_meeting", "in_meeting"),
    *("deferred_no_quorum", "voted_passed", "result_publicity", "result_objection_hold", "confirmed", "certified"),
)
ENDED_WELL = ("appointed", "certified_not_appointed")
# Given up or refused before the unit took it up: the person may apply again within the same cycle.
ENDED_EARLY = ("expired_draft", "ineligible", "withdrawn")
ENDED = (
    *ENDED_EARLY,
    *("quota_rejected", "unit_not_recommended", "not_endorsed", "material_rejected", "deemed_withdrawn"),
    *("work_audit_failed", "voted_failed", "disqualified", "revoked"),
)
STATUSES = (*RUNNING, *ENDED_WELL, *ENDED)

WORK_KINDS = (
    *("standard", "restoration", "creative_product", "patent", "technical_plan", "research_report"),
    *("paper", "monograph", "project", "compilation", "other"),
)
IDENTITIES = (
    *("public_institution", "enterprise", "non_public", "social_org", "freelance"),
    *("civil_servant", "teacher", "retired"),
)
TRACKS = ("artisan", "academic")

review_cycle = Table(
    "review_cycle",
    metadata,
    Column("id", Id, primary_key=True),
    Column("year", Integer, nullable=False, unique=True),
    Column("name", Name, nullable=False),
    Column("apply_from", Date, nullable=False),
    Column("apply_to", Date, nullable=False),  # its 24:00 is the end
    Column("cutoff_date", Date, nullable=False),
    Column("status", String(16), nullable=False),
    one_of("status", "open", "cancelled", "closed"),
    CheckConstraint("apply_to >= apply_from", name="window"),
)

application = Table(
    "application",
    metadata,
    Column("id", Id, primary_key=True),
    Column("cycle_id", Id, ForeignKey("review_cycle.id"), nullable=False),
    Column("person_id", Id, ForeignKey("person.id"), nullable=False, index=True),
    Column("instance_id", Id, nullable=False, unique=True),
    Column("unit_code", Key, ForeignKey("unit.code"), nullable=False, index=True),
    Column("agent_unit", Key),
    Column("region_code", Key, ForeignKey("region.code"), nullable=False, index=True),
    Column("appointment_mode", String(16), nullable=False),
    Column("cutoff_date", Date, nullable=False),
    Column("status", String(24), nullable=False, index=True),
    Column("target_title", String(40)),
    Column("track", String(8)),
    Column("channel", String(32)),
    Column("channel_evidence", JSON, nullable=False),  # attachment ids
    Column("identity_status", String(24)),
    Column("prior_title", String(40)),
    Column("prior_title_date", Date),
    Column("archives_work_from", Date),
    Column("work_summary", Text),
    Column("no_assessment_statement", Text),  # where a unit holds no yearly assessments
    Column("quota_exempt", Boolean, nullable=False),
    Column("eligible", Boolean),
    Column("interview_required", Boolean, nullable=False),
    Column("findings", JSON, nullable=False),  # what stands against it: codes and facts
    Column("basis", JSON),  # the row of the table that was hit, the years a channel waived
    Column("confirmed_by", Key),  # who confirmed or overruled a negative judgement
    Column("confirmed_at", UtcDateTime),
    Column("submitted_at", UtcDateTime),
    Column("result_public_at", UtcDateTime),  # nobody sees a result before
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("version", Integer, nullable=False),
    one_of("status", *STATUSES),
    one_of("target_title", *TITLES),
    one_of("track", *TRACKS),
    one_of("channel", *CHANNELS),
    one_of("identity_status", *IDENTITIES),
    one_of("appointment_mode", "integrated", "separate"),
    one_of("prior_title", *TITLES),
    together("confirmed_by", "confirmed_at", name="confirmed"),
    CheckConstraint(
        "submitted_at IS NULL OR (target_title IS NOT NULL AND track IS NOT NULL AND channel IS NOT NULL"
        " AND identity_status IS NOT NULL)",
        name="submitted",
    ),
)
# one application of a person in a cycle; one that ended early leaves room for another.
Index(
    "uq_application_cycle_person",
    application.c.cycle_id,
    application.c.person_id,
    unique=True,
    sqlite_where=application.c.status.not_in(ENDED_EARLY),
    postgresql_where=application.c.status.not_in(ENDED_EARLY),
)

application_status = Table(
    "application_status",
    metadata,
    Column("id", Id, primary_key=True),
    Column("application_id", Id, ForeignKey("application.id"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("status", String(24), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", Key),  # None: a timer or a message
    Column("reason", Text),
    UniqueConstraint("application_id", "seq"),
    one_of("status", *STATUSES),
)

application_education = Table(
    "application_education",
    metadata,
    Column("id", Id, primary_key=True),
    Column("application_id", Id, ForeignKey("application.id"), nullable=False, index=True),
    Column("level", String(24), nullable=False),
    Column("school", Name),
    Column("major", Name),
    Column("graduated_on", Date),
    one_of("level", *LEVELS),
)

application_assessment = Table(
    "application_assessment",
    metadata,
    Column("id", Id, primary_key=True),
    Column("application_id", Id, ForeignKey("application.id"), nullable=False),
    Column("year", Integer, nullable=False),
    Column("grade", String(24), nullable=False),
    UniqueConstraint("application_id", "year"),
    one_of("grade", *GRADES),
)

representative_work = Table(
    "representative_work",
    metadata,
    Column("id", Id, primary_key=True),
    Column("application_id", Id, ForeignKey("application.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("kind", String(24), nullable=False),
    Column("title", Name, nullable=False),
    Column("role", Name),
    Column("date", Date),
    Column("abstract", Text),
    Column("file", JSON, nullable=False),  # attachment ids; a confidential work has none
    Column("confidential", Boolean, nullable=False),
    Column("audit_result", String(16)),
    Column("audit_comment", Text),
    UniqueConstraint("application_id", "position"),
    one_of("kind", *WORK_KINDS),
    one_of("audit_result", "ok", "removed"),
    CheckConstraint("length(abstract) <= 500", name="abstract"),
)

performance_item = Table(
    "performance_item",
    metadata,
    Column("id", Id, primary_key=True),
    Column("application_id", Id, ForeignKey("application.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("date", Date),
    Column("what", Text, nullable=False),
    Column("role", Name),
    Column("effect", Text),
    UniqueConstraint("application_id", "position"),
)

recusal_request = Table(
    "recusal_request",
    metadata,
    Column("id", Id, primary_key=True),
    Column("application_id", Id, ForeignKey("application.id"), nullable=False, index=True),
    Column("name", Name, nullable=False),
    Column("unit", Name),
    Column("reason", Text, nullable=False),
)

integrity_pledge = Table(
    "integrity_pledge",
    metadata,
    Column("id", Id, primary_key=True),
    Column("application_id", Id, ForeignKey("application.id"), nullable=False, index=True),
    Column("subject", String(16), nullable=False),
    Column("account", Key, nullable=False),
    Column("text", Text, nullable=False),
    Column("text_hash", Hash, nullable=False),
    Column("signed_at", UtcDateTime, nullable=False),
    one_of("subject", "candidate", "unit"),
)

consent = Table(
    "consent",
    metadata,
    Column("id", Id, primary_key=True),
    Column("application_id", Id, ForeignKey("application.id"), nullable=False, index=True),
    Column("purpose", String(24), nullable=False),
    Column("text_hash", Hash, nullable=False),
    Column("given_at", UtcDateTime, nullable=False),
    one_of("purpose", "pipl"),
)

recommendation = Table(
    "recommendation",
    metadata,
    Column("application_id", Id, ForeignKey("application.id"), primary_key=True),
    Column("authenticity", String(16)),
    Column("checked_items", JSON),
    Column("verified_by", Key),
    Column("verified_at", UtcDateTime),
    Column("ethics", String(8)),
    Column("ability", Integer),
    Column("performance", Integer),
    Column("agree", Integer),
    Column("against", Integer),
    Column("abstain", Integer),
    Column("rank", Integer),
    Column("panel_opinion", Text),
    Column("assessed_by", Key),
    Column("assessed_at", UtcDateTime),
    Column("decision", String(16)),
    Column("reason", Text),
    Column("decided_by", Key),
    Column("decided_at", UtcDateTime),
    Column("objection_summary", Text),
    Column("seal_file", JSON),
    Column("submitted_by", Key),
    Column("submitted_at", UtcDateTime),
    CheckConstraint("ability BETWEEN 0 AND 100 AND performance BETWEEN 0 AND 100", name="scores"),
    together("authenticity", "verified_by", "verified_at", name="verified"),
    together("ethics", "assessed_by", "assessed_at", name="assessed"),
    together("decision", "decided_by", "decided_at", name="decided"),
    together("seal_file", "submitted_by", "submitted_at", name="submitted"),
    CheckConstraint("decided_by IS NULL OR decided_by <> verified_by", name="four_eyes"),
)
