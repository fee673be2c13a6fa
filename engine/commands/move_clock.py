from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.clock import FixedClock, local
from engine.commands.allowed import require
from engine.errors import Conflict, Forbidden
from engine.registry import Actor
from engine.store import patience
from engine.store.row_clock import RowClock
from forms.i18n import T

if TYPE_CHECKING:
    from engine.engine import Engine


@dataclass(frozen=True)
class MoveClock:
    """Move the manual clock forward, stopping at every due instant. Answers `{"now": ISO text, "fired": n}`."""

    now: datetime
    actor: Actor

    def conduct(self, engine: Engine) -> dict[str, Any]:
        require(self.actor, "clock.move")
        if not isinstance(engine.clock, RowClock | FixedClock):
            raise Forbidden(T("时钟跟随系统，不能拨动。"), code="CLOCK_IS_SYSTEM")
        with engine.exclusive(), patience.unhurried():
            now = engine.now()
            if self.now < now:
                raise Conflict(T("时钟只能向前拨。"), code="CLOCK_BACKWARDS", by=None, at=now)
            fired = engine.work(until=self.now)
        return {"now": local(engine.now()).isoformat(), "fired": fired}
