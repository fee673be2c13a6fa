"""Conduct and yearly assessments (R-22, R-24, R-25). Every period holds through its last day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from processes.rules.terms import add_years

Penalty = Literal["warning", "demerit", "downgrade", "dismissal_from_post"]  # 警告、记过、降低岗位等级、撤职

# 国务院令第652号第二十九条 and the periods of its implementing rules: 警告 6 months, 记过 12, 降低岗位等级 or 撤职 24.
MONTHS: Mapping[str, int] = {"warning": 6, "demerit": 12, "downgrade": 24, "dismissal_from_post": 24}
BLOCKING = frozenset({"demerit", "downgrade", "dismissal_from_post"})  # 警告 alone does not block
PASSING = frozenset({"excellent", "qualified"})


@dataclass(frozen=True)
class Period:
    """A penalty or a bar: `until` is its last day, inclusive."""

    kind: str
    decided_on: date
    until: date

    def holds(self, on: date) -> bool:
        return self.decided_on <= on <= self.until


@dataclass(frozen=True)
class Assessed:
    """How many assessments count, and how many are needed."""

    counted: int
    needed: int

    @property
    def enough(self) -> bool:
        return self.counted >= self.needed


def penalty_until(kind: str, decided_on: date) -> date:
    """The last day of a penalty: 记过 of 2026-03-01 -> 2027-03-01."""
    months = MONTHS[kind]
    if months % 12 == 0:
        return add_years(decided_on, months // 12)
    month = decided_on.month - 1 + months
    first = date(decided_on.year + month // 12, month % 12 + 1, 1)
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return first.replace(day=min(decided_on.day, (following - first).days))


def blocking_penalty(on: date, penalties: Iterable[Period]) -> Period | None:
    """The penalty that keeps a person from applying on that day, the longest of several."""
    found = [p for p in penalties if p.kind in BLOCKING and p.holds(on)]
    return max(found, key=lambda p: p.until, default=None)


def bar_in_force(on: date, bars: Iterable[Period]) -> Period | None:
    """The integrity bar in force on that day (R-25): its last day is still barred, the next is free."""
    return max((bar for bar in bars if bar.holds(on)), key=lambda bar: bar.until, default=None)


def assess(
    grades: Mapping[int, str],
    *,
    needed: int,
    since: int,
    year: int,
    basis: str = "count_since_prior_title",
    count_pending: bool = True,
) -> Assessed:
    """Assessments that count (R-22). `grades` by year, `since` the year of the prior title, `year` that of the cutoff.

    `count_pending`: the cutoff's own year, not assessed yet, counts as passed. `basis` `last_n_consecutive` counts
    backwards from the newest year until the first one that is missing or not passed.
    """
    passed = {y for y, grade in grades.items() if since <= y <= year and grade in PASSING}
    if count_pending and year not in grades:
        passed.add(year)
    if basis == "last_n_consecutive":
        newest = year if year in grades or count_pending else year - 1
        run = 0
        while newest - run in passed:
            run += 1
        return Assessed(run, needed)
    return Assessed(len(passed), needed)
