"""One task: the case beside the form, drafts, errors, conflicts, and what comes after."""

from __future__ import annotations

import io
from typing import Any

import pytest

from engine.commands.complete_task import CompleteTask
from engine.queries.task_view import TaskForm


@pytest.fixture
def applied(engine, who, started, task_of) -> str:
    """The instance, now at the unit's check."""
    done: dict[str, Any] = {"reason": "申请晋升副研究馆员", "works": [{"title": "修复规程"}], "proof": []}
    engine.run(CompleteTask(task_of(started, "apply"), who("c-001"), done))
    return started


def test_the_case_stands_beside_the_form(browse, applied, task_of) -> None:
    page = browse("clerk").open(f"/tasks/{task_of(applied, 'check')}")
    for told in (
        "对照原件逐项核对。",
        "还有 5 个工作日",
        "2026年7月13日（周一）24:00",
        "单位人事",
        "卓玛·才让于 2026年7月6日（周一）10:00 办结了“填写申请表”。",
        "材料齐全？需补正",
        "由申报人办理“填写申请表”",
        "到期没有办理（十个工作日未审核）：这个流程结束：逾期未审核。",
        "发起了这件事",
    ):
        assert told in page, told


def test_why_it_came_back_is_told_in_the_words_of_the_form(browse, engine, who, applied, task_of) -> None:
    engine.run(CompleteTask(task_of(applied, "check"), who("clerk"), {"verdict": "correct", "opinion": "缺证明"}))
    page = browse("c-001").open(f"/tasks/{task_of(applied, 'apply')}")
    assert "材料齐全？需补正" in page
    assert "单位人事于 2026年7月6日（周一）10:00 办结了“审核材料”。" in page
    assert "人事甲" not in page  # an applicant learns which office acted, never which person
    seen = browse("clerk").open(f"/instances/{applied}")
    assert "审核结论：需补正" in seen
    assert "人事甲" in seen


def test_errors_stand_beside_the_field_and_in_the_summary(browse, started, task_of) -> None:
    task = task_of(started, "apply")
    browser = browse("c-001")
    browser.open(f"/tasks/{task}")
    browser.send(f"/tasks/{task}", {"reason": "短", "works[0]": "", "works[0].title": "规程<b>", "_action": "submit"})
    assert browser.status == 422
    assert 'href="#f-reason"' in browser.page
    assert 'id="f-reason-error"' in browser.page
    assert "短</textarea>" in browser.page
    assert "规程&lt;b&gt;" in browser.page
    assert "规程<b>" not in browser.page


def test_submitting_confirms_and_names_what_comes_next(browse, started, task_of) -> None:
    task = task_of(started, "apply")
    browser = browse("c-001")
    browser.open(f"/tasks/{task}")
    key = browser.hidden("_key")
    sent = {"reason": "申请晋升副研究馆员", "_action": "submit", "_key": key, "_revision": browser.hidden("_revision")}
    browser.send(f"/tasks/{task}", sent)
    assert browser.path == f"/tasks/{task}/done"
    assert "已办结：填写申请表" in browser.page
    browser.send(f"/tasks/{task}", sent)  # the same form sent twice by an impatient finger
    assert browser.path == f"/tasks/{task}/done"


def test_a_clerk_is_led_to_the_next_task(browse, applied, task_of, engine, who) -> None:
    task = task_of(applied, "check")
    browser = browse("clerk")
    browser.open(f"/tasks/{task}")
    browser.send(f"/tasks/{task}", {"verdict": "accept", "_action": "submit"})
    assert "公示期满，到 2026年7月13日（周一）24:00。" in browser.page
    assert "您现在没有其他待办。" in browser.page


def test_a_draft_is_kept_for_its_writer_alone(browse, engine, who, applied, task_of) -> None:
    task = task_of(applied, "check")
    browser = browse("clerk")
    browser.open(f"/tasks/{task}")
    browser.send(f"/tasks/{task}", {"opinion": "还要再看", "_action": "save"})
    assert "草稿已保存" in browser.page
    assert "还要再看</textarea>" in browser.page
    assert "还要再看" not in browse("clerk2").open(f"/tasks/{task}")
    assert engine.ask(TaskForm(who("clerk"), task)).draft["opinion"] == "还要再看"


