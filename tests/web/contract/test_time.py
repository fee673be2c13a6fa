"""The manual clock: it stops at every due instant in order, and never goes back."""

from __future__ import annotations

from tests.web.office import Office

AT = "2026-06-01T{:02}:00:00+08:00"


def test_the_clock_tells_the_time(office: Office) -> None:
    assert office.ann.get("clock")["now"] == AT.format(9)


def test_only_the_administrator_moves_it(office: Office) -> None:
    for name in ("ann", "process_owner", "manager", "eve"):
        office.program(name).put("clock", {"now": AT.format(10)}, expect=403)
    assert office.admin.put("clock", {"now": AT.format(10)}) == {"now": AT.format(10), "fired": 0}


def test_backwards_is_409_and_the_same_instant_is_not(office: Office) -> None:
    office.admin.put("clock", {"now": AT.format(10)})
    office.admin.put("clock", {"now": "2026-06-01T09:59:59.999+08:00"}, expect=409)
    assert office.admin.get("clock")["now"] == AT.format(10)
    assert office.admin.put("clock", {"now": "2026-06-01T02:00:00Z"}) == {"now": AT.format(10), "fired": 0}


def test_an_instant_needs_an_offset(office: Office) -> None:
    for wrong in ("2026-06-01T10:00:00", "tomorrow", "", 5, None, "2026-06-01", "9999-12-31T23:59:59-23:59", ["now"]):
        assert "now" in office.admin.put("clock", {"now": wrong}, expect=422)["errors"]
    office.admin.put("clock", {}, expect=422)


def test_an_instant_reached_is_due(office: Office) -> None:
    instance = office.owner.start("timers", hours=4, at=AT.format(14))
    assert office.admin.put("clock", {"now": "2026-06-01T10:59:59+08:00"})["fired"] == 0
    assert office.ann.tasks(instance) == {}
    assert office.admin.put("clock", {"now": AT.format(11)})["fired"] == 1
    assert set(office.ann.tasks(instance)) == {"after_iso_duration"}


def test_every_command_sees_the_instant_it_was_due(office: Office) -> None:
    instance = office.owner.start("timers", hours=4, at=AT.format(14))
    assert office.admin.put("clock", {"now": AT.format(20)}) == {"now": AT.format(20), "fired": 5}
    found = office.owner.variables(instance)
    assert found["at_1"].startswith("2026-06-01T11:00:00")
    assert found["at_2"].startswith("2026-06-01T12:00:00")
    created = {element: task["createdAt"] for element, task in office.ann.tasks(instance).items()}
    assert created == {
        "after_iso_duration": AT.format(11),
        "after_iso_date": AT.format(12),
        "after_feel_duration": AT.format(13),
        "after_feel_date": AT.format(14),
        "after_feel_unmarked": AT.format(15),
    }


def test_a_timer_that_starts_on_the_way_fires_on_the_way(office: Office) -> None:
    instances = [office.owner.start("chained")]
    office.pass_(minutes=30)
    instances.append(office.owner.start("chained"))
    assert office.pass_(hours=5) == 4
    starts = (("2026-06-01T10:00", "2026-06-01T11:00"), ("2026-06-01T10:30", "2026-06-01T11:30"))
    for instance, (first, second) in zip(instances, starts, strict=True):
        seen = office.owner.look(instance)
        assert seen["state"] == "completed"
        assert seen["variables"]["first"].startswith(first)
        assert seen["variables"]["second"].startswith(second)


def test_one_broken_timer_stops_no_other(office: Office) -> None:
    broken = office.owner.start("timers", hours="no number", at=AT.format(14))
    sound = office.owner.start("chained")
    seen = office.owner.look(broken)
    assert [each["elementId"] for each in seen["incidents"]] == ["feel_duration"]
    assert office.pass_(hours=8) == 6
    assert office.owner.look(sound)["state"] == "completed"
    assert set(office.ann.tasks(broken)) == {
        "after_iso_duration",
        "after_iso_date",
        "after_feel_date",
        "after_feel_unmarked",
    }


def test_an_instant_long_past_is_due_at_once(office: Office) -> None:
    instance = office.owner.start("timers", hours=0, at="2020-01-01T00:00:00+08:00")
    office.settle()
    assert set(office.ann.tasks(instance)) == {"after_feel_duration", "after_feel_date"}
