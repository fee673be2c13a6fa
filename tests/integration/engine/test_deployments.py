"""Releases: complete, immutable, refused whole, and activated by a second person."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from engine.commands.activate_deployment import ActivateDeployment
from engine.commands.deploy import Deploy
from engine.commands.evaluate_decision import EvaluateDecision
from engine.commands.start_instance import StartInstance
from engine.engine import Engine
from engine.errors import DeploymentRefused, Forbidden, NotFound, Refused
from engine.queries.definitions import DefinitionList, DefinitionStatistics, DefinitionXml
from engine.queries.deployments import DeploymentList, DeploymentView
from engine.store import tables as t
from tests.conftest import MakeEngine
from tests.integration.engine.conftest import (
    ADMIN,
    ANN,
    EVE,
    FINISH,
    OWNER,
    OWNER2,
    START,
    Office,
    bpmn,
    complete,
    deploy,
    flow,
    look,
    simple,
    start,
    user,
)

TABLE = b"""<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="t" name="t" namespace="t">
  <decision id="size" name="Size">
    <decisionTable id="table" hitPolicy="UNIQUE">
      <input id="i"><inputExpression id="e" typeRef="number"><text>n</text></inputExpression></input>
      <output id="o" name="size" typeRef="string"/>
      <rule id="small"><inputEntry id="a"><text>&lt; double(5)</text></inputEntry><outputEntry id="b"><text>"small"</text></outputEntry></rule>
      <rule id="large"><inputEntry id="c"><text>&gt;= 10</text></inputEntry><outputEntry id="d"><text>"large"</text></outputEntry></rule>
    </decisionTable>
  </decision>
