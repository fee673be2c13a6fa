"""Notices, objections and stops of the service for those who publish and investigate, over a real result notice with an
objection under investigation."""

from __future__ import annotations

import re
from datetime import datetime
from io import BytesIO

import pytest

from engine.commands.beat import Beat
from processes.register.notice_tables import notice_window, publicity_notice
from processes.register.objection_tables import compensation, objection
from tests.process.stage import PIXEL
from tests.web.room.conftest import OBJECTOR, PASSWORD, PHONE, PUBLISHED, QUESTION, SAID, Hall

OFFICE, CANDIDATE = "committee_office", "c-001"
WHOLE = ("investigator", "supervisor")  # read the objector's name too
LISTED = (*WHOLE, OFFICE)
READERS = ("admin", "process_owner", "manager", "inspector")
PAPER = {
    "via": "paper",
    "received_on": "2026-09-28",
    "time": "17:30",
    "item": "1",
    "grounds": ["plagiarism", "other"],
    "text": "来信反映代表作的第三章抄自他人的研究报告，并附对照表一份。",
    "note": "信件原件存评审办档案柜。",
}


@pytest.fixture
def there(hall) -> Hall:
    return hall(PUBLISHED)


def notice_path(there: Hall) -> str:
    return f"/publicity/{there.province.rows(publicity_notice, publicity_notice.c.kind == 'result')[0]['id']}"


def objection_path(there: Hall) -> str:
    return f"/objections/{there.province.rows(objection)[0]['id']}"


def subject(there: Hall) -> str:
    """The account of the candidate whom the objection is against."""
    return {"演示·李明": "c-001"}.get(there.cases[0][1], "c-020")


# --- who reads what ----------------------------------------------------------------------------------------------------


def test_a_provincial_notice_is_read_by_everybody_and_its_standing_by_staff(there: Hall) -> None:
    path = notice_path(there)
    for role in (*LISTED, *READERS, "provincial_hrss", "archives_bureau", "hr-u01", CANDIDATE, "expert-01"):
        browser = there.enter(role)
        page = browser.open(path)
        assert browser.status == 200, role
        staff = role not in ("hr-u01", CANDIDATE, "expert-01")
        assert ("异议核查中，暂缓" in page) == staff, role
        assert ("截止时间的来历" in page) == staff, role
        assert ("延长公示期" in page) == (role == OFFICE), role
        assert ("登记书面或电话异议" in page) == (role in LISTED), role
        assert SAID not in page
        assert OBJECTOR not in page
        assert "副研究馆员" in page  # words, not codes


def test_a_notice_inside_a_unit_is_read_there_alone(there: Hall) -> None:
    inside = there.province.rows(publicity_notice, publicity_notice.c.publisher_scope == "unit:u01")
    path = f"/publicity/{next(row for row in inside if row['kind'] == 'recommendation')['id']}"
    for role, status in (
        *((one, 200) for one in ("hr-u01", "leader-u01", "discipline-u01", CANDIDATE, OFFICE, "supervisor", "manager")),
        *((one, 404) for one in ("hr-u02", "discipline-u02", "c-020", "region-haidong", "expert-01")),
    ):
        browser = there.enter(role)
        browser.open(path)
        assert browser.status == status, role
    assert "登记书面或电话异议" in there.enter("discipline-u01").open(path)


def test_who_reads_an_objection_and_how_much(there: Hall) -> None:
    path = objection_path(there)
    for role in LISTED:
        browser = there.enter(role)
        page = browser.open(path)
        assert browser.status == 200, role
        assert SAID in page
        assert (OBJECTOR in page, PHONE in page) == ((role in WHOLE,) * 2), role
    unit = "u01" if subject(there) == "c-001" else "u05"
    for role in (subject(there), f"hr-{unit}"):
        browser = there.enter(role)
        page = browser.open(path)
        assert browser.status == 200, role
        assert QUESTION in page
        assert "现在要您办的" in page  # the statement is one click away
        assert not {SAID, OBJECTOR, PHONE} & {text for text in (SAID, OBJECTOR, PHONE) if text in page}, role
    others = {"c-001", "c-020"} - {subject(there)}
    for role in (
        *READERS,
        *others,
        "hr-u02",
        f"leader-{unit}",
        f"discipline-{unit}",
        "provincial_hrss",
        "expert-01",
        "chair",
    ):
        browser = there.enter(role)
        browser.open(path)
        assert browser.status == 404, role
        assert path not in browser.open("/objections"), role


