"""What the editors offer: the names of the release and of the office, as they stand in its files."""

from __future__ import annotations

import pytest

from engine.commands.contents import read
from engine.studio.known import KnownView, known
from processes.office import SHIPPED, registry


@pytest.fixture(scope="module")
def shipped() -> KnownView:
    names = (".bpmn", ".dmn", ".form")
    files = {one.name: one.read_bytes() for folder in SHIPPED for one in folder.rglob("*") if one.name.endswith(names)}
    contents, problems = read(files)
    assert problems == []
    return known(contents, registry())


def test_everything_a_diagram_names_can_be_chosen(shipped: KnownView) -> None:
    assert ("plan_meeting", "plan_meeting.form") in [(one.key, one.file) for one in shipped.forms]
    assert "D08_vote_result" in [one.key for one in shipped.decisions]
    assert "P06_publicity_window" in [one.key for one in shipped.processes]
    assert str(shipped.groups["committee_office"]) == "评审办事机构"
    assert [one.name for one in shipped.functions if one.doc] == list(registry().functions)
    assert "ballot_result" in shipped.messages
    assert str(shipped.clauses["三（一）1"]) == "职称层级"


def test_a_service_says_what_it_is_to_be_given(shipped: KnownView) -> None:
    assemble = next(one for one in shipped.topics if one.topic == "committee.assemble")
    assert "P12_review_meeting_vote" in assemble.processes
    by_name = {one.name: one for one in assemble.parameters}
    assert by_name["held_on"].required
    assert str(by_name["held_on"].type) == "日期"
    assert by_name["mode"].values == ("onsite", "online")


def test_what_a_service_is_given_has_a_name_in_both_languages(shipped: KnownView) -> None:
    named = {one.name: shipped.labels.get(one.name) for topic in shipped.topics for one in topic.parameters}
    assert [name for name, words in named.items() if words is None or words.to("en") == str(words)] == []


def test_variables_are_those_that_something_sets(shipped: KnownView) -> None:
    meeting = shipped.variables["P12_review_meeting_vote"]
    assert {"held_on", "meeting_id", "ruling", "loopCounter"} <= set(meeting)  # a form, a service, a table, a loop
    assert "no_such_thing" not in meeting
    # what a call shares is known in the called process
    assert set(shipped.variables["P04_candidate_title_review"]) <= set(shipped.variables["P05_unit_recommendation"])
    assert str(shipped.labels["place"]) == "会议地点"


def test_a_form_in_the_making_takes_nothing_from_the_rest() -> None:
    contents, _ = read({"good.form": b'{"id": "good", "type": "default", "components": []}'})
    broken = [type(contents[0])("form", "bad", "bad", "bad.form", b"{")]
    assert [one.key for one in known([*contents, *broken], registry()).forms] == ["bad", "good"]
