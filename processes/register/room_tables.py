"""The tables of one meeting's room: its roll, who came, who stands back from which case, the groups and what they wrote.

Experts stand here and in the tokens of the ballot box, and nowhere else (R-76): no process variable, task, event or notice
holds an expert's name, account or id.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from engine.store.metadata import Id, UtcDateTime, metadata, one_of
from processes.register.columns import Key, together
from processes.register.expert_tables import ROLES
from processes.rules.recusal import KINDS

OPINION_LENGTH = 100  # characters of an opinion's texts together, at least

# Copied from the committee when the meeting is called. Who was replaced stays as a record.
meeting_member = Table(
    "meeting_member",
    metadata,
    Column("meeting_id", Id, ForeignKey("review_meeting.id"), primary_key=True),
    Column("expert_id", Id, ForeignKey("expert.id"), primary_key=True, index=True),
    Column("role", String(16), nullable=False),
    Column("position", Integer, nullable=False),
    Column("called_at", UtcDateTime, nullable=False),
    Column("called_by", Key),  # None: with the roll itself
    Column("out_at", UtcDateTime),
    Column("out_by", Key),
    Column("out_reason", Text),
    Column("excluded_at", UtcDateTime),  # a relation keeps them away from the whole meeting
    one_of("role", *ROLES),
    CheckConstraint("(out_at IS NULL) = (out_reason IS NULL)", name="out"),
)
_ON_THE_ROLL = meeting_member.c.out_at.is_(None)
Index(
    "uq_meeting_member_seat",
    meeting_member.c.meeting_id,
    meeting_member.c.position,
    unique=True,
    sqlite_where=_ON_THE_ROLL,
    postgresql_where=_ON_THE_ROLL,
)

attendance = Table(
    "attendance",
    metadata,
    Column("id", Id, primary_key=True),
    Column("meeting_id", Id, nullable=False),
    Column("expert_id", Id, nullable=False),
    Column("came_at", UtcDateTime, nullable=False),
    Column("came_by", Key, nullable=False),  # who ticked it
    Column("left_at", UtcDateTime),
    Column("left_by", Key),
    ForeignKeyConstraint(
        ["meeting_id", "expert_id"],
        ["meeting_member.meeting_id", "meeting_member.expert_id"],
        name="fk_attendance_meeting_member",
    ),
    together("left_at", "left_by", name="gone"),
    CheckConstraint("left_at >= came_at", name="order"),
)
Index("ix_attendance_meeting_id_expert_id", attendance.c.meeting_id, attendance.c.expert_id)
Index(
    "uq_attendance_here",
    attendance.c.meeting_id,
    attendance.c.expert_id,
    unique=True,
    sqlite_where=attendance.c.left_at.is_(None),
    postgresql_where=attendance.c.left_at.is_(None),
)

recusal = Table(
    "recusal",
    metadata,
    Column("id", Id, primary_key=True),
    Column("meeting_id", Id, nullable=False),
    Column("application_id", Id, nullable=False),
    Column("expert_id", Id, nullable=False),
    Column("ground", String(24), nullable=False),
    Column("source", String(16), nullable=False),
    Column("note", Text),
    Column("decided_by", Key, nullable=False),
    Column("decided_at", UtcDateTime, nullable=False),
    Column("lifted_by", Key),  # a detected ground that turned out to be none
    Column("lifted_at", UtcDateTime),
    Column("lifted_note", Text),
    ForeignKeyConstraint(
        ["meeting_id", "application_id"],
        ["meeting_candidate.meeting_id", "meeting_candidate.application_id"],
        name="fk_recusal_meeting_candidate",
    ),
    ForeignKeyConstraint(
        ["meeting_id", "expert_id"],
        ["meeting_member.meeting_id", "meeting_member.expert_id"],
        name="fk_recusal_meeting_member",
    ),
    one_of("ground", *KINDS),
    one_of("source", "declared", "detected", "candidate", "office"),
    together("lifted_by", "lifted_at", "lifted_note", name="lifted"),
    CheckConstraint("lifted_at IS NULL OR source = 'detected'", name="only_detected_is_lifted"),
)
Index("ix_recusal_meeting_id_application_id", recusal.c.meeting_id, recusal.c.application_id)
_IN_FORCE = recusal.c.lifted_at.is_(None)
Index(
    "uq_recusal_in_force",
    recusal.c.meeting_id,
    recusal.c.application_id,
    recusal.c.expert_id,
    unique=True,
    sqlite_where=_IN_FORCE,
    postgresql_where=_IN_FORCE,
)

# What the office decided on a candidate's blind request ("not X, because …"); it is asked anew in each meeting.
recusal_ruling = Table(
    "recusal_ruling",
    metadata,
    Column("meeting_id", Id, ForeignKey("review_meeting.id"), primary_key=True),
    Column("request_id", Id, ForeignKey("recusal_request.id"), primary_key=True),
    Column("granted", Boolean, nullable=False),
    Column("note", Text, nullable=False),
    Column("decided_by", Key, nullable=False),
    Column("decided_at", UtcDateTime, nullable=False),
)

review_group = Table(
    "review_group",
    metadata,
    Column("meeting_id", Id, ForeignKey("review_meeting.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("arranged_by", Key, nullable=False),
    Column("arranged_at", UtcDateTime, nullable=False),
    CheckConstraint("number >= 1", name="number"),
)

review_group_member = Table(
    "review_group_member",
    metadata,
    Column("meeting_id", Id, primary_key=True),
    Column("expert_id", Id, primary_key=True),  # in one group of a meeting at most
    Column("number", Integer, nullable=False),
    Column("lead", Boolean, nullable=False),
    ForeignKeyConstraint(
        ["meeting_id", "number"],
        ["review_group.meeting_id", "review_group.number"],
        name="fk_review_group_member_review_group",
    ),
    ForeignKeyConstraint(
        ["meeting_id", "expert_id"],
        ["meeting_member.meeting_id", "meeting_member.expert_id"],
        name="fk_review_group_member_meeting_member",
    ),
)
Index(
    "uq_review_group_member_lead",
    review_group_member.c.meeting_id,
    review_group_member.c.number,
    unique=True,
    sqlite_where=review_group_member.c.lead.is_(True),
    postgresql_where=review_group_member.c.lead.is_(True),
)

review_group_case = Table(
    "review_group_case",
    metadata,
    Column("meeting_id", Id, primary_key=True),
    Column("application_id", Id, primary_key=True),  # in exactly one group
    Column("number", Integer, nullable=False),
    ForeignKeyConstraint(
        ["meeting_id", "number"],
        ["review_group.meeting_id", "review_group.number"],
        name="fk_review_group_case_review_group",
    ),
    ForeignKeyConstraint(
        ["meeting_id", "application_id"],
        ["meeting_candidate.meeting_id", "meeting_candidate.application_id"],
        name="fk_review_group_case_meeting_candidate",
    ),
)

group_opinion = Table(
    "group_opinion",
    metadata,
    Column("meeting_id", Id, primary_key=True),
    Column("application_id", Id, primary_key=True),
    Column("expert_id", Id, primary_key=True),
    Column("strengths", Text, nullable=False),
    Column("weaknesses", Text, nullable=False),
    Column("recommendation", String(16), nullable=False),
    Column("scores", JSON, nullable=False),  # dimension -> 0..100; a reference that never decides
    Column("written_at", UtcDateTime, nullable=False),
    Column("version", Integer, nullable=False),
    ForeignKeyConstraint(
        ["meeting_id", "application_id"],
        ["meeting_candidate.meeting_id", "meeting_candidate.application_id"],
        name="fk_group_opinion_meeting_candidate",
    ),
    ForeignKeyConstraint(
        ["meeting_id", "expert_id"],
        ["meeting_member.meeting_id", "meeting_member.expert_id"],
        name="fk_group_opinion_meeting_member",
    ),
    one_of("recommendation", "approve", "reject", "interview"),
    CheckConstraint(f"length(strengths) + length(weaknesses) >= {OPINION_LENGTH}", name="length"),
)

interview_record = Table(
    "interview_record",
    metadata,
    Column("meeting_id", Id, primary_key=True),
    Column("application_id", Id, primary_key=True),
    Column("mode", String(16), primary_key=True),
    Column("record", Text, nullable=False),
    Column("conclusion", Text, nullable=False),
    Column("recorded_by", Key, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    ForeignKeyConstraint(
        ["meeting_id", "application_id"],
        ["meeting_candidate.meeting_id", "meeting_candidate.application_id"],
        name="fk_interview_record_meeting_candidate",
    ),
    one_of("mode", "interview", "report", "exhibition"),
)
