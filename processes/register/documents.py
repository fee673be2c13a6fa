"""Policy documents in the register: publish, retire, look up. A published document is never changed, only retired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, RowMapping, exists, insert, select, update

from engine.attachments.tables import attachment, attachment_link
from engine.errors import Conflict, NotFound, Refused
from engine.store.metadata import new_id
from forms.i18n import T
from processes.register.document_tables import policy_document
from processes.rules.privacy import personal_number

KEEPER = "=policy"  # who has the published files: no account's name


@dataclass(frozen=True)
class NewDocument:
    """`clauses`: mappings with `anchor`, `title` and `text`. `parent_no`: number of the document that this one carries out."""

    doc_no: str
    title: str
    issuers: Sequence[str]
    level: str  # one of `document_tables.LEVELS`
    issued_year: int
    summary: str
    issued_on: date | None = None
    effective_on: date | None = None
    parent_no: str | None = None
    clauses: Sequence[Mapping[str, str]] = ()
    fictional: bool = False
    file_id: str | None = None  # an attachment: the printed text


def publish_document(connection: Connection, document: NewDocument, *, by: str, now: datetime) -> str:
    """Keep a document for everybody to read; its id. Its file is everybody's from now on: whoever calls has made sure that
    it may be.

    Raises `Conflict` for a number that is there already, `NotFound` for an unknown `parent_no`, `Refused` (`PERSONAL_DATA`:
    a number of identity or a mobile number stands in it, R-150)."""
    written = [document.title, document.summary, *(text for clause in document.clauses for text in clause.values())]
    if any(personal_number(text) for text in written):
        raise Refused(T("文件中有身份证号或手机号，请删去后再公开。"), code="PERSONAL_DATA")
    if is_published(connection, document.doc_no):
        raise Conflict(T("文号“{no}”的文件已经公开。", no=document.doc_no))
    parent_id = None
    if document.parent_no:
        parent_id = _by_number(connection, document.parent_no)
        if parent_id is None:
            raise NotFound(T("没有文号为“{no}”的上级文件，请先公开它。", no=document.parent_no))
    if document.file_id is not None:
        _keep_file(connection, document.file_id)
    document_id = new_id()
    connection.execute(
        insert(policy_document).values(
            id=document_id,
            doc_no=document.doc_no,
            title=document.title,
            issuers=list(document.issuers),
            level=document.level,
            issued_year=document.issued_year,
            issued_on=document.issued_on,
            effective_on=document.effective_on,
            parent_id=parent_id,
            summary=document.summary,
            clauses=[{key: clause[key] for key in ("anchor", "title", "text")} for clause in document.clauses],
            fictional=document.fictional,
            file_id=document.file_id,
            status="published",
            published_by=by,
            published_at=now,
        )
    )
    return document_id


def retire_document(
    connection: Connection, document_id: str, *, repealed_on: date, reason: str, by: str, now: datetime
) -> None:
    """It no longer applies from `repealed_on` on; it stays readable, marked so. Raises `NotFound`, `Refused`."""
    row = connection.execute(select(policy_document).where(policy_document.c.id == document_id).with_for_update())
    document = row.mappings().first()
    if document is None:
        raise NotFound(T("没有这份文件。"))
    if document["status"] == "retired":
        raise Refused(T("这份文件已经废止。"), code="RETIRED")
    if document["issued_on"] is not None and repealed_on < document["issued_on"]:
        raise Refused(T("废止日期早于印发日期。"), code="BAD_DATE")
    connection.execute(
        update(policy_document)
        .where(policy_document.c.id == document_id)
        .values(status="retired", repealed_on=repealed_on, retired_by=by, retired_at=now, retire_reason=reason)
    )


def documents(connection: Connection) -> Sequence[RowMapping]:
    """All documents without their clauses, those in force first, the newest first."""
    c = policy_document.c
    columns = [column for column in c if column.key != "clauses"]
    order = (
        c.status,
        c.issued_year.desc(),
        c.issued_on.desc().nulls_last(),
        c.doc_no,
    )  # "published" stands before "retired"
    return connection.execute(select(*columns).order_by(*order)).mappings().all()


def document(connection: Connection, document_id: str) -> RowMapping | None:
    """The row with `file_name` and `file_size` of its file, None without one."""
    query = (
        select(policy_document, attachment.c.name.label("file_name"), attachment.c.size.label("file_size"))
        .outerjoin(attachment, attachment.c.id == policy_document.c.file_id)
        .where(policy_document.c.id == document_id)
    )
    return connection.execute(query).mappings().first()


def is_published(connection: Connection, doc_no: str) -> bool:
    """Whether a document with this number stands in the list, in force or not."""
    return _by_number(connection, doc_no) is not None


def _keep_file(connection: Connection, file_id: str) -> None:
    """A file that belongs to no case would be swept after a month as its uploader's forgotten one."""
    linked = exists().where(attachment_link.c.attachment_id == attachment.c.id)
    connection.execute(update(attachment).where(attachment.c.id == file_id, ~linked).values(uploaded_by=KEEPER))


def _by_number(connection: Connection, doc_no: str) -> str | None:
    found: str | None = connection.execute(
        select(policy_document.c.id).where(policy_document.c.doc_no == doc_no)
    ).scalar()
    return found
