"""Somebody withdraws an application while somebody else objects to it: whoever is first, they agree in the end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from engine.errors import Busy, Refused
from processes.candidate.commands import Withdraw
from processes.publicity.objections import FileObjection
from processes.register.notice_tables import publicity_item
from processes.register.objection_tables import objection
from tests.process.objecting import SAID
from tests.process.province import Province

LOCK_APPLICATION = ("FROM application ", "FOR UPDATE")
WITHDRAW_ITEMS = ("UPDATE publicity_item ",)


@pytest.fixture
def case(province: Province) -> str:
    """A case in its unit's publicity."""
    province.set_posts("u01", "deputy_senior", approved=4)
    case = province.assessed()
    province.decide(case)
    province.publish(case)
    return case


def withdrawal(province: Province, case: str) -> Withdraw:
    return Withdraw(province.application(case)["id"], province.actor("c-001"), "个人原因。")


def filing(province: Province, case: str) -> FileObjection:
    row = item(province, case)
    reader = province.actor("c-004")
    return FileObjection(row["notice_id"], row["position"], ["false_performance"], SAID, reader=reader)


def item(province: Province, case: str) -> dict[str, Any]:
    (found,) = province.rows(publicity_item, publicity_item.c.application_id == province.application(case)["id"])
    return found


class Attempt(threading.Thread):
    """One command in a thread of its own: `code` is how it was refused, or "done"."""

    def __init__(self, province: Province, command: Any) -> None:
        super().__init__(daemon=True)
        self.province, self.command, self.code = province, command, "running"
        self.start()

    def run(self) -> None:
        try:
            self.province.engine.run(self.command)
            self.code = "done"
        except (Refused, Busy) as refused:
            self.code = refused.code

    def ended(self, seconds: float) -> bool:
        self.join(seconds)
        return not self.is_alive()


@contextmanager
def held_up(
    province: Province, words: tuple[str, ...], who: Callable[[], threading.Thread]
) -> Iterator[tuple[threading.Event, threading.Event]]:
    """The first statement with these words of that thread waits until the second event is set; the first says that it came.
    On SQLite no row is locked, and a writer has the whole database to itself."""
    came, go = threading.Event(), threading.Event()

    def wait(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        flat = statement.replace("\n", "") + " "
        if not came.is_set() and all(word in flat for word in words) and threading.current_thread() is who():
            came.set()
            assert go.wait(20)

    pool = province.engine.store.dialect.engine
    event.listen(pool, "before_cursor_execute", wait)
    try:
        yield came, go
    finally:
        go.set()
        event.remove(pool, "before_cursor_execute", wait)


def together(province: Province, first: Any, second: Any, words: tuple[str, ...]) -> tuple[str, str]:
    """`first` is stopped at its first statement with these words until `second` has ended, or waits for it."""
    threads: list[Attempt] = []
    with held_up(province, words, lambda: threads[0]) as (came, go):
        threads.append(Attempt(province, first))
        locks_rows = not province.engine.store.single_process
        assert came.wait(5 if locks_rows else 0.1) or not locks_rows
        threads.append(Attempt(province, second))
        threads[1].ended(1)
        go.set()
        assert all(thread.ended(20) for thread in threads)
    province.engine.work()
    return threads[0].code, threads[1].code


def agrees(province: Province, case: str) -> None:
    """Withdrawn and held by nobody, or held and not withdrawn; the case stands nowhere in between."""
    row = item(province, case)
    withdrawn = province.status(case) == "withdrawn"
    assert (row["hold"], row["outcome"]) == ((False, "withdrawn") if withdrawn else (True, None))
    assert province.status(case) in ("withdrawn", "unit_objection_hold")
    assert not province.look(case).incidents


@pytest.mark.parametrize("words", [LOCK_APPLICATION, ("INSERT INTO objection ",)], ids=["at the lock", "before it"])
def test_an_objection_that_began_before_the_withdrawal(province: Province, case: str, words: tuple[str, ...]) -> None:
    filed, withdrew = together(province, filing(province, case), withdrawal(province, case), words)
    assert filed == "done"
    assert withdrew in ("done", "OBJECTION_PENDING")
    assert (withdrew == "done") == (province.status(case) == "withdrawn")
    assert len(province.rows(objection)) == 1  # what was said is kept and looked into, whatever became of the case
    agrees(province, case)


@pytest.mark.parametrize("words", [LOCK_APPLICATION, WITHDRAW_ITEMS], ids=["at the lock", "behind it"])
def test_a_withdrawal_that_began_before_the_objection(province: Province, case: str, words: tuple[str, ...]) -> None:
    withdrew, filed = together(province, withdrawal(province, case), filing(province, case), words)
    assert filed == "done"
    assert withdrew in ("done", "OBJECTION_PENDING")
    assert (withdrew == "done") == (province.status(case) == "withdrawn")
    agrees(province, case)
