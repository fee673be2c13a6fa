"""Running instances brought to another release: what moves, what stays as it was settled, why one cannot, stopping, taking back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from engine.commands.claim_task import ClaimTask
from engine.commands.complete_task import CompleteTask
from engine.commands.deploy import Deploy
from engine.commands.retry_incident import RetryIncident
from engine.commands.save_draft import SaveDraft
from engine.commands.suspend_instance import SuspendInstance
from engine.engine import Engine
from engine.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from engine.moving.commands import MoveInstances, StopMoving, UndoMoving
from engine.moving.queries import MoveBatch, Moved, MovePreview, Preview, RunningReleases
from engine.moving.tables import move_item
from engine.queries.instance_events import InstanceEvents
from engine.registry import Protected
from engine.store import tables as t
from tests.integration.engine.conftest import (
    ADMIN,
    ANN,
    BEN,
    EVE,
    FINISH,
    OWNER,
    START,
    Office,
    bpmn,
    complete,
    deploy,
    flow,
    look,
    properties,
    start,
    tasks,
    user,
)

HOUR = timedelta(hours=1)


def timer(event: str, host: str, duration: str, target: str, *, ends: bool = False) -> str:
    return (
        f'<bpmn:boundaryEvent id="{event}" name="{event}" attachedToRef="{host}" cancelActivity="{str(ends).lower()}">'
        f"<bpmn:timerEventDefinition><bpmn:timeDuration>{duration}</bpmn:timeDuration></bpmn:timerEventDefinition>"
        f"</bpmn:boundaryEvent>{flow(event, target)}"
    )


REMINDED = '<bpmn:endEvent id="reminded"/>'


def old() -> bytes:
    """check (with a reminder after two days), then approve by somebody else."""
    apart = properties(notSameActorAs="check", hint="look twice")
    steps = START + user("check", attributes='camunda:dueDate="P3D"') + user("approve", apart) + FINISH + REMINDED
    return bpmn(
        "case", steps + flow("begin", "check", "approve", "finish") + timer("remind", "check", "P2D", "reminded")
    )


def new(*, more: str = "") -> bytes:
    """check is called examine, has another reminder beside the old one, and a step behind it."""
    steps = (
        START
        + user("examine", properties(hint="new words"), "others", 'camunda:dueDate="P30D" camunda:formKey="sheet"')
        + user("sign")
        + user("approve", properties(notSameActorAs="examine"))
        + FINISH
        + REMINDED
        + timer("remind", "examine", "P9D", "reminded")
        + timer("nudge", "examine", "P1D", "reminded")
    )
    return bpmn("case", steps + more + flow("begin", "examine", "sign", "approve", "finish"))


SHEET = '{"type":"default","id":"sheet","components":[{"type":"textfield","key":"remark","label":"备注"}]}'.encode()
RENAMED = {"case": {"check": "examine"}}


def release(engine: Engine, *files: bytes) -> str:
    named: dict[str, bytes] = {"sheet.form": SHEET} if b"sheet" in files[0] else {}
    made = engine.run(Deploy({**{f"f{n}.bpmn": raw for n, raw in enumerate(files)}, **named}, actor=None))
    assert made["state"] == "active"
    identity: str = made["id"]
    return identity


def preview(engine: Engine, target: str, mapping: Any = None, **what: Any) -> Preview:
    return engine.ask(MovePreview(target, OWNER, mapping=mapping or {}, **what))


def move(engine: Engine, target: str, mapping: Any = None, **what: Any) -> Moved:
    asked = engine.run(MoveInstances(target, OWNER, mapping=mapping or {}, reason="the new rules", **what))
    engine.work()
    return engine.ask(MoveBatch(OWNER, asked["id"]))


def kinds(engine: Engine, case: str) -> list[str]:
    return [line.kind for line in engine.ask(InstanceEvents(ADMIN, case, max_results=500)).items]


def timers(engine: Engine, case: str) -> dict[str, Any]:
    with engine.store.snapshot() as connection:
        rows = connection.execute(select(t.timer).where(t.timer.c.instance_id == case)).all()
    return {row.element_id: row.due_at for row in rows}


def test_what_moves_and_what_stays_as_it_was_settled(engine: Engine) -> None:
    first = release(engine, old())
    case, later, done = (start(engine, "case", amount=n) for n in range(3))
    complete(engine, later, "check", ANN)
    complete(engine, done, "check", ANN)
    complete(engine, done, "approve", BEN)
    (task,) = tasks(engine, case)
    engine.run(ClaimTask(task.id, ANN))
    engine.run(SaveDraft(task.id, ANN, {"remark": "half a sentence"}))
    due, reminder = tasks(engine, case)[0].due_at, timers(engine, case)["remind"]
    second = release(engine, new())
    assert [(each.deployment_id, each.running) for each in engine.ask(RunningReleases(OWNER))] == [(first, 2)]

    seen = preview(engine, second)
    verdicts = {one.instance_id: [remark.code for remark in one.obstacles] for one in seen.judged}
    assert set(verdicts) == {case, later}
    assert "NO_ELEMENT" in verdicts[case]
    assert verdicts[later] == ["FOUR_EYES"], "who checked could otherwise approve"
    (question,) = [each for each in seen.questions if each.element_id == "check"]
    assert [choice.element_id for choice in question.choices] == ["examine", "sign", "approve"]
    seen = preview(engine, second, RENAMED)
    assert seen.movable == 2
    (one,) = [one for one in seen.judged if one.instance_id == case]
    assert {note.code for note in one.notes} == {"BEGINS", "DUE_KEPT", "OFFER_KEPT", "NEW_FORM"}

    batch = move(engine, second, RENAMED)
    assert batch.counts == {"moved": 2}
    assert batch.state == "done"
    assert preview(engine, second, RENAMED, source=first).judged == ()
    (moved,) = tasks(engine, case)
    assert (moved.id, moved.element_id, moved.form_key) == (task.id, "examine", "sheet")
    assert (moved.due_at, moved.assignee) == (due, "ann")
    assert moved.candidate_groups == ("clerks",)
    assert timers(engine, case)["remind"] == reminder
    assert timers(engine, case)["nudge"] == engine.now() + timedelta(days=1)
    with engine.store.snapshot() as connection:
        assert connection.scalar(select(t.task_draft.c.task_id)) == task.id
    with pytest.raises(Conflict):
        engine.run(CompleteTask(task_id=task.id, actor=ANN, variables={}, revision=task.revision))
    assert "moved" in kinds(engine, case)

    # It goes on by the new diagram, and who did a step under its old name is still told apart.
    complete(engine, case, "examine", ANN)
    complete(engine, case, "sign", BEN)
    with pytest.raises(Refused, match="FOUR_EYES"):
        complete(engine, case, "approve", ANN)
    complete(engine, case, "approve", BEN)
    assert look(engine, case).instance.state == "completed"
    with pytest.raises(Refused, match="FOUR_EYES"):
        complete(engine, later, "approve", ANN)
    complete(engine, later, "approve", BEN)
    assert look(engine, later).instance.state == "completed"


def test_taken_back_while_nothing_has_gone_on(engine: Engine) -> None:
    first = release(engine, old())
    stays, goes = start(engine, "case"), start(engine, "case")
    before = timers(engine, stays)
    (task,) = tasks(engine, stays)
    second = release(engine, new())
    batch = move(engine, second, {"case": {"check": "examine", "remind": None}}, source=first)
    assert set(timers(engine, stays)) == {"remind", "nudge"}, "the old reminder went, the new one of that name began"
    complete(engine, goes, "examine", ANN)
    engine.run(UndoMoving(batch.id, OWNER, "too early"))
    engine.work()
    undone = engine.ask(MoveBatch(OWNER, batch.id))
    assert undone.counts == {"returned": 1, "stayed": 1}
    (item,) = undone.items
    assert (item.instance_id, str(item.messages[0])) == (goes, "移动以后又办理过，不能撤回。")
    (back,) = tasks(engine, stays)
    assert (back.id, back.element_id, back.due_at) == (task.id, "check", task.due_at)
    assert timers(engine, stays) == before
    assert look(engine, stays).instance.deployment_id == first
    assert "moved_back" in kinds(engine, stays)
    complete(engine, stays, "check", ANN)
    complete(engine, stays, "approve", BEN)
    assert look(engine, stays).instance.state == "completed"
    with pytest.raises(Refused) as refused:
        engine.run(UndoMoving(move(engine, second, RENAMED, instances=[stays]).id, OWNER, "x"))
    assert refused.value.code == "NOTHING_TO_UNDO", "an ended case is refused and leaves nothing to take back"


def test_a_failed_step_is_done_by_the_mended_diagram(engine: Engine) -> None:
    def calculating(text: str) -> bytes:
        script = (
            f'<bpmn:scriptTask id="calc" name="calc" scriptFormat="feel" camunda:resultVariable="sum">'
            f"<bpmn:script>{text}</bpmn:script></bpmn:scriptTask>"
        )
        return bpmn("sums", START + script + user("check") + FINISH + flow("begin", "calc", "check", "finish"))

    release(engine, calculating("number(x) + 1"))
    case = start(engine, "sums", x="no number")
    assert look(engine, case).instance.state == "incident"
    target = release(engine, calculating("1 + 1"))
    assert move(engine, target).counts == {"moved": 1}
    assert look(engine, case).instance.state == "incident"
    with engine.store.snapshot() as connection:
        (incident,) = connection.scalars(select(t.incident.c.id)).all()
    assert engine.run(RetryIncident(incident, OWNER, "mended"))["state"] == "resolved"
    assert tasks(engine, case)[0].element_id == "check"


def test_who_may_what_is_refused_and_stopped(engine: Engine, office: Office) -> None:
    release(engine, old())
    cases = [start(engine, "case") for _ in range(3)]
    engine.run(SuspendInstance(cases[0], OWNER, "wait"))
    candidate = engine.run(Deploy({"f0.bpmn": new(), "sheet.form": SHEET}, OWNER, "", play=False))
    assert candidate["state"] == "candidate"
    seen = preview(engine, candidate["id"], RENAMED)
    assert {one.instance_id: [r.code for r in one.obstacles] for one in seen.judged}[cases[0]] == ["SUSPENDED"]
    ask: dict[str, Any] = {"mapping": RENAMED, "reason": "x"}
    with pytest.raises(Refused) as refused:
        engine.run(MoveInstances(candidate["id"], OWNER, **ask))
    assert refused.value.code == "NOT_RELEASED"
    target = release(engine, new())
    for actor in (ANN, EVE, ADMIN):
        with pytest.raises(Forbidden):
            engine.run(MoveInstances(target, actor, **ask))
    with pytest.raises(Invalid):
        engine.run(MoveInstances(target, OWNER, mapping=RENAMED, reason="  "))
    for wrong in ({"case": {"check": "nowhere"}}, {"nowhere": "sign"}, {"check": "sign", "approve": "sign"}):
        with pytest.raises(Invalid):
            engine.run(MoveInstances(target, OWNER, mapping=wrong))
    for nobody in ({"source": "nothing"}, {"instances": ["nothing"]}):
        with pytest.raises(NotFound):
            engine.run(MoveInstances(target, OWNER, **nobody))
    asked = engine.run(MoveInstances(target, OWNER, mapping={"check": "examine"}))  # of whichever process has it
    assert (asked["total"], asked["left"]) == (3, 0)
    assert engine.run(StopMoving(asked["id"], OWNER))["stopped"] == 3
    engine.work()
    assert engine.ask(MoveBatch(OWNER, asked["id"])).counts == {"stopped": 3}
    assert look(engine, cases[1]).instance.deployment_id != target
    batch = move(engine, target, RENAMED)
    assert batch.counts == {"moved": 2, "refused": 1}
    (item,) = batch.items
    assert (item.instance_id, str(item.messages[0])) == (cases[0], "流程已暂停，请先恢复，再移动。")
    # A state that is not ours is neither judged nor put back.
    with engine.store.transaction() as connection:
        mine = move_item.c.instance_id == cases[1]
        kept = connection.scalar(select(move_item.c.blob).where(mine, move_item.c.state == "moved"))
        connection.execute(update(move_item).where(mine).values(blob=kept + b"!"))
    engine.run(UndoMoving(batch.id, OWNER, "x"))
    engine.work()
    undone = engine.ask(MoveBatch(OWNER, batch.id))
    assert undone.counts == {"returned": 1, "refused": 1, "stayed": 1}
    assert look(engine, cases[1]).instance.deployment_id == target


def test_lines_that_the_new_diagram_does_not_run_together(engine: Engine) -> None:
    def both(*lines: str) -> bytes:
        fork, join = '<bpmn:parallelGateway id="fork"/>', '<bpmn:parallelGateway id="join" name="meet"/>'
        ways = "".join(flow("fork", line, "join") for line in lines)
        steps = START + fork + join + FINISH + "".join(map(user, lines))
        return bpmn("lines", steps + flow("begin", "fork") + ways + flow("join", "finish"))

    two = release(engine, both("a", "b"))
    case = start(engine, "lines")
    complete(engine, case, "a")
    three = release(engine, both("a", "b", "c"))
    one_line = bpmn("lines", START + user("a") + user("b") + FINISH + flow("begin", "a", "b", "finish"))
    in_turn = release(engine, one_line)
    (seen,) = preview(engine, three, source=two).judged
    assert [remark.code for remark in seen.obstacles] == ["STARVED"]
    (seen,) = preview(engine, in_turn, source=two).judged
    assert [remark.code for remark in seen.obstacles] == ["NO_ELEMENT"]
    other = start(engine, "lines")  # on in_turn, at a
    assert move(engine, three, instances=[other]).counts == {"refused": 1}, "it would come to the join alone"
    again = release(engine, both("b", "a"))
    assert move(engine, again, source=two).counts == {"moved": 1}
    complete(engine, case, "b")
    assert look(engine, case).instance.state == "completed"


def test_a_join_that_waits_for_nothing_any_more_goes_on_and_is_not_taken_back(engine: Engine) -> None:
    def joined(third: bool) -> bytes:
        gates = '<bpmn:inclusiveGateway id="fork"/><bpmn:inclusiveGateway id="join"/>'
        ends = flow("b", "join") if third else flow("b", "aside") + '<bpmn:endEvent id="aside"/>'
        steps = START + gates + user("a") + user("b") + user("last") + FINISH
        always = "<bpmn:conditionExpression>true</bpmn:conditionExpression>"
        both = "".join(
            f'<bpmn:sequenceFlow id="f_{n}" sourceRef="fork" targetRef="{n}">{always}</bpmn:sequenceFlow>' for n in "ab"
        )
        ways = flow("begin", "fork") + both + flow("a", "join", "last", "finish") + ends
        return bpmn("lines", steps + ways)

    release(engine, joined(True))
    case = start(engine, "lines")
    complete(engine, case, "a")
    target = release(engine, joined(False))
    batch = move(engine, target)
    assert batch.counts == {"moved": 1}
    assert {task.element_id for task in tasks(engine, case)} == {"b", "last"}
    engine.run(UndoMoving(batch.id, OWNER))
    engine.work()
    undone = engine.ask(MoveBatch(OWNER, batch.id))
    assert undone.counts == {"stayed": 1}
    assert str(undone.items[0].messages[0]) == "移动时流程已按新版本往前走了，不能撤回。"


def test_nobody_moves_a_case_while_its_vote_runs(engine: Engine) -> None:
    serve = '<bpmn:serviceTask id="serve" name="serve" camunda:type="external" camunda:topic="work"/>'
    steps = START + user("cast") + serve + FINISH + flow("begin", "cast", "serve", "finish")
    release(engine, bpmn("vote", steps))
    case = start(engine, "vote")
    target = release(engine, bpmn("vote", steps.replace('name="cast"', 'name="cast it"')))
    engine.registry.protected = Protected(processes=frozenset({"vote"}), topics=frozenset({"work"}))
    (seen,) = preview(engine, target).judged
    assert [remark.code for remark in seen.obstacles] == ["VOTE_RUNNING"]
    assert move(engine, target).counts == {"refused": 1}
    engine.registry.protected = Protected()
    assert move(engine, target).counts == {"moved": 1}
    assert [task.name for task in tasks(engine, case)] == ["cast it"]


def test_no_move_leads_past_a_vote_or_back_before_it(engine: Engine) -> None:
    """Neither by a mapping nor by a release that leaves the vote out, also where it stands in a called process."""
    serve = '<bpmn:serviceTask id="serve" name="serve" camunda:type="external" camunda:topic="work"/>'
    call = '<bpmn:callActivity id="serve" name="vote" calledElement="vote"/>'
    parts = START + user("before") + "{}" + user("after") + FINISH
    straight = flow("begin", "before", "serve", "after", "finish")
    vote = bpmn("vote", START + serve + FINISH + flow("begin", "serve", "finish"))
    release(engine, bpmn("case", parts.format(call) + straight), vote)
    early, late = start(engine, "case"), start(engine, "case")
    complete(engine, late, "before", ANN)
    engine.registry.protected = Protected(topics=frozenset({"work"}))

    def told(target: str, mapping: Any = None) -> dict[str, list[str]]:
        judged = preview(engine, target, mapping).judged
        return {one.instance_id: [remark.code for remark in one.obstacles] for one in judged}

    without = release(engine, bpmn("case", parts.format("") + flow("begin", "before", "after", "finish")))
    assert told(without) == {early: ["SKIPS_VOTE"], late: []}
    other = release(engine, bpmn("case", parts.format(serve) + straight))
    assert told(other) == {early: [], late: []}  # drawn elsewhere, but still to come
    swapped = {"case": {"before": "after", "after": "before"}}
    assert told(other, swapped) == {early: ["SKIPS_VOTE"], late: ["REPEATS_VOTE"]}
    assert move(engine, other, swapped).counts == {"refused": 2}
    assert move(engine, other).counts == {"moved": 2}


def test_what_is_secret_does_not_become_known_by_a_move(engine: Engine) -> None:
    steps = START + user("check") + FINISH + flow("begin", "check", "finish")
    release(engine, bpmn("case", properties(secret="hidden, names", outsiders="applicants") + steps))
    start(engine, "case")
    for given, codes in (
        ({"secret": "names, more", "outsiders": "applicants"}, ["SECRET_TOLD"]),
        ({"secret": "names, hidden"}, ["SECRET_TOLD"]),
        ({"secret": "names, hidden, more", "outsiders": "applicants, others"}, []),
    ):
        target = release(engine, bpmn("case", properties(**given) + steps))
        (seen,) = preview(engine, target).judged
        assert [remark.code for remark in seen.obstacles] == codes


def test_a_definition_names_its_newest_release(engine: Engine) -> None:
    deploy(engine, old())
    case = start(engine, "case")
    before = look(engine, case).instance.definition_id
    target = release(engine, new())
    with engine.store.snapshot() as connection:
        after = connection.scalar(
            select(t.definition.c.id).where(t.definition.c.key == "case").order_by(t.definition.c.version.desc())
        )
    seen = preview(engine, after, RENAMED, source=before)
    assert (seen.target, len(seen.judged)) == (target, 1)
    assert move(engine, after, RENAMED, source=before).counts == {"moved": 1}
    assert look(engine, case).instance.definition_id == after
