"""The applicant's own page and the lists of officials, over the real office with its register."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask

from engine.clock import FixedClock
from engine.config import Settings
from engine.engine import Engine
from processes import demo, office
from tests.process.province import MORNING, Province
from tests.web.pages.conftest import Browser
from web.app import create_app

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
