"""Relations between the experts on a meeting's roll and its cases: found, listed, dismissed (R-77)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, RowMapping, select, update

from engine.errors import Conflict, NotFound, Refused
from forms.i18n import T
from processes.register.application_tables import application
from processes.register.committee_tables import get_meeting, meeting_candidate
from processes.register.expert_tables import expert, expert_relation
from processes.register.experts import relate
from processes.register.people import person
from processes.register.room_tables import meeting_member
from processes.rules.recusal import Relation


@dataclass(frozen=True)
class Touch:
    """One relation that touches one case of a meeting. Confidential."""

    relation_id: str
    expert_id: str
    application_id: str
    kind: str
    source: str


def detect(connection: Connection, meeting_id: str, *, now: datetime) -> int:
    """Note what the register itself shows: an expert who applies (self) or who works in the candidate's unit (same_unit).

    Answers how many relations were new; one that was dismissed before is not noted again."""
    found = 0
    known = {
        (row.expert_id, row.person_id, row.unit_code, row.kind)
        for row in connection.execute(select(expert_relation).where(expert_relation.c.source == "detected"))
    }
    cases = _cases(connection, meeting_id)
    for member in _experts(connection, meeting_id):
        for case in cases:
            if member.account == case["account"]:
                key = (member.id, case["person_id"], None, "self")
            elif member.unit_code is not None and member.unit_code == case["unit_code"]:
                key = (member.id, None, case["unit_code"], "same_unit")
            else:
                continue
            if key not in known:
                known.add(key)
                _, person_id, unit_code, kind = key
                relate(
                    connection,
                    member.id,
                    kind,
                    person_id=person_id,
                    unit_code=unit_code,
                    source="detected",
                    by=None,
                    now=now,
                )
                found += 1
    return found


def touching(connection: Connection, meeting_id: str) -> Iterator[Touch]:
    """Every relation of somebody on the roll that touches a case, in a fixed order; false positives left out."""
    held_on = get_meeting(connection, meeting_id)["held_on"]
    query = (
        select(expert_relation)
        .join(meeting_member, meeting_member.c.expert_id == expert_relation.c.expert_id)
        .where(
            meeting_member.c.meeting_id == meeting_id,
            meeting_member.c.out_at.is_(None),
            expert_relation.c.false_positive.is_(False),
        )
        .order_by(meeting_member.c.position, expert_relation.c.recorded_at, expert_relation.c.id)
    )
    cases = _cases(connection, meeting_id)
    for row in connection.execute(query).mappings().all():
        relation = Relation(row["kind"], row["person_id"], row["unit_code"], row["valid_from"], row["valid_to"])
        for case in cases:
            if relation.touches(case["person_id"], case["unit_code"], held_on):
                yield Touch(row["id"], row["expert_id"], case["id"], row["kind"], row["source"])


def get_relation(connection: Connection, relation_id: str) -> RowMapping:
    """Raises `NotFound`."""
    row = connection.execute(select(expert_relation).where(expert_relation.c.id == relation_id)).mappings().first()
    if row is None:
        raise NotFound(T("没有登记这项关系。"))
    return row


def dismiss(connection: Connection, relation_id: str, *, note: str, by: str, now: datetime) -> RowMapping:
    """Say that a detected relation is none; answers its row as it was. What the expert declared is never dismissed.

    Raises NotFound, Conflict (dismissed already), Refused: `NOTE_MISSING`, `NOT_DETECTED`."""
    row = get_relation(connection, relation_id)
    if not note.strip():
        raise Refused(T("请写明为什么这项关系不成立。"), code="NOTE_MISSING")
    if row["source"] != "detected":
        raise Refused(T("只有系统比对出的关系可以排除；本人申明或他人反映的不能排除。"), code="NOT_DETECTED")
    if row["false_positive"]:
        raise Conflict(T("这项关系已经排除。"))
    connection.execute(
        update(expert_relation)
        .where(expert_relation.c.id == relation_id)
        .values(false_positive=True, note=note.strip(), dismissed_by=by, dismissed_at=now)
    )
    return row


def _cases(connection: Connection, meeting_id: str) -> list[RowMapping]:
    query = (
        select(application.c.id, application.c.person_id, application.c.unit_code, person.c.account)
        .join(meeting_candidate, meeting_candidate.c.application_id == application.c.id)
        .join(person, person.c.id == application.c.person_id)
        .where(meeting_candidate.c.meeting_id == meeting_id)
        .order_by(meeting_candidate.c.position)
    )
    return list(connection.execute(query).mappings())


def _experts(connection: Connection, meeting_id: str) -> list[Row[tuple[str, str, str | None]]]:
    query = (
        select(expert.c.id, expert.c.account, expert.c.unit_code)
        .join(meeting_member, meeting_member.c.expert_id == expert.c.id)
        .where(meeting_member.c.meeting_id == meeting_id, meeting_member.c.out_at.is_(None))
        .order_by(meeting_member.c.position)
    )
    return list(connection.execute(query))
