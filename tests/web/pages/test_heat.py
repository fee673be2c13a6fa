"""The page of a process tells those who watch where cases stand; every figure opens the cases it counts."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest

from engine.commands.complete_task import CompleteTask
from engine.commands.start_instance import StartInstance
from engine.queries.definitions import DefinitionList
from web.pages.heat import took


@pytest.fixture
def at_check(engine, who, task_of):
    def make(business_key: str) -> str:
        variables: dict[str, Any] = {"unit_code": "u01", "applicant": "c-001"}
        made = engine.run(StartInstance(who("c-001"), key="review", variables=variables, business_key=business_key))
        done = {"reason": "申请晋升职称", "works": [], "proof": []}
        engine.run(CompleteTask(task_of(made["id"], "apply"), who("c-001"), done))
        return str(made["id"])

    return make


@pytest.fixture
def review(engine, who) -> str:
    return str(engine.ask(DefinitionList(who("admin"), kind="process", key="review", active=True)).items[0].id)


def state(page: str) -> dict[str, Any]:
    found = re.search(r'data-state="([^"]*)"', page)
    assert found
    told: dict[str, Any] = json.loads(html.unescape(found[1]))
    return told


def test_figures_stand_on_the_drawing_and_as_text_and_open_their_cases(browse, engine, at_check, review) -> None:
    at_check("2026-001 旧的")
    engine.work(until=engine.clock.now().replace(day=14))  # the first is late since Monday 13 July 24:00
    at_check("2026-002 新的")
    browser = browse("owner")
    page = browser.open(f"/processes/{review}")
    (mark,) = state(page)["heat"]
    assert (mark["element"], mark["cases"], mark["late"]) == ("check", 2, 1)
    table = page[page.index("各步骤有多少件") :]
    assert "审核材料" in table
    assert "2 件" in table
    assert "单位人事" in table
    here = browser.open(html.unescape(mark["href"]))
    assert "在“审核材料”的事项" in here
    assert "2026-001" in here
    assert "2026-002" in here
    late = browser.open(html.unescape(mark["late_href"]))
    assert "2026-001" in late
    assert "2026-002" not in late
    assert "共 1 件" in late
    assert "现在没有" in browser.open(f"/processes/{review}/cases?element=apply")
    assert "1 分钟" in table, "applying took no time in this test"


def test_others_see_the_diagram_without_figures(browse, at_check, review) -> None:
    at_check("2026-001")
    browser = browse("clerk")
    page = browser.open(f"/processes/{review}")
    assert browser.status == 200
    assert state(page) == {}
    assert "各步骤有多少件" not in page
    browser.open(f"/processes/{review}/cases")
    assert browser.status == 403


def test_the_page_costs_the_same_for_many_cases(browse, at_check, review, statements) -> None:
    browser = browse("owner")
    spent = []
    for round_ in range(2):
        for number in range(4):
            at_check(f"2026-{round_}{number}")
        browser.open(f"/processes/{review}")
        statements.clear()
        browser.open(f"/processes/{review}")
        browser.open(f"/processes/{review}/cases?only=late")
        spent.append(len(statements))
    assert spent[0] == spent[1] <= 36


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, ""), (5, "1 分钟"), (3_540, "59 分钟"), (7_200, "2 小时"), (129_600, "1.5 天"), (172_800, "2 天")],
)
def test_times_are_told_as_people_say_them(seconds: float | None, words: str) -> None:
    assert took(seconds) == words
