"""What no repair of a single case may touch: steps and variables by which a vote comes to its result.

A step is known by what only the office gives (topics, decisions, messages; `engine.registry.Protected`), never by an id or a name
that whoever draws a diagram may change. Whatever leads into such a step by a call or a sub-process is as protected as the step.
A variable is protected where its name is, where such a step or any decision table sets it, where its process keeps it secret, and
where a script or a mapping makes it out of one of these.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from engine.bpmn.elements import Element, split_names
from engine.bpmn.parse import ProcessInfo, Release
from engine.registry import Handler, Protected
from forms.i18n import T, Text

_WORD = re.compile(r"\w+")


@dataclass
class Guard:
    """Over the diagrams of one release. `handlers`: the registry's, whose result schemas say what a protected step sets."""

    release: Release
    protected: Protected
    handlers: Mapping[str, Handler]
    _inside: dict[tuple[str, str], bool] = field(default_factory=dict)
    _names: dict[str, Text] | None = None
    _ahead: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)

    def element(self, process_key: str, element_id: str) -> bool:
        """Whether no token may be moved from, to or over this step."""
        info = self.release.processes.get(process_key)
        element = info.elements.get(element_id) if info else None
        return element is not None and self._element(element, frozenset())

    def scope(self, process_key: str, parent: str) -> bool:
        """Whether nothing at all may be moved or set in this process or sub-process: where a vote is taken, the steps of people
        between the protected ones belong to the vote as much as they do."""
        if process_key not in self.protected.processes:
            return False
        info = self.release.info(process_key)
        while True:
            if self._holds(info, parent, frozenset()) and (parent != process_key or self._directly(info, parent)):
                return True
            if parent == process_key:
                return False
            parent = info.elements[parent].parent

    def between(self, process_key: str, parent: str, one: str, other: str) -> list[Element]:
        """Protected steps on a way from `one` to `other` or back, both among them, all of the same scope."""
        info = self.release.info(process_key)
        ways = Ways.of(self.release, process_key, parent)
        over = {one, other}
        over |= ways.behind(one) & ways.before(other)
        over |= ways.behind(other) & ways.before(one)
        return [info.elements[each] for each in sorted(over) if self.element(process_key, each)]

    def ahead(self, process_key: str, element_id: str) -> frozenset[str]:
        """What of votes, results, notices and certificates is still to come, in its scope, for a token that stands at this step: their
        topics, decisions and messages. The step itself and all inside it count, whatever of it is done already."""
        key = (process_key, element_id)
        if key not in self._ahead:
            info = self.release.info(process_key)
            behind = Ways.of(self.release, process_key, info.elements[element_id].parent).behind(element_id)
            steps = [info.elements[each] for each in sorted(behind | {element_id}) if each in info.elements]
            self._ahead[key] = frozenset(mark for step in steps for mark in self._marks(step, frozenset()))
        return self._ahead[key]

    def all_of(self, process_key: str) -> frozenset[str]:
        """The same of a whole process and all that it calls."""
        elements = self.release.info(process_key).elements.values()
        return frozenset(mark for each in elements for mark in self._marks(each, frozenset({process_key})))

    def variable(self, name: str) -> Text | None:
        """Why this variable may not be set by hand, or None."""
        if self._names is None:
            self._names = self._protected_names()
        return self._names.get(name)

    # -- steps ------------------------------------------------------------------------------------------------------

    def _element(self, element: Element, seen: frozenset[str]) -> bool:
        if element.topic in self.protected.topics or element.decision_ref in self.protected.decisions:
            return True
        if element.event.kind == "message" and element.event.name in self.protected.messages:
            return True
        if element.type == "callActivity":
            called = self.release.processes.get(element.called or "")
            return called is not None and called.key not in seen and self._holds(called, called.key, seen)
        if element.type == "subProcess":
            return self._holds(self.release.info(element.process), element.id, seen)
        return False

    def _holds(self, info: ProcessInfo, parent: str, seen: frozenset[str]) -> bool:
        key = (info.key, parent)
        if key not in self._inside:
            inside = [element for element in info.elements.values() if element.parent == parent]
            held = any(self._element(element, seen | {info.key}) for element in inside)
            if seen:  # an answer that left a process out because it is being looked at is no answer for others
                return held
            self._inside[key] = held
        return self._inside[key]

    def _marks(self, element: Element, seen: frozenset[str]) -> Iterator[str]:
        """By what the step, or one inside it, is known as protected."""
        if element.topic in self.protected.topics:
            yield f"topic {element.topic}"
        if element.decision_ref in self.protected.decisions:
            yield f"decision {element.decision_ref}"
        if element.event.kind == "message" and element.event.name in self.protected.messages:
            yield f"message {element.event.name}"
        inside: Iterable[Element] = ()
        if element.type == "callActivity":
            called = self.release.processes.get(element.called or "")
            if called is not None and called.key not in seen:
                inside, seen = called.elements.values(), seen | {called.key}
        elif element.type == "subProcess":
            inside = [e for e in self.release.info(element.process).elements.values() if e.parent == element.id]
        for each in inside:
            yield from self._marks(each, seen)

    def _directly(self, info: ProcessInfo, parent: str) -> bool:
        inside = (
            e for e in info.elements.values() if e.parent == parent and e.type not in ("subProcess", "callActivity")
        )
        return any(self._element(element, frozenset()) for element in inside)

    # -- variables --------------------------------------------------------------------------------------------------

    def _protected_names(self) -> dict[str, Text]:
        vote = T("它出自认定、投票、结果、公示或发证的步骤，任何人都不能手工改。")
        secret = T("流程把它列为保密内容，不能在这里看或改。")
        table = T("它是决策表得出的结论，不能手工改；请改它所依据的资料，再退回那一步重新判断。")
        found = dict.fromkeys(self.protected.variables, vote)
        for info in self.release.processes.values():
            for element in info.elements.values():
                if element.topic in self.protected.topics:
                    for name in self._set_by(element):
                        found.setdefault(name, vote)
                if element.decision_ref in self.protected.decisions and element.result_variable:
                    found.setdefault(element.result_variable, vote)
        for info in self.release.processes.values():
            for name in split_names(info.properties.get("secret")):
                found.setdefault(name, secret)
            for element in info.elements.values():
                if element.decision_ref and element.result_variable:
                    found.setdefault(element.result_variable, table)
        derived = [pair for info in self.release.processes.values() for pair in _derived(info)]
        grown = True
        while grown:
            grown = False
            for name, source in derived:
                if name in found:
                    continue
                reason = next((found[word] for word in _WORD.findall(source) if word in found), None)
                if reason is not None:
                    found[name], grown = reason, True
        return found

    def _set_by(self, element: Element) -> Iterable[str]:
        if element.result_variable:
            return (element.result_variable,)
        handler = self.handlers.get(element.topic or "")
        return tuple(handler.result().fields) if handler else ()


