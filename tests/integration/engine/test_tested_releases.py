"""Scenario tests at the gate: what fails them is not deployed from the command line and not activated by anybody."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert

from engine.commands.activate_deployment import ActivateDeployment
from engine.commands.deploy import Deploy
from engine.engine import Engine
from engine.errors import Conflict, DeploymentRefused, Forbidden, NotFound
from engine.identity.tables import account
from engine.queries.deployments import DeploymentList
from engine.scenarios import gate
from engine.scenarios.play import Outcome
from engine.store import patience
from tests.conftest import MakeEngine
from tests.unit.bpmn.diagrams import node, process, user, xml
from tests.unit.scenarios.desk import PEOPLE, furnish, person, registry, scenario

OWNER, OWNER2, EVE = PEOPLE["owner"], person("owner2", "process_owner"), PEOPLE["eve"]
CLERK = {"camunda_candidateGroups": "clerks"}
GOOD = xml(process("p", user("ask", **CLERK), "s -> ask -> e"))
OTHER = xml(process("p", user("say", **CLERK), "s -> say -> e"))
CALLER = xml(process("p", node("callActivity", "c", calledElement="q"), "s -> c -> e"))
CALLED = xml(process("q", user("ask", **CLERK), "s -> ask -> e"))
UNCONCERNED = xml(process("z", user("rest", **CLERK), "s -> rest -> e"))
TEST = scenario("- task: {element: ask, by: ann}")


@pytest.fixture
def engine(database_url: str, make_engine: MakeEngine) -> Engine:
    made = make_engine(database_url, registry())
    furnish(made)
    with made.store.transaction() as connection:
        row = {"id": "owner2", "username": "owner2", "name": "Owner2", "created_at": made.now()}
        connection.execute(insert(account).values(**row, password_at=made.now()))
    return made


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the scenarios that were played, in order."""
    names: list[str] = []

    def play(workshop: Any, each: Any) -> Outcome:
        names.append(each.file)
        return real(workshop, each)

    real = gate.play
    monkeypatch.setattr(gate, "play", play)
    return names


def shipped(engine: Engine, **files: bytes) -> dict[str, Any]:
    named = {name.replace("_dot_", "."): raw for name, raw in files.items()}
    done: dict[str, Any] = engine.run(Deploy(named, None))
    return done


def uploaded(engine: Engine, **files: bytes) -> dict[str, Any]:
    named = {name.replace("_dot_", "."): raw for name, raw in files.items()}
    done: dict[str, Any] = engine.run(Deploy(named, OWNER))
    return done


def active(engine: Engine) -> str:
    return engine.ask(DeploymentList(OWNER, state="active")).items[0].id


def test_what_passes_is_deployed_and_each_test_is_told(engine: Engine) -> None:
    heard: list[Outcome] = []
    done = engine.run(Deploy({"p.bpmn": GOOD, "p.test.yaml": TEST}, None, watch=heard.append))
    assert done["state"] == "active"
    assert [(each.passed, each.name, each.file) for each in heard] == [(True, "一件事", "p.test.yaml")]


def test_what_is_tested_takes_nothing_of_the_patience_of_who_asked(engine: Engine) -> None:
    """Minutes of tests would leave an upload no time for the database that it is kept in."""
    left: list[float | None] = []
    files = {"p.bpmn": GOOD, "p.test.yaml": TEST}
    patience.request()
    try:
        engine.run(Deploy(files, OWNER, watch=lambda _outcome: left.append(patience.left())))
        assert patience.left() is not None
    finally:
        patience.no_request()
    assert left == [None]


def test_what_fails_keeps_the_old_release(engine: Engine) -> None:
    shipped(engine, p_dot_bpmn=GOOD, p_dot_test_dot_yaml=TEST)
    old = active(engine)
    with pytest.raises(DeploymentRefused) as refused:
        shipped(engine, p_dot_bpmn=OTHER)
    [problem] = refused.value.problems
    assert (problem.file, problem.line, problem.element, problem.code) == ("p.test.yaml", 7, "ask", "TEST_FAILED")
    assert "一件事" in str(problem.text)
    assert "现在停在：say" in str(problem.text)
    assert "failed" in problem.text.to("en")
    assert active(engine) == old


def test_only_the_tests_concerned_are_played(engine: Engine, told: list[str]) -> None:
    shipped(engine, p_dot_bpmn=CALLER, q_dot_bpmn=CALLED, p_dot_test_dot_yaml=TEST)
    assert told == ["p.test.yaml"]
    shipped(engine, z_dot_bpmn=UNCONCERNED)
    assert told == ["p.test.yaml"]
    with pytest.raises(DeploymentRefused):
        shipped(engine, q_dot_bpmn=xml(process("q", user("say", **CLERK), "s -> say -> e")))
    assert told == ["p.test.yaml"] * 2


