"""Which tests concern what was brought: the brought ones, and those whose process relies on anything that was brought."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from engine.bpmn.elements import Element, read_processes
from engine.bpmn.xmlsafe import read_xml
from engine.commands.contents import Content, Place
from engine.scenarios.kit import Scenes
from engine.scenarios.script import TestFile, read_tests


def concerned(whole: Sequence[Content], brought: Collection[Place], scenes: Scenes) -> list[TestFile]:
    """The test files of the release to be played, in order. One that cannot be read is left out: the lint refuses it where
    it is brought, and one carried over was read when it came."""
    tests = [content for content in whole if content.kind == "test"]
    if not tests:
        return []
    relied = _relied(whole)
    found = []
    for content in sorted(tests, key=lambda each: each.file):
        test, _ = read_tests(content.file, content.raw, scenes)
        if test is None:
            continue
        needed = _closure(("process", test.process), relied) | {content.place}
        if not needed.isdisjoint(brought):
            found.append(test)
    return found


def _relied(whole: Sequence[Content]) -> dict[Place, set[Place]]:
    """Process -> what it calls, asks and shows."""
    relied: dict[Place, set[Place]] = {}
    for raw in {content.raw for content in whole if content.kind == "process"}:
        root, _ = read_xml("", raw)
        for process in read_processes(root) if root is not None else ():
            relied[("process", process.id)] = {
                place for element in process.elements.values() for place in _named(element)
            }
    return relied


def _named(element: Element) -> list[Place]:
    named = (("process", element.called), ("decision", element.decision_ref), ("form", element.form_key))
    return [(kind, key) for kind, key in named if key]


def _closure(place: Place, relied: dict[Place, set[Place]]) -> set[Place]:
    seen: set[Place] = set()
    left = [place]
    while left:
        at = left.pop()
        if at not in seen:
            seen.add(at)
            left += relied.get(at, ())
    return seen
