"""Ending a case for good takes two persons where its process says so: a process owner proposes, another of the same or a
higher office confirms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, exists, insert, select, update

from engine import policy
from engine.commands.allowed import require
from engine.commands.cancel_instance import CancelInstance
from engine.commands.case import Case
from engine.commands.held import display_name
from engine.commands.step import Step
from engine.errors import Conflict, Forbidden, Invalid, NotFound
from engine.policy import CancellationFacts
from engine.registry import Actor
from engine.store import tables as t
from engine.store.metadata import new_id
from forms.i18n import T

LONGEST = 2_000  # characters of a reason


@dataclass(frozen=True)
class ProposeCancellation:
    """A process owner wants a case ended. That takes two where its process has the property `cancelledBy="two"` and four
    eyes are on; but who began a case in which nobody else has done anything ends it at once.

    Answers `{"id", "state", "revision", "cancellation": id of the proposal, or None where it has ended}`.
    Raises Forbidden, NotFound, Invalid (`reason`), Conflict (ended, or proposed already)."""

    instance_id: str
    actor: Actor
    reason: str

    def execute(self, step: Step) -> dict[str, Any]:
        require(self.actor, "instance.cancel")
        case = Case.lock(step, self.instance_id, self.actor)
        if case.state != "suspended":
            case.require_moving()
        if not _takes_two(step, case) or _alone(step, case, self.actor):
            return CancelInstance(self.instance_id, self.actor, self.reason).execute(step) | {"cancellation": None}
        reason = checked(self.reason)
        table = t.cancellation
        mine = (table.c.instance_id == case.id) & (table.c.status == "proposed")
        if (row := step.connection.execute(select(table).where(mine)).first()) is not None:
            raise Conflict(
                T("已经有人提出终止这件事，请由另一人确认。"),
                code="PROPOSED_ALREADY",
                by=display_name(step.connection, row.proposed_by),
                at=row.proposed_at,
            )
        made = new_id()
        step.connection.execute(
            insert(table).values(
                id=made,
                instance_id=case.id,
                reason=reason,
                status="proposed",
                proposed_by=self.actor.username,
                proposed_at=step.now,
            )
        )
        case.note("cancellation_proposed", data={"cancellation": made, "reason": reason})
        case.save(moved=False)
        return case.summary() | {"cancellation": made}


@dataclass(frozen=True)
class ConfirmCancellation:
    """The second person agrees: the case ends. Answers `{"id", "state", "revision"}` of the case.

    Raises Forbidden (also who proposed it), NotFound, Conflict (decided already, or the case has ended by itself)."""

    cancellation_id: str
    actor: Actor

    def execute(self, step: Step) -> dict[str, Any]:
        row, case = _open(step, self.cancellation_id, self.actor, "cancellation.decide")
        if case.state != "suspended":
            case.require_moving()
        _decide(step, row, "confirmed", self.actor, None)
        case.cancel(row.reason)
        case.note("cancelled", data={"reason": row.reason, "cancellation": row.id, "proposed_by": row.proposed_by})
        case.save()
        return case.summary()


@dataclass(frozen=True)
class DropCancellation:
    """The second person does not agree, or who proposed it takes it back: the case goes on. Answers `{"status"}`.

    Raises Forbidden, NotFound, Invalid (`reason`), Conflict."""

    cancellation_id: str
    actor: Actor
    reason: str

    def execute(self, step: Step) -> dict[str, Any]:
        proposer = select(t.cancellation.c.proposed_by).where(t.cancellation.c.id == self.cancellation_id)
        mine = step.connection.scalar(proposer) == self.actor.username
        action, status = ("cancellation.withdraw", "withdrawn") if mine else ("cancellation.decide", "rejected")
        row, case = _open(step, self.cancellation_id, self.actor, action)
        reason = checked(self.reason)
        _decide(step, row, status, self.actor, reason)
        case.note(f"cancellation_{status}", data={"cancellation": row.id, "reason": reason})
        case.save(moved=False)
        return {"status": status}


def checked(reason: str) -> str:
    """Raises Invalid without a reason."""
    reason = reason.strip()
    if not reason or len(reason) > LONGEST:
        raise Invalid({"reason": [T("请写明理由，不超过 {n} 字。", n=LONGEST)]})
    return reason


def _takes_two(step: Step, case: Case) -> bool:
    properties = case.release.bpmn.info(case.definition_key).properties
    return step.engine.settings.four_eyes and properties.get("cancelledBy") == "two"


def _alone(step: Step, case: Case, actor: Actor) -> bool:
    others = exists().where(
        t.task.c.instance_id == case.id, t.task.c.completed_by.is_not(None), t.task.c.completed_by != actor.username
    )
    return case.started_by == actor.username and not step.connection.scalar(select(others))


def _open(step: Step, cancellation_id: str, actor: Actor, action: str) -> tuple[Row[Any], Case]:
    """The proposal and its case, both locked: the case first, as everywhere."""
    table = t.cancellation
    asked = select(table).where(table.c.id == cancellation_id)
    row = step.connection.execute(asked).first()
    if row is None:
        raise NotFound(T("没有这个终止申请。"))
    if not policy.allows(actor, action, CancellationFacts(row.proposed_by, step.engine.registry.overseers)):
        if actor.username == row.proposed_by:
            raise Forbidden(T("终止要由另一人确认，提出的人不能自己确认。"), code="SAME_PERSON")
        raise Forbidden(T("您没有这项权限。"), action=action)
    case = Case.lock(step, row.instance_id, actor)
    row = step.connection.execute(asked.with_for_update()).one()
    if row.status != "proposed":
        raise Conflict(
            T("这个终止申请已经处理过了。"),
            code="DECIDED_ALREADY",
            by=display_name(step.connection, row.decided_by),
            at=row.decided_at,
        )
    return row, case


def _decide(step: Step, row: Row[Any], status: str, actor: Actor, answer: str | None) -> None:
    step.connection.execute(
        update(t.cancellation)
        .where(t.cancellation.c.id == row.id)
        .values(status=status, decided_by=actor.username, decided_at=step.now, answer=answer)
    )
