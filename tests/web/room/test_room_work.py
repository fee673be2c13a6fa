"""What the page that everybody lands on tells an expert: no task stands there, yet something may be wanted."""

from __future__ import annotations

import re

from tests.web.room.conftest import LISTENER, OUTSIDER, PREPARING, PUBLISHED, QUESTION, READER, SEALED, VOTING

NOTHING = "现在没有等您办的事"


def test_an_expert_is_sent_to_the_opinions_still_to_be_written(hall) -> None:
    there = hall(PREPARING)
    page = there.enter(READER).open("/work")
    assert "您还有 2 份评议意见没写" in page
    assert f'href="{there.path}"' in page
    assert NOTHING not in page


def test_an_expert_is_sent_to_a_running_vote(hall) -> None:
    there = hall(VOTING)
    assert "正在投票。" in there.enter(LISTENER).open("/work")
    assert f'href="{there.path}"' not in there.enter(OUTSIDER).open("/work")


def test_whom_no_meeting_wants_is_told_where_meetings_are(hall) -> None:
    page = hall(SEALED).enter(READER).open("/work")
    assert NOTHING in page
    assert "您参加的会议都在“评审会议”里" in page


def test_who_only_reads_is_led_to_what_others_do(hall) -> None:
    page = hall(PREPARING).enter("manager").open("/work")
    assert "看全部任务" in page
    assert "联系管理员" not in page


def test_whom_the_investigator_asks_reads_it_on_ones_own_page(hall) -> None:
    there = hall(PUBLISHED)
    browsers = [there.enter(name) for name in ("c-001", "c-020")]
    [asked] = [browser for browser in browsers if "申报人说明情况" in browser.open("/me")]
    assert "等调查有了结论" in asked.page
    assert "公示到" not in asked.page
    page = asked.open(re.findall(r"/tasks/[0-9a-f-]+", asked.page)[0])
    assert QUESTION in page
    assert "领取" not in page


def test_who_is_not_told_the_person_is_told_the_office(hall) -> None:
    there = hall(PUBLISHED)
    browsers = [there.enter(name) for name in ("hr-u01", "hr-u05")]
    [asked] = [browser for browser in browsers if "单位说明情况" in browser.open("/work")]
    row = next(line for line in asked.page.split("<tr") if "单位说明情况" in line)
    page = asked.open(re.findall(r"/tasks/[0-9a-f-]+", row)[0])
    assert re.search(r"调查人员于 .+ 办结了“指派调查人员”", page)
    assert "-于" not in page
    assert " · -" not in asked.open(re.findall(r"/instances/[0-9a-f-]+", page)[0])
