"""A reform programme from its registration to its acceptance: phases, gate, cycle, report (R-140 to R-144)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from engine.errors import Refused
from engine.identity.crypto import Keyring
from engine.store.metadata import new_id
from forms.i18n import T, Text
from processes.register import rollout_tables as r
from processes.register.application_tables import review_cycle
from processes.register.policies import calendar, calendar_missing, parameter
from processes.register.rollout_phases import missing_documents, warnings, years_touched
from processes.rules.phases import last_day, month_due, month_start
from processes.rules.workdays import CalendarMissing, local_day

LEAST = 100  # characters of the province's problems, and of its countermeasures


@dataclass(frozen=True)
class NewPhase:
    """A phase as registered. `month`: "2021-02"."""

    no: int
    name: str
    month: str
    tasks: tuple[str, ...]


@dataclass(frozen=True)
class NewStream:
    """A region or department with who answers for it; the telephone in clear, to be sealed."""

    region_code: str
    responsible: str
    phone: str


def register_programme(
    connection: Connection,
    keyring: Keyring,
    *,
    name: str,
    year: int,
    base_docs: Sequence[str],
    phases: Sequence[NewPhase],
    streams: Sequence[NewStream],
    instance_id: str | None,
    by: str,
    now: datetime,
    confirmed: bool = False,
) -> str:
    """Keep a programme; phase 1 begins at once. Returns its id.

    Raises `Refused`: PROGRAMME_RUNNING (one of that year runs), BAD_PHASES, CALENDAR_MISSING, BAD_YEAR (not that of phase
    2), and TIGHT_SCHEDULE where a phase is too short for its windows and nobody has `confirmed` to have read that.
    """
    running = select(r.programme.c.id).where(r.programme.c.year == year, r.programme.c.status == "running")
    if connection.execute(running).first() is not None:
        raise Refused(T("{year} 年已有改革方案在进行，不能再登记一个。", year=year), code="PROGRAMME_RUNNING")
    dated = [(phase, *_dates(connection, phase, now)) for phase in phases]
    starts = [begin for _, begin, _ in dated]
    if [phase.no for phase in phases] != [1, 2, 3] or starts != sorted(set(starts)):
        raise Refused(T("三个阶段须按先后排列，后一阶段的月份须晚于前一阶段。"), code="BAD_PHASES")
    if not streams:
        raise Refused(T("还没有地区或部门，请先登记地区。"), code="NO_STREAMS")
    told = _warned(connection, dated, now)
    worked = local_day(starts[1]).year
    if year != worked:
        # Whoever is recommended in phase 2 needs the posts of that very year; registered in December, today's is another.
        raise Refused(
            T("第二阶段在 {year} 年，“核定哪一年的岗位”也要填 {year}：推荐时看的是当年的岗位。", year=worked),
            code="BAD_YEAR",
        )
    if told and not confirmed:
        raise Refused(
            T("{warning}如仍按此安排，请勾选“已知悉时间偏紧”后再提交。", warning=told[0]), code="TIGHT_SCHEDULE"
        )
    programme_id = new_id()
    connection.execute(
        insert(r.programme).values(
            id=programme_id,
            name=name,
            year=year,
            base_docs=list(base_docs),
            instance_id=instance_id,
            registered_by=by,
            registered_at=now,
            status="running",
        )
    )
    for phase, begin, due in dated:
        connection.execute(
            insert(r.programme_phase).values(
                id=new_id(),
                programme_id=programme_id,
                no=phase.no,
                name=phase.name,
                month=phase.month,
                tasks=list(phase.tasks),
                starts_at=begin,
                due_at=due,
                opened_at=now if phase.no == 1 else None,
            )
        )
    for position, stream in enumerate(streams, 1):
        _add_stream(connection, keyring, programme_id, position, stream, now)
    return programme_id


def _dates(connection: Connection, phase: NewPhase, now: datetime) -> tuple[datetime, datetime]:
    try:
        rule = parameter(connection, "programme.month_due", now)
        return month_start(phase.month), month_due(phase.month, rule, calendar(connection))
    except CalendarMissing as missing:
        raise calendar_missing(missing) from missing
    except ValueError as wrong:
        raise Refused(T("“{text}”不是月份，请写成 2021-02 这样。", text=phase.month), code="BAD_PHASES") from wrong


def _warned(connection: Connection, dated: Sequence[tuple[NewPhase, datetime, datetime]], now: datetime) -> list[Text]:
    known = calendar(connection)
    told: list[Text] = []
    for phase, begin, due in dated:
        for year in years_touched(begin, due):
            if not known.has(year):
                raise calendar_missing(CalendarMissing(year))
        told += warnings(connection, phase.no, phase.name, begin, due, now)[1]
    return told


def _add_stream(
    connection: Connection, keyring: Keyring, programme_id: str, position: int, stream: NewStream, now: datetime
) -> None:
    stream_id = new_id()
    connection.execute(
        insert(r.programme_stream).values(
            id=stream_id,
            programme_id=programme_id,
            position=position,
            region_code=stream.region_code,
            responsible=stream.responsible,
            phone=keyring.encrypt(stream.phone, table="programme_stream", row=stream_id, column="phone"),
        )
    )
    for no in r.PHASES:
        begun = no == 1
        connection.execute(
            insert(r.stream_phase).values(
                id=new_id(),
                stream_id=stream_id,
                phase_no=no,
                status="running" if begun else "pending",
                started_at=now if begun else None,
            )
        )


def gate(connection: Connection, programme_id: str) -> tuple[str, ...]:
    """What phase 1 still lacks before phase 2 may open: kinds of documents (R-140). Streams that publicise late hold nobody."""
    return missing_documents(connection, programme_id)


def hold_gate(connection: Connection, programme_id: str, until: datetime, now: datetime) -> None:
    """Phase 2 waits until then. Raises Refused (IN_THE_PAST)."""
    check_future(until, now)
    _set_phase(connection, programme_id, 2, wait_until=until)


def check_future(until: datetime, now: datetime) -> None:
    if until <= now:
        raise Refused(T("等待的日期须晚于现在。"), code="IN_THE_PAST")


def start_late(connection: Connection, programme_id: str, *, reason: str, by: str) -> None:
    """Phase 2 opens although phase 1 lacks something; the reason stays with it."""
    _set_phase(connection, programme_id, 2, late_reason=reason, late_by=by)


def open_phase(connection: Connection, programme_id: str, no: int, now: datetime) -> None:
    """The phase has begun; nothing more for one that has."""
    row = r.get_phase(connection, programme_id, no)
    if row["opened_at"] is None:
        _set_phase(connection, programme_id, no, opened_at=now, wait_until=None)
    close_if_complete(connection, programme_id, no, now)


def close_if_complete(connection: Connection, programme_id: str, no: int, now: datetime) -> bool:
    """An open phase is closed once no stream has work in it any more. True where this closed it."""
    row = r.get_phase(connection, programme_id, no)
    if row["opened_at"] is None or row["closed_at"] is not None:
        return False
    left = (
        select(func.count())
        .select_from(r.stream_phase.join(r.programme_stream, r.programme_stream.c.id == r.stream_phase.c.stream_id))
        .where(
            r.programme_stream.c.programme_id == programme_id,
            r.stream_phase.c.phase_no == no,
            r.stream_phase.c.ended_at.is_(None),
        )
    )
    if connection.execute(left).scalar_one():
        return False
    _set_phase(connection, programme_id, no, closed_at=now)
    return True


def _set_phase(connection: Connection, programme_id: str, no: int, **values: Any) -> None:
    where = (r.programme_phase.c.programme_id == programme_id, r.programme_phase.c.no == no)
    connection.execute(update(r.programme_phase).where(*where).values(**values))


def open_cycle(connection: Connection, programme_id: str, now: datetime) -> date:
    """The first review of the programme's year: the cycle that is there, else one over phase 2. Answers its last day to apply."""
    row = r.get_programme(connection, programme_id)
    last: date | None = connection.scalar(select(review_cycle.c.apply_to).where(review_cycle.c.year == row["year"]))
    if last is not None:
        return last
    phase = r.get_phase(connection, programme_id, 2)
    apply_from, apply_to = local_day(now), max(local_day(now), last_day(phase["due_at"]))
    cutoff = parameter(connection, "cycle.cutoff_month_day", now)
    connection.execute(
        insert(review_cycle).values(
            id=new_id(),
            year=row["year"],
            name=f"{row['year']} 年度首次评审",
            apply_from=apply_from,
            apply_to=apply_to,
            cutoff_date=date.fromisoformat(f"{row['year']}-{cutoff}"),
            status="open",
        )
    )
    return apply_to


