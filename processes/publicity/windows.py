"""What the commands on running notices share: the lock they take, and where they are written down."""

from __future__ import annotations

from typing import Any

from sqlalchemy import RowMapping, select

from engine import history
from engine.commands.step import Step
from engine.registry import Actor
from engine.store import tables as t
from processes.register.notice_tables import get_notice


def locked(step: Step, notice_id: str) -> RowMapping:
    """The notice under lock, its process first: the process takes the two in that order when it closes the window, and
    nobody then waits for the other. Raises NotFound."""
    notice = get_notice(step.connection, notice_id)
    own = select(t.instance.c.id).where(t.instance.c.id == notice["instance_id"])
    step.connection.execute(own.with_for_update())
    return get_notice(step.connection, notice_id, lock=True)


def write_down(step: Step, notice: RowMapping, kind: str, actor: Actor, data: dict[str, Any]) -> None:
    """In the history of the process that published the notice, where everybody who follows it looks."""
    line = history.Line(kind, actor.username, data=data)
    if not history.append_to_instance(step.connection, notice["instance_id"], step.now, [line]):
        step.record(history.OFFICE, kind, data=data, actor=actor)
