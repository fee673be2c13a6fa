"""The tables of a reform programme: its phases, its streams (one per region or department), and what each has done.

A programme of the past stands here without instances; a running one is written by P01, P02, P03 and P18.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    RowMapping,
    String,
    Table,
    Text,
    UniqueConstraint,
    select,
)

from engine.errors import NotFound
from engine.store.metadata import Id, UtcDateTime, metadata, one_of
from forms.i18n import T
from processes.register.columns import Key, Name, together
from processes.rules.escalation import LEVELS

PHASES = (1, 2, 3)
RECIPIENTS = ("archives_bureau", "provincial_hrss")  # both receive every summary
UNIT_STATES = ("declaring", "verifying", "publicising", "verified", "no_posts", "waived")
UNIT_SETTLED = ("verified", "no_posts", "waived")  # what a region waits for no longer

programme = Table(
    "programme",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Name, nullable=False),
    Column("year", Integer, nullable=False),  # the year whose posts are verified
    Column("base_docs", JSON, nullable=False),  # names of the documents it rests on
    Column("instance_id", Id, unique=True),  # null: history without an instance
    Column("registered_by", Key, nullable=False),
    Column("registered_at", UtcDateTime, nullable=False),
    Column("status", String(16), nullable=False),
    Column("cycle_closed_by", Key),  # the first review is complete
    Column("cycle_closed_at", UtcDateTime),
    Column("completed_at", UtcDateTime),
    one_of("status", "running", "completed"),
    CheckConstraint("(status = 'completed') = (completed_at IS NOT NULL)", name="completed"),
    together("cycle_closed_by", "cycle_closed_at", name="cycle"),
    CheckConstraint("length(name) > 0", name="name"),
)

programme_phase = Table(
    "programme_phase",
    metadata,
    Column("id", Id, primary_key=True),
    Column("programme_id", Id, ForeignKey("programme.id"), nullable=False),
    Column("no", Integer, nullable=False),
    Column("name", Name, nullable=False),
    Column("month", String(7), nullable=False),  # "2021-02": the plan gives months only
    Column("tasks", JSON, nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("wait_until", UtcDateTime),  # held at the gate: decided to wait until then
    Column("opened_at", UtcDateTime),
    Column("closed_at", UtcDateTime),
    Column("late_reason", Text),  # opened although the phase before lacked something
    Column("late_by", Key),
    UniqueConstraint("programme_id", "no"),
    CheckConstraint("no IN (1, 2, 3)", name="no"),
    CheckConstraint("due_at > starts_at", name="due"),
    CheckConstraint("closed_at IS NULL OR (opened_at IS NOT NULL AND closed_at >= opened_at)", name="closed"),
    together("late_reason", "late_by", name="late"),
)

programme_stream = Table(
    "programme_stream",
    metadata,
    Column("id", Id, primary_key=True),
    Column("programme_id", Id, ForeignKey("programme.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("region_code", Key, ForeignKey("region.code"), nullable=False),
    Column("responsible", Name, nullable=False),
    Column("phone", LargeBinary),  # sealed; null in a programme that came here as history
    UniqueConstraint("programme_id", "region_code"),
    UniqueConstraint("programme_id", "position"),
    CheckConstraint("length(responsible) > 0", name="responsible"),
)

stream_phase = Table(
    "stream_phase",
    metadata,
    Column("id", Id, primary_key=True),
    Column("stream_id", Id, ForeignKey("programme_stream.id"), nullable=False),
    Column("phase_no", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("started_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    UniqueConstraint("stream_id", "phase_no"),
    CheckConstraint("phase_no IN (1, 2, 3)", name="no"),
    one_of("status", "pending", "running", "done", "waived"),
    CheckConstraint("(status IN ('done', 'waived')) = (ended_at IS NOT NULL)", name="ended"),
    CheckConstraint("status NOT IN ('running', 'done') OR started_at IS NOT NULL", name="started"),
)

unit_verification = Table(
    "unit_verification",
    metadata,
    Column("id", Id, primary_key=True),
    Column("stream_id", Id, ForeignKey("programme_stream.id"), nullable=False),
    Column("unit_code", Key, ForeignKey("unit.code"), nullable=False),
    Column("status", String(16), nullable=False),
    Column("instance_id", Id),  # of P03, once it has begun
    Column("declared", JSON),  # rows {level, approved, occupied} of the last declaration
    Column("special_posts", Integer, nullable=False),
    Column("approval_doc", JSON, nullable=False),  # attachment ids
    Column("returns", Integer, nullable=False),
    Column("verified_by", Key),
    Column("notice_id", Id),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("settled_at", UtcDateTime),
    UniqueConstraint("stream_id", "unit_code"),
    one_of("status", *UNIT_STATES),
    CheckConstraint("(status IN ('verified', 'no_posts', 'waived')) = (settled_at IS NOT NULL)", name="settled"),
    CheckConstraint("returns >= 0 AND special_posts >= 0", name="counts"),
)

waiver = Table(
    "waiver",
    metadata,
    Column("id", Id, primary_key=True),
    Column("stream_id", Id, ForeignKey("programme_stream.id"), nullable=False, index=True),
    Column("kind", String(8), nullable=False),  # wait longer, go on without these units, or without the stream
    Column("units", JSON, nullable=False),  # codes of the units that were given up waiting for
    Column("reason", Text, nullable=False),
    Column("wait_until", UtcDateTime),
    Column("decided_by", Key, nullable=False),
    Column("decided_at", UtcDateTime, nullable=False),
    one_of("kind", "wait", "units", "stream"),
    CheckConstraint("(kind = 'stream') = (wait_until IS NULL)", name="wait"),
    CheckConstraint("length(reason) > 0", name="reason"),
)
# A stream is given up once.
Index(
    "uq_waiver_stream",
    waiver.c.stream_id,
    unique=True,
    sqlite_where=waiver.c.kind == "stream",
    postgresql_where=waiver.c.kind == "stream",
)

escalation = Table(
    "escalation",
    metadata,
    Column("id", Id, primary_key=True),
    Column("stream_id", Id, ForeignKey("programme_stream.id"), nullable=False),
    Column("phase_no", Integer, nullable=False),
    Column("level", String(16), nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("days", Integer, nullable=False),  # working days past the end, negative before
    Column("at", UtcDateTime, nullable=False),
    UniqueConstraint("stream_id", "phase_no", "level", "due_at"),
    CheckConstraint("phase_no IN (1, 2, 3)", name="no"),
    one_of("level", *LEVELS),
)

issued_document = Table(
    "issued_document",
    metadata,
    Column("id", Id, primary_key=True),
    Column("programme_id", Id, ForeignKey("programme.id"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("name", Name, nullable=False),
    Column("doc_no", Name, nullable=False),
    Column("issued_on", Date, nullable=False),
    Column("file", JSON, nullable=False),  # attachment ids
    Column("publish_public", Boolean, nullable=False),
    Column("recorded_by", Key, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    UniqueConstraint("programme_id", "doc_no"),
    one_of("kind", "plan", "conditions", "other"),
)

policy_briefing = Table(
    "policy_briefing",
    metadata,
    Column("id", Id, primary_key=True),
    Column("stream_id", Id, ForeignKey("programme_stream.id"), nullable=False, index=True),
    Column("channel", String(16), nullable=False),
    Column("held_on", Date, nullable=False),
    Column("audience", JSON, nullable=False),
    Column("reached", Integer),
    Column("evidence", JSON, nullable=False),  # attachment ids
    Column("recorded_by", Key, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    one_of("channel", "website", "wechat", "training", "lecture", "printed", "broadcast", "bilingual"),
    CheckConstraint("reached IS NULL OR reached >= 0", name="reached"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("id", Id, primary_key=True),
    Column("stream_id", Id, ForeignKey("programme_stream.id"), nullable=False, index=True),
    Column("source", String(16), nullable=False),
    Column("category", String(16), nullable=False),
    Column("issue", Text, nullable=False),
    Column("reply", Text),
    Column("recorded_by", Key, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    one_of("source", "staff", "unit", "public"),
    one_of("category", "policy", "procedure", "conditions", "posts", "other"),
)

region_report = Table(
    "region_report",
    metadata,
    Column("id", Id, primary_key=True),
    Column("stream_id", Id, ForeignKey("programme_stream.id"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("body", JSON, nullable=False),
    Column("reported_by", Key, nullable=False),
    Column("reported_at", UtcDateTime, nullable=False),
    UniqueConstraint("stream_id", "kind"),
    one_of("kind", "quota", "appointment"),
)

summary_report = Table(
    "summary_report",
    metadata,
    Column("id", Id, primary_key=True),
    Column("stream_id", Id, ForeignKey("programme_stream.id"), nullable=False, unique=True),
    Column("done", Text, nullable=False),
    Column("problems", JSON, nullable=False),  # [{problem, countermeasures: [text]}], one at least
    Column("suggestions", Text),
    Column("stats", JSON, nullable=False),
    Column("file", JSON, nullable=False),  # attachment ids
    Column("written_by", Key, nullable=False),
    Column("written_at", UtcDateTime, nullable=False),
    Column("sent_by", Key),
    Column("sent_at", UtcDateTime),  # to both recipients at once
    together("sent_by", "sent_at", name="sent"),
)

summary_receipt = Table(
    "summary_receipt",
    metadata,
    Column("id", Id, primary_key=True),
    Column("summary_id", Id, ForeignKey("summary_report.id"), nullable=False),
    Column("recipient", String(16), nullable=False),
    Column("sent_at", UtcDateTime, nullable=False),
    Column("received_by", Key),
    Column("received_at", UtcDateTime),
    Column("return_reason", Text),
    Column("returns", Integer, nullable=False),
    UniqueConstraint("summary_id", "recipient"),
    one_of("recipient", *RECIPIENTS),
    together("received_by", "received_at", name="received"),
)

programme_report = Table(
    "programme_report",
    metadata,
    Column("programme_id", Id, ForeignKey("programme.id"), primary_key=True),
    Column("achievements", Text, nullable=False),
    Column("problems", Text, nullable=False),
    Column("countermeasures", Text, nullable=False),
    Column("stats", JSON, nullable=False),
    Column("file", JSON, nullable=False),  # attachment ids
    Column("written_by", Key, nullable=False),
    Column("written_at", UtcDateTime, nullable=False),
    Column("return_reason", Text),
    Column("accepted_by", Key),
    Column("accepted_at", UtcDateTime),
    together("accepted_by", "accepted_at", name="accepted"),
    CheckConstraint("length(problems) >= 100 AND length(countermeasures) >= 100", name="length"),
)


def get_programme(connection: Connection, programme_id: str) -> RowMapping:
    """The programme's row. Raises NotFound."""
    row = connection.execute(select(programme).where(programme.c.id == programme_id)).mappings().first()
    if row is None:
        raise NotFound(T("没有这个改革方案。"))
    return row


def get_stream(connection: Connection, stream_id: str) -> RowMapping:
    """The stream's row. Raises NotFound."""
    row = connection.execute(select(programme_stream).where(programme_stream.c.id == stream_id)).mappings().first()
    if row is None:
        raise NotFound(T("改革方案中没有这一路。"))
    return row


def get_phase(connection: Connection, programme_id: str, no: int) -> RowMapping:
    """One phase of a programme. Raises NotFound."""
    query = select(programme_phase).where(programme_phase.c.programme_id == programme_id, programme_phase.c.no == no)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise NotFound(T("改革方案中没有这一阶段。"))
    return row


def streams_of(connection: Connection, programme_id: str) -> Sequence[RowMapping]:
    """The streams of a programme in their order."""
    query = select(programme_stream).where(programme_stream.c.programme_id == programme_id)
    return connection.execute(query.order_by(programme_stream.c.position)).mappings().all()
