"""Reading the seats of committees and the pool of experts: for the committee's office and the supervisor alone (R-76)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import RowMapping, func, select

from engine.errors import NotFound
from engine.queries.reading import Reading
from engine.registry import Actor
from forms.i18n import T
from processes.committee.readers import WORKS_THERE
from processes.register.committee_tables import get_committee
from processes.register.committees import committees
from processes.register.expert_tables import committee_member, expert
from processes.rules.workdays import local_day


@dataclass(frozen=True)
class CommitteeLine:
    """A filed committee; days are inclusive. `expired`: its filing is over today."""

    id: str
    name: str
    organizer: str
    level: str
    basis: str
    size: int
    scope_titles: tuple[str, ...]
    filing_no: str
    filed_on: date
    valid_until: date
    expired: bool
    members: int
    reserves: int


@dataclass(frozen=True)
class ExpertLine:
    """An expert of the pool and their seat in this committee: `seat` None without one; `usable`: may be seated today."""

    id: str
    name: str
    unit_name: str
    title: str
    sector: str
    province: str
    status: str
    term_from: date
    term_to: date
    usable: bool
    seat: str | None = None
    role: str | None = None
    position: int | None = None


@dataclass(frozen=True)
class CommitteeSeats:
    line: CommitteeLine
    pool: tuple[ExpertLine, ...]  # everybody, by name; those who are removed only while they have a seat

    @property
    def members(self) -> list[ExpertLine]:
        return self._seated("member")

    @property
    def reserves(self) -> list[ExpertLine]:
        return self._seated("reserve")

    def _seated(self, seat: str) -> list[ExpertLine]:
        return sorted((one for one in self.pool if one.seat == seat), key=lambda one: one.position or 0)


@dataclass(frozen=True)
class Committees:
    """All committees, the newest filing first. Two statements. Raises NotFound for everybody else."""

    actor: Actor

    def answer(self, reading: Reading) -> list[CommitteeLine]:
        _require_reader(self.actor)
        c = committee_member.c
        counted = select(c.committee_id, c.seat, func.count()).group_by(c.committee_id, c.seat)
        counts = {(row[0], row[1]): int(row[2]) for row in reading.connection.execute(counted)}
        today = local_day(reading.now)
        return [
            _line(row, today, counts.get((row["id"], "member"), 0), counts.get((row["id"], "reserve"), 0))
            for row in committees(reading.connection)
        ]


@dataclass(frozen=True)
class OneCommittee:
    """A committee with its seats and the pool. Two statements. Raises NotFound, also for everybody else."""

    committee_id: str
    actor: Actor

    def answer(self, reading: Reading) -> CommitteeSeats:
        _require_reader(self.actor)
        filed = get_committee(reading.connection, self.committee_id)
        today = local_day(reading.now)
        mine = (committee_member.c.expert_id == expert.c.id) & (committee_member.c.committee_id == filed["id"])
        query = (
            select(expert, committee_member.c.seat, committee_member.c.role, committee_member.c.position)
            .outerjoin(committee_member, mine)
            .where((expert.c.status != "removed") | committee_member.c.seat.is_not(None))
            .order_by(expert.c.name, expert.c.account)
        )
        pool = tuple(_expert(row, today) for row in reading.connection.execute(query).mappings())
        seats = [one.seat for one in pool]
        return CommitteeSeats(_line(filed, today, seats.count("member"), seats.count("reserve")), pool)


def _require_reader(actor: Actor) -> None:
    if actor.groups.isdisjoint(WORKS_THERE):
        raise NotFound(T("没有这个评审委员会。"))


def _line(row: RowMapping, today: date, members: int, reserves: int) -> CommitteeLine:
    same = ("id", "name", "organizer", "level", "basis", "size", "filing_no", "filed_on", "valid_until")
    return CommitteeLine(
        **{name: row[name] for name in same},
        scope_titles=tuple(row["scope_titles"]),
        expired=row["valid_until"] < today,
        members=members,
        reserves=reserves,
    )


def _expert(row: RowMapping, today: date) -> ExpertLine:
    same = ("id", "name", "unit_name", "title", "sector", "province", "status", "term_from", "term_to")
    seated = ("seat", "role", "position")
    return ExpertLine(
        **{name: row[name] for name in (*same, *seated)},
        usable=row["status"] == "active" and row["term_to"] >= today,
    )
