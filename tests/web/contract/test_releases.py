"""Deployments: refused as a whole, activated by a second person, carried over, and kept by the instances that run on them."""

from __future__ import annotations

from pathlib import Path

from tests.web.office import Office
from tests.web.program import diagram, flows, is_chinese

DIAGRAMS = Path(__file__).parent / "diagrams"
BODY = '<bpmn:startEvent id="s"/><bpmn:userTask id="t" camunda:candidateGroups="clerks"/><bpmn:endEvent id="e"/>'


def small(key: str, body: str = BODY) -> bytes:
    return diagram(key, body + flows("s", "t", "e"))


def test_a_deployment_answers_what_it_brought(office: Office) -> None:
    form = b'{"type": "default", "id": "page", "schemaVersion": 18, "components": []}'
    answer = office.owner.upload({"one.bpmn": small("one"), "page.form": form})
    assert answer["state"] == "candidate"
    assert answer["warnings"] == [] or all(set(each) >= {"code", "message"} for each in answer["warnings"])
    told = {each["key"]: (each["kind"], each["version"], each["name"]) for each in answer["definitions"]}
    assert told["one"] == ("process", 1, "one")
    assert told["page"][:2] == ("form", 1)
    assert set(told) == {"one", "page"}


def test_a_candidate_does_not_run(office: Office) -> None:
    office.owner.upload({"one.bpmn": small("one")})
    office.owner.post("process-definitions/key/one/start", {}, expect=404)


def test_activating_takes_a_second_person(office: Office) -> None:
    deployment = office.owner.upload({"one.bpmn": small("one")})["id"]
    office.owner.post(f"deployments/{deployment}/activate", expect=403)
    office.admin.post(f"deployments/{deployment}/activate", expect=403)
    office.ann.post(f"deployments/{deployment}/activate", expect=403)
    activated = office.program("process_owner2").post(f"deployments/{deployment}/activate")
    assert activated["state"] == "active"
    assert office.owner.start("one")
    office.program("process_owner2").post("deployments/no-such-deployment/activate", expect=404)


def test_only_process_owners_deploy(office: Office) -> None:
    for name in ("admin", "manager", "ann", "eve"):
        office.program(name).upload({"one.bpmn": small("one")}, expect=403)


def test_what_is_not_brought_is_carried_over(office: Office) -> None:
    office.activate({"one.bpmn": small("one")})
    assert office.owner.start("simple")  # of the release before
    again = office.owner.upload({"one.bpmn": small("one", BODY.replace('id="t"', 'id="t" name="New"'))})
    assert [(each["key"], each["version"]) for each in again["definitions"]] == [("one", 2)]
    versions = office.owner.get("process-definitions", key="one")["items"]
    assert sorted(each["version"] for each in versions) == [1, 2]
    assert [each["version"] for each in office.owner.get("process-definitions", key="simple")["items"]] == [1]


def test_an_instance_stays_on_its_release(office: Office) -> None:
    old = office.owner.start("caller", number=1)
    text = (DIAGRAMS / "called.bpmn").read_text("utf-8").replace("Version one", "Version two")
    office.activate({"called.bpmn": text.encode()})
    new = office.owner.start("caller", number=1)
    assert office.ann.tasks(old)["answer_it"]["name"] == "Version one"
    assert office.ann.tasks(new)["answer_it"]["name"] == "Version two"  # the call binds within the new release
    other = office.owner.start("caller", number=2)
    assert (
        office.owner.look(old)["definitionId"] == office.owner.look(other)["definitionId"]
    )  # the caller did not change
    for instance in (old, new):
        office.ann.complete(instance, "answer_it", answer="one")
        office.ann.complete(instance, "after")
        assert office.owner.look(instance)["state"] == "completed"


