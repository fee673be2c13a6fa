"""Who sees what of a real meeting at each stage, and that nobody but the office and the supervisor is told who sits there."""

from __future__ import annotations

import pytest

from engine.identity.passwords import DEMO_PASSWORD
from processes.register.ballot_tables import ballot_slip
from processes.register.room_tables import (
    attendance,
    group_opinion,
    interview_record,
    meeting_member,
    recusal,
    recusal_ruling,
    review_group_member,
)
from tests.process.sitting import STRENGTHS
from tests.web.room.conftest import (
    ANNOUNCED,
    CHECKING_IN,
    LISTENER,
    ON_THE_ROLL,
    OUTSIDER,
    PREPARING,
    READER,
    RECUSED,
    SEALED,
    VOTING,
    Hall,
)

KNOWS = ("committee_office", "supervisor")  # who sits there
PRESIDES = ("chair", "vice_chair")
EXPERTS = (READER, LISTENER, RECUSED)
OUTSIDE = (
    *(OUTSIDER, "admin", "process_owner", "manager", "inspector", "c-001", "c-020", "hr-u01", "leader-u01"),
    *("region-xining", "provincial_hrss", "archives_bureau", "investigator"),
)
ROLES = (*KNOWS, *PRESIDES, *EXPERTS, *OUTSIDE)
NAME_OF = {f"expert-{number:02}": name for number, name in enumerate(ON_THE_ROLL, 1)}
# page -> stage -> who reads it; to everybody else there is no such page
READS = {
    "": {stage: {*KNOWS, *PRESIDES, *EXPERTS} for stage in (PREPARING, CHECKING_IN, VOTING, ANNOUNCED)},
    "/ballot": {stage: set(EXPERTS) for stage in (PREPARING, CHECKING_IN, VOTING, ANNOUNCED)},
    "case 1": {
        PREPARING: {*KNOWS, *PRESIDES, READER},
        CHECKING_IN: {*KNOWS, *PRESIDES, READER},
        VOTING: {*KNOWS, *PRESIDES, READER, LISTENER},
        ANNOUNCED: {*KNOWS, *PRESIDES},
    },
    "case 2": {
        PREPARING: {*KNOWS, *PRESIDES, READER},
        CHECKING_IN: {*KNOWS, *PRESIDES, READER},
        VOTING: {*KNOWS, *PRESIDES, *EXPERTS},
        ANNOUNCED: {*KNOWS, *PRESIDES},
    },
    "/sheet": {
        PREPARING: {*KNOWS, *PRESIDES},
        CHECKING_IN: {*KNOWS, *PRESIDES},
        VOTING: {*KNOWS, *PRESIDES},
        ANNOUNCED: {*KNOWS, *PRESIDES, *EXPERTS},
        SEALED: {*KNOWS, *PRESIDES, *EXPERTS, "provincial_hrss", "archives_bureau"},
    },
    "/sheet.pdf": {VOTING: set(), ANNOUNCED: {*KNOWS, *PRESIDES}, SEALED: {*KNOWS, *PRESIDES}},
}


def path_of(hall: Hall, page: str) -> str:
    return hall.case_path(int(page[-1]) - 1) if page.startswith("case") else hall.path + page


@pytest.mark.parametrize("stage", [PREPARING, CHECKING_IN, VOTING, ANNOUNCED, SEALED])
def test_who_reads_which_page(hall, stage: str) -> None:
    there = hall(stage)
    others = [
        "/meetings",
        f"/instances/{there.sitting.instance}",
        f"/instances/{there.sitting.instance}?show=data",
        "/work",
    ]
    for role in ROLES:
        browser = there.enter(role)
        told = []
        for page, by_stage in READS.items():
            if stage in by_stage:
                answer = browser.client.get(path_of(there, page))
                assert answer.status_code == (200 if role in by_stage[stage] else 404), (role, page, answer.status_code)
                told.append(answer.get_data().decode("utf-8", "replace"))
        for path in others:
            told.append(browser.open(path))
        if role not in KNOWS:
            everything = "\n".join(told)
            mine = NAME_OF.get(role)
            assert [name for name in ON_THE_ROLL if name != mine and name in everything] == [], role
            accounts = [account for account in NAME_OF if account != role and account in everything]
            assert accounts == [], role


