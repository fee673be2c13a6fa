"""Putting one case right on the pages and by the API: proposed by one, confirmed by another, told to the applicant as such."""

from __future__ import annotations

import re

import pytest

from engine.commands.start_instance import StartInstance
from engine.queries.repairs import Repairable


@pytest.fixture
def case(engine, who) -> str:
    given = {"unit_code": "u01", "applicant": "c-001"}
    started: str = engine.run(StartInstance(who("c-001"), key="review", variables=given, business_key="2026-9"))["id"]
    return started


def form(page: str, **values: str) -> dict[str, str]:
    """The first form of the page as a browser would send it, with `values` typed in."""
    hidden = dict(re.findall(r'<input type="hidden" name="(_key|token|revision)" value="([^"]*)"', page))
    return {**hidden, "to": "", "kind-1": "text", "name-1": "", "value-1": "", "reason": "", **values}


def test_two_persons_put_a_case_right(browse, engine, who, case) -> None:
    owner, second = browse("owner"), browse("owner2")
    assert f'href="/operation/cases/{case}/repair"' in owner.open(f"/operation/cases/{case}")
    address = f"/operation/cases/{case}/repair"
    page = owner.open(address)
    assert "填写申请表" in page
    typed = form(page, **{"name-1": "unit_code", "value-1": "u02", "to": "check"})
    owner.send(address, typed)
    assert owner.status == 422
    assert "请写明理由" in owner.page
    assert 'value="unit_code"' in owner.page  # what was typed stands there
    for wrong, said in (
        ({"name-1": "n", "kind-1": "number", "value-1": "三"}, "不是数字"),
        ({"name-1": "n", "kind-1": "truth", "value-1": "或许"}, "请写“是”或“否”"),
        ({"name-1": "n", "kind-1": "json", "value-1": "{"}, "不是正确的 JSON"),
        ({"name-1": "", "value-1": "x"}, "是哪个变量"),
        ({"to": "nowhere"}, "只能移到同一层"),
    ):
        owner.send(address, form(page, reason="试试", **wrong))
        assert (owner.status, said in owner.page) == (422, True), wrong
    typed["reason"] = "申请表是代填的"
    owner.send(address, typed)
    assert "已提出修正，等另一人确认" in owner.page
    assert "审核材料" in owner.page
    assert "同意修正" not in owner.open("/operation/cancellations")
    page = second.open("/operation/cancellations")
    assert "同意修正" in page
    for shown in ("资料“unit_code”", "&#34;u01&#34;", "&#34;u02&#34;", "填写申请表", "申请表是代填的"):
        assert shown in page, shown
    repair = re.search(r"/operation/repairs/([0-9a-f-]+)", page)
    assert repair
    second.send(f"/operation/repairs/{repair[1]}", {"action": "confirm"})
    assert "已确认，这件事已按提出的内容修正" in second.page
    assert "经两人确认，修正了这件事的办理" in owner.open(f"/instances/{case}")
    assert "申请表是代填的" in owner.page
    assert [place.element_id for place in engine.ask(Repairable(who("owner"), case)).places] == ["check"]


def test_only_owners_may_and_nobody_alone(browse, engine, who, case) -> None:
    for name in ("admin", "clerk", "c-001"):
        other = browse(name)
        other.open(f"/operation/cases/{case}/repair")
        assert other.status == 404
    owner = browse("owner")
    owner.open(f"/operation/cases/{case}/repair")
    owner.send(f"/operation/cases/{case}/repair", form(owner.page, to="check", reason="试试"))
    waiting = owner.open("/operation")
    assert "等另一人确认的修正" in waiting
    repair = re.search(r"/operation/repairs/([0-9a-f-]+)", owner.open("/operation/cancellations"))
    assert repair
    owner.send(f"/operation/repairs/{repair[1]}", {"action": "confirm"})
    assert owner.status == 403
    owner.send(f"/operation/repairs/{repair[1]}", {"action": "drop", f"reason-{repair[1]}": ""})
    assert "请写明理由" in owner.page
    owner.send(f"/operation/repairs/{repair[1]}", {"action": "drop", f"reason-{repair[1]}": "看错了"})
    assert "没有等待确认的修正" in owner.page
