"""The editors of decision tables and forms in a browser: files nobody changed stay as they are, one change is one line, the words are
Chinese, the strict CSP holds, and what is saved is there again."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from forms.component import TYPES
from tests.browser.conftest import axe_violations
from tests.live import ROOT

pytestmark = pytest.mark.browser

FORMS = sorted((ROOT / "forms").glob("*/*.form"))
TABLES = sorted((ROOT / "processes").glob("**/*.dmn"))

# Shows a file in the open editor, reads it, makes one change, reads, takes it back, reads.
THROUGH_FORM = """async (text) => {
  const { desk, canvas } = document.querySelector('[data-island]').editor;
  await desk.show(text);
  const read = [await desk.read()];
  const field = canvas.editor.get('formFieldRegistry').getAll().find((one) => one.type !== 'default' && one.label);
  if (!field) return read;
  canvas.editor.get('modeling').editFormField(field, ['label'], '换过的标签');
  read.push(await desk.read());
  canvas.undo();
  return [...read, await desk.read()];
}"""
THROUGH_TABLE = """async (text) => {
  const { desk, canvas } = document.querySelector('[data-island]').editor;
  await desk.show(text);
  const read = [await desk.read()];
  const viewer = canvas.modeler.getActiveViewer();
  const cell = viewer.get('elementRegistry').getAll().find(({ businessObject }) => businessObject?.$type === 'dmn:UnaryTests');
  viewer.get('modeling').editCell(cell.businessObject, '"换过的"');
  read.push(await desk.read());
  canvas.undo();
  return [...read, await desk.read()];
}"""
# Every text of the canvas and its panel, but what an owner wrote into the file.
SPOKEN = """(root) => {
  const found = new Set();
  const hear = (text) => { if (/[A-Za-z]{2,}/.test(text ?? '')) found.add(text.trim()); };
  for (const one of root.querySelectorAll('*')) {
    if (one.closest('.cm-editor, .bio-properties-panel-header-label')) continue;
    for (const name of ['title', 'placeholder', 'aria-label', 'alt']) hear(one.getAttribute(name));
    for (const child of one.childNodes) if (child.nodeType === 3) hear(child.data);
  }
  return [...found];
}"""
# What may stay in Latin letters within a Chinese sentence.
TERMS = re.compile(r"FEEL|bpmn\.io|BPMN\.io|name|tel|email|decision|reject|pdf|jpg|png|UNIQUE|FIRST|ANY|COLLECT")


@pytest.fixture
def opened(visit: Callable[..., Page]) -> Callable[..., Page]:
    """The editor of one file in a new change of the owner's; `page.violations` is what the CSP refused."""

    def open_editor(file: str, **how: bool) -> Page:
        page = visit("process_owner", **how)
        page.add_init_script(
            "window.refused = []; document.addEventListener('securitypolicyviolation', (event) => window.refused.push(event.blockedURI))"
        )
        page.goto("/studio")
        page.fill("[name=title]", f"试改 {file}")
        page.locator("form:has([name=title]) button[type=submit]").first.click()
        page.wait_for_url(re.compile("/studio/changes/[^/]+$"))
        page.goto(f"{page.url}/files/{file}")
        page.wait_for_selector("[data-island][data-ready]")
        return page

    return open_editor


def one_line(before: str, after: str) -> bool:
    changes = [
        line
        for line in difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
        if not line.startswith(("---", "+++", "@@"))
    ]
    return [line[0] for line in changes] == ["-", "+"]


def leftover(page: Page) -> list[str]:
    found: list[str] = page.evaluate(f"({SPOKEN})(document.querySelector('[data-canvas]'))")
    return [text for text in found if re.search("[A-Za-z]{2,}", TERMS.sub("", text))]


def test_every_shipped_form_comes_back_as_it_was_and_one_change_is_one_line(opened: Callable[..., Page]) -> None:
    page = opened("approve_late_start.form")
    for file in FORMS:
        before = file.read_text("utf-8")
        read, *changed = page.evaluate(THROUGH_FORM, before)
        assert read == before, file.name
        if changed:
            assert one_line(before, changed[0]), file.name
            assert changed[1] == before, file.name
    offered = page.evaluate("[...document.querySelectorAll('.fjs-palette-field')].map((one) => one.dataset.fieldType)")
    assert set(offered) == TYPES - {"button"}
    assert page.evaluate("window.refused") == []


