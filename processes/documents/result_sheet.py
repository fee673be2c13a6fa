"""The result sheet of a meeting: counts and results, no expert (R-76). What leaves the room on paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from processes.documents.typeset import pdf


@dataclass(frozen=True)
class SheetRow:
    """One case with the round that stands; numbers as they were counted, words in Chinese. Without a vote all numbers are
    None and `result` says why."""

    number: int
    name: str
    unit: str
    target_title: str
    size: int | None  # of the committee
    present: int | None  # the denominator
    recused: int | None
    yes: int | None
    no: int | None
    abstain: int | None
    result: str


@dataclass(frozen=True)
class VoidRow:
    """A round that was declared void, by whom is in the register."""

    number: int
    name: str
    round_no: int
    reason: str


@dataclass(frozen=True)
class SheetPaper:
    """All words in Chinese; `present` is how many members came. Signatures as they were typed; empty where nobody has signed
    yet. `sheet_hash` is empty before the sheet is sealed."""

    committee: str
    held_on: str
    place: str
    size: int
    present: int | None
    rows: Sequence[SheetRow]
    voids: Sequence[VoidRow]
    recusal_counts_present: bool
    signed_by_chair: str
    announced_at: str
    recorded_by: str
    supervised_by: str
    sheet_hash: str


def result_sheet(paper: SheetPaper) -> bytes:
    """A4, landscape, as many pages as the cases need; the head of the table stands on each."""
    return pdf("result_sheet", asdict(paper))
