"""An owner's day: a step and a form more in the meeting, checked, tested, tried out, published by two, and what runs is brought along."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from engine.clock import FixedClock
from engine.commands.start_instance import StartInstance
from engine.config import Settings
from engine.engine import Engine
from processes.office import registry
from tests.browser.people import Office, Person
from tests.live import Live
from tests.process.province import QUOTA_PUBLIC, Province
from tests.process.sitting import plan

pytestmark = pytest.mark.browser

P12 = "P12_review_meeting_vote"
MEETINGS, PLANNED = 12, 2


@pytest.fixture(scope="module")
def meetings(live: Live) -> Live:
    """Twelve meetings run: ten wait to be planned, two are planned and wait for their groups. Played while nobody serves."""
    live.stop()
    engine = Engine(Settings.from_environment(live.environment), registry())
    own = Engine(engine.settings, engine.registry, clock=FixedClock(engine.now()))
    try:
        province = Province(own)
        province.until(QUOTA_PUBLIC)
        cases = {
            province.apply("c-001"): ("u01", "xining"),
            province.apply("c-014", identity_status="non_public"): ("u03", "xining"),
        }
        for case, (unit, region) in cases.items():
            province.recommended(case, unit, region)
            province.review(case)
        for case in cases:  # one after the other: a meeting takes all that are queued
            province.audit(case)
            plan(province)
        for _ in range(MEETINGS - PLANNED):
            own.run(StartInstance(actor=province.actor("committee_office"), key=P12, variables={}))
        engine.clock.set(own.now())  # type: ignore[attr-defined]
    finally:
        own.stop()
        engine.stop()
    live.restart()
    return live


SCENARIO = """
  - name: 分好组以后查验会场
    at: 2026-09-21T09:00
    given:
      - committee: {level: senior}
      - case: {candidate: c-001}
    start: {by: committee_office}
    steps:
      - task:
          element: plan_meeting
          by: committee_office
          variables: {committee_id: =committee.committee_id, held_on: 2026-09-22, place: 西宁演示会议中心, mode: onsite}
      - task: {element: arrange_groups, by: committee_office, variables: {groups_checked: true}}
      - expect: {open: [check_venue]}
    expect: {}
"""


def test_an_owners_day(visit: Callable[..., Page], meetings: Live) -> None:
    office = Office(visit)
    owner, second = office["process_owner"], office["process_owner2"]
    change = begins(owner)
    makes_the_form(owner)
    adds_the_step(owner, change)
    writes_the_scenario(owner, change)
    tries_it_out(owner, change)
    lengthens_the_window(owner, office["archives_bureau"])
    release = proposes(owner, change)
    activates(second, release)
    moves(owner, release)


def begins(owner: Person) -> str:
    owner.goes_to("/studio")
    owner.page.get_by_label("改动的名称").fill("会前查验会场")
    owner.presses("开始一个改动")
    owner.page.wait_for_url(re.compile("/studio/changes/[^/]+$"))
    return owner.page.url


def opened(owner: Person) -> None:
    owner.page.wait_for_selector("[data-ready]")


def keeps(owner: Person, what: str) -> None:
    owner.page.get_by_label("改了什么").fill(what)
    owner.presses("保存版本")
    expect(owner.page.locator("[data-desk=status]")).to_contain_text("已保存为第")


def makes_the_form(owner: Person) -> None:
    page = owner.page
    page.get_by_text("新建一个文件").click()
    page.get_by_label("种类").select_option(label="表单")
    page.locator("#name").fill("查验会场")
    page.locator("#key").fill("check_venue")
    owner.presses("新建并打开")
    opened(owner)
    page.click(".fjs-palette-field[data-field-type=checkbox]")
    for group in page.query_selector_all(".bio-properties-panel-group-header:not(.open)"):
        group.click()
    page.get_by_label("标签（办理人看到的名称）").fill("会场已查验")
    page.get_by_label("存到哪个字段").fill("venue_checked")
    expect(page.locator("[data-preview-form]").get_by_label("会场已查验")).to_have_count(1)
    keeps(owner, "一个勾选框")


def adds_the_step(owner: Person, change: str) -> None:
    """Drawn onto the line between two steps; its mark goes when it has a name."""
    page = owner.page
    owner.goes_to(f"{change}/files/{P12}.bpmn#group_arrangement")
    opened(owner)
    page.get_by_label("编号", exact=True).fill("arrange_groups")
    page.locator('.djs-palette [data-action="create.task"]').click()
    x, y = on_screen(page, "flow_group_arrangement_check_groups")
    page.mouse.move(x - 30, y - 30)
    page.mouse.move(x, y, steps=6)
    page.mouse.click(x, y)
    page.keyboard.press("Escape")  # what was typed into the new step: nothing
    page.locator(".djs-context-pad [data-action=replace]").click()
    page.locator(".djs-popup .entry").filter(has_text="人工办理").first.click()
    problems = page.locator("[data-desk=problems]")
    expect(problems).to_contain_text("没有名称，办理人看不出要做什么")
    expect(problems).to_contain_text("双击它，写上要做什么")
    page.get_by_label("名称", exact=True).fill("查验会场")
    expect(problems).not_to_contain_text("没有名称")
    page.get_by_label("编号", exact=True).fill("check_venue")
    page.get_by_label("表单", exact=True).select_option(label="查验会场（check_venue）")
    keeps(owner, "分组以后查验会场")


def on_screen(page: Page, flow: str) -> tuple[float, float]:
    """The middle of a flow, in pixels of the window."""
    x, y, box = page.evaluate(
        """id => { const { modeler } = document.querySelector('.zp-desk').editor;
        const [from, to] = modeler.get('elementRegistry').get(id).waypoints;
        return [(from.x + to.x) / 2, (from.y + to.y) / 2, modeler.get('canvas').viewbox()]; }""",
        flow,
    )
    canvas = page.locator(".djs-container").bounding_box()
    assert canvas is not None
    return canvas["x"] + (x - box["x"]) * box["scale"], canvas["y"] + (y - box["y"]) * box["scale"]


def writes_the_scenario(owner: Person, change: str) -> None:
    """The shipped scenarios fail at the renamed step, with their line; they learn of it, and one is added."""
    page = owner.page
    owner.goes_to(f"{change}/tests/{P12}")
    opened(owner)
    owner.presses("运行全部")
    status = page.locator("[data-trials-status]")
    expect(status).to_contain_text("4 个场景中有 4 个没有通过", timeout=120_000)
    owner.sees("没有待办“group_arrangement”。现在停在：确认评审分组（arrange_groups）")
    text = page.locator("#desk-text")
    known = re.sub(
        r"^( *)- task: \{element: group_arrangement,(.*)\}$",
        r"\1- task: {element: arrange_groups,\2}\n"
        r"\1- task: {element: check_venue, by: committee_office, variables: {venue_checked: true}}",
        text.input_value(),
        flags=re.MULTILINE,
    )
    text.fill(known.rstrip("\n") + "\n" + SCENARIO)
    owner.presses("运行全部")
    expect(status).to_contain_text("全部通过：5 个场景", timeout=120_000)
    keeps(owner, "新的一步")


def tries_it_out(owner: Person, change: str) -> None:
    """In a sandbox, in other people's place."""
    owner.goes_to(change)
    owner.follows("试办")
    owner.follows("评审会议与表决")
    owner.page.get_by_label("分好组以后查验会场").check()
    owner.presses("开始试办")
    for _ in range(2):
        owner.presses("照场景办这一步")
    owner.sees("现在该谁办", "查验会场")
    owner.page.get_by_role("link", name=re.compile("^以.*committee_office，.*身份办理")).click()
    owner.page.get_by_label("会场已查验").check()
    owner.presses("提交")
    owner.sees("收齐小组意见")
    owner.presses("结束试办")


