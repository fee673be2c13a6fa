"""Periods in years: contracts, bars, filings (R-61, R-121, R-132; Civil Code arts 201, 202).

A period that includes its first day ends the day before the anniversary; one that starts the day after (a bar) ends on
the anniversary. Where the month has no such day, its last day is the last day of the period.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta


def add_years(day: date, years: int) -> date:
    """The corresponding day `years` later; 29 February becomes 28 February where there is no 29th."""
    year = day.year + years
    return date(year, day.month, min(day.day, monthrange(year, day.month)[1]))


def last_day(first_day: date, years: int) -> date:
    """The last day of a period of `years` that includes its first day: 2026-11-10, 3 -> 2029-11-09."""
    anniversary = add_years(first_day, years)
    return anniversary if anniversary.day != first_day.day else anniversary - timedelta(days=1)


def bar_until(decided_on: date, years: int = 3) -> date:
    """The last day, inclusive, of a bar that runs from the day after the decision: 2026-12-15 -> 2029-12-15."""
    return add_years(decided_on, years)


def is_barred(on: date, until: date) -> bool:
    """The bar holds through its last day; the next day is free."""
    return on <= until


def contract_long_enough(contract_from: date, contract_to: date, min_years: int = 3) -> bool:
    """R-132: generally at least three years."""
    return contract_to >= last_day(contract_from, min_years)


def filing_valid_until(filed_on: date, max_years: int = 3) -> date:
    """R-61: the last day a committee's filing can be valid, 2023-09-15 -> 2026-09-14."""
    return last_day(filed_on, max_years)


def full_years(since: date, on: date) -> int:
    """Completed years on a day by calendar anniversary, the anniversary included (R-20); 0 before `since`."""
    if on < since:
        return 0
    years = on.year - since.year
    return years if add_years(since, years) <= on else years - 1
