"""A release: all diagrams of one deployment, compiled once and shared by all instances and threads."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from engine.bpmn import elements as el
from engine.bpmn.calls import CallActivity, SubProcess
from engine.bpmn.elements import Element, Lane, Process
from engine.bpmn.events import BoundaryCatch, CatchEvent, ThrowEvent
from engine.bpmn.gateways import Deciding, EventGateway, ExclusiveGateway, InclusiveGateway, ParallelGateway
from engine.bpmn.loops import MultiInstance
from engine.bpmn.specs import END, BoundarySplit, HumanTask, Node, ProcessSpec, RuleTask, ScriptTask, ServiceTask
from engine.bpmn.xmlsafe import read_xml
from engine.errors import ZhipingError
from forms.i18n import T, Text

KEPT_RELEASES: Final = 32

_EVENT_KINDS: Final = {
    "startEvent": {"none"},
    "endEvent": {"none", "message", "error", "terminate"},
    "intermediateCatchEvent": {"timer", "message"},
    "intermediateThrowEvent": {"none", "message"},
    "boundaryEvent": {"timer", "message", "error"},
    "receiveTask": {"message"},
    "sendTask": {"message"},
}
_SPECS: Final[dict[str, type[Node]]] = {
    "task": HumanTask,
    "userTask": HumanTask,
    "manualTask": HumanTask,
    "serviceTask": ServiceTask,
    "sendTask": ThrowEvent,
    "receiveTask": CatchEvent,
    "scriptTask": ScriptTask,
    "businessRuleTask": RuleTask,
    "subProcess": SubProcess,
    "callActivity": CallActivity,
    "exclusiveGateway": ExclusiveGateway,
    "parallelGateway": ParallelGateway,
    "inclusiveGateway": InclusiveGateway,
    "eventBasedGateway": EventGateway,
    "startEvent": Node,
    "endEvent": ThrowEvent,
    "intermediateCatchEvent": CatchEvent,
    "intermediateThrowEvent": ThrowEvent,
    "boundaryEvent": BoundaryCatch,
}


def unsupported(element: Element) -> Text | None:
    """Why the engine does not run this element, or None. The lint refuses the same, so that nothing is run half."""
    if element.type not in _SPECS:
        return T("引擎不执行“{type}”。", type=element.type)
    if element.event_subprocess:
        return T("引擎不执行事件子流程，请改用边界事件。")
    if element.compensation:
        return T("引擎不执行补偿。")
    if element.loop is not None and element.loop.standard:
        return T("引擎不执行循环标记，请用网关画出循环，或改用多实例。")
    allowed = _EVENT_KINDS.get(element.type, {"none"})
    if element.type == "sendTask" and element.topic:
        allowed = {"none", "message"}
    if element.event.kind not in allowed:
        return T("引擎在“{type}”上不执行“{kind}”事件。", type=element.type, kind=element.event.kind)
    return None


@dataclass(frozen=True)
class ProcessInfo:
    """What the rest of the program wants to know about a process without running it."""

    key: str
    name: str
    file: str
    documentation: str
    start_groups: tuple[str, ...]
    scopes: str | None  # FEEL
    properties: Mapping[str, str]
    lanes: tuple[Lane, ...]
    elements: Mapping[str, Element]  # by id: name, type, documentation, hint …
    messages: frozenset[str]  # it waits for
    forms: frozenset[str]
    decisions: frozenset[str]
    topics: frozenset[str]
    calls: frozenset[str]


@dataclass(frozen=True, eq=False)
class Release:
    """Compiled diagrams. Immutable; the specs are shared by instances and threads and never changed after `build`."""

    id: str
    processes: Mapping[str, ProcessInfo]  # executable, by process id
    drawings: Mapping[str, Text]  # process id -> why it is only a drawing
    specs: Mapping[str, Any] = field(repr=False)  # by process id, embedded ones as "process/sub-process"

    @classmethod
    def build(cls, release_id: str, files: Mapping[str, bytes]) -> Release:
        """The release of these files (name -> XML), from the cache where it was built before.

        Raises `ZhipingError` (RELEASE_UNREADABLE) for a file that is not readable or two processes of one id: the lint has refused both.
        """
        with _lock:
            if release_id in _cache:
                _cache.move_to_end(release_id)
                return _cache[release_id]
        built = cls._build(release_id, files)
        with _lock:
            _cache[release_id] = built
            while len(_cache) > KEPT_RELEASES:
                _cache.popitem(last=False)
        return built

    @classmethod
    def _build(cls, release_id: str, files: Mapping[str, bytes]) -> Release:
        infos: dict[str, ProcessInfo] = {}
        drawings: dict[str, Text] = {}
        specs: dict[str, Any] = {}
        for file, raw in sorted(files.items()):
            root, problems = read_xml(file, raw)
            if root is None:
                raise ZhipingError(problems[0].text, code="RELEASE_UNREADABLE", file=file)
            for process in el.read_processes(root):
                if process.id in infos or process.id in drawings:
                    raise ZhipingError(
                        T("流程编号“{id}”在这次发布中重复。", id=process.id), code="RELEASE_UNREADABLE", file=file
                    )
                reason = drawing_reason(process)
                if reason is not None:
                    drawings[process.id] = reason
                    continue
                infos[process.id] = _info(process, file)
                specs.update(_compile(process, file))
        return cls(release_id, infos, drawings, specs)

    def info(self, process_key: str) -> ProcessInfo:
        if process_key not in self.processes:
            raise ZhipingError(
                T("这次发布中没有可运行的流程“{key}”。", key=process_key), code="NO_SUCH_PROCESS", key=process_key
            )
        return self.processes[process_key]


_cache: OrderedDict[str, Release] = OrderedDict()
_lock = threading.Lock()


def drawing_reason(process: Process) -> Text | None:
    """Why a diagram is kept as a drawing only, or None for one that runs."""
    if not process.executable:
        return T("标为不可执行，只作为图保存。")
    for element in process.elements.values():
        reason = unsupported(element)
        if reason is not None:
            return T("“{name}”：{reason}只作为图保存。", name=element.label, reason=reason)
    if not any(element.type == "startEvent" and element.parent == process.id for element in process.elements.values()):
        return T("没有开始事件，只作为图保存。")
    return None


def _info(process: Process, file: str) -> ProcessInfo:
    elements = process.elements.values()
    waits = ("intermediateCatchEvent", "boundaryEvent", "receiveTask")
    scopes = process.properties.get("scopes", "").strip()
    return ProcessInfo(
        key=process.id,
        name=process.name,
        file=file,
        documentation=process.documentation,
        start_groups=process.start_groups,
        scopes=el.feel_of(scopes) if scopes else None,
        properties=process.properties,
        lanes=process.lanes,
        elements=process.elements,
        messages=frozenset(e.event.name for e in elements if e.type in waits and e.event.name),
        forms=frozenset(e.form_key for e in elements if e.form_key),
        decisions=frozenset(e.decision_ref for e in elements if e.decision_ref),
        topics=frozenset(e.topic for e in elements if e.topic),
        calls=frozenset(e.called for e in elements if e.called),
    )


def _compile(process: Process, file: str) -> dict[str, Any]:
    """The specs of a process and of the sub-processes embedded in it."""
    names = {process.id: process.id}
    for element in process.elements.values():
        if element.type == "subProcess":
            names[element.id] = f"{process.id}/{element.id}"
    return {name: _scope(process, parent, names, file) for parent, name in names.items()}


def _scope(process: Process, parent: str, names: dict[str, str], file: str) -> ProcessSpec:
    spec = ProcessSpec(names[parent], process.id, file)
    inside = [element for element in process.elements.values() if element.parent == parent]
    entry = {}  # element id -> name of the spec a token arrives at
    for element in inside:
        entry[element.id] = _element(spec, element, names, inside)
    for element in inside:
        node = spec.task_specs[element.id]
        flows = [flow for flow in process.outgoing(element.id) if flow.target in entry]
        node.flows = [(flow.id, entry[flow.target]) for flow in flows]
        if not flows:
            node.flows = [("", END)]  # also where nothing is drawn behind an activity
        node.arriving = [flow.id for flow in process.incoming(element.id) if flow.source in entry]
        if isinstance(node, Deciding):
            _decisions(node, element, flows)
    spec.start.flows = [("", entry[element.id]) for element in inside if element.type == "startEvent"][:1]
    return spec


def _element(spec: ProcessSpec, element: Element, names: dict[str, str], inside: list[Element]) -> str:
    made = ServiceTask if element.type == "sendTask" and element.topic else _SPECS[element.type]
    if element.loop is not None:
        around = MultiInstance(spec, element.id, element)
        around.inner = f"{element.id}#instance"
        node = made(spec, around.inner, element)
    else:
        node = made(spec, element.id, element)
    if isinstance(node, CallActivity):
        node.target = element.called or ""
    elif isinstance(node, SubProcess):
        node.target = names[element.id]
    edge = [event.id for event in inside if event.type == "boundaryEvent" and event.attached_to == element.id]
    if not edge:
        return element.id
    split = BoundarySplit(spec, f"{element.id}#edge")
    split.main, split.events = element.id, edge
    return split.name


def _decisions(node: Deciding, element: Element, flows: list[el.Flow]) -> None:
    node.conditions = [(f.id, f.condition) for f in flows if f.condition and f.id != element.default_flow]
    node.always = [f.id for f in flows if not f.condition and f.id != element.default_flow]
    node.default = element.default_flow if any(f.id == element.default_flow for f in flows) else None
    if not flows:
        node.always = [""]
    if isinstance(node, ExclusiveGateway) and node.always:
        node.default = node.default or node.always[0]
        node.always = []
