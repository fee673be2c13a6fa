"""One demo and one browser for the whole run; every test gets pages of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.live import PASSWORD, ROOT, Live

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
WIDE = {"width": 1366, "height": 900}
NARROW = {"width": 390, "height": 844}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    assert chromium, "Chromium is needed for the browser tests: install the package 'chromium'"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    """A fresh demo for each module: what one test file does to it is nobody else's business."""
    server = Live()
    yield server
    server.stop()


@pytest.fixture
def visit(browser: Browser, live: Live) -> Iterator[Callable[..., Page]]:
    """`visit("c-001", width=NARROW, javascript=False)` gives a page on which that person is logged in (None: nobody)."""
    contexts = []

    def open_page(
        username: str | None, *, viewport: dict = WIDE, javascript: bool = True, bypass_csp: bool = False
    ) -> Page:
        context = browser.new_context(
            base_url=live.url,
            viewport=viewport,
            java_script_enabled=javascript,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            bypass_csp=bypass_csp,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        if username is not None:
            page.goto("/login")
            page.fill("[name=username]", username)
            page.fill("[name=password]", PASSWORD)
            page.click("button[type=submit]")
            page.wait_for_url(lambda url: "/login" not in url)
        return page

    yield open_page
    for context in contexts:
        context.close()


def axe_violations(page: Page) -> list[str]:
    """What axe finds on the open page (needs a page visited with `bypass_csp=True`): rule and first element."""
    page.evaluate(Path(AXE).read_text("utf-8"))
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [f"{v['id']}: {v['nodes'][0]['target']} {v['nodes'][0]['html'][:120]}" for v in found["violations"]]
