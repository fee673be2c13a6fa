"""The rollout board: three phases, all streams, what is late and who has it. History shows on the same rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, select

from engine.errors import Forbidden, NotFound
from engine.identity.crypto import Keyring
from engine.queries.reading import Reading
from engine.registry import Actor
from forms.i18n import T, Text
from processes.register import rollout_tables as r
from processes.register.policies import calendar
from processes.register.rollout_phases import warnings
from processes.register.units import region, unit
from processes.rollout import board as b
from processes.rollout.figures import figures
from processes.rollout.waiting import OpenTask, blocking, open_tasks
from processes.rollout.words import DECIDED, ESCALATED_TO, UNIT_STATUS
from processes.rules.escalation import LEVELS, days_overdue
from processes.rules.workdays import WorkCalendar

COORDINATES = frozenset({"provincial_hrss", "archives_bureau", "manager"})  # may also read telephones
READS = COORDINATES | {
    "committee_office",
    "supervisor",
    "process_owner",
    "inspector",
    "admin",
    "local_authority",
    "unit_hr",
}


@dataclass(frozen=True)
class RolloutBoard:
    """One programme as it stands now; without an id the newest that runs, else the newest.

    For the offices concerned, others get Forbidden (NOT_YOURS). Raises NotFound for an unknown id. A `unit_hr` or `local_authority` sees
    all streams, but telephones only of its own region.
    """

    actor: Actor
    programme_id: str | None = None

    def answer(self, reading: Reading) -> b.Board:
        if self.actor.groups.isdisjoint(READS):
            raise Forbidden(T("改革进度由省、市州主管部门和管理人员查看。"), code="NOT_YOURS")
        c = reading.connection
        query = select(r.programme).order_by(r.programme.c.registered_at.desc(), r.programme.c.id)
        rows = c.execute(query).mappings().all()
        refs = tuple(b.ProgrammeRef(row["id"], row["name"], row["year"], row["status"]) for row in rows)
        if not rows and self.programme_id is None:
            return b.Board(refs)
        return _board(reading, self.actor, refs, _chosen(rows, self.programme_id))


def _chosen(rows: Sequence[RowMapping], wanted: str | None) -> RowMapping:
    fitting = [row for row in rows if wanted is None or row["id"] == wanted]
    if not fitting:
        raise NotFound(T("没有这个改革方案。"))
    return min(fitting, key=lambda row: row["status"] != "running")


def _board(reading: Reading, actor: Actor, refs: tuple[b.ProgrammeRef, ...], row: RowMapping) -> b.Board:
    c = reading.connection
    phases = c.execute(
        select(r.programme_phase).where(r.programme_phase.c.programme_id == row["id"]).order_by(r.programme_phase.c.no)
    )
    phase_rows = {phase["no"]: phase for phase in phases.mappings()}
    tasks = open_tasks(reading, row["instance_id"])
    streams = tuple(_streams(reading, actor, row, phase_rows, tasks))
    documents = c.execute(
        select(r.issued_document)
        .where(r.issued_document.c.programme_id == row["id"])
        .order_by(r.issued_document.c.issued_on, r.issued_document.c.doc_no)
    ).mappings()
    return b.Board(
        programmes=refs,
        programme=b.ProgrammeShown(
            row["id"],
            row["name"],
            row["year"],
            row["status"],
            tuple(row["base_docs"]),
            row["instance_id"],
            row["registered_at"],
            row["cycle_closed_at"],
            row["completed_at"],
        ),
        phases=tuple(_phase(reading, phase) for phase in phase_rows.values()),
        streams=streams,
        documents=tuple(
            b.DocumentShown(d["kind"], d["name"], d["doc_no"], d["issued_on"], d["publish_public"]) for d in documents
        ),
        figures=figures(row["instance_id"], streams),
        blocked_by=tuple(stream.region for stream in streams if not stream.finished),
    )


def _phase(reading: Reading, row: RowMapping) -> b.PhaseShown:
    days, told = warnings(reading.connection, row["no"], row["name"], row["starts_at"], row["due_at"], reading.now)
    return b.PhaseShown(
        row["no"],
        row["name"],
        row["month"],
        tuple(row["tasks"]),
        row["starts_at"],
        row["due_at"],
        phase_state(row, reading.now),
        days,
        told if row["closed_at"] is None else (),
        row["opened_at"],
        row["closed_at"],
        row["wait_until"],
        row["late_reason"],
    )


def phase_state(row: RowMapping, now: datetime) -> str:
    """Of `board.STATES`: a phase runs from when it was opened, and is late from its first late instant on."""
    if row["closed_at"] is not None:
        return b.DONE
    if row["opened_at"] is None:
        return b.PENDING if now < row["starts_at"] else b.WAITING
    return b.RUNNING if now < row["due_at"] else b.OVERDUE


def _streams(
    reading: Reading,
    actor: Actor,
    row: RowMapping,
    phases: Mapping[int, RowMapping],
    tasks: Mapping[str, list[OpenTask]],
) -> list[b.StreamShown]:
    c, programme_id = reading.connection, row["id"]
    keyring = Keyring(reading.engine.settings.secret_key)
    mine = select(r.programme_stream.c.id).where(r.programme_stream.c.programme_id == programme_id)
    names = {one.code: one.name for one in c.execute(select(region.c.code, region.c.name))}

    def of(table: Any, *order: Any) -> dict[str, list[RowMapping]]:
        found: dict[str, list[RowMapping]] = defaultdict(list)
        for one in c.execute(select(table).where(table.c.stream_id.in_(mine)).order_by(*order)).mappings():
            found[one["stream_id"]].append(one)
        return found

    states = of(r.stream_phase, r.stream_phase.c.phase_no)
    escalated = of(r.escalation, r.escalation.c.at, r.escalation.c.days)
    decided = of(r.waiver, r.waiver.c.decided_at)
    units = _units(reading, mine)
    received = _received(reading, mine)
    days = calendar(c)
    shown = []
    for stream in r.streams_of(c, programme_id):
        stream_phases = tuple(
            _stream_phase(reading, days, state, phases[state["phase_no"]], escalated[stream["id"]])
            for state in states[stream["id"]]
        )
        late = next((phase for phase in reversed(stream_phases) if phase.state == b.OVERDUE), None)
        open_phases = [phase for phase in stream_phases if phase.state in (b.RUNNING, b.OVERDUE)]
        own = units[stream["id"]]
        shown.append(
            b.StreamShown(
                id=stream["id"],
                region_code=stream["region_code"],
                region=names[stream["region_code"]],
                responsible=stream["responsible"],
                phone=_phone(keyring, actor, stream),
                phases=stream_phases,
                overdue_days=late.overdue_days if late else 0,
                escalated_to=_highest(late),
                blocking=blocking(reading, row, open_phases, own, tasks.get(stream["id"], []), tasks),
                units=own,
                decisions=tuple(_decision(one, own) for one in decided[stream["id"]]),
                received=tuple(received[stream["id"]]),
            )
        )
    return shown


def _stream_phase(
    reading: Reading, days: WorkCalendar, row: RowMapping, phase: RowMapping, lines: list[RowMapping]
) -> b.StreamPhase:
    state, due_at = row["status"], phase["due_at"]
    if state == b.RUNNING and reading.now >= due_at:
        state = b.OVERDUE
    until = row["ended_at"] or reading.now
    late = state in (b.OVERDUE, b.DONE, b.WAIVED) and row["started_at"] is not None and until > due_at
    return b.StreamPhase(
        row["phase_no"],
        state,
        row["started_at"],
        row["ended_at"],
        days_overdue(days, due_at, until) if late else 0,
        tuple(
            b.Escalated(line["level"], ESCALATED_TO[line["level"]], line["at"], line["days"], line["phase_no"])
            for line in lines
            if line["phase_no"] == row["phase_no"]
        ),
    )


def _highest(late: b.StreamPhase | None) -> Text | None:
    levels = [line.level for line in late.escalated] if late else []
    return ESCALATED_TO[max(levels, key=LEVELS.index)] if levels else None


def _phone(keyring: Keyring, actor: Actor, stream: RowMapping) -> str | None:
    own = f"region:{stream['region_code']}" in {m.scope for m in actor.memberships}
    if stream["phone"] is None or (actor.groups.isdisjoint(COORDINATES) and not own):
        return None
    return keyring.decrypt(stream["phone"], table="programme_stream", row=stream["id"], column="phone")


def _units(reading: Reading, mine: Any) -> dict[str, tuple[b.UnitShown, ...]]:
    v = r.unit_verification
    found: dict[str, tuple[b.UnitShown, ...]] = defaultdict(tuple)
    query = select(v, unit.c.name).join(unit, unit.c.code == v.c.unit_code).where(v.c.stream_id.in_(mine))
    for row in reading.connection.execute(query.order_by(v.c.unit_code)).mappings():
        found[row["stream_id"]] += (
            b.UnitShown(
                row["unit_code"],
                row["name"],
                row["status"],
                UNIT_STATUS[row["status"]],
                row["returns"],
                row["asked_at"],
                row["settled_at"],
                row["instance_id"],
            ),
        )
    return found


def _received(reading: Reading, mine: Any) -> dict[str, list[str]]:
    s, receipt = r.summary_report, r.summary_receipt
    found: dict[str, list[str]] = defaultdict(list)
    query = (
        select(s.c.stream_id, receipt.c.recipient)
        .join(receipt, receipt.c.summary_id == s.c.id)
        .where(s.c.stream_id.in_(mine), receipt.c.received_at.is_not(None))
        .order_by(receipt.c.recipient)
    )
    for row in reading.connection.execute(query):
        found[row.stream_id].append(row.recipient)
    return found


def _decision(row: RowMapping, units: tuple[b.UnitShown, ...]) -> b.Decision:
    names = {one.code: one.name for one in units}
    return b.Decision(
        row["kind"],
        DECIDED[row["kind"]],
        row["reason"],
        tuple(names.get(code, code) for code in row["units"]),
        row["wait_until"],
        row["decided_by"],
        row["decided_at"],
    )
