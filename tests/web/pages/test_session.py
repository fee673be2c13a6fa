"""Logging in and out, changing the password, and losing the login in the middle of a form."""

from __future__ import annotations

import re

import pytest

from tests.web.pages.conftest import PASSWORD

SECRET = "eine laengere Passphrase"


def test_strangers_see_what_this_is_and_may_log_in(browse) -> None:
    browser = browse()
    page = browser.open("/")
    assert browser.status == 200
    assert "职称评审，从申报到聘任，一处办理" in page
    assert 'name="password"' in page
    assert "Apache-2.0" in page


def test_a_clerk_lands_on_the_work_and_a_candidate_on_the_own_page(browse) -> None:
    assert browse("clerk").path == "/work"
    assert browse("c-001").path == "/me"


def test_a_wrong_password_says_the_same_as_an_unknown_account(browse) -> None:
    pages = []
    for username in ("clerk", "no-such-person"):
        browser = browse().log_in(username, "wrong password")
        assert browser.status == 401
        assert f'value="{username}"' in browser.page
        pages.append(re.findall(r"zp-error-summary.*?</div>", browser.page, re.DOTALL))
    assert pages[0] == pages[1] != []


def test_missing_fields_are_named_beside_them(browse) -> None:
    browser = browse().log_in("", "")
    assert browser.status == 422
    assert 'id="username-error"' in browser.page
    assert 'id="password-error"' in browser.page


def test_after_login_the_page_asked_for_opens(browse) -> None:
    browser = browse()
    browser.open("/work?show=overdue")
    assert browser.path == "/login"
    browser.send("/login", {"username": "clerk", "password": PASSWORD, "next": browser.hidden("next")})
    assert browser.path == "/work"


@pytest.mark.parametrize("path", ["https://evil.example/", "//evil.example/", "/\\evil.example"])
def test_login_leads_nowhere_else(browse, path: str) -> None:
    browser = browse()
    browser.open("/login")
    browser.send("/login", {"username": "clerk", "password": PASSWORD, "next": path}, follow=False)
    assert browser.status == 303
    assert browser.client.get("/work").status_code == 200


def test_logging_out_ends_the_session(browse) -> None:
    browser = browse("clerk")
    browser.send("/logout")
    assert "已退出登录" in browser.page
    browser.open("/work")
    assert browser.path == "/login"


def test_what_was_typed_survives_a_lost_login(browse, wall, started, task_of) -> None:
    browser = browse("c-001")
    task = task_of(started, "apply")
    browser.open(f"/tasks/{task}")
    wall.pass_(hours=1)
    browser.send(f"/tasks/{task}", {"reason": "写了很久的申请事由", "_action": "submit"})
    assert browser.status == 401
    assert "登录已过期" in browser.page
    kept = browser.hidden("kept")
    browser.send("/login", {"username": "c-001", "password": PASSWORD, "kept": kept, "next": browser.hidden("next")})
    assert browser.path == f"/tasks/{task}"
    assert "写了很久的申请事由" in browser.page
    assert "登录恢复了" in browser.page


def test_changing_the_password(browse) -> None:
    browser = browse("clerk")
    browser.open("/password")
    browser.send("/password", {"current": PASSWORD, "new": SECRET, "again": SECRET})
    assert "密码已修改" in browser.page
    assert browse().log_in("clerk").status == 401
    assert browse().log_in("clerk", SECRET).path == "/work"


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"current": "wrong password", "new": SECRET, "again": SECRET}, "current"),
        ({"current": PASSWORD, "new": SECRET, "again": SECRET + "x"}, "again"),
        ({"current": PASSWORD, "new": "short", "again": "short"}, "new"),
        ({"current": PASSWORD, "new": "", "again": ""}, "new"),
    ],
)
def test_a_password_that_cannot_be_is_refused_beside_the_field(browse, sent: dict[str, str], field: str) -> None:
    browser = browse("clerk")
    browser.open("/password")
    browser.send("/password", sent)
    assert browser.status == 422
    assert f'id="{field}-error"' in browser.page
    assert f'href="#{field}"' in browser.page
    assert SECRET not in browser.page


def test_english_is_kept_in_a_cookie(browse) -> None:
    browser = browse("clerk")
    browser.send("/language", {"language": "en", "next": "/work"})
    assert browser.path == "/work"
    assert "My work" in browser.page
    assert '<html lang="en">' in browser.page
    browser.open("/work")
    assert "My work" in browser.page


def test_a_form_without_its_token_does_nothing(browse) -> None:
    browser = browse("clerk")
    browser.send("/logout", token="00" * 32)
    assert browser.status != 200 or "已退出登录" not in browser.page
    assert browser.client.get("/work").status_code == 200
