"""Running instances moved to another release through the API."""

from __future__ import annotations

from tests.web.office import Office
from tests.web.program import diagram, flows

TASK = '<bpmn:userTask id="{0}" name="{0}" camunda:candidateGroups="clerks"/>'


def steps(*names: str) -> bytes:
    body = '<bpmn:startEvent id="s"/><bpmn:endEvent id="e"/>' + "".join(TASK.format(name) for name in names)
    return diagram("moved", body + flows("s", *names, "e"))


def test_ten_of_twelve_are_moved_and_two_say_why_not(office: Office) -> None:
    before = office.activate({"moved.bpmn": steps("write", "check", "file")})["moved"]
    cases = [office.owner.start("moved") for _ in range(12)]
    for case in cases[:2]:
        office.ann.complete(case, "write")
    after = office.activate({"moved.bpmn": steps("draft", "file", "archive")})["moved"]
    asked = {"from": before, "to": after, "mapping": {"moved": {"write": "draft"}}}

    seen = office.owner.post("migrations/preview", asked)
    assert (seen["total"], seen["canMigrate"], seen["left"]) == (12, 10, 0)
    stuck = {item["processInstanceId"]: item for item in seen["items"] if not item["canMigrate"]}
    assert set(stuck) == set(cases[:2])
    (problem,) = stuck[cases[0]]["problems"]
    assert (problem["code"], problem["elementId"]) == ("NO_ELEMENT", "check")
    assert problem["message"] == "停在“check”，新版本里没有这一步。请指明它对应哪一步。"
    assert [place["elementId"] for place in stuck[cases[0]]["activeElements"]] == ["check"]
    office.program("manager").post("migrations/preview", asked)
    for nobody in (office.ann, office.admin, office.program("manager")):
        nobody.post("migrations/execute", asked, expect=403)
    office.ann.post("migrations/preview", asked, expect=403)
    office.owner.post("migrations/execute", {**asked, "mapping": {"moved": {"write": "none"}}}, expect=422)
    office.owner.post("migrations/execute", {**asked, "mapping": {"moved": 7}}, expect=422)
    office.owner.post("migrations/execute", {**asked, "to": "none"}, expect=404)

    headers = {"Idempotency-Key": "once"}
    started = office.owner.post("migrations/execute", asked, expect=202, headers=headers)
    assert office.owner.post("migrations/execute", asked, expect=202, headers=headers) == started
    assert started["total"] == 12
    office.settle()
    done = office.owner.get(f"migrations/{started['id']}")
    assert (done["state"], done["total"], done["moved"], done["failed"], done["waiting"]) == ("done", 12, 10, 2, 0)
    assert {item["processInstanceId"] for item in done["items"]} == set(cases[:2])
    assert office.owner.look(cases[5])["definitionId"] == after
    assert office.owner.look(cases[0])["definitionId"] == before
    office.ann.complete(cases[5], "draft")
    office.ann.complete(cases[0], "check")

    assert office.owner.post(f"migrations/{started['id']}/undo", {"reason": "x"}, expect=202)["count"] == 10
    office.settle()
    undone = office.owner.get(f"migrations/{started['id']}")
    assert (undone["state"], undone["counts"]) == ("undone", {"refused": 2, "returned": 9, "stayed": 1})
    assert office.owner.look(cases[6])["definitionId"] == before
    office.ann.complete(cases[6], "write")

    named = {"to": after, "mapping": {"write": "draft"}, "instances": cases[7:9]}
    assert office.owner.post("migrations/preview", named)["canMigrate"] == 2
    assert office.owner.post("migrations/execute", named, expect=202)["total"] == 2
