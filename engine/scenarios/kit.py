"""What an office hands over so that its diagrams can be tested: people, furniture, and acts with names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.registry import Actor
from forms.i18n import Text

if TYPE_CHECKING:
    from engine.engine import Engine

# An act prepares something or does what no task and no message does. Its parameters after the scene are what the YAML
# may write; what it answers can be used by name afterwards. Raises the errors of `engine.errors`.
Act = Callable[..., Mapping[str, Any] | None]


@dataclass(frozen=True)
class Scenes:
    """The office's kit. `furnish` fills an empty database once, in one transaction of its own making; every scenario
    begins on a copy. `since` (aware): the furniture stands from then on, no scenario begins before. `words`: what an act
    does, for who tries a change out by hand."""

    people: Mapping[str, Actor]
    furnish: Callable[[Engine], None]
    acts: Mapping[str, Act]
    since: datetime
    words: Mapping[str, Text] = field(default_factory=dict)
