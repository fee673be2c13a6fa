"""What whoever works on a case may ask about it: the summary beside a task, and the application's whole content."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, RowMapping, select

from forms.i18n import Text
from processes.candidate import words
from processes.candidate.sheet import form_values
from processes.register.application_tables import application
from processes.register.people import person
from processes.register.units import region, unit

if TYPE_CHECKING:
    from engine.queries.reading import Reading


@dataclass(frozen=True)
class Summary:
    """An application in one glance; words, not codes, where people read it."""

    application_id: str
    applicant: str
    unit: str
    region: str
    target_title: Text | None
    channel: Text | None
    status: str
    status_words: Text
    submitted_at: datetime | None  # aware, UTC
    quota_exempt: bool
    findings: tuple[Text, ...]  # what the tables and rules proposed against it


@dataclass(frozen=True)
class CaseSummary:
    """The application that an instance carries, for somebody who may see the instance: the caller has asked the policy
    before. None for an instance without one (a meeting). A result that is not public yet is not told (R-102)."""

    instance_id: str

    def answer(self, reading: Reading) -> Summary | None:
        row = _row(reading.connection, self.instance_id)
        if row is None:
            return None
        hidden = row["status"] in ("voted_passed", "voted_failed") and row["result_public_at"] is None
        return Summary(
            application_id=row["id"],
            applicant=row["person_name"],
            unit=row["unit_name"],
            region=row["region_name"],
            target_title=words.TITLE.get(row["target_title"]),
            channel=words.CHANNEL.get(row["channel"]),
            status="in_meeting" if hidden else row["status"],
            status_words=words.UNDER_REVIEW if hidden else words.STATUS[row["status"]],
            submitted_at=row["submitted_at"],
            quota_exempt=row["quota_exempt"],
            findings=tuple(words.sentence(finding) for finding in row["findings"]),
        )


@dataclass(frozen=True)
class CaseContent:
    """The application as filled in: values in the shape of the form `fill_application`, attachments as ids. Without the
    requests for recusal, which are the committee office's alone. None for an instance without an application."""

    instance_id: str

    def answer(self, reading: Reading) -> dict[str, Any] | None:
        row = _row(reading.connection, self.instance_id)
        if row is None:
            return None
        values = form_values(reading.connection, row["id"])
        del values["recusal_requests"]
        return values


def _row(connection: Connection, instance_id: str) -> RowMapping | None:
    query = (
        select(
            application,
            person.c.name.label("person_name"),
            unit.c.name.label("unit_name"),
            region.c.name.label("region_name"),
        )
        .join(person, person.c.id == application.c.person_id)
        .join(unit, unit.c.code == application.c.unit_code)
        .join(region, region.c.code == application.c.region_code)
        .where(application.c.instance_id == instance_id)
    )
    return connection.execute(query).mappings().first()
