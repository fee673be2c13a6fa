"""Variables of lines that part and meet: nobody's older copy undoes what somebody else has changed since."""

from __future__ import annotations

import pytest

from tests.unit.bpmn.diagrams import Play, flows, many, message, node, process, timer, user, xml

AND = "parallelGateway"


def beside(what: str, host: str = "") -> bytes:
    """A sub-process of two tasks, with an event beside it that begins a line of one task."""
    inner = '<bpmn:startEvent id="is"/><bpmn:endEvent id="ie"/>' + user("one") + user("two")
    part = host or node("subProcess", "part", inner + flows("is -> one -> two -> ie"))
    edge = node("boundaryEvent", "edge", what, attachedToRef="part", cancelActivity="false")
    arrows = "s -> part -> after -> e; edge -> side -> side_end"
    body = part + edge + user("side") + user("after") + node("endEvent", "side_end")
    return xml(process("p", body, arrows), messages="news")


@pytest.mark.parametrize("kind", ["message", "timer", "cycle"])
def test_what_runs_beside_keeps_no_old_copy_of_what_it_never_touched(kind: str) -> None:
    what = {
        "message": message("news"),
        "timer": timer("timeDuration", "PT1H"),
        "cycle": timer("timeCycle", "R3/PT1H"),
    }[kind]
    play = Play(beside(what), {"x": 0, "y": 0})
    play.complete("one", x=1)
    if kind == "message":
        play.send("news", None, told=5)
    else:
        play.fire(hours=1)
    play.complete("two", x=2)
    assert play.data["x"] == 2  # the line beside saw 1 and changed nothing
    play.complete("side", y=7)
    assert (play.data["x"], play.data["y"]) == (2, 7)
    play.complete("after", x=3)
    assert play.picture.completed
    assert (play.data["x"], play.data["y"]) == (3, 7)
    assert play.data.get("told") == (5 if kind == "message" else None)


def test_a_reminder_beside_a_vote_does_not_bring_back_the_votes_of_its_hour() -> None:
    loop = many(cardinality="2")
    given = (
        "<bpmn:extensionElements><camunda:properties>"
        '<camunda:property name="outputCollection" value="votes"/><camunda:property name="outputElement" value="=choice"/>'
        "</camunda:properties></bpmn:extensionElements>"
    )
    play = Play(beside(timer("timeDuration", "PT1H"), user("part", given + loop)), {})
    play.complete("part", choice="yes")
    play.fire(hours=1)
    play.complete("part", choice="no")
    play.complete("after")
    play.complete("side")
    assert play.picture.completed
    assert play.data["votes"] == ["yes", "no"]


def test_of_two_lines_that_changed_the_same_the_later_counts_wherever_they_parted() -> None:
    body = node(AND, "a") + node(AND, "b") + node(AND, "bj") + node(AND, "aj")
    body += user("left") + user("first") + user("second")
    arrows = "s -> a -> left -> aj -> e; a -> b -> first -> bj -> aj; b -> second -> bj"
    play = Play(xml(process("p", body, arrows)), {"k": 0, "m": 0, "gone": 1})
    play.complete("first", k=1)
    assert play.data["k"] == 1  # `second` still has 0, and has not changed it
    play.complete("left", m=1)
    play.complete("second", k=2)
    assert (play.data["k"], play.data["m"], play.data["gone"]) == (2, 1, 1)


def test_a_saved_line_from_before_there_were_branches_still_ends() -> None:
    """A state of an older release has no mark where a line began: it is merged as before, and comes to its end."""
    play = Play(beside(message("news")), {"x": 0})
    play.send("news", None, told=1)
    run = play.load()
    for key, task in list(run.workflow.tasks.items()):
        if task.task_spec.name == "#branch":
            task.parent.data = dict(task.data)  # then the event kept what it saw, and what the message brought
            for child in task.children:
                child._parent = task._parent
                run.workflow.tasks[task._parent]._children.append(child.id)
            run.workflow.tasks[task._parent]._children.remove(key)
            del run.workflow.tasks[key]
    play.blob = run.dump()
    play.complete("side", y=1).complete("one", x=1).complete("two").complete("after")
    assert play.picture.completed
    assert (play.data["y"], play.data["told"]) == (1, 1)
