"""Every kind of page can be read, reached and used by everybody: axe, two widths, the keyboard, no JavaScript, a lost login."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NARROW, WIDE, axe_violations
from tests.browser.people import Office, Person
from tests.live import PASSWORD, ROOT, Live

pytestmark = pytest.mark.browser
FORM = "填写申报表"
DIAGRAM = ROOT / "processes" / "certificate" / "P13_confirmation_certificate.bpmn"


@pytest.fixture
def visit(visit: Callable[..., Page]) -> Iterator[Callable[..., Page]]:
    """As elsewhere, and the console stays silent: a violation of the content security policy would speak there."""
    said: list[str] = []

    def open_page(username: str | None, **more: object) -> Page:
        page = visit(username, **more)
        page.on("console", lambda message: said.append(message.text) if _worrying(message.type, message.text) else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        return page

    yield open_page
    assert said == []


def _worrying(kind: str, text: str) -> bool:
    # A page that answers 4xx, as it should, is no fault of the page.
    return kind in ("error", "warning") and "status of 4" not in text


@pytest.fixture(scope="module")
def application(browser, live: Live) -> str:
    """The address of c-001's open application form."""
    page = browser.new_context(base_url=live.url, locale="zh-CN").new_page()
    log_in(page, "c-001")
    page.goto("/me")
    page.get_by_role("link", name="开始申报职称").click()
    page.get_by_role("button", name="发起", exact=True).click()
    expect(page.locator("h1")).to_have_text(FORM)
    address = page.url
    page.context.close()
    return address


def log_in(page: Page, username: str) -> None:
    page.goto("/login")
    page.fill("[name=username]", username)
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(lambda url: "/login" not in url)


def check(page: Page, where: str) -> None:
    page.wait_for_load_state("networkidle")
    width = page.viewport_size["width"]  # type: ignore[index]
    assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{where} is wider than {width}"
    assert axe_violations(page) == [], where


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["1366", "390"])
@pytest.mark.parametrize(
    ("username", "paths"),
    [
        (None, ["/", "/login", "/certificates", "/nowhere", "/work"]),
        ("c-001", ["/me", "/work", "/start/P04_candidate_title_review", "/password", "/accounts"]),
        ("admin", ["/work?show=all", "/accounts", "/accounts/new", "/accounts/hr-u01", "/operation", "/processes"]),
        (
            "process_owner",
            ["/processes", "/deployments", "/deployments/new", "/operation", "/operation/cancellations", "/clauses"],
        ),
    ],
    ids=["public", "candidate", "admin", "owner"],
)
def test_pages_have_no_barrier(
    visit: Callable[..., Page], application: str, viewport: dict, username: str | None, paths: list[str]
) -> None:
    page = visit(username, viewport=viewport, bypass_csp=True)
    for path in paths:
        page.goto(path)
        check(page, f"{path} for {username}")


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["1366", "390"])
def test_a_case_has_no_barrier(visit: Callable[..., Page], application: str, viewport: dict) -> None:
    page = visit("c-001", viewport=viewport, bypass_csp=True)
    page.goto(application)
    expect(page.locator("#task-form[data-ready]")).to_have_count(1)
    check(page, "the big form")
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.locator("#error-summary")).to_be_focused()
    check(page, "the big form with errors")
    owner = visit("process_owner", viewport=viewport, bypass_csp=True)
    owner.goto("/processes")
    owner.locator("main").get_by_role("link", name="职称评审", exact=True).first.click()
    expect(owner.locator(".zp-diagram svg").first).to_be_visible()
    check(owner, "a diagram")
    admin = visit("admin", viewport=viewport, bypass_csp=True)
    admin.goto("/work?show=all")
    admin.get_by_role("link", name=FORM).first.click()
    admin.get_by_role("link", name="查看全过程和流程图").click()
    expect(admin.locator(".zp-diagram svg").first).to_be_visible()
    check(admin, "a case with its diagram")


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["1366", "390"])
def test_what_the_lint_found_has_no_barrier(visit: Callable[..., Page], viewport: dict, tmp_path: Path) -> None:
    page = visit("process_owner", viewport=viewport, bypass_csp=True)
    drawn = DIAGRAM.read_text("utf-8")
    broken, changed = tmp_path / "broken.bpmn", tmp_path / "changed.bpmn"
    broken.write_text(drawn.replace('camunda:formKey="confirm_titles"', 'camunda:formKey="none"'), "utf-8")
    changed.write_text(drawn.replace('name="批复确认"', f'name="批复并确认{viewport["width"]}"'), "utf-8")
    for file, told in ((broken, "引用的表单“none”不在这次发布中"), (changed, "请另一位流程负责人核对后启用")):
        page.goto("/deployments/new")
        page.set_input_files("input[type=file]", file)
        page.locator("main form button[type=submit]").click()
        expect(page.locator("main")).to_contain_text(told)
        expect(page.locator(".zp-diagram svg").first).to_be_visible()
        check(page, f"the lint of {file.name}")


def test_the_keyboard_alone(visit: Callable[..., Page], application: str) -> None:
    page = visit("c-001")
    page.goto("/me")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="跳到正文")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.goto(application)
    expect(page.locator("#task-form[data-ready]")).to_have_count(1)
    rows = page.locator("[data-list=annual_assessments] [data-row]")
    before = rows.count()
    page.get_by_label("个人总结").focus()
    page.locator("[name='education[0].school']").press("Enter")
    expect(page.locator("h1")).to_have_text(FORM)
    expect(rows).to_have_count(before)
    page.locator("[name=agent_unit]").focus()
    for _ in range(150):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.value") == "submit":
            break
    expect(page.get_by_role("button", name="提交", exact=True)).to_be_focused()


def test_the_big_form_without_javascript(visit: Callable[..., Page]) -> None:
    page = visit("c-002", javascript=False)
    person = Person(page, "c-002")
    person.goes_to("/me")
    person.follows("开始申报职称")
    person.presses("发起")
    person.fills({"申报职称": "馆员", "申报类型": "学术型", "申报渠道": "正常申报", "本人身份": "事业单位"})
    person.fills({"种类": "论文", "名称": "档案保护研究"}, row="代表作 1")
    person.adds("代表作")
    person.fills({"种类": "编研成果", "名称": "河湟档案选编"}, row="代表作 2")
    person.presses("提交")
    expect(page.locator("#error-summary")).to_contain_text("个人总结")
    expect(page.locator("[name='works[1].title']")).to_have_value("河湟档案选编")
    person.fills(
        {
            "个人总结": "从事档案保护研究。",
            "我同意为职称评审处理我的学历、考核、业绩等个人信息，并知悉其用途、范围和保存期限": "是",
        }
    )
    person.fills({"做了什么": "主持两项研究"}, row="业绩 1")
    person.submits()


def test_nothing_typed_is_lost_with_the_login(visit: Callable[..., Page], application: str) -> None:
    page = visit("c-001")
    page.goto(application)
    page.get_by_label("个人总结").fill("登录过期之前写下的话")
    page.context.clear_cookies()
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.locator("main")).to_contain_text("您刚才填写的内容已经保存")
    page.fill("[name=username]", "c-001")
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_label("个人总结")).to_have_value("登录过期之前写下的话")
    expect(page.locator("main")).to_contain_text("您刚才填写的内容都在")


def test_somebody_looks_on(visit: Callable[..., Page], application: str) -> None:
    """Who may not act is told so, instead of a form."""
    admin = Office(visit)["admin"]
    admin.goes_to(application)
    admin.sees("这件事由演示·李明办理。")
    expect(admin.page.get_by_role("button", name="提交", exact=True)).to_have_count(0)