def test_an_instance_that_has_not_called_yet_calls_what_was_released_with_it(office: Office) -> None:
    body = BODY + '<bpmn:callActivity id="c" calledElement="called"/>'
    office.activate({"later.bpmn": diagram("later", body + flows("s", "t", "c", "e"))})
    instance = office.owner.start("later")
    text = (DIAGRAMS / "called.bpmn").read_text("utf-8").replace("Version one", "Version two")
    office.activate({"called.bpmn": text.encode()})
    office.ann.complete(instance, "t")
    assert office.ann.tasks(instance)["answer_it"]["name"] == "Version one"


def test_decisions_and_forms_are_pinned_too(office: Office) -> None:
    instance = office.owner.start("formed")
    text = (DIAGRAMS / "permit_page.form").read_text("utf-8")
    office.activate({"permit_page.form": text.replace('"maxLength": 20', '"maxLength": 3').encode()})
    newer = office.owner.start("formed")
    for each, expect in ((instance, 200), (newer, 422)):
        office.ann.complete(each, "fill", applicant="abcd", expect=expect)


BROKEN = {
    "dangling flow": small("bad").replace(b'targetRef="e"', b'targetRef="nowhere"'),
    "unknown reference": diagram(
        "bad",
        '<bpmn:startEvent id="s"/><bpmn:receiveTask id="t" messageRef="missing"/><bpmn:endEvent id="e"/>'
        + flows("s", "t", "e"),
    ),
    "reserved id": diagram("bad", '<bpmn:startEvent id="Start"/><bpmn:endEvent id="End"/>' + flows("Start", "End")),
    "unknown call": diagram(
        "bad",
        '<bpmn:startEvent id="s"/><bpmn:callActivity id="t" calledElement="no_such_process"/><bpmn:endEvent id="e"/>'
        + flows("s", "t", "e"),
    ),
    "unknown form": small("bad", BODY.replace('id="t"', 'id="t" camunda:formKey="no_such_form"')),
    "unknown decision": diagram(
        "bad",
        '<bpmn:startEvent id="s"/><bpmn:businessRuleTask id="t" camunda:decisionRef="no_such_table"'
        ' camunda:resultVariable="r"/><bpmn:endEvent id="e"/>' + flows("s", "t", "e"),
    ),
    "unknown topic": diagram(
        "bad",
        '<bpmn:startEvent id="s"/><bpmn:serviceTask id="t" camunda:topic="no_such_service"/><bpmn:endEvent id="e"/>'
        + flows("s", "t", "e"),
    ),
    "unreadable feel": diagram(
        "bad",
        '<bpmn:startEvent id="s"/><bpmn:scriptTask id="t" scriptFormat="feel" camunda:resultVariable="r">'
        "<bpmn:script>1 +</bpmn:script></bpmn:scriptTask>"
        '<bpmn:endEvent id="e"/>' + flows("s", "t", "e"),
    ),
    "foreign script": diagram(
        "bad",
        '<bpmn:startEvent id="s"/><bpmn:scriptTask id="t" scriptFormat="python" camunda:resultVariable="r">'
        "<bpmn:script>1</bpmn:script></bpmn:scriptTask>"
        '<bpmn:endEvent id="e"/>' + flows("s", "t", "e"),
    ),
    "signal": diagram(
        "bad",
        '<bpmn:startEvent id="s"/><bpmn:intermediateThrowEvent id="t"><bpmn:signalEventDefinition/>'
        '</bpmn:intermediateThrowEvent><bpmn:endEvent id="e"/>' + flows("s", "t", "e"),
    ),
    "event sub-process": diagram(
        "bad",
        BODY + '<bpmn:subProcess id="sub" triggeredByEvent="true"><bpmn:startEvent id="s2"><bpmn:timerEventDefinition>'
        "<bpmn:timeDuration>PT1H</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:startEvent>"
        '<bpmn:endEvent id="e2"/>' + flows("s2", "e2") + "</bpmn:subProcess>" + flows("s", "t", "e"),
    ),
    "cut off": small("bad")[:-20],
}


