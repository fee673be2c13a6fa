"""What the meeting room shows, as values: each reader gets the same shape, filled with what is theirs to see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from processes.register.attendance import Quorum


@dataclass(frozen=True)
class Counts:
    """Of one closed round. `present` is the denominator; who handed no slip in is `eligible - yes - no - abstain`."""

    size: int
    present: int
    recused: int
    eligible: int
    quorum_needed: int
    yes: int
    no: int
    abstain: int


@dataclass(frozen=True)
class CaseLine:
    """One case on the list.

    `state`: waiting, voting, counted (closed, not yet decided), decided, deferred, void (a round is void, none stands).
    `result` (passed, failed, no_quorum, deferred) and `counts` only for who may know them yet. `recused` is how many stand
    back, for who presides or works there; `mine`: read, recused, later (readable once the session begins), none.
    `opinion`, of the reader's own: due, written, none."""

    application_id: str
    number: int
    name: str
    unit_name: str
    target_title: str
    state: str
    group: int | None
    voids: int
    result: str | None = None
    counts: Counts | None = None
    recused: int | None = None
    mine: str = "none"
    opinion: str = "none"


@dataclass(frozen=True)
class MemberLine:
    """One on the roll, for the office and the supervisor alone. `here`: checked in now."""

    expert_id: str
    name: str
    unit_name: str
    title: str
    role: str
    here: bool
    came_at: datetime | None  # aware, UTC; the latest
    left_at: datetime | None
    excluded: bool


@dataclass(frozen=True)
class ReserveLine:
    """Who may still be called in."""

    expert_id: str
    name: str
    unit_name: str


@dataclass(frozen=True)
class RecusalLine:
    """Who stands back from what; for the office and the supervisor."""

    application_id: str
    expert_id: str
    expert_name: str
    ground: str
    source: str
    note: str | None
    decided_at: datetime


@dataclass(frozen=True)
class RelationLine:
    """A relation that touches a case; `dismissible`: found by the program, so the office may say that it is none."""

    relation_id: str
    application_id: str
    expert_id: str
    expert_name: str
    kind: str
    source: str
    dismissible: bool


@dataclass(frozen=True)
class RequestLine:
    """A candidate's blind request; `matches` are experts on the roll of that name, as (id, name, unit)."""

    request_id: str
    application_id: str
    name: str
    unit: str | None
    reason: str
    matches: tuple[tuple[str, str, str], ...]
    granted: bool | None


@dataclass(frozen=True)
class GroupLine:
    """One group. `members` as (expert id, name, lead) for the office and the supervisor, else empty."""

    number: int
    size: int
    cases: tuple[str, ...]
    members: tuple[tuple[str, str, bool], ...] = ()
    i_am_in: bool = False
    i_lead: bool = False


@dataclass(frozen=True)
class RoundLine:
    """The round that runs. `cast` of `eligible` only for who presides or works there, and as a count.

    `mine`, for an expert: may_vote, voted, recused, absent (not checked in when it opened)."""

    round_id: str
    application_id: str
    number: int
    opened_at: datetime
    closes_at: datetime
    cast: int | None = None
    eligible: int | None = None
    mine: str | None = None


@dataclass(frozen=True)
class Room:
    """A meeting as one reader sees it. `stage`: preparing, checking_in, voting, announced, sealed.

    `as_`: office, supervisor, presiding, expert: what the reader is here. Times aware, UTC."""

    meeting_id: str
    committee_name: str
    held_on: date
    place: str
    mode: str
    stage: str
    instance_id: str | None
    as_: frozenset[str]
    size: int
    quorum: Quorum
    recusal_counts_present: bool
    cases: tuple[CaseLine, ...]
    current: RoundLine | None
    groups: tuple[GroupLine, ...]
    missing_opinions: int | None
    attendance: tuple[MemberLine, ...] = ()
    reserves: tuple[ReserveLine, ...] = ()
    recusals: tuple[RecusalLine, ...] = ()
    relations: tuple[RelationLine, ...] = ()
    requests: tuple[RequestLine, ...] = ()


@dataclass(frozen=True)
class MeetingLine:
    """One meeting in a list. `opinions_due`: the reader's own that are not written; `voting`: a round runs now."""

    meeting_id: str
    committee_name: str
    held_on: date
    place: str
    stage: str
    cases: int
    opinions_due: int
    voting: bool
    as_: frozenset[str]


@dataclass(frozen=True)
class RoundShown:
    """One round on the result sheet. `result` None: void before it was decided."""

    round_no: int
    how: str
    counts: Counts
    result: str | None
    void: bool
    void_reason: str | None
    voided_by: str | None
    void_confirmed_by: str | None


@dataclass(frozen=True)
class SheetLine:
    """One case on the result sheet with all its rounds, the standing one last."""

    number: int
    application_id: str
    name: str
    unit_name: str
    target_title: str
    rounds: tuple[RoundShown, ...]


@dataclass(frozen=True)
class Sheet:
    """The result sheet of a meeting. No expert stands on it: recusals are numbers (R-76, R-78)."""

    meeting_id: str
    committee_name: str
    held_on: date
    place: str
    stage: str
    size: int
    attended: int | None
    recusal_counts_present: bool
    cases: tuple[SheetLine, ...]
    announced_as: str | None
    announced_at: datetime | None
    minutes_by: str | None
    supervised_by: str | None
    sheet_hash: str | None
    sealed_at: datetime | None


@dataclass(frozen=True)
class WorkShown:
    """A representative work; a confidential or removed one has no files. `files`: (attachment id, name, bytes)."""

    position: int
    kind: str
    title: str
    role: str | None
    date: date | None
    abstract: str | None
    confidential: bool
    removed: bool
    files: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True)
class OpinionShown:
    """What one member wrote. `expert_name` for the office and the supervisor alone; `mine`: the reader's own."""

    strengths: str
    weaknesses: str
    recommendation: str
    scores: Mapping[str, int]
    written_at: datetime
    mine: bool
    expert_name: str | None = None


@dataclass(frozen=True)
class InterviewShown:
    mode: str
    record: str
    conclusion: str


@dataclass(frozen=True)
class CaseFile:
    """What may be read of a case in the meeting room: never an identity number, telephone or address.

    Codes as in the register; `education`: (level, school, major, graduated_on); `performance`: (date, what, role, effect);
    `assessments`: year -> grade; `evidence`: files for the channel as (attachment id, name, bytes). `may_write`: the reader
    may still write or correct an opinion; `may_stand_back`: may still declare a relation, as no round was opened."""

    meeting_id: str
    application_id: str
    number: int
    name: str
    unit_name: str
    target_title: str
    track: str | None
    channel: str | None
    identity_status: str | None
    prior_title: str | None
    prior_title_date: date | None
    archives_work_from: date | None
    work_summary: str | None
    education: tuple[tuple[str, str | None, str | None, date | None], ...]
    assessments: Mapping[int, str]
    performance: tuple[tuple[date | None, str, str | None, str | None], ...]
    works: tuple[WorkShown, ...]
    evidence: tuple[tuple[str, str, int], ...]
    interviews: tuple[InterviewShown, ...]
    opinions: tuple[OpinionShown, ...]
    may_write: bool
    may_stand_back: bool
