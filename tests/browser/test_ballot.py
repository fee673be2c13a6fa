"""The secret ballot as people hold it: experts with a phone, the chair at a desk; nobody reloads anything by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NARROW, WIDE, axe_violations
from tests.browser.people import Office, Person
from tests.live import Live

pytestmark = pytest.mark.browser
DAY = "2026-06-03"  # of the meeting that the demo has prepared
OPINION = "申报人长期从事档案整理、数字化和修复工作，业绩真实可查，代表作有行业影响。" * 4
THUMB = 48  # pixels
COME = 17  # just the quorum of 25
WAIT = 15_000  # milliseconds; a waiting page asks anew every ten seconds


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    """The demo with a case at each stage: a meeting in June, an objection under investigation."""
    server = Live(staged=True)
    yield server
    server.stop()


@pytest.fixture
def visit(visit: Callable[..., Page]) -> Callable[..., Page]:
    """As elsewhere, but axe may be put into the page."""
    return lambda username, **more: visit(username, bypass_csp=True, **more)


def phone(visit: Callable[..., Page], username: str) -> Person:
    return Person(visit(username, viewport=NARROW), username)


def check(person: Person) -> None:
    """Not wider than the screen, and nothing that axe objects to."""
    page = person.page
    page.wait_for_load_state("networkidle")
    width = page.viewport_size["width"]  # type: ignore[index]
    assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
    assert axe_violations(page) == [], page.url


def group(office: Office, room: str) -> None:
    """Three experts read both cases, which are few: the office arranges them by hand."""
    desk = office["committee_office"]
    desk.goes_to(room)
    page = desk.page
    page.get_by_text("自己调整分组").click()
    for place, select in enumerate(page.locator("select[name^='member-']").all()):
        select.select_option("1" if place < 3 else "")
    for place, box in enumerate(page.locator("input[name=lead]").all()):
        box.set_checked(place == 0)
    desk.presses("保存分组")
    desk.sees("分组已保存。", "（3 人）")


def write(visit: Callable[..., Page], room: str, number: int) -> None:
    """Both opinions of one expert, on the phone; the second is read with axe."""
    expert = phone(visit, f"expert-{number:02}")
    for left in (2, 1):
        expert.goes_to(room)
        expert.sees(f"您还有 {left} 份评议意见没写")
        line = expert.page.locator("tbody tr").filter(has_text="您的意见还没写").first
        line.get_by_role("link").first.click()
        if (number, left) == (1, 1):  # once is enough
            check(expert)
        expert.page.get_by_label("优点和业绩").fill(OPINION)
        expert.page.get_by_label("建议通过", exact=True).check()
        expert.presses("保存意见")
        expert.sees("评议意见已保存。")


def begin(office: Office, room: str) -> None:
    """On the day: who came is ticked, the chair opens the session."""
    desk, chair = office["committee_office"], office["chair"]
    desk.does("收齐小组意见", {"小组意见已全部交齐": "是"})
    office["admin"].moves_the_clock(DAY)
    desk.goes_to(room)
    for box in desk.page.locator("input[name=comes]").all()[:COME]:
        box.check()
    desk.presses("登记到会")
    desk.sees(f"现在到会 {COME} 人")
    check(desk)
    desk.does("核对到会", {"到会情况": "法定人数已到，可以开会"})
    session = {"表决方式": "电子投票", "每轮投票的分钟数": "15", "已宣布会议纪律，会议封闭进行": "是"}
    chair.opens("宣布开会")
    chair.fills({"现在": "宣布开会"})
    chair.fills(session)
    chair.submits()


def has_a_ballot_for_a_thumb(expert: Person) -> None:
    for label in ("同意", "不同意", "弃权"):
        expect(expert.page.get_by_label(label, exact=True)).not_to_be_checked()
    for target in expert.page.locator(".zp-ballot-choice label, .zp-ballot button").all():
        box = target.bounding_box()
        assert box is not None
        assert box["height"] >= THUMB, box
        assert box["width"] >= 300, box


def test_from_the_waiting_page_to_the_result(visit: Callable[..., Page]) -> None:
    office = Office(visit)
    desk, chair = office["committee_office"], office["chair"]
    desk.goes_to("/meetings")
    room = desk.page.locator("tbody tr").filter(has_text="会前准备").get_by_role("link").first.get_attribute("href")
    assert room is not None
    group(office, room)
    check(desk)
    for number in (1, 2, 3):
        write(visit, room, number)
    begin(office, room)

    first, second, guest = (phone(visit, f"expert-{number:02}") for number in (4, 5, 20))
    for expert in (first, second, guest):
        expert.goes_to(room)
        expert.follows("打开投票页，等待投票")
        expert.sees("现在没有投票")
    check(first)
    desk.does("询问并登记回避", {"已逐一询问在场专家，须回避的都已登记并退场": "是"})
    chair.does("介绍小组意见", {"小组意见已介绍，评议已结束，须回避的专家不在场": "是"})

    # The pages that wait find the ballot by themselves.
    expect(first.page.get_by_role("button", name="投出选票")).to_be_visible(timeout=WAIT)
    has_a_ballot_for_a_thumb(first)
    check(first)
    first.presses("投出选票")
    first.sees("请在同意、不同意、弃权中选一项。")
    check(first)
    first.page.get_by_text("同意", exact=True).click()
    expect(first.page.get_by_label("同意", exact=True)).to_be_checked()
    first.presses("投出选票")
    first.sees("您的选票已投出")
    check(first)
    expect(second.page.get_by_role("button", name="投出选票")).to_be_visible(timeout=WAIT)
    second.page.get_by_label("弃权", exact=True).check()
    second.presses("投出选票")
    second.sees("您的选票已投出")
    expect(guest.page.locator("main")).to_contain_text("这一轮没有您的选票", timeout=WAIT)

    chair.goes_to(room)
    chair.sees(f"已收到 2 张选票，共发出 {COME} 张")
    check(chair)
    chair.follows("查看表决结果单")
    chair.sees("还没有表决")

    office["admin"].page.get_by_role("button", name="+1 小时").click()
    expect(office["admin"].page.locator(".zp-clock-now time")).to_contain_text("10:00")
    chair.does("结束本轮投票", {"本轮投票": "有效，计票"})
    expect(first.page.locator("main")).to_contain_text("现在没有投票", timeout=WAIT)
    chair.goes_to(f"{room}/sheet")
    row = chair.page.locator("tbody tr").first
    expect(row).to_contain_text("未通过")
    assert [cell.strip() for cell in row.locator("td").all_inner_texts()[2:8]] == [str(COME), "0", "1", "0", "1", "15"]
    check(chair)
    small = phone(visit, "chair")
    small.goes_to(f"{room}/sheet")
    check(small)
    first.goes_to(f"{room}/sheet")
    assert first.page.locator("h1").inner_text() != "表决结果单"  # not before it is announced


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["1366", "390"])
def test_pages_of_notices_and_objections_have_no_barrier(visit: Callable[..., Page], viewport: dict) -> None:
    for username, paths in (
        ("committee_office", ("/meetings", "/publicity", "/outages")),
        ("investigator", ("/objections",)),
    ):
        person = Person(visit(username, viewport=viewport), username)
        for path in paths:
            person.goes_to(path)
            check(person)
    office = Person(visit("committee_office", viewport=viewport), "committee_office")
    office.goes_to("/publicity")
    office.page.locator("tbody tr").filter(has_text="暂缓").get_by_role("link").first.click()
    for summary in office.page.locator("details.zp-more > summary").all():
        summary.click()
    check(office)
    office.follows("登记书面或电话异议")
    check(office)
    office.presses("登记")
    expect(office.page.locator(".zp-error-summary")).to_be_focused()
    check(office)
    investigator = Person(visit("investigator", viewport=viewport), "investigator")
    investigator.goes_to("/objections")
    investigator.page.locator("tbody tr").get_by_role("link").first.click()
    investigator.sees("异议原文", "现在要您办的")
    check(investigator)
