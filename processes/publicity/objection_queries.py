"""Reading objections: how one stands, for whoever has its receipt; what it says, for those who look into it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, and_, false, func, or_, select

from engine.attachments.keeping import AttachmentItem, described
from engine.errors import NotFound
from engine.identity.crypto import Keyring
from engine.queries.reading import MOST_RESULTS, Page, Reading
from engine.registry import Actor
from forms.i18n import T
from processes.register.cases import case_facts
from processes.register.notice_tables import publicity_item, publicity_notice
from processes.register.objection_tables import investigation, objection
from processes.register.objections import by_receipt_no, contact_of, get_objection, investigation_of
from processes.register.policies import parameter

INVESTIGATORS = frozenset({"investigator", "supervisor"})  # who also read the objector's name and telephone


@dataclass(frozen=True)
class ObjectionProgress:
    """What whoever holds the receipt number may know. `status`: received, investigating, concluded. `extended_until`: a
    longer investigation was approved (R-96). `reply` stands only where the objector gave a name (R-95)."""

    receipt_no: str
    notice_title: str
    received_at: datetime
    timely: bool
    real_name: bool
    status: str
    extended_until: datetime | None
    reply: str | None
    replied_at: datetime | None


@dataclass(frozen=True)
class ObjectionStatus:
    """How an objection stands, for the public. Raises NotFound alike for every number that was never given out."""

    receipt_no: str

    def answer(self, reading: Reading) -> ObjectionProgress:
        row = by_receipt_no(reading.connection, self.receipt_no)
        found = investigation_of(reading.connection, row["id"])
        title = select(publicity_notice.c.title).where(publicity_notice.c.id == row["notice_id"])
        need_name = parameter(reading.connection, "objection.require_real_name_for_reply", reading.now)
        told = row["real_name"] or not need_name
        return ObjectionProgress(
            receipt_no=row["receipt_no"],
            notice_title=reading.connection.execute(title).scalar_one(),
            received_at=row["received_at"],
            timely=row["timely"],
            real_name=row["real_name"],
            status=row["status"],
            extended_until=found["due_at"] if told and found and found["extended_at"] else None,
            reply=found["reply"] if told and found else None,
            replied_at=found["replied_at"] if told and found else None,
        )


@dataclass(frozen=True)
class ObjectionLine:
    """One objection in a list; never its text, and never who objected. `subject`: whom or what it is against, in words
    (a name, a level of posts), None for the notice as a whole. `due_at`: of its investigation."""

    id: str
    notice_id: str
    notice_title: str
    notice_scope: str
    position: int | None
    subject: str | None
    received_at: datetime
    timely: bool
    status: str
    grounds: tuple[str, ...]
    real_name: bool
    instance_id: str | None
    due_at: datetime | None
    outcome: str | None


@dataclass(frozen=True)
class Objections:
    """The objections an actor looks after, the newest first: investigators, supervisors and the committee's office those
    to provincial notices; investigators and supervisors all; a unit's supervisor those to the unit's own notices."""

    actor: Actor
    notice_id: str | None = None
    status: str | None = None
    first_result: int = 0
    max_results: int = 50

    def answer(self, reading: Reading) -> Page[ObjectionLine]:
        where = _listed(self.actor)
        if self.notice_id is not None:
            where = and_(where, objection.c.notice_id == self.notice_id)
        if self.status is not None:
            where = and_(where, objection.c.status == self.status)
        base = (
            select(objection.c.id).join(publicity_notice, publicity_notice.c.id == objection.c.notice_id).where(where)
        )
        total = reading.connection.execute(select(func.count()).select_from(base.subquery())).scalar_one()
        query = _lines().where(where).order_by(objection.c.received_at.desc(), objection.c.id)
        rows = reading.connection.execute(query.offset(self.first_result).limit(min(self.max_results, MOST_RESULTS)))
        return Page([_line(row) for row in rows.mappings()], total)


@dataclass(frozen=True)
class Investigated:
    """What was found so far. Texts are None until they are written."""

    opened_at: datetime
    opened_by: str | None
    due_at: datetime
    latest_at: datetime
    investigator: str | None
    question: str | None
    unit_statement: str | None
    unit_stated_at: datetime | None
    candidate_statement: str | None
    candidate_stated_at: datetime | None
    extension_reason: str | None
    extended_at: datetime | None
    finding: str | None
    facts: str | None
    evidence: tuple[AttachmentItem, ...]
    proposal: str | None
    articles: str | None
    concluded_by: str | None
    concluded_at: datetime | None
    signed_by: str | None
    signed_at: datetime | None
    outcome: str | None
    reply: str | None
    reply_due_at: datetime | None
    replied_at: datetime | None


@dataclass(frozen=True)
class ObjectionShown:
    """One objection with all its reader may know. `asked_only`: a unit or a candidate who is asked for a statement reads
    the grounds and the question, not the objection's words, its evidence, or who wrote it."""

    line: ObjectionLine
    via: str
    asked_only: bool
    question: str | None
    text: str | None = None
    evidence: tuple[AttachmentItem, ...] = ()
    registered_by: str | None = None
    registered_note: str | None = None
    contact: tuple[str, str] | None = field(default=None, repr=False)  # name, telephone: INVESTIGATORS alone
    found: Investigated | None = None


