"""What an expert does: read and write about a case, stand back from one, wait for the ballot and vote."""

from __future__ import annotations

import re

from sqlalchemy import select, update

from processes.register.application_tables import representative_work
from processes.register.ballot_tables import ballot_round, ballot_slip, ballot_token
from processes.register.room_tables import group_opinion, recusal
from tests.process.sitting import STRENGTHS, WEAKNESSES
from tests.web.room.conftest import (
    CHECKING_IN,
    LISTENER,
    PASSWORD,
    PREPARING,
    READER,
    RECUSED,
    VOTING,
    Hall,
)

ABSENT = "expert-22"


def test_an_opinion_too_short_keeps_its_text(hall) -> None:
    there = hall(PREPARING)
    reader = there.at(READER)
    assert "您还有 2 份评议意见没写" in reader.page
    reader.open(there.case_path(0))
    reader.send(there.case_path(0), {"strengths": "业绩扎实，有影响。", "weaknesses": "论文少。"}, follow=False)
    assert reader.status == 422
    assert re.search(r'id="opinion-strengths-error">.*优点与不足合计至少 100 字，现有 13 字。', reader.page)
    assert re.search(r'id="opinion-recommendation-error">.*请选择评议建议。', reader.page)
    assert '<a href="#opinion-strengths">' in reader.page
    assert ">业绩扎实，有影响。</textarea>" in reader.page
    assert ">论文少。</textarea>" in reader.page
    assert there.province.rows(group_opinion) == []
    given = {"strengths": STRENGTHS, "weaknesses": WEAKNESSES, "recommendation": "approve"}
    reader.send(there.case_path(0), given)
    assert "评议意见已保存。" in reader.page
    assert "您还有 1 份评议意见没写" in reader.page
    again = reader.open(there.case_path(0))
    assert f">{STRENGTHS}</textarea>" in again
    assert re.search(r'value="approve" checked', again)
    reader.send(there.case_path(0), {**given, "strengths": "", "weaknesses": WEAKNESSES * 3}, follow=False)
    assert "请写明申报人的优点和业绩。" in reader.page
    assert f">{STRENGTHS}</textarea>" not in reader.page  # emptied is emptied


def test_a_lost_login_keeps_an_opinion(hall) -> None:
    there = hall(PREPARING)
    reader = there.at(READER)
    reader.open(there.case_path(1))
    reader.client.delete_cookie("zhiping")
    typed = {"form": "opinion", "strengths": "刚写到一半的意见", "recommendation": "reject"}
    reader.send(there.case_path(1), typed)
    assert "您刚才填写的内容已经保存" in reader.page
    again = {"username": READER, "password": PASSWORD, "next": reader.hidden("next"), "kept": reader.hidden("kept")}
    reader.send("/login", again)
    assert reader.path == there.case_path(1)
    assert ">刚写到一半的意见</textarea>" in reader.page
    assert re.search(r'value="reject" checked', reader.page)


def test_opinions_of_others_are_read_in_the_session_without_names(hall) -> None:
    there = hall(VOTING)
    page = there.at(LISTENER, there.case_path(0).removeprefix(there.path)).page
    assert page.count(STRENGTHS) == 3
    assert page.count("评审专家：") == 3
    assert "保存意见" not in page


def test_an_expert_stands_back_before_the_session_from_a_case_they_cannot_open(hall) -> None:
    there = hall(PREPARING)
    listener = there.at(LISTENER)
    assert there.case_path(0) not in listener.page
    case = there.cases[0][0]
    listener.send(f"{there.path}/recusals", {"application_id": case, "ground": "", "note": "我的学生"}, follow=False)
    assert listener.status == 422
    assert re.search(r'id="recusal-ground-error">.*请选择是什么关系。', listener.page)
    assert 'value="我的学生"' in listener.page
    listener.send(f"{there.path}/recusals", {"application_id": case, "ground": "mentor_student", "note": "我的学生"})
    assert "已申明回避" in listener.page
    assert "您已回避" in listener.page
    rows = there.province.rows(recusal, recusal.c.expert_id == there.seat(5))
    assert [(row["application_id"], row["source"]) for row in rows] == [(case, "declared")]


def test_nobody_declares_for_another(hall) -> None:
    there = hall(PREPARING)
    listener = there.at(LISTENER)
    given = {"application_id": there.cases[1][0], "ground": "kin", "expert_id": there.seat(2)}
    listener.send(f"{there.path}/recusals", given)
    assert there.province.rows(recusal, recusal.c.expert_id == there.seat(2)) == []
    assert len(there.province.rows(recusal, recusal.c.expert_id == there.seat(5))) == 1


def test_standing_back_closes_the_case(hall) -> None:
    there = hall(PREPARING)
    path = there.case_path(1)
    reader = there.at(READER, path.removeprefix(there.path))
    assert reader.status == 200
    reader.send(f"{path}/recusal", {"form": "recusal"}, follow=False)
    assert reader.status == 422
    assert '<details class="zp-more" open><summary>我与这位申报人有应当回避的关系' in reader.page
    reader.send(f"{path}/recusal", {"ground": "kin", "note": "表兄"})
    assert "这位申报人的材料不再向您显示" in reader.page
    reader.open(path)
    assert reader.status == 404


def test_once_voting_has_begun_standing_back_is_too_late(hall) -> None:
    there = hall(VOTING)
    path = there.case_path(0)
    listener = there.at(LISTENER, path.removeprefix(there.path))
    assert "我与这位申报人有应当回避的关系" not in listener.page
    listener.send(f"{path}/recusal", {"ground": "kin"}, follow=False)
    assert listener.status == 422
    assert "这份申报已经开始投票" in listener.page


