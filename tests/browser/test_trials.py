"""Scenario tests beside their diagram and a trial by hand, as an owner sees and does them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NARROW, axe_violations

pytestmark = pytest.mark.browser
KEY = "P23_deadline_watch"
TESTS = f"**/tests/{KEY}*"


def test_tests_run_beside_their_diagram_and_a_trial_becomes_one(visit: Callable[..., Page]) -> None:
    page = visit("process_owner", bypass_csp=True)
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.goto("/studio")
    page.get_by_label("改动的名称").fill("试试看")
    page.get_by_role("button", name="开始一个改动").click()
    page.wait_for_url("**/studio/changes/*")
    change = page.url

    # one scenario of the file is broken while it is written, run unsaved, and its line found
    page.goto(f"{change}/tests/{KEY}")
    expect(page.locator(".zp-desk[data-ready]")).to_be_visible()
    text = page.get_by_label(f"{KEY}.test.yaml 的内容")
    before = text.input_value()
    text.fill(before.replace("ended: ", "ended: not_", 1))
    status = page.locator("[data-trials-status]")
    page.get_by_role("button", name="运行全部").click()
    expect(status).to_contain_text("有 1 个没有通过", timeout=60_000)
    why = page.locator("[data-trials-why]:visible")
    expect(why).to_contain_text("应结束于“not_")
    why.get_by_role("button").click()
    chosen = "() => { const a = document.activeElement; return a.value.slice(a.selectionStart, a.selectionEnd); }"
    assert "expect" in page.evaluate(chosen)
    assert page.locator(".djs-connection.zp-mark-visited").count() > 3
    text.fill(before)
    page.get_by_role("button", name="运行全部").click()
    expect(status).to_contain_text("全部通过", timeout=60_000)
    expect(page.locator("[data-trials-count]")).to_contain_text("条连线")
    page.get_by_role("button", name="看走过的路").first.click()
    assert axe_violations(page) == []

    # the same process by hand
    page.goto(f"{change}/try?process={KEY}")
    assert axe_violations(page) == []
    page.get_by_role("button", name="开始试办").click()
    page.wait_for_url("**/studio/tries/*")
    expect(page.locator(".zp-diagram[data-ready]")).to_be_visible()
    assert axe_violations(page) == []
    page.get_by_role("button", name="一直办到底").click()
    expect(page.get_by_role("heading", name="场景的下一步")).to_have_count(0)
    page.set_viewport_size(NARROW)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth + 1")
    page.set_viewport_size({"width": 1366, "height": 900})
    page.get_by_label("这个场景试的是什么").fill("照着办到底")
    page.get_by_role("button", name="存为场景测试").click()
    page.wait_for_url(TESTS)
    expect(status).to_contain_text("全部通过：1 个场景", timeout=60_000)  # what was kept is played at once
    expect(page.locator("li[data-name='照着办到底']")).to_contain_text("通过")
    assert broken == []
