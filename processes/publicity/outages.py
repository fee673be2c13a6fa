"""After a stop of the service: which windows it fell into, and the working day that two persons may give back (S05c)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine import history
from engine.clock import local
from engine.commands.step import Step
from engine.errors import Forbidden, Invalid, Refused
from engine.policy import Candidate, matches
from engine.queries.reading import Reading
from engine.registry import Actor
from forms.i18n import T
from processes.publicity.readers import is_staff
from processes.publicity.windows import locked, write_down
from processes.register import outages
from processes.register.notice_tables import get_notice

CONFIRMERS = ("committee_office", "supervisor")


@dataclass(frozen=True)
class WindowHit:
    """A window that was open in an outage. `offered_until`: its end one working day later; None where that year has no
    calendar yet. `closed`: it has ended, and a supplementary period would be opened instead."""

    notice_id: str
    title: str
    closes_at: datetime
    closed: bool
    offered_until: datetime | None


@dataclass(frozen=True)
class Outage:
    """A time without service, and what was decided about it. `key` names it for `OfferCompensation`, `compensation_id`
    for `ConfirmCompensation`; both persons are user names."""

    key: str
    from_at: datetime
    to_at: datetime
    windows: tuple[WindowHit, ...]
    compensation_id: str | None
    reason: str | None
    offered_by: str | None
    offered_at: datetime | None
    confirmed_by: str | None
    confirmed_at: datetime | None


@dataclass(frozen=True)
class Outages:
    """Stops of the service, the newest first, for those who may decide on a day more. Staff only; empty for others."""

    actor: Actor

    def answer(self, reading: Reading) -> list[Outage]:
        if not is_staff(self.actor):
            return []
        decided = outages.compensations(reading.connection)
        found = []
        for stop in outages.stops(reading.connection):
            row = decided.get((stop.from_at, stop.to_at))
            windows = tuple(
                WindowHit(hit.notice["id"], hit.notice["title"], hit.closes_at, hit.closed, hit.offered_until)
                for hit in outages.hits(reading.connection, stop, reading.now)
            )
            found.append(
                Outage(
                    key=stop.key,
                    from_at=stop.from_at,
                    to_at=stop.to_at,
                    windows=windows,
                    compensation_id=row["id"] if row else None,
                    reason=row["reason"] if row else None,
                    offered_by=row["offered_by"] if row else None,
                    offered_at=row["offered_at"] if row else None,
                    confirmed_by=row["confirmed_by"] if row else None,
                    confirmed_at=row["confirmed_at"] if row else None,
                )
            )
        return found


@dataclass(frozen=True)
class OfferCompensation:
    """The first of two persons, who publishes one of the windows concerned (or the committee's office), proposes one
    working day more for all of them, with a reason. Nothing moves yet.

    Answers `{"compensation_id"}`. Raises NotFound, Forbidden, Invalid, Refused (`NOTHING_CONCERNED`, `OFFERED_ALREADY`)."""

    outage: str
    reason: str
    actor: Actor

    def execute(self, step: Step) -> dict[str, Any]:
        stop = outages.get_stop(step.connection, self.outage)
        concerned = outages.hits(step.connection, stop, step.now)
        offers = [Candidate("group", "committee_office", "province")]
        offers += [Candidate("group", h.notice["publisher_group"], h.notice["publisher_scope"]) for h in concerned]
        if not matches(self.actor, offers):
            raise Forbidden(T("只有发布单位可以提出补偿。"))
        if not self.reason.strip():
            raise Invalid({"reason": [T("请写明中断的情况和补偿的理由。")]})
        if not concerned:
            raise Refused(T("这次中断期间没有正在进行的公示，不需要补偿。"), code="NOTHING_CONCERNED")
        made = outages.offer(step.connection, stop, reason=self.reason.strip(), by=self.actor.username, now=step.now)
        if made is None:
            raise Refused(T("这次中断的补偿已经有人提出。"), code="OFFERED_ALREADY")
        data = {"compensation_id": made, "from": stop.from_at.isoformat(), "to": stop.to_at.isoformat()}
        step.record(history.OFFICE, "compensation_offered", data=data, actor=self.actor)
        return {"compensation_id": made}


@dataclass(frozen=True)
class ConfirmCompensation:
    """The second person, of the committee's office or a supervisor, confirms: every window concerned ends one working day
    later; one that has closed gets a supplementary period in which an objection is still in time.

    Answers `{"windows": [{"notice_id", "closed", "until": ISO text +08:00}]}`. Raises NotFound, Forbidden, Refused
    (`FOUR_EYES`, `CONFIRMED_ALREADY`, `CALENDAR_MISSING`)."""

    compensation_id: str
    actor: Actor

    def execute(self, step: Step) -> dict[str, Any]:
        if not matches(self.actor, [Candidate("group", group, "province") for group in CONFIRMERS]):
            raise Forbidden(T("只有评审办事机构和监督员可以确认补偿。"))
        given = outages.get_compensation(step.connection, self.compensation_id)
        if given["offered_by"] == self.actor.username:
            raise Refused(T("补偿须由提出人以外的人确认。"), code="FOUR_EYES")
        if given["confirmed_by"] is not None:
            raise Refused(T("这项补偿已经确认。"), code="CONFIRMED_ALREADY")
        stop = outages.Stop(given["id"], given["from_at"], given["to_at"])
        for hit in outages.hits(step.connection, stop, step.now):
            locked(step, hit.notice["id"])
        moved = []
        # Read again under the locks: a window may have been closed or moved meanwhile.
        for hit in outages.hits(step.connection, stop, step.now):
            if hit.offered_until is None:
                raise Refused(T("补偿的日期跨入还没有日历的年份，请先由管理员导入。"), code="CALENDAR_MISSING")
            outages.give(step.connection, hit, hit.offered_until, given, by=self.actor.username, now=step.now)
            data = {
                "notice_id": hit.notice["id"],
                "closed": hit.closed,
                "until": local(hit.offered_until).isoformat(),
            }
            moved.append(data)
            notice = get_notice(step.connection, hit.notice["id"])
            write_down(step, notice, "outage_compensated", self.actor, {**data, "reason": given["reason"]})
        outages.confirm(step.connection, given["id"], by=self.actor.username, now=step.now)
        data = {"compensation_id": given["id"], "windows": len(moved)}
        step.record(history.OFFICE, "compensation_confirmed", data=data, actor=self.actor)
        return {"windows": moved}
