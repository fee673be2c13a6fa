"""What an operator does: try many again, end a case by two persons, revive a job; and what is told of it."""

from __future__ import annotations

import ast
import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from engine import causes, history
from engine.clock import FixedClock
from engine.commands.beat import DEAD_AFTER, SignOff, SignOfLife
from engine.commands.cancel_instance import CancelInstance
from engine.commands.cancellations import ConfirmCancellation, DropCancellation, ProposeCancellation
from engine.commands.retry_many import RetryJob, RetryMany
from engine.engine import Engine
from engine.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from engine.jobs import queue
from engine.queries.audit import VerifyHistory
from engine.queries.gauges import Gauges
from engine.queries.incidents import IncidentGroups
from engine.queries.instance_events import InstanceEvents
from engine.queries.operation import Cancellations, JobList, RetryBatch, RetryBatches
from engine.store import tables as t
from tests.conftest import NOON
from tests.integration.engine.conftest import (
    ADMIN,
    ANN,
    EVE,
    OWNER,
    OWNER2,
    Office,
    complete,
    deploy,
    look,
    simple,
    start,
)
from tests.integration.engine.test_incidents import script, served
from tests.integration.engine.test_time import waiting

HOUR = timedelta(hours=1)


def standing(engine: Engine, office: Office, count: int) -> list[str]:
    """Cases whose service has failed until a person is asked."""
    deploy(engine, served())
    cases = [start(engine, "served") for _ in range(count)]
    office.failing = 1_000
    for case in cases:
        complete(engine, case, "check")
    engine.work(until=engine.now() + HOUR)
    office.failing = 0
    return cases


def test_many_of_one_cause_are_tried_again_with_one_reason(engine: Engine, office: Office) -> None:
    first, second, third, fourth = standing(engine, office, 4)
    [group] = engine.ask(IncidentGroups(ADMIN))
    assert (group.code, group.open, group.retrying) == ("STEP_FAILED", 4, 0)
    assert [(step.element_id, step.open) for step in group.steps] == [("serve", 4)]

    asked = engine.run(RetryMany("STEP_FAILED", OWNER, "the platform is back"))
    assert (asked["count"], asked["left"]) == (4, 0)
    before = engine.ask(RetryBatch(ADMIN, asked["batch_id"]))
    assert (before.over, before.counts) == (False, {"waiting": 4})
    engine.run(CancelInstance(fourth, OWNER, "over"))  # meanwhile
    office.failing = 1
    engine.work()

    batch = engine.ask(RetryBatch(ADMIN, asked["batch_id"]))
    assert (batch.over, batch.total, batch.by) == (True, 4, "Owner")
    assert batch.counts == {"worked": 2, "failed": 1, "skipped": 1}
    assert {item.state for item in batch.items} == {"failed", "skipped"}
    assert all(item.message is not None for item in batch.items)
    assert [one.id for one in engine.ask(RetryBatches(ADMIN))] == [batch.id]
    states = [look(engine, case).instance.state for case in (first, second, third)]
    assert sorted(states) == ["completed", "completed", "incident"]  # a person's try that fails waits for a person
    told = [
        event.data
        for case in (first, second, third)
        for event in engine.ask(InstanceEvents(ADMIN, case)).items
        if event.kind == "retried"
    ]
    assert [data["reason"] for data in told] == ["the platform is back"] * 3
    with engine.store.snapshot() as connection:
        kinds = {line.kind for line in history.read(connection, history.OFFICE)}
    assert "retried_many" in kinds
    assert not engine.ask(VerifyHistory()).findings


def test_many_are_tried_again_by_owners_with_a_reason_alone(engine: Engine, office: Office) -> None:
    standing(engine, office, 1)
    for actor in (ADMIN, ANN, EVE):
        with pytest.raises(Forbidden):
            engine.run(RetryMany("STEP_FAILED", actor, "x"))
    with pytest.raises(Invalid):
        engine.run(RetryMany("STEP_FAILED", OWNER, "  "))
    with pytest.raises(Refused) as refused:
        engine.run(RetryMany("STEP_FAILED", OWNER, "x", definition_key="served", element_id="elsewhere"))
    assert refused.value.code == "NOTHING_TO_RETRY"
    with pytest.raises(Forbidden):
        engine.ask(IncidentGroups(EVE))
    with pytest.raises(NotFound):
        engine.ask(RetryBatch(ADMIN, "none"))


