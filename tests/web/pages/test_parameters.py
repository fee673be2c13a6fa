"""Parameters on their pages: what is in force and why, what a person may not set, and the second person."""

from __future__ import annotations

import re

import pytest

from engine.identity.accounts import CreateAccount
from engine.registry import Membership
from processes.register.parameters import PARAMETERS
from tests.web.pages.conftest import HASH

DAYS = "/parameters/publicity.works.min_workdays"
NEW = {"value": "7", "effective_from": "2026-09-01", "source_doc": "青人社〔2026〕12号"}


@pytest.fixture(autouse=True)
def authorities(engine) -> None:
    for username, group in (("hrss", "provincial_hrss"), ("archives", "archives_bureau"), ("boss", "manager")):
        engine.run(CreateAccount(username, f"演示·{username}", None, (Membership(group),), password_hash=HASH))


def proposal(page: str) -> str:
    found = re.search(r"/parameters/proposals/([0-9a-f-]{36})", page)
    assert found, "no proposal to decide"
    return f"/parameters/proposals/{found[1]}"


def test_every_parameter_is_listed_with_its_value_and_floor(browse) -> None:
    page = browse("owner").open("/parameters")
    for known in PARAMETERS.values():
        assert f"/parameters/{known.name}" in page, known.name
    assert "不得少于 5（" in page
    assert "第十七条" in page
    assert "系统自带，未改过" in page
    assert "None" not in page


def test_a_new_value_takes_two_and_its_day(browse, engine) -> None:
    owner = browse("owner")
    owner.open(DAYS)
    page = owner.send(DAYS, NEW)
    assert "已提出" in page
    assert "提出的人不能自己确认" in page
    assert "撤回" in page
    authority = browse("hrss")
    assert "等待确认的新值" in authority.open("/parameters")
    page = authority.open(DAYS)
    assert "青人社〔2026〕12号" in page
    page = authority.send(proposal(page), {"action": "confirm", "name": "publicity.works.min_workdays"})
    assert "已确认" in page
    assert "将生效" in page
    assert "演示·hrss 确认" in page
    engine.work(until=engine.clock.now().replace(month=9, day=2))
    page = browse("boss").open(DAYS)
    assert re.search(r"现行值</dt><dd><strong>7</strong>", page)
    assert "提出新值" not in page, "a manager reads alone"


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"value": "4"}, "value", "规定的底线是 5"),
        ({"value": "很多"}, "value", "填整数"),
        ({"value": ""}, "value", "填整数"),
        ({"effective_from": "2026-07-06"}, "effective_from", "政策不溯及既往"),
        ({"effective_from": "明天"}, "effective_from", "请填生效日期"),
        ({"source_doc": " "}, "source_doc", "请写明依据的文件"),
        ({"source_doc": "文" * 401}, "source_doc", "不超过 400 字"),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_what_was_typed_stays(browse, changed, field, words) -> None:
    browser = browse("owner")
    browser.open(DAYS)
    page = browser.send(DAYS, NEW | changed)
    assert browser.status == 422
    assert f'href="#{field}"' in page
    wrong = re.search(rf'id="{field}-error">(.*?)</p>', page)
    assert wrong
    assert words in wrong[1]
    kept = {name: value for name, value in (NEW | changed).items() if name != field}
    assert all(f'value="{value}"' in page for value in kept.values())
    browser.open(DAYS)
    assert "等待确认的新值" not in browser.page


def test_turning_down_wants_a_reason_and_stays_to_be_read(browse) -> None:
    owner, authority = browse("owner"), browse("archives")
    owner.open(DAYS)
    owner.send(DAYS, NEW)
    where = proposal(authority.open(DAYS))
    sent = {"action": "reject", "name": "publicity.works.min_workdays"}
    assert "请写明理由" in authority.send(where, sent | {"reason": " "})
    page = authority.send(where, sent | {"reason": "文件尚未印发"})
    assert "没有执行的提议" in page
    assert "文件尚未印发" in page
    assert "提出新值" in owner.open(DAYS)
    authority.send(where, {"action": "confirm"})
    assert "已经处理过了" in authority.page


def test_the_same_form_sent_twice_waits_for_the_first(browse) -> None:
    browser = browse("owner")
    browser.open(DAYS)
    browser.send(DAYS, NEW)
    browser.open("/parameters/vote.pass")
    page = browser.send(DAYS, NEW)
    assert browser.status == 422
    assert "已有一项等待确认的提议" in page


def test_others_may_neither_look_nor_set(browse) -> None:
    for username in ("clerk", "c-001"):
        browser = browse(username)
        for path in ("/parameters", DAYS):
            browser.open(path)
            assert browser.status == 403, (username, path)
    authority = browse("hrss")
    authority.open(DAYS)
    authority.send(DAYS, NEW)
    assert authority.status == 403, "an authority confirms, and does not propose"
    owner = browse("owner")
    owner.open(DAYS)
    where = proposal(owner.send(DAYS, NEW))
    second = browse("owner2")
    second.open(DAYS)
    second.send(where, {"action": "confirm"})
    assert second.status == 403
    browse("owner").open("/parameters/none.such")


def test_an_unknown_parameter_is_not_found(browse) -> None:
    browser = browse("owner")
    browser.open("/parameters/none.such")
    assert browser.status == 404


def test_the_pages_cost_few_statements(browse, statements) -> None:
    browser = browse("owner")
    browser.open("/parameters")
    statements.clear()
    browser.open("/parameters")
    assert len(statements) <= 8, statements
