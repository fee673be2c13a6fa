"""Applications: opened by a candidate, filled, judged, moved from status to status. Every status keeps its moment and actor."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from engine.errors import NotFound, Refused
from engine.store.metadata import new_id
from forms.i18n import T
from processes.register.application_tables import (
    ENDED,
    ENDED_EARLY,
    application,
    application_assessment,
    application_education,
    application_status,
    consent,
    integrity_pledge,
    performance_item,
    recommendation,
    recusal_request,
    representative_work,
    review_cycle,
)
from processes.register.notices import NoticeItem
from processes.register.people import current_title, person
from processes.register.units import get_unit, unit
from processes.rules.workdays import end_of_day, local_day

FINAL = frozenset(ENDED) - {"voted_failed"}  # a recheck may bring a failed vote back
DETAILS: Mapping[str, Table] = {
    "education": application_education,
    "annual_assessments": application_assessment,
    "works": representative_work,
    "performance_items": performance_item,
    "recusal_requests": recusal_request,
}
NUMBERED = ("works", "performance_items")


@dataclass(frozen=True)
class Cycle:
    """A year's review, while its window is open."""

    id: str
    year: int
    cutoff_date: date
    apply_to: date
    closes_at: datetime  # 24:00 of the last day, aware


def open_cycle(connection: Connection, now: datetime) -> Cycle:
    """The cycle that takes applications now. Raises Refused (CYCLE_CLOSED)."""
    today = local_day(now)
    query = select(review_cycle).where(
        review_cycle.c.status == "open", review_cycle.c.apply_from <= today, review_cycle.c.apply_to >= today
    )
    row = connection.execute(query.order_by(review_cycle.c.year)).mappings().first()
    if row is None:
        raise Refused(T("现在不在申报期内。"), code="CYCLE_CLOSED")
    return Cycle(row["id"], row["year"], row["cutoff_date"], row["apply_to"], end_of_day(row["apply_to"]))


def open_application(
    connection: Connection, *, person_row: RowMapping, cycle: Cycle, instance_id: str, actor: str, now: datetime
) -> str:
    """Start a draft; unit, region and mode are the unit's of today. Raises Refused (APPLICATION_EXISTS)."""
    home = get_unit(connection, person_row["unit_code"])
    running = select(application.c.id).where(
        application.c.cycle_id == cycle.id,
        application.c.person_id == person_row["id"],
        application.c.status.not_in(ENDED_EARLY),
    )
    exists = Refused(T("您本年度已有一份申报，请在“我的申报”中继续办理。"), code="APPLICATION_EXISTS")
    if connection.execute(running).first() is not None:
        raise exists
    application_id = new_id()
    try:
        connection.execute(
            insert(application).values(
                id=application_id,
                cycle_id=cycle.id,
                person_id=person_row["id"],
                instance_id=instance_id,
                unit_code=home["code"],
                region_code=home["region_code"],
                appointment_mode="integrated" if home["post_managed"] else "separate",
                cutoff_date=cycle.cutoff_date,
                status="draft",
                channel_evidence=[],
                quota_exempt=False,
                interview_required=False,
                findings=[],
                created_at=now,
                updated_at=now,
                version=1,
            )
        )
    except IntegrityError as twice:  # two windows of one candidate at the same moment
        raise exists from twice
    _log_status(connection, application_id, "draft", actor, None, now)
    return application_id


def get_application(connection: Connection, application_id: str, *, lock: bool = False) -> RowMapping:
    """Raises NotFound."""
    query = select(application).where(application.c.id == application_id)
    row = connection.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise NotFound(T("没有这份申报。"))
    return row


def record_content(
    connection: Connection,
    application_id: str,
    values: Mapping[str, Any],
    details: Mapping[str, Iterable[Mapping[str, Any]]],
    now: datetime,
) -> None:
    """What the candidate filled in, replacing what stood there. Only a draft can be filled in (NOT_DRAFT)."""
    row = get_application(connection, application_id, lock=True)
    if row["status"] != "draft":
        raise Refused(T("申报已经提交，内容不能再改。"), code="NOT_DRAFT")
    _update(connection, application_id, now, **values)
    for key, table in DETAILS.items():
        connection.execute(delete(table).where(table.c.application_id == application_id))
        for position, entry in enumerate(details.get(key, ()), 1):
            extra = {"position": position} if key in NUMBERED else {}
            connection.execute(insert(table).values(id=new_id(), application_id=application_id, **extra, **entry))


