"""Regions, units and their posts (R-40 to R-45). `vacant = approved - occupied - reserved`, never below zero."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
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
    UniqueConstraint,
    insert,
    select,
    update,
)

from engine.errors import NotFound, Refused
from engine.store.metadata import Id, UtcDateTime, metadata, new_id, one_of
from forms.i18n import T
from processes.dates import instant
from processes.register.columns import Key, Name
from processes.rules.quota import NoVacancy, Posts

LEVELS = ("full_senior", "deputy_senior", "intermediate", "junior")

region = Table(
    "region",
    metadata,
    Column("code", Key, primary_key=True),
    Column("name", Name, nullable=False),
    Column("kind", String(24), nullable=False),
    one_of("kind", "prefecture", "provincial_direct", "central_in_qinghai"),
)

unit = Table(
    "unit",
    metadata,
    Column("code", Key, primary_key=True),
    Column("name", Name, nullable=False),
    Column("uscc", String(18), nullable=False, unique=True),
    Column("region_code", Key, ForeignKey("region.code"), nullable=False, index=True),
    Column("kind", String(24), nullable=False),
    Column("ownership", String(16), nullable=False),
    Column("post_managed", Boolean, nullable=False),
    Column("civil_servant_law", Boolean, nullable=False),
    Column("hardship", Boolean, nullable=False),  # stands in a hardship or grass-roots place
    Column("created_at", UtcDateTime, nullable=False),
    one_of("kind", "public_institution", "enterprise", "non_public", "social_org", "other", "agency"),
    one_of("ownership", "public", "non_public"),
)

post_quota = Table(
    "post_quota",
    metadata,
    Column("id", Id, primary_key=True),
    Column("unit_code", Key, ForeignKey("unit.code"), nullable=False),
    Column("year", Integer, nullable=False),
    Column("post_level", String(16), nullable=False),
    Column("approved", Integer, nullable=False),
    Column("occupied", Integer, nullable=False),
    Column("reserved", Integer, nullable=False),
    Column("special_occupied", Integer, nullable=False),  # special posts (特设岗位): outside the approved number
    Column("approval_doc", Name),
    Column("notice_closed_at", UtcDateTime),  # the quota notice's close: before it nobody is recommended
    Column("version", Integer, nullable=False),
    UniqueConstraint("unit_code", "year", "post_level"),
    one_of("post_level", *LEVELS),
    CheckConstraint("approved >= 0 AND occupied >= 0 AND reserved >= 0 AND special_occupied >= 0", name="counts"),
    CheckConstraint("reserved = 0 OR approved - occupied - reserved >= 0", name="vacant"),
)

quota_reservation = Table(
    "quota_reservation",
    metadata,
    Column("id", Id, primary_key=True),
    Column("quota_id", Id, ForeignKey("post_quota.id"), nullable=False, index=True),
    Column("application_id", Id, ForeignKey("application.id"), nullable=False, index=True),
    Column("status", String(16), nullable=False),
    Column("reserved_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    one_of("status", "held", "released", "filled"),
    CheckConstraint("(status = 'held') = (ended_at IS NULL)", name="ended"),
)
# An application holds one post at most, whatever two people do at once.
Index(
    "uq_quota_reservation_held",
    quota_reservation.c.application_id,
    unique=True,
    sqlite_where=quota_reservation.c.status == "held",
    postgresql_where=quota_reservation.c.status == "held",
)


@dataclass(frozen=True)
class Quota:
    """One row of posts as read under lock."""

    id: str
    posts: Posts
    published: bool  # its quota notice has closed
    closes_at: datetime | None  # when it closes, where there is one


def get_unit(connection: Connection, code: str) -> RowMapping:
    """The unit's row. Raises NotFound."""
    row = connection.execute(select(unit).where(unit.c.code == code)).mappings().first()
    if row is None:
        raise NotFound(T("没有这个单位。"))
    return row


def lock_quota(connection: Connection, unit_code: str, year: int, level: str, now: datetime) -> Quota | None:
    """The posts of one unit, year and level, locked until the transaction ends; None where none were verified."""
    query = select(post_quota).where(
        post_quota.c.unit_code == unit_code, post_quota.c.year == year, post_quota.c.post_level == level
    )
    row = connection.execute(query.with_for_update()).mappings().first()
    return None if row is None else _quota(row, now)


