"""The FEEL functions on their own: text in, text out, errors with a code."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.errors import Refused
from processes.functions import FUNCTIONS

NOW = datetime(2026, 6, 1, 1, tzinfo=UTC)
F = {function.name: function.bind(None, NOW) for function in FUNCTIONS}


@pytest.mark.parametrize(
    ("name", "arguments", "result"),
    [
        ("workday_deadline", ("2026-09-28T16:00:00+08:00", 5), "2026-10-11T00:00:00+08:00"),
        ("workday_deadline", ("2026-09-28T15:59:59.000Z", 5.0), "2026-10-11T00:00:00+08:00"),
        ("workday_deadline", ("2026-09-28T16:00:00", 5), "2026-10-11T00:00:00+08:00"),
        ("workday_deadline", ("2026-09-28T16:00:00@Asia/Shanghai", 5), "2026-10-11T00:00:00+08:00"),
        ("workday_deadline", ("2026-09-28", 5), "2026-10-11T00:00:00+08:00"),
        ("add_workdays", ("2026-10-10", -1), "2026-10-09"),
        ("add_workdays", ("2026-09-30", 1), "2026-10-08"),
        ("add_workdays", ("2026-10-01", 0), "2026-10-01"),
        ("is_workday", ("2026-10-10",), True),
        ("is_workday", ("2026-10-01",), False),
        ("workdays_between", ("2026-09-28", "2026-10-10"), 5),
        ("workdays_between", ("2026-10-10", "2026-09-28"), -5),
        ("workdays_between", ("2026-09-27T17:00:00Z", "2026-09-28"), 0),
    ],
)
def test_the_functions(name: str, arguments: tuple[object, ...], result: object) -> None:
    assert F[name](*arguments) == result


@pytest.mark.parametrize("name", sorted(F))
@pytest.mark.parametrize("wrong", [None, "tomorrow", 7, "2026-13-01", {"a": 1}, True])
def test_what_is_no_date_is_refused_with_its_function_and_value(name: str, wrong: object) -> None:
    arguments = (
        (wrong,) if name == "is_workday" else (wrong, 5) if name != "workdays_between" else (wrong, "2026-01-05")
    )
    with pytest.raises(Refused) as caught:
        F[name](*arguments)
    assert caught.value.code == "BAD_ARGUMENT"
    assert name in str(caught.value)


@pytest.mark.parametrize("n", [None, "5", 2.5, True, 10**12, float("inf")])
def test_what_is_no_count_is_refused(n: object) -> None:
    with pytest.raises(Refused) as caught:
        F["workday_deadline"]("2026-09-28", n)
    assert caught.value.code == "BAD_ARGUMENT"


def test_a_missing_year_has_its_own_code() -> None:
    with pytest.raises(Refused) as caught:
        F["workday_deadline"]("2026-12-28T10:00:00+08:00", 5)
    assert caught.value.code == "CALENDAR_MISSING"
    assert caught.value.facts["year"] == 2027
    assert "2027" in caught.value.text.to("zh")
