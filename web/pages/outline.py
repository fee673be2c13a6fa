"""A diagram in words: its steps by lane, and what may come after one of them.

Works on the stored BPMN text of a definition (already gated at upload), never on a running state.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import islice
from typing import Any

from engine.bpmn.xmlsafe import read_xml

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
CAMUNDA = "{http://camunda.org/schema/1.0/bpmn}"

_STOPS = {
    "userTask": "person",
    "manualTask": "person",
    "task": "person",
    "callActivity": "call",
    "subProcess": "group",
    "intermediateCatchEvent": "wait",
    "receiveTask": "wait",
    "endEvent": "end",
}
_PASSED = {
    "serviceTask",
    "scriptTask",
    "businessRuleTask",
    "sendTask",
    "intermediateThrowEvent",
    "exclusiveGateway",
    "inclusiveGateway",
    "parallelGateway",
    "eventBasedGateway",
    "startEvent",
    "boundaryEvent",
}
_WAYS_ENOUGH = 100  # ways on from one step that are looked at
_DEEP_ENOUGH = 40  # elements walked from one step; a drawing that needs more is not read by anybody


@dataclass(frozen=True)
class Element:
    """One flow node. `kind` is the BPMN tag; `parent` the enclosing sub-process id, None at the top."""

    id: str
    kind: str
    name: str
    lane: str | None
    parent: str | None
    called: str | None = None  # process key of a call activity
    attached_to: str | None = None  # of a boundary event
    timer: bool = False
    message: bool = False
    due: str = ""  # of a user task, as written: FEEL or ISO 8601


@dataclass(frozen=True)
class Flow:
    target: str
    name: str
    condition: str


Turn = tuple[str, str]


@dataclass(frozen=True)
class NextStep:
    """Something that may come after a step. `via`: (gateway's name, branch's name) of the turns taken on the way, in order.

    `kind`: `person`, `call`, `group`, `wait`, `end`; `stage` is the end of a sub-process behind which it depends.
    """

    kind: str
    element_id: str
    name: str
    lane: str | None
    via: tuple[Turn, ...] = ()


@dataclass
class Outline:
    """The flow nodes of one process and how they hang together."""

    key: str
    name: str
    elements: dict[str, Element] = field(default_factory=dict)
    flows: dict[str, list[Flow]] = field(default_factory=dict)
    flow_names: dict[str, str] = field(default_factory=dict)

    def name_of(self, element_id: str) -> str:
        element = self.elements.get(element_id)
        return element.name if element and element.name else element_id

    def next_steps(self, element_id: str) -> list[NextStep]:
        """What may come after `element_id`, each stop once, in the order drawn. Where several ways lead to one stop, only the
        turns they share are told: the others make no difference to it. Empty for an unknown element."""
        found: dict[str, list[NextStep]] = {}
        for step in islice(self._walk(element_id, (), frozenset({element_id})), _WAYS_ENOUGH):
            found.setdefault(step.element_id, []).append(step)
        return [
            replace(ways[0], via=tuple(turn for turn in ways[0].via if all(turn in way.via for way in ways)))
            for ways in found.values()
        ]

    def deadlines(self, element_id: str) -> list[tuple[Element, list[NextStep]]]:
        """What happens beside a step: its boundary timers, each with what follows when it fires."""
        return [
            (element, self.next_steps(element.id))
            for element in self.elements.values()
            if element.attached_to == element_id and element.timer
        ]

    def _walk(self, element_id: str, via: tuple[Turn, ...], seen: frozenset[str]) -> Iterator[NextStep]:
        """Every way on, as far as its first stop."""
        element = self.elements.get(element_id)
        flows = self.flows.get(element_id, [])
        if not flows and element is not None and element.parent and element.parent not in seen:
            # The end of a sub-process goes on after the sub-process.
            yield from self._walk(element.parent, via, seen | {element.parent})
        for flow in flows:
            target = self.elements.get(flow.target)
            if target is None or target.id in seen or len(seen) > _DEEP_ENOUGH:
                continue
            path = (*via, (element.name if element else "", flow.name)) if flow.name else via
            beyond = seen | {target.id}
            kind = _STOPS.get(target.kind)
            if kind == "end" and target.parent:
                following = list(islice(self._walk(target.parent, path, beyond | {target.parent}), _WAYS_ENOUGH))
                # Where the surrounding process ends with it, or only sometimes goes on, the inner end says more.
                if target.name and any(step.kind == "end" for step in following):
                    last = all(step.kind == "end" for step in following)
                    yield NextStep("end" if last else "stage", target.id, target.name, target.lane, path)
                else:
                    yield from following
            elif kind is not None:
                yield NextStep(kind, target.id, target.name or target.id, target.lane, path)
            elif target.kind in _PASSED:
                yield from self._walk(target.id, path, beyond)

    def stands_by(self, element_id: str) -> bool:
        """Whether an element only waits beside something else: on the edge of an activity, or as the message that may come
        instead of a date."""
        element = self.elements.get(element_id)
        if element is None or element.kind == "boundaryEvent":
            return element is not None
        return element.message and any(
            one.kind == "eventBasedGateway" and any(flow.target == element_id for flow in self.flows.get(one.id, ()))
            for one in self.elements.values()
        )

    def main_steps(self) -> list[Element]:
        """What is passed from the start on, each step behind all that lead to it (loops aside), sub-processes opened; what only
        an interruption leads to is left out."""
        starts = [one.id for one in self.elements.values() if one.kind == "startEvent" and one.parent is None]
        ways = [iter(starts)]
        path, seen, behind = [""], set[str](), list[str]()
        while ways:
            target = next(ways[-1], None)
            if target is None:
                ways.pop()
                behind.append(path.pop())
            elif target not in seen and target in self.elements:
                seen.add(target)
                path.append(target)
                ways.append(reversed(self._passed_next(target)))
        shown = _STOPS.keys() - {"endEvent", "subProcess"}
        found = [self.elements[one] for one in reversed(behind) if one]
        return [one for one in found if one.kind in shown and one.name]

    def _passed_next(self, element_id: str) -> list[str]:
        """Where one comes next: into a sub-process, along the flows, or out of the sub-process that ends here."""
        element: Element | None = self.elements[element_id]
        inner = [one.id for one in self.elements.values() if one.kind == "startEvent" and one.parent == element_id]
        if inner:
            return inner
        while element is not None and not self.flows.get(element.id):
            element = self.elements.get(element.parent) if element.parent else None
        return [flow.target for flow in self.flows[element.id]] if element is not None else []

    def steps(self) -> list[Element]:
        """The steps a person would name when telling the process, in the order drawn."""
        return [element for element in self.elements.values() if element.kind in _STOPS and element.name]


@lru_cache(maxsize=256)
def read(xml: bytes, process_key: str | None = None) -> Outline:
    """The outline of process `process_key` in a BPMN file (the first executable one, else the first, without it).

    Raises ValueError for a text that is not XML or holds no process.
    """
    root, problems = read_xml("", xml)
    if root is None:
        raise ValueError(str(problems[0].text) if problems else "not XML")
    processes = root.findall(f"{BPMN}process")
    chosen = next((p for p in processes if p.get("id") == process_key), None)
    if chosen is None:
        chosen = next((p for p in processes if p.get("isExecutable") == "true"), processes[0] if processes else None)
    if chosen is None:
        raise ValueError("no process")
    outline = Outline(chosen.get("id") or "", chosen.get("name") or chosen.get("id") or "")
    lanes = {
        (reference.text or "").strip(): lane.get("name") or ""
        for lane in chosen.iter(f"{BPMN}lane")
        for reference in lane.findall(f"{BPMN}flowNodeRef")
    }
    _collect(chosen, None, lanes, None, outline)
    return outline


def _collect(scope: Any, parent: str | None, lanes: dict[str, str], lane: str | None, into: Outline) -> None:
    for node in scope:
        if not isinstance(node.tag, str) or not node.tag.startswith(BPMN):
            continue
        tag = node.tag[len(BPMN) :]
        identifier = node.get("id") or ""
        if tag == "sequenceFlow":
            condition = node.findtext(f"{BPMN}conditionExpression") or ""
            flow = Flow(node.get("targetRef") or "", _plain(node.get("name")), condition.strip())
            into.flows.setdefault(node.get("sourceRef") or "", []).append(flow)
            into.flow_names[identifier] = flow.name
        elif tag in _STOPS or tag in _PASSED:
            own_lane = lanes.get(identifier, lane)
            into.elements[identifier] = Element(
                identifier,
                tag,
                _plain(node.get("name")),
                own_lane,
                parent,
                node.get("calledElement"),
                node.get("attachedToRef"),
                node.find(f"{BPMN}timerEventDefinition") is not None,
                node.find(f"{BPMN}messageEventDefinition") is not None,
                node.get(f"{CAMUNDA}dueDate") or "",
            )
            if tag == "subProcess":
                _collect(node, identifier, lanes, own_lane, into)


def _plain(text: str | None) -> str:
    return " ".join((text or "").split())
