"""The tables of publicity notices. A published notice is never changed; its window only ever moves later."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    RowMapping,
    String,
    Table,
    Text,
    UniqueConstraint,
    select,
)

from engine.errors import NotFound, Refused
from engine.store.metadata import Id, UtcDateTime, metadata, one_of
from forms.i18n import T
from processes.register.columns import Hash, Key, Name, together
from processes.rules.floors import MIN_PUBLICITY_WORKDAYS, PUBLICITY_KINDS

publicity_notice = Table(
    "publicity_notice",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("scope", String(16), nullable=False),  # read in the unit alone, or in the province
    Column("publisher_group", Key, nullable=False),
    Column("publisher_scope", Key),
    Column("status", String(16), nullable=False),
    Column("title", Name, nullable=False),
    Column("body", Text, nullable=False),
    Column("contact_phone", Key, nullable=False),
    Column("contact_email", Key, nullable=False),
    Column("board_photo", JSON, nullable=False),  # attachment ids
    Column("min_workdays", Integer, nullable=False),
    Column("instance_id", Id, nullable=False, index=True),
    Column("prepared_by", Key),
    Column("approved_by", Key),
    Column("created_at", UtcDateTime, nullable=False),
    Column("content_hash", Hash),
    Column("published_at", UtcDateTime),
    Column("closes_at", UtcDateTime),
    Column("first_day_counts", Boolean),
    Column("close_time", String(5)),
    Column("calendar_version", Integer),
    Column("closed_effective_at", UtcDateTime),  # in law: the due instant
    Column("closed_at", UtcDateTime),  # when the program noticed
    Column("recalled_at", UtcDateTime),
    Column("recall_reason", Text),
    one_of("kind", *PUBLICITY_KINDS),
    one_of("scope", "unit", "province"),
    one_of("status", "draft", "published", "closed", "recalled"),
    CheckConstraint(f"min_workdays >= {MIN_PUBLICITY_WORKDAYS}", name="floor"),
    CheckConstraint("approved_by IS NULL OR approved_by <> prepared_by", name="four_eyes"),
    CheckConstraint(
        "status = 'draft' OR (content_hash IS NOT NULL AND published_at IS NOT NULL AND closes_at IS NOT NULL"
        " AND calendar_version IS NOT NULL AND approved_by IS NOT NULL)",
        name="published",
    ),
    CheckConstraint("closes_at IS NULL OR closes_at > published_at", name="window"),
    CheckConstraint(
        "(status = 'closed' AND closed_effective_at IS NOT NULL AND closed_at >= closed_effective_at)"
        " OR (status <> 'closed' AND closed_effective_at IS NULL AND closed_at IS NULL)",
        name="closed",
    ),
    CheckConstraint("(status = 'recalled') = (recalled_at IS NOT NULL)", name="recalled"),
    together("recalled_at", "recall_reason", name="recall"),
)
Index("ix_publicity_notice_status_closes", publicity_notice.c.status, publicity_notice.c.closes_at)

publicity_item = Table(
    "publicity_item",
    metadata,
    Column("id", Id, primary_key=True),
    Column("notice_id", Id, ForeignKey("publicity_notice.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("application_id", Id, ForeignKey("application.id"), index=True),  # none in a notice of posts
    Column("subject", Key),  # what is shown where it is no application: the level of the posts
    Column("shown", JSON, nullable=False),  # `NoticeItem` or `QuotaItem`: the only fields anybody may read
    Column("hold", Boolean, nullable=False),  # a timely objection is being looked into
    Column("outcome", String(16)),
    Column("settled_at", UtcDateTime),
    Column("told_at", UtcDateTime),  # when its case was sent the outcome
    UniqueConstraint("notice_id", "application_id"),
    UniqueConstraint("notice_id", "position"),
    UniqueConstraint("notice_id", "subject"),
    CheckConstraint("(application_id IS NULL) <> (subject IS NULL)", name="about_something"),
    one_of("outcome", "clear", "upheld", "withdrawn"),
    together("outcome", "settled_at", name="settled"),
    CheckConstraint("outcome IS NULL OR NOT hold", name="held_is_not_settled"),
)

notice_window = Table(
    "notice_window",
    metadata,
    Column("id", Id, primary_key=True),
    Column("notice_id", Id, ForeignKey("publicity_notice.id"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("closes_at", UtcDateTime, nullable=False),
    Column("computed_at", UtcDateTime),  # where a correction would have ended it, if that was earlier
    Column("cause", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("calendar_version", Integer, nullable=False),
    Column("actor", Key),
    Column("at", UtcDateTime, nullable=False),
    UniqueConstraint("notice_id", "seq"),
    one_of("cause", "published", "extended", "calendar", "outage"),
)


def get_notice(connection: Connection, notice_id: str, *, lock: bool = False) -> RowMapping:
    """The notice's row. Raises `NotFound`."""
    query = select(publicity_notice).where(publicity_notice.c.id == notice_id)
    row = connection.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise NotFound(T("没有这份公示。"))
    return row


def notice_items(connection: Connection, notice_id: str) -> Sequence[RowMapping]:
    query = select(publicity_item).where(publicity_item.c.notice_id == notice_id)
    return connection.execute(query.order_by(publicity_item.c.position)).mappings().all()


def only_while(notice: RowMapping, status: str) -> None:
    if notice["status"] != status:
        words = {"draft": T("编制中"), "published": T("公示中"), "closed": T("已结束"), "recalled": T("已撤回")}
        raise Refused(
            T("这份公示{now}，不能这样办理。", now=words[notice["status"]]), code="NOTICE_" + notice["status"].upper()
        )
