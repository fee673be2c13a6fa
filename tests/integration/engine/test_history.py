"""History: append-only in the database itself, and any change of it shows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import DBAPIError

from engine import history, invariants
from engine.engine import Engine
from engine.queries.instance_events import InstanceEvents
from engine.store import tables as t
from engine.store.packed import fold, unfold
from tests.conftest import NOON
from tests.integration.engine.conftest import OWNER, complete, deploy, simple, start

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


@pytest.mark.parametrize("change", [update(t.event).values(revision=9), delete(t.event)])
def test_the_database_refuses_to_change_a_line(engine: Engine, one: str, change: object) -> None:
    with pytest.raises(DBAPIError, match="append-only"), engine.store.transaction() as connection:
        connection.execute(change)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    "values",
    [
        {"revision": 9},
        {"lines": 1},
        {"at": NOON + timedelta(seconds=1)},
        {"folded": b"nothing"},
        {"folded": fold(b"{}")},
        {"hash": bytes(32)},
    ],
    ids=lambda values: "{}={!r:.12}".format(*next(iter(values.items()))),
)
def test_whoever_gets_past_the_triggers_is_found_out(engine: Engine, one: str, values: dict[str, object]) -> None:
    with engine.store.dialect.writing() as connection:
        transaction = connection.begin()
        for statement in DROP[connection.dialect.name]:
            connection.exec_driver_sql(statement)
        assert history.verify(connection, one) is None
        first = select(func.min(t.event.c.seq)).where(t.event.c.stream == one).scalar_subquery()
        connection.execute(update(t.event).where(t.event.c.stream == one, t.event.c.seq == first).values(values))
        assert history.verify(connection, one) is not None
        transaction.rollback()


@pytest.mark.parametrize(
    ("old", "new"), [(b'"owner"', b'"eve"'), (b'"entered"', b'"ended"'), (b'"seq":2', b'"seq":3'), (b"}\n{", b"},{")]
)
def test_a_word_changed_inside_a_row_is_found_out(engine: Engine, one: str, old: bytes, new: bytes) -> None:
    with engine.store.dialect.writing() as connection:
        transaction = connection.begin()
        for statement in DROP[connection.dialect.name]:
            connection.exec_driver_sql(statement)
        row = connection.execute(select(t.event).where(t.event.c.stream == one).order_by(t.event.c.seq)).first()
        assert row is not None
        lines = unfold(row.folded)
        assert old in lines
        mine = (t.event.c.stream == one) & (t.event.c.seq == row.seq)
        connection.execute(update(t.event).where(mine).values(folded=fold(lines.replace(old, new, 1))))
        assert history.verify(connection, one) is not None
        transaction.rollback()


def test_every_page_of_a_history_tells_the_same_lines(engine: Engine, one: str) -> None:
    with engine.store.snapshot() as connection:
        whole = history.read(connection, one)
        assert [line.seq for line in whole] == list(range(1, len(whole) + 1))
        for first in range(1, len(whole) + 1):
            for last in range(first, len(whole) + 1):
                assert history.read(connection, one, first, last) == whole[first - 1 : last]
        assert history.read(connection, one, len(whole) + 1) == []
        head = connection.execute(select(t.instance.c.events, t.instance.c.head).where(t.instance.c.id == one)).one()
    assert (head.events, head.head) == (len(whole), whole[-1].hash)
    page = engine.ask(InstanceEvents(OWNER, one, newest_first=True, first_result=1, max_results=3))
    assert [item.seq for item in page.items] == [len(whole) - 1, len(whole) - 2, len(whole) - 3]
    assert [item.hash for item in page.items] == [line.hash for line in whole[-2:-5:-1]]


def test_a_long_step_stands_in_several_rows(engine: Engine, one: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MOST", 2)
    two = start(engine, "simple")
    with engine.store.snapshot() as connection:
        rows = connection.execute(select(t.event).where(t.event.c.stream == two)).all()
        assert len(rows) > 1
        assert {row.lines for row in rows[:-1]} == {2}
        assert history.verify(connection, two) is None


@pytest.mark.parametrize("last", [False, True])
def test_a_missing_line_is_found_out(engine: Engine, one: str, last: bool) -> None:
    with engine.store.dialect.writing() as connection:
        transaction = connection.begin()
        for statement in DROP[connection.dialect.name]:
            connection.exec_driver_sql(statement)
        seqs = connection.scalars(select(t.event.c.seq).where(t.event.c.stream == one).order_by(t.event.c.seq)).all()
        gone = seqs[-1] if last else seqs[0]
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
