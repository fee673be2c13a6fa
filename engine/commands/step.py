"""What a command is handed: its transaction, its one reading of the clock, and what commands share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from engine import history
from engine.history import Line
from engine.registry import Actor
from forms.i18n import Text

if TYPE_CHECKING:
    from engine.engine import Engine


@dataclass(frozen=True)
class Step:
    connection: Connection
    now: datetime  # aware, UTC
    engine: Engine

    def audit(
        self,
        kind: str,
        actor: Actor | None,
        data: Mapping[str, Any] | None = None,
        text: Text | None = None,
        stream: str = history.OFFICE,
    ) -> None:
        """A line of the office's own history (accounts, deployments, settings): nothing of an instance."""
        line = Line(kind, actor.username if actor else None, data=data or {}, text=text)
        history.append_to(self.connection, stream, self.now, [line])
