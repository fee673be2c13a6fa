"""The deadlines of everything open: filters, counts that open what they count, the file for a spreadsheet, what it costs."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime
from typing import Any

import pytest

from engine.commands.claim_task import ClaimTask
from engine.commands.complete_task import CompleteTask
from engine.commands.start_instance import StartInstance
from engine.engine import Engine
from web.pages.deadlines import week_ends
from web.pages.sheets import safe_cell


@pytest.fixture
def at_check(engine: Engine, who, task_of):
    """Starts a case that stands at the unit's check, due five working days later; returns its id."""

    def make(business_key: str, unit: str = "u01") -> str:
        variables: dict[str, Any] = {"unit_code": unit, "applicant": "c-001"}
        made = engine.run(StartInstance(who("c-001"), key="review", variables=variables, business_key=business_key))
        done = {"reason": "申请晋升职称", "works": [], "proof": []}
        engine.run(CompleteTask(task_of(made["id"], "apply"), who("c-001"), done))
        return str(made["id"])

    return make


def tab(page: str, label: str) -> int:
    found = re.search(rf">{label} <span class=\"zp-count\">(\d+)</span>", page)
    assert found, f"no tab {label}"
    return int(found[1])


def test_what_is_late_stands_first_and_is_counted(browse, engine, at_check) -> None:
    at_check("2026-001 旧的")
    engine.work(until=engine.clock.now().replace(day=14))  # Tuesday 14 July: the first is late since Monday 24:00
    at_check("2026-002 新的")
    browser = browse("owner")
    page = browser.open("/deadlines")
    assert page.index("2026-001 旧的") < page.index("2026-002 新的")
    assert "超期 1 个工作日" in page
    assert (tab(page, "全部"), tab(page, "已超期"), tab(page, "本周到期"), tab(page, "以后到期")) == (2, 1, 0, 1)
    late = browser.open("/deadlines?when=late")
    assert "2026-001" in late
    assert "2026-002" not in late
    assert tab(late, "以后到期") == 1, "the other counts stay to be opened"


def test_a_case_is_found_by_unit_process_group_and_name(browse, engine, at_check) -> None:
    at_check("2026-001", "u01")
    at_check("2026-002", "u02")
    browser = browse("owner")
    for query, there, away in (
        ("place=unit:u02", "2026-002", "2026-001"),
        ("q=2026-001", "2026-001", "2026-002"),
    ):
        page = browser.open(f"/deadlines?{query}")
        assert there in page, query
        assert away not in page, query
    assert "2026-001" in browser.open("/deadlines?group=unit_hr&process=review")
    assert "没有符合条件的事" in browser.open("/deadlines?group=chair")
    assert "没有符合条件的事" in browser.open("/deadlines?process=none-such")


def test_who_can_act_is_told_in_words_and_who_took_it(browse, engine, who, at_check, task_of) -> None:
    case = at_check("2026-001")
    assert "单位人事" in browse("owner").open("/deadlines?q=2026-001")
    engine.run(ClaimTask(task_of(case, "check"), who("clerk")))
    page = browse("owner").open("/deadlines?q=2026-001")
    assert "人事甲" in page


def test_each_head_sorts_and_a_second_click_turns_round(browse, at_check) -> None:
    at_check("2026-001")
    browser = browse("owner")
    page = browser.open("/deadlines?sort=name")
    assert 'aria-sort="ascending"' in page
    assert "order=desc" in page
    assert 'aria-sort="descending"' in browser.open("/deadlines?sort=name&order=desc")
    browser.open("/deadlines?sort=nonsense&when=nonsense")
    assert browser.status == 200


def test_the_file_opens_in_excel_and_runs_nothing(browse, at_check) -> None:
    at_check('=HYPERLINK("http://x","点我")')
    at_check("2026-002 卓玛·才让")
    at_check("身份证63010419900101123X")
    browser = browse("owner")
    answer = browser.client.get("/deadlines.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert answer.data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert rows[0][:4] == ["流程", "事项", "步骤", "期限"]
    cases = [row[1] for row in rows[1:]]
    assert '\'=HYPERLINK("http://x","点我")' in cases
    assert "2026-002 卓玛·才让" in cases
    assert not any("63010419900101123X" in cell for row in rows for cell in row)
    assert all(len(row) == len(rows[0]) for row in rows)


@pytest.mark.parametrize("begins", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "\n=1"])
def test_no_cell_begins_like_a_formula(begins: str) -> None:
    assert safe_cell(begins) == f"'{begins}"


@pytest.mark.parametrize("text", ["卓玛·才让", "2026年7月13日", "", "a=b"])
def test_other_cells_stay_as_they_are(text: str) -> None:
    assert safe_cell(text) == text


def test_only_those_who_watch_may_look(browse) -> None:
    for username in ("clerk", "c-001"):
        browser = browse(username)
        for path in ("/deadlines", "/deadlines.csv"):
            browser.open(path)
            assert browser.status == 403, (username, path)


def test_the_page_costs_the_same_for_many_lines(browse, at_check, statements) -> None:
    at_check("2026-000")
    browser = browse("owner")
    browser.open("/deadlines")
    statements.clear()
    browser.open("/deadlines")
    few = len(statements)
    for number in range(1, 15):
        at_check(f"2026-{number:03d}")
    statements.clear()
    browser.open("/deadlines")
    assert len(statements) == few
    assert few <= 24, statements


def test_a_week_ends_on_sunday_at_midnight_in_qinghai() -> None:
    monday = datetime.fromisoformat("2026-07-05T17:00:00+00:00")  # Monday 01:00 in Qinghai
    assert week_ends(monday) == datetime.fromisoformat("2026-07-13T00:00:00+08:00")