def test_rows_are_added_and_removed_without_a_script(browse, started, task_of) -> None:
    task = task_of(started, "apply")
    browser = browse("c-001")
    browser.open(f"/tasks/{task}")
    rows = {"reason": "理由", "works[0]": "", "works[0].title": "甲"}
    page = browser.send(f"/tasks/{task}", {**rows, "_add": "works"})
    assert 'name="works[1].title"' in page
    assert 'value="甲"' in page
    page = browser.send(f"/tasks/{task}", {**rows, "works[1]": "", "works[1].title": "乙", "_remove": "works.0"})
    assert 'value="乙"' in page
    assert 'value="甲"' not in page


def test_a_file_comes_with_the_form_and_stays_through_errors(browse, started, task_of) -> None:
    task = task_of(started, "apply")
    browser = browse("c-001")
    browser.open(f"/tasks/{task}")
    pdf = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
    browser.send(f"/tasks/{task}", {"reason": "短", "_action": "submit", "proof": (io.BytesIO(pdf), "证明.pdf")})
    assert browser.status == 422
    assert "证明.pdf" in browser.page
    browser.send(f"/tasks/{task}", {"reason": "短", "_action": "submit", "proof": (io.BytesIO(b"MZ\0\0"), "坏.exe")})
    assert browser.status == 422
    assert 'id="f-proof-error"' in browser.page
    assert "坏.exe：" in browser.page


def test_two_finish_one_task_and_the_second_keeps_what_was_typed(browse, applied, task_of) -> None:
    task = task_of(applied, "check")
    first, second = browse("clerk"), browse("clerk2")
    for browser in (first, second):
        browser.open(f"/tasks/{task}")
    first.send(f"/tasks/{task}", {"verdict": "accept", "_action": "submit"})
    second.send(f"/tasks/{task}", {"verdict": "refuse", "opinion": "我的长篇意见", "_action": "submit"})
    assert second.status == 409
    assert "您的提交没有生效" in second.page
    assert "人事甲" in second.page
    assert "我的长篇意见" in second.page
    assert "不符合条件" in second.page


def test_a_task_claimed_by_somebody_else_says_by_whom(browse, applied, task_of) -> None:
    task = task_of(applied, "check")
    browse("clerk").send(f"/tasks/{task}/claim")
    page = browse("clerk2").open(f"/tasks/{task}")
    assert "人事甲已于 2026年7月6日（周一）10:00 领取" in page
    assert 'value="submit"' not in page


def test_a_finished_task_says_who_and_when(browse, engine, who, applied, task_of) -> None:
    task = task_of(applied, "check")
    engine.run(CompleteTask(task, who("clerk"), {"verdict": "accept", "opinion": None}))
    assert "您已办结" in browse("clerk").open(f"/tasks/{task}")
    assert "人事甲于 2026年7月6日（周一）10:00 办结。" in browse("clerk2").open(f"/tasks/{task}")


@pytest.mark.parametrize("username", ["other", "c-002"])
def test_a_task_of_others_is_not_there(browse, applied, task_of, username: str) -> None:
    task = task_of(applied, "check")
    browser = browse(username)
    for path in (f"/tasks/{task}", f"/tasks/{task}/done"):
        browser.open(path)
        assert browser.status in (200, 404)
        assert "审核材料" not in browser.page
    browser.open("/work")
    browser.send(f"/tasks/{task}", {"verdict": "accept", "_action": "submit"}, token=None)
    assert browser.status in (403, 404)


def test_strangers_are_asked_to_log_in(browse, applied, task_of) -> None:
    browser = browse()
    browser.open(f"/tasks/{task_of(applied, 'check')}")
    assert browser.path == "/login"


def test_an_applicants_own_step_cannot_be_given_away(browse, started, task_of) -> None:
    page = browse("c-001").open(f"/tasks/{task_of(started, 'apply')}")
    assert "/unclaim" not in page
    assert "/claim" not in page