def close_cycle(connection: Connection, programme_id: str, *, by: str, now: datetime) -> list[str]:
    """The first review is complete. Answers the streams to be told."""
    connection.execute(
        update(r.programme).where(r.programme.c.id == programme_id).values(cycle_closed_by=by, cycle_closed_at=now)
    )
    return [row["id"] for row in r.streams_of(connection, programme_id)]


def write_report(
    connection: Connection,
    programme_id: str,
    *,
    achievements: str,
    problems: str,
    countermeasures: str,
    stats: Mapping[str, Any],
    file: Sequence[str],
    by: str,
    now: datetime,
) -> None:
    """The province's own summary; written again after a return. Raises Refused (TOO_SHORT) below 100 characters (R-142)."""
    for what, text in ((T("问题"), problems), (T("对策"), countermeasures)):
        if len(text.strip()) < LEAST:
            raise Refused(
                T("“{what}”不少于 {least} 个字，现有 {given} 个字。", what=what, least=LEAST, given=len(text.strip())),
                code="TOO_SHORT",
            )
    values = {
        "achievements": achievements,
        "problems": problems.strip(),
        "countermeasures": countermeasures.strip(),
        "stats": dict(stats),
        "file": list(file),
        "written_by": by,
        "written_at": now,
    }
    table = r.programme_report
    written = connection.execute(update(table).where(table.c.programme_id == programme_id).values(**values))
    if written.rowcount == 0:
        connection.execute(insert(table).values(programme_id=programme_id, **values))


