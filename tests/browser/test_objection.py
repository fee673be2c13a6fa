"""An objection in the last minute, from the public's telephone to the confirmation list, through the pages alone (S04)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from engine.clock import FixedClock
from engine.config import Settings
from engine.engine import Engine
from processes.office import registry
from tests.browser.conftest import NARROW, WIDE, axe_violations
from tests.browser.people import PHOTO, Office, Person
from tests.live import Live
from tests.process.province import QUOTA_PUBLIC, Province
from tests.process.stage import at
from tests.process.test_s01_whole_path import vote

pytestmark = pytest.mark.browser
CLEAR, HELD = ("演示·李明", "演示·尕玛求培·索南"), "演示·孙工"
CANDIDATES = {"c-001": ("u01", "xining"), "c-014": ("u03", "xining"), "c-018": ("u05", "yushu")}
TITLE = "高级职称评审结果公示"
SAID = "申报表所列数字化项目的负责人另有其人，档案室有当时的验收单为证。"
NAME, PHONE = "格桑·反映人", "13900001111"
QUESTION = "请说明数字化项目由谁负责，附验收单。"
REPLY = "经查验收单，该项目由申报人本人负责，您反映的情况不属实。"


@pytest.fixture(scope="module")
def results(live: Live) -> Live:
    """Three cases voted through at one meeting; the committee's office may now publish. Played while nobody serves."""
    live.stop()
    engine = Engine(Settings.from_environment(live.environment), registry())
    own = Engine(engine.settings, engine.registry, clock=FixedClock(engine.now()))
    try:
        province = Province(own)
        vote(province, dict.fromkeys(queue(province), (21, 16, 1, 0)))
        own.work(at("2026-09-28T15:55:00"))
        engine.clock.set(own.now())  # type: ignore[attr-defined]
    finally:
        own.stop()
        engine.stop()
    live.restart()
    return live


def queue(province: Province) -> list[str]:
    """All three walk side by side to the queue; answers their instances."""
    province.until(QUOTA_PUBLIC)
    cases = {province.apply(who, **choices(who)): where for who, where in CANDIDATES.items()}
    for case, (unit, _) in cases.items():
        province.verify(case, unit)
        province.assess(case, unit)
        province.decide(case, unit)
        province.publish(case, unit)
    province.close_notice(list(cases)[-1])
    for case, (unit, region) in cases.items():
        province.submit_recommendation(case, unit)
        province.endorse(case, region)
        province.review(case)
        province.audit(case)
    return list(cases)


def choices(candidate: str) -> dict[str, str]:
    return {"c-014": {"identity_status": "non_public"}, "c-018": {"target": "research_archivist"}}.get(candidate, {})


@dataclass
class Street:
    """The public in front of the notice: browsers without an account."""

    visit: Callable[..., Page]
    notice: str = ""

    def somebody(self, **more: object) -> Person:
        return Person(self.visit(None, **more), "")


def set_clock(admin: Person, text: str) -> None:
    """To the minute, which the bar at the top does not offer: by the interface for programs, with the page's own token."""
    admin.goes_to("/work")
    token = admin.page.locator("[name=csrf_token]").first.get_attribute("value")
    answer = admin.page.request.put(
        "/api/v1/clock", data={"now": at(text).isoformat()}, headers={"X-CSRF-Token": str(token)}
    )
    assert answer.ok, answer.text()


def test_an_objection_in_the_last_minute(visit: Callable[..., Page], results: Live) -> None:
    office, street = Office(visit), Street(visit)
    publish(office)
    read(street)
    set_clock(office["admin"], "2026-10-10T23:58")
    slow = opened_before(street)
    set_clock(office["admin"], "2026-10-10T23:59")
    receipt = objects(street)
    set_clock(office["admin"], "2026-10-11T00:00")
    too_late(slow)
    window_closes(office, street)
    investigate(office, street, receipt)
    release(office, street, receipt)


def publish(office: Office) -> None:
    clerk, second = office["committee_office"], office["committee_office2"]
    clerk.opens("编制公示")
    clerk.sees(*CLEAR, HELD)
    clerk.fills(
        {
            "公示标题": TITLE,
            "公示正文": "现将评审结果予以公示，如有异议请在公示期内反映。",
            "联系电话": "0971-6120001",
            "联系邮箱": "office@example.cn",
        }
    )
    clerk.submits()
    set_clock(office["admin"], "2026-09-28T16:00")
    second.does("复核公示", {"复核结论": "同意发布"})
    second.sees("2026年10月10日（周六）24:00")


