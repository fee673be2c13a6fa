"""Appointments to posts (R-130 to R-132): the competition, the contract of at least three years, the filing."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    insert,
    update,
)

from engine.clock import local
from engine.errors import Refused
from engine.store.metadata import Id, UtcDateTime, metadata, new_id, one_of
from forms.i18n import T
from processes.dates import day
from processes.register.columns import Key, together
from processes.register.notice_items import item_outcome
from processes.register.policies import parameter
from processes.rules.terms import contract_long_enough, last_day

competition = Table(
    "competition",
    metadata,
    Column("id", Id, primary_key=True),
    Column("application_id", Id, ForeignKey("application.id"), nullable=False, index=True),
    Column("unit_code", Key, ForeignKey("unit.code"), nullable=False),
    Column("posts", Integer, nullable=False),
    Column("terms", Integer, nullable=False),  # of the contract, in years
    Column("plan", Text, nullable=False),
    Column("qualified", Boolean, nullable=False),
    Column("qualification_note", Text),
    Column("score", Integer),
    Column("ranking", Integer),
    Column("selected", Boolean, nullable=False),
    Column("recorded_by", Key, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    CheckConstraint("posts >= 1", name="posts"),
    CheckConstraint("qualified OR qualification_note IS NOT NULL", name="reason"),
    CheckConstraint("NOT selected OR (qualified AND ranking IS NOT NULL AND ranking <= posts)", name="merit"),
)

appointment = Table(
    "appointment",
    metadata,
    Column("id", Id, primary_key=True),
    Column("application_id", Id, ForeignKey("application.id"), nullable=False, unique=True),
    Column("person_id", Id, ForeignKey("person.id"), nullable=False),
    Column("unit_code", Key, ForeignKey("unit.code"), nullable=False, index=True),
    Column("title", Key, nullable=False),
    Column("post_grade", Integer, nullable=False),
    Column("mode", String(16), nullable=False),
    Column("contract_from", Date, nullable=False),
    Column("contract_to", Date, nullable=False),
    Column("salary_from", Date),
    Column("use_special_post", Boolean, nullable=False),
    Column("status", String(16), nullable=False),
    Column("appointed_by", Key, nullable=False),
    Column("appointed_at", UtcDateTime, nullable=False),
    Column("filed_by", Key),
    Column("filed_at", UtcDateTime),
    one_of("mode", "integrated", "separate"),
    one_of("status", "active", "ended", "downgraded", "dismissed"),
    CheckConstraint("post_grade BETWEEN 1 AND 13", name="grade"),
    CheckConstraint("contract_to > contract_from", name="contract"),
    together("filed_by", "filed_at", name="filed"),
    CheckConstraint("filed_by IS NULL OR filed_by <> appointed_by", name="four_eyes"),
)
# Nobody holds two posts of one unit at once.
Index(
    "uq_appointment_active",
    appointment.c.person_id,
    appointment.c.unit_code,
    unique=True,
    sqlite_where=appointment.c.status == "active",
    postgresql_where=appointment.c.status == "active",
)


def record_competition(
    connection: Connection,
    application_id: str,
    *,
    unit_code: str,
    posts: int,
    terms: int,
    plan: str,
    qualified: bool,
    qualification_note: str | None,
    score: int | None,
    ranking: int | None,
    recorded_by: str,
    now: datetime,
) -> bool:
    """Keep one candidate's competition (R-131). Merit decides (R-130): says whether the rank lies within the posts."""
    selected = qualified and ranking is not None and ranking <= posts
    connection.execute(
        insert(competition).values(
            id=new_id(),
            application_id=application_id,
            unit_code=unit_code,
            posts=posts,
            terms=terms,
            plan=plan,
            qualified=qualified,
            qualification_note=qualification_note,
            score=score,
            ranking=ranking,
            selected=selected,
            recorded_by=recorded_by,
            recorded_at=now,
        )
    )
    return selected


def check_notice_closed(connection: Connection, application_id: str, contract_from: date) -> None:
    """Nobody is appointed before the notice of the proposed appointee has closed without an objection (R-131)."""
    outcome, notice = item_outcome(connection, "appointment", application_id)
    if notice is None or notice["status"] != "closed" or outcome != "clear":
        raise Refused(T("拟聘公示期满且无异议之后才能聘用。"), code="APPOINTMENT_NOTICE_OPEN")
    earliest = local(notice["closed_effective_at"]).date()
    if contract_from < earliest:
        raise Refused(T("合同最早从 {day} 开始，拟聘公示期满之后。", day=day(earliest)), code="CONTRACT_TOO_EARLY")


def appoint(
    connection: Connection,
    application_id: str,
    *,
    person_id: str,
    unit_code: str,
    title: str,
    post_grade: int,
    grades: range,
    mode: str,
    contract_from: date,
    contract_to: date,
    salary_from: date | None,
    use_special_post: bool,
    appointed_by: str,
    now: datetime,
) -> str:
    """Keep a contract. Raises `Refused`: `GRADE_OUT_OF_RANGE`, `CONTRACT_TOO_SHORT`. The post itself is the units' to count."""
    if post_grade not in grades:
        raise Refused(
            T(
                "这一职称对应 {low} 至 {high} 级岗位，不能聘到 {grade} 级。",
                low=grades[0],
                high=grades[-1],
                grade=post_grade,
            ),
            code="GRADE_OUT_OF_RANGE",
        )
    years = parameter(connection, "contract.min_years", now)
    if not contract_long_enough(contract_from, contract_to, years):
        raise Refused(
            T(
                "聘用合同一般不少于 {years} 年：自 {begin} 起，至少到 {end}。",
                years=years,
                begin=day(contract_from),
                end=day(last_day(contract_from, years)),
            ),
            code="CONTRACT_TOO_SHORT",
        )
    appointment_id = new_id()
    connection.execute(
        insert(appointment).values(
            id=appointment_id,
            application_id=application_id,
            person_id=person_id,
            unit_code=unit_code,
            title=title,
            post_grade=post_grade,
            mode=mode,
            contract_from=contract_from,
            contract_to=contract_to,
            salary_from=salary_from,
            use_special_post=use_special_post,
            status="active",
            appointed_by=appointed_by,
            appointed_at=now,
        )
    )
    return appointment_id


def file_appointment(connection: Connection, application_id: str, *, filed_by: str, now: datetime) -> None:
    """The local authority's filing."""
    connection.execute(
        update(appointment)
        .where(appointment.c.application_id == application_id)
        .values(filed_by=filed_by, filed_at=now)
    )
