"""Moving what is under way on the pages: read, say which step is which, move, watch, take back. Without scripts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.commands.complete_task import CompleteTask
from engine.commands.deploy import Deploy

HERE = Path(__file__).parent
STEP = r"(?<![\w])check(?![\w])"


@pytest.fixture
def changed(engine, who, started, task_of):
    """The case stands at `check`, which a new active release calls `examine`; answers the releases' ids, the candidate's last."""
    engine.run(
        CompleteTask(
            task_of(started, "apply"), who("c-001"), {"reason": "申请晋升副研究馆员", "works": [], "proof": []}
        )
    )
    raw = (HERE / "review.bpmn").read_text("utf-8")
    new = re.sub(STEP, "examine", raw).replace('camunda:formKey="examine"', 'camunda:formKey="check"')
    active = engine.run(Deploy({"review.bpmn": new.encode()}, None, "新办法"))["id"]
    candidate = engine.run(Deploy({"review.bpmn": new.replace("审核材料", "核对材料").encode()}, who("owner"), "再改"))[
        "id"
    ]
    return active, candidate


def test_an_owner_moves_a_case_and_takes_it_back(browse, engine, started, changed) -> None:
    active, _ = changed
    owner = browse("owner")
    address = f"/deployments/{active}/moving"
    page = owner.open(address)
    assert "正在办理 1 件：能移 0 件，不能移 1 件。" in page
    assert "停在“审核材料”，新版本里没有这一步。请指明它对应哪一步。" in page
    assert "开始移动" not in page
    assert 'name="map:review:check"' in page
    assert '<option value="examine">审核材料（examine）</option>' in page

    asked = f"{address}?map:review:check=examine"
    page = owner.open(asked)
    assert "正在办理 1 件：能移 1 件，不能移 0 件。" in page
    typed = {"map:review:check": "examine", "_key": owner.hidden("_key")}
    owner.send(address, {**typed, "reason": "新办法同样适用"})
    assert (owner.status, "请看过上面的预览" in owner.page) == (422, True)
    assert 'value="新办法同样适用"' in owner.page
    assert 'name="map:review:check" value="examine"' in owner.page, "what was mapped stands there"
    owner.send(address, {**typed, "reason": "新办法同样适用", "seen": "yes"})
    assert "正在办：0 / 1 件。" in owner.page
    batch = owner.path
    engine.work()
    page = owner.open(batch)
    assert "办完了，共 1 件。" in page
    assert "已移到新版本" in page
    assert "移到另一个版本的流程" in owner.open(f"/instances/{started}")
    assert "没有要移的事" in owner.open(address)
    assert batch in owner.page

    owner.open(batch)
    owner.send(f"{batch}/undo", {"reason": ""})
    assert (owner.status, "请写明为什么撤回" in owner.page) == (422, True)
    owner.send(f"{batch}/undo", {"reason": "文件有误"})
    engine.work()
    assert "已撤回到原版本" in owner.open(batch)
    assert "撤回移动，仍按原来的版本办理" in owner.open(f"/instances/{started}")
    owner.send(f"{batch}/undo", {"reason": "再来"})
    assert "这一批里没有可以撤回的。" in owner.page
    owner.send(f"{batch}/stop", {})
    assert "没有可停的" in owner.page


def test_of_a_candidate_only_the_preview(browse, changed) -> None:
    _, candidate = changed
    owner, admin = browse("owner"), browse("admin")
    address = f"/deployments/{candidate}/moving"
    page = owner.open(address)
    assert "这个版本还没有启用" in page
    assert f'action="/deployments/{candidate}/read"' in page
    assert "开始移动" not in owner.open(f"{address}?map:review:check=examine")
    owner.send(f"/deployments/{candidate}/moving", {"reason": "x", "seen": "yes"})
    assert "这个版本还没有启用，启用后才能把正在办理的事移过来。" in owner.page
    assert "对应关系有误" in owner.open(f"{address}?map:review:nothing=examine")
    assert owner.status == 200
    assert "我看过了" not in admin.open(address)
    assert admin.status == 200
    admin.send(address, {"reason": "x", "seen": "yes"})
    assert admin.status == 403
    clerk = browse("clerk")
    clerk.open(address)
    assert clerk.status == 403
