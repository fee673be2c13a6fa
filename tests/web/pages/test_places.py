"""Links from tasks and cases to the register's side: each leads somewhere, and only those who may open it get it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.registry import Actor, Membership
from web.pages import places

ROOT = Path(__file__).resolve().parents[3]


def somebody(*groups: str) -> Actor:
    return Actor("x", "x", "x", frozenset(Membership(group) for group in groups))


def test_every_place_names_a_shipped_process_and_a_page(app) -> None:
    shipped = {
        found: path.read_text("utf-8")
        for path in (ROOT / "processes").glob("*/*.bpmn")
        for found in re.findall(r'process id="(\w+)"', path.read_text("utf-8"))
    }
    for place in places.PLACES:
        assert place.process in shipped, place
        assert place.element is None or f'id="{place.element}"' in shipped[place.process], place
        assert place.endpoint in app.view_functions, place
        assert all(variable in shipped[place.process] for variable in place.arguments.values()), place


@pytest.mark.parametrize(
    ("group", "step", "variables", "href"),
    [
        ("committee_office", ("P12_review_meeting_vote", "check_in"), {"meeting_id": "m1"}, "/meetings/m1"),
        ("chair", ("P12_review_meeting_vote", "present_opinion"), {"meeting_id": "m1"}, "/meetings/m1"),
        ("unit_hr", ("P06_publicity_window", "prepare_notice"), {"notice_id": "n1"}, "/publicity/n1"),
        ("investigator", ("P07_objection_investigation", "investigate"), {"objection_id": "o1"}, "/objections/o1"),
        ("provincial_hrss", ("P01_reform_rollout", "x"), {"programme_id": "p1"}, "/rollout?programme=p1"),
    ],
)
def test_a_step_leads_to_its_page(app, group, step, variables, href) -> None:
    with app.test_request_context():
        assert [link["href"] for link in places.of(somebody(group), [step, step], variables)] == [href]
        assert places.of(somebody(group), [step], {}) == []
        assert places.of(somebody("candidate"), [step], variables) == []


def test_the_manager_does_not_get_into_the_meeting_room(app) -> None:
    with app.test_request_context():
        step = ("P12_review_meeting_vote", "check_in")
        assert places.of(somebody("manager", "process_owner", "admin"), [step], {"meeting_id": "m1"}) == []


def test_a_step_may_have_more_than_one_page(app) -> None:
    with app.test_request_context():
        links = places.of(somebody("admin"), [("P06_publicity_window", "provide_calendar")], {"notice_id": "n1"})
    assert {link["href"] for link in links} == {"/publicity/n1", "/calendars"}


@pytest.mark.parametrize("value", ["../../evil", "n1?x=1", "", None, ["n1"], 7])
def test_what_is_no_id_makes_no_address(app, value) -> None:
    with app.test_request_context():
        assert places.of(somebody("admin"), [("P06_publicity_window", "x")], {"notice_id": value}) == []


def test_the_draw_leads_to_the_committees_those_who_may_know_them(app) -> None:
    step = ("P11_expert_draw", "confirm_draw")
    with app.test_request_context():
        for group in ("committee_office", "supervisor"):
            assert [link["href"] for link in places.of(somebody(group), [step], {})] == ["/committees"]
        for group in ("process_owner", "admin", "manager", "chair", "expert", "provincial_hrss"):
            assert places.of(somebody(group), [step], {}) == []
