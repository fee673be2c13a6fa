"""Setting a policy parameter takes two, and never goes below what a regulation says (R-07, R-08)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from engine import history
from engine.engine import Engine
from engine.errors import Conflict, Forbidden, NotFound, Refused, ZhipingError
from engine.registry import Registry
from engine.store.metadata import new_id
from processes.policy.commands import ConfirmParameter, ProposeParameter, TurnDownParameter
from processes.policy.queries import OneParameter, Parameters
from processes.policy.values import CHOICES, areas, floor_told, read, told, written
from processes.register.parameters import PARAMETERS
from processes.register.policies import parameter, policy_parameter
from processes.register.proposals import parameter_proposal
from processes.rules.floors import FLOORS
from tests.conftest import NOON, MakeEngine
from tests.process.stage import person

OWNER, OWNER2 = person("owner", "process_owner"), person("owner2", "process_owner", "provincial_hrss")
HRSS, ARCHIVES = person("hrss", "provincial_hrss"), person("archives", "archives_bureau")
ADMIN, MANAGER, CLERK = person("admin", "admin"), person("manager", "manager"), person("clerk", "unit_hr")
TOMORROW = NOON + timedelta(days=1)
DAYS = "publicity.works.min_workdays"


@pytest.fixture
def engine(database_url: str, make_engine: MakeEngine) -> Engine:
    return make_engine(database_url, Registry())


def propose(engine: Engine, name: str = DAYS, value: Any = 7, actor: Any = OWNER, **more: Any) -> str:
    given = {"effective_from": TOMORROW, "source_doc": "青人社〔2026〕1号", **more}
    answer: str = engine.run(ProposeParameter(name, value, actor=actor, **given))["proposal_id"]
    return answer


def in_force(engine: Engine, at: Any = TOMORROW) -> Any:
    with engine.store.snapshot() as connection:
        return parameter(connection, DAYS, at)


def lines(engine: Engine) -> list[tuple[str, str | None]]:
    with engine.store.snapshot() as connection:
        return [(line.kind, line.actor) for line in history.read(connection, history.OFFICE)]


def test_a_value_is_in_force_from_its_day_once_a_second_person_confirmed_it(engine: Engine) -> None:
    proposal = propose(engine)
    assert in_force(engine) == 5, "proposed is not yet in force"
    waiting = engine.ask(OneParameter(DAYS, HRSS))
    assert waiting.open is not None
    assert (waiting.open.id, waiting.open.value, waiting.open.mine, waiting.value) == (proposal, 7, False, 5)
    assert engine.run(ConfirmParameter(proposal, HRSS)) == {"name": DAYS, "value": 7}
    assert (in_force(engine, NOON), in_force(engine)) == (5, 7)
    found = engine.ask(OneParameter(DAYS, MANAGER))
    assert (found.value, found.current, found.open) == (5, None, None)
    (coming,) = found.coming
    assert (coming.value, coming.set_by, coming.confirmed_by) == (7, "owner", "hrss")
    engine.work(until=TOMORROW)
    later = engine.ask(OneParameter(DAYS, MANAGER))
    assert later.current is not None
    assert (later.value, later.current.source_doc, later.coming) == (7, "青人社〔2026〕1号", ())
    assert lines(engine) == [("parameter_proposed", "owner"), ("parameter_confirmed", "hrss")]


def test_nobody_confirms_what_they_proposed_themselves(engine: Engine) -> None:
    proposal = propose(engine, actor=OWNER2)
    with pytest.raises(Refused) as refused:
        engine.run(ConfirmParameter(proposal, OWNER2))
    assert refused.value.code == "SAME_PERSON"
    with pytest.raises(Refused):
        engine.run(TurnDownParameter(proposal, "不合适", False, OWNER2))
    engine.run(ConfirmParameter(proposal, ARCHIVES))
    assert in_force(engine) == 7


@pytest.mark.parametrize("actor", [ADMIN, MANAGER, CLERK, HRSS, ARCHIVES], ids=lambda one: one.username)
def test_owners_alone_propose(engine: Engine, actor: Any) -> None:
    with pytest.raises(Forbidden):
        propose(engine, actor=actor)


@pytest.mark.parametrize("actor", [ADMIN, MANAGER, CLERK, OWNER], ids=lambda one: one.username)
def test_the_authorities_alone_confirm(engine: Engine, actor: Any) -> None:
    proposal = propose(engine)
    with pytest.raises(Forbidden):
        engine.run(ConfirmParameter(proposal, actor))
    with pytest.raises(Forbidden):
        engine.run(TurnDownParameter(proposal, "不合适", False, actor))
    assert in_force(engine) == 5


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("BELOW_FLOOR", {"value": 4}),
        ("BELOW_FLOOR", {"name": "vote.pass", "value": "1/2"}),
        ("BELOW_FLOOR", {"name": "committee.odd", "value": False}),
        ("BAD_VALUE", {"value": "many"}),
        ("BAD_VALUE", {"value": -1}),
        ("SOURCE_MISSING", {"source_doc": "  "}),
        ("RETROACTIVE", {"effective_from": NOON - timedelta(seconds=1)}),
    ],
)
def test_what_cannot_be_is_refused_when_it_is_proposed(engine: Engine, code: str, changes: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        propose(engine, **changes)
    assert refused.value.code == code
    with engine.store.snapshot() as connection:
        assert connection.execute(select(parameter_proposal)).all() == []
    if code == "BELOW_FLOOR":
        assert "底线" in str(refused.value.text)


def test_a_proposal_whose_day_has_passed_must_be_made_again(engine: Engine) -> None:
    proposal = propose(engine)
    engine.work(until=TOMORROW + timedelta(hours=1))
    with pytest.raises(Refused) as refused:
        engine.run(ConfirmParameter(proposal, HRSS))
    assert refused.value.code == "RETROACTIVE"
    assert engine.ask(OneParameter(DAYS, OWNER)).open is not None
    engine.run(TurnDownParameter(proposal, "已过生效日", True, OWNER))
    propose(engine, effective_from=engine.now() + timedelta(days=1))


def test_one_proposal_waits_at_a_time(engine: Engine) -> None:
    first = propose(engine)
    with pytest.raises(Conflict):
        propose(engine, value=8)
    propose(engine, name="publicity.quota.min_workdays", value=8)
    assert engine.run(TurnDownParameter(first, "文件尚未印发", False, ARCHIVES)) == {"status": "rejected"}
    again = propose(engine, value=8)
    engine.run(ConfirmParameter(again, ARCHIVES))
    assert in_force(engine) == 8
    kept = [(one.status, one.reason) for one in engine.ask(OneParameter(DAYS, OWNER)).proposals]
    assert sorted(kept, key=str) == [("confirmed", None), ("rejected", "文件尚未印发")]


def test_what_is_decided_stays_decided(engine: Engine) -> None:
    proposal = propose(engine)
    engine.run(ConfirmParameter(proposal, HRSS))
    for command in (ConfirmParameter(proposal, ARCHIVES), TurnDownParameter(proposal, "不合适", False, ARCHIVES)):
        with pytest.raises(Conflict):
            engine.run(command)
    with pytest.raises(NotFound):
        engine.run(ConfirmParameter("none", HRSS))
    assert in_force(engine) == 7


def test_taking_back_and_turning_down_want_a_reason(engine: Engine) -> None:
    proposal = propose(engine)
    for withdrawn, actor in ((True, OWNER), (False, HRSS)):
        with pytest.raises(Refused) as refused:
            engine.run(TurnDownParameter(proposal, " ", withdrawn, actor))
        assert refused.value.code == "REASON_MISSING"
    with pytest.raises(Refused):
        engine.run(TurnDownParameter(proposal, "x", True, OWNER2))
    with pytest.raises(Forbidden):
        engine.run(TurnDownParameter(proposal, "x", True, CLERK))


def test_the_database_itself_wants_a_second_person(engine: Engine) -> None:
    row = {
        "id": new_id(),
        "name": DAYS,
        "value": 7,
        "effective_from": TOMORROW,
        "source_doc": "x",
        "status": "confirmed",
        "proposed_by": "owner",
        "proposed_at": NOON,
        "decided_by": "owner",
        "decided_at": NOON,
    }
    with pytest.raises(IntegrityError), engine.store.transaction() as connection:
        connection.execute(insert(parameter_proposal).values(**row))
    with engine.store.snapshot() as connection:
        assert connection.execute(select(policy_parameter)).all() == []


@pytest.mark.parametrize("actor", [CLERK, person("c-001", "candidate")], ids=lambda one: one.username)
def test_others_do_not_see_the_page(engine: Engine, actor: Any) -> None:
    with pytest.raises(Forbidden):
        engine.ask(Parameters(actor))


def test_every_parameter_stands_in_one_area_and_is_told_in_words() -> None:
    listed = [known.name for _, members in areas() for known in members]
    assert sorted(listed) == sorted(PARAMETERS)
    assert all(members for _, members in areas())
    for known in PARAMETERS.values():
        assert read(known, written(known, known.default)) == known.default, known.name
        assert str(told(known, known.default))
        assert set(known.choices) <= set(CHOICES)
        assert (floor_told(known) is None) == (known.name not in FLOORS)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (DAYS, "五"),
        (DAYS, "5.5"),
        (DAYS, ""),
        ("vote.pass", "most"),
        ("publicity.close", "25:00"),
        ("committee.odd", "true"),
        ("cycle.cutoff_month_day", "13-01"),
        ("publicity.not_before", "tomorrow"),
        ("expert.min_new_ratio", "nan"),
        ("vote.denominator", "all"),
    ],
)
def test_what_cannot_be_read_is_refused_with_an_example(name: str, text: str) -> None:
    with pytest.raises(ZhipingError) as refused:
        read(PARAMETERS[name], text)
    assert refused.value.code == "BAD_VALUE"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (DAYS, "不得少于 5"),
        ("expert.max_term_years", "不得多于 3"),
        ("correction.max_notices", "只能是“1”"),
        ("meeting.quorum", "不得低于 2/3"),
        ("committee.odd", "只能是“是”"),
        ("vote.denominator", "只能是“出席会议的人数”"),
    ],
)
def test_a_floor_is_told_with_its_regulation(name: str, words: str) -> None:
    told_floor = str(floor_told(PARAMETERS[name]))
    assert words in told_floor
    assert "第" in told_floor
