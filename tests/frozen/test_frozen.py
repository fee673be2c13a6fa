"""What every earlier release left waiting is upgraded, holds together, and is brought to its end by this one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from engine import invariants
from engine.commands.deploy import Deploy
from engine.commands.start_instance import StartInstance
from engine.engine import Engine
from engine.moving.commands import MoveInstances, UndoMoving
from engine.moving.queries import MoveBatch
from engine.queries.task_view import TaskForm
from engine.store import prepare
from processes.demo import shipped_files
from tests import postgres
from tests.frozen import box
from tests.frozen.finish import actor, finish, look, open_tasks
from tests.frozen.make import FILE, HERE, opened
from tests.frozen.office import APPOINTED, walk_on
from tests.frozen.waits import DIAGRAMS
from web.cli.common import MIGRATIONS

RELEASES = sorted(path.parent.name for path in HERE.glob(f"*/{FILE}"))


@pytest.fixture(scope="module")
def boxes() -> dict[str, dict[str, Any]]:
    return {name: box.read(HERE / name / FILE) for name in RELEASES}


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database without tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'office.db'}"
        return
    name = postgres.server().create()
    yield postgres.server().url(name)
    postgres.server().drop(name)


@pytest.fixture(params=RELEASES)
def frozen(request: pytest.FixtureRequest, boxes: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return boxes[request.param]


@pytest.fixture
def upgraded(frozen: dict[str, Any], url: str, tmp_path: Path) -> Iterator[Engine]:
    """This program on a database of that release, upgraded as `zhiping db upgrade` does it."""
    box.thaw(frozen, url, tmp_path / "attachments")
    secret = frozen["about"]["secret"]
    prepare.upgrade(url, MIGRATIONS, secret)
    engine = opened(url, tmp_path, secret)
    yield engine
    engine.stop()


def broken(engine: Engine) -> list[str]:
    with engine.store.snapshot() as connection:
        return invariants.check(connection, engine)


def draft_of(engine: Engine, instance_id: str) -> Mapping[str, Any] | None:
    task = open_tasks(engine, instance_id)[0]
    return engine.ask(TaskForm(actor(engine, "manager"), task.id)).draft


def starts_with_what_was_kept(engine: Engine) -> str:
    """A message that nobody waited for yet was frozen, too: the first instance that waits for it takes it."""
    variables = {"case": "later"}
    begin = StartInstance(actor(engine, "process_owner"), key="frozen_message", variables=variables)
    started = engine.run(begin)["id"]
    engine.work()
    return look(engine, started).instance.state


def test_there_is_a_frozen_release() -> None:
    assert RELEASES


def test_an_upgraded_office_goes_on_to_the_end(upgraded: Engine, frozen: dict[str, Any]) -> None:
    about = frozen["about"]
    assert broken(upgraded) == []  # reads every line of history and every open state
    for one in about["running"]:
        assert look(upgraded, one).instance.ended_at is None
    assert draft_of(upgraded, about["instances"]["user_task_held"]) == {"note": "写了一半"}
    assert starts_with_what_was_kept(upgraded) == "completed"
    statuses = walk_on(upgraded, about["cases"])
    assert {statuses[number] for number in APPOINTED} == {"appointed"}
    told = {kind: finish(upgraded, one, kind) for kind, one in about["instances"].items()}
    assert told == about["outcomes"]
    assert broken(upgraded) == []


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("frozen", RELEASES[-1:], indirect=True)
def test_whatever_waits_is_moved_and_taken_back_and_moved_and_ends_alike(
    upgraded: Engine, frozen: dict[str, Any]
) -> None:
    owner, about = actor(upgraded, "process_owner"), frozen["about"]
    files = {f"frozen_{kind}.bpmn": raw + b"<!-- again -->" for kind, raw in DIAGRAMS.items()}
    target = upgraded.run(Deploy(shipped_files(upgraded) | files, None, play=False))["id"]
    for back in (True, False):
        batch = upgraded.run(MoveInstances(target, owner))["id"]
        upgraded.work()
        counts = upgraded.ask(MoveBatch(owner, batch)).counts
        assert (counts["refused"], counts["moved"]) == (1, len(about["running"]) - 1)  # one is suspended
        if back:
            upgraded.run(UndoMoving(batch, owner))
            upgraded.work()
            assert upgraded.ask(MoveBatch(owner, batch)).counts["returned"] == counts["moved"]
        assert broken(upgraded) == []
    told = {kind: finish(upgraded, one, kind) for kind, one in about["instances"].items()}
    assert told == about["outcomes"]
    assert broken(upgraded) == []
