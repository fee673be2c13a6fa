"""What forms raise and report; `engine` translates them into its own family of errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from forms.i18n import T, Text


class FormErrors(Exception):
    """A submission did not validate. `errors`: field path (`works[0].title`) -> sentences, in the order of the form."""

    def __init__(self, errors: Mapping[str, Sequence[Text]]) -> None:
        super().__init__(", ".join(errors))
        self.errors: dict[str, list[Text]] = {path: list(sentences) for path, sentences in errors.items()}


@dataclass(frozen=True)
class FormProblem:
    """One finding of the lint: where (file, 1-based line, element), which rule, and what to do about it."""

    file: str
    line: int | None
    element: str | None
    code: str
    text: Text
    severity: str = "error"  # "error" or "warning"


class FormRefused(Exception):
    """A definition that cannot be read as a form at all."""

    def __init__(self, problems: Sequence[FormProblem]) -> None:
        super().__init__("; ".join(f"{p.file}: {p.code}" for p in problems))
        self.problems = list(problems)


class FormBroken(Exception):
    """An expression of a definition failed while a person used the form: the owner's fault, not the person's.

    The failure of the evaluator is the `__cause__`.
    """

    def __init__(self, form: str, element: str, expression: str) -> None:
        super().__init__(f"{form}/{element}: {expression}")
        self.text = T("表单“{form}”中“{element}”的表达式无法计算，请告知管理员。", form=form, element=element)
        self.form, self.element, self.expression = form, element, expression
