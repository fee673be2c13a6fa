"""Scenario tests on the pages: what failed is told in words, and a second person is refused until it is mended."""

from __future__ import annotations

import io

import pytest

from engine.engine import Engine
from engine.registry import Actor, Membership
from engine.scenarios.kit import Scenes
from tests.unit.bpmn.diagrams import process, user, xml
from tests.unit.scenarios.desk import SINCE, scenario

HR = {"camunda_candidateGroups": "unit_hr"}
GOOD = xml(process("p", user("ask", **HR), "s -> ask -> e"))
BAD = xml(process("p", user("say", **HR), "s -> say -> e"))
TEST = scenario("- task: {element: ask, by: ann}")


@pytest.fixture(autouse=True)
def kit(engine: Engine) -> None:
    ann = Actor("ann", "ann", "安", frozenset({Membership("unit_hr")}))
    owner = Actor("owner", "owner", "主", frozenset({Membership("process_owner")}))
    engine.registry.scenes = Scenes({"ann": ann, "owner": owner}, lambda _engine: None, {}, SINCE)


def upload(browser, *files: tuple[str, bytes]) -> str:
    browser.open("/deployments/new")
    return browser.send("/deployments/new", {"files": [(io.BytesIO(raw), name) for name, raw in files]})


def test_what_failed_is_told_and_cannot_be_activated(browse) -> None:
    first, second = browse("owner"), browse("owner2")
    page = upload(first, ("p.bpmn", BAD), ("p.test.yaml", TEST))
    assert "1 个场景测试没有通过" in page
    for word in (
        "一件事",
        "安没有待办“ask”",
        "p.test.yaml",
        "第 7 行",
        "现在停在：say",
        "改好流程图或测试文件",
        "场景测试：p",
    ):
        assert word in page, word
    release = first.path
    second.open(release)
    page = second.send(f"{release}/activate", {"reason": "核对过"})
    assert second.status == 422
    assert "没有启用" in page
    assert "p.test.yaml 第 7 行：场景“一件事”没有通过" in page
    assert "启用中" not in page


def test_what_passes_says_so_and_is_activated(browse) -> None:
    first, second = browse("owner"), browse("owner2")
    page = upload(first, ("p.bpmn", GOOD), ("p.test.yaml", TEST))
    assert "检查通过" in page
    assert "没有通过" not in page
    second.open(first.path)
    assert "已启用" in second.send(f"{first.path}/activate", {"reason": "核对过"})


def test_a_test_that_is_written_wrong_is_refused_at_its_line(browse) -> None:
    browser = browse("owner")
    page = upload(browser, ("p.bpmn", GOOD), ("p.test.yaml", TEST.replace(b"ann", b"nobody")))
    assert browser.status == 422
    assert "没有“nobody”这个人" in page
    assert "第 7 行" in page
