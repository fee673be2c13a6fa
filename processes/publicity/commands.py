"""What people may do with a running notice outside its tasks: move its end later, ask for its recall, bring a calendar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import RowMapping

from engine import history
from engine.clock import local
from engine.commands import messages
from engine.commands.step import Step
from engine.errors import Forbidden, Invalid, Refused
from engine.policy import Candidate, matches
from engine.registry import Actor
from forms.i18n import T
from processes.dates import instant
from processes.publicity.calendar_years import KEEPERS
from processes.publicity.calendars import take_in
from processes.publicity.windows import locked, write_down
from processes.register.notice_windows import move_window
from processes.rules.windows import WindowShortened, extended, window_state


@dataclass(frozen=True)
class ExtendNotice:
    """Move an open window's end later, with a reason; the waiting process reads the new end when the old one comes.

    Answers `{"closes_at": ISO text +08:00}`. Raises NotFound, Forbidden, Invalid, Refused (`SHORTENED`, `WINDOW_CLOSED`).
    """

    notice_id: str
    closes_at: datetime  # aware
    reason: str
    actor: Actor

    def execute(self, step: Step) -> dict[str, Any]:
        notice = locked(step, self.notice_id)
        _require_publisher(self.actor, notice)
        if not self.reason.strip():
            raise Invalid({"reason": [T("请写明延长的理由。")]})
        if (
            notice["status"] != "published"
            or window_state(step.now, notice["published_at"], notice["closes_at"]) == "closed"
        ):
            raise Refused(T("公示期已满，不能再延长；需要的话请重新公示。"), code="WINDOW_CLOSED")
        try:
            closes_at = extended(notice["closes_at"], self.closes_at)
        except WindowShortened as shortened:
            raise Refused(
                T(
                    "公示期只能延长，不能缩短：现在的截止时间是 {at}。",
                    at=instant(shortened.closes_at),
                ),
                code="SHORTENED",
            ) from shortened
        move_window(
            step.connection,
            self.notice_id,
            closes_at,
            cause="extended",
            reason=self.reason.strip(),
            actor=self.actor.username,
            now=step.now,
        )
        data = {"notice_id": self.notice_id, "closes_at": local(closes_at).isoformat(), "reason": self.reason.strip()}
        write_down(step, notice, "notice_extended", self.actor, data)
        return {"closes_at": local(closes_at).isoformat()}


@dataclass(frozen=True)
class RequestRecall:
    """Ask for a published notice to be taken back because of an error; a task to decide it opens for the publisher.

    Answers `{"requested": true}`. Raises NotFound, Forbidden, Invalid, Refused (`NOT_OPEN`)."""

    notice_id: str
    reason: str
    actor: Actor

    def execute(self, step: Step) -> dict[str, Any]:
        notice = locked(step, self.notice_id)
        _require_publisher(self.actor, notice)
        if not self.reason.strip():
            raise Invalid({"reason": [T("请写明哪里有误。")]})
        if notice["status"] != "published":
            raise Refused(T("只有正在公示的才能撤回。"), code="NOT_OPEN")
        message_id = messages.store(
            step,
            "notice_recall_requested",
            {"notice_id": self.notice_id},
            None,
            {"recall_request": self.reason.strip()},
            state="pending",
            sent_by=self.actor.username,
        )
        messages.put_delivery(step, message_id, notice["instance_id"])
        data = {"notice_id": self.notice_id, "reason": self.reason.strip()}
        write_down(step, notice, "notice_recall_requested", self.actor, data)
        return {"requested": True}


@dataclass(frozen=True)
class ImportCalendar:
    """Take in a year's official arrangement. Process owners and administrators only. `rest`: Mondays to Fridays off; `work`: swapped weekend days.

    Answers `{"version": n, "shorter": [notice ids that kept their end although the calendar would end them sooner]}`.
    Raises Forbidden, Refused (`BAD_CALENDAR`, `SOURCE_MISSING`)."""

    year: int
    rest: Sequence[date]
    work: Sequence[date]
    source_doc: str
    actor: Actor

    def execute(self, step: Step) -> dict[str, Any]:
        if not KEEPERS & set(self.actor.groups):
            raise Forbidden(T("只有流程负责人和系统管理员可以导入日历。"))
        version, shorter = take_in(
            step.connection,
            self.year,
            rest=self.rest,
            work=self.work,
            source_doc=self.source_doc,
            actor=self.actor.username,
            now=step.now,
        )
        data = {"year": self.year, "version": version, "source_doc": self.source_doc, "shorter": shorter}
        step.record(history.OFFICE, "calendar_imported", data=data, actor=self.actor)
        return {"version": version, "shorter": shorter}


def _require_publisher(actor: Actor, notice: RowMapping) -> None:
    if not matches(actor, [Candidate("group", notice["publisher_group"], notice["publisher_scope"])]):
        raise Forbidden(T("只有发布单位可以这样办理。"))
