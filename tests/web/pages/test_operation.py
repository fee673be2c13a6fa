"""The operator's page: what is running, what stands still and what to do, one or many tried again, a case ended by two."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from engine.commands.backup_taken import Backup, BackupTaken
from engine.commands.beat import SignOfLife
from engine.commands.start_instance import StartInstance
from engine.jobs import queue
from engine.queries.gauges import Gauges
from tests.web.pages.conftest import NOW

HOUR = timedelta(hours=1)


@pytest.fixture
def given_up(engine, stuck) -> str:
    """The case that stands still, after the tries that the system makes by itself."""
    engine.work(until=NOW + HOUR)
    return stuck


def incident_of(page: str) -> str:
    found = re.search(r"/operation/incidents/([0-9a-f-]+)/retry", page)
    assert found
    return found[1]


def test_a_cause_is_told_in_words_and_one_is_retried_with_a_reason(browse, office, given_up) -> None:
    owner = browse("owner")
    page = owner.open("/operation")
    for told in (
        "一步自动办理没有成功",
        "1 件等人处理",
        "申请审核：登记结果",
        "2026-001 卓玛·才让",
        "先等几分钟再重试",
    ):
        assert told in page
    page = owner.open("/operation/causes/STEP_FAILED")
    incident = incident_of(page)
    address = f"/operation/incidents/{incident}/retry"
    owner.send(address, {f"reason-{incident}": "", "code": "STEP_FAILED"})
    assert owner.status == 422
    assert "请写明为什么现在可以重试" in owner.page
    owner.send(address, {f"reason-{incident}": "平台说好了", "code": "STEP_FAILED"})
    assert "仍然没有成功" in owner.page
    office.failing = False
    owner.send(address, {f"reason-{incident}": "平台真的恢复了", "code": "STEP_FAILED"})
    assert "已重试成功" in owner.page
    assert "没有停住的事" in owner.page
    assert "理由：平台真的恢复了" in owner.open(f"/instances/{given_up}")


def test_many_are_retried_with_one_reason_and_the_result_says_which_worked(browse, engine, office, given_up) -> None:
    owner = browse("owner")
    owner.open("/operation/causes/STEP_FAILED")
    owner.send("/operation/causes/STEP_FAILED/retry", {"reason": " "})
    assert owner.status == 422
    owner.send("/operation/causes/STEP_FAILED/retry", {"reason": "平台恢复了"})
    assert re.fullmatch(r"/operation/retries/[0-9a-f-]+", owner.path)
    assert "正在试：0 / 1 件" in owner.page
    assert "data-again" in owner.page
    engine.work()
    page = owner.open(owner.path)
    assert "试完了，共 1 件" in page
    assert "仍然没有成功" in page
    assert "data-again" not in page
    engine.work(until=NOW + 2 * HOUR)
    office.failing = False
    owner.open("/operation/causes/STEP_FAILED")
    owner.send("/operation/causes/STEP_FAILED/retry", {"reason": "平台真的恢复了"})
    done = owner.path
    engine.work()
    assert "成功，继续往下走" in owner.open(done)
    assert "最近的一起重试" in owner.open("/operation")


def test_a_case_ends_by_two(browse, engine, who, given_up) -> None:
    owner, second = browse("owner"), browse("owner2")
    page = owner.open(f"/operation/cases/{given_up}")
    assert "提出终止" in page
    address = f"/operation/cases/{given_up}"
    owner.send(address, {"action": "cancel", "reason-cancel": ""})
    assert owner.status == 422
    owner.send(address, {"action": "cancel", "reason-cancel": "开错了"})
    assert "等另一人确认后生效" in owner.page
    owner.open("/operation/cancellations")
    assert "同意终止" not in owner.page
    found = re.search(r"/operation/cancellations/([0-9a-f-]+)", owner.page)
    assert found
    owner.send(f"/operation/cancellations/{found[1]}", {"action": "confirm"})
    assert owner.status == 403
    assert "等另一人确认的终止" in second.open("/operation")
    second.open("/operation/cancellations")
    second.send(f"/operation/cancellations/{found[1]}", {"action": "drop"})
    assert owner.status == 403
    assert second.status == 422
    second.send(f"/operation/cancellations/{found[1]}", {"action": "confirm"})
    assert "这件事终止了" in second.page
    page = second.open(f"/instances/{given_up}")
    assert "已终止" in page
    assert "提出终止整件事" in page


def test_a_case_is_paused_and_goes_on(browse, engine, stuck) -> None:
    owner = browse("owner")
    address = f"/operation/cases/{stuck}"
    owner.open(address)
    owner.send(address, {"action": "suspend", "reason-suspend": " "})
    assert owner.status == 422
    owner.send(address, {"action": "suspend", "reason-suspend": "先查清楚"})
    assert "已暂停" in owner.page
    assert "另有 1 件被人暂停" in owner.open("/operation")
    owner.open(address)
    owner.send(address, {"action": "resume"})
    assert "已恢复" in owner.page
    owner.send(address, {"action": "nonsense"})
    assert owner.status == 200


def test_a_job_given_up_is_retried_with_a_reason(browse, engine) -> None:
    with engine.store.transaction() as connection:
        queue.put(connection, NOW, "nonsense", "nonsense:1", {})
    engine.work(until=NOW + HOUR)
    owner = browse("owner")
    page = owner.open("/operation")
    assert "其他后台工作" in page
    found = re.search(r"/operation/jobs/([0-9a-f-]+)/retry", page)
    assert found
    owner.send(f"/operation/jobs/{found[1]}/retry", {f"reason-{found[1]}": ""})
    assert owner.status == 422
    owner.send(f"/operation/jobs/{found[1]}/retry", {f"reason-{found[1]}": "改好了"})
    assert "已重新排队" in owner.page
    assert engine.ask(Gauges()).failed_jobs == 0


def test_the_page_says_what_does_not_run(browse, engine, wall) -> None:
    admin = browse("admin")
    page = admin.open("/operation")
    assert "从来没有进程做过后台工作" in page
    assert "还没有做过备份" in page
    now = engine.wall.now()
    engine.run(SignOfLife("w", "host", 7, now, now))
    engine.run(BackupTaken(Backup(wall.now() - HOUR, 5_000_000, 3, "a.tar.gz")))
    page = admin.open("/operation")
    assert "1 个进程在工作" in page
    assert "附件 3 个" in page
    assert "请系统维护人员运行" not in page
    engine.run(BackupTaken(Backup(wall.now() - 48 * HOUR, 5_000_000, 3, "a.tar.gz")))
    assert "请系统维护人员运行" in admin.open("/operation")


def test_the_page_warns_of_a_year_a_quarter_ahead(browse, engine) -> None:
    assert "下一个要导入的是 2027 年" in browse("admin").open("/operation")
    engine.work(until=NOW.replace(month=11))
    page = browse("admin").open("/operation")
    assert "还没有 2027 年的工作日历" in page
    assert "评审结果公示（5 个工作日）" in page
    assert "2026年12月25日（周五） 及以后开始的" in page
    assert "导入 2027 年" in page


def test_the_page_is_for_those_who_oversee(browse, given_up) -> None:
    clerk = browse("clerk")
    for path in ("/operation", "/operation/causes/STEP_FAILED", "/operation/cancellations"):
        clerk.open(path)
        assert clerk.status == 403
    clerk.open(f"/operation/cases/{given_up}")
    assert clerk.status == 404
    page = clerk.open(f"/instances/{given_up}")
    assert "有 1 处停住了" in page
    assert "管理人员会处理" in page
    admin = browse("admin")
    for path in ("/operation", "/operation/causes/STEP_FAILED", f"/operation/cases/{given_up}"):
        page = admin.open(path)
        assert admin.status == 200
        assert "<form" not in page.split("<main", 1)[1].split("</main", 1)[0]


def test_the_page_costs_the_same_however_many_stand_still(browse, engine, who, given_up, statements) -> None:
    owner = browse("owner")
    counts = []
    for _ in range(2):
        owner.open("/operation")
        statements.clear()
        owner.open("/operation")
        counts.append(len(statements))
        with engine.store.transaction() as connection:
            for number in range(30):
                queue.put(connection, NOW, "nonsense", f"nonsense:{len(counts)}:{number}", {})
        for number in range(5):
            variables = {"unit_code": "u01", "applicant": "c-001"}
            engine.run(StartInstance(who("c-001"), key="review", variables=variables, business_key=f"x{number}"))
        engine.work(until=NOW + 2 * HOUR)
    assert counts[1] <= counts[0] + 1
    assert counts[0] <= 37  # ten of them read the clock of the demonstration
