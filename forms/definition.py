"""A form definition: form-js JSON. The form key is the `id` in the JSON.

`FormDefinition.parse` reads what has passed the lint (`lint_form`) and refuses only what cannot be a form at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from forms.component import Component, members
from forms.errors import FormProblem, FormRefused
from forms.lint import lint_form
from forms.reading import read_json, shape, tree

__all__ = ["FormDefinition", "FormProblem", "FormRefused", "lint_form"]


@dataclass(frozen=True)
class FormDefinition:
    """`id`: the form key. `components`: the tree. `raw`: the JSON as read, for the browser and the API."""

    id: str
    file: str
    components: tuple[Component, ...]
    raw: Mapping[str, Any]

    @classmethod
    def parse(cls, raw: bytes, file: str) -> FormDefinition:
        """Raises `FormRefused` for bytes that are no form."""
        data, problems = read_json(raw, file)
        if problems:
            raise FormRefused(problems)
        found = shape(data)
        if found is not None:
            raise FormRefused([FormProblem(file, 1, None, "FORM_SHAPE", found)])
        return cls(str(data["id"]), file, tree(data["components"], ""), data)

    @property
    def title(self) -> str:
        """The form's own title (own property `title`), else its key."""
        return str(self.raw.get("title") or self.id)

    def walk(self) -> Iterator[Component]:
        for component in self.components:
            yield from component.walk()

    @property
    def keys(self) -> frozenset[str]:
        """The top-level keys a submission may write. One that is missing from a validated result was hidden: whoever
        stores the result removes an older value of it."""
        return frozenset(component.key for component in members(self.components))
