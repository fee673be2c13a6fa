"""The rollout's rules one by one: units and waivers, summaries, what the board shows to whom, and what never leaves the register."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from engine.commands.evaluate_decision import EvaluateDecision
from engine.errors import Forbidden, NotFound, Refused
from engine.queries.task_view import TaskForm
from engine.store import tables as t
from engine.store.packed import unpack
from processes.demo.small import REGIONS
from processes.register.rollout_streams import decide
from processes.register.rollout_tables import programme_stream, stream_phase, summary_receipt, unit_verification
from processes.register.subjects import TaskSubjects
from processes.register.units import post_quota
from processes.rollout.queries import RolloutBoard
from processes.rules.escalation import AFTER, BEFORE
from tests.conftest import MakeEngine
from tests.process.rollout import ARCHIVES, HR, HRSS, MANAGER, PHONE, REGION, Rollout, handlers, made
from tests.process.stage import ADMIN, OFFICE, at, person


@pytest.fixture
def stage(database_url: str, make_engine: MakeEngine, tmp_path: Path) -> Rollout:
    engine = make_engine(database_url, handlers(), attachments_url=str(tmp_path / "files"))
    engine.clock.set(at("2026-06-01T09:00"))  # type: ignore[attr-defined]
    return made(engine)


def carrying_out(stage: Rollout) -> None:
    """Registered for June, July and August; documents issued; phase 2 begins on 07-01."""
    stage.register(("2026-06", "2026-07", "2026-08"))
    stage.issue("plan", "conditions")
    stage.until("2026-07-01T09:00")


def test_telephones_are_sealed_and_stand_nowhere_else(stage: Rollout) -> None:
    stage.register(("2026-06", "2026-07", "2026-08"))
    rows = stage.rows(programme_stream)
    assert len(rows) == 10
    assert all(PHONE.encode() not in row["phone"] for row in rows)
    assert "regions" not in stage.look(stage.instance).variables
    with stage.engine.store.snapshot() as connection:
        for packed in connection.scalars(select(t.task.c.data)):
            assert PHONE not in str(unpack(packed))
        for packed in connection.scalars(select(t.instance_state.c.variables)):
            assert PHONE not in str(unpack(packed))
    told = stage.said()
    assert stage.instance in told
    assert PHONE not in told


def test_telephones_are_read_by_who_coordinates_and_by_the_region_itself(stage: Rollout) -> None:
    stage.register(("2026-06", "2026-07", "2026-08"))
    for actor in (HRSS, ARCHIVES, MANAGER):
        assert {stream.phone for stream in stage.board(actor).streams} == {PHONE}
    own = {stream.region_code: stream.phone for stream in stage.board(REGION["golog"]).streams}
    assert own.pop("golog") == PHONE
    assert set(own.values()) == {None}
    assert {stream.phone for stream in stage.board(OFFICE).streams} == {None}


def test_the_board_is_for_the_offices(stage: Rollout) -> None:
    assert stage.board(HRSS).programme is None, "nothing registered yet"
    for outsider in (person("c-001", "candidate"), person("expert-01", "expert"), person("nobody")):
        with pytest.raises(Forbidden):
            stage.board(outsider)
    with pytest.raises(NotFound):
        stage.engine.ask(RolloutBoard(HRSS, "no such programme"))


def test_a_second_programme_of_the_year_is_refused(stage: Rollout) -> None:
    stage.register(("2026-06", "2026-07", "2026-08"))
    with pytest.raises(Refused) as second:
        stage.register(("2026-09", "2026-10", "2026-11"))
    assert second.value.code == "PROGRAMME_RUNNING"


def test_posts_are_verified_for_the_year_in_which_people_are_recommended(stage: Rollout) -> None:
    """A programme registered in December 2020 offers 2020; its posts are needed in February 2021 (R-42)."""
    with pytest.raises(Refused) as caught:
        stage.register(year=2020)
    assert caught.value.code == "BAD_YEAR"


def test_a_year_without_calendar_is_refused_in_words(stage: Rollout) -> None:
    with pytest.raises(Refused) as missing:
        stage.register(("2029-10", "2029-11", "2029-12"))
    assert missing.value.code == "CALENDAR_MISSING"
    assert "2029 年" in str(missing.value.text)


def test_a_stream_goes_on_without_units_that_are_given_up(stage: Rollout) -> None:
    carrying_out(stage)
    stage.until("2026-08-01T00:00")
    (task,) = stage.of_stream("waive_or_wait", HRSS, "golog")
    assert stage.engine.ask(TaskForm(HRSS, task)).data["blocked_facts"] == "还有 1 个单位没有核定岗位。"
    given = {"waiver_kind": "units", "waiver_reason": "单位正在合并。", "wait_until": "2026-08-20"}
    stage.complete(task, HRSS, **given)
    (unit,) = stage.stream("golog").units
    assert unit.status == "waived"
    stage.region_does("golog", "region_quota_report", unverified_reason="单位正在合并")
    (decision,) = stage.stream("golog").decisions
    assert (decision.kind, decision.units) == ("units", ("演示单位2",))

    stage.declare("u04")  # the unit is not let off: its posts are verified for R-42 all the same
    stage.agree("u04")
    stage.publicise("u04")
    stage.until("2026-08-15T00:00")
    assert stage.stream("golog").units[0].status == "verified"


def test_nothing_is_given_up_where_nothing_is_missing(stage: Rollout) -> None:
    carrying_out(stage)
    with stage.engine.store.transaction() as connection, pytest.raises(Refused) as nothing:
        decide(
            connection,
            stage.of("central"),
            kind="units",
            reason="理由",
            until=at("2026-09-01T00:00"),
            by="provincial_hrss",
            now=stage.now,
        )
    assert nothing.value.code == "NOTHING_TO_WAIVE"


def test_posts_below_what_is_held_are_not_verified(stage: Rollout) -> None:
    carrying_out(stage)
    with stage.engine.store.transaction() as connection:
        connection.execute(
            post_quota.insert().values(
                id="held",
                unit_code="u01",
                year=2026,
                post_level="deputy_senior",
                approved=9,
                occupied=1,
                reserved=3,
                special_occupied=0,
                version=1,
            )
        )
    stage.declare("u01")
    stage.agree("u01")
    stage.publicise("u01")
    stage.until("2026-07-20T00:00")
    (incident,) = stage.look(stage.unit_instance("u01")).incidents
    assert incident.code == "QUOTA_HELD"


def test_the_authority_is_warned_of_the_structure_and_decides(stage: Rollout) -> None:
    carrying_out(stage)
    stage.declare("u01")
    told = stage.form(stage.unit_instance("u01"), "verify_posts", REGION["xining"])["ratio_warnings"]
    assert told == [
        "高级岗位 4 个，占全部 18 个的 22%，高于 10% 的提醒线。",
        "中级岗位 6 个，占全部 18 个的 33%，高于 30% 的提醒线。",
    ]
    stage.agree("u01")
    assert stage.open(stage.unit_instance("u01")) == ["prepare_notice"]


def test_another_region_neither_sees_nor_verifies(stage: Rollout) -> None:
    carrying_out(stage)
    stage.declare("u01")
    assert stage.tasks(stage.unit_instance("u01"), REGION["golog"], "verify_posts") == []
    assert stage.tasks(stage.unit_instance("u04"), HR["u01"]) == []
    assert stage.tasks(stage.instance, REGION["golog"], "publicise_policy")
    assert stage.tasks(stage.instance, HR["u01"]) == []


def test_both_recipients_receive_what_was_sent_last(stage: Rollout) -> None:
    carrying_out(stage)
    stage.region_does("central", "region_quota_report")
    stage.do(stage.instance, "close_review", OFFICE, cycle_done=True)
    stage.region_does("central", "region_appointment_report", passed_total=0, appointed_total=0)
    stage.write("central")
    stage.receive("central", "receive_archives", ARCHIVES)
    assert stage.stream("central").received == ("archives_bureau",)
    stage.receive("central", "receive_hrss", HRSS, decision="return", reason="请补充聘用情况。")
    shown = stage.engine.ask(RolloutBoard(HRSS))
    central = next(stream for stream in shown.streams if stream.region_code == "central")
    assert [str(one.what) for one in central.blocking if one.task_id][-1] == "撰写工作总结"
    stage.sum_up("central")
    assert set(stage.stream("central").received) == {"archives_bureau", "provincial_hrss"}
    assert {row["returns"] for row in stage.rows(summary_receipt)} == {0, 1}
    assert stage.stream("central").finished


def test_a_stream_told_of_the_end_of_the_review_before_it_waits_goes_on(stage: Rollout) -> None:
    carrying_out(stage)
    stage.do(stage.instance, "close_review", OFFICE, cycle_done=True)
    stage.region_does("central", "region_quota_report")
    assert stage.region_task("central", "region_appointment_report")


def test_the_states_of_a_clock_walk(stage: Rollout) -> None:
    stage.register(("2026-06", "2026-07", "2026-08"))
    walk = {}
    for day in ("06-01T10:00", "06-30T23:59", "07-01T00:00", "07-31T23:59", "08-01T00:00"):
        stage.until(f"2026-{day}")
        walk[day] = [phase.state for phase in stage.board().phases]
        if day == "06-01T10:00":
            stage.issue("plan", "conditions")
    assert walk == {
        "06-01T10:00": ["running", "pending", "pending"],
        "06-30T23:59": ["running", "pending", "pending"],
        "07-01T00:00": ["overdue", "running", "pending"],
        "07-31T23:59": ["overdue", "running", "pending"],
        "08-01T00:00": ["overdue", "overdue", "running"],
    }
    assert {row["status"] for row in stage.rows(stream_phase, stream_phase.c.phase_no == 1)} == {"running"}


def test_units_answer_and_are_counted(stage: Rollout) -> None:
    carrying_out(stage)
    assert {row["unit_code"]: row["status"] for row in stage.rows(unit_verification)} == {
        "u01": "declaring",
        "u03": "declaring",
        "u04": "declaring",
    }
    assert {one.who.message for one in stage.stream("xining").blocking if "岗位" in one.what.message} == {"单位人事"}


def test_d16_begins_each_level_where_the_watch_looks(stage: Rollout) -> None:
    def level(days: int) -> str:
        decide = EvaluateDecision("D16_escalation", ADMIN, {"days_overdue": days})
        return str(stage.engine.run(decide)["result"]["level"])

    begins = {
        -BEFORE[0]: "remind",
        -BEFORE[1]: "remind_lead",
        0: "overdue",
        AFTER[0]: "archives_bureau",
        AFTER[1]: "provincial_hrss",
    }
    before = "none"
    for day, named in begins.items():
        assert (level(day - 1), level(day)) == (before, named)
        before = named
    assert level(99) == before


def test_equal_steps_are_told_apart_by_their_region(stage: Rollout) -> None:
    stage.register(("2026-06", "2026-07", "2026-08"))
    stage.issue("plan", "conditions")
    tasks = stage.tasks(stage.instance, element="publicise_policy")
    told = stage.engine.ask(TaskSubjects(tuple(task.id for task in tasks)))
    assert sorted(told.values()) == sorted(name for name, _ in REGIONS.values())
