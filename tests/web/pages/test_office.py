"""Accounts, incidents, the clock, errors, the applicant's page and certificates."""

from __future__ import annotations

import re
from typing import Any

import pytest

from engine.commands.complete_task import CompleteTask

# --- accounts ----------------------------------------------------------------------------------------------------------


def test_a_new_account_shows_its_password_once(browse) -> None:
    admin = browse("admin")
    admin.open("/accounts/new")
    sent = {"username": "hr-u09", "name": "才仁·旦周", "group": ["unit_hr", ""], "scope": ["unit:u09", ""]}
    page = admin.send("/accounts/new", sent)
    password = re.search(r'class="zp-secret"><code>([^<]+)</code>', page)
    assert password
    assert password[1] not in admin.open("/accounts/hr-u09")
    newcomer = browse().log_in("hr-u09", password[1])
    assert newcomer.path == "/password"
    assert "请先改成自己的密码" in newcomer.page
    newcomer.open("/work")
    assert newcomer.path == "/password"
    newcomer.send("/password", {"current": password[1], "new": "a sentence of my own", "again": "a sentence of my own"})
    assert newcomer.path == "/work"


def test_what_cannot_be_an_account_is_named_beside_the_field(browse) -> None:
    admin = browse("admin")
    admin.open("/accounts/new")
    admin.send("/accounts/new", {"username": "坏 名", "name": "某人", "group": "unit_hr", "scope": ""})
    assert admin.status == 422
    assert 'id="username-error"' in admin.page
    assert 'value="某人"' in admin.page
    admin.send("/accounts/new", {"username": "clerk", "name": "某人", "group": "unit_hr", "scope": ""})
    assert "已有人使用" in admin.page


def test_memberships_become_what_the_form_says(browse) -> None:
    admin = browse("admin")
    page = admin.open("/accounts/clerk")
    assert 'value="unit:u01"' in page
    admin.send("/accounts/clerk", {"group": ["unit_hr", "process_owner"], "scope": ["unit:u02", ""]})
    assert "已保存" in admin.page
    assert "单位人事（unit:u02）" in admin.open("/accounts?q=clerk")
    assert "流程设计" in browse("clerk").page


def test_resetting_and_disabling(browse) -> None:
    admin, clerk = browse("admin"), browse("clerk")
    admin.open("/accounts/clerk")
    admin.send("/accounts/clerk/password")
    assert "密码只显示这一次" in admin.page
    clerk.open("/work")
    assert clerk.path == "/login"
    admin.open("/accounts/clerk2")
    admin.send("/accounts/clerk2/disabled", {"disabled": "1"})
    assert "账号已停用" in admin.page
    assert browse().log_in("clerk2").status == 401


def test_the_last_administrator_stays(browse) -> None:
    admin = browse("admin")
    admin.open("/accounts/admin")
    admin.send("/accounts/admin", {"group": ["unit_hr"], "scope": [""]})
    assert admin.status == 422
    assert 'id="memberships-error"' in admin.page


@pytest.mark.parametrize("path", ["/accounts", "/accounts/new", "/accounts/clerk"])
def test_accounts_are_for_the_administrator(browse, path: str) -> None:
    for username in ("clerk", "owner"):
        browser = browse(username)
        browser.open(path)
        assert browser.status == 403
        assert "人事乙" not in browser.page


# --- the clock ---------------------------------------------------------------------------------------------------------


def test_only_the_administrator_moves_the_clock(browse) -> None:
    assert "由管理员拨动" in browse("clerk").page
    clerk = browse("clerk")
    clerk.send("/clock", {"by": "day", "next": "/work"})
    assert clerk.status == 403


def test_moving_the_clock_says_what_fired(browse, engine, who, started, task_of) -> None:
    done: dict[str, Any] = {"reason": "申请晋升副研究馆员", "works": [], "proof": []}
    engine.run(CompleteTask(task_of(started, "apply"), who("c-001"), done))
    engine.run(CompleteTask(task_of(started, "check"), who("clerk"), {"verdict": "accept", "opinion": None}))
    admin = browse("admin")
    admin.send("/clock", {"by": "hour", "next": "/work"})
    assert "现在是 2026年7月6日（周一）11:00。这段时间没有到期的事。" in admin.page
    admin.send("/clock", {"by": "due", "next": "/work"})
    assert "现在是 2026年7月14日（周二）00:00" in admin.page
    assert "公示期满（2026年7月13日（周一）24:00）" in admin.page
    admin.send("/clock", {"by": "date", "day": "2026-07-20", "next": "/work"})
    assert "2026年7月20日（周一）09:00" in admin.page


@pytest.mark.parametrize("day", ["", "tomorrow", "2026-07-01"])
def test_the_clock_only_goes_forward_to_a_real_day(browse, day: str) -> None:
    admin = browse("admin")
    admin.send("/clock", {"by": "date", "day": day, "next": "/work"})
    assert 'role="alert"' in admin.page
    assert "2026年7月6日（周一）10:00" in admin.page


# --- errors ------------------------------------------------------------------------------------------------------------


def test_what_is_not_there_is_said_in_plain_words(browse) -> None:
    browser = browse("clerk")
    for path in ("/nothing", "/tasks/none", "/instances/none", "/processes/none", "/certificates/none?code=x"):
        browser.open(path)
        assert browser.status == 404, path
        assert "没有" in browser.page
        assert "Traceback" not in browser.page


def test_a_broken_server_answers_without_its_database(app, browse) -> None:
    @app.get("/broken")
    def broken() -> str:
        raise RuntimeError("secret detail")

    browser = browse()
    browser.open("/broken")
    assert browser.status == 500
    assert "系统出错" in browser.page
    assert "编号：" in browser.page
    assert "secret detail" not in browser.page


def test_too_many_tries_say_how_long_to_wait(browse) -> None:
    browser = browse()
    for _ in range(12):
        browser.log_in("clerk", "wrong password")
        if browser.status == 429:
            break
    assert browser.status == 429
    assert re.search(r"\d+ 秒", browser.page)


def test_pages_carry_neither_inline_scripts_nor_styles(browse, stuck) -> None:
    browser = browse("owner")
    for path in (
        "/work",
        f"/instances/{stuck}",
        "/operation",
        f"/operation/cases/{stuck}",
        "/operation/causes/STEP_FAILED",
        "/processes",
        "/deployments/new",
    ):
        page = browser.open(path)
        assert not re.search(r"<script(?![^>]*\bsrc=)", page), path
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=", page), path


# --- the applicant, and certificates -----------------------------------------------------------------------------------


def test_an_applicant_without_application_learns_what_to_prepare(browse) -> None:
    page = browse("c-001").page
    assert "您还没有申报" in page
    assert "卓玛·才让，您好。" in page


def test_a_certificate_is_checked_with_number_and_code_together(browse) -> None:
    browser = browse()
    page = browser.open("/certificates")
    assert "不需要登录" in page
    browser.send("/certificates", {"no": "QHDA202600001", "code": ""})
    assert browser.status == 422
    browser.send("/certificates", {"no": "QHDA202600001", "code": "0" * 32})
    assert browser.status == 404
    assert "没有编号和校验码都相符的证书" in browser.page
