"""History: append-only in the database itself, and any change of it shows."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from engine import history, invariants
from engine.engine import Engine
from engine.store import tables as t
from tests.integration.engine.conftest import complete, deploy, simple, start

DROP = {
    "sqlite": ("DROP TRIGGER event_no_update", "DROP TRIGGER event_no_delete"),
    "postgresql": ("DROP TRIGGER event_no_change ON event",),
}


@pytest.fixture
def one(engine: Engine) -> str:
    deploy(engine, simple())
    one = start(engine, "simple", x=1)
    complete(engine, one, "check")
    return one


@pytest.mark.parametrize("change", [update(t.event).values(actor="eve"), delete(t.event)])
def test_the_database_refuses_to_change_a_line(engine: Engine, one: str, change: object) -> None:
    with pytest.raises(DBAPIError, match="append-only"), engine.store.transaction() as connection:
        connection.execute(change)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    "values",
    [
        {"actor": "eve"},
        {"kind": "nothing"},
        {"name": "x"},
        {"revision": 9},
        {"element_id": "x"},
        {"body": "{}"},
        {"hash": "0" * 64},
        {"prev_hash": "1" * 64},
    ],
    ids=lambda values: next(iter(values)),
)
def test_whoever_gets_past_the_triggers_is_found_out(engine: Engine, one: str, values: dict[str, object]) -> None:
    with engine.store.dialect.writing() as connection:
        transaction = connection.begin()
        for statement in DROP[connection.dialect.name]:
            connection.exec_driver_sql(statement)
        assert history.verify(connection, one) is None
        connection.execute(update(t.event).where(t.event.c.stream == one, t.event.c.seq == 2).values(values))
        assert history.verify(connection, one) is not None
        transaction.rollback()


@pytest.mark.parametrize("last", [False, True])
def test_a_missing_line_is_found_out(engine: Engine, one: str, last: bool) -> None:
    with engine.store.dialect.writing() as connection:
        transaction = connection.begin()
        for statement in DROP[connection.dialect.name]:
            connection.exec_driver_sql(statement)
        seqs = connection.scalars(select(t.event.c.seq).where(t.event.c.stream == one).order_by(t.event.c.seq)).all()
        gone = seqs[-1] if last else seqs[1]
        connection.execute(delete(t.event).where(t.event.c.stream == one, t.event.c.seq == gone))
        assert history.verify(connection, one) is not None
        transaction.rollback()


def test_the_invariants_notice_rows_that_left_the_state(engine: Engine) -> None:
    deploy(engine, simple())
    one = start(engine, "simple")
    with engine.store.dialect.writing() as connection:
        transaction = connection.begin()
        assert invariants.check(connection, engine) == []
        connection.execute(update(t.task).values(state="cancelled"))
        assert {found[:2] for found in invariants.check(connection, engine)} == {"I5", "I6"}
        connection.execute(update(t.task).values(state="open"))
        connection.execute(update(t.instance).where(t.instance.c.id == one).values(revision=7))
        assert {found[:2] for found in invariants.check(connection, engine)} == {"I2", "I6"}
        transaction.rollback()
