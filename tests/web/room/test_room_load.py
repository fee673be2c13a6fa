"""A full room: forty cases and twenty-five experts ask the database no more than two cases and nineteen do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine as Connections
from sqlalchemy import event

from engine.clock import FixedClock
from engine.identity.accounts import CreateAccount
from engine.identity.passwords import make_hash
from engine.registry import Membership
from processes.committee.commands import ArrangeGroups, DeclareRecusal
from tests.conftest import MakeEngine
from tests.process.room import make_hall
from tests.process.stage import OFFICE
from tests.web.pages.conftest import Browser
from tests.web.room.conftest import PASSWORD
from web.app import create_app

PEOPLE = {
    "office-9": [Membership("committee_office")],
    "chair-9": [Membership("chair")],
    "member-01": [Membership("expert")],
}


def asked(
    folder: Path, template: Path, make_engine: MakeEngine, cases: int, size: int, statements: list[str]
) -> dict[str, int]:
    """Page and reader -> how many statements it took, in a meeting of that many."""
    folder.mkdir()
    (folder / "z.db").write_bytes(template.read_bytes())
    hall = make_hall(f"sqlite:///{folder / 'z.db'}", make_engine, cases, size=size)
    engine = hall.stage.engine
    hashed = make_hash(PASSWORD, username="-")
    for username, memberships in PEOPLE.items():
        engine.run(CreateAccount(username, username, None, tuple(memberships), password_hash=hashed))
    engine.run(ArrangeGroups(hall.meeting_id, OFFICE))
    for number in range(1, cases, 2):
        engine.run(DeclareRecusal(hall.meeting_id, hall.cases[number], "kin", hall.actor(number % size + 1)))
    hall.come(range(1, size), OFFICE)
    hall.begin()
    hall.open(0)
    app = create_app(engine, wall=FixedClock(hall.stage.now))
    counted = {}
    for username in PEOPLE:
        browser = Browser(app.test_client()).log_in(username, PASSWORD)
        for page in ("", "/ballot", "/sheet"):
            before = len(statements)
            browser.open(f"/meetings/{hall.meeting_id}{page}")
            counted[f"{username} {page}"] = len(statements) - before
            expected = 404 if (page == "/sheet") == (username == "member-01") and page else 200
            assert browser.status == expected, (username, page, browser.status)
        before = len(statements)
        browser.open("/meetings")
        counted[f"{username} list"] = len(statements) - before
    return counted


@pytest.fixture
def statements() -> Any:
    ran: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        ran.append(statement)

    event.listen(Connections, "before_cursor_execute", note)
    yield ran
    event.remove(Connections, "before_cursor_execute", note)


def test_a_full_room_asks_no_more_than_a_small_one(
    tmp_path: Path, sqlite_template: Path, make_engine: MakeEngine, statements: list[str]
) -> None:
    small = asked(tmp_path / "small", sqlite_template, make_engine, 2, 19, statements)
    full = asked(tmp_path / "full", sqlite_template, make_engine, 40, 25, statements)
    assert full == small
    assert max(full.values()) < 60, full
