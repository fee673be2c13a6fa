"""The form of a task on a page: fields to fill in, what was sent, values to read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, BinaryIO, cast

import orjson
from flask import request, url_for
from markupsafe import Markup

from engine import attachments
from engine.bpmn.feel import Feel
from engine.errors import Full, Refused
from engine.queries.views import TaskFormView
from engine.registry import Actor
from forms.component import Component
from forms.definition import FormDefinition
from forms.html import (
    Action,
    FileInfo,
    apply_action,
    initial_values,
    parse_submission,
    render_fields,
    render_readonly,
    render_summary,
)
from forms.i18n import T, Text, gettext
from web.context import engine
from web.pages.desk import if_allowed, now
from web.security import CSRF_FIELD

Errors = Mapping[str, Sequence[Text]]


def feel(expression: str, variables: Mapping[str, Any]) -> Any:
    """FEEL as a form's field may use it: our own functions are not offered there, so that the browser agrees."""
    return Feel().evaluate(expression, variables, now=now(), functions={})


def attachment_href(attachment_id: str) -> str:
    return url_for("attachments.download", attachment_id=attachment_id)


@dataclass
class TaskForm:
    """One form with the process variables around it. Without a definition the task is done by a button alone."""

    view: TaskFormView
    actor: Actor
    file_href: Callable[[str], str] = attachment_href  # where a file of the form is to be had, by its id

    @cached_property
    def definition(self) -> FormDefinition | None:
        if self.view.schema is None:
            return None
        return FormDefinition.parse(orjson.dumps(self.view.schema), f"{self.view.schema.get('id')}.form")

    def read(self, sent: Iterable[tuple[str, str]]) -> tuple[dict[str, Any], Action]:
        """What a browser sent, and which button was pressed."""
        pairs = [(name, value) for name, value in sent if name != CSRF_FIELD]
        if self.definition is None:
            return {}, (dict(pairs).get("_action", "submit"),)
        return parse_submission(self.definition, pairs)

    def after(self, data: Mapping[str, Any], action: Action) -> dict[str, Any]:
        """The data with a row added or removed."""
        return apply_action(self.definition, data, action) if self.definition else dict(data)

    def fields(self, values: Mapping[str, Any] | None, errors: Errors | None = None) -> Markup:
        """The inputs; `values` None fills a fresh form from the process variables."""
        if self.definition is None:
            return Markup("")
        return render_fields(
            self.definition,
            values=values,
            errors=errors,
            feel=feel,
            context=self.view.data,
            attachments=self._files(values, self.view.data),
        )

    def summary(self, errors: Errors) -> Markup:
        return render_summary(errors, self.definition) if self.definition else Markup("")

    def shown(self, values: Mapping[str, Any] | None = None) -> Markup:
        """The values to read: given ones, else what the process holds."""
        if self.definition is None:
            return Markup("")
        if values is None:
            values = initial_values(self.definition, context=self.view.data, feel=feel)
        return render_readonly(self.definition, values, attachments=self._files(values), options=self.view.data)

    def _files(self, *sources: Mapping[str, Any] | None) -> dict[str, FileInfo]:
        return files_of(self.actor, self.definition, *sources, href=self.file_href)

    def title(self) -> str:
        return gettext(self.definition.title) if self.definition and self.definition.raw.get("title") else ""


def uploads(actor: Actor) -> tuple[list[tuple[str, str]], dict[str, list[Text]]]:
    """Keep the files a form brings: (name of the field, attachment id) for each, and what is wrong with the others."""
    pairs: list[tuple[str, str]] = []
    errors: dict[str, list[Text]] = {}
    for name, file in request.files.items(multi=True):
        if not file.filename:
            continue
        try:
            item = attachments.upload(engine(), cast(BinaryIO, file.stream), file.filename, actor=actor)
        except (Refused, Full) as error:
            errors.setdefault(name, []).append(T("{file}：{problem}", file=file.filename[:100], problem=error.text))
        else:
            pairs.append((name, item.id))
    return pairs, errors


def files_of(
    actor: Actor,
    definition: FormDefinition | None,
    *sources: Mapping[str, Any] | None,
    href: Callable[[str], str] = attachment_href,
) -> dict[str, FileInfo]:
    """What to show of the files that these values name; a file the reader may not see stays an id."""
    found: dict[str, FileInfo] = {}
    for source in sources:
        for file in _file_ids(definition.components if definition else (), source or {}):
            item = None if file in found else if_allowed(attachments.AttachmentView(file, actor))
            if item is not None:
                found[file] = FileInfo(item.name, item.size, href(file))
    return found


def _file_ids(components: tuple[Component, ...], values: Mapping[str, Any]) -> Iterator[str]:
    for component in components:
        value = values.get(component.key) if component.key else values
        if component.type == "filepicker" and isinstance(value, list):
            yield from (file for file in value if isinstance(file, str))
        elif component.type == "group" and isinstance(value, Mapping):
            yield from _file_ids(component.components, value)
        elif component.type == "dynamiclist" and isinstance(value, list):
            for row in value:
                if isinstance(row, Mapping):
                    yield from _file_ids(component.components, row)