def test_the_task_leads_to_the_objection_and_back(there: Hall) -> None:
    case = there.province.rows(objection)[0]["instance_id"]
    task = there.province.task(case, "ask_candidate_statement")
    browser = there.enter(subject(there))
    browser.open(objection_path(there))
    assert f'href="/tasks/{task.id}"' in browser.page
    notice = there.enter("investigator")
    assert notice_path(there) in notice.open(objection_path(there))


# --- the end of a notice -----------------------------------------------------------------------------------------------


def test_extending_a_notice(there: Hall) -> None:
    path = notice_path(there)
    office = there.enter(OFFICE)
    office.open(path)
    for typed, field, told in (
        ({"day": "", "reason": "期间系统维护"}, "extend-day", "请填写日期。"),
        ({"day": "2026-13-01", "reason": "期间系统维护"}, "extend-day", "请填写日期。"),
        ({"day": "2026-09-30", "reason": "期间系统维护"}, "extend-day", "公示期只能延长，不能缩短"),
        ({"day": "2026-10-16", "reason": "  "}, "extend-reason", "请写明延长的理由。"),
    ):
        office.send(f"{path}/extend", typed, follow=False)
        assert office.status == 422, typed
        assert re.search(rf'id="{field}-error">.*{told}', office.page), typed
        assert f'<a href="#{field}">' in office.page
        assert '<details class="zp-more" open><summary>延长公示期' in office.page
        assert f'value="{typed["reason"]}"' in office.page or not typed["reason"].strip()
    office.send(f"{path}/extend", {"day": "2026-10-16", "reason": "期间系统维护"})
    assert "公示期已延长到 2026年10月16日" in office.page
    assert "期间系统维护" in office.page
    causes = [row["cause"] for row in there.province.rows(notice_window) if row["notice_id"] == path.rsplit("/", 1)[1]]
    assert causes == ["published", "extended"]


def test_who_does_not_publish_extends_and_recalls_nothing(there: Hall) -> None:
    path = notice_path(there)
    for role in ("supervisor", "provincial_hrss", "manager", "admin", "hr-u01", CANDIDATE):
        browser = there.enter(role)
        for route in ("extend", "recall"):
            browser.open("/password")
            browser.send(f"{path}/{route}", {"day": "2026-10-16", "reason": "理由"}, follow=False)
            assert browser.status == 403, (role, route)
    assert len([row for row in there.province.rows(notice_window) if row["cause"] == "extended"]) == 0


def test_asking_for_a_recall(there: Hall) -> None:
    path = notice_path(there)
    office = there.enter(OFFICE)
    office.open(path)
    office.send(f"{path}/recall", {"reason": ""}, follow=False)
    assert re.search(r'id="recall-reason-error">.*请写明哪里有误。', office.page)
    assert '<details class="zp-more" open><summary>公示内容有误，提请撤回' in office.page
    assert '<details class="zp-more"><summary>延长公示期' in office.page
    office.send(f"{path}/recall", {"reason": "一人的单位名称有误"})
    assert "已提请撤回。" in office.page


def test_a_lost_login_keeps_the_reason(there: Hall) -> None:
    path = notice_path(there)
    office = there.enter(OFFICE)
    office.open(path)
    office.client.delete_cookie("zhiping")
    office.send(f"{path}/recall", {"form": "recall", "reason": "一人的单位名称有误"})
    again = {"username": OFFICE, "password": PASSWORD, "next": office.hidden("next"), "kept": office.hidden("kept")}
    office.send("/login", again)
    assert office.path == path
    assert 'value="一人的单位名称有误"' in office.page
    assert '<details class="zp-more" open><summary>公示内容有误，提请撤回' in office.page


# --- an objection on paper ---------------------------------------------------------------------------------------------


def test_an_objection_on_paper_with_mistakes_and_without(there: Hall) -> None:
    path = f"{notice_path(there)}/objection"
    office = there.enter(OFFICE)
    office.open(path)
    key = office.hidden("_key")
    wrong = {
        "via": "",
        "received_on": "",
        "time": "",
        "item": "1",
        "text": "太短",
        "phone": "139",
        "note": "",
        "_key": key,
    }
    office.send(path, wrong, follow=False)
    assert office.status == 422
    for field in ("via", "received_on", "grounds", "text", "name", "phone"):
        assert f'id="{field}-error"' in office.page, field
        assert f'<a href="#{field}">' in office.page, field
        assert f'id="{field}"' in office.page, field
    assert ">太短</textarea>" in office.page
    assert '<option value="1" selected>' in office.page
    office.send(path, {**PAPER, "received_on": "2026-09-30", "_key": key}, follow=False)
    assert re.search(r'id="received_on-error">.*收到的时间应在公示发布之后、现在之前。', office.page)
    assert re.search(r'value="plagiarism" checked', office.page)
    assert 'value="17:30"' in office.page
    before = len(there.province.rows(objection))
    office.send(path, {**PAPER, "_key": key})
    assert "已登记，回执号" in office.page
    office.send(path, {**PAPER, "_key": key})  # sent twice
    rows = there.province.rows(objection)
    assert len(rows) == before + 1
    new = next(row for row in rows if row["via"] == "paper")
    assert (new["registered_by"], new["timely"], new["real_name"]) == (OFFICE, True, False)


