"""The rollout board as a page: phases, regions, what is late and who has it; history beside the present."""

from __future__ import annotations

import re

import pytest

from engine.identity.accounts import CreateAccount
from engine.registry import Membership
from tests.web.pages.conftest import HASH
from tests.web.pages.rollout_rows import add_units, two


@pytest.fixture
def programmes(engine) -> tuple[str, str]:
    for username, group, scope in (
        ("boss", "manager", None),
        ("hrss", "provincial_hrss", None),
        ("golog", "local_authority", "region:golog"),
        ("expert", "expert", None),
    ):
        belongs = (Membership(group, scope),)
        engine.run(CreateAccount(username, f"演示·{username}", None, belongs, password_hash=HASH))
    with engine.store.transaction() as connection:
        return two(connection, engine.settings.secret_key)


def row(page: str, region: str) -> str:
    return next(one for one in re.findall(r"<tr id=\"stream-.*?</tr>", page, re.S) if region in one)


def test_the_running_programme_is_shown_with_what_is_late(browse, programmes) -> None:
    page = browse("boss").open("/rollout")
    assert "2026年度深化改革" in page
    assert page.count('class="zp-line-bar') == 3
    assert 'role="img" aria-label="第 1 阶段“安排部署”' in page
    golog = row(page, "果洛藏族自治州")
    assert "已超期" in golog
    assert re.search(r"超期 \d+ 个工作日", golog)
    assert "已上报省档案局" in golog
    assert "演示·负责人2" in golog
    assert "已上报省档案局" not in row(page, "西宁市")
    assert "全省总结还在等 4 个地区和部门" in page
    assert "style=" not in page


def test_every_figure_opens_its_cases(browse, programmes) -> None:
    browser = browse("boss")
    page = browser.open("/rollout")
    figures = re.findall(r'<a href="(/rollout\?[^"]*figure=[^"]*)#cases"[^>]*><strong>(\d+)</strong>', page)
    assert len(figures) >= 6
    for href, number in figures:
        opened = browser.open(href.replace("&amp;", "&"))
        cases = re.search(r'id="cases">.*?</div>', opened, re.S)
        assert cases, href
        assert cases[0].count("<li>") == int(number), href


def test_a_programme_of_the_past_stands_there_with_its_dates(browse, programmes) -> None:
    past, _ = programmes
    page = browse("hrss").open(f"/rollout?programme={past}")
    assert "2021年职称制度改革" in page
    assert "已完成" in page
    assert "2020年12月1日" in page
    assert "2021年2月28日（周日）24:00" in page
    assert "共 17 个工作日" in page
    assert "还在等" not in page
    assert 'class="zp-line-today"' not in page


def test_a_phase_with_too_few_working_days_is_warned_of(browse, programmes) -> None:
    page = browse("boss").open("/rollout")
    assert re.search(r'class="zp-warn">.*个工作日', page)


def test_a_local_authority_finds_its_own_row(browse, programmes) -> None:
    page = browse("golog").open("/rollout")
    assert "本地区" in row(page, "果洛藏族自治州")
    assert page.count("本地区") == 1
    assert "0971" in row(page, "果洛藏族自治州")
    assert "0971" not in row(page, "西宁市")


def test_without_a_programme_the_page_explains_itself(browse) -> None:
    assert "还没有登记改革方案" in browse("admin").open("/rollout")


def test_others_are_refused(browse, programmes) -> None:
    for username in ("c-001", "expert"):
        browser = browse(username)
        browser.open("/rollout")
        assert browser.status == 403, username
    browser = browse("boss")
    browser.open("/rollout?programme=none")
    assert browser.status == 404


def test_the_board_costs_the_same_however_many_units_wait(browse, engine, programmes, statements) -> None:
    browser = browse("boss")
    browser.open("/rollout")
    statements.clear()
    browser.open("/rollout")
    few = len(statements)
    with engine.store.transaction() as connection:
        add_units(connection, programmes[1], 12)
    statements.clear()
    page = browser.open("/rollout")
    assert page.count("的岗位还没有核定") >= 12
    assert len(statements) == few <= 32, statements
