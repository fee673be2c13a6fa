"""One case put right by two persons: what may be moved and set, what never, and what stands in the history."""

from __future__ import annotations

from typing import Any

import pytest

from engine.commands.claim_task import ClaimTask
from engine.commands.repairs import ConfirmRepair, DropRepair, ProposeRepair
from engine.engine import Engine
from engine.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from engine.queries.instance_events import InstanceEvents
from engine.queries.repairs import Repairable, Repairs
from engine.registry import Protected
from tests.integration.engine.conftest import (
    ADMIN,
    ANN,
    EVE,
    FINISH,
    OWNER,
    OWNER2,
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
from tests.integration.engine.test_incidents import script

LATE = (
    '<bpmn:boundaryEvent id="late" attachedToRef="two"><bpmn:timerEventDefinition id="d_late">'
    '<bpmn:timeDuration xsi:type="bpmn:tFormalExpression">P3D</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:boundaryEvent>'
)


def standing(engine: Engine, instance_id: str) -> list[str]:
    return sorted(each.element_id for each in look(engine, instance_id).active_elements)


def place(engine: Engine, instance_id: str, element: str) -> Any:
    return next(p for p in engine.ask(Repairable(OWNER, instance_id)).places if p.element_id == element)


def move(engine: Engine, instance_id: str, old: str, new: str) -> dict[str, Any]:
    return {"kind": "move", "token": place(engine, instance_id, old).token, "to": new}


def put(engine: Engine, instance_id: str, at: str, name: str, value: Any) -> dict[str, Any]:
    return {"kind": "set", "token": place(engine, instance_id, at).token, "name": name, "value": value}


def propose(engine: Engine, instance_id: str, *steps: dict[str, Any], reason: str = "录错了") -> str:
    made: str = engine.run(ProposeRepair(instance_id, OWNER, reason, steps))["id"]
    return made


def mend(engine: Engine, instance_id: str, *steps: dict[str, Any]) -> None:
    engine.run(ConfirmRepair(propose(engine, instance_id, *steps), OWNER2))


def chain(*steps: str) -> bytes:
    return bpmn("chain", START + "".join(steps) + FINISH + flow("begin", "one", "two", "three", "finish"))


def three() -> bytes:
    return chain(user("one"), user("two"), user("three"))


def test_a_token_is_moved_and_a_variable_set_by_two_persons(engine: Engine) -> None:
    deploy(engine, chain(user("one"), user("two"), LATE, user("three"), flow("late", "finish")))
    case = start(engine, "chain", unit="u1")
    complete(engine, case, "one")
    assert [timer.element_id for timer in look(engine, case).timers] == ["late"]
    repair = propose(engine, case, put(engine, case, "two", "unit", "u2"), move(engine, case, "two", "one"))
    assert standing(engine, case) == ["two"]  # nothing is done by one person alone
    kept = engine.ask(Repairs(OWNER2))[0]
    assert (kept.id, kept.may_decide, kept.stale, kept.steps[0]["before"]) == (repair, True, False, "u1")
    with pytest.raises(Forbidden) as same:
        engine.run(ConfirmRepair(repair, OWNER))
    assert same.value.code == "SAME_PERSON"
    with pytest.raises(Forbidden):
        engine.run(ConfirmRepair(repair, ANN))
    engine.run(ConfirmRepair(repair, OWNER2))
    assert (standing(engine, case), look(engine, case).variables["unit"]) == (["one"], "u2")
    assert look(engine, case).timers == ()
    line = next(e for e in engine.ask(InstanceEvents(ADMIN, case)).items if e.kind == "repaired")
    assert (line.actor, line.data["proposed_by"], line.data["reason"]) == ("owner2", "owner", "录错了")
    assert [step["kind"] for step in line.data["steps"]] == ["set", "move"]
    with pytest.raises(Conflict) as again:
        engine.run(ConfirmRepair(repair, OWNER2))
    assert again.value.code == "DECIDED_ALREADY"
    complete(engine, case, "one")
    complete(engine, case, "two")
    complete(engine, case, "three")
    assert look(engine, case).instance.state == "completed"


def test_what_has_moved_on_is_not_touched(engine: Engine) -> None:
    deploy(engine, three())
    case = start(engine, "chain")
    repair = propose(engine, case, move(engine, case, "one", "three"))
    task = tasks(engine, case)[0]
    engine.run(ClaimTask(task.id, ANN))
    complete(engine, case, "one")
    with pytest.raises(Conflict) as moved:
        engine.run(ConfirmRepair(repair, OWNER2))
    assert moved.value.code == "MOVED_ON"
    assert (standing(engine, case), engine.ask(Repairs(OWNER2))[0].stale) == (["two"], True)
    second = propose(engine, case, move(engine, case, "two", "one"))  # the first can never be done: it gives way
    with pytest.raises(Conflict) as already:
        propose(engine, case, move(engine, case, "two", "three"))
    assert already.value.code == "PROPOSED_ALREADY"
    with pytest.raises(Invalid):
        engine.run(DropRepair(second, OWNER2, " "))
    assert engine.run(DropRepair(second, OWNER2, "不需要")) == {"status": "rejected"}
    third = propose(engine, case, move(engine, case, "two", "one"))
    assert engine.run(DropRepair(third, OWNER, "看错了")) == {"status": "withdrawn"}
    states = [one.status for one in engine.ask(Repairs(OWNER, case))]
    assert sorted(states) == ["lapsed", "rejected", "withdrawn"]
    for nobody in (ANN, ADMIN, EVE):
        with pytest.raises(Forbidden):
            engine.run(ProposeRepair(case, nobody, "x", [{"kind": "retry", "token": "x"}]))


def test_a_failed_step_is_given_what_it_lacks_and_tried_again(engine: Engine) -> None:
    deploy(engine, script("n + 1"))
    case = start(engine, "script", n="three")
    complete(engine, case, "check")
    assert look(engine, case).instance.state == "incident"
    token = place(engine, case, "reckon").token
    mend(engine, case, put(engine, case, "reckon", "n", 3), {"kind": "retry", "token": token})
    seen = look(engine, case)
    assert (seen.instance.state, seen.variables["r"], seen.incidents) == ("completed", 4, ())
    assert engine.ask(Repairs(OWNER, case))[0].status == "confirmed"


def test_a_refusal_on_the_way_undoes_the_whole_repair(engine: Engine, office: Office) -> None:
    serve = '<bpmn:serviceTask id="two" name="two" camunda:topic="work"/>'
    deploy(engine, chain(user("one"), serve, user("three")))
    case = start(engine, "chain")
    office.refuse = True
    repair = propose(engine, case, put(engine, case, "one", "x", 1), move(engine, case, "one", "two"))
    with pytest.raises(Refused) as refused:
        engine.run(ConfirmRepair(repair, OWNER2))
    assert refused.value.code == "NOT_TODAY"
    assert (standing(engine, case), look(engine, case).variables) == (["one"], {})
    office.refuse = False
    engine.run(ConfirmRepair(repair, OWNER2))
    assert standing(engine, case) == ["three"]


FORK = '<bpmn:parallelGateway id="fork"/><bpmn:parallelGateway id="join"/>'
BRANCHES = flow("begin", "first", "fork", "left", "left2", "join", "last", "finish") + flow("fork", "right", "join")


def test_joins_still_get_the_tokens_they_wait_for(engine: Engine) -> None:
    people = "".join(user(each) for each in ("first", "left", "left2", "right", "last"))
    deploy(engine, bpmn("forked", START + people + FORK + FINISH + BRANCHES))
    case = start(engine, "forked", x=0)
    may = {t.element_id: t.reason is None for t in place(engine, case, "first").targets}
    assert may == {
        "first": True, "left": False, "left2": False, "right": False, "last": True, "fork": True, "join": False, "finish": True,
    }  # fmt: skip
    complete(engine, case, "first")
    may = {t.element_id for t in place(engine, case, "left").targets if t.reason is None}
    assert may == {"left", "left2"}
    with pytest.raises(Refused) as wrong:
        propose(engine, case, move(engine, case, "left", "last"))
    assert "汇合" in str(wrong.value)
    complete(engine, case, "right", y=1)
    mend(engine, case, put(engine, case, "left", "x", 7), move(engine, case, "left", "left2"))
    complete(engine, case, "left2", x=8)
    seen = look(engine, case)
    assert (standing(engine, case), seen.variables) == (["last"], {"x": 8, "y": 1})
    mend(engine, case, move(engine, case, "last", "fork"))  # alone again: back to before the parting
    assert standing(engine, case) == ["left", "right"]


def test_nothing_protected_is_moved_or_written(engine: Engine, office: Office) -> None:
    """However a diagram names its steps and variables: the office's topics, decisions and messages say what is protected."""
    vote = '<bpmn:serviceTask id="two" name="随便叫什么" camunda:topic="work" camunda:resultVariable="anything"/>'
    copy = (
        '<bpmn:scriptTask id="copy" name="copy" scriptFormat="feel" camunda:resultVariable="mine">'
        "<bpmn:script>anything.count + 1</bpmn:script></bpmn:scriptTask>"
    )
    flows = flow("begin", "one", "zero", "two", "copy", "three", "finish")
    secret = properties(secret="hidden")
    steps = user("one") + user("zero") + vote + copy + user("three")
    deploy(engine, bpmn("voting", secret + START + steps + FINISH + flows))
    case = start(engine, "voting", hidden=1, open=2)
    engine.registry.protected = Protected(topics=frozenset({"work"}), variables=frozenset({"ballot"}))
    for target, word in (("two", "不能越过"), ("copy", "不能越过"), ("three", "不能越过"), ("finish", "不能越过")):
        with pytest.raises(Refused) as refused:
            propose(engine, case, move(engine, case, "one", target))
        assert (refused.value.code, word in str(refused.value)) == ("REPAIR_REFUSED", True)
    mend(engine, case, move(engine, case, "one", "zero"))
    for name, word in (
        ("anything", "投票"),
        ("mine", "投票"),
        ("ballot", "投票"),
        ("hidden", "保密"),
        ("no name", "变量名"),
    ):
        with pytest.raises(Refused) as refused:
            propose(engine, case, put(engine, case, "zero", name, 9))
        assert (refused.value.code, word in str(refused.value)) == ("REPAIR_REFUSED", True)
    assert set(place(engine, case, "zero").values) == {"open"}
    complete(engine, case, "zero")
    with pytest.raises(Refused):
        propose(engine, case, move(engine, case, "three", "one"))
    engine.registry.protected = Protected(processes=frozenset({"voting"}), topics=frozenset({"work"}))
    assert "投票" in str(place(engine, case, "three").fixed)  # where a vote is taken, people's steps are closed too
    assert "手工改" in str(place(engine, case, "three").sealed)


def test_what_shares_a_variable_is_set_as_a_whole(engine: Engine) -> None:
    inner = (
        '<bpmn:subProcess id="sub"><bpmn:startEvent id="sb"/>' + user("deep") + '<bpmn:endEvent id="se"/>'
        + flow("sb", "deep", "se") + "</bpmn:subProcess>"
    )  # fmt: skip
    body = START + FORK + inner + user("right") + user("last") + FINISH
    deploy(
        engine,
        bpmn("nested", body + flow("begin", "fork", "sub", "join", "last", "finish") + flow("fork", "right", "join")),
    )
    case = start(engine, "nested", x=1)
    mend(engine, case, put(engine, case, "deep", "x", 2))
    assert {p.element_id: p.values["x"] for p in engine.ask(Repairable(OWNER, case)).places} == {
        "deep": 2,
        "sub": 2,
        "right": 2,
    }
    complete(engine, case, "deep", x=3)
    complete(engine, case, "right")  # comes later and has changed nothing: it brings no old value back
    assert look(engine, case).variables["x"] == 3


def test_a_repair_says_what_it_cannot_read(engine: Engine) -> None:
    deploy(engine, three())
    case = start(engine, "chain")
    token = place(engine, case, "one").token
    for steps in (
        [],
        [{"kind": "what"}],
        [{"kind": "set", "token": token, "name": "x"}],
        [{"kind": "move", "token": 3}],
    ):
        with pytest.raises(Invalid):
            engine.run(ProposeRepair(case, OWNER, "x", steps))
    with pytest.raises(Invalid):
        propose(engine, case, move(engine, case, "one", "two"), reason=" ")
    with pytest.raises(NotFound):
        propose(engine, case, {"kind": "move", "token": "gone", "to": "two"})
    with pytest.raises(Refused):
        propose(engine, case, {"kind": "move", "token": token, "to": "nowhere"})
    with pytest.raises(Conflict):
        engine.run(ProposeRepair(case, OWNER, "x", [{"kind": "move", "token": token, "to": "two"}], revision=99))
    assert engine.ask(Repairs(OWNER, case)) == []
