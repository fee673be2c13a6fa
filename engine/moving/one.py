"""One instance moved, or taken back, as a job: a transaction of its own in the name of who asked, whose right is looked at again.

Locks: the job, then the item, then the instance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select, update

from engine.bpmn import moving
from engine.bpmn.drive import Run
from engine.bpmn.moving import Names, Remark
from engine.bpmn.picture import picture
from engine.commands.allowed import require
from engine.commands.case import Case, state_signed
from engine.commands.step import Step
from engine.errors import Busy, Conflict, Refused, ZhipingError
from engine.identity import people
from engine.moving.judging import Judge
from engine.moving.rows import refresh
from engine.moving.tables import move_batch, move_item
from engine.registry import Actor
from engine.store import tables as t
from forms.i18n import T, Text

# What entering an event newly waited for leaves behind; anything more, and the instance has gone on.
_ENTERING = frozenset({"entered", "no_date"})


@dataclass(frozen=True)
class MoveOne:
    batch_id: str
    instance_id: str

    def execute(self, step: Step) -> None:
        found = _item(step, self.batch_id, self.instance_id, "waiting")
        if found is None:
            return
        batch, _ = found
        try:
            actor = people.actor(step.connection, batch.asked_by)
            require(actor, "instance.migrate")
            with step.connection.begin_nested():  # what cannot be moved leaves nothing but its line here
                kept = move(step, self.instance_id, batch, actor)
        except Busy:
            raise
        except CannotMove as error:
            _write(step, self, state="refused", texts=[each.text.dump() for each in error.obstacles])
        except ZhipingError as error:  # the account is gone, the case has ended
            _write(step, self, state="refused", texts=[error.text.dump()])
        else:
            _write(step, self, state="moved", **kept)


@dataclass(frozen=True)
class MoveBackOne:
    batch_id: str
    instance_id: str

    def execute(self, step: Step) -> None:
        found = _item(step, self.batch_id, self.instance_id, "returning")
        if found is None:
            return
        batch, item = found
        try:
            actor = people.actor(step.connection, batch.undone_by)
            require(actor, "instance.migrate")
            with step.connection.begin_nested():
                take_back(step, batch, item, actor)
        except Busy:
            raise
        except ZhipingError as error:
            _write(step, self, state="stayed", texts=[error.text.dump()])
        else:
            _write(step, self, state="returned", texts=None, revision=None, blob=None, mac=None)


class CannotMove(Refused):
    code = "CANNOT_MOVE"

    def __init__(self, obstacles: Sequence[Remark]) -> None:
        super().__init__(obstacles[0].text)
        self.obstacles = list(obstacles)


def move(step: Step, instance_id: str, batch: Row[Any], actor: Actor) -> dict[str, Any]:
    """Answers what the item keeps, to take it back. Raises CannotMove, Conflict where it has ended."""
    case = Case.lock_to_run(step, instance_id, actor)
    case.strict = False  # where it goes on by itself, a rule's refusal is an incident and no reason to stay
    if case.state != "suspended":
        case.require_moving()
    engine, names = step.engine, _names(batch.mapping)
    target = engine.releases.get(step.connection, batch.to_deployment_id)
    judge = Judge(step.connection, engine, target, names, step.now)
    run, services = case.load()
    before = case.release
    forbidden = judge.before(before, picture(run.workflow), case.state, case.deployment_id)
    if forbidden:
        raise CannotMove(forbidden)
    planned = judge.plan(before, run)
    if planned.obstacles:
        raise CannotMove(planned.obstacles)
    saved = step.connection.execute(
        select(t.instance_state.c.blob, t.instance_state.c.mac).where(t.instance_state.c.instance_id == case.id)
    ).one()
    moved = moving.carry(run, planned, target.bpmn, names, services, target.limits)
    case.transfer(target.id, target.definition_ids["process", case.definition_key])
    case.note("moved", data={"from": before.id, "to": target.id, "batch": batch.id, "reason": batch.reason})
    seen = case.settle(moved, services)
    refresh(case, seen, before)
    case.save()
    went_on = any(each.kind not in _ENTERING for each in seen.happenings)
    kept = {"revision": case.revision, "blob": saved.blob, "mac": saved.mac}
    return {"revision": None, "blob": None, "mac": None} if went_on else kept


def take_back(step: Step, batch: Row[Any], item: Row[Any], actor: Actor) -> None:
    """Raises Conflict or Refused where it has gone on, or is not as it was left."""
    case = Case.lock_to_run(step, item.instance_id, actor)
    case.strict = False
    case.require_moving()
    if item.revision is None:
        raise Conflict(T("移动时流程已按新版本往前走了，不能撤回。"), code="MOVED_ON", by=None, at=None)
    if case.revision != item.revision or case.deployment_id != batch.to_deployment_id:
        raise Conflict(T("移动以后又办理过，不能撤回。"), code="MOVED_ON", by=None, at=None)
    keys = step.engine.settings.keys_for("state")
    if not state_signed(keys, item.mac, case.id, item.from_deployment_id, item.revision - 1, item.blob):
        raise Refused(T("流程状态与保存时不一致，已拒绝读取。"), code="STATE_DAMAGED")
    _, services = case.load()  # the state it is to be replaced by must have been ours, too
    now = case.release
    back = step.engine.releases.get(step.connection, item.from_deployment_id)
    run = Run.load(back.bpmn, case.definition_key, item.blob, services, back.limits, refuse=False)
    case.transfer(back.id, back.definition_ids["process", case.definition_key])
    case.note("moved_back", data={"from": now.id, "to": back.id, "batch": batch.id, "reason": batch.undo_reason})
    refresh(case, case.settle(run, services), now)
    case.save()


def _names(mapping: Any) -> Names:
    return {key: dict(pairs) for key, pairs in mapping.items()}


def _item(step: Step, batch_id: str, instance_id: str, state: str) -> tuple[Row[Any], Row[Any]] | None:
    """The batch and the item, locked; None where it was stopped or done meanwhile."""
    mine = (move_item.c.batch_id == batch_id) & (move_item.c.instance_id == instance_id)
    item = step.connection.execute(select(move_item).where(mine).with_for_update()).one()
    if item.state != state:
        return None
    return step.connection.execute(select(move_batch).where(move_batch.c.id == batch_id)).one(), item


def _write(step: Step, of: MoveOne | MoveBackOne, **values: Any) -> None:
    mine = (move_item.c.batch_id == of.batch_id) & (move_item.c.instance_id == of.instance_id)
    texts: list[dict[str, Any]] | None = values.pop("texts", None)
    step.connection.execute(update(move_item).where(mine).values(at=step.now, texts=texts, **values))


def told(texts: Any) -> list[Text]:
    """What a row's `texts` say."""
    return [Text.load(each) for each in texts or ()]
