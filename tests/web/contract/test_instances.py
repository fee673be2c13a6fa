"""Starting, looking at, suspending and ending instances."""

from __future__ import annotations

from tests.web.office import Office


def test_a_start_answers_what_was_started(office: Office) -> None:
    definition = next(
        each for each in office.owner.get("process-definitions", key="simple")["items"] if each["kind"] == "process"
    )
    by_key = office.owner.post(
        "process-definitions/key/simple/start", {"variables": {"n": 1}, "businessKey": "B-7"}, expect=201
    )
    assert by_key["definitionId"] == definition["id"]
    assert by_key["businessKey"] == "B-7"
    assert by_key["state"] == "active"
    by_id = office.owner.post(f"process-definitions/{definition['id']}/start", expect=201)
    assert by_id["definitionId"] == definition["id"]
    assert by_id["businessKey"] is None
    assert by_id["id"] != by_key["id"]


def test_an_instance_tells_where_it_stands(office: Office) -> None:
    instance = office.owner.start("timers", business_key="B-8", hours=4, at="2026-06-01T14:00:00+08:00")
    seen = office.owner.look(instance)
    assert seen["id"] == instance
    assert seen["businessKey"] == "B-8"
    assert seen["state"] == "active"
    assert seen["variables"] == {"hours": 4, "at": "2026-06-01T14:00:00+08:00"}
    assert {(each["elementId"], each["count"]) for each in seen["activeElements"]} == {
        ("iso_duration", 1),
        ("iso_date", 1),
        ("feel_duration", 1),
        ("feel_date", 1),
        ("feel_unmarked", 1),
    }
    assert {each["elementId"]: each["dueAt"] for each in seen["timers"]} == {
        "iso_duration": "2026-06-01T11:00:00+08:00",
        "iso_date": "2026-06-01T12:00:00+08:00",
        "feel_duration": "2026-06-01T13:00:00+08:00",
        "feel_date": "2026-06-01T14:00:00+08:00",
        "feel_unmarked": "2026-06-01T15:00:00+08:00",
    }
    assert seen["incidents"] == []
    assert isinstance(seen["revision"], int)


def test_who_may_not_start_is_403_and_an_unknown_process_404(office: Office) -> None:
    office.eve.post("process-definitions/key/simple/start", {}, expect=403)
    office.eve.post("process-definitions/key/nothing_of_that_name/start", {}, expect=404)
    office.owner.post("process-definitions/nothing-of-that-id/start", {}, expect=404)
    assert office.owner.get("process-instances")["total"] == 0


def test_others_instances_do_not_exist(office: Office) -> None:
    instance = office.owner.start("simple")
    assert office.ann.look(instance)["id"] == instance  # a task of it is offered to ann
    office.eve.get(f"process-instances/{instance}", expect=404)
    office.eve.get(f"process-instances/{instance}/events", expect=404)
    assert office.eve.get("process-instances") == {"items": [], "total": 0}
    assert [each["id"] for each in office.ann.get("process-instances")["items"]] == [instance]
    for reader in ("admin", "manager", "inspector", "process_owner2"):
        assert office.program(reader).look(instance)["id"] == instance


def test_only_an_owner_moves_an_instance(office: Office) -> None:
    instance = office.owner.start("simple")
    for action in ("suspend", "resume", "cancel"):
        office.ann.post(f"process-instances/{instance}/{action}", expect=403)
        office.program("manager").post(f"process-instances/{instance}/{action}", expect=403)
        assert office.eve.raw("POST", f"process-instances/{instance}/{action}").status_code in (403, 404)
    assert office.owner.look(instance)["state"] == "active"


def test_nothing_moves_in_a_suspended_instance(office: Office) -> None:
    instance = office.owner.start("boundaries", number=1)
    task = office.ann.task(instance, "work")
    assert office.owner.post(f"process-instances/{instance}/suspend")["state"] == "suspended"
    assert office.owner.look(instance)["state"] == "suspended"
    office.ann.post(f"tasks/{task}/complete", expect=409)
    office.owner.post("messages", {"name": "withdraw", "correlation": {"number": 1}}, expect=404)
    assert office.pass_(days=1, hours=1) == 0
    assert set(office.admin.tasks(instance)) == {"work"}
    assert office.owner.post(f"process-instances/{instance}/resume")["state"] == "active"
    office.settle()  # what fell due meanwhile happens now
    assert set(office.admin.tasks(instance)) == {"work", "hurry"}
    office.ann.post(f"tasks/{task}/complete")


