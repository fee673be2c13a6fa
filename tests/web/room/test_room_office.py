"""What the office does in the meeting room, through the pages: every mistake at its own field, everything typed still there."""

from __future__ import annotations

import re

import pytest

from processes.demo.committee import NAMES
from processes.register.expert_tables import expert_relation
from processes.register.room_tables import attendance, interview_record, meeting_member, recusal, recusal_ruling
from tests.web.pages.conftest import Browser
from tests.web.room.conftest import CHECKING_IN, PASSWORD, PREPARING, VOTING, Hall

OFFICE = "committee_office"


def at_field(browser: Browser, field: str, sentence: str) -> None:
    """Refused: the sentence stands at that field and leads to it from the summary."""
    assert browser.status == 422
    assert re.search(rf'id="{field}-error">[^\n]*{re.escape(sentence)}', browser.page), f"{field}: {sentence}"
    assert f'<a href="#{field}">{sentence}' in browser.page
    assert f'id="{field}"' in browser.page


def opened(browser: Browser, summary: str) -> bool:
    return re.search(rf'<details class="zp-more" open><summary>{re.escape(summary)}', browser.page) is not None


def chosen(browser: Browser, field: str, value: str) -> bool:
    select = re.search(rf'<select[^>]*id="{field}".*?</select>', browser.page, re.DOTALL)
    return select is not None and f'<option value="{value}" selected>' in select[0]


def present(hall: Hall) -> set[str]:
    return {row["expert_id"] for row in hall.province.rows(attendance) if row["left_at"] is None}


def test_several_come_at_once_and_one_leaves(hall) -> None:
    there = hall(CHECKING_IN)
    office = there.at(OFFICE)
    office.send(f"{there.path}/attendance", {"comes": [there.seat(number) for number in (1, 2, 3)]})
    assert "现在到会 3 人，开会须满 17 人。人数还不够。" in office.page
    assert present(there) == {there.seat(number) for number in (1, 2, 3)}
    assert office.path == there.path
    office.send(f"{there.path}/attendance", {"comes": [there.seat(number) for number in range(3, 18)]})
    assert "现在到会 17 人" in office.page  # who had come already is no obstacle
    assert "人数还不够。" not in office.page
    office.send(f"{there.path}/attendance", {"leaves": there.seat(2)})
    assert there.seat(2) not in present(there)
    assert "离场" in office.page
    office.send(f"{there.path}/attendance", {"leaves": there.seat(2)})
    assert "名单已经变化" in office.page


def test_nobody_ticked_is_told(hall) -> None:
    there = hall(CHECKING_IN)
    office = there.at(OFFICE)
    office.send(f"{there.path}/attendance", {"form": "attendance"}, follow=False)
    at_field(office, "attendance-comes", "请先勾选到会的专家。")


def test_a_reserve_steps_in(hall) -> None:
    there = hall(PREPARING)
    office = there.at(OFFICE)
    path = f"{there.path}/replacement"
    office.send(path, {"out_id": "", "in_id": there.seat(26), "reason": "因病请假"}, follow=False)
    at_field(office, "replacement-out_id", "请选择不能到会的专家。")
    assert opened(office, "有专家不能到会，由候补递补")
    assert chosen(office, "replacement-in_id", there.seat(26))
    assert 'value="因病请假"' in office.page
    office.send(path, {"out_id": there.seat(25), "in_id": there.seat(26), "reason": " "}, follow=False)
    at_field(office, "replacement-reason", "请写明更换的理由。")
    office.send(path, {"out_id": there.seat(25), "in_id": there.seat(24), "reason": "因病"}, follow=False)
    at_field(office, "replacement-in_id", "只能从本评委会还没有递补的候补专家中选人。")
    office.send(path, {"out_id": there.seat(25), "in_id": there.seat(26), "reason": "因病请假"})
    assert "已由候补专家递补。" in office.page
    assert NAMES[25] in office.page
    out = [row for row in there.province.rows(meeting_member) if row["out_at"] is not None]
    assert [row["expert_id"] for row in out] == [there.seat(25)]


def test_who_is_there_already_is_not_replaced(hall) -> None:
    there = hall(CHECKING_IN)
    office = there.at(OFFICE)
    office.send(f"{there.path}/attendance", {"comes": there.seat(25)})
    office.send(
        f"{there.path}/replacement",
        {"out_id": there.seat(25), "in_id": there.seat(26), "reason": "临时有事"},
        follow=False,
    )
    at_field(office, "replacement-out_id", "这位专家已经签到；确需更换的，请先登记其离会。")