def test_who_lost_the_office_meanwhile_retries_nothing(engine: Engine, office: Office) -> None:
    from engine.identity.tables import account

    [case] = standing(engine, office, 1)
    asked = engine.run(RetryMany("STEP_FAILED", OWNER, "x"))
    with engine.store.transaction() as connection:
        connection.execute(update(account).where(account.c.username == "owner").values(disabled=True))
    engine.work()
    assert engine.ask(RetryBatch(ADMIN, asked["batch_id"])).counts == {"skipped": 1}
    assert look(engine, case).instance.state == "incident"


def by_two(diagram: bytes) -> bytes:
    """The same process, ended by two persons."""
    says = b'<camunda:properties><camunda:property name="cancelledBy" value="two"/></camunda:properties>'
    return re.sub(
        rb"(<bpmn:process [^>]*>)", rb"\1<bpmn:extensionElements>" + says + rb"</bpmn:extensionElements>", diagram
    )


def test_a_case_ends_by_two(engine: Engine) -> None:
    deploy(engine, by_two(simple()))
    case = start(engine, "simple", OWNER2)
    with pytest.raises(Invalid):
        engine.run(ProposeCancellation(case, OWNER, " "))
    for actor in (ADMIN, ANN):
        with pytest.raises(Forbidden):
            engine.run(ProposeCancellation(case, actor, "begun by mistake"))
    made = engine.run(ProposeCancellation(case, OWNER, "begun by mistake"))
    assert (made["state"], look(engine, case).instance.state) == ("active", "active")
    with pytest.raises(Conflict) as refused:
        engine.run(ProposeCancellation(case, OWNER, "again"))
    assert refused.value.code == "PROPOSED_ALREADY"
    [seen] = engine.ask(Cancellations(OWNER))
    assert (seen.by, seen.may_decide, seen.may_withdraw) == ("Owner", False, True)
    [seen] = engine.ask(Cancellations(OWNER2))
    assert (seen.may_decide, seen.may_withdraw) == (True, False)
    for actor in (OWNER, ADMIN, ANN):
        with pytest.raises(Forbidden):
            engine.run(ConfirmCancellation(made["cancellation"], actor))
    assert engine.run(ConfirmCancellation(made["cancellation"], OWNER2))["state"] == "cancelled"
    assert look(engine, case).instance.reason == "begun by mistake"
    with pytest.raises(Conflict):
        engine.run(ConfirmCancellation(made["cancellation"], OWNER2))
    assert engine.ask(Cancellations(OWNER)) == []
    [kept] = engine.ask(Cancellations(OWNER, process_instance_id=case))
    assert (kept.status, kept.decided_by) == ("confirmed", "Owner2")
    kinds = [event.kind for event in engine.ask(InstanceEvents(ADMIN, case)).items]
    assert kinds.count("cancellation_proposed") == 1
    assert "cancelled" in kinds
    assert not engine.ask(VerifyHistory()).findings


def test_a_proposal_is_dropped_by_either_with_a_reason(engine: Engine) -> None:
    deploy(engine, by_two(simple()))
    case = start(engine, "simple", OWNER2)
    for actor, status in ((OWNER, "withdrawn"), (OWNER2, "rejected")):
        made = engine.run(ProposeCancellation(case, OWNER, "a reason"))["cancellation"]
        with pytest.raises(Invalid):
            engine.run(DropCancellation(made, actor, ""))
        with pytest.raises(Forbidden):
            engine.run(DropCancellation(made, ANN, "x"))
        assert engine.run(DropCancellation(made, actor, "not so")) == {"status": status}
    assert look(engine, case).instance.state == "active"
    complete(engine, case, "check")
    with pytest.raises(Conflict):
        engine.run(ProposeCancellation(case, OWNER, "too late"))


