"""The verification of one unit's posts (P03), and what it makes of the year's quota (R-42, R-141)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from engine.errors import NotFound, Refused
from engine.store.metadata import new_id
from forms.i18n import T, Text
from processes.register import rollout_tables as r
from processes.register.notice_tables import get_notice
from processes.register.policies import parameters
from processes.register.units import LEVELS, post_quota, unit
from processes.rules.posts import shares

MOST_RETURNS = 2
LEVEL_WORDS: Mapping[str, Text] = {
    "full_senior": T("正高级"),
    "deputy_senior": T("副高级"),
    "intermediate": T("中级"),
    "junior": T("初级"),
}
SHARE_WORDS: Mapping[str, Text] = {"senior": T("高级"), "intermediate": T("中级")}


def ask_units(connection: Connection, stream_id: str, now: datetime) -> list[RowMapping]:
    """Every unit of the stream's region that was not asked yet; answers those rows of `unit`, to start P03 for each."""
    stream = r.get_stream(connection, stream_id)
    asked = select(r.unit_verification.c.unit_code).where(r.unit_verification.c.stream_id == stream_id)
    query = select(unit).where(unit.c.region_code == stream["region_code"], unit.c.code.not_in(asked))
    rows = list(connection.execute(query.order_by(unit.c.code)).mappings())
    for row in rows:
        connection.execute(
            insert(r.unit_verification).values(
                id=new_id(),
                stream_id=stream_id,
                unit_code=row["code"],
                status="declaring",
                special_posts=0,
                approval_doc=[],
                returns=0,
                asked_at=now,
            )
        )
    return rows


def verification(connection: Connection, stream_id: str, unit_code: str) -> RowMapping:
    """The row of one unit. Raises NotFound."""
    v = r.unit_verification
    row = connection.execute(select(v).where(v.c.stream_id == stream_id, v.c.unit_code == unit_code)).mappings().first()
    if row is None:
        raise NotFound(T("这个单位没有被要求核定岗位。"))
    return row


def set_verification(connection: Connection, stream_id: str, unit_code: str, **values: Any) -> None:
    """Write the unit's row. A unit that was waived meanwhile and is verified after all counts as verified."""
    v = r.unit_verification
    where = (v.c.stream_id == stream_id, v.c.unit_code == unit_code)
    connection.execute(update(v).where(*where).values(**values))


def progress(connection: Connection, stream_id: str, unit_code: str, status: str) -> None:
    """The unit's next step; one that is waited for no longer stays so until it is verified."""
    v = r.unit_verification
    where = (v.c.stream_id == stream_id, v.c.unit_code == unit_code, v.c.settled_at.is_(None))
    connection.execute(update(v).where(*where).values(status=status))


def year_of(connection: Connection, stream_id: str) -> int:
    """The year whose posts are verified."""
    row = r.get_programme(connection, r.get_stream(connection, stream_id)["programme_id"])
    return int(row["year"])


def known_posts(connection: Connection, unit_code: str, year: int) -> list[dict[str, Any]]:
    """What is known of a unit's posts: rows {level_name, approved, occupied}, one for each level in its words."""
    rows = connection.execute(
        select(post_quota)
        .where(post_quota.c.unit_code == unit_code, post_quota.c.year <= year)
        .order_by(post_quota.c.year)
    ).mappings()
    newest = {row["post_level"]: row for row in rows}
    return [
        {
            "level_name": _named(level),
            "approved": newest[level]["approved"] if level in newest else 0,
            "occupied": newest[level]["occupied"] if level in newest else 0,
        }
        for level in LEVELS
    ]


def _named(level: str) -> str:
    """A level as it stands in process variables, which have one language."""
    return LEVEL_WORDS[level].to("zh")


