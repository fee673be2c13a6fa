"""Two people at one thing in the studio at the same time: one is first, the other is told, and nothing anybody wrote is lost."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any

from engine import invariants
from engine.commands.activate_deployment import ActivateDeployment
from engine.commands.complete_task import CompleteTask
from engine.commands.deploy import Deploy
from engine.commands.repairs import ConfirmRepair
from engine.engine import Engine
from engine.errors import ZhipingError
from engine.moving.commands import MoveInstances, UndoMoving
from engine.moving.queries import MoveBatch
from engine.studio.changes import OpenChange
from engine.studio.drafts import KeepDraft
from engine.studio.publishing import ProposeChange, ReadPreview, WithdrawProposal
from engine.studio.queries import ChangeView, FileHistory, FileView
from engine.studio.versions import AcceptRelease, SaveVersion
from tests.integration.engine.conftest import ANN, OWNER, OWNER2, deploy, simple, start, tasks
from tests.integration.engine.test_publishing import active, changed, proposed, refused, ruled  # noqa: F401
from tests.integration.engine.test_repairs import move, propose, standing, three
from tests.integration.engine.test_studio import FILE, edited
from tests.integration.engine.test_tasks import together


def at_once(engine: Engine, *commands: Any) -> list[Any]:
    """Run each in a thread of its own; what each answered, or the code of its refusal."""
    answers = together(*(partial(engine.run, command) for command in commands))
    return [each.code if isinstance(each, ZhipingError) else each for each in answers]


def sound(engine: Engine) -> None:
    with engine.store.snapshot() as connection:
        assert invariants.check(connection, engine) == []


def test_saved_at_once_one_is_first_and_the_others_keep_a_draft(engine: Engine) -> None:
    deploy(engine, simple())
    change = engine.run(OpenChange(OWNER, "加一步"))["id"]
    for seen in range(3):
        who = (OWNER, OWNER2)
        saves = [SaveVersion(change, FILE, one, edited(f"{one.username}{seen}"), "", seen) for one in who]
        keeps = [KeepDraft(change, FILE, one, edited("typing"), seen) for one in who]
        first, second, *_ = at_once(engine, *saves, *keeps)
        assert {str(first), str(second)} == {str({"number": seen + 1}), "VERSION_MOVED"}
        lost = who[0] if first == "VERSION_MOVED" else who[1]
        assert engine.ask(FileView(lost, change, FILE)).draft is not None
    assert len(engine.ask(FileHistory(OWNER, change, FILE))) == 3
    sound(engine)


def test_two_changes_of_one_file_do_not_undo_each_other(ruled: Engine) -> None:  # noqa: F811
    one, other, late = (changed(ruled, a_bpmn=edited(name)) for name in ("one", "other", "late"))
    made = at_once(ruled, ProposeChange(one, OWNER, "甲"), ProposeChange(other, OWNER, "乙"))
    first, second = (answer["id"] for answer in made)
    for each in (first, second):
        ruled.run(ReadPreview(each, OWNER2))
    answers = at_once(ruled, ActivateDeployment(first, OWNER2, "好"), ActivateDeployment(second, OWNER2, "好"))
    won, lost, winner, loser = (first, second, one, other) if active(ruled) == first else (second, first, other, one)
    assert sorted(isinstance(answer, dict) for answer in answers) == [False, True], answers
    ruled.run(ReadPreview(lost, OWNER2))
    assert refused(ruled, ActivateDeployment(lost, OWNER2, "还是启用")) == "OVERTAKEN"
    assert active(ruled) == won
    states = [ruled.ask(ChangeView(OWNER, each)).change.state for each in (winner, loser, late)]
    assert states == ["published", "proposed", "open"]
    assert refused(ruled, ProposeChange(late, OWNER, "丙")) == "BEHIND"
    ruled.run(WithdrawProposal(lost, OWNER, "先合并"))
    assert refused(ruled, ProposeChange(loser, OWNER, "再来")) == "BEHIND"
    ruled.run(AcceptRelease(loser, "a.bpmn", OWNER, "已合并"))
    again = proposed(ruled, loser)
    ruled.run(ReadPreview(again, OWNER2))
    ruled.run(ActivateDeployment(again, OWNER2, "好"))
    assert active(ruled) == again
    sound(ruled)


def test_taken_back_while_another_puts_it_in_force(ruled: Engine) -> None:  # noqa: F811
    for n in range(3):
        before, change = active(ruled), changed(ruled, a_bpmn=edited(f"step{n}"))
        made = proposed(ruled, change)
        ruled.run(ReadPreview(made, OWNER2))
        agreed, taken = at_once(ruled, ActivateDeployment(made, OWNER2, "好"), WithdrawProposal(made, OWNER, "不行"))
        state = ruled.ask(ChangeView(OWNER, change)).change.state
        if isinstance(agreed, dict):
            assert (taken, state, active(ruled)) == ("NOT_OPEN", "published", made)
        else:
            assert (agreed, state, active(ruled)) == ("WITHDRAWN", "open", before)
        sound(ruled)


def test_a_repair_and_a_completion_of_the_same_step(engine: Engine) -> None:
    deploy(engine, three())
    for _ in range(3):
        case = start(engine, "chain")
        repair = propose(engine, case, move(engine, case, "one", "three"))
        (task,) = tasks(engine, case)
        confirm = ConfirmRepair(repair, OWNER2)
        done, mended, twice = at_once(engine, CompleteTask(task.id, ANN), confirm, confirm)
        if isinstance(done, dict):
            assert standing(engine, case) == ["two"]
            assert {mended, twice} == {"MOVED_ON"}
        else:
            assert standing(engine, case) == ["three"]
            assert sorted(str(each) for each in (mended, twice))[0] == "DECIDED_ALREADY"
        sound(engine)


def test_moved_twice_and_taken_back_while_somebody_works(engine: Engine) -> None:
    engine.run(Deploy({"a.bpmn": simple()}, None))
    case = start(engine, "simple")
    (task,) = tasks(engine, case)
    target = engine.run(Deploy({"a.bpmn": edited("more")}, None))["id"]
    batches = [engine.run(MoveInstances(target, OWNER))["id"] for _ in range(2)]
    works = threading.Thread(target=engine.work)
    works.start()
    engine.work()
    works.join()
    counts = [engine.ask(MoveBatch(OWNER, batch)).counts for batch in batches]
    assert sorted(map(str, counts)) == ["{'moved': 1}", "{'refused': 1}"]
    mine = batches[0] if counts[0] == {"moved": 1} else batches[1]
    done, undone = at_once(engine, CompleteTask(task.id, ANN), UndoMoving(mine, OWNER))
    engine.work()
    assert isinstance(undone, dict)
    after = engine.ask(MoveBatch(OWNER, mine)).counts
    assert (isinstance(done, dict), after) in ((True, {"stayed": 1}), (True, {"returned": 1}), (False, {"returned": 1}))
    sound(engine)
