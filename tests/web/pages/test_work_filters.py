"""My work, narrowed: the filter stands in the address, costs nothing more, and tells nothing it should not."""

from __future__ import annotations

import html
import re

import pytest

from engine.clock import FixedClock
from engine.commands.complete_task import CompleteTask
from engine.commands.start_instance import StartInstance
from tests.web.pages.conftest import HERE, NOW

DONE = {"reason": "申请晋升职称", "works": [], "proof": []}


@pytest.fixture
def review() -> bytes:
    """The diagram of this office, with a variable to filter by."""
    text = (HERE / "review.bpmn").read_text("utf-8")
    named = '<camunda:property name="filters" value="unit_code=单位代码"/>'
    return text.replace('<camunda:property name="scopes"', named + '<camunda:property name="scopes"', 1).encode()


@pytest.fixture
def cases(engine, who, task_of, review):
    """Four cases at the check: 0 and 2 of u01, 1 and 3 of u02."""
    from engine.commands.deploy import Deploy

    engine.run(Deploy({"review.bpmn": review}, None))
    for number in range(4):
        variables = {"unit_code": f"u0{1 + number % 2}", "applicant": "c-001"}
        made = engine.run(StartInstance(who("c-001"), key="review", variables=variables, business_key=f"2026-{number}"))
        engine.run(CompleteTask(task_of(made["id"], "apply"), who("c-001"), DONE))


def shown(page: str) -> list[str]:
    return sorted(re.findall(r'data-label="事项">(2026-\d)', page))


def test_the_list_is_narrowed_by_a_variable_and_the_address_keeps_it(browse, cases) -> None:
    browser = browse("admin")
    page = browser.open("/work?show=all")
    assert "更多筛选条件" in page
    assert ">单位代码</option>" in page
    assert shown(page) == ["2026-0", "2026-1", "2026-2", "2026-3"]
    page = browser.open("/work?show=all&by=unit_code&value=u02")
    assert shown(page) == ["2026-1", "2026-3"]
    assert 'value="unit_code" selected' in page
    assert 'name="value" value="u02"' in page
    assert '<details class="zp-more zp-filters-more" open>' in page


def test_by_group_and_by_date(browse, cases, engine) -> None:
    browser = browse("admin")
    assert len(shown(browser.open("/work?show=all&group=unit_hr"))) == 4
    assert shown(browser.open("/work?show=all&group=candidate")) == []
    assert "没有符合条件的任务" in browser.page
    assert len(shown(browser.open("/work?show=all&due=2026-07-13"))) == 4  # due on the 13th at 24:00
    assert shown(browser.open("/work?show=all&due=2026-07-12")) == []
    assert len(shown(browser.open("/work?show=all&due=nonsense"))) == 4


def test_nobody_finds_another_units_cases_by_a_filter(browse, cases) -> None:
    assert shown(browse("clerk").open("/work?by=unit_code&value=u01")) == ["2026-0", "2026-2"]
    assert shown(browse("clerk").open("/work?by=unit_code&value=u02")) == []
    assert shown(browse("clerk").open("/work?show=all&by=unit_code&value=u02")) == []


def test_the_api_filters_alike_and_names_what_it_knows(browse, cases) -> None:
    client = browse("admin").client

    def ask(query: str):
        return client.get(f"/api/v1/tasks?{query}")

    keys = sorted(item["businessKey"] for item in ask("processVariable=unit_code:u02").json["items"])
    assert keys == ["2026-1", "2026-3"]
    assert ask("processVariable=unit_code:u02&processVariable=unit_code:u01").json["total"] == 0
    for wrong in ("applicant:c-001", "unit_code", ":u01", "unit_code:"):
        assert ask(f"processVariable={wrong}").status_code == 422
    assert "unit_code" in html.unescape(ask("processVariable=applicant:x").text)


@pytest.mark.parametrize(
    ("username", "path"),
    [
        ("clerk", "/work"),
        ("clerk", "/work?by=unit_code&value=u01&due=2026-08-01&group=unit_hr"),
        ("owner", "/work?show=all"),
        ("owner", "/work?show=all&by=unit_code&value=u01"),
        ("admin", "/work?show=all&due=2026-08-01"),
        ("admin", "/work?show=all&page=9"),
    ],
)
def test_a_page_costs_five_statements_with_the_login(engine, browse, cases, statements, username, path) -> None:
    engine.clock = FixedClock(NOW)  # the demonstration's clock stands in a row, which is read once more each time
    browser = browse(username)
    browser.open(path)
    statements.clear()
    browser.open(path)
    assert browser.status == 200
    assert len(statements) <= 5, statements
