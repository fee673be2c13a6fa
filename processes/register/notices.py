"""Publicity notices from the draft to the close: who prepared, who approved, what exactly was published, when it ended."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, insert, update

from engine.errors import Refused
from engine.store.metadata import new_id
from forms.i18n import T
from processes.register.notice_tables import get_notice, notice_items, only_while, publicity_item, publicity_notice
from processes.register.notice_windows import record_window
from processes.register.policies import calendar, calendar_missing, parameter
from processes.rules.floors import publicity_floor
from processes.rules.privacy import personal_number
from processes.rules.windows import effective_close
from processes.rules.workdays import CalendarMissing, workday_deadline


@dataclass(frozen=True)
class NoticeItem:
    """All that a notice shows of a person (R-150): no identity number, no telephone, no address."""

    name: str
    unit: str
    current_title: str | None
    target_title: str
    channel: str
    works: tuple[str, ...] = ()


@dataclass(frozen=True)
class QuotaItem:
    """All that a notice of posts shows of one level: numbers, and nobody's name."""

    level: str
    approved: int
    occupied: int
    vacant: int


def draft_notice(
    connection: Connection,
    *,
    kind: str,
    scope: str,
    publisher_group: str,
    publisher_scope: str | None,
    items: Mapping[str, NoticeItem],
    instance_id: str,
    now: datetime,
    posts: Sequence[QuotaItem] = (),
) -> str:
    """Start a notice over `items` (application id -> what is shown, in that order), or over `posts`. Returns its id."""
    notice_id = new_id()
    connection.execute(
        insert(publicity_notice).values(
            id=notice_id,
            kind=kind,
            scope=scope,
            publisher_group=publisher_group,
            publisher_scope=publisher_scope,
            status="draft",
            title="",
            body="",
            contact_phone="",
            contact_email="",
            board_photo=[],
            min_workdays=max(parameter(connection, f"publicity.{kind}.min_workdays", now), publicity_floor(kind)),
            instance_id=instance_id,
            created_at=now,
        )
    )
    listed: list[tuple[str | None, str | None, NoticeItem | QuotaItem]] = [
        *((application_id, None, item) for application_id, item in items.items()),
        *((None, post.level, post) for post in posts),
    ]
    for position, (application_id, subject, shown) in enumerate(listed, 1):
        connection.execute(
            insert(publicity_item).values(
                id=new_id(),
                notice_id=notice_id,
                position=position,
                application_id=application_id,
                subject=subject,
                shown=asdict(shown),
                hold=False,
            )
        )
    return notice_id


def check_workdays(connection: Connection, kind: str, workdays: int, now: datetime) -> None:
    """Refuses a window below the parameter in force, which itself can never lie below the floor (R-08, R-90, R-91)."""
    least = max(parameter(connection, f"publicity.{kind}.min_workdays", now), publicity_floor(kind))
    if workdays < least:
        raise Refused(
            T("公示期不得少于 {least} 个工作日，现填 {given} 个。", least=least, given=workdays), code="BELOW_MINIMUM"
        )


def write_notice(
    connection: Connection,
    notice_id: str,
    *,
    title: str,
    body: str,
    min_workdays: int,
    contact_phone: str,
    contact_email: str,
    board_photo: Sequence[str],
    prepared_by: str,
    now: datetime,
) -> None:
    """Fill in a draft. Refuses a window below the minimum, a number of a person (R-150), and anything published."""
    notice = get_notice(connection, notice_id, lock=True)
    only_while(notice, "draft")
    check_workdays(connection, notice["kind"], min_workdays, now)
    shown = [str(value) for item in notice_items(connection, notice_id) for value in dict(item["shown"]).values()]
    if any(personal_number(text) for text in (title, body, *shown)):
        raise Refused(
            T("公示中有身份证号或手机号，请删去后再提交；联系方式只填在联系电话和联系邮箱两栏。"), code="PERSONAL_DATA"
        )
    connection.execute(
        update(publicity_notice)
        .where(publicity_notice.c.id == notice_id)
        .values(
            title=title,
            body=body,
            min_workdays=min_workdays,
            contact_phone=contact_phone,
            contact_email=contact_email,
            board_photo=list(board_photo),
            prepared_by=prepared_by,
            approved_by=None,
        )
    )


