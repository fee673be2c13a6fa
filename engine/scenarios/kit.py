"""What an office hands over so that its diagrams can be tested: people, furniture, and acts with names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.registry import Actor

if TYPE_CHECKING:
    from engine.engine import Engine

# An act prepares something or does what no task and no message does. Its parameters after the scene are what the YAML
# may write; what it answers can be used by name afterwards. Raises the errors of `engine.errors`.
Act = Callable[..., Mapping[str, Any] | None]


@dataclass(frozen=True)
class Scenes:
    """The office's kit. `furnish` fills an empty database once, in one transaction of its own making; every scenario
    begins on a copy. `since` (aware): the furniture stands from then on, no scenario begins before."""

    people: Mapping[str, Actor]
    furnish: Callable[[Engine], None]
    acts: Mapping[str, Act]
    since: datetime
