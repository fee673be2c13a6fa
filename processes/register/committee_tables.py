"""The tables of committees, their meetings and the two entries of a paper count. No expert stands here."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Date,
    ForeignKey,
    Integer,
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
from processes.register.columns import Hash, Key, Name, together

committee = Table(
    "committee",
    metadata,
    Column("id", Id, primary_key=True),
    Column("code", Key, nullable=False, unique=True),
    Column("name", Name, nullable=False),
    Column("series", Key, nullable=False),
    Column("level", String(16), nullable=False),
    Column("basis", String(16), nullable=False),
    Column("organizer", Name, nullable=False),
    Column("size", Integer, nullable=False),
    Column("min_size_waiver_doc", Text),
    Column("scope_titles", JSON, nullable=False),  # target titles it reviews
    Column("filing_no", Key, nullable=False, unique=True),
    Column("filed_on", Date, nullable=False),
    Column("valid_until", Date, nullable=False),  # inclusive
    Column("created_at", UtcDateTime, nullable=False),
    one_of("level", "senior", "intermediate", "junior"),
    one_of("basis", "series", "specialty"),
    CheckConstraint("size > 0 AND size % 2 = 1", name="odd"),
    CheckConstraint("valid_until > filed_on", name="filing"),
)

review_meeting = Table(
    "review_meeting",
    metadata,
    Column("id", Id, primary_key=True),
    Column("committee_id", Id, ForeignKey("committee.id"), nullable=False),
    Column("instance_id", Id, nullable=False, unique=True),  # one process instance per meeting
    Column("held_on", Date, nullable=False),
    Column("place", Name, nullable=False),
    Column("mode", String(16), nullable=False),
    Column("size", Integer, nullable=False),  # of the committee at this meeting
    Column("attended", Integer),
    Column("status", String(16), nullable=False),
    Column("attempt", Integer, nullable=False),  # which double entry of the counts holds
    Column("announced_by", Key),
    Column("announced_at", UtcDateTime),
    Column("announced_as", Name),  # signature as written
    Column("seal_file", JSON, nullable=False),
    Column("minutes", Text),
    Column("irregularities", Text),
    Column("minutes_by", Key),
    Column("minutes_at", UtcDateTime),
    Column("supervised_by", Key),
    Column("supervised_at", UtcDateTime),
    Column("recusal_counts_present", Boolean, nullable=False),  # as the rules stood when it was planned
    Column("quorate_at", UtcDateTime),  # when the quorum was found and the session could begin
    Column("sheet_hash", Hash),
    Column("sealed_at", UtcDateTime),
    one_of("mode", "onsite", "online"),
    one_of("status", "planned", "counting", "decided", "sealed"),
    CheckConstraint("attended IS NULL OR (attended >= 0 AND attended <= size)", name="attended"),
    together("announced_by", "announced_at", "announced_as", name="announced"),
    together("minutes", "minutes_by", "minutes_at", name="minutes"),
    together("supervised_by", "supervised_at", name="supervised"),
    together("sheet_hash", "sealed_at", name="seal"),
    CheckConstraint("minutes_by IS NULL OR minutes_by <> announced_by", name="recorder_is_not_chair"),
    CheckConstraint(
        "supervised_by IS NULL OR (supervised_by <> minutes_by AND supervised_by <> announced_by)",
        name="supervisor_is_another",
    ),
    CheckConstraint(
        "status <> 'sealed' OR (announced_by IS NOT NULL AND minutes_by IS NOT NULL AND supervised_by IS NOT NULL"
        " AND sheet_hash IS NOT NULL)",
        name="sealed_is_signed",
    ),
)

meeting_candidate = Table(
    "meeting_candidate",
    metadata,
    Column("meeting_id", Id, ForeignKey("review_meeting.id"), primary_key=True),
    Column("application_id", Id, ForeignKey("application.id"), primary_key=True, index=True),
    Column("position", Integer, nullable=False),
    UniqueConstraint("meeting_id", "position"),
)

count_entry = Table(
    "count_entry",
    metadata,
    Column("meeting_id", Id, ForeignKey("review_meeting.id"), primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("entry", String(8), primary_key=True),
    Column("application_id", Id, ForeignKey("application.id"), primary_key=True),
    Column("operator", Key, nullable=False),
    Column("entered_at", UtcDateTime, nullable=False),
    Column("present", Integer, nullable=False),
    Column("yes", Integer, nullable=False),
    Column("no", Integer, nullable=False),
    Column("abstain", Integer, nullable=False),
    one_of("entry", "first", "second"),
    CheckConstraint("present >= 0 AND yes >= 0 AND no >= 0 AND abstain >= 0", name="counts"),
)


def get_meeting(connection: Connection, meeting_id: str, *, lock: bool = False) -> RowMapping:
    """The meeting's row. Raises `NotFound`."""
    query = select(review_meeting).where(review_meeting.c.id == meeting_id)
    row = connection.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise NotFound(T("没有这次评审会议。"))
    return row


def get_committee(connection: Connection, committee_id: str, *, lock: bool = False) -> RowMapping:
    """The committee's row. Raises `NotFound`."""
    query = select(committee).where(committee.c.id == committee_id)
    row = connection.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise NotFound(T("没有这个评审委员会。"))
    return row