def test_a_file_of_the_wrong_kind_keeps_the_good_one(there: Hall) -> None:
    path = f"{notice_path(there)}/objection"
    office = there.enter(OFFICE)
    office.open(path)
    files = [(BytesIO(PIXEL), "对照表.png"), (BytesIO(b"<html>"), "网页.html")]
    office.send(path, {**PAPER, "_key": office.hidden("_key"), "evidence": files}, follow=False)
    assert office.status == 422
    assert re.search(r'id="evidence-error">.*网页.html', office.page)
    kept = re.search(r'name="evidence_kept" id="kept-([\w-]+)"', office.page)
    assert kept is not None
    office.send(path, {**PAPER, "_key": office.hidden("_key"), "evidence_kept": kept[1]})
    assert "已登记，回执号" in office.page
    row = next(row for row in there.province.rows(objection) if row["via"] == "paper")
    assert row["evidence"] == [kept[1]]
    reader = there.enter("investigator")
    address = f"/objections/{row['id']}/files/{kept[1]}"
    assert address in reader.open(f"/objections/{row['id']}")
    answer = reader.client.get(address)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    for role in ("manager", "hr-u01", CANDIDATE):
        assert there.enter(role).client.get(address).status_code == 404, role


def test_who_may_not_register_gets_no_form(there: Hall) -> None:
    path = f"{notice_path(there)}/objection"
    for role in ("hr-u01", "discipline-u01", CANDIDATE, "manager", "provincial_hrss"):
        browser = there.enter(role)
        browser.open(path)
        assert browser.status == 403, role
        browser.open("/password")
        browser.send(path, PAPER, follow=False)
        assert browser.status == 403, role


def test_a_late_tip_off_becomes_a_case(there: Hall) -> None:
    there.province.until("2026-10-20T09:00:00")
    path = f"{notice_path(there)}/objection"
    office = there.enter(OFFICE)
    office.open(path)
    office.send(path, {**PAPER, "received_on": "2026-10-19", "_key": office.hidden("_key")})
    assert "已登记为线索" in office.page
    row = next(row for row in there.province.rows(objection) if row["via"] == "paper")
    page = f"/objections/{row['id']}"
    assert "立案调查" in office.open(page)
    office.send(f"{page}/investigation")
    assert "已立案。" in office.page
    office.send(f"{page}/investigation", follow=False)
    assert office.status == 422
    assert "这份反映已经在调查或已有结论。" in office.page


# --- stops of the service ----------------------------------------------------------------------------------------------


def test_two_people_give_a_day_back(there: Hall) -> None:
    engine = there.province.engine
    there.province.until("2026-09-29T22:00:00")
    engine.run(Beat())
    engine.clock.set(datetime.fromisoformat("2026-09-30T02:00:00+08:00"))  # type: ignore[attr-defined]
    engine.run(Beat())
    office = there.enter(OFFICE)
    office.open("/outages")
    assert "停用 4 小时 0 分钟。" in office.page
    key = office.hidden("outage")
    office.send("/outages/offer", {"outage": key, "reason": " "}, follow=False)
    assert re.search(rf'id="{key}-reason-error">.*请写明中断的情况和补偿的理由。', office.page)
    office.send("/outages/offer", {"outage": key, "reason": "机房停电四小时。"})
    assert "等另一人确认" in office.page
    assert "这是您提出的" in office.page
    assert "确认补足</button>" not in office.page
    office.send("/outages/offer", {"outage": key, "reason": "又提一次"}, follow=False)
    assert "已经有人提出" in office.page
    made = there.province.rows(compensation)[0]["id"]
    office.send(f"/outages/{made}/confirm")
    assert "补偿须由提出人以外的人确认。" in office.page
    assert "没有停用记录" in there.enter("hr-u01").open("/outages")
    manager = there.enter("manager")
    assert "确认补足</button>" not in manager.open("/outages")
    manager.send(f"/outages/{made}/confirm", follow=False)
    assert manager.status == 403
    supervisor = there.enter("supervisor")
    supervisor.open("/outages")
    supervisor.send(f"/outages/{made}/confirm")
    assert "份公示各补足一个工作日。" in supervisor.page
    assert "已补足" in supervisor.page
    assert "系统停用补足" in office.open(notice_path(there))
