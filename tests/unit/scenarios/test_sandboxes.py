"""Trying a change out by hand: what is done in a sandbox stays there, is kept between requests, and can be played again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.commands import contents
from engine.config import Settings
from engine.engine import Engine
from engine.errors import DeploymentRefused, NotFound, Refused
from engine.scenarios import sandbox
from engine.scenarios.beginning import first_test
from engine.scenarios.play import Outcome
from engine.scenarios.writing import appended, file_text
from engine.studio import sandboxes as module
from engine.studio.sandboxes import Sandboxes, sandboxes
from tests.unit.bpmn.diagrams import message, node, process, properties, script, timer, user, xml
from tests.unit.scenarios.desk import PEOPLE, SINCE, person, played, registry

OWNER, EVE = PEOPLE["owner"], PEOPLE["eve"]
CLERK = {"camunda_candidateGroups": "clerks"}
BODY = (
    user("ask", **CLERK)
    + node("exclusiveGateway", "g", default="g_t")
    + node("intermediateCatchEvent", "t", timer("timeDuration", "P2D"))
    + node("intermediateCatchEvent", "m", properties(correlation="={n: 7}") + message("m1"))
    + user("tell", **CLERK)
    + node("endEvent", "refused")
)
DIAGRAM = xml(
    process("p", BODY, "s -> ask -> g; g -> refused [answer = false]; g -> t -> m -> tell -> e"), messages="m1"
)
NOBODYS = xml(process("p", user("ask", camunda_candidateGroups="nobody"), "s -> ask -> e"))


def whole(*diagrams: bytes) -> list[contents.Content]:
    return contents.read({f"d{n}.bpmn": raw for n, raw in enumerate(diagrams)})[0]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """The office's own, on a database that nobody may open: it would be a file then."""
    made = Engine(Settings(f"sqlite:///{tmp_path / 'real.db'}", tmp_path, "test-" * 10), registry())
    yield made
    made.stop()
    assert not (tmp_path / "real.db").exists()


@pytest.fixture
def store(engine: Engine) -> Sandboxes:
    return sandboxes(engine)


def begin(store: Sandboxes, *diagrams: bytes, **given: Any) -> str:
    return store.make(OWNER, "change", "p", whole(*(diagrams or (DIAGRAM,))), **given)


def test_a_trial_is_kept_between_requests_and_becomes_a_scenario_that_passes(store: Sandboxes) -> None:
    trial_id = begin(store)
    with store.opened(OWNER, trial_id) as trial:
        assert trial.scene.now == SINCE
        trial.perform("act", "note", {"key": "a", "value": "甲"})
        trial.perform("start", "start", {"by": "owner", "variables": {"answer": True}})
    with store.opened(OWNER, trial_id) as trial:
        (found,) = trial.open_tasks()
        assert (found.task.element_id, found.people) == ("ask", ("ann",))
        assert trial.scene.names["note"]["value"] == "甲"
        trial.complete(PEOPLE["ann"], found.task.id, {"answer": True, "text": "=不是公式"})
    with store.opened(OWNER, trial_id) as trial:
        assert trial.open_tasks() == []
        coming = trial.next_due()
        assert coming == SINCE + timedelta(days=2)
        assert trial.move_clock(coming) == 1
    with store.opened(OWNER, trial_id) as trial:
        assert trial.scene.now == coming
        (waiting,) = trial.awaited()
        assert (waiting["message"], waiting["correlation"]) == ("m1", {"n": 7})
        trial.send("m1", waiting["correlation"], {"x": 1})
        assert [each.task.element_id for each in trial.open_tasks()] == ["tell"]
        scenario = trial.scenario("试办得来")
    assert scenario["expect"] == {"open": ["tell"], "waits": [], "path": ["ask", "t", "m"]}
    assert scenario["steps"][0]["task"]["variables"] == {"answer": True, "text": '="=不是公式"'}
    outcome = replayed(file_text("p", [scenario]))
    assert outcome.passed, outcome.text


def replayed(text: str) -> Outcome:
    return played(text.encode(), DIAGRAM)


def test_it_follows_a_scenario_step_by_step(store: Sandboxes) -> None:
    steps: list[dict[str, Any]] = [
        {"start": {"by": "owner"}},
        {"task": {"element": "ask", "by": "eve", "refused": "NO_SUCH_TASK"}},
        {"expect": {"open": ["tell"]}},
        {"task": {"element": "ask", "by": "ann", "variables": {"answer": False}}},
    ]
    trial_id = begin(store, rest=steps, scenario="一件事", at=datetime.fromisoformat("2026-06-01T09:00:00+08:00"))
    with store.opened(OWNER, trial_id) as trial:
        trial.follow()
        trial.follow()
        with pytest.raises(Refused, match="“open”应为"):
            trial.follow()
        assert len(trial.told.rest) == 2  # what was not done is still to be done
        del trial.told.rest[0]
        trial.follow()
        with pytest.raises(Refused) as over:
            trial.follow()
        assert over.value.code == "SCENARIO_DONE"
        assert trial.scenario("x")["expect"]["ended"] == "refused"
        assert trial.told.at == "2026-06-01T09:00:00"