def lengthens_the_window(owner: Person, authority: Person) -> None:
    """Below the floor is refused with its source; above it takes two."""
    page = owner.page
    owner.goes_to("/parameters")
    owner.follows("评审结果公示的最短工作日数")
    page.get_by_label("自哪一天起生效").fill("2026-07-03")
    page.get_by_label("依据的文件").fill("演示〔2026〕7号")
    page.get_by_label("新值").fill("4")
    owner.presses("提出，交省里确认")
    owner.sees("不得设为 4：《职称评审管理暂行规定》（人社部令第40号）第十七条、第二十七条规定的底线是 5。")
    page.get_by_label("新值").fill("7")
    owner.presses("提出，交省里确认")
    owner.sees("等待确认的新值", "5 → 7")
    authority.goes_to(page.url)
    authority.presses("与文件一致，确认执行")
    authority.sees("2026年7月3日", "7")


def proposes(owner: Person, change: str) -> str:
    owner.goes_to(f"{change}/publish")
    owner.page.get_by_label("为什么改").fill("开会前要有人看过会场。")
    owner.page.get_by_label("我看过了上面的检查结果").check()
    owner.page.get_by_role("button", name="检查、测试并提交").click(timeout=120_000)
    owner.page.wait_for_url(re.compile("/deployments/"), timeout=120_000)
    owner.sees("待启用", "开会前要有人看过会场。")
    return owner.page.url


def activates(second: Person, release: str) -> None:
    """Only after the second person has seen what becomes of what runs."""
    second.goes_to(release)
    second.sees("还没有看过“对正在办理的事有什么影响”")
    second.follows("去看影响")
    second.sees("能移 12 件，不能移 2 件")
    second.presses("我看过了")
    second.page.get_by_label("启用的理由").fill("已核对。")
    second.page.get_by_role("button", name="启用", exact=True).click(timeout=120_000)
    expect(second.page.locator("main")).to_contain_text("启用中", timeout=120_000)


def moves(owner: Person, release: str) -> None:
    """Ten of the twelve meetings go along; of two it is said why not. What stands in other diagrams is of the same release."""
    owner.goes_to(f"{release}/moving")
    planned = owner.page.locator("tbody tr").filter(has_text="确认评审分组")
    expect(planned).to_contain_text("不能移")
    expect(planned).to_contain_text("停在“确认评审分组”，新版本里没有这一步。请指明它对应哪一步。")
    expect(owner.page.locator("tbody tr").filter(has_text="安排会议")).to_contain_text("看 10 件")
    owner.page.get_by_label("为什么移动").fill("新的一步对在办的会议也适用。")
    owner.page.get_by_label("我看过上面的预览").check()
    owner.presses("开始移动")
    owner.page.wait_for_url(re.compile("/moves/"))
    for _ in range(60):
        if owner.page.get_by_text("办完了，共 14 件").count():
            break
        owner.page.wait_for_timeout(500)
        owner.page.reload()
    owner.sees("已移到新版本 12 件", "没有移，留在原版本 2 件", "停在“确认评审分组”，新版本里没有这一步")