def check_posts(posts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The declared rows as {level, approved, occupied}. Raises Refused (BAD_POSTS) where a level is missing, twice or negative."""
    codes = {_named(level): level for level in LEVELS}
    rows: list[dict[str, Any]] = [
        {"level": codes.get(p["level_name"], ""), "approved": int(p["approved"]), "occupied": int(p["occupied"])}
        for p in posts
    ]
    if sorted(row["level"] for row in rows) != sorted(LEVELS):
        raise Refused(T("四个层级都要填写，每个层级一行；没有岗位的填 0。"), code="BAD_POSTS")
    if any(row["approved"] < 0 or row["occupied"] < 0 for row in rows):
        raise Refused(T("岗位数不能小于 0。"), code="BAD_POSTS")
    return rows


def ratio_warnings(connection: Connection, posts: Sequence[Mapping[str, Any]], now: datetime) -> list[Text]:
    """Where the declared structure lies over the province's control shares. Only a warning: the authority decides."""
    limits = parameters(connection, ("posts.senior_share", "posts.intermediate_share"), now)
    over = shares(
        {row["level"]: row["approved"] for row in posts},
        senior=limits["posts.senior_share"],
        intermediate=limits["posts.intermediate_share"],
    )
    told = [
        T(
            "{group}岗位 {posts} 个，占全部 {total} 个的 {share}%，高于 {limit}% 的提醒线。",
            group=SHARE_WORDS[share.group],
            posts=share.posts,
            total=share.total,
            share=round(100 * share.posts / share.total),
            limit=round(100 * share.limit),
        )
        for share in over
    ]
    crowded = [row for row in posts if row["occupied"] > row["approved"]]
    return told + [T("{level}已聘人数多于核定岗位数。", level=LEVEL_WORDS[row["level"]]) for row in crowded]


def return_posts(connection: Connection, stream_id: str, unit_code: str) -> None:
    """The authority sends a declaration back. Raises Refused (RETURNED_TWICE) for the third time."""
    row = verification(connection, stream_id, unit_code)
    if row["returns"] >= MOST_RETURNS:
        raise Refused(T("已经退回两次，不能再退回。请直接改正数字后核定，或与单位商定后再办。"), code="RETURNED_TWICE")
    set_verification(connection, stream_id, unit_code, returns=row["returns"] + 1)
    progress(connection, stream_id, unit_code, "declaring")


def activate_quota(connection: Connection, stream_id: str, unit_code: str, notice_id: str, now: datetime) -> None:
    """The verified posts become the year's quota, published by the notice that has closed (R-42). Posts held by
    applications stay held. Raises Refused (QUOTA_HELD) where fewer posts were verified than are held."""
    row = verification(connection, stream_id, unit_code)
    notice = get_notice(connection, notice_id)
    closed_at = notice["closed_effective_at"] or notice["closes_at"]
    for posts in row["declared"]:
        _put_quota(connection, unit_code, year_of(connection, stream_id), posts, closed_at)
    set_verification(connection, stream_id, unit_code, status="verified", settled_at=now, notice_id=notice_id)


def _put_quota(
    connection: Connection, unit_code: str, year: int, posts: Mapping[str, Any], closed_at: datetime
) -> None:
    q = post_quota
    where = (q.c.unit_code == unit_code, q.c.year == year, q.c.post_level == posts["level"])
    found = connection.execute(select(q).where(*where).with_for_update()).mappings().first()
    values = {"approved": posts["approved"], "occupied": posts["occupied"], "notice_closed_at": closed_at}
    if found is None:
        connection.execute(
            insert(q).values(
                id=new_id(),
                unit_code=unit_code,
                year=year,
                post_level=posts["level"],
                reserved=0,
                special_occupied=0,
                version=1,
                **values,
            )
        )
        return
    if found["reserved"] and posts["approved"] - posts["occupied"] < found["reserved"]:
        raise Refused(
            T(
                "{level}已有 {held} 个岗位预留给申报人，核定后余下的岗位不够。请先处理这些申报。",
                level=LEVEL_WORDS[posts["level"]],
                held=found["reserved"],
            ),
            code="QUOTA_HELD",
        )
    connection.execute(update(q).where(*where).values(**values, version=q.c.version + 1))


def totals(connection: Connection, stream_id: str) -> dict[str, Any]:
    """A region's figures, counted from the register: {units_total, units_verified, units_open, quota_totals: [{level,
    level_name, approved, occupied}]}."""
    v = r.unit_verification
    rows = connection.execute(select(v).where(v.c.stream_id == stream_id)).mappings().all()
    done = [row for row in rows if row["status"] in ("verified", "no_posts")]
    counted = [posts for row in done for posts in row["declared"] or []]
    return {
        "units_total": len(rows),
        "units_verified": len(done),
        "units_open": sum(row["settled_at"] is None for row in rows),
        "quota_totals": [
            {
                "level": level,
                "level_name": _named(level),
                "approved": sum(posts["approved"] for posts in counted if posts["level"] == level),
                "occupied": sum(posts["occupied"] for posts in counted if posts["level"] == level),
            }
            for level in LEVELS
        ],
    }