def test_files_of_a_case(hall) -> None:
    """A download for who may read the case, never kept by the browser; none of a confidential work."""
    there = hall(VOTING)
    open_, secret = (there.province.attach(there.actor("c-001"), name) for name in ("成果.png", "涉密.png"))
    case = there.cases[0][0]
    with there.province.engine.store.transaction() as connection:
        query = select(representative_work.c.id).where(representative_work.c.application_id == case)
        works = connection.scalars(query.order_by(representative_work.c.position)).all()
        for work, file, confidential in zip(works, (open_, secret), (False, True), strict=True):
            values = {"file": [file], "confidential": confidential}
            connection.execute(update(representative_work).where(representative_work.c.id == work).values(**values))
    base = there.case_path(0)
    listener = there.at(LISTENER, base.removeprefix(there.path))
    assert f'href="{base}/files/{open_}"' in listener.page
    assert secret not in listener.page
    answer = listener.client.get(f"{base}/files/{open_}")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    again = listener.client.get(f"{base}/files/{open_}", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    assert listener.client.get(f"{base}/files/{secret}").status_code == 404
    assert listener.client.get(f"{there.case_path(1)}/files/{open_}").status_code == 404
    for nobody in (RECUSED, "admin", "manager", "hr-u01", "c-020"):
        browser = there.enter(nobody)
        etag = {"If-None-Match": answer.headers["ETag"]}
        assert browser.client.get(f"{base}/files/{open_}", headers=etag).status_code == 404, nobody


# --- the ballot ------------------------------------------------------------------------------------------------------


def slips(hall: Hall) -> list[str]:
    return [row["choice"] for row in hall.province.rows(ballot_slip)]


def running(hall: Hall) -> str:
    found = hall.sitting.round
    assert found is not None
    return str(found["id"])


def test_a_vote_and_what_follows(hall) -> None:
    there = hall(VOTING)
    number, name = 1, there.cases[0][1]
    voter = there.at(LISTENER, "/ballot")
    assert f"{number} 号 {name}" in voter.page
    assert "checked" not in voter.page  # nothing is chosen for anybody
    assert "http-equiv" not in voter.page  # a page with a ballot is never drawn anew under the thumb
    assert voter.hidden("round_id") == running(there)
    voter.send(f"{there.path}/ballot", {"round_id": running(there)}, follow=False)
    assert voter.status == 422
    assert "请在同意、不同意、弃权中选一项。" in voter.page
    assert slips(there) == []
    voter.send(f"{there.path}/ballot", {"round_id": running(there), "choice": "no"})
    assert "您的选票已投出" in voter.page
    assert "不同意" not in voter.page  # nor is it told what was chosen
    assert '<noscript><meta http-equiv="refresh" content="10"></noscript>' in voter.page
    voter.send(f"{there.path}/ballot", {"round_id": running(there), "choice": "yes"})
    assert "您的选票已投出" in voter.page
    assert slips(there) == ["no"]
    assert "已收到 1 张选票，共发出 18 张" in there.at("chair").page


def test_who_has_no_ballot_is_told_why(hall) -> None:
    there = hall(VOTING)
    for who, told in ((RECUSED, "这一位您回避"), (ABSENT, "这一轮没有您的选票")):
        browser = there.at(who, "/ballot")
        assert told in browser.page, who
        assert 'name="choice"' not in browser.page
        browser.send(f"{there.path}/ballot", {"round_id": running(there), "choice": "yes"})
        assert "这一轮没有您的选票。" in browser.page
    assert slips(there) == []


def test_a_wrong_round_and_a_late_ballot(hall) -> None:
    there = hall(VOTING)
    voter = there.at(LISTENER, "/ballot")
    voter.send(f"{there.path}/ballot", {"round_id": "none", "choice": "yes"})
    assert "这一轮没有您的选票。" in voter.page
    round_id = running(there)
    closes_at = there.province.rows(ballot_round, ballot_round.c.id == round_id)[0]["closes_at"]
    there.province.engine.clock.set(closes_at)  # type: ignore[attr-defined]
    voter.open(f"{there.path}/ballot")
    assert "本轮投票时间已到" in voter.page
    voter.send(f"{there.path}/ballot", {"round_id": round_id, "choice": "yes"})
    assert slips(there) == []
    assert not any(row["used"] for row in there.province.rows(ballot_token))


def test_a_lost_login_keeps_no_choice(hall) -> None:
    there = hall(VOTING)
    voter = there.at(LISTENER, "/ballot")
    round_id = running(there)
    voter.client.delete_cookie("zhiping")
    voter.send(f"{there.path}/ballot", {"round_id": round_id, "choice": "abstain"})
    assert voter.path == "/login"
    assert 'name="kept"' not in voter.page or voter.hidden("kept") == ""
    voter.send("/login", {"username": LISTENER, "password": PASSWORD, "next": voter.hidden("next")})
    assert voter.path == f"{there.path}/ballot"
    assert "checked" not in voter.page
    assert slips(there) == []


def test_before_and_between_rounds_the_page_waits(hall) -> None:
    early = hall(PREPARING).at(LISTENER, "/ballot").page
    assert "会议还没有开始" in early
    assert "http-equiv" not in early
    waiting = hall(CHECKING_IN).at(LISTENER, "/ballot").page
    assert "现在没有投票" in waiting
    assert 'data-again="10"' in waiting
