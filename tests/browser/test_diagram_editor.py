"""The diagram editor: what nobody changed is given back to the byte, what is changed comes back after saving, and it speaks Chinese."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from processes.office import SHIPPED
from tests.browser.conftest import NARROW, axe_violations
from tests.live import Live

pytestmark = pytest.mark.browser

DIAGRAMS = {file.name: file for folder in SHIPPED for file in sorted(folder.glob("*.bpmn"))}
READ = "document.querySelector('.zp-desk').editor.file.read()"
SHOW = "text => document.querySelector('.zp-desk').editor.file.show(text)"
# Selects one element of every kind that was not seen before, and answers all words that stand in the panel and over the drawing then.
WALK = """async () => {
  const { modeler } = document.querySelector('.zp-desk').editor;
  const registry = modeler.get('elementRegistry');
  const words = new Set();
  const seen = (window.seenKinds ??= new Set());
  const hear = (node) => {
    if (node.nodeType === Node.TEXT_NODE) words.add(node.data.trim());
    if (node.nodeType !== Node.ELEMENT_NODE || node.matches('svg, code, textarea, .bjs-powered-by, .zp-flag')) return;
    for (const name of ['title', 'aria-label', 'placeholder']) if (node.getAttribute(name)) words.add(node.getAttribute(name));
    node.childNodes.forEach(hear);
  };
  for (const shape of registry.getAll()) {
    const definition = shape.businessObject.eventDefinitions?.[0]?.$type;
    const kind = `${shape.type} ${definition} ${shape.businessObject.loopCharacteristics?.$type}`;
    if (shape.labelTarget || seen.has(kind)) continue;
    seen.add(kind);
    modeler.get('selection').select(shape);
    const menu = modeler.get('popupMenu');
    if (!shape.waypoints && !menu.isEmpty(shape, 'bpmn-replace')) menu.open(shape, 'bpmn-replace', { x: 9, y: 9 });
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    for (const place of document.querySelectorAll('.zp-draw, .djs-popup')) hear(place);
    menu.close();
  }
  return [[...words], [...seen]];
}"""
# Names that people wrote, parts of examples, abbreviations of formats.
NO_SENTENCE = re.compile(
    r"（[\w.]+）|[\w.]*_[\w.]*|\"[\w:]+\"|\bnow\b|[A-Z]\d+\b|\bP[T\d]\w*|nrOf\w+|Esc|Ctrl|[a-z_]+ = |\{.*\}"
)


@pytest.fixture(scope="module")
def change(browser: Browser, live: Live) -> str:
    """The address of a change that the process owner began; every test has a file of its own in it."""
    page = browser.new_context(base_url=live.url, locale="zh-CN").new_page()
    page.goto("/login")
    page.fill("[name=username]", "process_owner")
    page.fill("[name=password]", "demo-zhiping")
    page.click("button[type=submit]")
    page.goto("/studio")
    token = page.locator("[name=csrf_token]").first.get_attribute("value")
    made = page.request.post("/studio/changes", form={"csrf_token": token or "", "title": "改流程图"}, max_redirects=0)
    page.context.close()
    return made.headers["location"]


@pytest.fixture
def editor(visit: Callable[..., Page], change: str) -> Callable[..., tuple[Page, list[str]]]:
    """`editor("P13….bpmn")` opens it and waits until it can be used; with it comes what the console said."""

    def open_file(name: str, username: str = "process_owner", **more: Any) -> tuple[Page, list[str]]:
        page = visit(username, **more)
        said: list[str] = []
        page.on("console", lambda one: said.append(one.text) if one.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(f"{change}/files/{name}")
        page.wait_for_selector(".zp-desk[data-ready]")
        return page, said

    return open_file


def test_every_shipped_diagram_is_given_back_and_described_in_chinese(editor: Callable[..., Any]) -> None:
    page, said = editor("P12_review_meeting_vote.bpmn")
    foreign: set[str] = set()
    kinds: set[str] = set()
    for file in DIAGRAMS.values():
        text = file.read_text("utf-8")
        page.evaluate(SHOW, text)
        assert page.evaluate(READ) == text, file.name
        words, seen = page.evaluate(WALK)
        kinds.update(seen)
        # names that stand in the file are people's own
        foreign.update(
            word for word in words if word not in text and re.search("[A-Za-z]{2,}", NO_SENTENCE.sub("", word))
        )
    assert len(DIAGRAMS) >= 18
    assert len(kinds) >= 25
    assert sorted(foreign - {"SVG", "PNG", "FEEL"}) == []
    assert said == []


# The same few services of the editor, for what a mouse would do.
EDITOR = (
    "const { modeler } = document.querySelector('.zp-desk').editor; const registry = modeler.get('elementRegistry');"
)
WRONG_FORM = f"""() => {{ {EDITOR}
  modeler.get('modeling').updateProperties(registry.get('issue_certificate'), {{ 'camunda:formKey': 'no_such_form' }}); }}"""
COPY = f"""() => {{ {EDITOR}
  modeler.get('copyPaste').copy([registry.find((one) => one.type === 'bpmn:UserTask')]); }}"""
PASTE = f"""() => {{ {EDITOR}
  const pool = registry.find((one) => one.type === 'bpmn:Participant');
  const [made] = modeler.get('copyPaste').paste({{ element: pool, point: {{ x: pool.x + 150, y: pool.y + 80 }} }});
  return [made.businessObject.get('camunda:formKey'), made.businessObject.extensionElements.values[0].values.length]; }}"""


def test_what_is_changed_in_the_panel_comes_back_after_saving(editor: Callable[..., Any]) -> None:
    page, said = editor("P13_confirmation_certificate.bpmn#issue_certificate")
    before = page.evaluate(READ)
    expect(page.get_by_label("名称", exact=True)).to_have_value("核对信息并发证")
    page.get_by_label("名称", exact=True).fill("核对并发证")
    page.get_by_label("工作日数").fill("9")
    page.get_by_label("范围").first.press_sequentially('"region:" + regi')
    page.locator(".zp-feel-offer:visible li").first.click()
    page.get_by_label("办理提示").fill("先核对，再确认。")
    page.get_by_label("改了什么").fill("期限改为九天")
    page.get_by_label("办理提示").press_sequentially("再看一遍。")
    page.keyboard.press("Control+s")  # what was typed a moment ago is in it
    expect(page.locator("[data-desk=status]")).to_contain_text("已保存为第 1 版")
    page.reload()
    page.wait_for_selector(".zp-desk[data-ready]")
    expect(page.get_by_label("名称", exact=True)).to_have_value("核对并发证")
    after = page.evaluate(READ)
    assert 'camunda:dueDate="=workday_deadline(now(), 9)"' in after
    assert re.search(r'name="scope" value="=&quot;region:&quot; \+ \w+"', after)
    assert 'name="hint" value="先核对，再确认。再看一遍。"' in after
    assert after.count("<!--") == before.count("<!--")
    # what the drawing cannot mean is marked on it, and choosing it in the list shows it in the panel
    page.evaluate(WRONG_FORM)
    expect(page.locator(".zp-flag-error")).to_contain_text("错误 1")
    page.get_by_role("button", name="撤销").click()
    expect(page.locator(".zp-flag-error")).to_have_count(0)
    assert page.evaluate(READ) == after
    assert said == []


def test_copied_steps_are_pasted_in_another_tab_with_all_they_say(editor: Callable[..., Any], change: str) -> None:
    page, said = editor("P11_expert_draw.bpmn")
    page.evaluate(COPY)
    other = page.context.new_page()
    other.goto(f"{change}/files/P08_material_review.bpmn")
    other.wait_for_selector(".zp-desk[data-ready]")
    pasted = other.evaluate(PASTE)
    assert pasted[0]
    assert pasted[1] >= 1
    assert said == []


def test_axe_finds_nothing_on_a_telephone(editor: Callable[..., Any]) -> None:
    page, _ = editor("P13_confirmation_certificate.bpmn#issue_certificate", viewport=NARROW, bypass_csp=True)
    assert axe_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]


def test_who_may_only_look_sees_the_drawing_and_no_tools(editor: Callable[..., Any]) -> None:
    page, said = editor("P13_confirmation_certificate.bpmn", "manager")
    expect(page.locator(".djs-element[data-element-id=issue_certificate]")).to_be_visible()
    expect(page.locator(".djs-palette")).to_have_count(0)
    expect(page.get_by_role("button", name="撤销")).to_have_count(0)
    expect(page.get_by_role("button", name="SVG")).to_be_visible()
    assert said == []
