"""FEEL in scripts, conditions and dates; what cannot be told is an incident that a person retries."""

from __future__ import annotations

from datetime import date, datetime

from tests.web.office import Office
from tests.web.program import is_chinese


def test_scripts_are_feel_and_temporal_results_are_iso_text(office: Office) -> None:
    instance = office.owner.start("scripts", a=2, b=3)
    assert office.owner.look(instance)["incidents"] == []
    found = office.owner.variables(instance)
    assert found["sum"] == 5
    assert found["record"] == {"total": 5, "words": ["甲", "乙"]}
    assert date.fromisoformat(found["tomorrow"][:10]) == date(2026, 6, 2)
    assert datetime.fromisoformat(found["moment"]) == datetime.fromisoformat("2026-06-01T09:00:00+08:00")
    assert found["later"] is True


def test_working_days_count_as_the_contract_says(office: Office) -> None:
    instance = office.owner.start("scripts", a=2, b=3)
    working = office.owner.variables(instance)["working"]
    # 1 June 2026 is a Monday. By the parameters in force the first day does not count: five working days after it are
    # over on the Monday after, at 24:00.
    deadline = datetime.fromisoformat(working["deadline"])
    assert deadline == datetime.fromisoformat("2026-06-09T00:00:00+08:00")
    assert working["next"] == "2026-06-08"
    assert working["back"] == "2026-06-05"
    assert working["free"] is False
    assert working["between"] == 5


def test_a_year_without_official_calendar_is_an_error(office: Office) -> None:
    refused = office.owner.post("process-definitions/key/far_away/start", {}, expect=422)
    assert "2031" in refused["detail"]
    assert office.owner.get("process-instances")["total"] == 0


def test_conditions_are_feel_with_or_without_marks(office: Office) -> None:
    for size, taken in ((101, "big"), (11, "middle"), (3, "odd"), (4, "small"), (100, "middle"), (10.5, "middle")):
        assert set(office.ann.tasks(office.owner.start("conditions", size=size))) == {taken}


def test_a_condition_neither_true_nor_false_is_an_incident(office: Office) -> None:
    for size in ("50", None, [1], {"a": 1}, True):
        seen = office.owner.look(office.owner.start("conditions", size=size))
        assert seen["state"] == "incident"
        (incident,) = seen["incidents"]
        assert incident["elementId"] == "choose"
        assert incident["attempts"] == 1
        assert "size" in incident["message"]
        assert size != "50" or "50" in incident["message"]
        assert office.ann.tasks(seen["id"]) == {}


def test_a_condition_over_a_variable_that_is_not_there_is_an_incident(office: Office) -> None:
    seen = office.owner.look(office.owner.start("conditions"))
    assert seen["state"] == "incident"
    assert "size" in seen["incidents"][0]["message"]


def test_text_compared_with_a_date_is_an_incident_naming_the_values(office: Office) -> None:
    for deadline in ("2026-05-01", "2026-07-01"):
        seen = office.owner.look(office.owner.start("late", deadline=deadline))
        assert seen["state"] == "incident"
        assert deadline in seen["incidents"][0]["message"]


def test_temporal_variables_compare_after_date_and_time(office: Office) -> None:
    for deadline, taken in (("2026-06-01T08:59:59", "right_too_late"), ("2026-06-01T09:00:00", "right_in_time")):
        instance = office.owner.start("late_rightly", deadline=f"{deadline}+08:00")
        assert set(office.ann.tasks(instance)) == {taken}


def test_an_incident_is_listed_and_retried(office: Office) -> None:
    instance = office.owner.start("not_yet")
    (incident,) = office.owner.get("incidents", processInstanceId=instance)["items"]
    (same,) = office.owner.look(instance)["incidents"]
    assert incident["id"] == same["id"]
    office.ann.post(f"incidents/{incident['id']}/retry", expect=403)
    office.owner.post("incidents/no-such-incident/retry", expect=404)
    office.owner.post(f"incidents/{incident['id']}/retry")
    (again,) = office.owner.look(instance)["incidents"]
    assert (again["id"], again["attempts"]) == (incident["id"], 2)
    office.pass_(days=1)
    office.owner.post(f"incidents/{incident['id']}/retry")
    seen = office.owner.look(instance)
    assert seen["state"] == "active"
    assert set(office.ann.tasks(instance)) == {"yet_then"}
    assert office.owner.get("incidents", processInstanceId=instance) == {"items": [], "total": 0}


def test_incidents_speak_the_readers_language(office: Office) -> None:
    instance = office.owner.start("late", deadline="2026-05-01")
    (english,) = office.program("process_owner", "en").look(instance)["incidents"]
    (chinese,) = office.program("process_owner", "zh-CN").look(instance)["incidents"]
    assert not is_chinese(english["message"])
    assert is_chinese(chinese["message"])


def test_due_dates_are_iso_as_they_stand_else_feel(office: Office) -> None:
    instance = office.owner.start("dates", limit="2026-06-02T17:30:00+08:00")
    found = office.ann.tasks(instance)
    dues = {element: (task["dueAt"], task["followUpAt"]) for element, task in found.items()}
    assert dues == {
        "iso_instant": ("2026-06-03T17:00:00+08:00", None),
        "iso_period": ("2026-06-03T09:00:00+08:00", "2026-06-02T09:00:00+08:00"),
        "feel_due": ("2026-06-02T17:30:00+08:00", "2026-06-02T16:30:00+08:00"),
        "feel_text": ("2026-06-02T17:30:00+08:00", None),
        "workdays": ("2026-06-09T00:00:00+08:00", None),
        "no_due": (None, None),
    }


def test_a_due_date_that_cannot_be_read_is_an_incident(office: Office) -> None:
    seen = office.owner.look(office.owner.start("dates", limit="some day"))
    assert seen["state"] == "incident"
    assert {each["elementId"] for each in seen["incidents"]} == {"feel_due", "feel_text"}
    assert set(office.ann.tasks(seen["id"])) == {"iso_instant", "iso_period", "workdays", "no_due"}