def details(connection: Connection, application_id: str, key: str) -> Sequence[RowMapping]:
    """The rows of one table of the form: education, annual_assessments, works, performance_items, recusal_requests."""
    table = DETAILS[key]
    order = table.c.position if key in NUMBERED else table.c.year if key == "annual_assessments" else table.c.id
    query = select(table).where(table.c.application_id == application_id).order_by(order)
    return connection.execute(query).mappings().all()


def sign_pledge(connection: Connection, application_id: str, *, account: str, text: str, now: datetime) -> None:
    connection.execute(
        insert(integrity_pledge).values(
            id=new_id(),
            application_id=application_id,
            subject="candidate",
            account=account,
            text=text,
            text_hash=hashlib.sha256(text.encode()).hexdigest(),
            signed_at=now,
        )
    )


def give_consent(connection: Connection, application_id: str, text: str, now: datetime) -> None:
    """Consent to sensitive personal information (R-151), with the very text it was given to."""
    mark = hashlib.sha256(text.encode()).hexdigest()
    connection.execute(delete(consent).where(consent.c.application_id == application_id, consent.c.purpose == "pipl"))
    connection.execute(
        insert(consent).values(id=new_id(), application_id=application_id, purpose="pipl", text_hash=mark, given_at=now)
    )


def pledged(connection: Connection, application_id: str) -> bool:
    query = select(integrity_pledge.c.id).where(integrity_pledge.c.application_id == application_id)
    return connection.execute(query).first() is not None


def set_judgement(
    connection: Connection,
    application_id: str,
    *,
    eligible: bool,
    findings: list[dict[str, Any]],
    basis: dict[str, Any],
    quota_exempt: bool,
    interview_required: bool,
    now: datetime,
) -> None:
    """What the tables proposed and on which row; a person confirms every negative (R-152)."""
    _update(
        connection,
        application_id,
        now,
        eligible=eligible,
        findings=findings,
        basis=basis,
        quota_exempt=quota_exempt,
        interview_required=interview_required,
        confirmed_by=None,
        confirmed_at=None,
    )


def confirm_judgement(
    connection: Connection, application_id: str, *, eligible: bool, confirmed_by: str, now: datetime
) -> None:
    _update(connection, application_id, now, eligible=eligible, confirmed_by=confirmed_by, confirmed_at=now)


def set_status(
    connection: Connection,
    application_id: str,
    status: str,
    *,
    now: datetime,
    actor: str | None = None,
    reason: str | None = None,
    **values: Any,
) -> None:
    """Move to a status and keep the moment. Raises Refused (APPLICATION_ENDED) from a final one, but to disqualify or
    revoke. The same status again changes nothing, save that a reason given with it is kept (the answer to a recheck)."""
    row = get_application(connection, application_id, lock=True)
    if row["status"] in FINAL and status not in (row["status"], "disqualified", "revoked"):
        raise Refused(T("这份申报已经办结，不能再改变状态。"), code="APPLICATION_ENDED")
    if status == "withdrawn" and row["status"] != status:
        check_withdrawable(row["status"])
    if row["status"] != status or values:
        _update(connection, application_id, now, status=status, **values)
    if row["status"] != status or reason:
        _log_status(connection, application_id, status, actor, reason, now)


def move_to_unit(
    connection: Connection, application_id: str, *, unit_code: str, region_code: str, mode: str, now: datetime
) -> None:
    """Another unit has the case from now on; `mode` is integrated or separate, as its posts are managed."""
    values = {"unit_code": unit_code, "region_code": region_code, "appointment_mode": mode}
    _update(connection, application_id, now, **values)


