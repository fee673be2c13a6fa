"""Reading one case in the meeting room, and its files: what a reviewer needs and nothing that only an office may know."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping

from engine.attachments.keeping import AttachmentItem, described
from engine.errors import NotFound
from engine.queries.reading import Reading
from engine.registry import Actor
from forms.i18n import T
from processes.committee.readers import Reader, is_recused, reader
from processes.committee.room import CaseFile, InterviewShown, OpinionShown, WorkShown
from processes.register import groups, rolls
from processes.register.applications import details, get_application
from processes.register.cases import case_facts
from processes.register.meetings import candidates
from processes.register.recusals import has_begun
from processes.rules.privacy import without_numbers


@dataclass(frozen=True)
class Dossier:
    """One case for one reader. Experts read the cases of their group until the session, all of them in it, none after the
    result; others' opinions, without names, once the session runs. Raises `NotFound`, also to who is recused."""

    meeting_id: str
    application_id: str
    actor: Actor

    def answer(self, reading: Reading) -> CaseFile:
        connection = reading.connection
        meeting, who = _admit(connection, self.meeting_id, self.application_id, self.actor)
        row = get_application(connection, self.application_id)
        facts = case_facts(connection, self.application_id)
        works = details(connection, self.application_id, "works")
        known = described(connection, _declared(row, works))
        mine = groups.group_of(connection, self.meeting_id, who.me["expert_id"]) if who.me is not None else None
        return CaseFile(
            meeting_id=self.meeting_id,
            application_id=self.application_id,
            number=dict(candidates(connection, self.meeting_id))[self.application_id],
            name=facts.name,
            unit_name=facts.unit_name,
            target_title=facts.target_title,
            track=row["track"],
            channel=row["channel"],
            identity_status=row["identity_status"],
            prior_title=row["prior_title"],
            prior_title_date=row["prior_title_date"],
            archives_work_from=row["archives_work_from"],
            work_summary=_plain(row["work_summary"]),
            education=tuple(
                (one["level"], one["school"], one["major"], one["graduated_on"])
                for one in details(connection, self.application_id, "education")
            ),
            assessments={
                one["year"]: one["grade"] for one in details(connection, self.application_id, "annual_assessments")
            },
            performance=tuple(
                (one["date"], without_numbers(one["what"]), one["role"], _plain(one["effect"]))
                for one in details(connection, self.application_id, "performance_items")
            ),
            works=tuple(_work(one, known) for one in works),
            evidence=_listed(row["channel_evidence"], known),
            interviews=tuple(
                InterviewShown(one["mode"], one["record"], one["conclusion"])
                for one in groups.interviews(connection, self.meeting_id, self.application_id)
            ),
            opinions=tuple(_opinions(connection, meeting, self.application_id, who)),
            may_write=(meeting["status"] == "planned" and mine is not None and self.application_id in mine[1].cases),
            may_stand_back=(who.me is not None and not has_begun(connection, self.meeting_id, self.application_id)),
        )


@dataclass(frozen=True)
class MeetingFile:
    """A file of a case, for whoever may read that case now: its channel evidence and its works, nothing else of it.

    Answers what `engine.attachments.keeping.open_` opens. Raises `NotFound`."""

    meeting_id: str
    application_id: str
    attachment_id: str
    actor: Actor

    def answer(self, reading: Reading) -> AttachmentItem:
        connection = reading.connection
        _admit(connection, self.meeting_id, self.application_id, self.actor)
        row = get_application(connection, self.application_id)
        declared = _declared(row, details(connection, self.application_id, "works"))
        item = described(connection, [self.attachment_id]).get(self.attachment_id)
        if item is None or self.attachment_id not in declared:
            raise NotFound(T("没有这个附件。"))
        return item


def _admit(connection: Connection, meeting_id: str, application_id: str, actor: Actor) -> tuple[RowMapping, Reader]:
    """The meeting and the reader. Raises `NotFound` for a case that is not theirs to read, whatever the reason."""
    meeting, who = reader(connection, meeting_id, actor)
    if (
        application_id not in dict(candidates(connection, meeting_id))
        or is_recused(connection, meeting_id, application_id, who)
        or not _opens(connection, meeting, application_id, who)
    ):
        raise NotFound(T("没有这份申报。"))
    return meeting, who


def _opens(connection: Connection, meeting: RowMapping, application_id: str, who: Reader) -> bool:
    if who.staff:
        return True
    if meeting["status"] == "planned" and who.me is not None:
        mine = groups.group_of(connection, meeting["id"], who.me["expert_id"])
        return mine is not None and application_id in mine[1].cases
    return bool(meeting["status"] == "counting")


def _declared(row: RowMapping, works: Iterable[RowMapping]) -> list[str]:
    """The attachments of the channel and of the works; a confidential work has none, a removed one is no longer part."""
    files = [*row["channel_evidence"]]
    for work in works:
        if not work["confidential"] and work["audit_result"] != "removed":
            files += work["file"]
    return files


def _work(row: RowMapping, known: dict[str, AttachmentItem]) -> WorkShown:
    hidden = row["confidential"] or row["audit_result"] == "removed"
    return WorkShown(
        position=row["position"],
        kind=row["kind"],
        title=row["title"],
        role=row["role"],
        date=row["date"],
        abstract=_plain(row["abstract"]),
        confidential=row["confidential"],
        removed=row["audit_result"] == "removed",
        files=() if hidden else _listed(row["file"], known),
    )


def _listed(files: list[str], known: dict[str, AttachmentItem]) -> tuple[tuple[str, str, int], ...]:
    return tuple((one, known[one].name, known[one].size) for one in files if one in known)


def _opinions(connection: Connection, meeting: RowMapping, application_id: str, who: Reader) -> list[OpinionShown]:
    """One's own always; others' for who works there or presides, and for experts once the session runs (R-73)."""
    names = {row["expert_id"]: row["name"] for row in rolls.roll(connection, meeting["id"])} if who.names else {}
    mine = who.me["expert_id"] if who.me is not None else None
    return [
        OpinionShown(
            strengths=row["strengths"],
            weaknesses=row["weaknesses"],
            recommendation=row["recommendation"],
            scores=row["scores"],
            written_at=row["written_at"],
            mine=row["expert_id"] == mine,
            expert_name=names.get(row["expert_id"]),
        )
        for row in groups.opinions(connection, meeting["id"], application_id)
        if who.staff or row["expert_id"] == mine or meeting["status"] != "planned"
    ]


def _plain(text: str | None) -> str | None:
    return None if text is None else without_numbers(text)
