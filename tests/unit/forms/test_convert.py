"""Values one by one: what is understood, what is refused, and what is kept."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.convert import MAX_TEXT, Bad, to_date, to_instant, to_number, to_text, to_time
from forms.i18n import T

LABEL = T("年限")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("12", 12),
        (" １２．５ ", 12.5),
        ("1,234,567", 1234567),
        ("１，２３４", 1234),
        ("-3", -3),
        ("\u22123", -3),
        ("+4", 4),
        ("85.0", 85),
        (7, 7),
        (7.25, 7.25),
        (1e3, 1000),
        ("0.1", 0.1),
        ("999999999999999", 999999999999999),
    ],
)
def test_numbers(typed: Any, kept: float) -> None:
    number = to_number(typed, LABEL)
    assert (number, type(number)) == (kept, type(kept))


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "十二",
        "1e5",
        "1,2",
        "12,34",
        "--1",
        "0x10",
        "NaN",
        "inf",
        "9" * 16,
        "9" * 5000,
        "1.",
        ".5",
        True,
        None,
        [],
        {},
        float("nan"),
        float("inf"),
        10**400,
        "１２岁",
        "1 2",
    ],
)
def test_no_numbers(typed: Any) -> None:
    with pytest.raises(Bad) as bad:
        to_number(typed, LABEL)
    assert "年限" in str(bad.value.text)


@settings(deadline=None)
@given(st.decimals(-(10**9), 10**9, places=4).filter(lambda d: d.is_finite()))
def test_a_number_shows_the_digits_that_were_typed(number: Any) -> None:
    kept = to_number(format(number, "f"), LABEL)
    assert float(kept) == float(number)
    assert to_number(kept, LABEL) == kept


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("2026-06-01", "2026-06-01"),
        ("2026/6/1", "2026-06-01"),
        ("２０２６年６月１日", "2026-06-01"),
        ("2024.2.29", "2024-02-29"),
    ],
)
def test_dates(typed: str, kept: str) -> None:
    assert to_date(typed, LABEL) == kept


@pytest.mark.parametrize(
    "typed", ["2026-02-29", "2026-13-01", "0001-01-01", "9999-01-01", "明天", "20260601", "", 5, None]
)
def test_no_dates(typed: Any) -> None:
    with pytest.raises(Bad):
        to_date(typed, LABEL)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("2026-06-01T09:00", "2026-06-01T09:00:00+08:00"),
        ("2026-06-01 09:00:30", "2026-06-01T09:00:30+08:00"),
        ("2026-06-01T01:00:00Z", "2026-06-01T09:00:00+08:00"),
        ("2026-06-01T23:00:00+00:00", "2026-06-02T07:00:00+08:00"),
    ],
)
def test_instants_are_kept_in_the_time_of_china(typed: str, kept: str) -> None:
    assert to_instant(typed, LABEL) == kept


@pytest.mark.parametrize(
    "typed", ["2026-06-01T25:00", "x", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", 1]
)
def test_no_instants(typed: Any) -> None:
    with pytest.raises(Bad):
        to_instant(typed, LABEL)


def test_times() -> None:
    assert to_time("9:30", LABEL) == "09:30:00"
    assert to_time("09：30：05", LABEL) == "09:30:05"
    for typed in ("24:00", "9:60", "9", ""):
        with pytest.raises(Bad):
            to_time(typed, LABEL)


@pytest.mark.parametrize(
    "text", ["a\x00b", "a\ud800", "a\x1bb", "a\u202eb", "a\nb", "a\x85b", "x" * (MAX_TEXT + 1), 5, None, ["a"]]
)
def test_no_text(text: Any) -> None:
    with pytest.raises(Bad):
        to_text(text, LABEL)


def test_text_is_trimmed_and_has_one_kind_of_line_break() -> None:
    assert to_text("  甲\u3000", LABEL) == "甲"
    assert to_text("a\r\nb\rc\td", LABEL, lines=True) == "a\nb\nc\td"