def test_a_cancelled_instance_is_over(office: Office) -> None:
    instance = office.owner.start("boundaries", number=1)
    task = office.ann.task(instance, "work")
    assert office.owner.post(f"process-instances/{instance}/cancel")["state"] == "cancelled"
    seen = office.owner.look(instance)
    assert (seen["state"], seen["timers"], seen["activeElements"]) == ("cancelled", [], [])
    assert office.admin.tasks(instance) == {}
    office.ann.post(f"tasks/{task}/complete", expect=409)
    office.owner.post(f"process-instances/{instance}/resume", expect=409)
    office.owner.post(f"process-instances/{instance}/cancel", expect=409)
    assert office.pass_(days=3) == 0


def test_every_step_is_an_event(office: Office) -> None:
    instance = office.owner.start("simple")
    office.ann.complete(instance, "check")
    office.pass_(hours=2)
    office.cat.complete(instance, "sign")
    told = office.owner.get(f"process-instances/{instance}/events", maxResults="500")
    assert told["total"] == len(told["items"])
    completed = {
        each["elementId"]: (each["actor"], each["at"]) for each in told["items"] if each["kind"] == "completed"
    }
    assert completed["check"] == ("ann", "2026-06-01T09:00:00+08:00")
    assert completed["sign"] == ("cat", "2026-06-01T11:00:00+08:00")
    few = office.owner.get(f"process-instances/{instance}/events", firstResult="1", maxResults="2")
    assert few["items"] == told["items"][1:3]


def test_a_gateway_tells_what_decided(office: Office) -> None:
    instance = office.owner.start("conditions", size=50)
    (decided,) = [each for each in office.owner.events(instance) if each["kind"] == "decided"]
    assert decided["elementId"] == "choose"
    assert "50" in str(decided["data"])
    assert "size" in str(decided["data"])


def test_instances_can_be_listed_by_what_they_are(office: Office) -> None:
    first = office.owner.start("simple", business_key="L-1")
    second = office.owner.start("late", business_key="L-2", deadline="2026-06-02")
    third = office.owner.start("simple", business_key="L-3")
    office.owner.post(f"process-instances/{third}/cancel")

    def ids(**query: str) -> set[str]:
        found = office.owner.get("process-instances", **query)
        assert found["total"] == len(found["items"])
        return {each["id"] for each in found["items"]}

    assert ids() == {first, second, third}
    assert ids(state="active") == {first}
    assert ids(state="incident") == {second}
    assert ids(state="cancelled") == {third}
    assert ids(definitionKey="simple") == {first, third}
    assert ids(businessKey="L-2") == {second}
    office.owner.get("process-instances", state="dancing", expect=422)


def test_statistics_count_instances_incidents_and_waiting_time(office: Office) -> None:
    definition = office.owner.get("process-definitions", key="simple")["items"][0]["id"]
    for number in range(3):
        instance = office.owner.start("simple")
        if number:
            office.pass_(hours=number)
            office.ann.complete(instance, "check")
    told = office.owner.get(f"process-definitions/{definition}/statistics")
    by_element = {each["elementId"]: each for each in told["elements"]}
    assert by_element["check"]["instances"] == 1
    assert by_element["sign"]["instances"] == 2
    assert by_element["check"]["incidents"] == 0
    assert by_element["check"]["medianSeconds"] == 1.5 * 3600
    late = office.owner.get("process-definitions", key="late")["items"][0]["id"]
    office.owner.start("late", deadline="2026-06-02")
    (gateway,) = office.owner.get(f"process-definitions/{late}/statistics")["elements"]
    assert (gateway["elementId"], gateway["incidents"]) == ("is_late", 1)
