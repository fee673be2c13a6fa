"""Policy as data with a history: parameters, rule sets and imported calendars. Rows are only ever added.

Every row names the document it rests on. Floors (R-08) are checked when a row is written, so that nothing weaker than
a regulation can ever be in force.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    Connection,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    insert,
    select,
)

from engine.errors import Conflict, NotFound, Refused
from engine.store.metadata import Id, UtcDateTime, metadata, new_id, one_of
from forms.i18n import T
from processes.calendars import frozen
from processes.register.columns import Key
from processes.register.parameters import PARAMETERS
from processes.rules.floors import undercut
from processes.rules.workdays import CalendarMissing, WorkCalendar, WorkYear

policy_parameter = Table(
    "policy_parameter",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Key, nullable=False),
    Column("value", JSON, nullable=False),
    Column("effective_from", UtcDateTime, nullable=False),
    Column("source_doc", Text, nullable=False),
    Column("set_by", Key, nullable=False),
    Column("set_at", UtcDateTime, nullable=False),
    UniqueConstraint("name", "effective_from"),
    CheckConstraint("length(source_doc) > 0", name="has_source"),
)

rule_set = Table(
    "rule_set",
    metadata,
    Column("id", Id, primary_key=True),
    Column("code", Key, nullable=False),  # the decision key, such as D02_education_years
    Column("version", Integer, nullable=False),
    Column("scope", Key, nullable=False),
    Column("status", String(16), nullable=False),
    Column("effective_from", UtcDateTime, nullable=False),
    Column("effective_to", UtcDateTime),
    Column("source_doc", Text, nullable=False),
    Column("rows", JSON, nullable=False),
    Column("signed_archives", Key),  # who signed for the Archives Bureau
    Column("signed_hrss", Key),  # who signed for Human Resources and Social Security
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("code", "scope", "version"),
    one_of("status", "draft", "active", "retired"),
    CheckConstraint(
        "status = 'draft' OR (signed_archives IS NOT NULL AND signed_hrss IS NOT NULL AND signed_archives <> signed_hrss)",
        name="signed_by_both",
    ),
    CheckConstraint("effective_to IS NULL OR effective_to > effective_from", name="period"),
)

work_calendar = Table(
    "work_calendar",
    metadata,
    Column("id", Id, primary_key=True),
    Column("year", Integer, nullable=False, index=True),
    Column("version", Integer, nullable=False, unique=True),  # of the whole calendar; the shipped files are version 1
    Column("status", String(16), nullable=False),
    Column("source_doc", Text, nullable=False),
    Column("rest", JSON, nullable=False),  # Mondays to Fridays off, ISO dates
    Column("work", JSON, nullable=False),  # Saturdays and Sundays worked
    Column("imported_by", Key, nullable=False),
    Column("imported_at", UtcDateTime, nullable=False),
    one_of("status", "official", "provisional"),
    CheckConstraint("version > 1", name="after_the_shipped"),
    CheckConstraint("length(source_doc) > 0", name="has_source"),
)


def parameter(connection: Connection | None, name: str, at: datetime) -> Any:
    """The value in force at the instant `at`; the shipped one where nothing was set. KeyError for an unknown name.

    Without a connection (an editor trying an expression out) it is the shipped value.
    """
    shipped = PARAMETERS[name].default
    if connection is None:
        return shipped
    row = connection.execute(
        select(policy_parameter.c.value)
        .where(policy_parameter.c.name == name, policy_parameter.c.effective_from <= at)
        .order_by(policy_parameter.c.effective_from.desc())
        .limit(1)
    ).first()
    return shipped if row is None else row.value


def parameters(connection: Connection, names: Collection[str], at: datetime) -> dict[str, Any]:
    """Several values in force at `at`, in one statement."""
    found = {name: PARAMETERS[name].default for name in names}
    rows = connection.execute(
        select(policy_parameter.c.name, policy_parameter.c.value)
        .where(policy_parameter.c.name.in_(found), policy_parameter.c.effective_from <= at)
        .order_by(policy_parameter.c.effective_from)
    )
    return found | {row.name: row.value for row in rows}


def check_parameter(
    connection: Connection, name: str, value: Any, *, effective_from: datetime, source_doc: str, now: datetime
) -> None:
    """Whether a value could be put in force. Raises `NotFound`, `Refused`, `Conflict`.

    `BELOW_FLOOR` names the regulation that a value would undercut (R-08).
    """
    known = PARAMETERS.get(name)
    if known is None:
        raise NotFound(T("没有名为“{name}”的政策参数。", name=name))
    if not known.accepts(value):
        raise Refused(
            T("“{label}”不能设为 {value}，请按规定的格式填写。", label=known.label, value=str(value)), code="BAD_VALUE"
        )
    floor = undercut(name, value)
    if floor is not None:
        raise Refused(
            T(
                "“{label}”不得设为 {value}：{source}规定的底线是 {bound}。",
                label=known.label,
                value=str(value),
                source=floor.source,
                bound=str(floor.bound),
            ),
            code="BELOW_FLOOR",
            rule=floor.rule,
        )
    if not source_doc.strip():
        raise Refused(T("请写明依据的文件。"), code="SOURCE_MISSING")
    if effective_from < now:
        raise Refused(T("生效时间已经过去，政策不溯及既往。"), code="RETROACTIVE")
    at_once = select(policy_parameter.c.id).where(
        policy_parameter.c.name == name, policy_parameter.c.effective_from == effective_from
    )
    if connection.execute(at_once).first() is not None:
        raise Conflict(T("“{label}”在这一时刻已有新值，请另选生效时间。", label=known.label))


def set_parameter(
    connection: Connection,
    name: str,
    value: Any,
    *,
    effective_from: datetime,
    source_doc: str,
    actor: str,
    now: datetime,
) -> None:
    """Put a value in force from an instant that has not passed yet. Raises as `check_parameter`."""
    check_parameter(connection, name, value, effective_from=effective_from, source_doc=source_doc, now=now)
    connection.execute(
        insert(policy_parameter).values(
            id=new_id(),
            name=name,
            value=value,
            effective_from=effective_from,
            source_doc=source_doc.strip(),
            set_by=actor,
            set_at=now,
        )
    )


def rule_set_in_force(
    connection: Connection, code: str, at: datetime, scope: str = "province"
) -> Mapping[str, Any] | None:
    """The active rule set of a decision at `at` (R-07); None while the shipped table is the only one."""
    row = (
        connection.execute(
            select(rule_set)
            .where(
                rule_set.c.code == code,
                rule_set.c.scope == scope,
                rule_set.c.status != "draft",
                rule_set.c.effective_from <= at,
                (rule_set.c.effective_to.is_(None)) | (rule_set.c.effective_to > at),
            )
            .order_by(rule_set.c.version.desc())
            .limit(1)
        )
        .mappings()
        .first()
    )
    return None if row is None else dict(row)


def calendar(connection: Connection | None) -> WorkCalendar:
    """The shipped years and the imported ones, the newest official version of each. Its version is the newest import's."""
    merged = frozen()
    if connection is None:
        return merged
    rows = connection.execute(
        select(work_calendar).where(work_calendar.c.status == "official").order_by(work_calendar.c.version)
    )
    for row in rows:
        merged = merged.with_year(
            WorkYear(
                year=row.year,
                rest=frozenset(date.fromisoformat(day) for day in row.rest),
                work=frozenset(date.fromisoformat(day) for day in row.work),
                source=row.source_doc,
                version=row.version,
            )
        )
    return merged


