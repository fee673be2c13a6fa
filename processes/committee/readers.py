"""Who somebody is in a meeting, and what that lets them see: the one place where the room's queries ask it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping

from engine.errors import NotFound
from engine.registry import Actor
from forms.i18n import T
from processes.register.committee_tables import get_meeting
from processes.register.recusals import recused
from processes.register.rolls import member_of
from processes.rules.workdays import local_day

WORKS_THERE = {"committee_office": "office", "supervisor": "supervisor"}
PRESIDES = frozenset({"chair", "vice_chair"})
SHEET_READERS = frozenset({"provincial_hrss", "archives_bureau"})  # of a sealed sheet, which they act upon


@dataclass(frozen=True)
class Reader:
    """One account in one meeting. `as_`: office, supervisor, presiding, expert; `me`: its row on the roll."""

    as_: frozenset[str]
    me: RowMapping | None

    @property
    def names(self) -> bool:
        """Whether the experts' names are theirs to read (R-76)."""
        return not self.as_.isdisjoint({"office", "supervisor"})

    @property
    def staff(self) -> bool:
        """Whether they work there or preside: they see counts while the meeting runs, and results as rounds close."""
        return self.names or "presiding" in self.as_


def works_as(actor: Actor) -> frozenset[str]:
    """What an account is in every meeting, by its groups."""
    found = {word for group, word in WORKS_THERE.items() if group in actor.groups}
    return frozenset(found | ({"presiding"} if not actor.groups.isdisjoint(PRESIDES) else set()))


def reader(connection: Connection, meeting_id: str, actor: Actor) -> tuple[RowMapping, Reader]:
    """The meeting's row and who the actor is in it. Raises `NotFound`, also for whom it does not concern."""
    meeting = get_meeting(connection, meeting_id)
    me = member_of(connection, meeting_id, actor.username)
    as_ = works_as(actor) | ({"expert"} if me is not None else frozenset())
    if not as_:
        raise NotFound(T("没有这次评审会议。"))
    return meeting, Reader(as_, me)


def stage(meeting: RowMapping, now: datetime) -> str:
    """preparing, checking_in, voting, announced, sealed. `now`: aware instant."""
    status: str = meeting["status"]
    if status == "planned":
        return "checking_in" if local_day(now) >= meeting["held_on"] else "preparing"
    return {"counting": "voting", "decided": "announced"}.get(status, status)


def is_recused(connection: Connection, meeting_id: str, application_id: str, who: Reader) -> bool:
    return who.me is not None and who.me["expert_id"] in recused(connection, meeting_id, application_id)
