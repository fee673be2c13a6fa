"""Every word a user reads: Chinese is the source text, English comes from gettext catalogues.

The Chinese sentence itself is the message id, so Chinese can never be missing; `<storey>/locale/en.po` of each
storey gives the English. Catalogues are read from the `.po` files at first use, so nothing compiled is kept.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = ("zh", "en")
STOREYS = ("forms", "engine", "processes", "web")

_language: ContextVar[str] = ContextVar("language", default="zh")


class Text:
    """A sentence with its parameters, put into words only when somebody reads it.

    `str(text)` uses the language of the current context; `text.to("en")` a given one. Parameters that are
    themselves `Text` are translated with it.
    """

    __slots__ = ("message", "params")

    def __init__(self, message: str, /, **params: Any) -> None:
        self.message = message
        self.params = params

    def to(self, language: str) -> str:
        sentence = catalogue(language).gettext(self.message) if self.message else ""
        if not self.params:
            return sentence
        return sentence.format_map({k: _plain(v, language) for k, v in self.params.items()})

    def __str__(self) -> str:
        return self.to(_language.get())

    def __repr__(self) -> str:
        return f"T({self.message!r}, {self.params!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Text) and (self.message, self.params) == (other.message, other.params)

    def __hash__(self) -> int:
        return hash(self.message)

    def dump(self) -> dict[str, Any]:
        """JSON-ready form, to be kept in a row and read back with `load`."""
        return {"message": self.message, "params": {k: _dumped(v) for k, v in self.params.items()}}

    @classmethod
    def load(cls, kept: dict[str, Any]) -> Text:
        params = {
            k: cls.load(v) if isinstance(v, dict) and v.keys() == {"message", "params"} else v
            for k, v in kept["params"].items()
        }
        return cls(kept["message"], **params)


T = Text


def gettext(message: str, /, **params: Any) -> str:
    """The sentence in the language of the current context."""
    return str(Text(message, **params))


def language() -> str:
    return _language.get()


@contextmanager
def use(language: str) -> Iterator[None]:
    """Speak `language` (one of `LANGUAGES`; anything else is Chinese) inside the block."""
    token = _language.set(language if language in LANGUAGES else "zh")
    try:
        yield
    finally:
        _language.reset(token)


@cache
def catalogue(language: str) -> NullTranslations:
    """The merged catalogue of all storeys; Chinese is the source and needs none."""
    merged: NullTranslations = NullTranslations()
    if language == "zh":
        return merged
    root = Path(__file__).resolve().parent.parent
    for storey in STOREYS:
        for path in sorted((root / storey / "locale").glob(f"{language}*.po")):
            translations = _read(path)
            translations.add_fallback(merged)
            merged = translations
    return merged


def _read(path: Path) -> GNUTranslations:
    compiled = io.BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file))
    compiled.seek(0)
    return GNUTranslations(compiled)


def _plain(value: Any, language: str) -> Any:
    if isinstance(value, Text):
        return value.to(language)
    if isinstance(value, list | tuple):
        return (
            "、".join(str(_plain(v, language)) for v in value)
            if language == "zh"
            else ", ".join(str(_plain(v, language)) for v in value)
        )
    return value


def _dumped(value: Any) -> Any:
    if isinstance(value, Text):
        return value.dump()
    if isinstance(value, list | tuple):
        return [_dumped(v) for v in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
