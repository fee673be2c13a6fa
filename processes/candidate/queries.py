"""What an applicant may ask about their own applications."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, RowMapping, select

from engine.registry import Actor
from forms.i18n import Text
from processes.candidate.words import sentence
from processes.register.application_tables import application
from processes.register.applications import history
from processes.register.certificates import certificate_of
from processes.register.notice_items import running_until
from processes.register.people import person_of

if TYPE_CHECKING:
    from engine.queries.reading import Reading

VOTED = frozenset({"voted_passed", "voted_failed"})
BEFORE_PUBLIC = "in_meeting"  # what an applicant reads until the result is public


@dataclass(frozen=True)
class StatusLine:
    """A status with its moment (aware, UTC). `reason` was written for the applicant; `by_me`: the applicant's own step."""

    status: str
    at: datetime
    reason: str | None
    by_me: bool


@dataclass(frozen=True)
class OwnApplication:
    """One application of the asking account. `status` as in the register; `findings` say why it is not eligible."""

    application_id: str
    instance_id: str
    target_title: str | None
    status: str
    findings: tuple[Text, ...]
    lines: tuple[StatusLine, ...]  # oldest first
    submitted_at: datetime | None
    certificate_no: str | None
    certificate_code: str | None
    notice_closes_at: datetime | None  # of the public notice over it that runs now; aware, UTC

    @property
    def reason(self) -> str | None:
        """Why it stands as it does, where somebody gave a reason."""
        return self.lines[-1].reason if self.lines else None


@dataclass(frozen=True)
class OwnApplications:
    """The applications of the account that asks, newest first; nobody else's, and no result before it is public."""

    actor: Actor

    def answer(self, reading: Reading) -> list[OwnApplication]:
        person = person_of(reading.connection, self.actor.username)
        if person is None:
            return []
        rows = reading.connection.execute(
            select(application).where(application.c.person_id == person["id"]).order_by(application.c.created_at.desc())
        )
        return [self._told(reading.connection, row) for row in rows.mappings()]

    def _told(self, connection: Connection, row: RowMapping) -> OwnApplication:
        public = row["result_public_at"] is not None
        certificate = certificate_of(connection, row["id"])
        told = _told_lines(history(connection, row["id"]), public)
        lines = tuple(
            StatusLine(one["status"], one["at"], one["reason"], one["actor"] == self.actor.username) for one in told
        )
        hidden = row["status"] in VOTED and not public
        return OwnApplication(
            application_id=row["id"],
            instance_id=row["instance_id"],
            target_title=row["target_title"],
            status=BEFORE_PUBLIC if hidden else row["status"],
            findings=_findings(row),
            lines=lines,
            submitted_at=row["submitted_at"],
            certificate_no=certificate["no"] if certificate else None,
            certificate_code=certificate["code"] if certificate else None,
            notice_closes_at=running_until(connection, row["id"]),
        )


def _told_lines(lines: Sequence[RowMapping], public: bool) -> Iterable[RowMapping]:
    """Without a vote whose result is not public; one that led to another meeting was public long ago (R-102)."""
    again = max((n for n, one in enumerate(lines) if one["status"] == "queued_for_meeting"), default=0)
    return (one for n, one in enumerate(lines) if public or n < again or one["status"] not in VOTED)


def _findings(row: RowMapping) -> tuple[Text, ...]:
    """A proposal of the tables is not told before a person has confirmed it (R-152)."""
    found: list[dict[str, Any]] = row["findings"] if row["status"] == "ineligible" else []
    return tuple(sentence(finding) for finding in found)
