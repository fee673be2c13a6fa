"""What a meeting that is ended before its result leaves behind: the applications on its list go on waiting for a result."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from engine.queries.reading import Reading
from processes.register.application_tables import application
from processes.register.applications import FINAL
from processes.register.committee_tables import meeting_candidate, review_meeting


@dataclass(frozen=True)
class AwaitingMeetings:
    """How many applications that are still open wait for the result of the meeting of each of these instances; instances without
    a meeting, with a sealed result or with nobody waiting are left out. One statement."""

    instance_ids: tuple[str, ...]

    def answer(self, reading: Reading) -> dict[str, int]:
        if not self.instance_ids:
            return {}
        rows = reading.connection.execute(
            select(review_meeting.c.instance_id, func.count().label("waiting"))
            .join(meeting_candidate, meeting_candidate.c.meeting_id == review_meeting.c.id)
            .join(application, application.c.id == meeting_candidate.c.application_id)
            .where(
                review_meeting.c.instance_id.in_(self.instance_ids),
                review_meeting.c.status != "sealed",
                application.c.status.not_in(sorted(FINAL)),
            )
            .group_by(review_meeting.c.instance_id)
        )
        return {row.instance_id: row.waiting for row in rows}