def test_the_office_records_a_recusal(hall) -> None:
    there = hall(PREPARING)
    office, path = there.at(OFFICE), f"{there.path}/recusals"
    case = there.cases[1][0]
    office.send(path, {"expert_id": there.seat(12), "application_id": "", "ground": "", "note": "同学"}, follow=False)
    at_field(office, "recusal-application_id", "请选择回避的是哪一位申报人。")
    at_field(office, "recusal-ground", "请选择是什么关系。")
    assert chosen(office, "recusal-expert_id", there.seat(12))
    assert 'value="同学"' in office.page
    assert opened(office, "登记一项回避")
    given = {"expert_id": there.seat(12), "application_id": case, "ground": "spouse"}
    office.send(path, {**given, "ground": "friendship"}, follow=False)
    at_field(office, "recusal-ground", "请从所列的关系中选一项。")
    office.send(path, given)
    assert "已登记回避" in office.page
    office.send(path, given, follow=False)
    at_field(office, "recusal-expert_id", "这位专家已经回避这份申报。")
    rows = there.province.rows(recusal, recusal.c.expert_id == there.seat(12))
    assert [(row["application_id"], row["source"]) for row in rows] == [(case, "office")]


def test_after_the_round_began_a_recusal_is_refused_at_the_case(hall) -> None:
    there = hall(VOTING)
    office = there.at(OFFICE)
    given = {"expert_id": there.seat(12), "application_id": there.cases[0][0], "ground": "kin"}
    office.send(f"{there.path}/recusals", given, follow=False)
    at_field(office, "recusal-application_id", "这份申报已经开始投票，不能再登记回避。")
    assert chosen(office, "recusal-application_id", there.cases[0][0])


def test_a_relation_found_in_error_is_dismissed(hall) -> None:
    there = hall(PREPARING)
    office = there.at(OFFICE)
    found = there.province.rows(expert_relation, expert_relation.c.source == "detected")[0]
    path = f"{there.path}/relations/{found['id']}"
    before = len([row for row in there.province.rows(recusal) if row["lifted_at"] is None])
    office.send(path, {"note": ""}, follow=False)
    at_field(office, f"dismissal-{found['id']}-note", "请写明为什么这项关系不成立。")
    office.send(path, {"note": "同名不同人"})
    assert "已注明不是应当回避的关系。" in office.page
    assert len([row for row in there.province.rows(recusal) if row["lifted_at"] is None]) == before - 1
    office.open("/password")
    office.send(f"{there.path}/relations/none", {"note": "x"})
    assert office.status == 404


def test_a_candidates_request_is_answered(hall) -> None:
    there = hall(PREPARING)
    office = there.at(OFFICE)
    paths = dict.fromkeys(re.findall(rf'action="({there.path}/requests/[\w-]+)"', office.page))
    assert len(paths) == 2
    by_match = {NAMES[8] in office.page.split(path)[1].split("</form>")[0]: path for path in paths}
    asked = by_match[True]
    field = f"request-{asked.rsplit('/', 1)[1]}"
    office.send(asked, {"decision": "grant", "expert_id": "", "ground": "dispute", "note": "情况属实"}, follow=False)
    at_field(office, f"{field}-expert_id", "请选定由哪位专家回避。")
    assert 'value="情况属实"' in office.page
    assert chosen(office, f"{field}-ground", "dispute")
    office.send(asked, {"decision": "grant", "expert_id": there.seat(9), "ground": "dispute", "note": ""}, follow=False)
    at_field(office, f"{field}-note", "请写明同意或不同意的理由。")
    assert office.page.count("请写明同意或不同意的理由。") == 2  # at its own form and in the summary, not at the other
    office.send(asked, {"decision": "grant", "expert_id": there.seat(9), "ground": "dispute", "note": "情况属实"})
    assert "已答复回避申请。" in office.page
    assert [row["expert_id"] for row in there.province.rows(recusal, recusal.c.source == "candidate")] == [
        there.seat(9)
    ]
    office.send(by_match[False], {"decision": "refuse", "note": "名单中没有此人"})
    assert "已答复回避申请。" in office.page
    assert {row["granted"] for row in there.province.rows(recusal_ruling)} == {True, False}
    office.send(asked, {"decision": "refuse", "note": "再答"}, follow=False)
    assert office.status == 422
    assert "这项回避申请已经办理。" in office.page