def approve_notice(connection: Connection, notice_id: str, *, approved_by: str) -> None:
    """The second person's yes. Refuses the person who prepared it."""
    notice = get_notice(connection, notice_id, lock=True)
    only_while(notice, "draft")
    if notice["prepared_by"] is None or notice["prepared_by"] == approved_by:
        raise Refused(T("公示须由编制人以外的人复核。"), code="FOUR_EYES")
    connection.execute(
        update(publicity_notice).where(publicity_notice.c.id == notice_id).values(approved_by=approved_by)
    )


def publish_notice(connection: Connection, notice_id: str, *, actor: str | None, now: datetime) -> datetime:
    """Open the window; returns the instant it closes. Raises `Refused` with `CALENDAR_MISSING` and nothing changed."""
    notice = get_notice(connection, notice_id, lock=True)
    only_while(notice, "draft")
    if notice["approved_by"] is None:
        raise Refused(T("公示未经复核，不能发布。"), code="NOT_APPROVED")
    check_workdays(connection, notice["kind"], notice["min_workdays"], now)
    earliest = parameter(connection, "publicity.not_before", now)
    if earliest is not None and now < datetime.fromisoformat(earliest):
        raise Refused(T("现行政策规定 {at} 之前不得发布公示。", at=earliest), code="TOO_EARLY")
    first_day_counts = parameter(connection, "publicity.first_day_counts", now)
    close_time = parameter(connection, "publicity.close", now)
    days = calendar(connection)
    try:
        closes_at = workday_deadline(
            days, now, notice["min_workdays"], first_day_counts=first_day_counts, close=close_time
        )
    except CalendarMissing as missing:
        raise calendar_missing(missing) from missing
    connection.execute(
        update(publicity_notice)
        .where(publicity_notice.c.id == notice_id)
        .values(
            status="published",
            published_at=now,
            closes_at=closes_at,
            first_day_counts=first_day_counts,
            close_time=close_time,
            calendar_version=days.version,
            content_hash=content_hash(notice, notice_items(connection, notice_id)),
        )
    )
    record_window(connection, notice_id, closes_at, "published", "", days.version, actor, now)
    return closes_at


def content_hash(notice: RowMapping, items: Sequence[RowMapping]) -> str:
    """sha256 over what the public reads, canonical JSON: proof that a published notice is the one that was approved."""
    public = {
        **{name: notice[name] for name in ("id", "kind", "scope", "title", "body", "contact_phone", "contact_email")},
        "items": [item["shown"] for item in items],
    }
    text = json.dumps(public, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def close_notice(connection: Connection, notice_id: str, now: datetime) -> datetime:
    """Close once, with effect from the due instant however late that is noticed (S05c). Settles what nobody holds.

    Returns that instant. Raises `Refused` while the window is open or when the notice is closed already.
    """
    notice = get_notice(connection, notice_id, lock=True)
    only_while(notice, "published")
    if now < notice["closes_at"]:
        raise Refused(T("公示期未满，不能关闭。"), code="WINDOW_OPEN")
    at = effective_close(notice["closes_at"], now)
    connection.execute(
        update(publicity_notice)
        .where(publicity_notice.c.id == notice_id)
        .values(status="closed", closed_effective_at=at, closed_at=now)
    )
    connection.execute(
        update(publicity_item)
        .where(publicity_item.c.notice_id == notice_id, ~publicity_item.c.hold, publicity_item.c.outcome.is_(None))
        .values(outcome="clear", settled_at=now)
    )
    return at


def recall_notice(connection: Connection, notice_id: str, *, reason: str, now: datetime) -> None:
    """Take a notice back because of an error: a published one, or one that closed with every item still held.

    Publishing again is a new notice with a full new window.
    """
    notice = get_notice(connection, notice_id, lock=True)
    if notice["status"] != "closed":
        only_while(notice, "published")
    connection.execute(
        update(publicity_notice)
        .where(publicity_notice.c.id == notice_id)
        .values(status="recalled", recalled_at=now, recall_reason=reason, closed_effective_at=None, closed_at=None)
    )
