"""How a token runs: gateways, many instances, boundary events, calls."""

from __future__ import annotations

from tests.web.office import Office


def test_both_branches_must_end_before_what_follows(office: Office) -> None:
    instance = office.owner.start("both")
    assert set(office.ann.tasks(instance)) == {"both_left", "both_right"}
    office.ann.complete(instance, "both_left", left=1)
    assert set(office.ann.tasks(instance)) == {"both_right"}
    office.ann.complete(instance, "both_right", right=2)
    assert set(office.ann.tasks(instance)) == {"both_after"}
    assert office.owner.variables(instance) == {"left": 1, "right": 2}


def test_an_inclusive_gateway_takes_all_that_hold_or_the_default(office: Office) -> None:
    def open_(a: bool, b: bool) -> str:
        return office.owner.start("some_of_them", a=a, b=b)

    assert set(office.ann.tasks(open_(True, False))) == {"some_a"}
    assert set(office.ann.tasks(open_(False, False))) == {"some_none"}
    instance = open_(True, True)
    assert set(office.ann.tasks(instance)) == {"some_a", "some_b"}
    office.ann.complete(instance, "some_a")
    assert set(office.ann.tasks(instance)) == {"some_b"}
    office.ann.complete(instance, "some_b")
    assert set(office.ann.tasks(instance)) == {"some_after"}


def test_of_events_behind_a_gateway_the_first_wins(office: Office) -> None:
    paid, unpaid = (office.owner.start("which_first", number=number) for number in (1, 2))
    assert office.owner.post("messages", {"name": "paid", "correlation": {"number": 1}}) == {"delivered": 1}
    assert set(office.ann.tasks(paid)) == {"first_after_message"}
    assert office.owner.look(paid)["timers"] == []
    assert office.pass_(days=3) == 1
    assert set(office.ann.tasks(unpaid)) == {"first_after_timer"}
    assert set(office.ann.tasks(paid)) == {"first_after_message"}
    office.owner.post("messages", {"name": "paid", "correlation": {"number": 2}}, expect=404)


def test_one_for_each_item_of_a_collection(office: Office) -> None:
    items = [{"name": "甲"}, {"name": "乙"}, {"name": "丙"}]
    instance = office.owner.start("each_item", items=items)
    tasks = office.ann.get("tasks", processInstanceId=instance)["items"]
    assert [task["elementId"] for task in tasks] == ["review"] * 3
    (counted,) = office.owner.look(instance)["activeElements"]
    assert (counted["elementId"], counted["count"]) == ("review", 3)
    by_name = {office.ann.get(f"tasks/{task['id']}/form")["data"]["item"]["name"]: task["id"] for task in tasks}
    assert sorted(by_name) == sorted(["甲", "乙", "丙"])
    for name, verdict in (("丙", "no"), ("甲", "yes"), ("乙", "perhaps")):
        office.ann.post(f"tasks/{by_name[name]}/complete", {"variables": {"verdict": verdict}})
    assert set(office.ann.tasks(instance)) == {"after"}
    assert office.owner.variables(instance)["verdicts"] == ["甲: yes", "乙: perhaps", "丙: no"]


def test_an_empty_collection_asks_nobody(office: Office) -> None:
    instance = office.owner.start("each_item", items=[])
    assert set(office.ann.tasks(instance)) == {"after"}
    assert office.owner.variables(instance)["verdicts"] == []


def test_one_at_a_time_until_the_completion_condition_holds(office: Office) -> None:
    instance = office.owner.start("each_name", people=["ann", "ben", "cat"])
    assert [set(office.program(name).tasks(instance)) for name in ("ann", "ben", "cat")] == [{"ask"}, set(), set()]
    office.ann.complete(instance, "ask", answer="go on")
    assert set(office.ben.tasks(instance)) == {"ask"}
    done = office.ben.complete(instance, "ask", answer="stop")
    assert done["instance"]["state"] == "completed"
    assert office.owner.variables(instance)["answers"] == ["go on", "stop"]


def test_so_often_as_the_cardinality_says(office: Office) -> None:
    instance = office.owner.start("so_often", count=2)
    tasks = office.ann.get("tasks", processInstanceId=instance)["items"]
    assert len(tasks) == 3
    for number, task in enumerate(tasks):
        done = office.ann.post(f"tasks/{task['id']}/complete", {"variables": {"choice": number}})
    assert done["instance"]["state"] == "completed"
    assert sorted(office.owner.variables(instance)["votes"]) == [0, 1, 2]


def test_a_cardinality_that_is_no_number_is_an_incident(office: Office) -> None:
    for wrong in ("many", -5, 10**9, None):
        instance = office.owner.start("so_often", count=wrong)
        seen = office.owner.look(instance)
        assert (seen["state"], seen["incidents"][0]["elementId"]) == ("incident", "vote"), wrong
    assert office.owner.look(office.owner.start("so_often", count=-1))["state"] == "completed"


def test_timers_on_the_edge_of_a_task(office: Office) -> None:
    instance = office.owner.start("boundaries", number=1)
    assert {each["elementId"] for each in office.owner.look(instance)["timers"]} == {"remind", "give_up"}
    assert office.pass_(days=1) == 1
    assert set(office.ann.tasks(instance)) == {"work", "hurry"}  # does not interrupt
    assert office.pass_(days=1) == 1
    assert set(office.ann.tasks(instance)) == {"hurry", "too_late"}  # interrupts


def test_completing_the_task_takes_its_edge_away(office: Office) -> None:
    instance = office.owner.start("boundaries", number=1)
    assert office.ann.complete(instance, "work")["instance"]["state"] == "completed"
    assert office.owner.look(instance)["timers"] == []
    assert office.pass_(days=5) == 0


def test_a_message_on_the_edge_of_a_task(office: Office) -> None:
    instance = office.owner.start("boundaries", number=4)
    task = office.ann.task(instance, "work")
    office.owner.post("messages", {"name": "withdraw", "correlation": {"number": 4}, "variables": {"why": "ill"}})
    assert set(office.ann.tasks(instance)) == {"put_away"}
    assert office.owner.variables(instance)["why"] == "ill"
    office.ann.post(f"tasks/{task}/complete", expect=409)


def test_an_error_leaves_a_sub_process_by_its_boundary(office: Office) -> None:
    instance = office.owner.start("inner_error")
    office.ann.complete(instance, "inner_try")
    assert set(office.ann.tasks(instance)) == {"inner_after_error"}


def test_a_called_process_runs_inside_its_caller(office: Office) -> None:
    instance = office.owner.start("caller", business_key="C-1", number=6)
    task = office.ann.tasks(instance)["answer_it"]
    assert task["processInstanceId"] == instance
    assert task["definitionKey"] == "called"
    assert task["businessKey"] == "C-1"
    assert office.ann.get("tasks", definitionKey="called")["total"] == 1
    assert office.ann.get(f"tasks/{task['id']}/form")["data"]["question"] == 6
    assert office.owner.get("process-instances")["total"] == 1
    office.ann.complete(instance, "answer_it", answer="forty-two")
    assert set(office.ann.tasks(instance)) == {"after"}
    assert office.owner.variables(instance) == {"number": 6, "reply": "forty-two"}


def test_an_error_of_a_called_process_is_caught_at_the_call(office: Office) -> None:
    instance = office.owner.start("caller", number=6)
    office.ann.complete(instance, "answer_it", answer="never")
    assert set(office.ann.tasks(instance)) == {"apologise"}
