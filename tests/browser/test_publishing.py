"""A change brought in, compared, submitted, read, put in force by a second person: as two owners do it, axe finding nothing."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from engine.studio.bundle import unpack
from tests.browser.conftest import axe_violations
from tests.live import ROOT

pytestmark = pytest.mark.browser
FILE = "P10_committee_formation_filing.bpmn"  # nothing calls it: few tests concern it


def changed() -> bytes:
    """The diagram with its first service called otherwise, as an archive."""
    raw = next(ROOT.glob(f"processes/**/{FILE}")).read_bytes()
    step = re.search(rb'<bpmn:serviceTask id="\w+" name="([^"]+)"', raw)
    assert step is not None
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as made:
        made.writestr(FILE, raw.replace(step[1], "按新办法提醒".encode(), 1))
    return kept.getvalue()


def test_from_a_change_to_a_release(visit: Callable[..., Page], tmp_path: Path) -> None:
    one, two = visit("process_owner", bypass_csp=True), visit("process_owner2", bypass_csp=True)
    for page in (one, two):
        page.set_default_timeout(60_000)
    archive = tmp_path / "brought.zip"
    archive.write_bytes(changed())
    one.goto("/studio/import")
    one.set_input_files("#bundle", archive)
    one.fill("#title", "换一个名称")
    one.get_by_role("button", name="导入").click()
    one.wait_for_url(re.compile("/studio/changes/"))
    one.get_by_role("link", name="检查并提交启用").click()
    assert axe_violations(one) == []

    one.get_by_role("link", name=f"{FILE}：和启用中的版本比较").click()
    expect(one.locator(".zp-compare")).to_have_attribute("data-ready", "true")
    expect(one.locator(".djs-element.zp-diff-changed")).to_have_count(2)  # on both sides
    expect(one.locator(".zp-difference ins")).to_have_text("按新办法提醒")
    one.locator(".zp-difference").get_by_role("button", name="按新办法提醒").click()
    expect(one.locator(".djs-element.zp-diff-picked")).to_have_count(2)
    assert axe_violations(one) == []

    one.go_back()
    one.fill("#reason", "名称要说清楚")
    one.check("#read")
    one.get_by_role("button", name="检查、测试并提交").click()
    one.wait_for_url(re.compile("/deployments/"))
    assert axe_violations(one) == []
    release = one.url
    two.goto(release)
    expect(two.get_by_role("button", name="启用", exact=True)).to_be_disabled()
    two.get_by_role("link", name="去看影响").click()
    two.get_by_role("button", name="我看过了").click()
    two.wait_for_url(release)
    two.fill("#reason", "对照过")
    two.get_by_role("button", name="启用", exact=True).click()
    expect(two.locator(".zp-flash")).to_contain_text("已启用")

    with two.expect_download() as download:
        two.get_by_role("link", name="导出成一个文件").click()
    files = unpack(Path(download.value.path()).read_bytes())
    assert "按新办法提醒".encode() in files[FILE]

    two.get_by_role("link", name="回到上一个版本").click()
    assert axe_violations(two) == []
    expect(two.get_by_role("button", name="回到上一个版本")).to_be_enabled()  # what it does is tested without a browser
