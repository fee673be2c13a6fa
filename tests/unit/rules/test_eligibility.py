"""Education and years: the shipped table and the rules beside it say the same, and the reasons name what is missing."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.bpmn.decision import evaluate
from engine.bpmn.dmn import Decision
from engine.bpmn.feel import Feel
from processes.rules.eligibility import LEVELS, ROWS, TITLES, Years, highest_education, misses, row_for, years_at

TABLE = Path(__file__).resolve().parents[3] / "processes" / "candidate" / "D02_education_years.dmn"
NOW = datetime(2026, 6, 20, tzinfo=UTC)
TITLE, LEVEL = st.sampled_from(TITLES), st.sampled_from(LEVELS)
COUNT = st.integers(0, 12)
DAY = st.dates(date(1980, 1, 1), date(2026, 12, 31))


@cache
def table() -> tuple[Decision, Feel]:
    return Decision.parse(TABLE.read_bytes())["D02_education_years"], Feel()


def test_rows_are_those_of_the_standard() -> None:
    assert [row.id for row in ROWS] == [f"E{number:02}" for number in range(1, 16)]


@settings(deadline=None, max_examples=60)
@given(TITLE, LEVEL, st.none() | TITLE, COUNT, COUNT)
def test_the_table_and_the_rules_agree(target: str, education: str, prior: str | None, held: int, work: int) -> None:
    decision, feel = table()
    given_ = {
        "target_title": target,
        "highest_education": education,
        "prior_title": prior,
        "years_prior": held,
        "years_archives": work,
    }
    result = evaluate(decision, given_, feel, {}, NOW).result
    missing = misses(target, education, prior, Years(held, work))
    assert result["eligible"] is (missing == ())
    row = row_for(target, education)
    assert result["row_id"] == (row.id if row and not missing else None)


@given(TITLE, LEVEL, st.none() | TITLE, COUNT, COUNT)
def test_more_years_never_hurt(target: str, education: str, prior: str | None, held: int, work: int) -> None:
    fewer = misses(target, education, prior, Years(held, work))
    more = misses(target, education, prior, Years(held + 1, work + 1))
    assert len(more) <= len(fewer)


@given(TITLE, LEVEL, TITLE, COUNT, COUNT, st.integers(0, 3))
def test_a_waived_year_counts_like_a_year(
    target: str, education: str, prior: str, held: int, work: int, waived: int
) -> None:
    relaxed = misses(target, education, prior, Years(held, work), reduction=waived)
    longer = misses(target, education, prior, Years(held + waived, work + waived))
    assert [miss.kind for miss in relaxed] == [miss.kind for miss in longer]


@given(TITLE, LEVEL, st.none() | TITLE, COUNT, COUNT)
def test_what_is_missing_would_be_enough(target: str, education: str, prior: str | None, held: int, work: int) -> None:
    """Whoever gets exactly what the reasons ask for is eligible."""
    for miss in misses(target, education, prior, Years(held, work)):
        if miss.kind == "no_row":
            return
        if miss.kind == "prior_title":
            prior = str(miss.needed)
    for miss in misses(target, education, prior, Years(held, work)):
        held = int(miss.needed or 0) if miss.kind == "years_prior" else held
        work = int(miss.needed or 0) if miss.kind == "years_archives" else work
    assert misses(target, education, prior, Years(held, work)) == ()


@given(st.lists(LEVEL))
def test_the_highest_education_is_one_of_them_and_above_all(levels: list[str]) -> None:
    best = highest_education(levels)
    assert best is None if not levels else all(LEVELS.index(best or "") >= LEVELS.index(level) for level in levels)


@given(DAY, st.none() | DAY, st.none() | DAY)
def test_years_in_a_title_never_exceed_those_of_archives_work(
    cutoff: date, since: date | None, begun: date | None
) -> None:
    years = years_at(cutoff, since, begun)
    assert years.prior >= 0
    assert years.archives >= 0
    if begun is not None:
        assert years.prior <= years.archives
    if since is None:
        assert years.prior == 0


def test_full_years_by_anniversary() -> None:
    cutoff = date(2026, 12, 31)
    assert years_at(cutoff, None, date(2025, 12, 31)) == Years(0, 1)
    assert years_at(cutoff, None, date(2026, 1, 1)) == Years(0, 0)
    assert years_at(cutoff, date(2021, 12, 31), date(2010, 1, 1)).prior == 5
    assert years_at(cutoff, date(2022, 1, 1), date(2010, 1, 1)).prior == 4
