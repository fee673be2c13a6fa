"""Deployments that break in the middle or meet each other: the old release stays, nothing is left behind, nothing is lost."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, insert, select

from engine.commands.activate_deployment import ActivateDeployment
from engine.commands.deploy import Deploy
from engine.engine import Engine
from engine.errors import Busy, Conflict
from engine.identity.tables import account
from engine.queries.deployments import DeploymentList, DeploymentView
from engine.scenarios import gate
from engine.scenarios.play import Outcome
from engine.store.metadata import metadata
from tests.conftest import MakeEngine
from tests.faults.fates import FORK
from tests.unit.bpmn.diagrams import process, user, xml
from tests.unit.scenarios.desk import PEOPLE, furnish, person, registry, scenario
from web import problems
from web.app import create_app

pytestmark = pytest.mark.fault

OWNER, OWNER2 = PEOPLE["owner"], person("owner2", "process_owner")
CLERK = {"camunda_candidateGroups": "clerks"}
FIRST = xml(process("p", user("ask", **CLERK), "s -> ask -> e"))
SECOND = xml(process("p", user("ask", name="Asked", **CLERK), "s -> ask -> e"))
TEST = scenario("- task: {element: ask, by: ann}")


def other(key: str) -> bytes:
    return xml(process(key, user("say", **CLERK), "s -> say -> e"))


@pytest.fixture
def engines(database_url: str, make_engine: MakeEngine) -> tuple[Engine, Engine]:
    """Two processes on PostgreSQL; on SQLite two threads of the only one."""
    one = make_engine(database_url, registry())
    furnish(one)
    with one.store.transaction() as connection:
        row = {"id": "owner2", "username": "owner2", "name": "Owner2", "created_at": one.now()}
        connection.execute(insert(account).values(**row, password_at=one.now()))
    one.run(Deploy({"p.bpmn": FIRST, "p.test.yaml": TEST}, None))
    return one, one if one.store.single_process else make_engine(database_url, registry())


@pytest.fixture
def engine(engines: tuple[Engine, Engine]) -> Engine:
    return engines[0]


def rows(engine: Engine) -> dict[str, int]:
    """How many rows every table has."""
    with engine.store.snapshot() as connection:
        return {
            table.name: connection.scalar(select(func.count()).select_from(table)) or 0
            for table in metadata.tables.values()
        }


def active(engine: Engine) -> str:
    (found,) = engine.ask(DeploymentList(OWNER, state="active")).items
    return found.id


def versions(engine: Engine, deployment_id: str) -> dict[str, int]:
    found = engine.ask(DeploymentView(OWNER, deployment_id)).definitions
    return {each.key: each.version for each in found if each.kind == "process"}


def kill(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def deploy_and_die(engine: Engine, number: int) -> None:
    """In a child: killed right after the `number`-th statement that writes; lives where there are fewer."""
    engine = Engine(engine.settings, engine.registry, engine.clock)
    left = number

    def count(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        nonlocal left
        left -= statement.startswith(("INSERT", "UPDATE", "DELETE"))
        if left == 0:
            kill()

    event.listen(engine.store.dialect.engine, "after_cursor_execute", count)
    engine.run(Deploy({"p.bpmn": SECOND, "q.bpmn": other("q")}, None, play=False))


def test_killed_after_any_of_its_writes_a_deployment_never_was(engine: Engine) -> None:
    before, old = rows(engine), active(engine)
    for number in range(1, 100):
        engine.store.close()  # no connection is shared with the children
        child = FORK.Process(target=deploy_and_die, args=(engine, number))
        child.start()
        child.join(60)
        if child.exitcode == 0:
            break
        assert child.exitcode == -signal.SIGKILL
        assert (rows(engine), active(engine)) == (before, old)
    assert number > 5
    assert active(engine) != old
    assert versions(engine, active(engine)) == {"p": 2, "q": 1}


def die_in_the_tests(engine: Engine) -> None:
    Engine(engine.settings, engine.registry, engine.clock).run(Deploy({"p.bpmn": SECOND}, None, watch=kill))


def test_what_is_killed_while_it_is_tested_leaves_no_files(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    before, old = rows(engine), active(engine)
    engine.store.close()
    child = FORK.Process(target=die_in_the_tests, args=(engine,))
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    assert (rows(engine), active(engine)) == (before, old)
    assert len(list(folder.iterdir())) == 1  # what the dead could not remove
    seen: list[int] = []
    engine.run(Deploy({"p.bpmn": SECOND}, None, watch=lambda _: seen.append(len(list(folder.iterdir())))))
    assert seen == [1]  # the dead one's is gone, this one's is in use
    assert list(folder.iterdir()) == []


@pytest.fixture
def together() -> Iterator[Callable[..., list[Any]]]:
    """Runs things at once; answers what each gave or raised."""
    with ThreadPoolExecutor(2) as pool:

        def run(*acts: Callable[[], Any]) -> list[Any]:
            futures: list[Future[Any]] = [pool.submit(act) for act in acts]
            return [future.exception(60) or future.result() for future in futures]

        yield run


class Meeting(ActivateDeployment):
    """An activation that waits for another one between its look and its transaction."""

    met: threading.Barrier

    def prepared(self, engine: Engine) -> ActivateDeployment:
        ready = super().prepared(engine)
        self.met.wait(30)
        return ready


def test_two_uploads_at_once_are_two_versions(
    engines: tuple[Engine, Engine], together: Callable[..., list[Any]]
) -> None:
    start = threading.Barrier(2)

    def upload(engine: Engine, name: str) -> str:
        changed = xml(process("p", user("ask", name=name, **CLERK), "s -> ask -> e"))
        start.wait(30)
        made: str = engine.run(Deploy({"p.bpmn": changed, f"{name}.bpmn": other(name)}, OWNER, play=False))["id"]
        return made

    for turn in range(3):
        names = [f"a{turn}", f"b{turn}"]
        made = together(
            *(
                lambda engine=engine, name=name: upload(engine, name)
                for engine, name in zip(engines, names, strict=True)
            )
        )
        found = [versions(engines[0], each) for each in made]
        assert sorted(each["p"] for each in found) == [2 * turn + 2, 2 * turn + 3]
        assert [name in each for name, each in zip(names, found, strict=True)] == [True, True]


@pytest.mark.parametrize("tested", [True, False])
def test_of_two_activations_at_once_one_wins_and_the_other_is_told(
    engines: tuple[Engine, Engine], together: Callable[..., list[Any]], tested: bool
) -> None:
    one, two = engines
    # A test is played for the first alone: where nothing is tested, nobody may be passed by unseen either.
    mine = one.run(Deploy({"p.bpmn": SECOND} if tested else {"a.bpmn": other("a")}, OWNER))["id"]
    yours = one.run(Deploy({"q.bpmn": other("q")}, OWNER))["id"]
    Meeting.met = threading.Barrier(2)
    results = together(lambda: one.run(Meeting(mine, OWNER2)), lambda: two.run(Meeting(yours, OWNER2)))
    (lost,) = [each for each in results if isinstance(each, BaseException)]
    assert isinstance(lost, Conflict)
    assert lost.code == "RELEASE_MOVED"
    (won,) = [each["id"] for each in results if not isinstance(each, BaseException)]
    assert active(one) == won
    late = yours if won == mine else mine
    one.run(ActivateDeployment(late, OWNER2))
    assert active(one) == late
    assert versions(one, late) == ({"p": 2, "q": 1} if tested else {"p": 1, "a": 1, "q": 1})


def test_the_same_release_activated_twice_at_once_is_active_once(
    engines: tuple[Engine, Engine], together: Callable[..., list[Any]]
) -> None:
    one, two = engines
    made = one.run(Deploy({"q.bpmn": other("q")}, OWNER))["id"]
    Meeting.met = threading.Barrier(2)
    results = together(*(lambda engine=engine: engine.run(Meeting(made, OWNER2)) for engine in (one, two)))
    assert [each["state"] for each in results] == ["active", "active"]
    assert active(one) == made


def test_an_upload_during_an_activation_is_kept_beside_it(engine: Engine) -> None:
    made = engine.run(Deploy({"p.bpmn": SECOND}, OWNER))["id"]
    kept: list[str] = []

    def meanwhile(_outcome: Outcome) -> None:
        kept.append(engine.run(Deploy({"q.bpmn": other("q")}, OWNER2))["id"])

    assert engine.run(ActivateDeployment(made, OWNER2, watch=meanwhile))["state"] == "active"
    assert engine.run(ActivateDeployment(kept[0], OWNER))["state"] == "active"
    assert versions(engine, kept[0]) == {"p": 2, "q": 1}


def test_one_process_plays_the_tests_of_one_release_at_a_time(
    engine: Engine, together: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "PATIENCE", 0.2)
    playing, enough = threading.Event(), threading.Event()

    def slow(_outcome: Outcome) -> None:
        playing.set()
        assert enough.wait(30)

    def second() -> Busy:
        assert playing.wait(30)
        before = rows(engine)
        with pytest.raises(Busy) as busy:
            engine.run(Deploy({"p.bpmn": FIRST.replace(b'name="ask"', b'name="a"')}, OWNER))
        assert rows(engine) == before
        # What no test concerns need not wait.
        engine.run(Deploy({"q.bpmn": other("q")}, OWNER2))
        enough.set()
        return busy.value

    first, refused = together(lambda: engine.run(Deploy({"p.bpmn": SECOND}, OWNER, watch=slow)), second)
    assert first["state"] == "candidate"
    assert refused.code == "TESTS_RUNNING"
    with create_app(engine).test_request_context("/api/v1/deployments"):
        answer = problems._ours(refused)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert engine.run(Deploy({"p.bpmn": FIRST}, OWNER))["state"] == "candidate"
