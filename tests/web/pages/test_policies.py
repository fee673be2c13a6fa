"""Policy documents on their pages: publishing with everything typed kept, the file for everybody, retiring."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import pytest

from engine.identity.accounts import CreateAccount
from engine.registry import Membership
from tests.process.stage import PIXEL
from tests.web.pages.conftest import HASH

NEW = {
    "doc_no": "青演示〔2026〕9号",
    "title": "补充通知",
    "issuers": "省档案局\n省人社厅",
    "level": "provincial",
    "issued_on": "2026-06-01",
    "issued_year": "",
    "effective_on": "2026-07-01",
    "parent_no": "",
    "summary": "只交必要的材料。",
    "clause_anchor": ["第一条", ""],
    "clause_title": ["材料", ""],
    "clause_text": ["只交原件。", ""],
}


@pytest.fixture(autouse=True)
def authorities(engine) -> None:
    for username, group in (("hrss", "provincial_hrss"), ("archives", "archives_bureau"), ("boss", "manager")):
        engine.run(CreateAccount(username, f"演示·{username}", None, (Membership(group),), password_hash=HASH))


def publish(browser, **changed: Any) -> str:
    browser.open("/policies/new")
    return browser.send("/policies/new", {**NEW, **changed})


def wrong_at(page: str) -> set[str]:
    return set(re.findall(r'<p class="zp-error" id="([\w-]+)-error">', page))


def test_a_document_is_published_with_its_file_and_everybody_may_read_both(browse) -> None:
    browser = browse("archives")
    assert "公开一份文件" in browser.open("/policies")
    page = publish(browser, file=(BytesIO(PIXEL), "正文.png"))
    assert "已公开" in page
    path = browser.path
    assert path.startswith("/public/policies/")
    nobody = browse()
    page = nobody.open(path)
    for words in ("青演示〔2026〕9号", "省档案局、省人社厅", "第一条 材料", "只交原件。", "正文.png"):
        assert words in page, words
    answer = nobody.client.get(f"{path}/file")
    assert answer.status_code == 200
    assert answer.data == PIXEL
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert path in browse("owner").open("/policies")
    assert nobody.client.get("/public/policies/none-such/file").status_code == 404


def test_a_document_without_a_file_offers_none(browse) -> None:
    browser = browse("hrss")
    publish(browser)
    assert "下载全文" not in browser.page
    assert browser.client.get(f"{browser.path}/file").status_code == 404


def test_what_is_wrong_is_told_at_its_field_all_at_once_and_everything_stays(browse) -> None:
    browser = browse("archives")
    page = publish(
        browser,
        doc_no=" ",
        level="",
        issued_on="昨天",
        summary="",
        clause_anchor=["第一条", ""],
        clause_title=["", ""],
        file=(BytesIO(PIXEL), "正文.png"),
    )
    assert browser.status == 422
    assert wrong_at(page) == {"doc_no", "level", "issued_on", "issued_year", "summary", "clause-1-title"}
    assert 'value="补充通知"' in page
    assert "省档案局\n省人社厅</textarea>" in page
    assert "只交原件。</textarea>" in page
    kept = browser.hidden("file_kept") if 'type="hidden" name="file_kept"' in page else None
    kept = kept or re.search(r'name="file_kept" id="file-kept" value="([^"]+)" checked', page)[1]
    assert "正文.png" in page
    page = browser.send("/policies/new", {**NEW, "file_kept": kept, "_key": browser.hidden("_key")})
    assert "已公开" in page
    assert "正文.png" in page


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"effective_on": "2026-05-01"}, "effective_on"),
        ({"issued_year": "2025"}, "issued_on"),
        ({"issued_year": "二〇二六"}, "issued_year"),
        ({"issued_on": "", "issued_year": "1900"}, "issued_year"),
        ({"issuers": "\n \n"}, "issuers"),
        ({"level": "galactic"}, "level"),
        ({"parent_no": "没有这个号"}, "parent_no"),
        ({"summary": "联系人13900001234"}, "summary"),
        ({"file_kept": "no-such-file"}, "file"),
        ({"file": (BytesIO(b"#!/bin/sh"), "x.sh")}, "file"),
    ],
)
def test_one_mistake_is_told_at_its_field(browse, changed: dict[str, Any], field: str) -> None:
    page = publish(browse("owner"), **changed)
    assert wrong_at(page) == {field}
    assert f'href="#{field}"' in page


def test_the_same_number_twice_is_refused_at_the_number(browse) -> None:
    browser = browse("owner")
    publish(browser)
    assert wrong_at(publish(browser)) == {"doc_no"}


def test_rows_are_added_and_taken_away_without_scripts(browse) -> None:
    browser = browse("owner")
    page = publish(browser, action="add")
    assert browser.status == 200
    assert page.count('name="clause_anchor"') == 3
    assert wrong_at(page) == set()
    page = browser.send("/policies/new", {**NEW, "action": "1"})
    assert page.count('name="clause_anchor"') == 1
    assert "第一条" not in page
    assert 'value="补充通知"' in page


def test_a_document_is_retired_with_a_day_and_a_reason(browse) -> None:
    browser = browse("owner")
    publish(browser)
    path = f"/policies/{browser.path.rpartition('/')[2]}/retire"
    assert "废止不能撤销" in browser.open(path)
    page = browser.send(path, {"repealed_on": "", "reason": ""})
    assert (browser.status, wrong_at(page)) == (422, {"repealed_on", "reason"})
    page = browser.send(path, {"repealed_on": "2026-01-01", "reason": "由新文件代替"})
    assert wrong_at(page) == {"repealed_on"}, "before it was issued"
    assert "由新文件代替</textarea>" in page
    page = browser.send(path, {"repealed_on": "2026-09-01", "reason": "由新文件代替"})
    assert "已废止" in page
    assert "由新文件代替" in page
    page = browser.open(path)
    assert "确认废止" not in page


def test_others_are_kept_out(browse) -> None:
    owner = browse("owner")
    publish(owner)
    retire = f"/policies/{owner.path.rpartition('/')[2]}/retire"
    for username in ("boss", "admin", "clerk", "c-001"):
        browser = browse(username)
        for path in ("/policies", "/policies/new", retire):
            browser.open(path)
            assert browser.status == 403, (username, path)
        assert 'href="/policies"' not in browser.open("/work")
