"""Two owners at one file: the second is told at once, sees both versions side by side, and nobody loses a word."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NARROW, axe_violations

pytestmark = pytest.mark.browser
FILE = "P23_deadline_watch.bpmn"
END = "</bpmn:definitions>"
WAIT = 30_000  # what another person's editor tells comes every few seconds, on a busy machine later


def begin(page: Page) -> str:
    """A new change; the address of one of its files, as text."""
    page.goto("/studio")
    page.get_by_label("改动的名称").fill("公示期间的提醒")
    page.get_by_role("button", name="开始一个改动").click()
    page.wait_for_url("**/studio/changes/*")
    return f"{page.url}/files/{FILE}?source=1"


def opened(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator("[data-ready]")).to_be_visible(timeout=WAIT)


def write(page: Page, words: str, before: str = END) -> None:
    text = page.locator("textarea")
    text.fill(text.input_value().replace(before, f"<!-- {words} -->{before}"))


def news(page: Page, matter: str):  # type: ignore[no-untyped-def]
    return page.locator(f'[data-matter="{matter}"]')


def status(page: Page):  # type: ignore[no-untyped-def]
    return page.locator('[data-desk="status"]')


def test_two_owners_at_one_file_lose_nothing(visit: Callable[..., Page]) -> None:
    one, two = visit("process_owner", bypass_csp=True), visit("process_owner2")
    broken: list[str] = []
    two.on("console", lambda said: broken.append(said.text) if "Content Security Policy" in said.text else None)
    for page in (one, two):
        page.on("pageerror", lambda error: broken.append(str(error)))
    address = begin(one)
    opened(one, address)
    opened(two, address)
    expect(news(two, "others")).to_contain_text("演示 流程负责人甲也打开了这个文件", timeout=WAIT)  # the second at once
    expect(news(one, "others")).to_contain_text("演示 流程负责人乙", timeout=WAIT)

    write(two, "第二个人写的")
    expect(status(two)).to_contain_text("草稿已保存", timeout=WAIT)
    expect(news(one, "others")).to_contain_text("有未保存的修改", timeout=WAIT)
    write(one, "第一个人写的")
    two.keyboard.press("Control+s")
    expect(status(two)).to_have_text("已保存为第 1 版", timeout=WAIT)
    expect(news(one, "moved")).to_contain_text("保存了第 1 版", timeout=WAIT)
    one.get_by_role("button", name="保存版本").click()
    expect(status(one)).to_have_text("没有保存", timeout=WAIT)
    news(one, "moved").get_by_role("link", name="并排看两份").click()
    expect(one.locator("h1")).to_contain_text("两个人都改了", timeout=WAIT)
    expect(one.get_by_role("table").last).to_contain_text("第二个人写的", timeout=WAIT)
    expect(one.get_by_role("table").last).to_contain_text("第一个人写的", timeout=WAIT)
    assert axe_violations(one) == []
    one.get_by_role("button", name="接着改我的").click()
    one.goto(address)
    expect(one.locator("textarea")).to_have_value(re.compile("第一个人写的"), timeout=WAIT)
    write(one, "第二个人写的")
    expect(status(one)).to_contain_text("草稿已保存", timeout=WAIT)
    one.get_by_role("button", name="保存版本").click()
    expect(status(one)).to_have_text("已保存为第 2 版", timeout=WAIT)

    news(two, "moved").get_by_role("button", name="载入第 2 版").click()
    expect(two.locator("textarea")).to_have_value(re.compile("第一个人写的.*第二个人写的"), timeout=WAIT)
    assert broken == []


def test_a_lost_line_and_a_wrong_diagram_are_said_and_mended(visit: Callable[..., Page]) -> None:
    page = visit("process_owner", viewport=NARROW, bypass_csp=True)
    address = begin(page)
    assert axe_violations(page) == []
    opened(page, address)
    page.context.set_offline(True)
    write(page, "断网时写的")
    expect(news(page, "trouble")).to_contain_text("网络断了", timeout=WAIT)
    page.context.set_offline(False)
    expect(status(page)).to_contain_text("草稿已保存", timeout=WAIT)
    expect(news(page, "trouble")).to_have_count(0, timeout=WAIT)

    text = page.locator("textarea")
    right = text.input_value()
    target = re.search(r'targetRef="(\w+)"', right)
    assert target
    text.fill(right.replace(target[0], 'targetRef="nowhere"', 1))
    problem = page.locator(".zp-problem-error .zp-problem-pick").filter(has_text="nowhere").first
    expect(problem).to_be_visible(timeout=WAIT)
    problem.click()
    chosen = page.evaluate(
        "() => { const t = document.querySelector('textarea'); return t.value.slice(t.selectionStart, t.selectionEnd) }"
    )
    assert 'targetRef="nowhere"' in chosen
    assert axe_violations(page) == []
    text.fill(right)
    expect(page.locator(".zp-problem-error")).to_have_count(0, timeout=WAIT)
