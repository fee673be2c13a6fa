"""Policy with a history, on both databases: what is in force when, what may never be set, which calendar counts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Connection, insert
from sqlalchemy.exc import IntegrityError

from engine.errors import Conflict, NotFound, Refused
from engine.store.metadata import new_id
from engine.store.unit_of_work import Store
from processes.functions import FUNCTIONS
from processes.register.parameters import PARAMETERS
from processes.register.policies import (
    calendar,
    import_calendar,
    parameter,
    parameters,
    rule_set,
    rule_set_in_force,
    set_parameter,
)
from processes.rules.floors import FLOORS, undercut
from processes.rules.workdays import CalendarMissing

NOW = datetime(2026, 6, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(days=30)
HOW = {"source_doc": "青人社发〔2026〕（演示）3号", "actor": "provincial_hrss", "now": NOW}


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    store = Store(database_url)
    with store.transaction() as opened:
        yield opened
    store.close()


def test_every_shipped_value_is_written_as_its_kind_wants_and_keeps_to_the_regulations() -> None:
    for name, known in PARAMETERS.items():
        assert known.accepts(known.default), name
        assert undercut(name, known.default) is None, name
    assert set(FLOORS) <= set(PARAMETERS)


def test_a_value_comes_into_force_at_its_moment_and_not_before(connection: Connection) -> None:
    name = "publicity.result.min_workdays"
    set_parameter(connection, name, 7, effective_from=LATER, **HOW)
    assert parameter(connection, name, NOW) == 5
    assert parameter(connection, name, LATER - timedelta(seconds=1)) == 5
    assert parameter(connection, name, LATER) == 7
    set_parameter(connection, name, 6, effective_from=LATER + timedelta(days=1), **HOW)
    assert parameter(connection, name, LATER + timedelta(hours=1)) == 7
    assert parameter(connection, name, LATER + timedelta(days=2)) == 6
    assert parameters(connection, (name, "vote.pass"), LATER) == {name: 7, "vote.pass": "2/3"}
    assert parameter(None, name, LATER) == 5


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("publicity.result.min_workdays", 4, "BELOW_FLOOR"),
        ("meeting.quorum", "1/2", "BELOW_FLOOR"),
        ("vote.pass", "3/5", "BELOW_FLOOR"),
        ("sanction.bar_years", 2, "BELOW_FLOOR"),
        ("publicity.result.min_workdays", "7", "BAD_VALUE"),
        ("publicity.result.min_workdays", True, "BAD_VALUE"),
        ("publicity.close", "25:00", "BAD_VALUE"),
        ("publicity.not_before", "2026-07-01T00:00:00", "BAD_VALUE"),
        ("vote.pass", "two thirds", "BAD_VALUE"),
        ("vote.pass", "3/2", "BAD_VALUE"),
        ("assessment_basis", "guess", "BAD_VALUE"),
    ],
)
def test_what_undercuts_a_regulation_or_is_no_value_is_refused(
    connection: Connection, name: str, value: object, code: str
) -> None:
    with pytest.raises(Refused) as caught:
        set_parameter(connection, name, value, effective_from=LATER, **HOW)
    assert caught.value.code == code
    assert parameter(connection, name, LATER) == PARAMETERS[name].default


def test_policy_has_a_source_and_does_not_work_backwards(connection: Connection) -> None:
    with pytest.raises(Refused) as caught:
        set_parameter(connection, "recheck.window_workdays", 15, effective_from=NOW - timedelta(days=1), **HOW)
    assert caught.value.code == "RETROACTIVE"
    with pytest.raises(Refused) as caught:
        set_parameter(connection, "recheck.window_workdays", 15, effective_from=LATER, **{**HOW, "source_doc": "  "})
    assert caught.value.code == "SOURCE_MISSING"
    set_parameter(connection, "recheck.window_workdays", 15, effective_from=LATER, **HOW)
    with pytest.raises(Conflict):
        set_parameter(connection, "recheck.window_workdays", 16, effective_from=LATER, **HOW)
    with pytest.raises(NotFound):
        set_parameter(connection, "no.such.thing", 1, effective_from=LATER, **HOW)


def test_windows_follow_the_parameters_in_force(connection: Connection) -> None:
    set_parameter(connection, "publicity.first_day_counts", True, effective_from=LATER, **HOW)
    set_parameter(connection, "publicity.close", "18:00", effective_from=LATER + timedelta(days=1), **HOW)
    deadline = {at: FUNCTIONS[0].bind(connection, at) for at in (NOW, LATER, LATER + timedelta(days=1))}
    start = "2026-09-28T10:00:00+08:00"
    assert [call(start, 5) for call in deadline.values()] == [
        "2026-10-11T00:00:00+08:00",
        "2026-10-10T00:00:00+08:00",
        "2026-10-09T18:00:00+08:00",
    ]


def test_an_imported_year_counts_and_its_newest_official_version_wins(connection: Connection) -> None:
    assert calendar(connection).version == 1
    with pytest.raises(CalendarMissing):
        calendar(connection).is_workday(date(2027, 1, 4))
    first = [date(2027, 1, 1), date(2027, 1, 2), date(2027, 1, 3)]
    assert import_calendar(connection, 2027, rest=first, work=[], **HOW) == 2
    assert calendar(connection).is_workday(date(2027, 1, 4))
    assert import_calendar(connection, 2027, rest=[*first, date(2027, 1, 4)], work=[date(2027, 1, 9)], **HOW) == 3
    assert import_calendar(connection, 2027, rest=[], work=[], **HOW, status="provisional") == 4
    merged = calendar(connection)
    assert (merged.version, merged.is_workday(date(2027, 1, 4)), merged.is_workday(date(2027, 1, 9))) == (
        3,
        False,
        True,
    )
    assert merged.is_workday(date(2026, 10, 10))


@pytest.mark.parametrize(
    ("rest", "work"), [([date(2026, 1, 1)], []), ([], [date(2027, 1, 4)]), ([], [date(2026, 1, 3)])]
)
def test_a_calendar_that_cannot_be_is_refused(connection: Connection, rest: list[date], work: list[date]) -> None:
    with pytest.raises(Refused) as caught:
        import_calendar(connection, 2027, rest=rest, work=work, **HOW)
    assert caught.value.code == "BAD_CALENDAR"


def test_a_rule_set_is_in_force_only_with_both_signatures(connection: Connection) -> None:
    row = {
        "id": new_id(),
        "code": "D02_education_years",
        "version": 2,
        "scope": "province",
        "status": "active",
        "effective_from": LATER,
        "source_doc": "评审条件（演示）",
        "rows": [],
        "created_at": NOW,
    }
    with pytest.raises(IntegrityError), connection.begin_nested():
        connection.execute(insert(rule_set).values(row))
    with pytest.raises(IntegrityError), connection.begin_nested():
        connection.execute(insert(rule_set).values({**row, "signed_archives": "a", "signed_hrss": "a"}))
    signed = {**row, "signed_archives": "archives_bureau", "signed_hrss": "provincial_hrss"}
    connection.execute(insert(rule_set).values(signed))
    assert rule_set_in_force(connection, "D02_education_years", NOW) is None
    found = rule_set_in_force(connection, "D02_education_years", LATER)
    assert found is not None
    assert found["version"] == 2
