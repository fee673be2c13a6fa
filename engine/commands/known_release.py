"""What a release's files say, read once: for checks that look from one file into the others."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Final, TypeVar

from engine.bpmn.dmn import Decision, read_dmn
from engine.bpmn.elements import Element, Process, feel_of, read_processes
from engine.bpmn.feel import Feel
from engine.bpmn.soundness_names import Sources
from engine.bpmn.soundness_values import ANYTHING, Shape, merged
from engine.bpmn.xmlsafe import read_xml
from engine.commands.contents import EXECUTABLE, Content
from engine.registry import Handler, Registry
from engine.scenarios.reading import Unreadable, read_yaml
from forms.definition import FormDefinition
from forms.errors import FormRefused

KEPT: Final = 100  # files of each kind; a release has twenty diagrams

_T = TypeVar("_T")
_lock = threading.Lock()
_read: Final[OrderedDict[tuple[str, str], Any]] = OrderedDict()  # a fact about bytes: (kind, sha256) -> what they say


def _once(kind: str, content: Content, read: Callable[[Content], _T]) -> _T:
    key = (kind, content.sha256)
    with _lock:
        if key in _read:
            _read.move_to_end(key)
            found: _T = _read[key]
            return found
    made = read(content)
    with _lock:
        _read[key] = made
        while len(_read) > KEPT * 2:
            _read.popitem(last=False)
    return made


def processes_of(content: Content) -> list[Process]:
    """The processes drawn in a file, also those that do not run; none where it cannot be read."""
    return _once("process", content, _processes)


def _processes(content: Content) -> list[Process]:
    root, _ = read_xml(content.file, content.raw)
    return read_processes(root) if root is not None else []


def _decisions(content: Content) -> dict[str, Decision]:
    return read_dmn(content.file, content.raw)[0]


def _form(content: Content) -> FormDefinition | None:
    try:
        return FormDefinition.parse(content.raw, content.file)
    except FormRefused:
        return None  # the lint says why


class KnownRelease:
    """`engine.bpmn.soundness_names.World` of a release's contents. Files that the lint refuses say nothing here."""

    def __init__(self, whole: Sequence[Content], registry: Registry, feel: Feel) -> None:
        self._whole, self._registry, self._feel = whole, registry, feel
        self.memo: dict[tuple[str, str], Sources] = {}
        self._by_place = {content.place: content for content in whole}

    @cached_property
    def processes(self) -> dict[str, Process]:
        """Those that run, by key."""
        files = {content.sha256: content for content in self._whole if content.kind in EXECUTABLE}
        found = [process for content in files.values() for process in processes_of(content)]
        return {process.id: process for process in found if process.executable}

    def process(self, key: str) -> Process | None:
        return self.processes.get(key)

    def form(self, key: str) -> FormDefinition | None:
        content = self._by_place.get(("form", key))
        return _once("form", content, _form) if content is not None else None

    def decision(self, key: str) -> Decision | None:
        content = self._by_place.get(("decision", key))
        return _once("decision", content, _decisions).get(key) if content is not None else None

    def handler(self, topic: str) -> Handler | None:
        return self._registry.handlers.get(topic)

    def callers(self, key: str) -> list[tuple[Process, Element]]:
        return self._calls.get(key, [])

    @cached_property
    def _calls(self) -> dict[str, list[tuple[Process, Element]]]:
        calls: dict[str, list[tuple[Process, Element]]] = {}
        for process in self.processes.values():
            for element in process.elements.values():
                if element.called:
                    calls.setdefault(element.called, []).append((process, element))
        return calls

    def thrown(self, message: str) -> dict[str, Shape]:
        sent = dict.fromkeys(self._registry.sends.get(message, ()), ANYTHING)
        return merged(self._thrown.get(message, {}), sent)

    @cached_property
    def _thrown(self) -> dict[str, dict[str, Shape]]:
        thrown: dict[str, dict[str, Shape]] = {}
        for process in self.processes.values():
            for element in process.elements.values():
                text = element.properties.get("variables", "").strip()
                if element.event.name and text:
                    names = dict.fromkeys(self._feel.keys(feel_of(text)), ANYTHING)
                    thrown[element.event.name] = merged(thrown.get(element.event.name, {}), names)
        return thrown

    def brought(self, key: str) -> frozenset[str]:
        return self._shown.get(key, frozenset()) | self._registry.starts.get(key, frozenset())

    @cached_property
    def _shown(self) -> dict[str, frozenset[str]]:
        shown: dict[str, frozenset[str]] = {}
        for content in self._whole:
            if content.kind == "test":
                process, names = _once("test", content, _brought)
                shown[process] = shown.get(process, frozenset()) | names
        return shown


def _brought(content: Content) -> tuple[str, frozenset[str]]:
    """The process a file tests, and the names its scenarios bring when they start it and with messages. What a task brings is
    its form's affair."""
    try:
        test = read_yaml(content.file, content.raw)
    except Unreadable:
        return "", frozenset()  # the lint says why
    names: set[str] = set()
    for scenario in _tables(_entry(test, "scenarios")):
        steps = [*_tables(_entry(scenario, "given")), *_tables(_entry(scenario, "steps"))]
        for brings in (_entry(scenario, "start"), *(_entry(step, "message") for step in steps)):
            variables = _entry(brings, "variables")
            names |= set(variables) if isinstance(variables, dict) else set()
    return str(_entry(test, "process")), frozenset(names)


def _entry(table: Any, name: str) -> Any:
    return table.get(name) if isinstance(table, dict) else None


def _tables(listed: Any) -> list[Any]:
    return listed if isinstance(listed, list) else []
