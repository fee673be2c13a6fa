"""Tasks: who may take one, and what happens when two want it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update

from engine.commands.assign_task import AssignTask
from engine.commands.claim_task import ClaimTask
from engine.commands.complete_task import CompleteTask
from engine.commands.delegate_task import DelegateTask
from engine.commands.port import Once
from engine.commands.save_draft import SaveDraft
from engine.commands.start_instance import StartInstance
from engine.commands.unclaim_task import UnclaimTask
from engine.engine import Engine
from engine.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from engine.identity.tables import membership
from engine.queries.instance_events import InstanceEvents
from engine.queries.task_view import TaskForm, TaskView
from engine.queries.work_list import WorkList
from engine.registry import Actor
from tests.conftest import NOON
from tests.integration.engine.conftest import (
    ADMIN,
    ANN,
    BEN,
    EVE,
    FINISH,
    OWNER,
    START,
    bpmn,
    complete,
    deploy,
    flow,
    look,
    person,
    properties,
    simple,
    start,
    tasks,
    user,
)


def together(*calls: Callable[[], Any]) -> list[Any]:
    """Run all at the same moment in threads; answers the results and exceptions in order."""
    results: list[Any] = [None] * len(calls)
    barrier = threading.Barrier(len(calls))

    def run(number: int) -> None:
        barrier.wait()
        try:
            results[number] = calls[number]()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            results[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


@pytest.fixture
def one(engine: Engine) -> str:
    """An instance that waits at one task of the clerks."""
    deploy(engine, simple())
    return start(engine, "simple", x=1)


def task_id(engine: Engine, instance_id: str) -> str:
    return tasks(engine, instance_id)[0].id


def kinds(engine: Engine, instance_id: str) -> list[str]:
    return [event.kind for event in engine.ask(InstanceEvents(ADMIN, instance_id)).items]


def test_a_completed_task_ends_the_instance_and_is_told_once(engine: Engine, one: str) -> None:
    answer = complete(engine, one, "check", ANN, y=2)
    assert answer == {"instance": {"id": one, "state": "completed", "revision": 2}, "next_tasks": []}
    seen = look(engine, one)
    assert (seen.instance.state, seen.instance.end_element, seen.instance.ended_at) == ("completed", "finish", NOON)
    assert seen.variables == {"x": 1, "y": 2}
    assert seen.active_elements == ()
    events = engine.ask(InstanceEvents(ADMIN, one)).items
    done = [event for event in events if event.kind == "completed" and event.element_id == "check"]
    assert [(event.actor, event.actor_name, event.at) for event in done] == [("ann", "Ann", NOON)]


def test_a_finished_task_says_who_was_first(engine: Engine, one: str) -> None:
    wanted = task_id(engine, one)
    complete(engine, one, "check", ANN)
    with pytest.raises(Conflict) as refused:
        engine.run(CompleteTask(wanted, BEN))
    assert (refused.value.code, refused.value.facts) == ("TASK_DONE", {"by": "Ann", "at": NOON})
    assert kinds(engine, one)[-1] == "refused"


def test_a_claimed_task_is_seen_but_not_done_by_others(engine: Engine, one: str) -> None:
    wanted = task_id(engine, one)
    engine.run(ClaimTask(wanted, ANN))
    assert engine.run(ClaimTask(wanted, ANN))["next_tasks"] == [
        {"id": wanted, "element_id": "check"}
    ]  # again: no change
    for command in (ClaimTask(wanted, BEN), CompleteTask(wanted, BEN)):
        with pytest.raises(Conflict) as refused:
            engine.run(command)
        assert refused.value.facts == {"by": "Ann", "at": NOON}
    item = engine.ask(TaskView(BEN, wanted)).task
    assert (item.assignee, item.assignee_name, item.may_act, item.revision) == ("ann", "Ann", False, 2)
    assert engine.ask(WorkList(BEN, mine=True)).total == 0
    assert engine.ask(WorkList(ANN, mine=True)).total == 1
    engine.run(UnclaimTask(wanted, ANN))
    engine.run(CompleteTask(wanted, BEN))


def test_strangers_do_not_know_of_a_task(engine: Engine, one: str) -> None:
    wanted = task_id(engine, one)
    for command in (CompleteTask(wanted, EVE), ClaimTask(wanted, EVE), SaveDraft(wanted, EVE, {})):
        with pytest.raises(NotFound):
            engine.run(command)
    with pytest.raises(NotFound):
        engine.ask(TaskView(EVE, wanted))
    assert engine.ask(WorkList(EVE)).items == []


def test_the_administrator_sees_all_and_acts_for_nobody(engine: Engine, one: str) -> None:
    wanted = task_id(engine, one)
    assert engine.ask(TaskView(ADMIN, wanted)).may == {"assign"}
    with pytest.raises(Forbidden):
        engine.run(CompleteTask(wanted, ADMIN))
    with pytest.raises(Refused):
        engine.run(AssignTask(wanted, "admin", ADMIN))
    engine.run(AssignTask(wanted, "Ben", ADMIN))
    assert engine.ask(TaskView(ADMIN, wanted)).task.assignee == "ben"


def test_a_stale_page_is_told_so(engine: Engine, one: str) -> None:
    wanted = task_id(engine, one)
    engine.run(ClaimTask(wanted, ANN))
    with pytest.raises(Conflict) as refused:
        engine.run(CompleteTask(wanted, ANN, revision=1))
    assert refused.value.code == "TASK_CHANGED"
    engine.run(CompleteTask(wanted, ANN, revision=2))


def test_delegating_keeps_the_owner(engine: Engine, one: str) -> None:
    wanted = task_id(engine, one)
    engine.run(ClaimTask(wanted, ANN))
    with pytest.raises(Refused):
        engine.run(DelegateTask(wanted, "eve", ANN))  # not one of those it was offered to
    with pytest.raises(NotFound):
        engine.run(DelegateTask(wanted, "nobody", ANN))
    engine.run(DelegateTask(wanted, "ben", ANN))
    seen = engine.ask(TaskView(BEN, wanted))
    assert (seen.task.assignee, seen.owner, seen.task.may_act) == ("ben", "ann", True)
    engine.run(CompleteTask(wanted, BEN))


@pytest.mark.parametrize("actor", [OWNER, ADMIN, ANN])
def test_whoever_hands_a_task_on_keeps_to_its_offer(engine: Engine, one: str, actor: Actor) -> None:
    wanted = task_id(engine, one)
    for stranger in ("eve", "owner", "admin"):
        with pytest.raises(Refused) as refused:
            engine.run(AssignTask(wanted, stranger, actor))
        assert refused.value.code == "NOT_A_CANDIDATE"
    engine.run(AssignTask(wanted, "ben", actor))
    complete(engine, one, "check", BEN)


def test_the_offer_has_its_scope(engine: Engine) -> None:
    check = user("check", properties(scope="unit:u01"))
    deploy(engine, bpmn("scoped", START + check + FINISH + flow("begin", "check", "finish")))
    wanted = task_id(engine, start(engine, "scoped"))
    with engine.store.transaction() as connection:
        of_ben = membership.c.account_id == BEN.account_id
        connection.execute(update(membership).where(of_ben).values(scope="unit:u02"))
    for actor in (OWNER, ADMIN, ANN):
        with pytest.raises(Refused):
            engine.run(AssignTask(wanted, "ben", actor))
    with engine.store.transaction() as connection:
        connection.execute(update(membership).where(of_ben).values(scope="unit:u01"))
    engine.run(DelegateTask(wanted, "ben", ANN))


def test_what_the_diagram_gives_to_one_person_can_be_given_to_another_when_that_one_leaves(engine: Engine) -> None:
    check = user("check", groups="", attributes='camunda:assignee="ann"')
    deploy(engine, bpmn("named", START + check + FINISH + flow("begin", "check", "finish")))
    one = start(engine, "named")
    wanted = task_id(engine, one)
    for command in (
        AssignTask(wanted, "owner", OWNER),
        AssignTask(wanted, "admin", ADMIN),
        DelegateTask(wanted, "ben", ANN),
    ):
        with pytest.raises(Refused) as refused:
            engine.run(command)
        assert refused.value.code == "NOT_A_CANDIDATE"
    engine.run(AssignTask(wanted, "ben", ADMIN))
    complete(engine, one, "check", BEN)


def test_a_task_is_not_handed_to_who_did_the_step_before(engine: Engine) -> None:
    approve = user("approve", properties(notSameActorAs="check"))
    deploy(engine, bpmn("hand", START + user("check") + approve + FINISH + flow("begin", "check", "approve", "finish")))
    one = start(engine, "hand")
    complete(engine, one, "check", ANN)
    wanted = task_id(engine, one)
    for command in (AssignTask(wanted, "ann", ADMIN), DelegateTask(wanted, "ann", BEN)):
        with pytest.raises(Refused) as refused:
            engine.run(command)
        assert refused.value.code == "FOUR_EYES"


def test_a_task_without_offer_goes_to_the_starter(engine: Engine) -> None:
    deploy(
        engine,
        bpmn(
            "own",
            START + user("fill", groups="") + FINISH + flow("begin", "fill", "finish"),
            'camunda:candidateStarterGroups="others"',
        ),
    )
    with pytest.raises(Forbidden):
        start(engine, "own", ANN)
    one = start(engine, "own", EVE)
    assert [item.candidate_users for item in tasks(engine, one, EVE)] == [("eve",)]
    assert tasks(engine, one, ANN) == []
    complete(engine, one, "fill", EVE)


def test_whoever_prepared_may_not_approve(engine: Engine) -> None:
    approve = user("approve", properties(notSameActorAs="check"))
    deploy(engine, bpmn("eyes", START + user("check") + approve + FINISH + flow("begin", "check", "approve", "finish")))
    one = start(engine, "eyes")
    complete(engine, one, "check", ANN)
    wanted = task_id(engine, one)
    seen = engine.ask(TaskView(ANN, wanted))
    assert seen.task.may_act is False
    assert seen.barred is not None
    with pytest.raises(Refused) as refused:
        engine.run(CompleteTask(wanted, ANN))
    assert refused.value.code == "FOUR_EYES"
    assert engine.ask(TaskView(BEN, wanted)).barred is None
    engine.run(CompleteTask(wanted, BEN))


def test_a_scope_narrows_the_offer_and_opens_the_instance(engine: Engine) -> None:
    check = user("check", properties(scope="=&quot;unit:&quot; + unit"))
    diagram = bpmn(
        "units",
        properties(scopes="=[&quot;unit:&quot; + unit]") + START + check + FINISH + flow("begin", "check", "finish"),
    )
    deploy(engine, diagram)
    one = start(engine, "units", unit="u01")
    here, there = person("here", "clerks", scope="unit:u01"), person("there", "clerks", scope="unit:u02")
    leader = person("leader", "leaders", scope="unit:u01")
    assert [item.scope for item in tasks(engine, one, here)] == ["unit:u01"]
    assert tasks(engine, one, there) == []
    assert tasks(engine, one, ANN) != []  # a member everywhere
    assert look(engine, one).scopes == ("unit:u01",)
    engine.ask(InstanceEvents(leader, one))
    with pytest.raises(NotFound):
        engine.ask(InstanceEvents(there, one))


def test_of_two_who_finish_one_task_at_once_one_succeeds(engine: Engine, one: str) -> None:
    wanted = task_id(engine, one)
    results = together(lambda: engine.run(CompleteTask(wanted, ANN)), lambda: engine.run(CompleteTask(wanted, BEN)))
    assert sorted(type(result).__name__ for result in results) == ["Conflict", "dict"]
    assert kinds(engine, one).count("ended") == 1


def test_five_who_finish_five_branches_at_once_all_succeed(engine: Engine) -> None:
    loop = '<bpmn:multiInstanceLoopCharacteristics camunda:collection="=[1,2,3,4,5]" camunda:elementVariable="n"/>'
    deploy(engine, bpmn("five", START + user("vote", loop) + FINISH + flow("begin", "vote", "finish")))
    one = start(engine, "five")
    ids = [item.id for item in tasks(engine, one)]
    assert len(ids) == 5
    results = together(*(lambda i=i: engine.run(CompleteTask(i, ANN)) for i in ids))
    assert [type(result) for result in results] == [dict] * 5
    assert look(engine, one).instance.state == "completed"


def test_drafts_are_kept_for_their_writer_alone(engine: Engine, one: str) -> None:
    wanted = task_id(engine, one)
    engine.run(SaveDraft(wanted, ANN, {"half": "typed"}))
    engine.run(SaveDraft(wanted, ANN, {"half": "typed more"}))
    assert engine.ask(TaskForm(ANN, wanted)).draft == {"half": "typed more"}
    assert engine.ask(TaskForm(BEN, wanted)).draft is None
    assert engine.ask(TaskForm(BEN, wanted)).data == {"x": 1}


@pytest.mark.parametrize("hostile", ["a\x00b", "\ud800", float("nan"), 2**70])
def test_what_no_database_keeps_is_refused_before_it_gets_there(engine: Engine, one: str, hostile: Any) -> None:
    for variables in ({"x": hostile}, {"list": [{"deep": hostile}]}):
        with pytest.raises(Invalid):
            engine.run(CompleteTask(task_id(engine, one), ANN, variables))
    if isinstance(hostile, str):
        with pytest.raises(Invalid):
            engine.run(CompleteTask(task_id(engine, one), ANN, {hostile: 1}))
        with pytest.raises(Invalid):
            engine.run(StartInstance(OWNER, key="simple", business_key=hostile))


def test_a_repeated_request_is_answered_alike_and_done_once(engine: Engine) -> None:
    deploy(engine, simple())
    once = Once("ann", "POST /start", "k1", b"body")
    first = engine.run(StartInstance(OWNER, key="simple", business_key="b"), once)
    assert engine.run(StartInstance(OWNER, key="simple", business_key="b"), once) == first
    assert engine.ask(WorkList(ADMIN)).total == 1
    with pytest.raises(Refused) as refused:
        engine.run(StartInstance(OWNER, key="simple"), Once("ann", "POST /start", "k1", b"other"))
    assert refused.value.code == "IDEMPOTENCY_KEY_REUSED"
    assert engine.run(StartInstance(OWNER, key="simple"), Once("ben", "POST /start", "k1", b"body")) != first


def test_a_double_click_with_one_key_has_one_effect(engine: Engine) -> None:
    deploy(engine, simple())
    once = Once("ann", "POST /start", "k2", b"body")
    results = together(*(lambda: engine.run(StartInstance(OWNER, key="simple"), once) for _ in range(4)))
    assert [result["id"] for result in results] == [results[0]["id"]] * 4
    assert engine.ask(WorkList(ADMIN)).total == 1