def test_who_began_a_case_ends_it_alone_until_others_have_worked_in_it(engine: Engine, office: Office) -> None:
    deploy(engine, by_two(simple()), waiting("waiting", "PT1H"), by_two(served()))
    own = engine.run(ProposeCancellation(start(engine, "simple"), OWNER, "begun by mistake"))
    assert (own["state"], own["cancellation"]) == ("cancelled", None)
    office.failing = 9
    worked = start(engine, "served")
    complete(engine, worked, "check", ANN)
    answer = engine.run(ProposeCancellation(worked, OWNER, "no use"))
    assert (answer["state"], answer["cancellation"] is None) == ("active", False)
    office.failing = 0
    engine.work(until=engine.now() + HOUR)
    assert look(engine, worked).instance.state == "completed"
    with pytest.raises(Conflict):  # it ended by itself meanwhile
        engine.run(ConfirmCancellation(answer["cancellation"], OWNER2))
    assert engine.ask(Cancellations(OWNER)) == []


def test_one_is_enough_where_the_process_asks_for_no_second(engine: Engine) -> None:
    deploy(engine, simple())
    answer = engine.run(ProposeCancellation(start(engine, "simple", OWNER2), OWNER, ""))
    assert (answer["state"], answer["cancellation"]) == ("cancelled", None)


def test_an_office_above_confirms_too(engine: Engine) -> None:
    engine.registry.overseers = frozenset({"clerks"})
    deploy(engine, by_two(simple()))
    made = engine.run(ProposeCancellation(start(engine, "simple", OWNER2), OWNER, "no use"))["cancellation"]
    [seen] = engine.ask(Cancellations(ANN))
    assert seen.may_decide
    with pytest.raises(Forbidden):
        engine.ask(Cancellations(EVE))
    assert engine.run(ConfirmCancellation(made, ANN))["state"] == "cancelled"


def test_a_job_without_a_case_is_revived_with_a_reason(engine: Engine) -> None:
    with engine.store.transaction() as connection:
        queue.put(connection, NOON, "nonsense", "nonsense:1", {})
    engine.work(until=NOON + HOUR)
    [job] = engine.ask(JobList(ADMIN, state="failed", loose=True)).items
    assert (job.key, job.state, job.code) == ("nonsense:1", "failed", "JOB_FAILED")
    assert "ValueError" in str(job.message)
    assert engine.ask(Gauges()).failed_jobs == 1
    with pytest.raises(Forbidden):
        engine.run(RetryJob(job.id, ADMIN, "x"))
    with pytest.raises(Invalid):
        engine.run(RetryJob(job.id, OWNER, ""))
    engine.run(RetryJob(job.id, OWNER, "mended"))
    assert [item.state for item in engine.ask(JobList(ADMIN)).items] == ["waiting"]
    with pytest.raises(NotFound):
        engine.run(RetryJob(job.id, OWNER, "again"))
    with pytest.raises(Forbidden):
        engine.ask(JobList(EVE))


def test_a_job_of_a_case_is_retried_as_its_incident(engine: Engine, office: Office) -> None:
    deploy(engine, simple())
    case = start(engine, "simple")
    with engine.store.transaction() as connection:
        queue.put(connection, NOON, "nonsense", "nonsense:1", {}, instance_id=case)
    engine.work(until=NOON + HOUR)
    [job] = engine.ask(JobList(ADMIN, state="failed")).items
    assert engine.ask(JobList(ADMIN, state="failed", loose=True)).items == []
    with pytest.raises(Refused) as refused:
        engine.run(RetryJob(job.id, OWNER, "x"))
    assert refused.value.code == "HAS_INCIDENT"