def work_year(year: int, rest: Iterable[date], work: Iterable[date], version: int = 1) -> WorkYear:
    """A year's arrangement as `import_calendar` would keep it. Raises `Refused` (`BAD_CALENDAR`)."""
    try:
        return WorkYear(year, frozenset(day for day in rest if day.weekday() < 5), frozenset(work), version=version)
    except ValueError as wrong:
        raise Refused(
            T("{year} 年的日历不对：休息日须在当年，调休上班日须是当年的周六或周日。", year=year), code="BAD_CALENDAR"
        ) from wrong


def import_calendar(
    connection: Connection,
    year: int,
    *,
    rest: Iterable[date],
    work: Iterable[date],
    source_doc: str,
    actor: str,
    now: datetime,
    status: str = "official",
) -> int:
    """Keep one year's arrangement as a new version and return that version. Earlier versions stay as history.

    `rest`: Mondays to Fridays off; weekend days in it are dropped. `work`: swapped weekend days. Raises `Refused`.
    """
    made = work_year(year, rest, work)
    if not source_doc.strip():
        raise Refused(T("请写明依据的文件。"), code="SOURCE_MISSING")
    version = (connection.execute(select(func.max(work_calendar.c.version))).scalar() or 1) + 1
    connection.execute(
        insert(work_calendar).values(
            id=new_id(),
            year=year,
            version=version,
            status=status,
            source_doc=source_doc.strip(),
            rest=sorted(day.isoformat() for day in made.rest),
            work=sorted(day.isoformat() for day in made.work),
            imported_by=actor,
            imported_at=now,
        )
    )
    return version


def calendar_missing(missing: CalendarMissing) -> Refused:
    """The sentence for a year that was not published yet; boundary events catch its code `CALENDAR_MISSING`."""
    return Refused(
        T(
            "国务院办公厅尚未公布（或尚未导入）{year} 年的节假日安排，无法计算工作日。请先由管理员导入该年日历。",
            year=missing.year,
        ),
        code="CALENDAR_MISSING",
        year=missing.year,
    )