def test_every_shipped_table_comes_back_as_it_was_and_one_change_is_one_line(opened: Callable[..., Page]) -> None:
    page = opened("D05_quota.dmn")
    for file in TABLES:
        before = file.read_text("utf-8")
        read, changed, back = page.evaluate(THROUGH_TABLE, before)
        assert read == before, file.name
        assert one_line(before, changed) or file.name == "D06_evaluation_modes.dmn", file.name
        assert back == before, file.name
    # a table of another version of the standard is shown as well, and is not touched either
    older = TABLES[0].read_text("utf-8").replace("20191111/MODEL", "20230324/MODEL")
    assert page.evaluate(THROUGH_TABLE, older)[0] == older
    assert page.evaluate("window.refused") == []


def test_a_form_is_changed_seen_as_staff_will_and_saved(opened: Callable[..., Page]) -> None:
    page = opened("approve_late_start.form")
    before = page.evaluate("document.querySelector('[data-island]').editor.desk.saved")
    preview = page.locator("[data-preview-form]")
    expect(preview.get_by_text("等待", exact=True)).to_be_visible()
    page.click(".fjs-form-container [data-id=late_reason_field]")
    for group in page.query_selector_all(".bio-properties-panel-group-header:not(.open)"):
        group.click()
    assert leftover(page) == []
    page.get_by_label("标签（办理人看到的名称）").fill("为什么这样定")
    expect(preview.get_by_label("为什么这样定")).to_have_count(1)
    page.get_by_label("更多说明").fill("写明哪个文件。")
    page.get_by_label("必填", exact=True).select_option("no")
    page.get_by_role("button", name="保存版本").click()
    expect(page.locator("[data-desk=status]")).to_contain_text("第 1 版")
    page.reload()
    page.wait_for_selector("[data-island][data-ready]")
    after = json.loads(page.evaluate("document.querySelector('[data-island]').editor.desk.read()"))
    expected = json.loads(before)
    changed = next(one for one in expected["components"] if one["id"] == "late_reason_field")
    changed |= {"label": "为什么这样定", "properties": {"help": "写明哪个文件。"}}
    del changed["validate"]["required"]
    assert after == expected
    assert page.evaluate("window.refused") == []


def test_a_table_is_changed_checked_and_saved(opened: Callable[..., Page]) -> None:
    page = opened("D05_quota.dmn")
    cell = page.locator("[data-element-id=rule_D05_1_3]")
    cell.click()
    page.keyboard.press("Control+a")
    page.keyboard.type(">= ")
    expect(page.locator("[data-desk=problems]")).to_contain_text("第")
    expect(cell).not_to_have_css("box-shadow", "none")
    cell.click()
    page.keyboard.press("Control+a")
    page.keyboard.type(">= 2")
    expect(cell).to_have_css("box-shadow", "none")
    cell.click(button="right")
    expect(page.get_by_text("在下面加一行")).to_be_visible()
    assert leftover_words(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("Control+s")
    expect(page.locator("[data-desk=status]")).to_contain_text("第 1 版")
    page.reload()
    page.wait_for_selector("[data-island][data-ready]")
    before = Path(next(file for file in TABLES if file.name == "D05_quota.dmn")).read_text("utf-8")
    after = page.evaluate("document.querySelector('[data-island]').editor.desk.read()")
    assert after == before.replace("&gt;= 1<", "&gt;= 2<")
    assert page.evaluate("window.refused") == []


def leftover_words(page: Page) -> list[str]:
    """What dmn-js wanted to say and found no Chinese for."""
    return list(page.evaluate("[...document.querySelector('[data-island]').editor.canvas.missing]"))


def test_both_pages_are_accessible(opened: Callable[..., Page]) -> None:
    for file in ("D05_quota.dmn", "approve_late_start.form"):
        page = opened(file, bypass_csp=True)
        # dmn-js' column of row numbers has a head without words, which it offers no way to fill
        found = [one for one in axe_violations(page) if not one.startswith("empty-table-header: ['.index-column']")]
        assert found == [], file
