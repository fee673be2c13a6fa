"""Ending a case for good takes two persons where its process says so: a process owner proposes, another of the same or a
higher office confirms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, insert, select

from engine.commands.allowed import require
from engine.commands.cancel_instance import CancelInstance
from engine.commands.case import Case
from engine.commands.held import display_name
from engine.commands.proposals import Kind, checked
from engine.commands.step import Step
from engine.errors import Conflict
from engine.registry import Actor
from engine.store import tables as t
from engine.store.metadata import new_id
from forms.i18n import T

CANCELLATION = Kind(
    "cancellation",
    t.cancellation,
    Case.lock,
    missing=T("没有这个终止申请。"),
    own=T("终止要由另一人确认，提出的人不能自己确认。"),
    settled=T("这个终止申请已经处理过了。"),
)


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
        row, case = CANCELLATION.opened(step, self.cancellation_id, self.actor, "cancellation.decide")
        if case.state != "suspended":
            case.require_moving()
        CANCELLATION.decide(step, row, "confirmed", self.actor)
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
        return CANCELLATION.drop(step, self.cancellation_id, self.actor, self.reason)


def _takes_two(step: Step, case: Case) -> bool:
    properties = case.release.bpmn.info(case.definition_key).properties
    return step.engine.settings.four_eyes and properties.get("cancelledBy") == "two"


def _alone(step: Step, case: Case, actor: Actor) -> bool:
    others = exists().where(
        t.task.c.instance_id == case.id, t.task.c.completed_by.is_not(None), t.task.c.completed_by != actor.username
    )
    return case.started_by == actor.username and not step.connection.scalar(select(others))