def read(street: Street) -> None:
    """On a telephone and on a desk, with axe: the way from the front page, what remains, whom it names."""
    for viewport in (NARROW, WIDE):
        anybody = street.somebody(viewport=viewport, bypass_csp=True)
        anybody.goes_to("/")
        anybody.follows("结果公示")
        anybody.follows(TITLE)
        anybody.sees("正在公示", "还有 5 个工作日", "2026年10月10日（周六）24:00", HELD, *CLEAR)
        street.notice = anybody.page.url
        check(anybody.page)
        anybody.follows("提出异议")
        anybody.sees("匿名也受理")
        check(anybody.page)
        anybody.presses("提交异议")
        expect(anybody.page.locator(".zp-error-summary")).to_be_visible()
        check(anybody.page)


def check(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]  # type: ignore[index]
    assert axe_violations(page) == [], page.url


def opened_before(street: Street) -> Person:
    """Somebody who writes slowly: everything typed in time, nothing sent."""
    slow = street.somebody()
    slow.goes_to(street.notice)
    slow.follows("提出异议")
    write(slow, CLEAR[0], real_name=False)
    return slow


def write(person: Person, about: str, *, real_name: bool) -> None:
    page = person.page
    choose(page, about)
    page.get_by_label("业绩造假", exact=True).check()
    page.get_by_label("具体情况", exact=True).fill(SAID)
    page.get_by_label("实名，填写下面两项" if real_name else "匿名", exact=True).check()
    if real_name:
        page.get_by_label("姓名或单位名称", exact=False).fill(NAME)
        page.get_by_label("联系电话", exact=False).fill(PHONE)


def choose(page: Page, about: str) -> None:
    listed = page.get_by_label("对哪一项", exact=True)
    [option] = [text for text in listed.locator("option").all_inner_texts() if about in text]
    listed.select_option(label=option)


def objects(street: Street) -> str:
    """On a telephone without JavaScript, real name and a file, one minute before the end; answers the receipt number."""
    citizen = street.somebody(viewport=NARROW, javascript=False)
    citizen.goes_to(street.notice)
    listed = citizen.page.locator("tbody").inner_text()
    line = citizen.page.locator("tbody tr").filter(has_text=HELD)
    line.get_by_role("link", name="提出异议").click()
    citizen.sees("今天到期")
    assert HELD in citizen.page.locator("#item option:checked").inner_text()
    write(citizen, HELD, real_name=True)
    citizen.page.get_by_label("证明材料").set_input_files(PHOTO)  # type: ignore[arg-type]
    citizen.page.wait_for_timeout(2_000)  # nobody writes this in two seconds, and the page knows
    citizen.presses("提交异议")
    citizen.sees("已经收到", "在公示期内，作为异议受理", "实名", "2026年10月10日（周六）23:59")
    receipt = citizen.page.locator(".zp-secret").inner_text()
    assert re.fullmatch(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){4}", receipt)
    citizen.sees_not(NAME, PHONE, SAID)
    citizen.goes_to(street.notice)
    assert citizen.page.locator("tbody").inner_text() == listed, "a hold is nobody's business"
    return receipt


def too_late(slow: Person) -> None:
    """Midnight came while the page stood open: told so plainly, nothing typed is lost, and it may go in as a tip-off."""
    slow.presses("提交异议")
    slow.sees("公示期已满，没有作为异议收下", "2026年10月10日（周六）24:00", "不会因此暂缓")
    expect(slow.page.get_by_label("具体情况", exact=True)).to_have_value(SAID)
    slow.presses("作为举报线索提交")
    slow.sees("已经收到", "公示期已满，作为举报线索处理", "匿名的可以在这里看办理情况")


