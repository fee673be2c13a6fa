"""The work list: found by group, date and a variable of the case; what may not be told is no filter either."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from engine import filters
from engine.commands.cancel_instance import CancelInstance
from engine.commands.start_instance import StartInstance
from engine.engine import Engine
from engine.errors import DeploymentRefused
from engine.queries.filter_choices import FilterChoices
from engine.queries.work_list import WorkList
from engine.registry import Actor
from engine.store import tables as t
from tests.conftest import NOON
from tests.integration.engine.conftest import (
    ADMIN,
    ANN,
    EVE,
    FINISH,
    OWNER,
    START,
    bpmn,
    complete,
    deploy,
    flow,
    person,
    properties,
    user,
)
from tests.integration.engine.test_queries import counted


def begin(engine: Engine, variables: dict[str, Any], business_key: str = "") -> str:
    started = engine.run(StartInstance(OWNER, key="case", variables=variables, business_key=business_key))
    return str(started["id"])


def two_steps(**given: str) -> bytes:
    """A process of two steps of the clerks; `given` are its properties."""
    steps = user("first") + user("second")
    return bpmn("case", properties(**given) + START + steps + FINISH + flow("begin", "first", "second", "finish"))


def found(engine: Engine, actor: Actor, *wanted: tuple[str, str]) -> set[str]:
    page = engine.ask(WorkList(actor, process_variable=wanted))
    assert page.total == len(page.items)
    return {str(item.business_key) for item in page.items}


def kept(engine: Engine) -> set[tuple[str, str]]:
    value = t.instance_value.c
    with engine.store.snapshot() as connection:
        return {(row.name, row.value) for row in connection.execute(select(value.name, value.value))}


def test_a_case_is_found_by_what_its_process_names(engine: Engine) -> None:
    deploy(engine, two_steps(filters="unit=单位，year"))
    begin(engine, {"unit": "u01", "year": 2026, "other": "x"}, business_key="A")
    begin(engine, {"unit": " u02 ", "year": 2026.0}, business_key="B")
    assert engine.ask(FilterChoices()) == {"unit": "单位", "year": "year"}
    assert found(engine, ANN, ("unit", "u01")) == {"A"}
    assert found(engine, ANN, ("unit", "u02")) == {"B"}
    assert found(engine, ANN, ("year", "2026")) == {"A", "B"}
    assert found(engine, ANN, ("year", "2026"), ("unit", "u01")) == {"A"}
    assert found(engine, ANN, ("year", "2025")) == found(engine, ANN, ("other", "x")) == set()


def test_a_filter_follows_the_case_and_ends_with_it(engine: Engine) -> None:
    deploy(engine, two_steps(filters="unit"))
    one = begin(engine, {"unit": "u01"}, business_key="A")
    two = begin(engine, {"unit": "u01"}, business_key="B")
    complete(engine, one, "first", unit="u09")
    assert found(engine, ANN, ("unit", "u01")) == {"B"}
    assert found(engine, ANN, ("unit", "u09")) == {"A"}
    complete(engine, one, "second")
    assert kept(engine) == {("unit", "u01")}
    engine.run(CancelInstance(two, OWNER, "试办结束"))
    assert kept(engine) == set()


def test_only_what_is_short_and_plain_is_kept(engine: Engine) -> None:
    names = ("yes", "number", "long", "lines", "many", "none", "empty")
    deploy(engine, two_steps(filters=",".join(names)))
    values = (True, 1.5, "长" * (filters.LONGEST + 1), "a\nb", ["a"], None, " ")
    begin(engine, dict(zip(names, values, strict=True)))
    assert kept(engine) == {("yes", "true"), ("number", "1.5")}


def test_a_secret_is_no_filter(engine: Engine) -> None:
    with pytest.raises(DeploymentRefused):
        deploy(engine, two_steps(filters="unit,salary", secret="salary"))
    # Nor where a release says so that was deployed before anybody looked.
    assert filters.declared({"filters": "unit,salary", "secret": "salary"}) == {"unit": "unit"}


def test_who_is_not_told_the_variables_finds_nothing_by_them(engine: Engine) -> None:
    deploy(engine, two_steps(filters="unit", outsiders="clerks,guests"))
    begin(engine, {"unit": "u01"}, business_key="A")
    both = person("both", "clerks", "guests")
    inside = person("inside", "clerks", "others")
    assert found(engine, ANN) == found(engine, both) == {"A"}
    assert found(engine, ANN, ("unit", "u01")) == found(engine, both, ("unit", "u01")) == set()
    assert found(engine, inside, ("unit", "u01")) == found(engine, ADMIN, ("unit", "u01")) == {"A"}


def test_a_filter_shows_nobody_more_than_the_list(engine: Engine) -> None:
    deploy(engine, two_steps(filters="unit"))
    begin(engine, {"unit": "u01"}, business_key="A")
    assert found(engine, EVE, ("unit", "u01")) == set()
    assert engine.ask(WorkList(EVE, process_variable=(("unit", "u01"),))).total == 0


@pytest.mark.parametrize("more", [{}, {"candidate_group": "clerks"}, {"due_before": NOON + timedelta(days=9)}])
def test_a_page_costs_two_statements_whatever_is_asked(engine: Engine, more: dict[str, Any]) -> None:
    deploy(engine, two_steps(filters="unit"))
    for number in range(6):
        begin(engine, {"unit": f"u{number % 2}"}, business_key=str(number))
    query = WorkList(ANN, mine=True, process_variable=(("unit", "u1"),), max_results=2, counted=2, desk=True, **more)
    with counted(engine) as statements:
        page = engine.ask(query)
    assert len(statements) <= 2
    if "due_before" not in more:
        assert (len(page.items), page.total, page.more) == (2, 2, True)
        assert page.release_id is not None


def test_counting_stops_where_it_was_told_to(engine: Engine) -> None:
    deploy(engine, two_steps())
    for number in range(5):
        begin(engine, {}, business_key=str(number))
    assert (engine.ask(WorkList(ANN)).total, engine.ask(WorkList(ANN)).more) == (5, False)
    page = engine.ask(WorkList(ANN, counted=3, max_results=2, first_result=4))
    assert (len(page.items), page.total, page.more) == (1, 3, True)
    exact = engine.ask(WorkList(ANN, counted=5, max_results=2))
    assert (exact.total, exact.more) == (5, False)
    past = engine.ask(WorkList(ANN, first_result=50))
    assert (past.items, past.total) == ([], 5)
