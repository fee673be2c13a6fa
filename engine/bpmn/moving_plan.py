"""Judging a running instance against another release: the whole tree, scope by scope. Changes nothing; see `engine.bpmn.moving`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from SpiffWorkflow.util.task import TaskState

from engine.bpmn import former
from engine.bpmn.calls import CallActivity, SubProcess
from engine.bpmn.drive import Run
from engine.bpmn.elements import split_names
from engine.bpmn.events import CatchEvent
from engine.bpmn.gateways import EventGateway, Join
from engine.bpmn.loops import MultiInstance
from engine.bpmn.machine import OPEN
from engine.bpmn.moving_fit import fits, task_notes
from engine.bpmn.moving_paths import paths
from engine.bpmn.parse import Release
from engine.bpmn.specs import BRANCH, END, START, BoundaryEvent, BoundarySplit
from forms.i18n import T, Text

# Of each process the elements that are called otherwise in the new release; None: a boundary event that is not waited for any more.
Names = Mapping[str, Mapping[str, str | None]]


@dataclass(frozen=True)
class Remark:
    """Why an instance cannot be moved, or what is to be known about moving it. `element_id` is of the release it is on."""

    code: str
    text: Text
    definition_key: str
    element_id: str | None = None
    name: str = ""


@dataclass
class Plan:
    """What becomes of every part of the tree. It can be carried out where there is no obstacle."""

    obstacles: list[Remark] = field(default_factory=list)
    notes: list[Remark] = field(default_factory=list)
    scopes: dict[Any, Any] = field(default_factory=dict, repr=False)  # scope -> its spec in the new release
    specs: dict[Any, str] = field(default_factory=dict, repr=False)  # task id -> name of its spec there
    flows: dict[Any, str] = field(default_factory=dict, repr=False)  # task id -> the flow it came by, where it matters
    ends: list[Any] = field(default_factory=list, repr=False)  # boundary events that are not waited for any more
    begins: list[tuple[Any, str, str]] = field(default_factory=list, repr=False)  # (standing task id, event, flow)
    stands: list[tuple[Any, Any]] = field(
        default_factory=list, repr=False
    )  # (element, element in the new release) of what is open


class Planner:
    def __init__(self, run: Run, new: Release, mapping: Names, made: Plan) -> None:
        self.run, self.old, self.new, self.mapping, self.made = run, run.release, new, mapping, made

    def whole(self) -> None:
        workflow, key = self.run.workflow, self.run.process_key
        if key not in self.new.specs:
            self._obstacle("NO_PROCESS", T("新版本里没有能运行的流程“{name}”。", name=self.old.info(key).name), key)
            return
        inner = dict(workflow.subprocesses)
        ahead = [(workflow, self.new.specs[key])]
        while ahead:
            scope, spec = ahead.pop()
            self.made.scopes[scope] = spec
            _Scope(self, scope, spec).judge()
            for task in scope.tasks.values():
                if task.id in inner and task.id in self.made.specs:
                    target = self._inside(task, inner[task.id], spec.task_specs[self.made.specs[task.id]])
                    if target is not None:
                        ahead.append((inner[task.id], target))
        self._four_eyes({scope.spec.definition_key for scope in self.made.scopes})

    def _inside(self, task: Any, inner: Any, node: Any) -> Any | None:
        """The spec in the new release of what runs inside an activity."""
        element = task.task_spec.drawn
        if isinstance(node, CallActivity) and node.target != inner.spec.name:
            text = T("“{name}”在新版本里调用的是另一个流程。", name=element.label)
            self._obstacle("CALLS_OTHER", text, element.process, element)
            return None
        if not isinstance(node, SubProcess) or node.target not in self.new.specs:
            text = T("“{name}”里面正在运行的流程，新版本里没有。", name=element.label)
            self._obstacle("NO_PROCESS", text, element.process, element)
            return None
        return self.new.specs[node.target]

    def _four_eyes(self, keys: set[str]) -> None:
        """A later step that may not be done by whoever did an earlier one must find that one under its name."""
        for key in sorted(keys & self.new.processes.keys() & self.old.processes.keys()):
            old, new = self.old.processes[key].elements, self.new.processes[key].elements
            pairs = self.mapping.get(key, {})
            gone = [e for e in old.values() if e.human and e.id not in new and e.id not in pairs]
            unknown = next(
                (
                    (element, name)
                    for element in new.values()
                    for name in split_names(element.properties.get(former.APART))
                    if name not in old and name not in pairs.values()
                ),
                None,
            )
            if not gone or unknown is None:
                continue
            element, name = unknown
            text = T(
                "“{name}”须与“{other}”由不同的人办理，旧版本里没有“{other}”，而旧版本的“{gone}”在新版本里没有了。"
                "如果只是改了编号，请指明对应关系。",
                name=element.label,
                other=new[name].label if name in new else name,
                gone=gone[0].label,
            )
            self._obstacle("FOUR_EYES", text, key, gone[0])

    def target(self, definition_key: str, element_id: str) -> str | None:
        return self.mapping.get(definition_key, {}).get(element_id, element_id)

    def _obstacle(self, code: str, text: Text, key: str, element: Any = None) -> None:
        self.made.obstacles.append(
            Remark(code, text, key, element.id if element else None, element.name if element else "")
        )

    def _note(self, code: str, text: Text, element: Any) -> None:
        self.made.notes.append(Remark(code, text, element.process, element.id, element.name))


class _Scope:
    """One scope of the tree and the spec it would have."""

    def __init__(self, planner: Planner, scope: Any, spec: Any) -> None:
        self.planner, self.scope, self.spec, self.made = planner, scope, spec, planner.made
        self.image: dict[str, str] = {}  # old element id -> new one, of what is open

    def judge(self) -> None:
        before = len(self.made.obstacles)
        tasks = list(self.scope.tasks.values())
        for task in tasks:
            self._place(task)
        for task in tasks:
            self._edge(task)
            if isinstance(task.task_spec, EventGateway):
                self._events_behind(task)
        if len(self.made.obstacles) == before:
            self._together(tasks)

    # -- one by one -------------------------------------------------------------------------------------------------

    def _place(self, task: Any) -> None:
        spec, made = task.task_spec, self.made
        if spec.name in (START, END, BRANCH):
            made.specs[task.id] = spec.name
        elif isinstance(spec, BoundarySplit) and task.state & OPEN:
            self._at_edge(task)
        elif isinstance(spec, BoundarySplit) or not self._matters(task):
            made.specs[task.id] = _neutral(task)  # a split around what stands is settled in `_edge`
        else:
            name = self._named(task)
            if name is not None:
                made.specs[task.id] = name

    def _at_edge(self, task: Any) -> None:
        """Stopped by a limit right before an activity with events on its edge."""
        element = self.scope.spec.task_specs[task.task_spec.main].drawn
        name = f"{self.planner.target(element.process, element.id)}#edge"
        if name in self.spec.task_specs:
            self.made.specs[task.id] = name
            self.made.stands.append((element, self.spec.task_specs[self.spec.task_specs[name].main].drawn))
        else:
            self._missing(task, element, self.planner.target(element.process, element.id))

    def _matters(self, task: Any) -> bool:
        if task.state & OPEN:
            return True
        above = task.parent
        if above is not None and isinstance(above.task_spec, MultiInstance) and above.state & OPEN:
            return str(task.id) in above.internal_data.get("pending", ())
        return isinstance(task.task_spec, EventGateway) and any(
            child.state & OPEN and isinstance(child.task_spec, CatchEvent) for child in task.children
        )

    def _named(self, task: Any) -> str | None:
        """The name of its spec in the new release; None where it has none, and then why is written down."""
        element = task.task_spec.drawn
        waiting_event = isinstance(task.task_spec, BoundaryEvent) and task.state == TaskState.WAITING
        target = self.planner.target(element.process, element.id)
        if target is None and waiting_event:
            self._ends(task, element)
            return None
        name = target
        if target is not None and task.task_spec.name.endswith("#instance"):
            name = f"{target}#instance"
        node = self.spec.task_specs.get(name) if name is not None else None
        if node is None:
            if waiting_event and element.event.kind == "error":
                self._ends(task, element)  # an error that the new diagram does not catch is nothing anybody waits for
            else:
                self._missing(task, element, target)
            return None
        reason = fits(task, node, self._main_image(task))
        if reason is not None:
            self._obstacle(reason[0], reason[1], element)
            return None
        if self.image.setdefault(element.id, node.drawn.id) != node.drawn.id or any(
            old != element.id and new == node.drawn.id for old, new in self.image.items()
        ):
            text = T("“{name}”和另一个正在办理的步骤对应到了同一步“{new}”。", name=element.label, new=node.drawn.label)
            self._obstacle("MAPPED_TWICE", text, element)
            return None
        if isinstance(node, Join) and task.state == TaskState.WAITING and not self._arrived(task, node):
            return None
        for code, note in task_notes(task, node):
            self.planner._note(code, note, element)
        assert name is not None
        self.made.stands.append((element, node.drawn))
        return name

    def _main_image(self, task: Any) -> str | None:
        """For an event on the edge: what the activity it belongs to is called in the new release."""
        split = task.parent
        if (
            not isinstance(task.task_spec, BoundaryEvent)
            or split is None
            or not isinstance(split.task_spec, BoundarySplit)
        ):
            return None
        return self.planner.target(task.task_spec.drawn.process, split.task_spec.main)

    def _missing(self, task: Any, element: Any, target: str | None) -> None:
        info = self.planner.new.processes.get(element.process)
        elsewhere = info.elements.get(target) if info is not None and target is not None else None
        if target is None:
            code, text = "NOT_DROPPED", T("停在“{name}”，这一步不能略去。", name=element.label)
        elif isinstance(task.task_spec, BoundaryEvent):
            code = "NO_EVENT"
            text = T(
                "正在等待的边界事件“{name}”，新版本里没有。请指明它对应哪一个，或者选“不再等待”。", name=element.label
            )
        elif elsewhere is not None and (elsewhere.loop is None) == (element.loop is None):
            code = "OTHER_SCOPE"
            text = T("停在“{name}”，新版本里它在另一个子流程里。", name=element.label)
        elif elsewhere is not None:
            code = "LOOP_CHANGED"
            text = T("“{name}”在新版本里的多实例设置不同，正在办理的不能移动。", name=element.label)
        else:
            code = "NO_ELEMENT"
            text = T("停在“{name}”，新版本里没有这一步。请指明它对应哪一步。", name=element.label)
        self._obstacle(code, text, element)

    def _arrived(self, task: Any, node: Any) -> bool:
        """A token that waits at a join: by which flow it has come there."""
        element, came = task.task_spec.drawn, task.internal_data["flow"]
        if came in node.arriving:
            self.made.flows[task.id] = came
            return True
        source = next((s for s in self.scope.spec.task_specs.values() if came in dict(s.targets())), None)
        name = self.planner.target(element.process, source.drawn.id) if source is not None and source.element else None
        new = self.spec.task_specs.get(name) if name is not None else None
        fitting = [flow for flow, _ in new.flows if flow in node.arriving] if new is not None else []
        if len(fitting) == 1:
            self.made.flows[task.id] = fitting[0]
            return True
        text = T("在“{name}”等待汇合的一路，新版本里没有对应的连线。", name=element.label)
        self._obstacle("LOST_WAY", text, element)
        return False

    # -- events beside what stands ----------------------------------------------------------------------------------

    def _edge(self, task: Any) -> None:
        """An open activity, the edge around it in the new release, and what newly waits there."""
        spec, made = task.task_spec, self.made
        if not task.state & OPEN or spec.element is None or isinstance(spec, BoundaryEvent) or spec.is_instance(task):
            return
        name = made.specs.get(task.id)
        if name is None or isinstance(spec, Join | EventGateway):
            return
        edge = self.spec.task_specs.get(f"{name}#edge")
        above = task.parent
        around = above if above is not None and isinstance(above.task_spec, BoundarySplit) else None
        had: set[str | None] = set()
        if around is not None and around.task_spec.main == spec.name:
            had = {self.planner.target(spec.drawn.process, event) for event in around.task_spec.events}
            if edge is not None:
                made.specs[around.id] = edge.name
        for event in edge.events if edge is not None else ():
            if event not in had:
                self._begins(task, event, "")

    def _events_behind(self, task: Any) -> None:
        """What the new release offers behind an event-based gateway that stands."""
        name = self.made.specs.get(task.id)
        gateway = self.spec.task_specs.get(name) if name is not None else None
        if gateway is None or not isinstance(gateway, EventGateway):
            return
        to = {target: flow for flow, target in gateway.flows}
        waiting = [child for child in task.children if child.state & OPEN]
        for child in waiting:
            event = self.made.specs.get(child.id)
            if event is not None and event not in to:
                element = child.task_spec.drawn
                text = T(
                    "正在等待的“{name}”，在新版本里不在“{gateway}”后面。",
                    name=element.label,
                    gateway=gateway.drawn.label,
                )
                self._obstacle("OTHER_GATEWAY", text, element)
            elif event is not None:
                self.made.flows[child.id] = to[event]
        known = {self.made.specs.get(child.id) for child in waiting}
        for event, flow in to.items():
            if event not in known and isinstance(self.spec.task_specs[event], CatchEvent):
                self._begins(task, event, flow)

    def _begins(self, task: Any, event: str, flow: str) -> None:
        self.made.begins.append((task.id, event, flow))
        new = self.spec.task_specs[event].drawn
        if new.event.kind != "error":
            text = T("新版本的“{name}”从移动时开始等待。", name=new.label)
            self.planner._note("BEGINS", text, task.task_spec.drawn)

    def _ends(self, task: Any, element: Any) -> None:
        self.made.ends.append(task)
        self.made.specs[task.id] = BRANCH
        if element.event.kind != "error":
            self.planner._note("ENDS", T("不再等待“{name}”。", name=element.label), element)

    # -- all together -----------------------------------------------------------------------------------------------

    def _together(self, tasks: list[Any]) -> None:
        old_paths, new_paths = paths(self.scope.spec), paths(self.spec)
        tokens = self._tokens(tasks)
        for number, (one, old, new) in enumerate(tokens):
            for other, old_too, new_too in tokens[number + 1 :]:
                if (new, new_too) not in new_paths.together and (old, old_too) in old_paths.together:
                    text = T(
                        "“{one}”和“{other}”同时在办，新版本里这两步不会同时进行。",
                        one=one.drawn.label,
                        other=other.drawn.label,
                    )
                    self._obstacle("NOT_TOGETHER", text, one.drawn)
                    return
        beside = [task for task in tasks if isinstance(task.task_spec, BoundaryEvent) and task.state & OPEN]
        edges = [(t.task_spec.name, self.made.specs[t.id]) for t in beside if t not in self.made.ends]
        before = old_paths.starved([old for _, old, _ in tokens] + [old for old, _ in edges])
        after = new_paths.starved([new for _, _, new in tokens] + [new for _, new in edges])
        was = {self.planner.target(self.scope.spec.definition_key, join) for join in before}
        for join, flows in after.items():
            if join not in was:
                text = T(
                    "新版本的汇合“{name}”还要等 {n} 路，而这件事里这几路没有开始过，移过去会一直等下去。",
                    name=self.spec.task_specs[join].drawn.label,
                    n=len(flows),
                )
                self.planner._obstacle("STARVED", text, self.scope.spec.definition_key)

    def _tokens(self, tasks: list[Any]) -> list[tuple[Any, str, str]]:
        """What stands in this scope: its spec, and its place in the old release and in the new."""
        found: dict[Any, tuple[Any, str, str]] = {}
        for task in tasks:
            spec = task.task_spec
            if not task.state & OPEN or spec.element is None or spec.is_instance(task):
                continue
            if isinstance(spec, BoundaryEvent) and task.state == TaskState.WAITING:
                continue
            above = task.parent
            chosen_from = above.task_spec if above is not None and task.state == TaskState.WAITING else None
            if isinstance(spec, CatchEvent) and isinstance(chosen_from, EventGateway):
                found[above.id] = (chosen_from, chosen_from.name, self.made.specs[above.id])
                continue
            old, new = spec.name, self.made.specs[task.id]
            if isinstance(spec, Join) and task.state == TaskState.WAITING and len(spec.arriving) > 1:
                old = f"{old}@{task.internal_data['flow']}"
                if len(self.spec.task_specs[new].arriving) > 1:  # else nothing is waited for any more
                    new = f"{new}@{self.made.flows[task.id]}"
            found[task.id] = (spec, old, new)
        return list(found.values())

    def _obstacle(self, code: str, text: Text, element: Any) -> None:
        self.planner._obstacle(code, text, element.process, element)


def _neutral(task: Any) -> str:
    """What is over: only its variables are still looked at, by `lines`, which must know what ran beside an activity."""
    spec = task.task_spec
    return BRANCH if isinstance(spec, BoundaryEvent) and not spec.drawn.interrupting else START
