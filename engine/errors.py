"""One family of errors: a code for programs, a sentence for people, the facts in attributes.

The engine never speaks HTTP; `web` alone maps these classes to status codes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine import remedies
from forms.i18n import T, Text


class ZhipingError(Exception):
    """Base of everything we raise on purpose. `code` is stable; `text` says what to do, in the reader's language."""

    code = "ERROR"

    def __init__(self, text: Text, *, code: str | None = None, **facts: Any) -> None:
        super().__init__(text)
        self.text = text
        self.code = code or type(self).code
        self.facts = facts

    def __str__(self) -> str:
        return f"{self.code}: {self.text}"


class NotFound(ZhipingError):
    """There is no such thing, or the caller must not know of it (404)."""

    code = "NOT_FOUND"


class Forbidden(ZhipingError):
    """The caller is known and may not do this (403)."""

    code = "FORBIDDEN"


class Unauthenticated(ZhipingError):
    """Nobody is logged in, or the credentials are wrong (401)."""

    code = "UNAUTHENTICATED"


class Conflict(ZhipingError):
    """Somebody else was first (409). Facts: `by` (display name or None), `at` (aware datetime or None)."""

    code = "CONFLICT"


class Refused(ZhipingError):
    """A rule forbids this step (422). Raised by handlers and commands; nothing changes, one audit event is kept.

    While a person's command runs, it refuses the whole command unless a boundary error event catches `code`;
    while a timer or a message runs, it becomes an incident.
    """

    code = "REFUSED"


class Invalid(ZhipingError):
    """A form did not validate (422). `errors`: field path -> sentences."""

    code = "INVALID"

    def __init__(self, errors: Mapping[str, Sequence[Text]], text: Text | None = None) -> None:
        super().__init__(text or T("有内容需要更正，请看各项旁的说明。"))
        self.errors = {path: list(sentences) for path, sentences in errors.items()}

    @property
    def first(self) -> dict[str, Text]:
        """Of each field the sentence that stands beside it on a page."""
        return {path: sentences[0] for path, sentences in self.errors.items()}


class Busy(ZhipingError):
    """The store could not be reached in time; try again (503 with Retry-After)."""

    code = "BUSY"


class Full(Busy):
    """Nothing can be written because the disk is full; what is there can be read (507 with Retry-After)."""

    code = "STORAGE_FULL"


class TooMany(ZhipingError):
    """Too many tries (429). Facts: `retry_after` in seconds."""

    code = "TOO_MANY"


class BpmnError(Exception):
    """A business error of a service task, to be caught by a boundary error event with the same `code`."""

    def __init__(self, code: str, text: Text) -> None:
        super().__init__(code)
        self.code = code
        self.text = text


@dataclass(frozen=True)
class Problem:
    """One finding of the lint: where (file, 1-based line, element id), which rule, and what to do about it."""

    file: str
    line: int | None
    element: str | None
    code: str
    text: Text
    severity: str = "error"  # "error" refuses the deployment; "warning" is shown beside it
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def remedy(self) -> Text:
        """What to do about it, where the sentence itself only says what is wrong."""
        return remedies.of(self.code)


class DeploymentRefused(ZhipingError):
    """A deployment with errors (422): nothing of it is kept."""

    code = "DEPLOYMENT_REFUSED"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(T("这次上传有 {n} 处错误，未保存任何内容。", n=len(problems)))
        self.problems = list(problems)
