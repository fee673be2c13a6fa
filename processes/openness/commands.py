"""What the three authorities do with policy documents: publish one, say that one no longer applies."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from engine import history
from engine.attachments import described
from engine.commands.step import Step
from engine.errors import Forbidden, Invalid
from engine.registry import Actor
from forms.i18n import T, Text
from processes.register.document_tables import LEVELS
from processes.register.documents import NewDocument, publish_document, retire_document

PUBLISHERS = frozenset({"process_owner", "archives_bureau", "provincial_hrss"})
LONGEST = 20_000  # characters of a summary or a clause
MOST_CLAUSES = 200
MISSING = {"doc_no": T("请填写文号。"), "title": T("请填写标题。"), "summary": T("请填写主要内容。")}


@dataclass(frozen=True)
class PublishDocument:
    """Open a policy document to everybody.

    A file is one that the actor uploaded and nobody used yet. Answers `{"id"}`. Raises Forbidden, Invalid, Conflict (the
    number is there), NotFound (no such `parent_no`), Refused (`PERSONAL_DATA`: a number of identity or a mobile number
    stands in it, R-150)."""

    document: NewDocument
    actor: Actor

    def check(self) -> None:
        """What can be said of the document without the register. Raises Invalid."""
        _checked(self.document)

    def execute(self, step: Step) -> dict[str, Any]:
        _require_publisher(self.actor)
        document = _checked(self.document)
        _require_own(step, document.file_id, self.actor)
        document_id = publish_document(step.connection, document, by=self.actor.username, now=step.now)
        data = {"document_id": document_id, "doc_no": document.doc_no}
        step.record(history.OFFICE, "document_published", data=data, actor=self.actor)
        return {"id": document_id}


@dataclass(frozen=True)
class RetireDocument:
    """Say from which day on a document no longer applies, and why; it stays readable, marked so.

    Answers `{"retired": true}`. Raises Forbidden, Invalid, NotFound, Refused (`RETIRED`, `BAD_DATE`)."""

    document_id: str
    repealed_on: date
    reason: str
    actor: Actor

    def execute(self, step: Step) -> dict[str, Any]:
        _require_publisher(self.actor)
        reason = self.reason.strip()
        if not reason:
            raise Invalid({"reason": [T("请写明废止的依据。")]})
        retire_document(
            step.connection,
            self.document_id,
            repealed_on=self.repealed_on,
            reason=reason,
            by=self.actor.username,
            now=step.now,
        )
        data = {"document_id": self.document_id, "repealed_on": self.repealed_on.isoformat(), "reason": reason}
        step.record(history.OFFICE, "document_retired", data=data, actor=self.actor)
        return {"retired": True}


def _require_publisher(actor: Actor) -> None:
    if actor.groups.isdisjoint(PUBLISHERS):
        raise Forbidden(T("只有流程负责人、省档案局和省人力资源社会保障厅可以公开政策文件。"))


def _require_own(step: Step, file_id: str | None, actor: Actor) -> None:
    """Nobody opens a file to the public that somebody else handed in."""
    if file_id is None:
        return
    file = described(step.connection, [file_id]).get(file_id)
    if file is None or file.uploaded_by != actor.username:
        raise Invalid({"file_id": [T("没有这个附件，请重新上传。")]})


def _checked(document: NewDocument) -> NewDocument:
    given = asdict(document)
    for name in ("doc_no", "title", "summary"):
        given[name] = given[name].strip()
    given["issuers"] = [name.strip() for name in document.issuers if name.strip()]
    wrong: dict[str, list[Text]] = {}
    for name, most in (("doc_no", 255), ("title", 400), ("summary", LONGEST)):
        if not given[name]:
            wrong[name] = [MISSING[name]]
        elif len(given[name]) > most:
            wrong[name] = [T("不能超过 {n} 个字。", n=most)]
    if not given["issuers"]:
        wrong["issuers"] = [T("请写明印发机关。")]
    if document.level not in LEVELS:
        wrong["level"] = [T("请选择文件的层级。")]
    if not 1949 <= document.issued_year <= 2200:
        wrong["issued_year"] = [T("请写明印发年份。")]
    if document.issued_on is not None and document.issued_on.year != document.issued_year:
        wrong["issued_on"] = [T("印发日期与印发年份不一致。")]
    if document.issued_on and document.effective_on and document.effective_on < document.issued_on:
        wrong["effective_on"] = [T("施行日期早于印发日期。")]
    if len(document.clauses) > MOST_CLAUSES or any(_bad(clause) for clause in document.clauses):
        wrong["clauses"] = [T("每一条须有编号、标题和内容。")]
    if wrong:
        raise Invalid(wrong)
    return NewDocument(**given)


def _bad(clause: Any) -> bool:
    return not all(
        clause.get(name, "").strip() and len(clause[name]) <= LONGEST for name in ("anchor", "title", "text")
    )