def settle_report(
    connection: Connection, programme_id: str, *, accepted: bool, remarks: str | None, by: str, now: datetime
) -> None:
    """Accept the report, which completes the programme, or return it. Raises Refused (REASON_MISSING)."""
    table = r.programme_report
    where = table.c.programme_id == programme_id
    if not accepted:
        if not remarks:
            raise Refused(T("退回时请写明意见。"), code="REASON_MISSING")
        connection.execute(update(table).where(where).values(return_reason=remarks))
        return
    connection.execute(update(table).where(where).values(return_reason=None, accepted_by=by, accepted_at=now))
    for no in r.PHASES:
        phase = r.get_phase(connection, programme_id, no)
        if phase["opened_at"] is None:
            _set_phase(connection, programme_id, no, opened_at=now)
        if phase["closed_at"] is None:
            _set_phase(connection, programme_id, no, closed_at=now)
    _close_left(connection, programme_id, now)
    connection.execute(
        update(r.programme).where(r.programme.c.id == programme_id).values(status="completed", completed_at=now)
    )


def _close_left(connection: Connection, programme_id: str, now: datetime) -> None:
    """What no stream did until the acceptance is waited for no more."""
    mine = select(r.programme_stream.c.id).where(r.programme_stream.c.programme_id == programme_id)
    where = (r.stream_phase.c.stream_id.in_(mine), r.stream_phase.c.ended_at.is_(None))
    connection.execute(update(r.stream_phase).where(*where).values(status="waived", ended_at=now))
