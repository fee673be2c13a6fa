"""Who is offered a task, and what claim, unclaim, assign, delegate and complete mean."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.web.office import Office

TASK_KEYS = {
    "id",
    "elementId",
    "name",
    "formKey",
    "processInstanceId",
    "businessKey",
    "definitionKey",
    "lane",
    "candidateGroups",
    "assignee",
    "createdAt",
    "dueAt",
    "followUpAt",
    "revision",
}


def test_a_task_tells_what_the_contract_promises(office: Office) -> None:
    instance = office.owner.start("simple", business_key="B-1")
    (task,) = office.ann.get("tasks", processInstanceId=instance)["items"]
    assert set(task) >= TASK_KEYS
    told = {key: task[key] for key in ("elementId", "name", "formKey", "processInstanceId", "businessKey", "assignee")}
    assert told == {
        "elementId": "check",
        "name": "Check it",
        "formKey": None,
        "processInstanceId": instance,
        "businessKey": "B-1",
        "assignee": None,
    }
    assert task["definitionKey"] == "simple"
    assert task["candidateGroups"] == ["clerks"]
    assert datetime.fromisoformat(task["createdAt"]) == datetime.fromisoformat("2026-06-01T09:00:00+08:00")
    assert office.ann.get(f"tasks/{task['id']}").items() >= task.items()


@pytest.fixture
def offered(office: Office) -> str:
    return office.ann.start("offers", deputy="cat", group="clerks")


def test_a_task_offered_to_nobody_goes_to_whoever_started(office: Office, offered: str) -> None:
    assert "unoffered" in office.ann.tasks(offered, mine="true")
    assert "unoffered" not in office.ben.tasks(offered)
    assert "unoffered" not in office.cat.tasks(offered)
    office.ann.complete(offered, "unoffered")


def test_persons_and_groups_are_literals_unless_marked(office: Office, offered: str) -> None:
    seen = {name: office.program(name).tasks(offered) for name in ("ann", "ben", "cat")}
    everything = office.admin.tasks(offered)
    assert everything["literal_assignee"]["assignee"] == "ben"
    assert everything["looks_like_a_variable"]["assignee"] == "deputy"
    assert everything["marked_assignee"]["assignee"] == "cat"
    assert everything["dollar_assignee"]["assignee"] == "cat"
    assert sorted(everything["literal_groups"]["candidateGroups"]) == ["auditors", "clerks"]
    assert everything["marked_group"]["candidateGroups"] == ["clerks"]
    assert sorted(everything["dollar_groups"]["candidateGroups"]) == ["auditors", "clerks"]
    groups = {"literal_groups", "dollar_groups"}
    assert set(seen["ann"]) == {"unoffered", "marked_group"} | groups
    assert set(seen["ben"]) == {"literal_assignee", "marked_group", "literal_users"} | groups
    assert set(seen["cat"]) == {"marked_assignee", "dollar_assignee", "literal_users", "marked_users"} | groups


def test_lanes_offer_by_their_name_or_their_group(office: Office) -> None:
    instance = office.owner.start("lanes")
    by_name, by_property = office.ann.tasks(instance), office.cat.tasks(instance)
    assert set(by_name) == {"by_name"}
    assert by_name["by_name"]["candidateGroups"] == ["clerks"]
    assert by_name["by_name"]["lane"] == "clerks"
    assert set(by_property) == {"by_property"}
    assert by_property["by_property"]["candidateGroups"] == ["auditors"]
    assert by_property["by_property"]["lane"] == "审核组"


def test_completing_needs_no_claim_and_tells_what_comes_next(office: Office) -> None:
    instance = office.owner.start("simple")
    done = office.ann.complete(instance, "check", remark="fine", nested={"深": [1, 2.5, None, True]})
    assert done["instance"]["id"] == instance
    assert done["instance"]["state"] == "active"
    assert isinstance(done["instance"]["revision"], int)
    assert done["nextTasks"] == []  # the next one is the auditors'
    assert office.owner.variables(instance) == {"remark": "fine", "nested": {"深": [1, 2.5, None, True]}}
    assert office.cat.complete(instance, "sign")["instance"]["state"] == "completed"
    assert office.owner.look(instance)["activeElements"] == []


def test_next_tasks_are_those_the_caller_may_see(office: Office, offered: str) -> None:
    done = office.ann.complete(offered, "literal_groups")
    assert {task["elementId"] for task in done["nextTasks"]} == {"unoffered", "marked_group", "dollar_groups"}
    assert {task["id"] for task in done["nextTasks"]} == {task["id"] for task in office.ann.tasks(offered).values()}


def test_a_task_done_already_is_409_with_who_and_when(office: Office) -> None:
    instance = office.owner.start("simple")
    task = office.ann.task(instance, "check")
    office.ann.post(f"tasks/{task}/complete", {"variables": {}})
    office.pass_(hours=1)
    refused = office.ben.post(f"tasks/{task}/complete", {"variables": {}}, expect=409)
    assert "Ann" in refused["detail"]
    assert refused["changedBy"] == "Ann"
    assert datetime.fromisoformat(refused["changedAt"]) == datetime.fromisoformat("2026-06-01T09:00:00+08:00")
    for action in ("claim", "unclaim", "complete"):
        office.ann.post(f"tasks/{task}/{action}", expect=409)


def test_a_task_claimed_by_somebody_else_is_409_with_who_and_when(office: Office) -> None:
    instance = office.owner.start("simple")
    task = office.ann.task(instance, "check")
    claimed = office.ann.post(f"tasks/{task}/claim")
    assert claimed["instance"]["id"] == instance
    assert claimed["nextTasks"] == [{"id": task, "elementId": "check"}]
    assert office.ann.get(f"tasks/{task}")["assignee"] == "ann"
    for action in ("claim", "complete"):
        refused = office.ben.post(f"tasks/{task}/{action}", expect=409)
        assert refused["changedBy"] == "Ann"
        assert refused["changedAt"] is not None
    office.ann.post(f"tasks/{task}/complete", {"variables": {}})


def test_unclaiming_gives_the_task_back(office: Office) -> None:
    instance = office.owner.start("simple")
    task = office.ann.task(instance, "check")
    office.ann.post(f"tasks/{task}/claim")
    office.ben.post(f"tasks/{task}/unclaim", expect=409)
    office.ann.post(f"tasks/{task}/unclaim")
    assert office.ben.get(f"tasks/{task}")["assignee"] is None
    office.ben.post(f"tasks/{task}/complete")


def test_assigning_hands_the_task_to_a_person(office: Office) -> None:
    instance = office.owner.start("simple")
    task = office.ann.task(instance, "check")
    office.owner.post(f"tasks/{task}/assign", {"assignee": "ben"})
    assert office.ben.get(f"tasks/{task}")["assignee"] == "ben"
    office.ann.post(f"tasks/{task}/complete", expect=409)
    office.ben.post(f"tasks/{task}/complete")


def test_assigning_needs_an_assignee_that_exists(office: Office) -> None:
    instance = office.owner.start("simple")
    task = office.ann.task(instance, "check")
    assert "assignee" in office.owner.post(f"tasks/{task}/assign", {}, expect=422)["errors"]
    assert office.owner.raw("POST", f"tasks/{task}/assign", json={"assignee": "nobody-here"}).status_code in (404, 422)
    assert office.admin.get(f"tasks/{task}")["assignee"] is None


def test_delegating_lets_somebody_else_do_it(office: Office) -> None:
    instance = office.owner.start("simple")
    task = office.ann.task(instance, "check")
    office.ann.post(f"tasks/{task}/claim")
    office.ann.post(f"tasks/{task}/delegate", {"assignee": "ben"})
    assert office.ben.get(f"tasks/{task}")["assignee"] == "ben"
    office.ben.post(f"tasks/{task}/complete")


def test_reading_everything_is_not_acting_for_others(office: Office) -> None:
    instance = office.owner.start("simple")
    task = office.ann.task(instance, "check")
    for reader in ("admin", "manager", "inspector", "process_owner"):
        assert office.program(reader).get(f"tasks/{task}")["elementId"] == "check"
        office.program(reader).post(f"tasks/{task}/complete", expect=403)
        office.program(reader).post(f"tasks/{task}/claim", expect=403)


def test_others_tasks_do_not_exist(office: Office) -> None:
    instance = office.owner.start("simple")
    task = office.ann.task(instance, "check")
    assert office.eve.tasks(instance) == {}
    for method, path, body in (
        ("GET", f"tasks/{task}", None),
        ("GET", f"tasks/{task}/form", None),
        ("PUT", f"tasks/{task}/draft", {"variables": {}}),
        ("POST", f"tasks/{task}/claim", None),
        ("POST", f"tasks/{task}/unclaim", None),
        ("POST", f"tasks/{task}/assign", {"assignee": "eve"}),
        ("POST", f"tasks/{task}/delegate", {"assignee": "eve"}),
        ("POST", f"tasks/{task}/complete", {"variables": {}}),
    ):
        office.eve.call(method, path, body, expect=404)


def test_a_revision_that_is_not_the_tasks_is_409(office: Office) -> None:
    instance = office.owner.start("simple")
    task = office.ann.tasks(instance)["check"]
    office.ann.post(f"tasks/{task['id']}/claim", {"revision": task["revision"]})
    stale = {"variables": {"x": 1}, "revision": task["revision"]}
    office.ann.post(f"tasks/{task['id']}/complete", stale, expect=409)
    now = office.ann.get(f"tasks/{task['id']}")["revision"]
    assert now > task["revision"]
    office.ann.post(f"tasks/{task['id']}/complete", {"variables": {"x": 1}, "revision": now})


def test_the_list_can_be_narrowed(office: Office) -> None:
    first = office.owner.start("simple", business_key="K-1")
    second = office.owner.start("dates", business_key="K-2", limit="2026-06-02T08:00:00+08:00")
    office.ann.post(f"tasks/{office.ann.task(first, 'check')}/claim")

    def elements(**query: str) -> set[str]:
        return {task["elementId"] for task in office.ann.get("tasks", **query)["items"]}

    assert elements(processInstanceId=first) == {"check"}
    assert elements(definitionKey="simple") == {"check"}
    assert elements(elementId="no_due") == {"no_due"}
    assert elements(assignee="ann") == {"check"}
    assert "no_due" in elements(candidateGroup="clerks")
    assert elements(candidateGroup="auditors") == set()
    assert elements(mine="true") >= {"check", "no_due"}
    assert elements(overdue="true") == set()
    assert elements(dueBefore="2026-06-02T09:00:00+08:00") == {"feel_due", "feel_text"}
    assert elements(q="Check") == {"check"}
    office.pass_(days=1)
    assert elements(overdue="true", processInstanceId=second) == {"feel_due", "feel_text"}


def test_a_list_comes_in_pages(office: Office) -> None:
    for number in range(5):
        office.owner.start("simple", business_key=f"P-{number}")
    whole = office.ann.get("tasks", definitionKey="simple", sortBy="createdAt")
    assert whole["total"] == 5
    first = office.ann.get("tasks", definitionKey="simple", sortBy="createdAt", maxResults="2")
    rest = office.ann.get("tasks", definitionKey="simple", sortBy="createdAt", firstResult="2", maxResults="500")
    assert (first["total"], rest["total"]) == (5, 5)
    assert [task["id"] for task in first["items"] + rest["items"]] == [task["id"] for task in whole["items"]]
    backwards = office.ann.get("tasks", definitionKey="simple", sortBy="name", sortOrder="desc")
    assert len(backwards["items"]) == 5
    for wrong in ({"maxResults": "501"}, {"firstResult": "-1"}, {"sortBy": "nothing"}, {"sortOrder": "up"}):
        assert office.ann.get("tasks", expect=422, **wrong)["errors"].keys() == wrong.keys()
