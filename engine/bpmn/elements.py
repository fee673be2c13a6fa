"""A diagram as plain values: what stands in the XML, with line numbers, before anybody judges or runs it.

Reading never fails on content: what is missing is None, what is unknown keeps its tag name. The lint judges, `parse` builds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

BPMN: Final = "http://www.omg.org/spec/BPMN/20100524/MODEL"
CAMUNDA: Final = "http://camunda.org/schema/1.0/bpmn"

ACTIVITIES: Final = frozenset(
    {"task", "userTask", "manualTask", "serviceTask", "sendTask", "receiveTask", "scriptTask", "businessRuleTask"}
)
CONTAINERS: Final = frozenset({"subProcess", "callActivity", "transaction", "adHocSubProcess"})
GATEWAYS: Final = frozenset(
    {"exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway", "complexGateway"}
)
EVENTS: Final = frozenset(
    {
        "startEvent",
        "endEvent",
        "intermediateCatchEvent",
        "intermediateThrowEvent",
        "boundaryEvent",
        "implicitThrowEvent",
    }
)
FLOW_NODES: Final = ACTIVITIES | CONTAINERS | GATEWAYS | EVENTS
HUMAN: Final = frozenset({"task", "userTask", "manualTask"})

_MARKED: Final = re.compile(r"\s*(?:=(?P<feel>.*)|[$#]\{(?P<el>.*)\})\s*", re.DOTALL)


def feel_of(text: str) -> str:
    """The FEEL expression of a slot that is FEEL anyway: a leading `=` or a surrounding `${…}` is taken off."""
    found = _MARKED.fullmatch(text)
    return (found["feel"] if found["feel"] is not None else found["el"]).strip() if found else text.strip()


def marked_feel(text: str) -> str | None:
    """The FEEL expression of a slot that is literal unless marked, or None for a literal."""
    found = _MARKED.fullmatch(text)
    return feel_of(text) if found else None


@dataclass(frozen=True)
class Lane:
    id: str | None
    name: str
    group: str
    scope: str | None
    line: int
    refs: tuple[str, ...]
    inside: str | None = None  # id of the lane around it


@dataclass(frozen=True)
class Flow:
    id: str
    name: str
    source: str
    target: str
    condition: str | None  # FEEL, markers taken off
    condition_language: str | None
    line: int


@dataclass(frozen=True)
class Loop:
    sequential: bool
    collection: str | None  # FEEL
    variable: str | None
    cardinality: str | None  # FEEL
    completion: str | None  # FEEL
    output_collection: str | None
    output_element: str | None  # FEEL
    standard: bool = False  # a standard loop marker, which we do not run


@dataclass(frozen=True)
class InOut:
    """camunda:in or camunda:out: one variable by name or FEEL, or everything."""

    source: str | None
    expression: str | None  # FEEL
    target: str | None
    everything: bool


@dataclass(frozen=True)
class Event:
    """An event definition. `kind`: none, timer, message, error, terminate, or what we do not run (signal, link …)."""

    kind: str
    ref: str | None = None  # id of the message or error as written
    name: str | None = None  # message name
    code: str | None = None  # error code
    code_variable: str | None = None
    message_variable: str | None = None
    timer: str | None = None  # date, duration, cycle
    text: str | None = None  # of the timer, as written


@dataclass(frozen=True)
class Element:
    """A flow node of a process, with everything its extensions say."""

    id: str
    name: str
    type: str  # local tag name
    line: int
    process: str  # id of the process it stands in
    parent: str  # id of the process or sub-process right around it
    documentation: str = ""
    properties: dict[str, str] = field(default_factory=dict)
    lane: Lane | None = None
    event: Event = Event("none")
    attached_to: str | None = None
    interrupting: bool = True
    loop: Loop | None = None
    default_flow: str | None = None
    form_key: str | None = None
    assignee: str | None = None
    candidate_users: str | None = None
    candidate_groups: str | None = None
    due: str | None = None
    follow_up: str | None = None
    topic: str | None = None
    parameters: dict[str, str] = field(default_factory=dict)
    result_variable: str | None = None
    decision_ref: str | None = None
    script: str | None = None
    script_format: str | None = None
    called: str | None = None
    inputs: tuple[InOut, ...] = ()
    outputs: tuple[InOut, ...] = ()
    event_subprocess: bool = False
    compensation: bool = False

    @property
    def human(self) -> bool:
        return self.type in HUMAN

    @property
    def hint(self) -> str:
        return self.properties.get("hint", "")

    @property
    def label(self) -> str:
        return self.name or self.id


@dataclass(frozen=True)
class Process:
    id: str
    name: str
    executable: bool
    line: int
    documentation: str
    properties: dict[str, str]
    start_groups: tuple[str, ...]
    lanes: tuple[Lane, ...]
    elements: dict[str, Element]
    flows: tuple[Flow, ...]

    def outgoing(self, element_id: str) -> list[Flow]:
        return [flow for flow in self.flows if flow.source == element_id]

    def incoming(self, element_id: str) -> list[Flow]:
        return [flow for flow in self.flows if flow.target == element_id]


def local(node: Any) -> str:
    tag = node.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def is_bpmn(node: Any, *names: str) -> bool:
    tag = node.tag
    return isinstance(tag, str) and tag.startswith(f"{{{BPMN}}}") and (not names or local(node) in names)


def children(node: Any, *names: str) -> Iterator[Any]:
    return (child for child in node if is_bpmn(child, *names))


def text_of(node: Any, name: str) -> str | None:
    for child in children(node, name):
        return (child.text or "").strip()
    return None


def camunda(node: Any, name: str) -> str | None:
    value = node.get(f"{{{CAMUNDA}}}{name}")
    return value.strip() if value and value.strip() else None


def extensions(node: Any, *path: str) -> Iterator[Any]:
    """The camunda: elements under `bpmn:extensionElements`, by their local names."""
    found = [child for extension in children(node, "extensionElements") for child in extension]
    for depth, name in enumerate(path):
        found = [child for child in found if child.tag == f"{{{CAMUNDA}}}{name}"]
        if depth < len(path) - 1:
            found = [grandchild for child in found for grandchild in child]
    return iter(found)


def properties(node: Any) -> dict[str, str]:
    return {
        item.get("name"): item.get("value") or ""
        for item in extensions(node, "properties", "property")
        if item.get("name")
    }


def split_names(text: str | None) -> tuple[str, ...]:
    """A comma-separated list of names; the Chinese comma counts too."""
    return tuple(part.strip() for part in re.split("[,，]", text or "") if part.strip())


def read_processes(root: Any) -> list[Process]:
    """All processes of a file, in order. `root` comes from `xmlsafe.read_xml`."""
    messages = {node.get("id"): node.get("name") for node in root.iter(f"{{{BPMN}}}message")}
    errors = {node.get("id"): node.get("errorCode") or node.get("name") for node in root.iter(f"{{{BPMN}}}error")}
    pools = {
        node.get("processRef"): node.get("name")
        for node in root.iter(f"{{{BPMN}}}participant")
        if node.get("processRef")
    }
    return [_process(node, messages, errors, pools) for node in children(root, "process")]


def _process(node: Any, messages: dict[str, Any], errors: dict[str, Any], pools: dict[str, Any]) -> Process:
    key = node.get("id") or ""
    lanes = tuple(_lanes(node))
    by_ref = {ref: lane for lane in lanes for ref in lane.refs}  # a nested lane comes later and wins
    elements: dict[str, Element] = {}
    flows: list[Flow] = []
    # Iterative: a file may nest sub-processes as deep as the XML reader allows.
    scopes: list[tuple[Any, str, Lane | None]] = [(node, key, None)]
    while scopes:
        scope, parent, around = scopes.pop()
        for child in children(scope):
            name = local(child)
            if name == "sequenceFlow":
                flows.append(_flow(child))
            elif name in FLOW_NODES:
                lane = by_ref.get(child.get("id")) or around
                element = _element(child, key, parent, lane, messages, errors)
                elements.setdefault(element.id, element)
                if name in CONTAINERS and name != "callActivity":
                    scopes.append((child, element.id, lane))
    return Process(
        id=key,
        name=node.get("name") or pools.get(key) or key,
        executable=node.get("isExecutable", "true").strip().lower() == "true",
        line=node.sourceline,
        documentation=text_of(node, "documentation") or "",
        properties=properties(node),
        start_groups=split_names(camunda(node, "candidateStarterGroups")),
        lanes=lanes,
        elements=elements,
        flows=tuple(flows),
    )


def _lanes(node: Any) -> Iterator[Lane]:
    for lane_set in node.iter(f"{{{BPMN}}}laneSet", f"{{{BPMN}}}childLaneSet"):
        around = lane_set.getparent().get("id") if is_bpmn(lane_set, "childLaneSet") else None
        for lane in children(lane_set, "lane"):
            given = properties(lane)
            name = lane.get("name") or ""
            yield Lane(
                id=lane.get("id"),
                name=name,
                group=given.get("group", "").strip() or name.strip(),
                scope=given.get("scope", "").strip() or None,
                line=lane.sourceline,
                refs=tuple((ref.text or "").strip() for ref in children(lane, "flowNodeRef")),
                inside=around,
            )


def _flow(node: Any) -> Flow:
    condition, language = None, None
    for expression in children(node, "conditionExpression"):
        condition, language = feel_of(expression.text or ""), expression.get("language")
    return Flow(
        id=node.get("id") or "",
        name=node.get("name") or "",
        source=node.get("sourceRef") or "",
        target=node.get("targetRef") or "",
        condition=condition,
        condition_language=language,
        line=node.sourceline,
    )


def _element(
    node: Any, process: str, parent: str, lane: Lane | None, messages: dict[str, Any], errors: dict[str, Any]
) -> Element:
    given = properties(node)
    if given.get("scope", "").strip() and lane is not None:
        lane = replace(lane, scope=given["scope"].strip())
    return Element(
        id=node.get("id") or "",
        name=(node.get("name") or "").strip(),
        type=local(node),
        line=node.sourceline,
        process=process,
        parent=parent,
        documentation=text_of(node, "documentation") or "",
        properties=given,
        lane=lane,
        event=_event(node, messages, errors),
        attached_to=node.get("attachedToRef"),
        interrupting=node.get("cancelActivity", "true").strip().lower() == "true",
        loop=_loop(node, given),
        default_flow=node.get("default"),
        form_key=camunda(node, "formKey"),
        assignee=camunda(node, "assignee"),
        candidate_users=camunda(node, "candidateUsers"),
        candidate_groups=camunda(node, "candidateGroups"),
        due=camunda(node, "dueDate"),
        follow_up=camunda(node, "followUpDate"),
        topic=camunda(node, "topic"),
        parameters={
            item.get("name") or "": (item.text or "").strip() if not len(item) else ""
            for item in extensions(node, "inputOutput", "inputParameter")
        },
        result_variable=camunda(node, "resultVariable"),
        decision_ref=camunda(node, "decisionRef"),
        script=text_of(node, "script"),
        script_format=node.get("scriptFormat"),
        called=(node.get("calledElement") or "").strip() or None,
        inputs=tuple(_in_out(item) for item in extensions(node, "in") if not item.get("businessKey")),
        outputs=tuple(_in_out(item) for item in extensions(node, "out")),
        event_subprocess=node.get("triggeredByEvent", "false").strip().lower() == "true",
        compensation=node.get("isForCompensation", "false").strip().lower() == "true",
    )


def _event(node: Any, messages: dict[str, Any], errors: dict[str, Any]) -> Event:
    if local(node) in {"receiveTask", "sendTask"}:
        ref = node.get("messageRef")
        return (
            Event("message", ref=ref, name=messages.get(ref)) if ref or local(node) == "receiveTask" else Event("none")
        )
    if local(node) not in EVENTS:
        return Event("none")
    found = [child for child in children(node) if local(child).endswith("EventDefinition")]
    if len(found) > 1:
        return Event("multiple")
    if not found:
        return Event("none")
    definition, kind = found[0], local(found[0]).removesuffix("EventDefinition")
    if kind == "message":
        ref = definition.get("messageRef")
        return Event(kind, ref=ref, name=messages.get(ref))
    if kind == "error":
        ref = definition.get("errorRef")
        return Event(
            kind,
            ref=ref,
            code=errors.get(ref),
            code_variable=camunda(definition, "errorCodeVariable"),
            message_variable=camunda(definition, "errorMessageVariable"),
        )
    if kind == "timer":
        for name, timer in (("timeDate", "date"), ("timeDuration", "duration"), ("timeCycle", "cycle")):
            text = text_of(definition, name)
            if text is not None:
                return Event(kind, timer=timer, text=text)
    return Event(kind)


def _loop(node: Any, given: dict[str, str]) -> Loop | None:
    for loop in children(node, "multiInstanceLoopCharacteristics"):
        collection, cardinality = camunda(loop, "collection"), text_of(loop, "loopCardinality")
        completion, output = text_of(loop, "completionCondition"), given.get("outputElement", "").strip()
        return Loop(
            sequential=loop.get("isSequential", "false").strip().lower() == "true",
            collection=feel_of(collection) if collection else None,
            variable=camunda(loop, "elementVariable"),
            cardinality=feel_of(cardinality) if cardinality else None,
            completion=feel_of(completion) if completion else None,
            output_collection=given.get("outputCollection", "").strip() or None,
            output_element=feel_of(output) if output else None,
        )
    for _ in children(node, "standardLoopCharacteristics"):
        return Loop(False, None, None, None, None, None, None, standard=True)
    return None


def _in_out(item: Any) -> InOut:
    expression = item.get("sourceExpression")
    return InOut(
        source=item.get("source"),
        expression=feel_of(expression) if expression else None,
        target=item.get("target"),
        everything=item.get("variables") == "all",
    )
