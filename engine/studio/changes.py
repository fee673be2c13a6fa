"""Beginning a change, giving it up, and taking it up again."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import insert, update

from engine.commands.allowed import require
from engine.commands.step import Step
from engine.history import OFFICE
from engine.registry import Actor
from engine.store.metadata import new_id
from engine.studio import rows
from engine.studio import tables as s


@dataclass(frozen=True)
class OpenChange:
    """Begin a change over the active release. Answers `{"id"}`. Raises Forbidden, Invalid (`title`, `reason`)."""

    actor: Actor
    title: str
    reason: str = ""

    def execute(self, step: Step) -> dict[str, str]:
        require(self.actor, "studio.edit")
        title = rows.checked_text("title", self.title, longest=rows.LONGEST_TITLE, needed=True)
        change_id = new_id()
        step.connection.execute(
            insert(s.change).values(
                id=change_id,
                title=title,
                reason=rows.checked_text("reason", self.reason),
                state="open",
                created_by=self.actor.username,
                created_at=step.now,
            )
        )
        step.record(OFFICE, "change_opened", data={"change": change_id, "title": title}, actor=self.actor)
        return {"id": change_id}


@dataclass(frozen=True)
class DropChange:
    """Give the change up; everything saved in it stays to be read, and it can be taken up again. Answers `{"id", "state"}`.
    Raises Forbidden, NotFound, Conflict (CHANGE_CLOSED), Invalid (`reason`)."""

    change_id: str
    actor: Actor
    reason: str

    def execute(self, step: Step) -> dict[str, str]:
        rows.editable(step, self.actor, self.change_id)
        reason = rows.checked_text("reason", self.reason, needed=True)
        step.connection.execute(
            update(s.change).where(s.change.c.id == self.change_id).values(state="dropped", ended_at=step.now)
        )
        data = {"change": self.change_id, "reason": reason}
        step.record(OFFICE, "change_dropped", data=data, actor=self.actor)
        return {"id": self.change_id, "state": "dropped"}


@dataclass(frozen=True)
class TakeUpChange:
    """Go on with a change that was dropped. Answers `{"id", "state"}`. Raises Forbidden, NotFound, Conflict (CHANGE_CLOSED)."""

    change_id: str
    actor: Actor

    def execute(self, step: Step) -> dict[str, str]:
        rows.editable(step, self.actor, self.change_id, "dropped")
        step.connection.execute(
            update(s.change).where(s.change.c.id == self.change_id).values(state="open", ended_at=None)
        )
        step.record(OFFICE, "change_taken_up", data={"change": self.change_id}, actor=self.actor)
        return {"id": self.change_id, "state": "open"}
