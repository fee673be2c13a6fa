"""What people call the variables of the shipped forms: labels, and the words of the options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import g

from engine.queries.definitions import DefinitionList, DefinitionXml
from engine.registry import Actor
from forms.definition import FormDefinition
from forms.i18n import gettext
from web.pages.desk import if_allowed
from web.pages.story import ValueWords, in_words


@dataclass
class Word:
    label: str
    options: dict[Any, str] = field(default_factory=dict)


def words(actor: Actor) -> ValueWords:
    """Values under the names the forms in force give them; variables that no form names are left out."""
    if "vocabulary" not in g:
        listed = if_allowed(DefinitionList(actor, kind="form", active=True, max_results=500))
        g.vocabulary = [_form_words(actor, item.id) for item in listed.items] if listed else []
    known: dict[str, Word] = {}
    for form in g.vocabulary:
        for key, word in form.items():
            if key in known:
                known[key].options = {**word.options, **known[key].options}
            else:
                known[key] = Word(word.label, dict(word.options))

    def value(variable: str, found: Any) -> tuple[str, str] | None:
        word = known.get(variable)
        if word is None or isinstance(found, list | dict):
            return None
        shown = word.options.get(found) if isinstance(found, str | int | float | bool) else None
        if shown is None and word.options and found is not None:
            return None  # the same name used for something else: a code that says nothing
        return gettext(word.label), gettext(shown) if shown else in_words(found)

    return value


def _form_words(actor: Actor, definition_id: str) -> Mapping[str, Word]:
    kept = _KEPT.get(definition_id)
    if kept is None:
        content = if_allowed(DefinitionXml(actor, definition_id))
        if content is None:
            return {}
        kept = _KEPT[definition_id] = _read(content.content, content.file_name)
        while len(_KEPT) > MOST_KEPT:
            _KEPT.pop(next(iter(_KEPT)), None)
    return kept


MOST_KEPT = 300
_KEPT: dict[str, Mapping[str, Word]] = {}  # a stored definition never changes, so its words are read once per process


def _read(raw: bytes, file: str) -> Mapping[str, Word]:
    found: dict[str, Word] = {}
    for component in FormDefinition.parse(raw, file).walk():
        if component.key and isinstance(component.label, str) and component.label:
            options = {
                option["value"]: str(option.get("label", option["value"]))
                for option in component.raw.get("values") or []
                if isinstance(option, Mapping) and isinstance(option.get("value"), str | int | float | bool)
            }
            found.setdefault(component.key, Word(component.label, options))
    return found
