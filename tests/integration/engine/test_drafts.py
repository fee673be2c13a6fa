"""Half-filled forms are sealed: nobody reads them in the database, a lost key costs the draft and not the task."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import MetaData, event, insert, select, update

from engine import drafts
from engine.clock import FixedClock
from engine.commands.complete_task import CompleteTask
from engine.commands.save_draft import LARGEST, SaveDraft
from engine.config import Settings
from engine.engine import Engine
from engine.errors import Refused
from engine.identity.crypto import Keyring, Unreadable
from engine.queries.task_view import TaskForm
from engine.store import migrate
from engine.store import tables as t
from engine.store.unit_of_work import Store
from processes import office as whole_office
from tests.conftest import NOON
from tests.integration.engine.conftest import ANN, BEN, Office, deploy, simple, start, tasks
from tests.postgres import server
from web.cli.common import MIGRATIONS

TYPED = {"phone": "13900001234", "words": "写了一半的话", "rows": [{"n": 1}, {}], "empty": None, "share": 0.5}
KEY = "test-" * 10


@pytest.fixture
def wanted(engine: Engine) -> str:
    deploy(engine, simple())
    return tasks(engine, start(engine, "simple", x=1))[0].id


def reopened(engine: Engine, office: Office, secret: str, tmp_path: Path) -> Engine:
    """The same database, the program started anew with another secret."""
    settings = Settings(database_url=engine.settings.database_url, data_dir=tmp_path, secret_key=secret)
    return Engine(settings, office.registry(), clock=FixedClock(NOON))


def rows(engine: Engine) -> list[tuple[str, str, bytes]]:
    with engine.store.snapshot() as connection:
        c = t.task_draft.c
        return [tuple(row) for row in connection.execute(select(c.task_id, c.username, c.sealed))]


def test_what_was_typed_comes_back_as_it_was_and_stands_nowhere_in_the_clear(engine: Engine, wanted: str) -> None:
    engine.run(SaveDraft(wanted, ANN, {"phone": "13900009999"}))
    engine.run(SaveDraft(wanted, ANN, TYPED))
    view = engine.ask(TaskForm(ANN, wanted))
    assert (view.draft, view.draft_saved_at, view.draft_unreadable) == (TYPED, NOON, False)
    (only,) = rows(engine)
    assert not any(readable in only[2] for readable in (b"1390000", b"phone", "写了一半".encode(), b"\\u5199"))


def test_a_draft_moved_to_another_task_or_person_does_not_open(engine: Engine, wanted: str) -> None:
    engine.run(SaveDraft(wanted, ANN, TYPED))
    engine.run(SaveDraft(wanted, BEN, {"mine": 1}))
    sealed = {row[1]: row[2] for row in rows(engine)}
    keyring = Keyring(KEY)
    with pytest.raises(Unreadable):
        drafts.unseal(keyring, wanted, "ben", sealed["ann"])
    with pytest.raises(Unreadable):
        drafts.unseal(keyring, "another-task", "ann", sealed["ann"])
    with engine.store.transaction() as connection:
        bens = t.task_draft.c.username == "ben"
        connection.execute(update(t.task_draft).where(bens).values(sealed=sealed["ann"]))
    view = engine.ask(TaskForm(BEN, wanted))
    assert (view.draft, view.draft_unreadable) == (None, True)


def test_after_the_secret_was_rotated_old_drafts_open_and_are_sealed_anew(
    engine: Engine, office: Office, wanted: str, tmp_path: Path
) -> None:
    engine.run(SaveDraft(wanted, ANN, TYPED))
    rotated = reopened(engine, office, f"{'new--' * 10},{KEY}", tmp_path)
    try:
        assert rotated.ask(TaskForm(ANN, wanted)).draft == TYPED
        rotated.run(SaveDraft(wanted, ANN, TYPED | {"more": True}))
    finally:
        rotated.stop()
    new_alone = reopened(engine, office, "new--" * 10, tmp_path)
    try:
        assert new_alone.ask(TaskForm(ANN, wanted)).draft == TYPED | {"more": True}
    finally:
        new_alone.stop()


def test_with_the_wrong_secret_the_form_opens_empty_says_so_and_can_be_saved_again(
    engine: Engine, office: Office, wanted: str, tmp_path: Path
) -> None:
    engine.run(SaveDraft(wanted, ANN, TYPED))
    other = reopened(engine, office, "other" * 10, tmp_path)
    try:
        view = other.ask(TaskForm(ANN, wanted))
        assert (view.draft, view.draft_unreadable, view.data) == (None, True, {"x": 1})
        other.run(SaveDraft(wanted, ANN, {"again": 1}))
        view = other.ask(TaskForm(ANN, wanted))
        assert (view.draft, view.draft_unreadable) == ({"again": 1}, False)
    finally:
        other.stop()


def test_sealing_asks_the_database_nothing_more(engine: Engine, wanted: str) -> None:
    asked: list[str] = []
    engine.run(SaveDraft(wanted, ANN, TYPED))
    engine.ask(TaskForm(ANN, wanted))  # the release is in memory now

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    event.listen(engine.store.dialect.engine, "before_cursor_execute", note)
    engine.ask(TaskForm(ANN, wanted))
    event.remove(engine.store.dialect.engine, "before_cursor_execute", note)
    assert len([sql for sql in asked if sql.startswith("SELECT")]) <= 5
    assert len([sql for sql in asked if "task_draft" in sql]) == 1


def test_the_limit_is_measured_on_what_was_typed(engine: Engine, wanted: str) -> None:
    most = LARGEST - len(b'{"words":""}')
    engine.run(SaveDraft(wanted, ANN, {"words": "x" * most}))
    assert len(engine.ask(TaskForm(ANN, wanted)).draft["words"]) == most
    with pytest.raises(Refused) as caught:
        engine.run(SaveDraft(wanted, ANN, {"words": "x" * (most + 1)}))
    assert caught.value.code == "DRAFT_TOO_LARGE"


def test_a_draft_goes_with_its_task(engine: Engine, wanted: str) -> None:
    engine.run(SaveDraft(wanted, ANN, TYPED))
    engine.run(CompleteTask(wanted, BEN))
    assert rows(engine) == []


@pytest.fixture(params=["sqlite", "postgresql"])
def before(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A database of the revision that still kept drafts in the clear, with two of them."""
    whole_office.registry()
    name = None if request.param == "sqlite" else server().create()
    store = Store(f"sqlite:///{tmp_path}/before.db" if name is None else server().url(name))
    with store.transaction() as connection:
        command.upgrade(migrate.configuration(connection, MIGRATIONS), "engine_0002")
        old = MetaData()
        old.reflect(connection)
        at = NOON.replace(tzinfo=None) if name is None else NOON

        def add(table: str, **values: object) -> None:
            connection.execute(insert(old.tables[table]).values(**values))

        released = {"uploaded_by": "owner", "uploaded_at": at, "comment": "", "content_hash": "0" * 64, "warnings": []}
        add("deployment", id="d-1", state="active", origin="shipped", **released)
        file = {"file_name": "simple.bpmn", "content": b"x", "sha256": "0" * 64, "created_at": at, "starter_groups": []}
        add("definition", id="def-1", key="simple", kind="process", version=1, name="simple", **file)
        running = {"definition_key": "simple", "state": "active", "revision": 1, "started_at": at, "events": 0}
        add("instance", id="i-1", deployment_id="d-1", definition_id="def-1", head="0" * 64, **running)
        task = {"instance_id": "i-1", "definition_key": "simple", "element_id": "check", "name": "check"}
        task |= {"state": "open", "created_at": at, "revision": 1, "properties": {}, "data": b"x"}
        add("task", id="t-1", **task)
        for who in ("ann", "ben"):
            add("task_draft", task_id="t-1", username=who, data=TYPED | {"by": who}, saved_at=at)
    yield store
    store.close()
    if name is not None:
        server().drop(name)


def test_the_revision_seals_what_stood_in_the_clear(before: Store) -> None:
    with before.transaction() as connection:
        migrate.upgrade(connection, MIGRATIONS, f"{'new--' * 10},{KEY}")
    with before.snapshot() as connection:
        found = {row.username: row for row in connection.execute(select(t.task_draft))}
    for who in ("ann", "ben"):
        assert drafts.unseal(Keyring("new--" * 10), "t-1", who, found[who].sealed) == TYPED | {"by": who}
        assert found[who].saved_at == NOON
        assert b"1390000" not in found[who].sealed


def test_without_the_secret_nothing_is_upgraded_and_nothing_lost(before: Store) -> None:
    with pytest.raises(Refused) as caught, before.transaction() as connection:
        migrate.upgrade(connection, MIGRATIONS)
    assert caught.value.code == "SECRET_NEEDED"
    with before.transaction() as connection:
        migrate.upgrade(connection, MIGRATIONS, KEY)
    with before.snapshot() as connection:
        assert len(connection.execute(select(t.task_draft)).all()) == 2
