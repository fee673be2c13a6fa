"""What the rollout board shows, as values. All instants are aware, UTC; `Text` is put into words by the page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from forms.i18n import Text

PENDING, WAITING, RUNNING, OVERDUE, DONE, WAIVED = "pending", "waiting", "running", "overdue", "done", "waived"
STATES = (PENDING, WAITING, RUNNING, OVERDUE, DONE, WAIVED)


@dataclass(frozen=True)
class BoardCase:
    """One case behind a figure. `instance_id` is None in a programme that is history, or before the case began."""

    label: Text
    instance_id: str | None = None
    task_id: str | None = None
    stream_id: str | None = None


@dataclass(frozen=True)
class Figure:
    """A number with the cases it counts; `number == len(cases)` always. `key` is stable for tests and links."""

    key: str
    label: Text
    cases: tuple[BoardCase, ...]

    @property
    def number(self) -> int:
        return len(self.cases)


@dataclass(frozen=True)
class Blocking:
    """What a stream waits for: `what`, `who` has it (in words), since when, and where to go."""

    what: Text
    who: Text
    since: datetime | None
    instance_id: str | None = None
    task_id: str | None = None


@dataclass(frozen=True)
class Escalated:
    """One entry of D16's list: `level` remind, remind_lead, overdue, archives_bureau or provincial_hrss.

    `days`: working days past the end, negative before it. `to`: the level in words."""

    level: str
    to: Text
    at: datetime
    days: int
    phase_no: int


@dataclass(frozen=True)
class StreamPhase:
    """One stream in one phase. `state` is one of `STATES` but `waiting`."""

    no: int
    state: str
    started_at: datetime | None
    ended_at: datetime | None
    overdue_days: int  # working days begun since the end; 0 while in time, and for work ended in time
    escalated: tuple[Escalated, ...]


@dataclass(frozen=True)
class UnitShown:
    """One unit's verification of posts. `status` declaring, verifying, publicising, verified, no_posts, waived."""

    code: str
    name: str
    status: str
    status_words: Text
    returns: int
    asked_at: datetime
    settled_at: datetime | None
    instance_id: str | None


@dataclass(frozen=True)
class Decision:
    """What the provincial HRSS decided of a blocked stream. `kind` wait, units or stream; `units` names of units."""

    kind: str
    kind_words: Text
    reason: str
    units: tuple[str, ...]
    wait_until: datetime | None
    decided_by: str
    decided_at: datetime


@dataclass(frozen=True)
class StreamShown:
    """One region or department. `phone` only for those who coordinate the programme, and for the region itself.

    `overdue_days` and `escalated_to` are those of the phase that is late now (0 and None otherwise)."""

    id: str
    region_code: str
    region: str
    responsible: str
    phone: str | None
    phases: tuple[StreamPhase, ...]
    overdue_days: int
    escalated_to: Text | None
    blocking: tuple[Blocking, ...]
    units: tuple[UnitShown, ...]
    decisions: tuple[Decision, ...]
    received: tuple[str, ...]  # who has received its summary: archives_bureau, provincial_hrss

    @property
    def finished(self) -> bool:
        """Whether the consolidation waits for it no longer."""
        return self.phases[-1].state in (DONE, WAIVED)


@dataclass(frozen=True)
class PhaseShown:
    """One phase. `state` of `STATES` but `waived`; `waiting`: its start has come, the gate has not opened.

    `working_days` is None in a year without an official calendar (a warning says so)."""

    no: int
    name: str
    month: str  # "2021-02"
    tasks: tuple[str, ...]
    starts_at: datetime
    due_at: datetime
    state: str
    working_days: int | None
    warnings: tuple[Text, ...]
    opened_at: datetime | None
    closed_at: datetime | None
    wait_until: datetime | None
    late_reason: str | None


@dataclass(frozen=True)
class DocumentShown:
    """A document of phase 1. `kind` plan, conditions or other."""

    kind: str
    name: str
    doc_no: str
    issued_on: date
    publish_public: bool


@dataclass(frozen=True)
class ProgrammeRef:
    """A programme to choose from. `status` running or completed."""

    id: str
    name: str
    year: int
    status: str


@dataclass(frozen=True)
class ProgrammeShown(ProgrammeRef):
    """The programme shown. `instance_id` None for history."""

    base_docs: tuple[str, ...]
    instance_id: str | None
    registered_at: datetime
    cycle_closed_at: datetime | None
    completed_at: datetime | None


@dataclass(frozen=True)
class Board:
    """Everything on the board; `programme` None (and all else empty) where none was registered yet.

    `blocked_by`: the streams the consolidation still waits for ("blocked by 1")."""

    programmes: tuple[ProgrammeRef, ...]
    programme: ProgrammeShown | None = None
    phases: tuple[PhaseShown, ...] = ()
    streams: tuple[StreamShown, ...] = ()
    documents: tuple[DocumentShown, ...] = ()
    figures: tuple[Figure, ...] = ()
    blocked_by: tuple[str, ...] = ()  # names of regions