@dataclass(frozen=True)
class ObjectionView:
    """One objection: for investigators and supervisors whole, for the committee's office and the unit's supervisor
    without the objector's name and telephone, for the unit and the candidate that were asked: what they were asked.

    Raises NotFound for all others."""

    objection_id: str
    actor: Actor

    def answer(self, reading: Reading) -> ObjectionShown:
        row = get_objection(reading.connection, self.objection_id)
        line = _line(reading.connection.execute(_lines().where(objection.c.id == row["id"])).mappings().one())
        found = investigation_of(reading.connection, row["id"])
        question = found["question"] if found else None
        allowed = select(objection.c.id).join(publicity_notice, publicity_notice.c.id == objection.c.notice_id)
        if reading.connection.execute(allowed.where(objection.c.id == row["id"], _listed(self.actor))).first() is None:
            if question is None or not _was_asked(reading, row, self.actor):
                raise NotFound(T("没有这份异议。"))
            return ObjectionShown(line, row["via"], asked_only=True, question=question)
        named = not self.actor.groups.isdisjoint(INVESTIGATORS)
        files = described(reading.connection, row["evidence"])
        return ObjectionShown(
            line=line,
            via=row["via"],
            asked_only=False,
            question=question,
            text=row["text"],
            evidence=tuple(files[each] for each in row["evidence"] if each in files),
            registered_by=row["registered_by"],
            registered_note=row["registered_note"],
            contact=contact_of(Keyring(reading.engine.settings.secret_key), row) if named else None,
            found=_investigated(reading, found) if found else None,
        )


@dataclass(frozen=True)
class ObjectionEvidence:
    """One file that came with an objection or with its conclusion, to be opened with `engine.attachments.keeping.open_`:
    for those who read the objection whole. Raises NotFound."""

    objection_id: str
    attachment_id: str
    actor: Actor

    def answer(self, reading: Reading) -> AttachmentItem:
        shown = ObjectionView(self.objection_id, self.actor).answer(reading)
        files = (*shown.evidence, *(shown.found.evidence if shown.found else ()))
        for item in files:
            if item.id == self.attachment_id:
                return item
        raise NotFound(T("没有这个附件。"))


def _listed(actor: Actor) -> ColumnElement[bool]:
    if not actor.groups.isdisjoint(INVESTIGATORS):
        return objection.c.id.is_not(None)
    may: list[ColumnElement[bool]] = [false()]
    if "committee_office" in actor.groups:
        may.append(publicity_notice.c.scope == "province")
    units = sorted(scope for scope in actor.scopes("unit_supervisor") if scope is not None)
    may.append(and_(publicity_notice.c.scope == "unit", publicity_notice.c.publisher_scope.in_(units)))
    return or_(*may)


def _was_asked(reading: Reading, row: RowMapping, actor: Actor) -> bool:
    """The candidate whom the objection is against, and those who answer for the candidate's unit."""
    if row["item_id"] is None:
        return False
    query = select(publicity_item.c.application_id).where(publicity_item.c.id == row["item_id"])
    application_id = reading.connection.execute(query).scalar()
    if application_id is None:
        return False
    case = case_facts(reading.connection, application_id)
    return actor.username == case.account or f"unit:{case.unit_code}" in actor.scopes("unit_hr")


def _lines() -> Select[Any]:
    return (
        select(
            objection,
            publicity_notice.c.title,
            publicity_notice.c.scope,
            publicity_item.c.position,
            publicity_item.c.shown,
            investigation.c.due_at,
            investigation.c.outcome,
        )
        .join(publicity_notice, publicity_notice.c.id == objection.c.notice_id)
        .outerjoin(publicity_item, publicity_item.c.id == objection.c.item_id)
        .outerjoin(investigation, investigation.c.objection_id == objection.c.id)
    )


def _line(row: RowMapping) -> ObjectionLine:
    shown = row["shown"] or {}
    return ObjectionLine(
        id=row["id"],
        notice_id=row["notice_id"],
        notice_title=row["title"],
        notice_scope=row["scope"],
        position=row["position"],
        subject=shown.get("name") or shown.get("level"),
        received_at=row["received_at"],
        timely=row["timely"],
        status=row["status"],
        grounds=tuple(row["grounds"]),
        real_name=row["real_name"],
        instance_id=row["instance_id"],
        due_at=row["due_at"],
        outcome=row["outcome"],
    )


def _investigated(reading: Reading, row: RowMapping) -> Investigated:
    ids = row["evidence"] or []
    files = described(reading.connection, ids)
    plain = {name: row[name] for name in Investigated.__dataclass_fields__ if name != "evidence"}
    return Investigated(**plain, evidence=tuple(files[each] for each in ids if each in files))
