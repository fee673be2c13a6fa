"""The applicant's own page and the lists of officials, over the real office with its register."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask

from engine.clock import FixedClock
from engine.config import Settings
from engine.engine import Engine
from processes import demo, office
from processes.register.notice_tables import publicity_notice
from tests.process.province import MORNING, Province
from tests.process.test_s01_whole_path import publish_result, vote
from tests.web.pages.conftest import Browser
from web.app import create_app
from web.pages.words import until

PASSWORD = "demo-zhiping"
SECRET = "test-" * 10


def settings(folder: Path) -> Settings:
    return Settings(f"sqlite:///{folder / 'zhiping.db'}", folder, SECRET, attachments_url=str(folder / "files"))


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("province")
    made = Engine(settings(folder), office.registry(), clock=FixedClock(datetime.fromisoformat(MORNING)))
    made.create_schema()
    list(demo.load(made))
    made.stop()
    return folder / "zhiping.db"


@pytest.fixture
def province(loaded: Path, tmp_path: Path) -> Iterator[Province]:
    shutil.copy(loaded, tmp_path / "zhiping.db")
    made = Engine(settings(tmp_path), office.registry(), clock=FixedClock(datetime.fromisoformat(MORNING)))
    yield Province(made)
    made.stop()


@pytest.fixture
def app(province: Province) -> Flask:
    return create_app(province.engine, wall=FixedClock(datetime.fromisoformat(MORNING)))


def enter(app: Flask, username: str) -> Browser:
    return Browser(app.test_client()).log_in(username, PASSWORD)


def test_starting_an_application_leads_to_the_form_and_back_to_ones_own_page(app: Flask) -> None:
    browser = enter(app, "c-001")
    assert "您还没有申报" in browser.page
    page = browser.open("/start/P04_candidate_title_review")
    for step in ("填写申报表", "签署诚信承诺", "单位考核推荐", "材料审核"):
        assert step in page
    assert "知悉推荐失效" not in page  # only an interruption leads there
    browser.send("/start/P04_candidate_title_review", {"_key": browser.hidden("_key")})
    assert "填写申报表" in browser.page
    page = browser.open("/me")
    assert "填写中" in page
    assert "现在要您做的" in page
    assert "开始申报职称" not in page


def test_the_own_page_tells_status_office_and_next_step_without_names(app: Flask, province: Province) -> None:
    province.apply("c-001")
    page = enter(app, "c-001").page
    for told in ("申报副研究馆员", "单位考核中", "由单位人事办理“核实申报材料”。", "单位决定是否推荐"):
        assert told in page, told
    assert "西宁演示区档案馆 人事" not in page


def test_officials_tell_cases_apart_by_person_title_and_unit(app: Flask, province: Province) -> None:
    province.apply("c-001")
    name = province.actor("c-001").name
    page = enter(app, "hr-u01").page
    assert f"{name}，申报副研究馆员，西宁演示区档案馆" in page
    assert name not in enter(app, "hr-u02").page


def test_no_applicant_sees_the_case_of_another(app: Flask, province: Province) -> None:
    case = province.apply("c-001")
    task = province.task(case, "verify_materials").id
    browser = enter(app, "c-002")
    name = province.actor("c-001").name
    for path in (f"/instances/{case}", f"/tasks/{task}", "/me", "/work"):
        assert name not in browser.open(path), path


def test_an_application_can_be_taken_back_by_its_owner_alone(app: Flask, province: Province) -> None:
    case = province.apply("c-001")
    path = f"/me/withdraw/{province.application(case)['id']}"
    stranger = enter(app, "c-002")
    stranger.open(path)
    assert stranger.status == 404
    stranger.open("/me")
    stranger.send(path)
    assert stranger.status == 404
    owner = enter(app, "c-001")
    assert "不能恢复" in owner.open(path)
    owner.send(path, {"reason": "改到明年"})
    assert "申报已撤回" in owner.page
    assert "改到明年" in owner.page
    assert province.status(case) == "withdrawn"
    assert province.closed(case)


def test_a_result_is_not_told_before_it_is_public(app: Flask, province: Province) -> None:
    case = province.queued()
    province.until("2026-09-22T17:00:00")
    province.tell("ballot_result", case, ballot_result="failed")
    browser = enter(app, "c-001")
    assert "评审会议中" in browser.page
    assert "未通过" not in browser.page
    province.tell("result_published", case)
    assert "评审未通过" in browser.open("/me")


def test_while_a_notice_runs_its_end_is_told(app: Flask, province: Province) -> None:
    """The day that ends at 24:00, once; nobody reads “等待：等待…”."""
    case = province.assessed("c-001")
    province.decide(case)
    province.publish(case)
    page = enter(app, "c-001").page
    closes_at = province.rows(publicity_notice, publicity_notice.c.instance_id == case)[0]["closes_at"]
    assert page.count(f"公示到 {until(closes_at)} 结束") == 1
    assert page.count("24:00") == 1
    assert "等待：等待" not in page
    province.close_notice(case)
    assert "公示到" not in enter(app, "c-001").page


def test_the_end_of_the_result_notice_is_told_although_it_is_another_case(app: Flask, province: Province) -> None:
    case = province.queued()
    publish_result(province, vote(province, {case: (21, 17, 3, 1)}))
    page = enter(app, "c-001").page
    notices = province.rows(publicity_notice, publicity_notice.c.kind == "result")
    assert f"公示到 {until(notices[0]['closes_at'])} 结束" in page
    assert "等待结果公示结束。" in page
    assert "等待：" not in page


def test_the_wait_for_a_vote_is_told_once(app: Flask, province: Province) -> None:
    province.queued()
    page = enter(app, "c-001").page
    assert "等待表决结果。" in page
    assert "等待：等待" not in page


def test_whoever_checks_an_application_opens_its_files(app: Flask, province: Province) -> None:
    """Evidence, works and the files of each step; a confidential work is told without a file. Nobody else gets them."""
    province.until("2026-06-20T09:00:00")
    me, names = province.actor("c-001"), ("证明.png", "规范.png", "说明.png", "承诺.png")
    proof, work, more, pledged = [province.attach(me, name) for name in names]
    open_work = {
        "kind": "standard",
        "title": "作业规范",
        "role": "第一起草人",
        "date": "2024-05-01",
        "abstract": "规范",
    }
    works = [{**open_work, "file": [work]}, {**open_work, "title": "保密成果", "confidential": True}]
    case = province.open_case("c-001")
    province.fill(case, "c-001", works=works, channel="urgently_needed", channel_evidence=[proof], attachments=[more])
    province.do(case, "sign_pledge", me, agree=True, attachments=[pledged])
    steps: list[tuple[str, str, Callable[[str], None]]] = [
        ("hr-u01", "verify_materials", province.verify),
        ("panel-u01", "panel_assessment", province.assess),
        ("leader-u01", "decide_recommend", province.decide),
        ("region-xining", "local_endorse", province.endorse),
        ("committee_office", "review_materials", province.review),
        ("committee_office", "audit_conclude", province.audit),
    ]
    for username, element, done in steps:
        if element == "local_endorse":
            province.publish(case)
            province.close_notice(case)
            province.submit_recommendation(case)
        browser = enter(app, username)
        page = browser.open(f"/tasks/{province.task(case, element).id}")
        assert "代表作 2</dt>" in page, element
        assert "涉密/不宜公开，已由单位审核" in page, element
        for file, name in zip((proof, work, more, pledged), names, strict=True):
            assert f'/attachments/{file}" download>{name}</a>' in page, (element, name)
            assert browser.client.get(f"/api/v1/attachments/{file}").status_code == 200, (element, name)
        done(case)
    for stranger in ("c-002", "hr-u02", "leader-u02", "region-yushu"):
        assert enter(app, stranger).client.get(f"/api/v1/attachments/{work}").status_code == 404, stranger


def test_a_work_that_turned_out_confidential_is_offered_to_nobody(app: Flask, province: Province) -> None:
    """The file of an earlier hand-in is not listed once the work is declared confidential."""
    province.until("2026-06-20T09:00:00")
    me = province.actor("c-015")
    work = {"kind": "standard", "title": "规范", "role": "主笔", "date": "2024-05-01", "abstract": "规范"}
    case = province.open_case("c-015")
    province.fill(case, "c-015", works=[{**work, "file": [province.attach(me, "原件.png")]}])
    province.pledge(case, "c-015")
    assert province.open(case) == ["confirm_ineligible"]
    unit = province.application(case)["unit_code"]
    task = province.task(case, "confirm_ineligible").id
    assert "原件.png" in enter(app, f"hr-{unit}").open(f"/tasks/{task}")
    province.do(case, "confirm_ineligible", province.actor(f"hr-{unit}"), human_decision="return", note="请核对。")
    province.until("2026-06-20T15:00:00")
    province.fill(case, "c-015", works=[{**work, "confidential": True}])
    province.pledge(case, "c-015")
    page = enter(app, f"hr-{unit}").open(f"/tasks/{province.task(case, 'confirm_ineligible').id}")
    assert "涉密/不宜公开，已由单位审核" in page
    assert "原件.png" not in page


def test_the_code_of_a_text_message_is_not_asked_for_and_not_refused(app: Flask, province: Province) -> None:
    case = province.open_case("c-001")
    province.fill(case, "c-001")
    page = enter(app, "c-001").open(f"/tasks/{province.task(case, 'sign_pledge').id}")
    assert "我已阅读并作出以上承诺" in page
    assert re.search(r'<div [^>]*data-path="sms_code"[^>]* hidden[ >]', page)
    province.do(case, "sign_pledge", province.actor("c-001"), agree=True, sms_code="123456")
    assert province.open(case) == ["verify_materials"]


def test_assessments_are_proposed_from_the_year_of_the_present_title_on(province: Province) -> None:
    shown = province.form(province.open_case("c-001"), "fill_application", province.actor("c-001"))
    years = [row["year"] for row in shown["annual_assessments"]]
    assert years == sorted(years)
    assert years[0] == int(shown["prior_title_date"][:4])