def test_groups_by_proposal_and_by_hand(hall) -> None:
    there = hall(PREPARING)
    office, path = there.at(OFFICE), f"{there.path}/groups"
    office.send(path, {"how": "propose"})
    assert "已按系统方案编组，可以再调整。" in office.page
    first, second = (case for case, _ in there.cases)
    short = {"how": "save", f"member-{there.seat(1)}": "1", f"member-{there.seat(2)}": "1", f"case-{first}": "1"}
    office.send(path, {**short, "lead": there.seat(1)}, follow=False)
    assert office.status == 422
    assert re.search(r'id="groups-groups-error">[^\n]*分组还不完整：', office.page)
    assert "1 个组不足 3 人" in office.page
    assert "1 份申报没有分组" in office.page
    assert opened(office, "自己调整分组")
    assert chosen(office, f"member-{there.seat(2)}", "1")
    assert not chosen(office, f"member-{there.seat(3)}", "1")
    assert re.search(rf'name="lead" value="{there.seat(1)}"[^>]* checked', office.page)
    whole = {**short, f"member-{there.seat(3)}": "1", f"case-{second}": "1"}
    office.send(path, {**whole, "lead": [there.seat(1), there.seat(2)]}, follow=False)
    assert "第 1 组勾了不止一名组长。" in office.page
    office.send(path, {**whole, f"member-{there.seat(8)}": "1", "lead": there.seat(1)}, follow=False)
    assert "处由应回避的专家评议" in office.page
    office.send(path, {**whole, "lead": there.seat(1)})
    assert "分组已保存。" in office.page
    assert "（3 人）" in office.page


def test_an_interview_is_recorded(hall) -> None:
    there = hall(CHECKING_IN)
    office, path = there.at(OFFICE), f"{there.path}/interviews"
    office.send(
        path, {"application_id": "", "mode": "report", "record": "述职二十分钟。", "conclusion": "好"}, follow=False
    )
    at_field(office, "interview-application_id", "请选择申报人。")
    assert "述职二十分钟。</textarea>" in office.page
    given = {"application_id": there.cases[0][0], "mode": "", "record": "述职二十分钟。", "conclusion": ""}
    office.send(path, given, follow=False)
    at_field(office, "interview-mode", "请选择面试答辩、述职或成果展示。")
    at_field(office, "interview-conclusion", "请填写这一项。")
    assert chosen(office, "interview-application_id", there.cases[0][0])
    office.send(path, {**given, "mode": "report", "conclusion": "符合要求。"})
    assert "已登记。" in office.page
    assert [row["conclusion"] for row in there.province.rows(interview_record)] == ["符合要求。"]


@pytest.mark.parametrize(
    ("form", "route", "typed", "summary"),
    [
        ("replacement", "replacement", {"reason": "因病请假三天"}, "有专家不能到会，由候补递补"),
        ("interview", "interviews", {"record": "述职二十分钟，问答清楚。"}, "登记面试答辩、述职或成果展示"),
    ],
)
def test_what_the_office_typed_outlives_the_login(hall, form, route, typed, summary) -> None:
    there = hall(PREPARING)
    office = there.at(OFFICE)
    office.client.delete_cookie("zhiping")
    office.send(f"{there.path}/{route}", {"form": form, **typed})
    assert "您刚才填写的内容已经保存" in office.page
    again = {"username": OFFICE, "password": PASSWORD, "next": office.hidden("next"), "kept": office.hidden("kept")}
    office.send("/login", again)
    assert office.path == there.path
    assert next(iter(typed.values())) in office.page
    assert opened(office, summary)


def test_the_supervisor_reads_and_changes_nothing(hall) -> None:
    there = hall(CHECKING_IN)
    page = there.at("supervisor").page
    assert "名单上的专家（25 人）" in page
    assert "登记到会</button>" not in page
    assert "登记回避</button>" not in page
    assert "保存分组" not in page


def test_the_task_leads_to_the_room_and_the_room_to_the_task(hall) -> None:
    there = hall(PREPARING)
    office = there.at(OFFICE)
    task = there.province.task(there.sitting.instance, "write_group_opinion")
    assert f'href="/tasks/{task.id}"' in office.page
    assert f'href="{there.path}"' in office.open(f"/tasks/{task.id}")