def test_the_office_and_the_supervisor_know_who_sits_there(hall) -> None:
    there = hall(CHECKING_IN)
    for role in KNOWS:
        page = there.at(role).page
        assert all(name in page for name in ON_THE_ROLL), role
    assert all(name not in there.at("chair").page for name in ON_THE_ROLL)


def test_who_presides_reads_counts(hall) -> None:
    page = hall(VOTING).at("chair").page
    assert "已收到 0 张选票，共发出 18 张" in page  # twenty are there, two stand back
    assert "2 人回避" in page
    there = hall(ANNOUNCED)
    assert "出席 18 人，同意 18，不同意 0，弃权 0" in there.at("chair").page
    assert "已收到" not in there.at(LISTENER).page


def test_an_expert_reads_no_count_and_no_result_before_it_is_announced(hall) -> None:
    page = hall(VOTING).at(LISTENER).page
    assert "已收到" not in page
    assert "人回避" not in page
    assert "通过</span>" not in page


CHANGES = {
    "/attendance": {"comes": "?"},
    "/replacement": {"out_id": "?", "in_id": "?", "reason": "因病"},
    "/recusals": {"expert_id": "?", "application_id": "case", "ground": "kin"},
    "/relations/none": {"note": "误报"},
    "/requests/none": {"note": "无关", "decision": "refuse"},
    "/groups": {"how": "propose"},
    "/interviews": {"application_id": "case", "mode": "report", "record": "述职", "conclusion": "好"},
    "case 1": {"strengths": STRENGTHS * 3, "recommendation": "approve"},
    "case 1/recusal": {"ground": "kin"},
    "/ballot": {"choice": "yes", "round_id": "?"},
}
OFFICE_ALONE = ("/attendance", "/replacement", "/relations/none", "/requests/none", "/groups", "/interviews")
TABLES = (
    attendance,
    recusal,
    review_group_member,
    meeting_member,
    group_opinion,
    interview_record,
    ballot_slip,
    recusal_ruling,
)


def test_nobody_changes_what_is_not_theirs_to_change(hall) -> None:
    there = hall(PREPARING)
    before = {table.name: there.province.rows(table) for table in TABLES}
    for role in ("supervisor", *PRESIDES, LISTENER, *OUTSIDE):
        browser = there.enter(role)
        for page, data in CHANGES.items():
            if role == LISTENER and page in ("/recusals", "case 1/recusal"):
                continue  # an expert may declare for themselves: tested with the experts
            browser.open("/password")
            filled = {"?": there.seat(3), "case": there.cases[0][0]}
            path = there.case_path(0) + page[6:] if page.startswith("case") else there.path + page
            browser.send(path, {name: filled.get(value, value) for name, value in data.items()}, follow=False)
            if role in OUTSIDE:
                allowed = {404} if page != "/ballot" else {303, 404}
            elif page in OFFICE_ALONE:
                allowed = {403}
            else:
                allowed = {303, 403, 404}  # no ballot: back to the page that says so
            assert browser.status in allowed, (role, page, browser.status)
    assert {table.name: there.province.rows(table) for table in TABLES} == before


def test_the_list_of_meetings_holds_ones_own(hall) -> None:
    there = hall(PREPARING)
    for role in ROLES:
        page = there.enter(role).open("/meetings")
        assert (there.path in page) == (role not in OUTSIDE), role


def test_the_same_by_token(hall) -> None:
    """A program with a token is told as little as a browser."""
    there = hall(VOTING)
    client = there.app.test_client(use_cookies=False)
    for role in (*PRESIDES, "manager", LISTENER):
        token = client.post("/api/v1/tokens", json={"username": role, "password": DEMO_PASSWORD}).json["token"]
        headers = {"Authorization": f"Bearer {token}"}
        told = ""
        for path in (
            "tasks",
            f"process-instances/{there.sitting.instance}",
            f"process-instances/{there.sitting.instance}/events",
        ):
            told += client.get(f"/api/v1/{path}", headers=headers).text
        assert [name for account, name in NAME_OF.items() if account != role and name in told] == [], role
