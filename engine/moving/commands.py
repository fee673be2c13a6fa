"""Moving as commands: ask for it, stop it, take it back. Each instance is a job and a transaction of its own (`one.py`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, insert, select, update

from engine import history
from engine.commands.allowed import require
from engine.commands.proposals import checked
from engine.commands.step import Step
from engine.errors import NotFound, Refused
from engine.jobs import queue
from engine.moving import judging
from engine.moving.judging import MOST, Source
from engine.moving.tables import move_batch, move_item
from engine.registry import Actor
from engine.store import tables as t
from engine.store.metadata import new_id
from forms.i18n import T


@dataclass(frozen=True)
class MoveInstances:
    """Move running instances to the release `target` (a deployment's id, or a definition's: the newest deployment that holds it).

    `source`: the deployment or definition they are on, None for all; `instances`: only these of them; `mapping`: `{process: {old
    element: new element}}`, None instead of an element for a boundary event that is not waited for any more.
    Answers `{"id", "total", "left": how many there are beyond `MOST`}`. What cannot be moved stays where it is and says why.
    Raises Forbidden, NotFound, Invalid (`reason`, `mapping`), Refused (`NOT_RELEASED` for a candidate, `NOTHING_TO_MOVE`)."""

    target: str
    actor: Actor
    source: str | None = None
    mapping: Mapping[str, Any] = field(default_factory=dict)
    instances: Sequence[str] | None = None
    reason: str | None = None  # None: a program asks, and says none

    def execute(self, step: Step) -> dict[str, Any]:
        require(self.actor, "instance.migrate")
        reason = checked(self.reason) if self.reason is not None else ""
        connection = step.connection
        source, target = Source.read(connection, step.engine, self.source), judging.target_of(connection, self.target)
        state = connection.scalar(select(t.deployment.c.state).where(t.deployment.c.id == target))
        if state == "candidate":
            raise Refused(T("这个版本还没有启用，启用后才能把正在办理的事移过来。"), code="NOT_RELEASED")
        chosen = judging.concerned(source, target, self.instances)
        ids = list(connection.scalars(chosen.limit(MOST)))
        judging.check_named(self.instances, ids)
        sources = judging.sources_of(connection, step.engine, ids, source)
        names = judging.checked_names(self.mapping, sources, step.engine.releases.get(connection, target))
        if not ids:
            raise Refused(T("没有需要移动的事：都已经在这个版本上，或者已经结束。"), code="NOTHING_TO_MOVE")
        total = connection.scalar(select(func.count()).select_from(chosen.order_by(None).subquery())) or 0
        batch_id = new_id()
        connection.execute(
            insert(move_batch).values(
                id=batch_id,
                to_deployment_id=target,
                source=self.source,
                mapping=names,
                reason=reason,
                asked_by=self.actor.username,
                asked_at=step.now,
            )
        )
        now_on = t.instance.c.deployment_id
        for start in range(0, len(ids), 500):
            some = select(t.instance.c.id, now_on).where(t.instance.c.id.in_(ids[start : start + 500]))
            connection.execute(
                insert(move_item),
                [
                    {
                        "batch_id": batch_id,
                        "instance_id": row.id,
                        "from_deployment_id": row.deployment_id,
                        "state": "waiting",
                    }
                    for row in connection.execute(some).all()
                ],
            )
        for instance_id in ids:
            _put(step, queue.MOVE, batch_id, instance_id)
        data = {
            "batch": batch_id,
            "to": target,
            "from": self.source,
            "count": len(ids),
            "mapping": names,
            "reason": reason,
        }
        step.record(history.OFFICE, "moving_began", data=data, actor=self.actor)
        return {"id": batch_id, "total": len(ids), "left": total - len(ids)}


@dataclass(frozen=True)
class StopMoving:
    """What has not been moved yet stays where it is. Answers `{"id", "stopped": how many}`. Raises Forbidden, NotFound."""

    batch_id: str
    actor: Actor

    def execute(self, step: Step) -> dict[str, Any]:
        require(self.actor, "instance.migrate")
        _batch(step, self.batch_id)
        stopped = _stop(step, self.batch_id, self.actor)
        return {"id": self.batch_id, "stopped": stopped}


@dataclass(frozen=True)
class UndoMoving:
    """Take back every instance of a batch that has not gone on since; what still waited is not moved at all.

    Answers `{"id", "count": how many are tried}`. Raises Forbidden, NotFound, Invalid (`reason`), Refused (`NOTHING_TO_UNDO`)."""

    batch_id: str
    actor: Actor
    reason: str | None = None  # None: a program asks, and says none

    def execute(self, step: Step) -> dict[str, Any]:
        require(self.actor, "instance.migrate")
        reason = checked(self.reason) if self.reason is not None else ""
        _batch(step, self.batch_id)
        _stop(step, self.batch_id, self.actor)
        mine = (move_item.c.batch_id == self.batch_id) & move_item.c.state.in_(("moved", "stayed"))
        ids = list(
            step.connection.scalars(select(move_item.c.instance_id).where(mine).order_by(move_item.c.instance_id))
        )
        if not ids:
            raise Refused(T("这一批里没有可以撤回的。"), code="NOTHING_TO_UNDO")
        step.connection.execute(update(move_item).where(mine).values(state="returning"))
        step.connection.execute(
            update(move_batch)
            .where(move_batch.c.id == self.batch_id)
            .values(undone_by=self.actor.username, undone_at=step.now, undo_reason=reason)
        )
        for instance_id in ids:
            _put(step, queue.MOVE_BACK, self.batch_id, instance_id)
        data = {"batch": self.batch_id, "count": len(ids), "reason": reason}
        step.record(history.OFFICE, "moving_undone", data=data, actor=self.actor)
        return {"id": self.batch_id, "count": len(ids)}


def job_key(kind: str, batch_id: str, instance_id: str) -> str:
    return f"{kind}:{batch_id}:{instance_id}"


def _put(step: Step, kind: str, batch_id: str, instance_id: str) -> None:
    step.put_job(kind, job_key(kind, batch_id, instance_id), {"batch_id": batch_id, "instance_id": instance_id})


def _batch(step: Step, batch_id: str) -> None:
    known = select(move_batch.c.id).where(move_batch.c.id == batch_id).with_for_update()
    if step.connection.scalar(known) is None:
        raise NotFound(T("没有这次移动。"))


def _stop(step: Step, batch_id: str, actor: Actor) -> int:
    waiting = (move_item.c.batch_id == batch_id) & (move_item.c.state == "waiting")
    stopped = step.connection.execute(update(move_item).where(waiting).values(state="stopped", at=step.now)).rowcount
    if stopped:
        step.connection.execute(
            update(move_batch).where(move_batch.c.id == batch_id).values(stopped_by=actor.username, stopped_at=step.now)
        )
        step.record(history.OFFICE, "moving_stopped", data={"batch": batch_id, "count": stopped}, actor=actor)
    return stopped
