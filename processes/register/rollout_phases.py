"""How a programme's phases stand to their dates: working days, warnings, and what phase 2 still lacks (R-140, R-144)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from forms.i18n import T, Text
from processes.register.policies import calendar, parameter
from processes.register.rollout_tables import issued_document
from processes.rules.phases import DOCUMENTS, Tightness, chain, last_day, tightness
from processes.rules.workdays import CalendarMissing, local_day

DECLARE_WORKDAYS, VERIFY_WORKDAYS = 10, 5  # P03: what the unit and its authority have


def measured(connection: Connection, no: int, starts_at: datetime, due_at: datetime, now: datetime) -> Tightness:
    """A phase against the windows and the work it must hold. Raises `CalendarMissing`."""
    needed = chain(
        no,
        quota=parameter(connection, "publicity.quota.min_workdays", now),
        result=parameter(connection, "publicity.result.min_workdays", now),
        declare=DECLARE_WORKDAYS,
        verify=VERIFY_WORKDAYS,
    )
    return tightness(calendar(connection), starts_at, due_at, needed)


def warnings(
    connection: Connection, no: int, name: str, starts_at: datetime, due_at: datetime, now: datetime
) -> tuple[int | None, tuple[Text, ...]]:
    """Working days of the phase (None without a calendar) and what to warn of."""
    try:
        seen = measured(connection, no, starts_at, due_at, now)
    except CalendarMissing as missing:
        return None, (
            T("{year} 年的工作日历还没有导入，“{phase}”有多少工作日算不出来。", year=missing.year, phase=name),
        )
    if not seen.tight:
        return seen.workdays, ()
    return seen.workdays, (
        T(
            "“{phase}”只有 {days} 个工作日，其中公示依规占 {windows} 个，余下 {left} 个；申报和核定岗位需要 {work} 个。",
            phase=name,
            days=seen.workdays,
            windows=seen.windows,
            left=seen.left,
            work=seen.work,
        ),
    )


def years_touched(starts_at: datetime, due_at: datetime) -> tuple[int, ...]:
    """The years whose calendars a phase needs."""
    return tuple(range(local_day(starts_at).year, last_day(due_at).year + 1))


def missing_documents(connection: Connection, programme_id: str) -> tuple[str, ...]:
    """Which of the two documents phase 1 must issue are not issued: "plan", "conditions" (R-140)."""
    kinds = select(issued_document.c.kind).where(issued_document.c.programme_id == programme_id)
    issued = set(connection.scalars(kinds))
    return tuple(kind for kind in DOCUMENTS if kind not in issued)
