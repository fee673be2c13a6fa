"""A case as a whole, as a picture and as text."""

from __future__ import annotations

from typing import Any

import pytest

from engine.commands.complete_task import CompleteTask


@pytest.fixture
def waiting(engine, who, started, task_of) -> str:
    """The instance waits for the end of its window."""
    done: dict[str, Any] = {"reason": "申请晋升副研究馆员", "works": [], "proof": []}
    engine.run(CompleteTask(task_of(started, "apply"), who("c-001"), done))
    engine.run(CompleteTask(task_of(started, "check"), who("clerk"), {"verdict": "accept", "opinion": None}))
    return started


def test_where_it_stands_is_told_in_words(browse, waiting) -> None:
    page = browse("clerk").open(f"/instances/{waiting}")
    for told in (
        "办理中",
        "公示期满",
        "还有 5 个工作日",
        "2026年7月13日（周一）24:00",
        "系统办理：登记结果",
        "审核结论：受理",
    ):
        assert told in page, told
    assert 'data-island="viewer"' in page
    assert "文字版：申请审核的各个步骤" in page


def test_the_called_process_has_a_picture_of_its_own(browse, engine, waiting) -> None:
    engine.work(until=engine.clock.now().replace(day=14))
    browser = browse("clerk")
    page = browser.open(f"/instances/{waiting}")
    assert "核发证明" in page  # what goes on now is shown first
    assert "流程图：本流程和它调用的流程" in page
    assert "等待单位人事办理。" in page


def test_variables_are_for_process_owners(browse, waiting) -> None:
    assert "unit_code" in browse("owner").open(f"/instances/{waiting}")
    assert "unit_code" not in browse("clerk").open(f"/instances/{waiting}")


@pytest.mark.parametrize("username", ["other", "c-002"])
def test_a_case_of_others_is_not_there(browse, waiting, username: str) -> None:
    browser = browse(username)
    browser.open(f"/instances/{waiting}")
    assert browser.status == 404
    assert "登记结果" not in browser.page


def test_applicants_are_led_to_their_own_page(browse, waiting) -> None:
    browser = browse("c-001")
    browser.open(f"/instances/{waiting}")
    assert browser.path == "/me"
    assert "人事甲" not in browser.page


def test_a_finished_case_says_so(browse, engine, who, waiting, task_of) -> None:
    engine.work(until=engine.clock.now().replace(day=14))
    engine.run(CompleteTask(task_of(waiting, "issue"), who("clerk"), {}))
    page = browse("clerk").open(f"/instances/{waiting}")
    assert "已办完" in page
    assert "这件事已经走完" in page
    assert "结束：已核发" in page


def test_the_number_of_statements_does_not_grow_with_the_history(
    browse, engine, who, started, task_of, statements
) -> None:
    browser = browse("clerk")
    counts = []
    for rounds in (1, 6):
        for _ in range(rounds):
            done: dict[str, Any] = {"reason": "申请晋升副研究馆员", "works": [], "proof": []}
            engine.run(CompleteTask(task_of(started, "apply"), who("c-001"), done))
            engine.run(CompleteTask(task_of(started, "check"), who("clerk"), {"verdict": "correct", "opinion": None}))
        browser.open(f"/instances/{started}")  # the words of the forms are read once per process
        statements.clear()
        browser.open(f"/instances/{started}")
        counts.append(len(statements))
    assert counts[0] == counts[1] < 60