def window_closes(office: Office, street: Street) -> None:
    """The cleared ones go on, the one objected to is held, and the public reads the same of all three."""
    anybody = street.somebody(viewport=NARROW)
    anybody.goes_to(street.notice)
    anybody.sees("公示期已满", HELD, *CLEAR)
    anybody.sees_not("暂缓", "调查")
    assert anybody.page.get_by_role("link", name="提出异议").count() == 0
    awaits_confirmation(office, CLEAR, ())
    office["committee_office"].has_nothing_to_do(HELD)


def awaits_confirmation(office: Office, names: tuple[str, ...], others: tuple[str, ...]) -> None:
    """`names` stand on the office's desk to be confirmed, each with its own task that opens; `others` do not."""
    clerk = office["committee_office"]
    for name in names:
        clerk.opens("报请确认", name)
        clerk.sees(name)
    clerk.goes_to("/work")
    for name in others:
        expect(clerk.page.locator("tbody tr").filter(has_text=name)).to_have_count(0)


def investigate(office: Office, street: Street, receipt: str) -> None:
    """Assigned, both sides heard, looked into, concluded: every task from the objection's own page."""
    set_clock(office["admin"], "2026-10-12T09:00")
    investigator = office["investigator"]
    investigator.goes_to("/objections")
    investigator.page.locator("main").get_by_role("link", name=HELD).first.click()
    investigator.sees(SAID, NAME, PHONE, PHOTO["name"], "业绩造假")
    address = investigator.page.url
    with investigator.page.expect_download() as caught:
        investigator.follows(PHOTO["name"])
    assert caught.value.path().read_bytes() == PHOTO["buffer"]
    from_its_page(
        investigator, address, "指派调查人员", {"调查人员": "演示 调查人员", "要向单位和申报人了解的情况": QUESTION}
    )
    for who, label, task in (
        ("hr-u03", "单位说明情况", "项目由该同志负责，验收单在我单位档案室。"),
        ("c-014", "申报人说明情况", "项目由我负责，验收单上有我的签字。"),
    ):
        answers(office[who], label, task, address)
    asks_for_the_state(street, receipt, "正在调查")
    from_its_page(investigator, address, "调查核实", {"已经做了哪些调查": ("查阅材料", "询问有关人员")})
    investigator.goes_to(address)
    investigator.sees("项目由该同志负责，验收单在我单位档案室。", "项目由我负责，验收单上有我的签字。")
    conclusion = {
        "核实结果": "不属实",
        "查明的事实": "经查阅验收单并询问有关人员，数字化项目确由申报人本人负责。",
        "处理建议": "继续（异议不成立）",
        "依据的条款": "《职称评审管理暂行规定》第二十七条",
    }
    from_its_page(investigator, address, "作出结论", conclusion)
    awaits_confirmation(office, CLEAR, (HELD,))
    from_its_page(office["supervisor"], address, "监督员签署", {"签署意见": "同意，结论生效"})


def from_its_page(person: Person, address: str, task: str, given: dict[str, str | tuple[str, ...]]) -> None:
    person.goes_to(address)
    person.page.locator(".zp-todo-list li").filter(has_text=task).get_by_role("link").click()
    expect(person.page.locator("h1")).to_have_text(task)
    person.fills(given)
    person.submits()


def answers(person: Person, task: str, said: str, address: str) -> None:
    """Who is asked reads the question alone: not the objection, not its author, not its files."""
    person.goes_to(address)
    person.sees(QUESTION)
    person.sees_not(SAID, NAME, PHONE, PHOTO["name"])
    person.opens(task)
    person.sees(QUESTION)
    person.sees_not(SAID, NAME, PHONE)
    person.fills({"情况说明": said})
    person.submits()


def asks_for_the_state(street: Street, receipt: str, *told: str) -> None:
    citizen = street.somebody(viewport=NARROW, javascript=False)
    citizen.goes_to("/public/receipts")
    citizen.page.get_by_label("回执号").fill(receipt.lower().replace("-", " "))
    citizen.presses("查询")
    citizen.sees(receipt, *told)
    citizen.sees_not(SAID, NAME, PHONE)


def release(office: Office, street: Street, receipt: str) -> None:
    """Unfounded: the case that was held stands beside the others, and who objected can read why."""
    awaits_confirmation(office, (*CLEAR, HELD), ())
    office["investigator"].does("答复反映人", {"答复": REPLY})
    asks_for_the_state(street, receipt, "已有结论", REPLY)
