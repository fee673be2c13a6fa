"""What the lint knows of the rest of the release, and where it writes down what it finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from engine.errors import Problem
from forms.i18n import Text


@dataclass(frozen=True)
class KnownNames:
    """What else the release holds. None: not known, so references to it are not judged."""

    processes: frozenset[str] | None = None  # that run, of the other files
    forms: frozenset[str] | None = None
    decisions: frozenset[str] | None = None
    calls: Mapping[str, frozenset[str]] = field(
        default_factory=dict
    )  # process -> processes it calls, of the other files


MAX_PROBLEMS: Final = 300  # nobody reads more, and a hostile file must not fill pages


class Findings:
    """Collects the problems of one file, up to `MAX_PROBLEMS`."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def error(self, line: int | None, element: str | None, code: str, text: Text, **facts: Any) -> None:
        self._add(Problem(self.file, line, element, code, text, "error", facts))

    def warn(self, line: int | None, element: str | None, code: str, text: Text, **facts: Any) -> None:
        self._add(Problem(self.file, line, element, code, text, "warning", facts))

    def _add(self, problem: Problem) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(problem)
        elif problem.severity == "error" and all(kept.severity == "warning" for kept in self.problems):
            self.problems[-1] = problem  # warnings alone must not let a bad file through