def check_withdrawable(status: str) -> None:
    """S21: not while an objection is looked into, not once there is a certificate, not twice."""
    if status in ("unit_objection_hold", "result_objection_hold"):
        raise Refused(T("异议核实期间不能撤回申报，请等待结论。"), code="OBJECTION_PENDING")
    if status in ("certified", "appointed", "certified_not_appointed"):
        raise Refused(T("已经发证，不能再撤回；放弃职称请另行办理。"), code="CERTIFIED")
    if status in FINAL:
        raise Refused(T("这份申报已经办结，不能再改变状态。"), code="APPLICATION_ENDED")


def history(connection: Connection, application_id: str) -> Sequence[RowMapping]:
    """Every status with moment, actor and reason, in order."""
    query = select(application_status).where(application_status.c.application_id == application_id)
    return connection.execute(query.order_by(application_status.c.seq)).mappings().all()


def record_recommendation(connection: Connection, application_id: str, **values: Any) -> None:
    """Put values into the unit's recommendation of this application; made where there is none yet."""
    where = recommendation.c.application_id == application_id
    if connection.execute(update(recommendation).where(where).values(**values)).rowcount == 0:
        connection.execute(insert(recommendation).values(application_id=application_id, **values))


def recommendation_of(connection: Connection, application_id: str) -> RowMapping | None:
    """What the unit found about this application so far; None before it found anything."""
    where = recommendation.c.application_id == application_id
    return connection.execute(select(recommendation).where(where)).mappings().one_or_none()


def queued(connection: Connection, titles: Iterable[str] | None = None) -> Sequence[RowMapping]:
    """Applications that wait for a meeting, deferred ones included, by unit and person."""
    query = select(application).where(application.c.status.in_(("queued_for_meeting", "deferred_no_quorum")))
    if titles is not None:
        query = query.where(application.c.target_title.in_(tuple(titles)))
    order = (application.c.unit_code, application.c.created_at, application.c.id)
    return connection.execute(query.order_by(*order)).mappings().all()


def notice_item(connection: Connection, application_id: str) -> NoticeItem:
    """All that a notice may show of this application (R-150); a confidential work is named only as such (R-52)."""
    row = (
        connection.execute(
            select(application, person.c.name.label("person_name"), unit.c.name.label("unit_name"))
            .join(person, person.c.id == application.c.person_id)
            .join(unit, unit.c.code == application.c.unit_code)
            .where(application.c.id == application_id)
        )
        .mappings()
        .one()
    )
    held = current_title(connection, row["person_id"])
    works = tuple(
        "涉密或不宜公开，已由单位审核" if work["confidential"] else work["title"]
        for work in details(connection, application_id, "works")
        if work["audit_result"] != "removed"
    )
    return NoticeItem(
        name=row["person_name"],
        unit=row["unit_name"],
        # A title from elsewhere stands in no record of ours yet; the unit has checked what was declared.
        current_title=held["title"] if held else row["prior_title"],
        target_title=row["target_title"],
        channel=row["channel"],
        works=works,
    )


def audit_works(connection: Connection, application_id: str, removed: Iterable[int], comment: str | None) -> int:
    """Keep the audit's result for each work; `removed` are positions. Answers how many works are left."""
    gone = set(removed)
    left = 0
    for work in details(connection, application_id, "works"):
        result = "removed" if work["position"] in gone else "ok"
        left += result == "ok"
        connection.execute(
            update(representative_work)
            .where(representative_work.c.id == work["id"])
            .values(audit_result=result, audit_comment=comment)
        )
    return left


def _update(connection: Connection, application_id: str, now: datetime, **values: Any) -> None:
    connection.execute(
        update(application)
        .where(application.c.id == application_id)
        .values(**values, updated_at=now, version=application.c.version + 1)
    )


def _log_status(
    connection: Connection, application_id: str, status: str, actor: str | None, reason: str | None, now: datetime
) -> None:
    last = select(func.coalesce(func.max(application_status.c.seq), 0))
    seq = connection.execute(last.where(application_status.c.application_id == application_id)).scalar_one() + 1
    connection.execute(
        insert(application_status).values(
            id=new_id(),
            application_id=application_id,
            seq=seq,
            status=status,
            at=now,
            actor=actor,
            reason=reason,
        )
    )
