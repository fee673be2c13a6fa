"""Reading notices: what the public may see of them, and what those who publish them see besides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, and_, func, select

from engine.errors import NotFound
from engine.queries.reading import Page, Reading
from engine.registry import Actor
from forms.i18n import T
from processes.publicity.readers import is_staff, readable
from processes.register.notice_tables import notice_items, publicity_notice
from processes.register.notice_windows import windows
from processes.register.objection_holds import objections_until
from processes.register.policies import parameter
from processes.rules.windows import State, window_state

MOST = 500


@dataclass(frozen=True)
class WindowEnd:
    """One end that a window has had. `cause`: published, extended, calendar, outage; `computed_at`: where the corrected
    calendar would have ended it, if that was earlier."""

    closes_at: datetime
    cause: str
    reason: str
    calendar_version: int
    actor: str | None
    at: datetime
    computed_at: datetime | None


@dataclass(frozen=True)
class Standing:
    """How one item of a notice stands, for staff alone (R-103). `outcome`: clear, upheld, withdrawn, or None."""

    position: int
    application_id: str | None
    hold: bool
    outcome: str | None


@dataclass(frozen=True)
class NoticeShown:
    """A published notice. `items` hold the fields of `NoticeItem`, or of `QuotaItem` in a notice of posts, and no other
    (R-150), in the order of their numbers from 1; `ends` and `standings` are empty for the public (R-103).

    `state`: not_open, open, closed by the clock. `objections_until`: before this instant an objection is in time, else
    it is a tip-off; later than `closes_at` only after an outage. `count`: how many items; `names_hidden`: the public no
    longer reads them, `items` is empty (R-103)."""

    id: str
    kind: str
    scope: str
    title: str
    body: str
    contact_phone: str
    contact_email: str
    published_at: datetime
    closes_at: datetime
    min_workdays: int
    state: State
    content_hash: str
    publisher_group: str
    publisher_scope: str
    items: tuple[Mapping[str, Any], ...]
    objections_until: datetime
    count: int
    names_hidden: bool = False
    ends: tuple[WindowEnd, ...] = ()
    standings: tuple[Standing, ...] = ()


@dataclass(frozen=True)
class NoticeList:
    """The notices an actor may read: the province's, and those of their own units. Newest first."""

    actor: Actor
    kind: str | None = None
    first_result: int = 0
    max_results: int = 50

    def answer(self, reading: Reading) -> Page[NoticeShown]:
        where = _published(and_(readable(reading.connection, self.actor), _kind(self.kind)))
        return _page(reading, where, self.first_result, self.max_results, staff=is_staff(self.actor))


@dataclass(frozen=True)
class NoticeView:
    """One published notice. Without an actor it is the public that asks. Raises NotFound for what they may not read."""

    notice_id: str
    actor: Actor | None = None

    def answer(self, reading: Reading) -> NoticeShown:
        theirs = readable(reading.connection, self.actor) if self.actor else publicity_notice.c.scope == "province"
        where = _published(and_(theirs, publicity_notice.c.id == self.notice_id))
        row = reading.connection.execute(select(publicity_notice).where(where)).mappings().first()
        if row is None:
            raise NotFound(T("没有这份公示。"))
        publishes = self.actor is not None and row["publisher_scope"] in {m.scope for m in self.actor.memberships}
        staff = self.actor is not None and (publishes or is_staff(self.actor))
        return _shown(reading, row, staff=staff)


def _kind(kind: str | None) -> ColumnElement[bool]:
    return publicity_notice.c.kind == kind if kind else publicity_notice.c.kind.is_not(None)


def _published(where: ColumnElement[bool]) -> ColumnElement[bool]:
    """Drafts and recalled notices are nobody's reading."""
    return and_(publicity_notice.c.status.in_(("published", "closed")), where)


def _page(reading: Reading, where: ColumnElement[bool], first: int, most: int, *, staff: bool) -> Page[NoticeShown]:
    total = reading.connection.execute(select(func.count()).select_from(publicity_notice).where(where)).scalar_one()
    query = (
        select(publicity_notice).where(where).order_by(publicity_notice.c.published_at.desc(), publicity_notice.c.id)
    )
    rows = reading.connection.execute(query.offset(first).limit(min(most, MOST))).mappings().all()
    return Page([_shown(reading, row, staff=staff) for row in rows], total)


def _shown(reading: Reading, row: RowMapping, *, staff: bool) -> NoticeShown:
    ends = windows(reading.connection, row["id"]) if staff else ()
    items = notice_items(reading.connection, row["id"])
    hidden = not staff and _names_end(reading, row) <= reading.now
    return NoticeShown(
        id=row["id"],
        kind=row["kind"],
        scope=row["scope"],
        title=row["title"],
        body=row["body"],
        contact_phone=row["contact_phone"],
        contact_email=row["contact_email"],
        published_at=row["published_at"],
        closes_at=row["closes_at"],
        min_workdays=row["min_workdays"],
        state=window_state(reading.now, row["published_at"], row["closes_at"]),
        content_hash=row["content_hash"],
        publisher_group=row["publisher_group"],
        publisher_scope=row["publisher_scope"],
        items=() if hidden else tuple(dict(item["shown"]) for item in items),
        objections_until=objections_until(reading.connection, row),
        count=len(items),
        names_hidden=hidden,
        standings=tuple(
            Standing(item["position"], item["application_id"], item["hold"], item["outcome"]) for item in items if staff
        ),
        ends=tuple(
            WindowEnd(
                end["closes_at"],
                end["cause"],
                end["reason"],
                end["calendar_version"],
                end["actor"],
                end["at"],
                end["computed_at"],
            )
            for end in ends
        ),
    )


def _names_end(reading: Reading, row: RowMapping) -> datetime:
    """From this instant on the public reads no names (R-103). Posts are nobody's names and stay."""
    if row["kind"] == "quota":
        return datetime.max.replace(tzinfo=UTC)
    days = parameter(reading.connection, "publicity.names_days", reading.now)
    closes_at: datetime = row["closes_at"]
    return closes_at + timedelta(days=days)
