"""What anybody may read without an account: documents, tables and diagrams of the active release, parameters in force."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, select

from engine.attachments import AttachmentItem, described
from engine.errors import NotFound
from engine.queries.reading import Page, Reading
from engine.store import tables as t
from forms.i18n import T
from processes.register import documents
from processes.register.document_tables import policy_document
from processes.register.parameters import PARAMETERS, Parameter
from processes.register.policies import parameters

TABLES = ("D02_education_years", "D14_post_grade", "D08_vote_result")
PROCEDURE = re.compile(r"P\d\d_\w+")  # the reform's own procedures; what else an office runs is its own affair
PUBLIC_PARAMETERS = (
    *(f"publicity.{kind}.min_workdays" for kind in ("quota", "recommendation", "works", "result", "appointment")),
    "publicity.first_day_counts",
    "publicity.close",
    "objection.investigate_workdays",
    "objection.extended",
    "objection.require_real_name_for_reply",
    "correction.workdays",
    "correction.max_notices",
    "recheck.window_workdays",
    "recheck.answer_workdays",
    "confirmation.workdays",
    "meeting.quorum",
    "vote.pass",
    "works.max",
    "cycle.cutoff_month_day",
    "hardship.years_reduction",
    "sanction.bar_years",
)


@dataclass(frozen=True)
class DocumentShown:
    """A policy document; `clauses` (mappings with anchor, title, text) is empty in a list. Dates are days, or None where
    the source names none."""

    id: str
    doc_no: str
    title: str
    issuers: tuple[str, ...]
    level: str
    issued_year: int
    issued_on: date | None
    effective_on: date | None
    repealed_on: date | None
    retire_reason: str | None
    summary: str
    fictional: bool
    in_force: bool
    parent_id: str | None
    parent_no: str | None = None
    clauses: tuple[Mapping[str, str], ...] = ()
    children: tuple[tuple[str, str, str], ...] = ()  # (id, number, title) of those that carry it out
    file_name: str | None = None  # of the text as printed; told of one document alone, not in a list
    file_size: int | None = None  # bytes


@dataclass(frozen=True)
class PublicPolicies:
    """All documents, those in force first, the newest first. One statement."""

    first_result: int = 0
    max_results: int = 500

    def answer(self, reading: Reading) -> Page[DocumentShown]:
        rows = documents.documents(reading.connection)
        numbers = {row["id"]: row["doc_no"] for row in rows}
        part = rows[self.first_result : self.first_result + self.max_results]
        return Page([_document(row, numbers.get(row["parent_id"])) for row in part], len(rows))


@dataclass(frozen=True)
class PublicPolicy:
    """One document with its clauses. Three statements at most. Raises NotFound."""

    document_id: str

    def answer(self, reading: Reading) -> DocumentShown:
        row = documents.document(reading.connection, self.document_id)
        if row is None:
            raise NotFound(T("没有这份文件。"))
        c = policy_document.c
        children = reading.connection.execute(
            select(c.id, c.doc_no, c.title).where(c.parent_id == self.document_id).order_by(c.issued_year, c.doc_no)
        ).all()
        parent = (
            reading.connection.execute(select(c.doc_no).where(c.id == row["parent_id"])).scalar()
            if row["parent_id"]
            else None
        )
        return _document(row, parent, tuple(row["clauses"]), tuple((one.id, one.doc_no, one.title) for one in children))


@dataclass(frozen=True)
class PublicPolicyFile:
    """The text of a document as printed, for everybody. Two statements. Raises NotFound, also where it has no file."""

    document_id: str

    def answer(self, reading: Reading) -> AttachmentItem:
        row = documents.document(reading.connection, self.document_id)
        if row is None or row["file_id"] is None:
            raise NotFound(T("没有这份文件。"))
        return described(reading.connection, [row["file_id"]])[row["file_id"]]


@dataclass(frozen=True)
class PublicTables:
    """The decision tables of the active release that everybody is judged by, as DMN text by key; one that the release does
    not hold is left out. One statement."""

    def answer(self, reading: Reading) -> dict[str, bytes]:
        rows = reading.connection.execute(_active("decision").where(t.definition.c.key.in_(TABLES)))
        return {row.key: row.content for row in rows}


@dataclass(frozen=True)
class InForce:
    """A parameter with its value at the time of asking."""

    parameter: Parameter
    value: Any


@dataclass(frozen=True)
class PublicParameters:
    """The parameters that concern the public, in the order they are told. One statement."""

    def answer(self, reading: Reading) -> list[InForce]:
        values = parameters(reading.connection, PUBLIC_PARAMETERS, reading.now)
        return [InForce(PARAMETERS[name], values[name]) for name in PUBLIC_PARAMETERS]


@dataclass(frozen=True)
class Procedure:
    """A diagram of the active release. `version` counts its versions, `since` is when this one was uploaded (UTC)."""

    key: str
    name: str
    version: int
    since: datetime
    content: bytes


@dataclass(frozen=True)
class PublicProcedures:
    """The reform's procedures, by number. One statement."""

    def answer(self, reading: Reading) -> list[Procedure]:
        rows = reading.connection.execute(_active("process").order_by(t.definition.c.key))
        return [_procedure(row) for row in rows if PROCEDURE.fullmatch(row.key)]


@dataclass(frozen=True)
class PublicProcedure:
    """One of them. One statement. Raises NotFound, also for a process that is not the reform's."""

    key: str

    def answer(self, reading: Reading) -> Procedure:
        row = reading.connection.execute(_active("process").where(t.definition.c.key == self.key)).first()
        if row is None or not PROCEDURE.fullmatch(row.key):
            raise NotFound(T("没有这个程序。"))
        return _procedure(row)


def _active(kind: str) -> Select[Any]:
    part, deployment, c = t.deployment_definition.c, t.deployment.c, t.definition.c
    return (
        select(c.key, c.name, c.version, c.created_at, c.content)
        .join(t.deployment_definition, part.definition_id == c.id)
        .join(t.deployment, deployment.id == part.deployment_id)
        .where(deployment.state == "active", c.kind == kind)
    )


def _procedure(row: Any) -> Procedure:
    return Procedure(row.key, row.name, row.version, row.created_at, row.content)


def _document(
    row: Any,
    parent_no: str | None,
    clauses: tuple[Mapping[str, str], ...] = (),
    children: tuple[tuple[str, str, str], ...] = (),
) -> DocumentShown:
    same = (
        "id",
        "doc_no",
        "title",
        "level",
        "issued_year",
        "issued_on",
        "effective_on",
        "repealed_on",
        "retire_reason",
        "summary",
        "fictional",
        "parent_id",
    )
    return DocumentShown(
        **{name: row[name] for name in same},
        issuers=tuple(row["issuers"]),
        in_force=row["status"] == "published",
        parent_no=parent_no,
        clauses=clauses,
        children=children,
        file_name=row.get("file_name"),
        file_size=row.get("file_size"),
    )
