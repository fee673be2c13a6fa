"""Province-wide notices as everybody sees them in lists, and the days that a window counts.

What one notice shows is `processes.publicity.queries.NoticeView`; a hold or an outcome stands in neither (R-103).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, func, select

from engine.errors import NotFound
from engine.queries.reading import Page, Reading
from forms.i18n import T
from processes.register.notice_tables import publicity_item, publicity_notice
from processes.register.objections import by_nonce
from processes.register.policies import calendar
from processes.rules.windows import State, window_state
from processes.rules.workdays import CalendarMissing, local_day

MOST = 500
LONGEST = 400  # days of a window that are listed


@dataclass(frozen=True)
class NoticeSummary:
    """One line of the list. `items`: how many are published in it. Instants aware, UTC."""

    id: str
    kind: str
    title: str
    published_at: datetime
    closes_at: datetime
    state: State
    items: int


@dataclass(frozen=True)
class PublicNoticeList:
    """Province-wide notices (R-103: never those of a unit): the running ones first, each group by its end, the latest
    first. Two statements, however many there are."""

    kind: str | None = None
    first_result: int = 0
    max_results: int = 50

    def answer(self, reading: Reading) -> Page[NoticeSummary]:
        c = publicity_notice.c
        where = _public()
        if self.kind is not None:
            where = and_(where, c.kind == self.kind)
        total = reading.connection.execute(select(func.count()).select_from(publicity_notice).where(where)).scalar_one()
        counted = (
            select(func.count())
            .select_from(publicity_item)
            .where(publicity_item.c.notice_id == c.id)
            .scalar_subquery()
            .label("items")
        )
        query = (
            select(c.id, c.kind, c.title, c.published_at, c.closes_at, counted)
            .where(where)
            .order_by(case((c.closes_at > reading.now, 0), else_=1), c.closes_at.desc(), c.id)
            .offset(self.first_result)
            .limit(min(self.max_results, MOST))
        )
        return Page(
            [
                NoticeSummary(
                    row.id,
                    row.kind,
                    row.title,
                    row.published_at,
                    row.closes_at,
                    window_state(reading.now, row.published_at, row.closes_at),
                    row.items,
                )
                for row in reading.connection.execute(query)
            ],
            total,
        )


@dataclass(frozen=True)
class RunningNotices:
    """How many public notices are open now. One statement."""

    def answer(self, reading: Reading) -> int:
        running = and_(_public(), publicity_notice.c.closes_at > reading.now)
        query = select(func.count()).select_from(publicity_notice).where(running)
        return int(reading.connection.execute(query).scalar_one())


@dataclass(frozen=True)
class CountedDay:
    """A working day inside a window. `swapped`: a Saturday or Sunday that is worked."""

    day: date
    swapped: bool


@dataclass(frozen=True)
class WindowDays:
    """`counted` in order; `first_day_counts`: whether the day of publication is one of them (R-92). Empty where a year's
    calendar is not known."""

    counted: tuple[CountedDay, ...]
    first_day_counts: bool


@dataclass(frozen=True)
class CountedDays:
    """The days that the window of a public notice counts, to be shown beside its end. Raises NotFound."""

    notice_id: str

    def answer(self, reading: Reading) -> WindowDays:
        c = publicity_notice.c
        row = reading.connection.execute(
            select(c.published_at, c.closes_at, c.first_day_counts).where(_public(), c.id == self.notice_id)
        ).first()
        if row is None:
            raise NotFound(T("没有这份公示。"))
        first = local_day(row.published_at)
        last = local_day(row.closes_at - timedelta(microseconds=1))
        days = calendar(reading.connection)
        span = [first + timedelta(days=n) for n in range(0 if row.first_day_counts else 1, (last - first).days + 1)]
        try:
            counted = [CountedDay(one, one.weekday() > 4) for one in span[:LONGEST] if days.is_workday(one)]
        except CalendarMissing:
            counted = []
        return WindowDays(tuple(counted), bool(row.first_day_counts))


def _public() -> ColumnElement[bool]:
    c = publicity_notice.c
    return and_(c.scope == "province", c.status.in_(("published", "closed")))


@dataclass(frozen=True)
class FiledAs:
    """The receipt number of the objection that a page was sent as; None where it has not been sent yet."""

    nonce: str

    def answer(self, reading: Reading) -> str | None:
        found = by_nonce(reading.connection, self.nonce)
        return None if found is None else str(found["receipt_no"])
