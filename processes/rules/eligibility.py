"""Education and years (R-20, R-21, DOMAIN table E01 to E15): which row holds, and what is missing where none does.

The rows are the national defaults, the very ones of the shipped table `D02_education_years` (a test keeps them equal).
The table decides; this module says why, in facts that become sentences elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Literal

from processes.rules.terms import full_years

TITLES = ("archives_clerk", "assistant_archivist", "archivist", "associate_research_archivist", "research_archivist")
SENIOR = frozenset({"associate_research_archivist", "research_archivist"})
LEVELS = ("high_school_equiv", "junior_college", "bachelor", "master", "doctor")  # of education, rising

Missing = Literal["no_row", "prior_title", "years_prior", "years_archives"]


@dataclass(frozen=True)
class Row:
    """One row: whoever aims at `target` with `education` needs `prior` for `years_prior` and `years_archives` full years."""

    id: str
    target: str
    education: tuple[str, ...]
    prior: str | None = None
    years_prior: int = 0
    years_archives: int = 0

    @property
    def years(self) -> int:
        """How many years the row asks for, in whichever column; also the number of yearly assessments (R-22)."""
        return max(self.years_prior, self.years_archives)


ROWS: tuple[Row, ...] = (
    Row("E01", "archives_clerk", ("junior_college",), years_archives=1),
    Row("E02", "archives_clerk", ("high_school_equiv",), years_archives=1),
    Row("E03", "assistant_archivist", ("master",)),
    Row("E04", "assistant_archivist", ("bachelor",), years_archives=1),
    Row("E05", "assistant_archivist", ("junior_college",), "archives_clerk", 2),
    Row("E06", "assistant_archivist", ("high_school_equiv",), "archives_clerk", 4),
    Row("E07", "archivist", ("doctor",)),
    Row("E08", "archivist", ("master",), "assistant_archivist", 2),
    Row("E09", "archivist", ("bachelor",), "assistant_archivist", 4),
    Row("E10", "archivist", ("junior_college",), "assistant_archivist", 4),
    Row("E11", "archivist", ("high_school_equiv",), "assistant_archivist", 7),
    Row("E12", "associate_research_archivist", ("doctor",), "archivist", 2),
    Row("E13", "associate_research_archivist", ("master",), "archivist", 5),
    Row("E14", "associate_research_archivist", ("bachelor",), "archivist", 5),
    Row("E15", "research_archivist", ("doctor", "master", "bachelor"), "associate_research_archivist", 5),
)


@dataclass(frozen=True)
class Miss:
    """One thing that is missing: needed and actual are years, or titles for `prior_title`."""

    kind: Missing
    needed: int | str | None = None
    actual: int | str | None = None


@dataclass(frozen=True)
class Years:
    """What counts at the cutoff: full years by calendar anniversary."""

    prior: int
    archives: int


def row_for(target: str, education: str, rows: tuple[Row, ...] = ROWS) -> Row | None:
    """The row for this aim and education, or None: no path by years leads there."""
    return next((row for row in rows if row.target == target and education in row.education), None)


def misses(
    target: str,
    education: str,
    prior: str | None,
    years: Years,
    *,
    reduction: int = 0,
    rows: tuple[Row, ...] = ROWS,
) -> tuple[Miss, ...]:
    """What is missing; empty is eligible. `reduction` years are waived by a channel (R-34)."""
    row = row_for(target, education, rows)
    if row is None:
        return (Miss("no_row", target, education),)
    found = []
    if row.prior is not None and prior != row.prior:
        found.append(Miss("prior_title", row.prior, prior))
    elif years.prior + reduction < row.years_prior:
        found.append(Miss("years_prior", row.years_prior, years.prior))
    if years.archives + reduction < row.years_archives:
        found.append(Miss("years_archives", row.years_archives, years.archives))
    return tuple(found)


def highest_education(levels: list[str] | tuple[str, ...]) -> str | None:
    """The best of several, None of none."""
    known = [level for level in levels if level in LEVELS]
    return max(known, key=LEVELS.index) if known else None


def years_at(cutoff: date, prior_since: date | None, archives_from: date | None) -> Years:
    """Full years holding the prior title while doing archives work, and of archives work at all (R-20).

    Years in a title before the archives work began do not count.
    """
    archives = full_years(archives_from, cutoff) if archives_from is not None else 0
    if prior_since is None:
        return Years(0, archives)
    since = max(prior_since, archives_from) if archives_from is not None else prior_since
    return Years(full_years(since, cutoff), archives)


POST_LEVEL: Mapping[str, str] = MappingProxyType(
    {
        "archives_clerk": "junior",
        "assistant_archivist": "junior",
        "archivist": "intermediate",
        "associate_research_archivist": "deputy_senior",
        "research_archivist": "full_senior",
    }
)
