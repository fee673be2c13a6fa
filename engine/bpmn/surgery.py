"""One instance put right by hand: a token taken from one step to another, a variable set, a failed step tried again.

A token is moved as if its step had led there: what waits on the edge of the step goes with it, what is beside it goes on. It is
moved only where every join still gets the tokens it waits for (`_balance`), inside its own scope, and over nothing the office
protects (`guard`). A variable is set in the whole of what shares it, in what has passed too: it then looks as if it had been so all
along, so that no line brings the old value back where lines meet (`lines`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from SpiffWorkflow.util.task import TaskState

from engine.bpmn.drive import Run
from engine.bpmn.elements import CONTAINERS, Element
from engine.bpmn.events import CatchEvent
from engine.bpmn.gateways import EventGateway, InclusiveGateway, Join, ParallelGateway
from engine.bpmn.guard import Guard, Ways
from engine.bpmn.loops import COUNTERS, MultiInstance
from engine.bpmn.machine import OPEN, blocked
from engine.bpmn.specs import BoundaryEvent, BoundarySplit, HumanTask
from engine.bpmn.values import clean
from engine.errors import NotFound, Refused
from forms.i18n import T, Text

MISSING = object()


@dataclass(frozen=True)
class Target:
    """A step a token could be wanted at. `reason`: why it may not be moved there, None where it may."""

    element_id: str
    name: str
    reason: Text | None


@dataclass(frozen=True)
class Place:
    """A token of an instance. `state`: person, waiting, failed, inside (something runs in it). `fixed`: why it cannot be moved, or
    None; then `targets` says where to. `values` are the variables it shares with its surroundings that may be set by hand,
    `sealed` why nothing may be set here, or None."""

    token: str
    definition_key: str
    element_id: str
    name: str
    state: str
    fixed: Text | None
    targets: tuple[Target, ...]
    values: dict[str, Any]
    sealed: Text | None
    copy: int | None = None  # which of several instances of one activity it stands in, from 1


def places(run: Run, guard: Guard) -> list[Place]:
    """Where the instance stands, as far as a person may put it right; what waits on the edge of a step belongs to that step."""
    found = []
    for task in run.workflow.all_open():
        spec = task.task_spec
        if spec.element is None or (isinstance(spec, BoundaryEvent) and not blocked(task)):
            continue
        if isinstance(spec, MultiInstance) and not blocked(task):
            continue
        element, sealed = spec.element, _sealed(task, guard)
        fixed = _fixed(task, guard)
        targets = () if fixed is not None else _targets(task, run, guard)
        values = {} if sealed is not None else _settable(task, guard)
        state = "failed" if blocked(task) else "person" if isinstance(spec, HumanTask) else "waiting"
        if not blocked(task) and task.state == TaskState.STARTED:
            state = "inside"
        found.append(
            Place(
                str(task.id),
                element.process,
                element.id,
                element.label,
                state,
                fixed,
                targets,
                values,
                sealed,
                task.data.get("loopCounter") if len(_counters(task)) > len(COUNTERS) + 1 else None,
            )
        )
    return found


def move(run: Run, guard: Guard, token: str, to: str) -> tuple[Element, Element]:
    """Take the token to another step, which begins anew; answers (from, to). Raises NotFound, Refused (REPAIR_REFUSED)."""
    task = _token(run, token)
    reason = _fixed(task, guard)
    if reason is not None:
        raise Refused(reason, code="REPAIR_REFUSED")
    old = task.task_spec.element
    target = run.release.info(old.process).elements.get(to)
    if target is None or target.parent != old.parent:
        raise Refused(T("只能移到同一层里的步骤，没有找到“{id}”。", id=to), code="REPAIR_REFUSED")
    reason = _why_not(task, target, run, guard)
    if reason is not None:
        raise Refused(reason, code="REPAIR_REFUSED")
    scope, owner = task.workflow, task.parent
    if owner is not None and isinstance(owner.task_spec, EventGateway):
        for sibling in list(owner.children):
            if sibling is not task:
                scope.cancel_branch(sibling)
    if owner is not None and isinstance(owner.task_spec, BoundarySplit) and owner.task_spec.main == task.task_spec.name:
        for sibling in owner.children:
            if isinstance(sibling.task_spec, BoundaryEvent) and sibling.state == TaskState.WAITING:
                sibling.task_spec.retire(sibling)
    scope.cancel_task(task)
    specs = scope.spec.task_specs
    entry = specs.get(f"{to}#edge") or specs[to]
    child = task._add_child(entry, TaskState.FUTURE)
    child.internal_data["flow"] = ""
    entry._update(child)
    return old, target


def set_variable(run: Run, guard: Guard, token: str, name: str, value: Any) -> tuple[bool, Any]:
    """Set a variable in everything that shares it with this token; answers whether it was there, and what it was.

    Raises NotFound, Refused (REPAIR_REFUSED; BAD_DATA, DATA_LIMIT as for any variable)."""
    task = _token(run, token)
    reason = _sealed(task, guard) or _name_refused(task, name, guard)
    if reason is not None:
        raise Refused(reason, code="REPAIR_REFUSED")
    value = clean(value, name)
    before = task.data.get(name, MISSING)
    for each in _shared(task):
        each.data = {**each.data, name: value}
        if isinstance(each.internal_data.get("result"), dict) and each.task_spec.shares_variables:
            each.internal_data["result"] = {**each.internal_data["result"], name: value}
    run.machine.check_size(task.data)
    return before is not MISSING, None if before is MISSING else before


def retry(run: Run, token: str) -> Element:
    """Try a failed step again; answers the step. Raises NotFound, Conflict (NOT_FAILED)."""
    element: Element = _token(run, token).task_spec.element
    run.retry(token)
    return element


# -- variables ------------------------------------------------------------------------------------------------------------


def _shared(task: Any) -> Iterator[Any]:
    """Every task, open or past, that shares its variables with this one: up to the process (or to the one of several instances) it
    stands in, and down into the sub-processes embedded there. Called processes and instances have variables of their own."""
    top, inner = task.workflow.top_workflow, task.workflow.top_workflow.subprocesses
    root, within = task, None
    while True:
        at = root
        while at is not None and not at.task_spec.is_instance(at):
            at = at.parent
        if at is not None:
            root, within = at, at
            break
        scope = root.workflow
        if scope.parent_task_id is None:
            break
        caller = top.get_task_from_id(scope.parent_task_id)
        if not caller.task_spec.shares_variables:
            break
        root = caller
    waiting = [within if within is not None else root.workflow.task_tree]
    while waiting:
        at = waiting.pop()
        if at is not within and at.task_spec.is_instance(at):
            continue
        yield at
        waiting.extend(at.children)
        if at.id in inner and at.task_spec.shares_variables:
            waiting.append(inner[at.id].task_tree)


def _settable(task: Any, guard: Guard) -> dict[str, Any]:
    return {name: value for name, value in sorted(task.data.items()) if _name_refused(task, name, guard) is None}


def _name_refused(task: Any, name: str, guard: Guard) -> Text | None:
    if not name.isidentifier() or len(name) > 100:
        return T("“{name}”不是变量名：用字母、数字和下划线，不以数字开头。", name=name)
    reason = guard.variable(name)
    if reason is not None:
        return T("变量“{name}”不能改：{reason}", name=name, reason=reason)
    if name in _counters(task):
        return T("变量“{name}”由系统逐项给出，不能改。", name=name)
    return None


def _counters(task: Any) -> set[str]:
    """What the several instances of an activity around the token are given one by one."""
    names = {"loopCounter", *COUNTERS}
    at = task
    while at is not None:
        if isinstance(at.task_spec, MultiInstance):
            names |= {each for each in (at.task_spec.loop.variable, at.task_spec.loop.output_collection) if each}
        above = at.parent
        if above is None and at.workflow.parent_task_id is not None:
            above = at.workflow.top_workflow.get_task_from_id(at.workflow.parent_task_id)
        at = above
    return names


def _sealed(task: Any, guard: Guard) -> Text | None:
    for each in _shared(task):
        element = each.task_spec.element
        if element is None or not each.state & OPEN:
            continue
        step = element.type not in CONTAINERS and guard.element(element.process, element.id)
        if step or guard.scope(element.process, element.parent):
            return T("正在投票或登记结果，这里的资料任何人都不能手工改。")
    return None


# -- tokens ---------------------------------------------------------------------------------------------------------------


def _token(run: Run, token: str) -> Any:
    task = run.workflow.find(token)
    if task is None or not task.state & OPEN or task.task_spec.element is None:
        raise NotFound(T("这件事已经不停在那一步。"), code="TASK_NOT_FOUND")
    return task


def _fixed(task: Any, guard: Guard) -> Text | None:
    """Why this token cannot be moved at all."""
    spec, element = task.task_spec, task.task_spec.element
    if task.id in task.workflow.top_workflow.subprocesses:
        return T("“{name}”里面还有正在办理的步骤，请移动里面的步骤。", name=element.label)
    if guard.scope(element.process, element.parent) or guard.element(element.process, element.id):
        return T("“{name}”是投票、结果、公示或发证的步骤，不能手工移动。", name=element.label)
    if isinstance(spec, BoundaryEvent):
        return T("“{name}”附在一个步骤上，请移动那个步骤。", name=element.label)
    if task.internal_data.get("instance") is not None or (isinstance(spec, MultiInstance) and task.children):
        return T("“{name}”是同时办理的几份之一，不能单独移动。", name=element.label)
    if isinstance(spec, Join) and len(spec.arriving) > 1 and task.state == TaskState.WAITING:
        return T("“{name}”在等其他的路汇合，请移动还没有到的那一条。", name=element.label)
    if not isinstance(spec, HumanTask | CatchEvent) and not blocked(task):
        return T("“{name}”没有停住，不能移动。", name=element.label)
    return None


def _targets(task: Any, run: Run, guard: Guard) -> tuple[Target, ...]:
    element = task.task_spec.element
    inside = [each for each in run.release.info(element.process).elements.values() if each.parent == element.parent]
    return tuple(
        Target(each.id, each.label, _why_not(task, each, run, guard))
        for each in inside
        if each.type not in ("startEvent", "boundaryEvent")
    )


def _why_not(task: Any, target: Element, run: Run, guard: Guard) -> Text | None:
    old = task.task_spec.element
    if target.type in ("startEvent", "boundaryEvent"):
        return T("“{name}”由系统开始，不能移到这里。", name=target.label)
    spec = task.workflow.spec.task_specs[target.id]
    if isinstance(spec, ParallelGateway | InclusiveGateway) and len(spec.arriving) > 1:
        return T("“{name}”要等几条路都到，请移到它前面或后面的步骤。", name=target.label)
    over = guard.between(old.process, old.parent, old.id, target.id)
    if over:
        named = over[0].label
        return T("中间有“{name}”：投票、结果、公示和发证的步骤不能越过，也不能退回。", name=named)
    return _balance(task, target, run)


def _balance(task: Any, target: Element, run: Run) -> Text | None:
    """Why the tokens would not come together any more, or None.

    Every join is fed by flows. A token may go where it can feed the same flows as before: its own branch. Who is alone in the scope
    may also go to where it can feed all of them or none, before the parting or behind the meeting. And what an event has begun
    beside the work stays beside it: it would else be done twice."""
    old, scope = task.task_spec.element, task.workflow
    ways = Ways.of(run.release, old.process, old.parent)
    if _lines(ways, run, old) != _lines(ways, run, target):
        return T("“{name}”在另一条由事件引出的路上，不能从这里移过去。", name=target.label)
    joins = [
        spec
        for spec in scope.spec.task_specs.values()
        if isinstance(spec, ParallelGateway | InclusiveGateway) and len(spec.arriving) > 1
    ]
    fed = [
        (ways.arrivals(old.id, join.name), ways.arrivals(target.id, join.name), set(join.arriving)) for join in joins
    ]
    if all(before == after for before, after, _ in fed):
        return None
    if _alone(task) and all(not after or after == every for _, after, every in fed):
        return None
    return T("“{name}”在另一条并行的路上：移过去以后，几条路就汇合不上了。", name=target.label)


def _alone(task: Any) -> bool:
    others = [
        other
        for other in task.workflow.open_tasks()
        if other is not task
        and other.task_spec.element is not None
        and not (isinstance(other.task_spec, BoundaryEvent) and other.state == TaskState.WAITING)
        and not (isinstance(other.parent.task_spec, EventGateway) and other.parent is task.parent)
    ]
    return not others


def _lines(ways: Ways, run: Run, element: Element) -> frozenset[str]:
    """The events beside an activity that alone lead to this step; none for a step of the main line."""
    elements = run.release.info(element.process).elements
    here = [each for each in ways.forward if each in elements]
    beside = {each for each in here if elements[each].type == "boundaryEvent" and not elements[each].interrupting}
    main: set[str] = set()
    waiting = [each for each in here if elements[each].type == "startEvent"]
    while waiting:
        at = waiting.pop()
        if at in main or at in beside:
            continue
        main.add(at)
        waiting.extend(target for _, target in ways.forward.get(at, ()))
    if element.id in main:
        return frozenset()
    return frozenset(event for event in beside if element.id in ways.behind(event))
