"""Scenario tests over the API: warnings of an upload, 422 with every failing test when it is to be activated."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.engine import Engine
from engine.registry import Actor, Membership
from engine.scenarios.kit import Scenes
from tests.unit.scenarios.desk import SINCE
from tests.web.api.conftest import Caller
from tests.web.api.test_api import PROCESS, upload

TEST = """process: thing
scenarios:
  - name: {name}
    at: 2026-06-01T09:00
    start: {{by: hr}}
    steps:
      - task: {{element: {element}, by: hr}}
      - task: {{element: close, by: hr}}
    expect: {{ended: finish}}
"""


@pytest.fixture(autouse=True)
def kit(engine_: Engine) -> None:
    clerk = Actor("hr", "hr", "hr", frozenset({Membership("hr")}))
    engine_.registry.scenes = Scenes({"hr": clerk}, lambda _engine: None, {}, SINCE)


def test_a_failing_test_is_a_warning_and_then_a_refusal(caller: Callable[..., Caller]) -> None:
    owner, owner2 = caller("owner"), caller("owner2")
    files = {"thing__bpmn": PROCESS.format(key="thing"), "thing__test__yaml": TEST.format(name="A", element="nowhere")}
    made = upload(owner, **files)
    assert made.status_code == 201, made.text
    [warning] = [each for each in made.json["warnings"] if each["code"] == "TEST_FAILED"]
    assert {key: warning[key] for key in ("file", "line", "element", "code")} == {
        "file": "thing.test.yaml",
        "line": 7,
        "element": "nowhere",
        "code": "TEST_FAILED",
    }
    shown = owner2.get(f"deployments/{made.json['id']}").json
    assert [each["key"] for each in shown["definitions"] if each["kind"] == "test"] == ["thing"]
    assert shown["warnings"] == made.json["warnings"]
    refused = owner2.post(f"deployments/{made.json['id']}/activate")
    assert refused.status_code == 422
    [problem] = refused.json["problems"]
    assert (problem["file"], problem["line"], problem["code"]) == ("thing.test.yaml", 7, "TEST_FAILED")
    assert owner2.get(f"deployments/{made.json['id']}").json["state"] == "candidate"
    better = upload(owner, **{**files, "thing__test__yaml": TEST.format(name="A", element="check")})
    assert "TEST_FAILED" not in {each["code"] for each in better.json["warnings"]}
    assert owner2.post(f"deployments/{better.json['id']}/activate").json["state"] == "active"
