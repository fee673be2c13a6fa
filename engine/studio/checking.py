"""The gate of the studio: what may be kept as a version at all, and what stands against one file while it is being worked on.

The rules are those of a deployment, from one source: `check_file` asks of one file what `check_release` asks of all of them. It adds what is
only worth knowing (warnings). `admit` is the part that no unfinished work excuses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from engine.bpmn.dmn import admit_dmn
from engine.bpmn.lint import admit_bpmn
from engine.commands import contents
from engine.commands.check_release import check_diagram, check_test
from engine.commands.contents import Content
from engine.errors import Problem
from engine.registry import Registry

# What of a form's findings is harm, not work in progress.
_FORM_HARM: Final = frozenset(
    {
        "FORM_TOO_LARGE",
        "FORM_TOO_DEEP",
        "FORM_ENCODING",
        "FORM_JSON",
        "FORM_DUPLICATE_NAME",
        "FORM_DUPLICATE_ID",
        "FORM_SHAPE",
        "FORM_CHARACTERS",
        "FORM_SCRIPT_LINK",
        "FORM_HTML",
        "FORM_PATTERN",
        "FORM_RESERVED_KEY",
    }
)


def admit(file: str, raw: bytes) -> list[Problem]:
    """What forbids even to keep this file as a version: it cannot be read, or it would harm who opens it. Empty for work that
    is merely unfinished. Never raises for what the file holds; every finding is an error."""
    problems = contents.check_name(file)
    return problems or _ADMIT[contents.kind_of(file) or ""](file, raw)


def check_file(file: str, raw: bytes, whole: Sequence[Content], registry: Registry) -> list[Problem]:
    """Everything that stands against one file, in the order of its lines, by the rules of a deployment.

    `whole`: the release it is to belong to (`ChangeRelease`), with or without an older state of this file. Names are looked
    up there; nothing is compiled and no scenario is played. Bounded in time whatever the file holds; never raises for it.
    """
    problems = contents.check_name(file)
    if problems:
        return problems
    others = [content for content in whole if content.file != file]
    kind = contents.kind_of(file)
    own, problems = contents.read({file: raw})
    if kind == "process":
        problems += check_diagram(file, raw, others, registry)
    elif kind == "test" and own:
        problems += check_test(file, raw, others, registry)
    # What was carried over is replaced by a file that brings the same key; what the change brings beside it is not.
    problems += contents.keys_twice(own, [content for content in others if content.id is None])
    return sorted(problems, key=lambda problem: problem.line or 0)


def _admit_form(file: str, raw: bytes) -> list[Problem]:
    return [problem for problem in contents.read({file: raw})[1] if problem.code in _FORM_HARM]


def _admit_test(file: str, raw: bytes) -> list[Problem]:
    return contents.read({file: raw})[1]


_ADMIT: Final[dict[str, Callable[[str, bytes], list[Problem]]]] = {
    "process": admit_bpmn,
    "decision": admit_dmn,
    "form": _admit_form,
    "test": _admit_test,
}
