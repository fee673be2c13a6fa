"""The pages of committees: who reads them, seating a list with everything typed kept, and what a running meeting forbids."""

from __future__ import annotations

import re

import pytest

from processes.demo.committee import NAMES
from processes.register.committee_tables import committee
from tests.web.room.conftest import PREPARING, Hall
from tests.web.room.test_room_matrix import OUTSIDE, PRESIDES

OUTSIDERS = (*OUTSIDE, *PRESIDES, "expert-01")


def of(hall: Hall, code: str) -> str:
    return f"/committees/{hall.province.rows(committee, committee.c.code == code)[0]['id']}"


def chosen(page: str) -> dict[str, str]:
    """The form as it stands on the page: name of a field -> value."""
    found = dict(re.findall(r'<input class="form-control" name="(order-[\w-]+)" value="([^"]*)"', page))
    for name, options in re.findall(r'<select [^>]*name="(seat-[\w-]+)"[^>]*>(.*?)</select>', page, re.S):
        picked = re.search(r'value="(\w*)" selected', options)
        found[name] = picked[1] if picked else ""
    return found


@pytest.fixture
def room(hall) -> Hall:
    made: Hall = hall(PREPARING)
    return made


def test_the_office_and_the_supervisor_read_them_and_for_others_there_are_none(room: Hall) -> None:
    path = of(room, "senior")
    for username in ("committee_office", "supervisor"):
        browser = room.enter(username)
        assert path in browser.open("/committees")
        page = browser.open(path)
        assert all(name in page for name in NAMES[:25])
        assert ("登记名单" in page) == (username == "committee_office")
    for username in OUTSIDERS:
        browser = room.enter(username)
        own = NAMES[int(username[-2:]) - 1] if username.startswith("expert-") else ""  # stands in the page's head
        for each in ("/committees", path):
            page = browser.open(each)
            assert browser.status == 404, (username, each)
            assert not [name for name in NAMES if name in page and name != own]
        assert 'href="/committees"' not in browser.open("/work")


def test_a_list_is_seated_and_what_is_wrong_keeps_every_choice(room: Hall) -> None:
    path = of(room, "junior")
    browser = room.enter("committee_office")
    sent = chosen(browser.open(path))
    assert sum(value in ("chair", "vice_chair", "member") for value in sent.values()) == 7
    free = [name for name, value in sent.items() if name.startswith("seat-") and not value][:2]
    for place, name in enumerate(free, 1):
        sent |= {name: "reserve", name.replace("seat", "order"): str(3 - place)}
    member = next(name for name, value in sent.items() if value == "member")
    page = browser.send(f"{path}/seats", {**sent, member: "", "same_unit": "1"})
    assert browser.status == 422
    assert "委员人数须为单数，现为 6 名" in page
    assert chosen(page) == {**sent, member: ""}
    page = browser.send(f"{path}/seats", {**sent, "same_unit": "1"})
    assert "名单已登记：委员 7 名，候补 2 名" in page
    after = chosen(page)
    assert [after[name.replace("seat", "order")] for name in free] == ["2", "1"]


def test_the_list_of_a_meeting_under_way_is_not_changed(room: Hall) -> None:
    path = of(room, "senior")
    browser = room.enter("committee_office")
    sent = chosen(browser.open(path))
    page = browser.send(f"{path}/seats", {**sent, "same_unit": "1"})
    assert browser.status == 422
    assert "本评委会有一次会议正在进行" in page
    supervisor = room.enter("supervisor")
    supervisor.open(path)
    supervisor.send(f"{path}/seats", sent)
    assert supervisor.status == 403
