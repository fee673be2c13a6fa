"""A form that was sent in and not taken: it is shown again with everything typed, each mistake beside its own field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from werkzeug.datastructures import MultiDict

from forms.i18n import Text
from web.security import kept_fields

NAME = "form"  # the hidden field that says which form of a page was sent; it opens again after a lost login


@dataclass(frozen=True)
class Tried:
    """`form`: which one of the page; `typed`: its fields; `errors`: name of a field -> sentence."""

    form: str = ""
    typed: MultiDict[str, str] = field(default_factory=MultiDict)
    errors: Mapping[str, str] = field(default_factory=dict)
    sent: bool = False

    def of(self, form: str) -> Tried:
        """This, if it is that form; else that form as nobody has touched it."""
        return self if self.form == form else Tried(form)

    def id(self, name: str) -> str:
        """The id of a field on the page: names may repeat from form to form. A page's only form has no name."""
        return f"{self.form.replace(':', '-')}-{name}" if self.form else name

    @property
    def summary(self) -> list[tuple[str, str]]:
        return [(self.id(name), sentence) for name, sentence in self.errors.items()]


def refused(form: str, typed: MultiDict[str, str], errors: Mapping[str, Text | str]) -> Tried:
    return Tried(form, typed, {name: str(sentence) for name, sentence in errors.items()}, sent=True)


def kept() -> Tried:
    """On a page reached after a lost login: the form that was being sent."""
    typed = kept_fields()
    return Tried(typed.get(NAME, ""), typed, {}, sent=True) if typed is not None else Tried()
