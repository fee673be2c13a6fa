"""My work: what is whose, what is first, and what it costs."""

from __future__ import annotations

from typing import Any

import pytest

from engine.commands.complete_task import CompleteTask
from engine.commands.start_instance import StartInstance
from engine.queries.instance_list import InstanceList


@pytest.fixture
def at_check(engine, who, task_of):
    """`at_check("2026-007")` starts an instance that stands at the unit's check; returns its id."""

    def make(business_key: str, unit: str = "u01") -> str:
        variables: dict[str, Any] = {"unit_code": unit, "applicant": "c-001"}
        made = engine.run(StartInstance(who("c-001"), key="review", variables=variables, business_key=business_key))
        done = {"reason": "申请晋升职称", "works": [], "proof": []}
        engine.run(CompleteTask(task_of(made["id"], "apply"), who("c-001"), done))
        return str(made["id"])

    return make


def test_an_empty_list_explains_itself(browse) -> None:
    page = browse("clerk").page
    assert "现在没有等您办的事" in page
    assert "联系管理员" in page


def test_a_unit_sees_its_own_tasks_and_no_others(browse, at_check) -> None:
    at_check("2026-001 卓玛·才让")
    assert "2026-001 卓玛·才让" in browse("clerk").page
    assert "2026-001" not in browse("other").page


def test_what_is_late_stands_first_with_its_working_days(browse, engine, at_check) -> None:
    at_check("2026-001 旧的")
    engine.work(until=engine.clock.now().replace(day=14))  # 14 July: the first is late since 13 July 24:00
    at_check("2026-002 新的")
    page = browse("clerk").page
    assert page.index("2026-001 旧的") < page.index("2026-002 新的")
    assert "超期 1 个工作日" in page
    assert "2026年7月13日（周一）24:00" in page
    assert "其中 1 件超期" in page
    late = browse("clerk").open("/work?show=overdue")
    assert "2026-001" in late
    assert "2026-002" not in late


def test_search_finds_part_of_a_name(browse, at_check) -> None:
    at_check("2026-001 卓玛·才让")
    at_check("2026-002 李梅")
    browser = browse("clerk")
    assert "2026-002" not in browser.open("/work?q=卓玛")
    assert "没有找到“张三”" in browser.open("/work?q=张三")


def test_claiming_and_putting_back_from_the_list(browse, at_check, task_of) -> None:
    task = task_of(at_check("2026-001"), "check")
    browser = browse("clerk")
    browser.send(f"/tasks/{task}/claim", {"next": "/work"})
    assert "已领取" in browser.page
    assert "2026-001" not in browse("clerk2").page
    assert "2026-001" in browser.open("/work?show=claimed")
    browser.send(f"/tasks/{task}/unclaim", {"next": "/work"})
    assert "2026-001" in browse("clerk2").page


def test_a_long_list_has_pages(browse, at_check) -> None:
    for number in range(27):
        at_check(f"2026-{number:03}")
    browser = browse("clerk")
    assert "第 1–25 项，共 27 项" in browser.page
    assert "第 26–27 项，共 27 项" in browser.open("/work?page=2")
    for strange in ("0", "-1", "x", "９", "99999999999"):
        browser.open(f"/work?page={strange}")
        assert browser.status == 200


def test_the_number_of_statements_does_not_grow_with_the_list(browse, at_check, statements) -> None:
    counts = []
    for size in (2, 12):
        for number in range(size):
            at_check(f"{size}-{number}")
        browser = browse("clerk")
        statements.clear()
        browser.open("/work")
        counts.append(len(statements))
    assert counts[0] == counts[1] < 40


def test_everybody_may_start_only_what_is_theirs(browse) -> None:
    assert "发起：申请审核" in browse("c-001").open("/work")
    assert "发起：申请审核" not in browse("clerk").page


def test_starting_leads_to_the_first_task_once(browse, engine, who) -> None:
    browser = browse("c-001")
    page = browser.open("/start/review")
    assert "填写申请表" in page
    key = browser.hidden("_key")
    browser.send("/start/review", {"_key": key})
    # The diagram takes its applicant from a variable that this button does not set: nobody's name, so the lane's.
    assert browser.status == 200
    browser.send("/start/review", {"_key": key})
    assert engine.ask(InstanceList(who("admin"))).total == 1


def test_nobody_starts_what_is_not_theirs(browse) -> None:
    browser = browse("clerk")
    browser.open("/start/review")
    assert browser.status == 404


def test_readers_see_all_tasks_and_act_on_none(browse, at_check, task_of) -> None:
    task = task_of(at_check("2026-001"), "check")
    browser = browse("admin")
    assert "2026-001" in browser.open("/work?show=all")
    page = browser.open(f"/tasks/{task}")
    assert "您可以查看，不能办理" in page
    assert 'value="submit"' not in page
