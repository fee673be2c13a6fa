"""What two persons decide about one case: a process owner proposes, another of the same or a higher office confirms or refuses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Table, select, update

from engine import policy
from engine.commands.case import Case
from engine.commands.held import display_name
from engine.commands.step import Step
from engine.errors import Conflict, Forbidden, Invalid, NotFound
from engine.policy import CancellationFacts
from engine.registry import Actor
from forms.i18n import T, Text

LONGEST = 2_000  # characters of a reason


@dataclass(frozen=True)
class Kind:
    """One kind of proposal. `table` holds instance_id, reason, status, proposed_by, proposed_at, decided_by, decided_at, answer;
    history says `<name>_rejected` and `<name>_withdrawn`; `lock` takes the case."""

    name: str
    table: Table
    lock: Callable[[Step, str, Actor], Case]
    missing: Text
    own: Text
    settled: Text

    def opened(self, step: Step, proposal_id: str, actor: Actor, action: str) -> tuple[Row[Any], Case]:
        """The proposal and its case, both locked: the case first, as everywhere. Raises NotFound, Forbidden (SAME_PERSON where
        who proposed it would confirm it), Conflict (DECIDED_ALREADY)."""
        asked = select(self.table).where(self.table.c.id == proposal_id)
        row = step.connection.execute(asked).first()
        if row is None:
            raise NotFound(self.missing)
        if not policy.allows(actor, action, CancellationFacts(row.proposed_by, step.engine.registry.overseers)):
            if actor.username == row.proposed_by:
                raise Forbidden(self.own, code="SAME_PERSON")
            raise Forbidden(T("您没有这项权限。"), action=action)
        case = self.lock(step, row.instance_id, actor)
        row = step.connection.execute(asked.with_for_update()).one()
        if row.status != "proposed":
            by = display_name(step.connection, row.decided_by) if row.decided_by else None
            raise Conflict(self.settled, code="DECIDED_ALREADY", by=by, at=row.decided_at)
        return row, case

    def decide(self, step: Step, row: Row[Any], status: str, actor: Actor, answer: str | None = None) -> None:
        step.connection.execute(
            update(self.table)
            .where(self.table.c.id == row.id)
            .values(status=status, decided_by=actor.username, decided_at=step.now, answer=answer)
        )

    def drop(self, step: Step, proposal_id: str, actor: Actor, reason: str) -> dict[str, Any]:
        """The second person does not agree, or who proposed it takes it back. Answers `{"status"}`. Raises as `opened`, and
        Invalid (`reason`)."""
        proposer = select(self.table.c.proposed_by).where(self.table.c.id == proposal_id)
        mine = step.connection.scalar(proposer) == actor.username
        action, status = ("cancellation.withdraw", "withdrawn") if mine else ("cancellation.decide", "rejected")
        row, case = self.opened(step, proposal_id, actor, action)
        reason = checked(reason)
        self.decide(step, row, status, actor, reason)
        case.note(f"{self.name}_{status}", data={self.name: row.id, "reason": reason})
        case.save(moved=False)
        return {"status": status}


def checked(reason: str) -> str:
    """Raises Invalid without a reason."""
    reason = reason.strip()
    if not reason or len(reason) > LONGEST:
        raise Invalid({"reason": [T("请写明理由，不超过 {n} 字。", n=LONGEST)]})
    return reason
