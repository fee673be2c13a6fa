"""From every clause of the plan to the steps that carry it out, and back."""

from __future__ import annotations

import re
from pathlib import Path

from engine.bpmn.findings import KnownNames
from engine.bpmn.lint import lint_bpmn
from processes.office import registry
from processes.plan import CLAUSES
from tests.web.pages.test_owner import REVIEW, upload

SHIPPED = sorted((Path(__file__).resolve().parents[3] / "processes").glob("*/*.bpmn"))
NAMED = re.compile(r'<camunda:property name="clause" value="([^"]*)"/>')


def test_every_shipped_process_names_clauses_that_exist() -> None:
    named = {
        path.name: [n for found in NAMED.findall(path.read_text("utf-8")) for n in found.split("，")]
        for path in SHIPPED
    }
    assert [name for name, numbers in named.items() if not numbers] == []
    assert {number for numbers in named.values() for number in numbers} - CLAUSES.keys() == set()
    # What the plan asks to be done is done somewhere; the rest are principles and headings.
    carried = {number for numbers in named.values() for number in numbers}
    assert CLAUSES.keys() - carried == {"一（一）", "一（二）", "五", "五（一）"}


def test_an_unknown_clause_is_warned_of() -> None:
    raw = SHIPPED[0].read_bytes()
    wrong = re.sub(rb'name="clause" value="[^"]*"', 'name="clause" value="九（九）9"'.encode(), raw, count=1)
    office = registry()
    known = KnownNames()
    assert not [one for one in lint_bpmn("a.bpmn", raw, registry=office, known=known) if one.code == "CLAUSE_UNKNOWN"]
    (found,) = [one for one in lint_bpmn("a.bpmn", wrong, registry=office, known=known) if one.code == "CLAUSE_UNKNOWN"]
    assert (found.severity, "九（九）9" in str(found.text)) == ("warning", True)


def test_a_clause_leads_to_its_step_and_back(browse) -> None:
    given = '<camunda:property name="clause" value="三（二）3，零"/><camunda:property name="hint" value="写明'
    drawn = REVIEW.replace('<camunda:property name="hint" value="写明'.encode(), given.encode())
    owner, second = browse("owner"), browse("owner2")
    upload(owner, ("review.bpmn", drawn))
    second.open(owner.path)
    second.send(f"{owner.path}/activate", {"reason": "核对过"})
    page = owner.open("/clauses")
    assert "三（二）3 代表作制度" in page
    assert "有步骤写了方案里没有的条款编号" in page
    link = re.search(r'href="(/processes/[^"#]+)#(step-[^"]+)"', page)
    assert link
    page = owner.open(link[1])
    assert f'id="{link[2]}"' in page
    assert 'href="/clauses#clause-三（二）3"' in page
    assert "规则 R-04" not in browse("c-001").open("/clauses")
