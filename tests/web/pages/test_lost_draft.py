"""A draft whose key is gone: the form opens empty, says so, and takes what is typed anew."""

from __future__ import annotations

from sqlalchemy import update

from engine.commands.save_draft import SaveDraft
from engine.store import tables as t


def test_the_form_says_that_the_draft_is_lost(browse, engine, who, started, task_of) -> None:
    task = task_of(started, "apply")
    engine.run(SaveDraft(task, who("c-001"), {"reason": "写了一半的话"}))
    browser = browse("c-001")
    assert "写了一半的话" in browser.open(f"/tasks/{task}")
    with engine.store.transaction() as connection:
        connection.execute(update(t.task_draft).values(sealed=b"\x01" + b"x" * 40))
    page = browser.open(f"/tasks/{task}")
    assert browser.status == 200
    assert "您上次保存的草稿打不开了" in page
    assert "写了一半的话" not in page
    engine.run(SaveDraft(task, who("c-001"), {"reason": "重新写的话"}))
    page = browser.open(f"/tasks/{task}")
    assert "重新写的话" in page
    assert "打不开了" not in page
