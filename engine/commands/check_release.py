"""Does a release hang together: every diagram, and everything a diagram refers to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from engine.bpmn.findings import KnownNames
from engine.bpmn.lint import lint_bpmn
from engine.bpmn.model import Limits
from engine.commands.check_soundness import check_soundness
from engine.commands.contents import EXECUTABLE, Content
from engine.commands.known_release import processes_of
from engine.commands.release_rows import fingerprint
from engine.errors import Problem, ZhipingError
from engine.registry import Registry
from engine.releases import build
from engine.scenarios.script import read_tests
from forms.i18n import T

# What earlier versions of this program took: it refuses a file that is brought now, and no release that was kept then.
NEWER: Final = frozenset({"EXTENDED_TWICE"})


@dataclass(frozen=True)
class _Diagram:
    file: str
    raw: bytes
    calls: Mapping[str, frozenset[str]]  # process that runs -> processes it calls


def check_release(
    whole: Sequence[Content], registry: Registry, brought: Mapping[str, bytes] | None = None
) -> list[Problem]:
    """What stands against the release as a whole. With `brought` (the files just uploaded) also what is only to be
    warned of in them; of what was carried over, and without `brought`, errors alone."""
    fresh = {(file, raw) for file, raw in (brought or {}).items() if file.lower().endswith(".bpmn")}
    diagrams = [
        _diagram(Content("process", "", "", file, raw))
        for file, raw in sorted(fresh | {(c.file, c.raw) for c in whole if c.kind in EXECUTABLE})
    ]
    problems = [
        problem
        for content in whole
        if content.kind == "test" and (brought or {}).get(content.file) == content.raw
        for problem in check_test(content.file, content.raw, whole, registry)
    ]
    for diagram in diagrams:
        known = _names(whole, [other for other in diagrams if other is not diagram])
        found = lint_bpmn(diagram.file, diagram.raw, registry=registry, known=known)
        is_fresh = (diagram.file, diagram.raw) in fresh
        problems += [
            problem for problem in found if is_fresh or (problem.severity == "error" and problem.code not in NEWER)
        ]
        if is_fresh and not any(problem.severity == "error" for problem in found):
            problems += check_soundness(diagram.file, diagram.raw, whole, registry)
    broken = any(problem.severity == "error" for problem in problems)
    return problems if broken or len({c.place for c in whole}) < len(whole) else problems + _compiled(whole, registry)


def check_diagram(file: str, raw: bytes, others: Sequence[Content], registry: Registry) -> list[Problem]:
    """What stands against one diagram among `others`, the rest of its release: the lint's findings, and where it has no error
    also what would stick."""
    files = {content.sha256: content for content in others if content.kind in EXECUTABLE}
    problems = lint_bpmn(
        file, raw, registry=registry, known=_names(others, [_diagram(each) for each in files.values()])
    )
    if any(problem.severity == "error" for problem in problems):
        return problems
    return problems + check_soundness(file, raw, others, registry)


def check_test(file: str, raw: bytes, whole: Sequence[Content], registry: Registry) -> list[Problem]:
    """What stands against one file of tests; whether its scenarios pass is not asked here."""
    test, problems = read_tests(file, raw, registry.scenes)
    if test is not None and test.process not in {content.key for content in whole if content.kind == "process"}:
        text = T("这一版流程里没有可执行的流程“{key}”。", key=test.process)
        problems.append(Problem(file, 1, None, "TEST_WRONG", text))
    return problems


def _names(whole: Sequence[Content], others: Sequence[_Diagram]) -> KnownNames:
    return KnownNames(
        processes=frozenset(key for other in others for key in other.calls),
        forms=frozenset(content.key for content in whole if content.kind == "form"),
        decisions=frozenset(content.key for content in whole if content.kind == "decision"),
        calls={key: called for other in others for key, called in other.calls.items()},
    )


def _compiled(whole: Sequence[Content], registry: Registry) -> list[Problem]:
    """What passes the lint must also be built: else instances would fail on it later, one by one."""
    parts = {(c.kind, c.key): (c.key, c.file, c.raw) for c in whole}
    try:
        build(f"check/{fingerprint(whole)}", parts, registry, Limits())
    except ZhipingError as error:
        return [Problem(str(error.facts.get("file", "")), None, None, error.code, error.text)]
    return []


def _diagram(content: Content) -> _Diagram:
    return _Diagram(
        content.file,
        content.raw,
        {
            process.id: frozenset(e.called for e in process.elements.values() if e.called)
            for process in processes_of(content)
            if process.executable
        },
    )