def check_published(quota: Quota | None) -> Quota:
    """R-42: posts are published before anybody is recommended to one. Raises Refused (QUOTA_NOT_PUBLISHED)."""
    if quota is None or not quota.published:
        if quota is not None and quota.closes_at is not None:
            text = T(
                "本单位的岗位数额正在公示，{closes} 期满，在此之前不能推荐。",
                closes=instant(quota.closes_at),
            )
        else:
            text = T("本单位的岗位数额还没有核定公示，不能推荐。请先完成岗位数额公示。")
        raise Refused(text, code="QUOTA_NOT_PUBLISHED")
    return quota


def reservation_of(connection: Connection, application_id: str) -> RowMapping | None:
    """The post this application holds."""
    query = select(quota_reservation).where(
        quota_reservation.c.application_id == application_id, quota_reservation.c.status == "held"
    )
    return connection.execute(query).mappings().first()


def reserve(connection: Connection, quota: Quota, application_id: str, now: datetime) -> None:
    """Hold one post of a locked quota; nothing more for an application that holds one. Raises Refused (QUOTA_FULL)."""
    if reservation_of(connection, application_id) is not None:
        return
    try:
        posts = quota.posts.reserve()
    except NoVacancy as full:
        raise Refused(T("该层级岗位空缺为 0，不能预留。"), code="QUOTA_FULL") from full
    _write(connection, quota.id, posts)
    connection.execute(
        insert(quota_reservation).values(
            id=new_id(), quota_id=quota.id, application_id=application_id, status="held", reserved_at=now
        )
    )


def release(connection: Connection, application_id: str, now: datetime) -> bool:
    """Give the held post back (R-45). False where none is held."""
    held = _end_reservation(connection, application_id, "released", now)
    if held is None:
        return False
    quota = _locked(connection, held["quota_id"], now)
    _write(connection, quota.id, quota.posts.release())
    return True


def fill(connection: Connection, application_id: str, now: datetime) -> bool:
    """The held post is taken by appointment: reserved -1, occupied +1. False where none is held."""
    held = _end_reservation(connection, application_id, "filled", now)
    if held is None:
        return False
    quota = _locked(connection, held["quota_id"], now)
    _write(connection, quota.id, quota.posts.fill())
    return True


def fill_special(connection: Connection, unit_code: str, year: int, level: str) -> None:
    """An exempt candidate takes a special post (R-44): the approved number is not touched.

    It is counted in the year's posts of that level; raises Refused (NO_QUOTA) where none were verified.
    """
    counted = connection.execute(
        update(post_quota)
        .where(post_quota.c.unit_code == unit_code, post_quota.c.year == year, post_quota.c.post_level == level)
        .values(special_occupied=post_quota.c.special_occupied + 1, version=post_quota.c.version + 1)
    )
    if counted.rowcount == 0:
        raise Refused(
            T("本单位 {year} 年该层级的岗位数额还没有核定，特设岗位无处登记；请先核定岗位数额。", year=year),
            code="NO_QUOTA",
        )


def fill_free(connection: Connection, unit_code: str, year: int, level: str, now: datetime) -> None:
    """Somebody without a reservation takes a free post. Raises Refused (NO_FREE_POST)."""
    quota = lock_quota(connection, unit_code, year, level, now)
    if quota is None or quota.posts.vacant < 1:
        raise Refused(T("该层级没有空缺岗位；不占岗位数额的人员可以使用特设岗位。"), code="NO_FREE_POST")
    _write(connection, quota.id, quota.posts.reserve().fill())


def _locked(connection: Connection, quota_id: str, now: datetime) -> Quota:
    query = select(post_quota).where(post_quota.c.id == quota_id).with_for_update()
    return _quota(connection.execute(query).mappings().one(), now)


def _quota(row: RowMapping, now: datetime) -> Quota:
    closed = row["notice_closed_at"]
    posts = Posts(row["approved"], row["occupied"], row["reserved"])
    return Quota(row["id"], posts, closed is not None and closed <= now, closed)


def _write(connection: Connection, quota_id: str, posts: Posts) -> None:
    values: dict[str, Any] = {"occupied": posts.occupied, "reserved": posts.reserved}
    connection.execute(
        update(post_quota).where(post_quota.c.id == quota_id).values(**values, version=post_quota.c.version + 1)
    )


def _end_reservation(connection: Connection, application_id: str, status: str, now: datetime) -> RowMapping | None:
    held = reservation_of(connection, application_id)
    if held is not None:
        connection.execute(
            update(quota_reservation).where(quota_reservation.c.id == held["id"]).values(status=status, ended_at=now)
        )
    return held