def test_a_refused_deployment_names_the_place_and_leaves_nothing(office: Office) -> None:
    for what in BROKEN:
        refused_whole(office, what)
    office.activate({"good.bpmn": small("good")})


def refused_whole(office: Office, what: str) -> None:
    before = office.owner.get("deployments")["total"], office.owner.get("process-definitions")["total"]
    files = {"good.bpmn": small("good"), "bad.bpmn": BROKEN[what]}
    chinese = office.owner.upload(files, expect=422)
    english = office.program("process_owner", "en").upload(files, expect=422)
    assert chinese["problems"]
    for problem in chinese["problems"] + english["problems"]:
        assert set(problem) >= {"file", "line", "element", "code", "message"}
        assert problem["file"] == "bad.bpmn"
    place = [(each["line"], each["element"], each["code"]) for each in chinese["problems"]]
    assert place == [(each["line"], each["element"], each["code"]) for each in english["problems"]]
    assert any(line is not None for line, _, _ in place)
    assert all(is_chinese(each["message"]) for each in chinese["problems"])
    assert not any(is_chinese(each["message"]) for each in english["problems"]), english["problems"]
    assert (office.owner.get("deployments")["total"], office.owner.get("process-definitions")["total"]) == before


def test_element_and_line_are_those_of_the_mistake(office: Office) -> None:
    refused = office.owner.upload({"bad.bpmn": BROKEN["unknown form"]}, expect=422)
    assert "t" in {each["element"] for each in refused["problems"]}
    line = (
        BROKEN["unknown form"]
        .decode()
        .split("\n")
        .index(next(row for row in BROKEN["unknown form"].decode().split("\n") if "no_such_form" in row))
    )
    assert line + 1 in {each["line"] for each in refused["problems"]}


def test_a_drawing_is_kept_and_does_not_run(office: Office) -> None:
    (drawing,) = office.owner.get("process-definitions", key="drawing")["items"]
    assert drawing["kind"] == "drawing"
    xml = office.ann.raw("GET", f"process-definitions/{drawing['id']}/xml")
    assert xml.data == (DIAGRAMS / "drawing.bpmn").read_bytes()
    office.owner.post("process-definitions/key/drawing/start", {}, expect=422)


def test_definitions_show_every_version_with_its_file(office: Office) -> None:
    told = office.ann.get("process-definitions", maxResults="500")
    assert told["total"] == len(told["items"])
    for item in told["items"]:
        assert set(item) >= {"id", "key", "kind", "version", "name"}
    simple = next(each for each in told["items"] if each["key"] == "simple")
    assert office.ann.get(f"process-definitions/{simple['id']}")["key"] == "simple"
    answer = office.ann.raw("GET", f"process-definitions/{simple['id']}/xml")
    assert answer.data == (DIAGRAMS / "simple.bpmn").read_bytes()
    office.ann.get("process-definitions/no-such-definition", expect=404)
    office.ann.get("process-definitions/no-such-definition/xml", expect=404)
    office.owner.get("process-definitions/no-such-definition/statistics", expect=404)


def test_a_process_calling_itself_is_refused(office: Office) -> None:
    body = '<bpmn:startEvent id="s"/><bpmn:callActivity id="t" calledElement="me"/><bpmn:endEvent id="e"/>'
    refused = office.owner.upload({"me.bpmn": diagram("me", body + flows("s", "t", "e"))}, expect=422)
    assert "t" in {each["element"] for each in refused["problems"]}


def test_the_same_key_twice_in_one_upload_is_refused(office: Office) -> None:
    refused = office.owner.upload({"a.bpmn": small("twin"), "b.bpmn": small("twin")}, expect=422)
    assert refused["problems"]


def test_only_files_of_known_kinds_are_taken(office: Office) -> None:
    office.owner.upload({"readme.txt": b"hello"}, expect=422)
    office.owner.send_files("deployments", {}, expect=422)
