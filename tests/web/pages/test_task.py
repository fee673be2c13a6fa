from __future__ import annotations


def test_a_task_shows(browse, started, task_of) -> None:
    browser = browse("c-001")
    page = browser.open(f"/tasks/{task_of(started, 'apply')}")
    assert browser.status == 200
    assert "填写申请表" in page