def test_what_cannot_be_done_is_told_and_not_written_down(store: Sandboxes) -> None:
    trial_id = begin(store)
    with store.opened(OWNER, trial_id) as trial:
        with pytest.raises(Refused, match="还没有发起") as nothing:
            trial.scenario("x")
        assert nothing.value.code == "NOTHING_DONE"
        for kind, name, given, words in (
            ("act", "shout", {}, "不行"),
            ("act", "break_down", {}, "RuntimeError"),
            ("clock", "clock", "soon", "不是日期"),
            ("start", "start", {"by": "nobody"}, "没有“nobody”这个人"),
            ("task", "task", {"element": "ask", "by": "eve"}, "Eve没有待办"),
        ):
            with pytest.raises(Refused, match=words):
                trial.perform(kind, name, given)
        with pytest.raises(Refused, match="往前"):
            trial.move_clock(SINCE)
        assert (trial.told.given, trial.told.start, trial.told.steps) == ([], None, [])


def test_a_step_that_never_ends_is_stopped(store: Sandboxes, monkeypatch: pytest.MonkeyPatch) -> None:
    busy = " + ".join(f"sum(for i in 1..9000 return i * {n})" for n in range(40))
    trial_id = begin(store, xml(process("p", script("w", busy, "x"), "s -> w -> e")))
    with store.opened(OWNER, trial_id) as trial:
        monkeypatch.setattr(sandbox, "SECONDS", -1.0)
        with pytest.raises(Refused) as stopped:
            trial.perform("start", "start", {"by": "owner"})
        assert stopped.value.code == "TRIAL_OUT_OF_TIME"


def test_nobody_in_the_kit_may_do_it(store: Sandboxes) -> None:
    with store.opened(OWNER, begin(store, NOBODYS)) as trial:
        trial.perform("start", "start", {"by": "owner"})
        assert [each.people for each in trial.open_tasks()] == [()]


def test_a_trial_is_its_owners_alone_one_at_a_time_and_swept(
    store: Sandboxes, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = begin(store)
    for actor, trial_id in ((EVE, first), (OWNER, "../../etc"), (OWNER, "0" * 8)):
        with pytest.raises(NotFound) as none, store.opened(actor, trial_id):
            raise AssertionError
        assert none.value.code == "TRIAL_OVER"
    second = begin(store)
    assert [told.id for told in (store.mine(OWNER),) if told] == [second]
    assert [each.name for each in (tmp_path / "sandboxes").iterdir()] == [second]
    other = person("owner2", "process_owner")
    third = store.make(other, "change", "p", whole(DIAGRAM))
    old = (engine.wall.now() - module.IDLE - timedelta(seconds=1)).timestamp()
    os.utime(tmp_path / "sandboxes" / second / module.TOLD, (old, old))
    store.sweep()
    assert [each.name for each in (tmp_path / "sandboxes").iterdir()] == [third]
    monkeypatch.setattr(module, "MOST", 1)
    with pytest.raises(Exception, match="太多"):
        begin(store)
    store.end(other, third)
    assert list((tmp_path / "sandboxes").iterdir()) == []


def test_what_cannot_run_is_not_tried(store: Sandboxes, engine: Engine, tmp_path: Path) -> None:
    broken = xml(process("p", user("ask", camunda_formKey="nowhere", **CLERK), "s -> ask -> e"))
    with pytest.raises(DeploymentRefused):
        begin(store, broken)
    with pytest.raises(NotFound):
        store.make(OWNER, "change", "q", whole(DIAGRAM))
    assert not (tmp_path / "sandboxes").exists()
    engine.registry.scenes = None
    with pytest.raises(Refused) as none:
        begin(Sandboxes(engine))
    assert none.value.code == "NO_KIT"


def test_a_first_test_is_found_by_playing_and_passes() -> None:
    raw = xml(process("p", user("ask", **CLERK) + user("tell", **CLERK), "s -> ask -> tell -> e"))
    text = first_test("p", whole(raw), registry())
    assert "element: ask" in text
    assert "open: [tell]" in text
    outcome = played(text.encode(), raw)
    assert outcome.passed, outcome.text
    stuck = xml(process("p", script("w", "1 + ", "x"), "s -> w -> e"))
    with pytest.raises(NotFound):
        first_test("q", whole(stuck), registry())


def test_a_scenario_is_put_behind_what_stands_there() -> None:
    before = "# 说明\nprocess: p\n\nscenarios:\n    - name: 甲\n      at: 2026-06-01T09:00\n      expect: {}  # 尾注"
    made = appended("p.test.yaml", before, "p", {"name": "乙", "at": "2026-06-01", "expect": {}}, registry().scenes)
    assert made.startswith(before + "\n\n    - name: 乙\n      at: 2026-06-01\n")
    assert appended("p.test.yaml", "", "p", {"name": "乙", "at": "2026-06-01", "expect": {}}, None).startswith(
        "process: p\n"
    )
    for wrong, words in (({"name": "甲"}, "两个场景"), ({"name": "丙", "start": {"by": "nobody"}}, "nobody")):
        with pytest.raises(Refused, match=words):
            appended("p.test.yaml", before, "p", {"at": "2026-06-01", "expect": {}, **wrong}, registry().scenes)
