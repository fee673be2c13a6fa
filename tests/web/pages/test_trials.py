"""Scenario tests and trials on the pages: run with and without scripts, tried by hand, kept as a scenario."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from engine.engine import Engine
from engine.identity.tables import account
from engine.queries.instance_list import InstanceList
from engine.registry import Actor, Membership
from engine.scenarios.kit import Scenes
from engine.scenarios.scene import Scene
from engine.studio.changes import OpenChange
from engine.studio.versions import BringFiles
from tests.unit.scenarios.desk import SINCE

HERE = Path(__file__).parent
TESTS = """process: checked

scenarios:
  - name: 核发
    at: 2026-06-01T09:00
    start: {by: owner, variables: {unit_code: u01}}
    expect: {open: [%s]}
"""


def furnish(engine: Engine) -> None:
    now = engine.now()
    with engine.store.transaction() as connection:
        for name in ("owner", "clerk", "c-001"):
            connection.execute(
                account.insert().values(id=name, username=name, name=name, created_at=now, password_at=now)
            )


def hand(scene: Scene, unit: str, **more: str) -> dict[str, str]:
    return {"unit_code": unit, **more}


PEOPLE = {
    "owner": Actor("owner", "owner", "负责人", frozenset({Membership("process_owner")})),
    "clerk": Actor("clerk", "clerk", "人事甲", frozenset({Membership("unit_hr", "unit:u01")})),
    "c-001": Actor("c-001", "c-001", "卓玛", frozenset({Membership("candidate")})),
}


@pytest.fixture(autouse=True)
def kit(engine: Engine) -> None:
    engine.registry.scenes = Scenes(PEOPLE, furnish, {"hand": hand}, SINCE)


@pytest.fixture
def change(engine: Engine, who) -> str:
    opened: str = engine.run(OpenChange(who("owner"), "改一改"))["id"]
    return opened


def bring(engine: Engine, who, change: str, text: str) -> None:
    engine.run(BringFiles(change, {"checked.test.yaml": text.encode()}, who("owner")))


def test_what_ran_is_shown_with_its_way_and_what_nobody_walks(engine, browse, who, change) -> None:
    page = f"/studio/changes/{change}/tests/checked"
    browser = browse("owner")
    assert "还没有场景测试" in browser.open(page)
    shown = browser.send(f"{page}/new")
    assert "已建好第一个场景" in shown
    text = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", shown, re.DOTALL)
    assert text is not None
    assert "process: checked" in text[1]
    bring(engine, who, change, TESTS % "nowhere")
    browser.open(page)
    shown = browser.send(f"{page}/run", {"content": (TESTS % "nowhere").replace("\n", "\r\n")})
    assert "第 7 行" in shown
    assert "“open”应为 [nowhere]" in shown
    assert "没有场景走过的连线" in shown
    state = json.loads(re.search(r'data-state="([^"]*)" role', shown)[1].replace("&#34;", '"'))  # type: ignore[index]
    assert state["unwalked"]
    assert state["visited"]
    refused = browser.send(f"{page}/run", {"content": TESTS % "x]" + "  - ]"})
    assert browser.status == 422
    assert "checked.test.yaml" in refused
    assert "有效的 YAML" in refused


def test_a_script_hears_of_each_scenario_as_it_ends(engine, browse, who, change) -> None:
    bring(engine, who, change, TESTS % "confirm")
    browser = browse("owner")
    page = f"/studio/changes/{change}/tests/checked"
    browser.open(page)
    token = browser.hidden("csrf_token")
    content = TESTS % "nowhere"
    answer = browser.client.post(
        f"{page}/run",
        data={"csrf_token": token, "content": content, "scenario": ""},
        headers={"Accept": "application/x-ndjson"},
    )
    begin, outcome, end = (json.loads(line) for line in answer.text.splitlines())
    assert [each["name"] for each in begin["scenarios"]] == ["核发"]
    assert all(flow["label"] for flow in begin["flows"])
    assert (outcome["passed"], outcome["at"], end) == (False, 7, {"kind": "end"})
    assert outcome["standing"]
    assert set(outcome["flows"]) < {flow["id"] for flow in begin["flows"]}
    broken = browser.client.post(
        f"{page}/run", data={"csrf_token": token, "content": "["}, headers={"Accept": "application/x-ndjson"}
    )
    assert json.loads(broken.text)["problems"][0]["code"] == "TEST_UNREADABLE"


def test_every_role_in_one_hand_and_nothing_real(engine, browse, who, change) -> None:
    browser = browse("owner")
    begin = f"/studio/changes/{change}/try"
    assert "申请审核" in browser.open(begin)
    browser.open(f"{begin}?process=review")
    browser.send(begin, {"process": "review", "at": "2026-06-01"})
    trial = browser.path
    assert trial.startswith("/studio/tries/")
    assert "hand" in browser.page
    shown = browser.open(f"{trial}?act=hand")
    assert "unit:" in shown
    browser.send(trial, {"do": "act", "name": "hand", "given": ""})
    assert (browser.status, "还要写明“unit”" in browser.page) == (422, True)
    browser.send(trial, {"do": "act", "name": "hand", "given": "unit: u01\r\napplicant: c-001"})
    assert "已办：hand" in browser.page
    browser.send(trial, {"do": "start", "by": "c-001", "variables": "=hand"})
    task = re.search(rf'href="({trial}/tasks/[0-9a-f-]+/c-001)"', browser.page)
    assert task is not None
    assert "填写申请表" in browser.page
    shown = browser.open(task[1])
    assert "写明申请事由" in shown
    shown = browser.send(task[1], {"_action": "submit", "reason": ""})
    assert browser.status == 422
    assert "请填写“申请事由”" in shown
    shown = browser.send(task[1], {"_action": "submit", "reason": "申请晋升副研究馆员"})
    assert "审核材料" in shown
    assert "卓玛已办结" in shown
    for wrong, words in (
        ({"do": "days", "days": "0"}, "之间的天数"),
        ({"do": "date", "date": "2026-05-01"}, "往前"),
        ({"do": "date", "date": "soon"}, "选一个日期"),
        ({"do": "message", "waiting": "x"}, "不等这个消息"),
        ({"do": "typed", "typed": "- clock: 2026-06-02T09:00\n- dance: {}"}, "不认识“dance”"),
        ({"do": "dance"}, "请选择"),
    ):
        assert words in browser.send(trial, wrong), wrong
        assert browser.status == 422
    assert "2026年6月2日" in browser.send(trial, {"do": "days", "days": "1"})
    assert "逾期未审核" in browser.send(trial, {"do": "due"})
    assert engine.ask(InstanceList(who("admin"))).items == []  # nothing of it is real
    browser.send(f"{trial}/scenario", {"name": ""})
    assert (browser.status, "起一个名字" in browser.page) == (422, True)
    kept = browser.send(f"{trial}/scenario", {"name": "逾期未审核"})
    assert "已存为场景“逾期未审核”" in kept
    browser.send(f"{browser.path}/run", {})
    assert 'data-passed="true"' in browser.page
    assert "有了变化" in browser.open(trial)
    other = browse("owner2")
    other.open(trial)
    assert other.status == 404
    browser.send(f"{trial}/end")
    browser.open(trial)
    assert (browser.status, "已经结束" in browser.page) == (404, True)


def test_without_a_kit_it_says_so(engine, browse, who, change) -> None:
    engine.registry.scenes = None
    browser = browse("owner")
    assert "没有配备" in browser.open(f"/studio/changes/{change}/try?process=review")
    assert "没有配备" in browser.open(f"/studio/changes/{change}/tests/checked")
    browser.send(f"/studio/changes/{change}/try", {"process": "review"})
    assert browser.status == 422
