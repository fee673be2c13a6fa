"""R-08: what a regulation fixes cannot be configured away by anyone.

A floor is checked whenever a parameter is set. It knows which way is stricter; the other way is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from processes.rules.votes import TWO_THIRDS, Share

PUBLICITY_KINDS = ("quota", "recommendation", "works", "result", "appointment")
MIN_PUBLICITY_WORKDAYS = 5
SENIOR_SERIES_SIZE, SENIOR_SPECIALTY_SIZE = 25, 11
BAR_YEARS, CONTRACT_YEARS, FILING_YEARS, EXPERT_TERM_YEARS, CREDIT_YEARS = 3, 3, 3, 3, 3


@dataclass(frozen=True)
class Floor:
    """`holds(value)` says whether a value keeps to the regulation; `bound` is its limit, `source` where it stands."""

    bound: Any
    holds: Callable[[Any], bool]
    rule: str
    source: str


def _least(bound: int, rule: str, source: str) -> Floor:
    return Floor(bound, lambda value: value >= bound, rule, source)


def _most(bound: int, rule: str, source: str) -> Floor:
    return Floor(bound, lambda value: value <= bound, rule, source)


def _exactly(bound: Any, rule: str, source: str) -> Floor:
    return Floor(bound, lambda value: value == bound, rule, source)


def _share(rule: str, source: str) -> Floor:
    return Floor("2/3", lambda value: not Share.parse(value).below(TWO_THIRDS), rule, source)


R40 = "《职称评审管理暂行规定》（人社部令第40号）"
PLAN = "《青海省深化档案专业人员职称制度改革实施方案》"
T652 = "《事业单位人事管理条例》（国务院令第652号）"

FLOORS: dict[str, Floor] = {
    **{
        f"publicity.{kind}.min_workdays": _least(MIN_PUBLICITY_WORKDAYS, "R-90", R40 + "第十七条、第二十七条")
        for kind in PUBLICITY_KINDS
    },
    "correction.max_notices": _exactly(1, "R-112", R40 + "第十九条"),
    "committee.senior.series.min": _least(SENIOR_SERIES_SIZE, "R-63", R40 + "第十条"),
    "committee.senior.specialty.min": _least(SENIOR_SPECIALTY_SIZE, "R-63", R40 + "第十条"),
    "committee.odd": _exactly(True, "R-63", R40 + "第十条"),
    "filing.max_years": _most(FILING_YEARS, "R-61", R40 + "第八条"),
    "expert.max_term_years": _most(EXPERT_TERM_YEARS, "R-65", R40 + "第十一条"),
    "meeting.quorum": _share("R-70", R40 + "第二十条"),
    "vote.pass": _share("R-71", R40 + "第二十一条"),
    "vote.denominator": _exactly("present", "R-71", R40 + "第二十一条"),
    "sanction.bar_years": _least(BAR_YEARS, "R-121", PLAN + "三（四）2"),
    "credit.years": _least(CREDIT_YEARS, "R-123", R40 + "第四十条"),
    "contract.min_years": _least(CONTRACT_YEARS, "R-132", T652 + "第十二条"),
}


def undercut(name: str, value: Any) -> Floor | None:
    """The floor that `value` would break, or None. A parameter no regulation fixes has no floor."""
    floor = FLOORS.get(name)
    return floor if floor is not None and not floor.holds(value) else None


def publicity_floor(kind: str) -> int:
    """Working days below which no notice of `kind` may be published."""
    bound: int = FLOORS[f"publicity.{kind}.min_workdays"].bound
    return bound
