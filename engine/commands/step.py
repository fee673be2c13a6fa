"""What a command is handed: its transaction, its one reading of the clock, and what commands share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from engine import history
from engine.history import Line
from engine.jobs import queue
from engine.registry import Actor
from forms.i18n import Text

if TYPE_CHECKING:
    from engine.engine import Engine


@dataclass
class Step:
    connection: Connection
    now: datetime  # aware, UTC
    engine: Engine
    stream: str | None = None  # the instance this command has locked: where a refusal is written down
    stirred: bool = False  # something is to be done in the background after the commit

    def record(
        self,
        stream: str,
        kind: str,
        *,
        data: Mapping[str, Any] | None = None,
        actor: Actor | None = None,
        text: Text | None = None,
    ) -> None:
        """A line of a history that is no instance's: accounts, deployments, settings."""
        line = Line(kind, actor.username if actor else None, data=data or {}, text=text)
        history.append_to(self.connection, stream, self.now, [line])

    def put_job(
        self,
        kind: str,
        key: str,
        payload: Mapping[str, Any],
        *,
        run_at: datetime | None = None,
        instance_id: str | None = None,
    ) -> bool:
        """Something to be done after the commit, once per key. False where it was there already."""
        self.stirred = True
        return queue.put(self.connection, self.now, kind, key, payload, run_at=run_at, instance_id=instance_id)