def _derived(info: ProcessInfo) -> Iterator[tuple[str, str]]:
    """(name, the text it is made from) of every variable that a script, a mapping or a loop makes out of others."""
    for element in info.elements.values():
        if element.script and element.result_variable:
            yield element.result_variable, element.script
        for item in (*element.inputs, *element.outputs):
            if item.target:
                yield item.target, item.expression or item.source or ""
        if element.loop is not None:
            if element.loop.output_collection and element.loop.output_element:
                yield element.loop.output_collection, element.loop.output_element
            if element.loop.variable and element.loop.collection:
                yield element.loop.variable, element.loop.collection


@dataclass(frozen=True)
class Ways:
    """The flows of one scope. An activity leads to the events on its edge as well."""

    forward: Mapping[
        str, tuple[tuple[str, str], ...]
    ]  # element -> (flow, element); an event on the edge has no flow: ""

    @classmethod
    def of(cls, release: Release, process_key: str, parent: str) -> Ways:
        specs = release.specs[process_key if parent == process_key else f"{process_key}/{parent}"].task_specs
        forward: dict[str, list[tuple[str, str]]] = {}
        for element in release.info(process_key).elements.values():
            if element.parent != parent:
                continue
            ways = [(flow, target.partition("#")[0]) for flow, target in specs[element.id].flows if flow]
            forward.setdefault(element.id, []).extend(ways)
            if element.attached_to:
                forward.setdefault(element.attached_to, []).append(("", element.id))
        return cls({each: tuple(ways) for each, ways in forward.items()})

    def behind(self, start: str, *, without: str | None = None) -> set[str]:
        """What can be reached from `start`, itself only by a way round; never through `without`."""
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            for _, target in self.forward.get(waiting.pop(), ()):
                if target not in seen:
                    seen.add(target)
                    if target != without:
                        waiting.append(target)
        return seen

    def before(self, end: str) -> set[str]:
        return {each for each in self.forward if end in self.behind(each)}

    def arrivals(self, start: str, join: str) -> frozenset[str]:
        """The flows by which a token at `start` may come to `join` for the first time."""
        near = {start} | self.behind(start, without=join)
        near.discard(join)
        return frozenset(flow for each in near for flow, target in self.forward.get(each, ()) if target == join)