def test_the_figures_say_what_waits_and_for_how_long(engine: Engine, office: Office) -> None:
    deploy(engine, waiting("waiting", "PT1H"), script("1 + x"))
    late, suspended = start(engine, "waiting"), start(engine, "waiting")
    with engine.store.transaction() as connection:
        connection.execute(update(t.instance).where(t.instance.c.id == suspended).values(state="suspended"))
        queue.put(connection, NOON, "nonsense", "later", {}, run_at=NOON + 10 * HOUR)
    complete(engine, start(engine, "script"), "check", x="text")
    assert isinstance(engine.clock, FixedClock)
    engine.clock.set(NOON + 3 * HOUR)
    counts = engine.ask(Gauges())
    assert (counts.due_timers, counts.oldest_due_timer, counts.suspended_instances) == (1, 7200.0, 1)
    assert (counts.waiting_jobs, counts.scheduled_jobs, counts.failed_jobs) == (0, 1, 0)
    assert counts.incidents_by_code == {"FEEL_ERROR": 1}
    assert counts.overdue == 7200.0
    engine.work()
    assert engine.ask(Gauges()).overdue == 0
    assert look(engine, late).instance.state == "active"
    with engine.store.transaction() as connection:
        connection.execute(update(t.instance).where(t.instance.c.id == suspended).values(state="active"))


def test_signs_of_life_tell_who_works(engine: Engine) -> None:
    wall = FixedClock(engine.wall.now())
    engine.wall = wall
    assert engine.ask(Gauges()).background_age is None
    began = wall.now()
    for name, pid in (("a", 1), ("b", 2)):
        engine.run(SignOfLife(name, "here", pid, began, began))
    wall.set(began + DEAD_AFTER)
    engine.run(SignOfLife("b", "here", 2, began, wall.now()))
    counts = engine.ask(Gauges())
    assert (counts.background_age, counts.workers_alive) == (0.0, 1)
    assert [(one.pid, one.alive) for one in counts.workers] == [(2, True), (1, False)]
    engine.run(SignOff("b", wall.now()))
    assert engine.ask(Gauges()).workers_alive == 0
    wall.set(began + timedelta(days=30))
    engine.run(SignOfLife("c", "here", 3, wall.now(), wall.now()))
    assert [one.pid for one in engine.ask(Gauges()).workers] == [3]  # who was long gone is forgotten


# --- every code has its words --------------------------------------------------------------------------------------------

ROOT = Path(__file__).resolve().parents[3] / "engine"
AT_ONCE = re.compile(
    r"lint|xmlsafe|dmn\.py|layout|moving|surgery|soundness|overlaps"
)  # refuse a person, before anything runs
RUNNING = [
    *(path for path in sorted((ROOT / "bpmn").glob("*.py")) if not AT_ONCE.search(path.name)),
    *(
        ROOT / "commands" / f"{name}.py"
        for name in ("services", "case", "background", "run_job", "starting", "messages")
    ),
    *sorted((ROOT / "jobs").glob("*.py")),
    *(ROOT / name for name in ("engine.py", "releases.py", "errors.py")),
]


def raised_in(path: Path) -> set[str]:
    """Codes of errors: `code="…"` of a call or of a class, and the code handed to a `Failure` or `JobFailed`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        given: list[ast.expr | None] = []
        if isinstance(node, ast.Call):
            given = [word.value for word in node.keywords if word.arg == "code"]
            if ast.unparse(node.func).rsplit(".", 1)[-1] in ("Failure", "JobFailed", "_give_up", "Failed", "_failure"):
                given += node.args
        elif isinstance(node, ast.Assign) and any(ast.unparse(target) == "code" for target in node.targets):
            given = [node.value]
        for value in given:
            for constant in ast.walk(value) if value is not None else ():
                if isinstance(constant, ast.Constant) and re.fullmatch(r"[A-Z]+(_[A-Z]+)*", str(constant.value)):
                    found.add(str(constant.value))
    return found


def test_every_code_the_engine_produces_says_what_it_means_and_what_to_do() -> None:
    produced = set().union(*(raised_in(path) for path in RUNNING))
    assert {"STEP_FAILED", "JOB_DIED", "JOB_FAILED", "STATE_DAMAGED", "NO_FLOW", "FEEL_ERROR"} <= produced
    assert sorted(produced - causes.CAUSES.keys()) == []


@pytest.mark.parametrize("code", [*causes.CAUSES, "SOME_RULE_OF_THE_OFFICE"])
def test_a_cause_speaks_both_languages(code: str) -> None:
    cause = causes.of(code)
    for text in (cause.title, cause.todo):
        assert re.search("[\u4e00-\u9fff]", text.to("zh"))
        assert not re.search("[\u4e00-\u9fff]", text.to("en"))
