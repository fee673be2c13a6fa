"""Nobody moves a case from beside it: not by a diagram of their own, not by a start, not by a message that rewrites it."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.commands.publish_message import PublishMessage
from engine.commands.start_instance import StartInstance
from engine.errors import Forbidden, Invalid, Refused
from engine.store import tables as t
from processes import office
from processes.register.ballot_tables import ballot_round
from processes.register.notice_tables import publicity_notice
from tests.conftest import MakeEngine
from tests.process.objecting import result_notice
from tests.process.sets import set_stage
from tests.process.sitting import convene
from tests.process.stage import OFFICE, OWNER, ROOT, Stage, furnish, shipped

# One service task by whoever starts it; the parameters are what the starter says.
BPMN = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn"
 id="d" targetNamespace="urn:t"><bpmn:process id="beside" name="beside" isExecutable="true">
 <bpmn:startEvent id="begin"/>
 <bpmn:serviceTask id="serve" name="serve" camunda:topic="{topic}"><bpmn:extensionElements><camunda:inputOutput>
 {inputs}</camunda:inputOutput></bpmn:extensionElements></bpmn:serviceTask><bpmn:endEvent id="finish"/>
 <bpmn:sequenceFlow id="f1" sourceRef="begin" targetRef="serve"/>
 <bpmn:sequenceFlow id="f2" sourceRef="serve" targetRef="finish"/></bpmn:process></bpmn:definitions>"""

CALLED = (
    ("candidate", "P05_unit_recommendation"),
    ("candidate", "P08_material_review"),
    ("candidate", "P09_representative_work_audit"),
    ("publicity", "P06_publicity_window"),
    ("certificate", "P13_confirmation_certificate"),
    ("appointment", "P14_appointment"),
    ("integrity", "P17_recheck"),
    ("rollout", "P02_phase_task_region"),
    ("rollout", "P03_post_quota_verification"),
    ("rollout", "P18_summary_report"),
    ("rollout", "P23_deadline_watch"),
)


def beside(topic: str, *names: str) -> bytes:
    inputs = "".join(f'<camunda:inputParameter name="{name}">={name}</camunda:inputParameter>' for name in names)
    return BPMN.format(topic=topic, inputs=inputs).encode()


@pytest.fixture
def stage(database_url: str, make_engine: MakeEngine, tmp_path: Path) -> Stage:
    made = set_stage(database_url, make_engine, tmp_path, ("publicity", "committee"), 2)
    made.until("2026-09-21T09:00:00")
    return made


@pytest.fixture
def whole(database_url: str, make_engine: MakeEngine, tmp_path: Path) -> Stage:
    """The office with all its processes, as it is shipped."""
    made = Stage(make_engine(database_url, office.registry(), attachments_url=str(tmp_path / "files")))
    furnish(made, 1)
    made.deploy(shipped(*office.FAMILIES))
    return made


def meddle(stage: Stage, topic: str, **values: object) -> str:
    """A diagram beside the shipped ones calls that service; answers why it was refused."""
    stage.deploy({**shipped("publicity", "committee"), "beside.bpmn": beside(topic, *values)})
    with pytest.raises(Refused) as caught:
        stage.engine.run(StartInstance(OWNER, key="beside", variables=values))
    return caught.value.code


def test_another_diagram_neither_counts_nor_voids_nor_ends_a_vote(stage: Stage) -> None:
    sitting = convene(stage)
    sitting.open_round()
    sitting.ballots(21)
    here = {"meeting_id": sitting.meeting_id, "application_id": sitting.candidates[0]["application_id"]}
    (standing,) = stage.rows(ballot_round)
    void = {"void_reason": "x", "void_then": "defer", "void_decision": "agree", "void_asked_by": "somebody"}
    for topic, values in (
        ("committee.count_ballots", {"meeting_id": sitting.meeting_id, "round_id": standing["id"]}),
        ("committee.record_result", {**here, "result": "passed"}),
        ("committee.ask_void", here),
        ("committee.void_round", {**here, **void}),
        ("committee.seal", {"meeting_id": sitting.meeting_id}),
    ):
        assert meddle(stage, topic, **values) == "ANOTHER_MEETING"
    assert stage.rows(ballot_round) == [standing]


def test_another_diagram_neither_approves_nor_recalls_nor_closes_a_notice(stage: Stage) -> None:
    result_notice(stage)
    (notice,) = stage.rows(publicity_notice)
    recall = {"decision": "recall", "reason": "x"}
    for topic, values in (("publicity.settle_recall", recall), ("publicity.close_notice", {})):
        assert meddle(stage, topic, notice_id=notice["id"], **values) == "ANOTHER_NOTICE"
    assert stage.rows(publicity_notice) == [notice]


def test_a_service_is_its_own_processes_alone(whole: Stage) -> None:
    """Not even with a made-up case of its own does a foreign diagram certify, appoint, sanction or vote."""
    files = shipped(*office.FAMILIES)
    for topic in ("certificate.check_result", "appointment.facts", "sanction.open", "committee.list"):
        names = () if topic == "committee.list" else ("application_id",)
        whole.deploy({**files, "beside.bpmn": beside(topic, *names)})
        started = whole.start("beside", application_id=whole.applications[0])
        assert [each.code for each in whole.look(started).incidents] == ["HANDLER_ELSEWHERE"]


def test_every_topic_of_a_shipped_diagram_is_offered_to_it(whole: Stage) -> None:
    handlers = whole.engine.registry.handlers
    with whole.engine.store.snapshot() as connection:
        (release,) = connection.execute(t.deployment.select().where(t.deployment.c.state == "active"))
        processes = whole.engine.releases.get(connection, release.id).bpmn.processes
    used = {(key, each.topic) for key, process in processes.items() for each in process.elements.values() if each.topic}
    assert len(used) > 100
    assert [(key, topic) for key, topic in used if key not in handlers[topic].processes] == []


def test_what_is_called_by_others_is_started_by_no_person(whole: Stage) -> None:
    for _, key in CALLED:
        with pytest.raises(Forbidden) as caught:
            whole.engine.run(StartInstance(OWNER, key=key, variables={"application_id": whole.applications[0]}))
        assert caught.value.code == "STARTED_BY_PROCESSES"


def test_a_message_from_a_person_rewrites_no_case(whole: Stage) -> None:
    """What an owner may say (a change of unit, a cancelled cycle) is a fact and nothing besides."""
    other = {"application_id": "somebody-else", "publicity_outcome": "clear"}
    for name, about in (("unit_changed", "application_id"), ("cycle_cancelled", "cycle_id")):
        with pytest.raises(Invalid):
            whole.engine.run(PublishMessage(name, OWNER, correlation={about: "x"}, variables=other))
    for name in ("notice_recall_requested", "investigation_done"):
        with pytest.raises(Forbidden):
            whole.engine.run(PublishMessage(name, OWNER, correlation={"notice_id": "x"}, variables=other))


def test_the_office_starts_its_meeting_all_the_same(stage: Stage) -> None:
    assert stage.engine.run(StartInstance(OFFICE, key="P12_review_meeting_vote"))["state"] == "active"


def test_no_case_of_the_office_is_ended_by_one_person() -> None:
    """`cancelledBy`: a case in which others have worked is ended by two (docs/architecture.md)."""
    found = {
        path.stem: b'name="cancelledBy" value="two"' in path.read_bytes() for path in ROOT.glob("processes/*/*.bpmn")
    }
    assert len(found) >= 18
    assert [name for name, by_two in found.items() if not by_two] == []