def test_no_sandbox_is_made_where_no_test_is_concerned(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped(engine, p_dot_bpmn=GOOD, p_dot_test_dot_yaml=TEST)
    monkeypatch.setattr(gate, "Workshop", None)
    assert uploaded(engine, z_dot_bpmn=UNCONCERNED)["state"] == "candidate"


def test_the_program_can_deploy_its_own_files_untested(engine: Engine, told: list[str]) -> None:
    engine.run(Deploy({"p.bpmn": OTHER, "p.test.yaml": TEST}, None, play=False))
    assert told == []


def test_an_upload_keeps_what_failed_as_warnings_and_cannot_be_activated(engine: Engine) -> None:
    shipped(engine, p_dot_bpmn=GOOD, p_dot_test_dot_yaml=TEST)
    old = active(engine)
    made = uploaded(engine, p_dot_bpmn=OTHER)
    assert made["state"] == "candidate"
    failed = [warning for warning in made["warnings"] if warning["code"] == "TEST_FAILED"]
    assert [(each["file"], each["line"], each["element"]) for each in failed] == [("p.test.yaml", 7, "ask")]
    with pytest.raises(DeploymentRefused) as refused:
        engine.run(ActivateDeployment(made["id"], OWNER2))
    assert [problem.code for problem in refused.value.problems] == ["TEST_FAILED"]
    assert active(engine) == old


def test_a_diagram_and_its_test_that_fit_together_are_activated(engine: Engine, told: list[str]) -> None:
    shipped(engine, p_dot_bpmn=GOOD, p_dot_test_dot_yaml=TEST)
    made = uploaded(engine, p_dot_bpmn=OTHER, p_dot_test_dot_yaml=TEST.replace(b"element: ask", b"element: say"))
    assert made["warnings"] == []
    assert engine.run(ActivateDeployment(made["id"], OWNER2))["state"] == "active"
    assert told == ["p.test.yaml"] * 3


def test_nothing_is_played_for_who_may_not(engine: Engine, told: list[str]) -> None:
    shipped(engine, p_dot_bpmn=GOOD, p_dot_test_dot_yaml=TEST)
    made = uploaded(engine, p_dot_bpmn=OTHER)
    told.clear()
    with pytest.raises(Forbidden):
        engine.run(Deploy({"p.bpmn": OTHER}, EVE))
    with pytest.raises(Forbidden) as own:
        engine.run(ActivateDeployment(made["id"], OWNER))
    assert own.value.code == "FOUR_EYES"
    with pytest.raises(NotFound):
        engine.run(ActivateDeployment("nothing", OWNER2))
    assert told == []


def test_a_release_that_moved_during_the_tests_is_not_overwritten(engine: Engine) -> None:
    shipped(engine, p_dot_bpmn=GOOD, p_dot_test_dot_yaml=TEST)

    def meanwhile(_outcome: Outcome) -> None:
        engine.run(Deploy({"z.bpmn": UNCONCERNED}, None, play=False))

    changed = GOOD.replace(b'name="ask"', b'name="asked"')
    with pytest.raises(Conflict) as moved:
        engine.run(Deploy({"p.bpmn": changed}, None, watch=meanwhile))
    assert moved.value.code == "RELEASE_MOVED"
    assert engine.run(Deploy({"p.bpmn": changed}, None))["state"] == "active"


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (b"process: nowhere\nscenarios:\n  - {name: a, at: 2026-06-01, expect: {}}", 1),
        (scenario("- dance: {}"), 7),
        (b"process: p", 1),
    ],
)
def test_a_test_that_cannot_be_played_refuses_an_upload(engine: Engine, raw: bytes, line: int) -> None:
    with pytest.raises(DeploymentRefused) as refused:
        uploaded(engine, p_dot_bpmn=GOOD, p_dot_test_dot_yaml=raw)
    assert ("p.test.yaml", line, "TEST_WRONG") in {(p.file, p.line, p.code) for p in refused.value.problems}


def test_a_refused_diagram_is_refused_for_its_own_faults_and_never_played(engine: Engine, told: list[str]) -> None:
    with pytest.raises(DeploymentRefused) as refused:
        shipped(engine, p_dot_bpmn=GOOD.replace(b'targetRef="e"', b'targetRef="nowhere"'), p_dot_test_dot_yaml=TEST)
    assert "TEST_FAILED" not in {problem.code for problem in refused.value.problems}
    assert told == []


def test_when_the_time_is_up_the_rest_is_not_played(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "SECONDS", 0.0)
    with pytest.raises(DeploymentRefused) as refused:
        shipped(engine, p_dot_bpmn=GOOD, p_dot_test_dot_yaml=TEST)
    assert "没有执行" in str(refused.value.problems[0].text)