</definitions>"""


def two_steps(key: str = "simple") -> bytes:
    """A second version of `simple`."""
    return bpmn(key, START + user("check") + user("sign") + FINISH + flow("begin", "check", "sign", "finish"))


def rows(engine: Engine) -> dict[str, int]:
    with engine.store.snapshot() as connection:
        return {
            table.name: connection.scalar(select(func.count()).select_from(table)) or 0
            for table in (t.deployment, t.definition, t.deployment_definition)
        }


def test_a_second_person_activates(engine: Engine) -> None:
    made = engine.run(Deploy({"a.bpmn": simple()}, OWNER, "first"))
    assert (made["state"], made["warnings"]) == ("candidate", [])
    assert [(d["key"], d["kind"], d["version"], d["name"]) for d in made["definitions"]] == [
        ("simple", "process", 1, "simple")
    ]
    with pytest.raises(NotFound):
        start(engine, "simple")
    with pytest.raises(Forbidden) as refused:
        engine.run(ActivateDeployment(made["id"], OWNER))
    assert refused.value.code == "FOUR_EYES"
    with pytest.raises(Forbidden):
        engine.run(ActivateDeployment(made["id"], ADMIN))
    assert engine.run(ActivateDeployment(made["id"], OWNER2))["state"] == "active"
    assert engine.run(ActivateDeployment(made["id"], OWNER2))["state"] == "active"
    start(engine, "simple")


def test_one_person_may_do_both_where_four_eyes_are_off(
    database_url: str, make_engine: MakeEngine, office: Office
) -> None:
    engine = make_engine(database_url, office.registry(), four_eyes=False)
    made = engine.run(Deploy({"a.bpmn": simple()}, OWNER))
    assert engine.run(ActivateDeployment(made["id"], OWNER))["state"] == "active"


def test_only_process_owners_deploy(engine: Engine) -> None:
    for actor in (ANN, ADMIN):
        with pytest.raises(Forbidden):
            engine.run(Deploy({"a.bpmn": simple()}, actor))


def test_a_refused_release_leaves_nothing_behind(engine: Engine) -> None:
    deploy(engine, simple())
    before = rows(engine)
    broken = bpmn("broken", START + user("check") + flow("begin", "check", "nowhere"))
    with pytest.raises(DeploymentRefused) as refused:
        engine.run(Deploy({"good.bpmn": simple("other"), "broken.bpmn": broken, "odd.exe": b"MZ"}, OWNER))
    assert {problem.file for problem in refused.value.problems} == {"broken.bpmn", "odd.exe"}
    assert rows(engine) == before


@pytest.mark.parametrize(
    "files",
    [
        {"a.bpmn": b""},
        {"a.bpmn": b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"},
        {"a.dmn": b"<x/>"},
        {"a.form": b"{}"},
        {"a.form": b"\xff\xfe"},
        {"a.test.yaml": b"a: &a [1]\nb: *a"},
        {"a.test.yaml": b"{["},
        {"a.bpmn": simple(), "b.bpmn": simple()},
        {"a.bpmn": bpmn("a", START + '<bpmn:callActivity id="c" calledElement="missing"/>' + flow("begin", "c"))},
        {"a.bpmn": bpmn("a", START + '<bpmn:serviceTask id="c" camunda:topic="missing"/>' + flow("begin", "c"))},
        {"a.bpmn": bpmn("a", START + user("u", attributes='camunda:formKey="missing"') + flow("begin", "u"))},
        {"a.bpmn": bpmn("a", START + '<bpmn:callActivity id="c" calledElement="a"/>' + flow("begin", "c"))},
    ],
)
def test_hostile_and_broken_files_are_refused(engine: Engine, files: dict[str, bytes]) -> None:
    with pytest.raises(DeploymentRefused) as refused:
        engine.run(Deploy(files, OWNER))
    assert refused.value.problems
    assert rows(engine) == {"deployment": 0, "definition": 0, "deployment_definition": 0}


def test_what_a_release_does_not_bring_is_carried_over(engine: Engine) -> None:
    deploy(engine, simple(), simple("other"))
    one = start(engine, "simple")
    second = deploy(engine, two_steps())
    view = engine.ask(DeploymentView(OWNER, second["id"]))
    assert [(d.key, d.version, d.active) for d in view.definitions] == [("other", 1, True), ("simple", 2, True)]
    assert view.changed == {second["definitions"][0]["id"]}
    two = start(engine, "simple")
    complete(engine, one, "check")  # stays on the version it started on
    complete(engine, two, "check")
    assert (look(engine, one).instance.state, look(engine, two).instance.state) == ("completed", "active")
    assert (look(engine, one).instance.definition_version, look(engine, two).instance.definition_version) == (1, 2)


def test_unchanged_content_keeps_its_version(engine: Engine) -> None:
    first = deploy(engine, simple())
    assert deploy(engine, simple())["id"] == first["id"]  # the command line again: nothing new
    again = engine.run(Deploy({"renamed.bpmn": simple()}, OWNER))
    assert again["definitions"] == first["definitions"]
    assert engine.ask(DefinitionList(ANN, key="simple")).total == 1


def test_two_uploads_lose_nothing_of_each_other(engine: Engine) -> None:
    deploy(engine, simple())
    mine = engine.run(Deploy({"a.bpmn": simple("mine")}, OWNER))
    yours = engine.run(Deploy({"a.bpmn": simple("yours")}, OWNER2))
    engine.run(ActivateDeployment(mine["id"], OWNER2))
    engine.run(ActivateDeployment(yours["id"], OWNER))
    assert [d.key for d in engine.ask(DefinitionList(ANN, active=True)).items] == ["mine", "simple", "yours"]


def test_an_older_release_comes_back_as_it_was(engine: Engine) -> None:
    first = deploy(engine, simple())
    deploy(engine, two_steps())
    engine.run(ActivateDeployment(first["id"], OWNER))
    assert [(d.key, d.version) for d in engine.ask(DefinitionList(ANN, active=True)).items] == [("simple", 1)]
    assert [d.state for d in engine.ask(DeploymentList(OWNER)).items].count("active") == 1


def test_only_versions_of_the_active_release_start(engine: Engine) -> None:
    old = deploy(engine, simple())["definitions"][0]["id"]
    new = deploy(engine, two_steps())["definitions"][0]["id"]
    assert engine.run(StartInstance(OWNER, definition_id=new))["definition_id"] == new
    with pytest.raises(Refused) as refused:
        engine.run(StartInstance(OWNER, definition_id=old))
    assert refused.value.code == "NOT_ACTIVE"


def test_a_drawing_is_kept_and_not_run(engine: Engine) -> None:
    drawing = simple("plan").replace(b'isExecutable="true"', b'isExecutable="false"')
    made = deploy(engine, drawing)
    assert [d["kind"] for d in made["definitions"]] == ["drawing"]
    assert [warning["code"] for warning in made["warnings"]] == ["DRAWING"]
    with pytest.raises(Refused) as refused:
        start(engine, "plan")
    assert refused.value.code == "NOT_EXECUTABLE"
    assert engine.ask(DefinitionXml(EVE, made["definitions"][0]["id"])).content == drawing


def test_a_decision_is_evaluated_with_our_functions(engine: Engine) -> None:
    deploy(engine, table_dot_dmn=TABLE)
    assert engine.run(EvaluateDecision("size", ANN, {"n": 9})) == {
        "result": {"size": "small"},
        "matched_rules": ["small"],
    }
    assert engine.run(EvaluateDecision("size", ANN, {"n": 10}))["result"] == {"size": "large"}
    with pytest.raises(Refused):
        engine.run(EvaluateDecision("size", ANN, {"n": "ten"}))
    with pytest.raises(NotFound):
        engine.run(EvaluateDecision("missing", ANN))


def test_statistics_say_where_instances_stand(engine: Engine) -> None:
    made = deploy(engine, two_steps())["definitions"][0]["id"]
    for _ in range(3):
        one = start(engine, "simple")
    complete(engine, one, "check")
    seen = engine.ask(DefinitionStatistics(OWNER, made))
    assert (seen.running, seen.completed) == (3, 0)
    assert [(e.element_id, e.instances, e.completed, e.median_seconds) for e in seen.elements] == [
        ("check", 2, 1, 0.0),
        ("sign", 1, 0, None),
    ]
