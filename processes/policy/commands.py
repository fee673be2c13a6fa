"""Setting a policy parameter takes two: a process owner proposes a value, one of the authorities confirms it (R-08)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine import history
from engine.commands.step import Step
from engine.errors import Forbidden
from engine.policy import OWNER
from engine.registry import Actor
from forms.i18n import T
from processes.register import proposals

AUTHORITIES = frozenset({"archives_bureau", "provincial_hrss"})


@dataclass(frozen=True)
class ProposeParameter:
    """Process owners alone. `value` as `Parameter.accepts` wants it; `effective_from` is aware and has not passed.

    Answers `{"proposal_id": id}`. Raises Forbidden, NotFound, Conflict (one is open already), Refused (`BAD_VALUE`,
    `BELOW_FLOOR` with `rule`, `SOURCE_MISSING`, `RETROACTIVE`)."""

    name: str
    value: Any
    effective_from: datetime
    source_doc: str
    actor: Actor

    def execute(self, step: Step) -> dict[str, Any]:
        if OWNER not in self.actor.groups:
            raise Forbidden(T("只有流程负责人可以提出参数的新值。"))
        proposal_id = proposals.propose(
            step.connection,
            self.name,
            self.value,
            effective_from=self.effective_from,
            source_doc=self.source_doc,
            by=self.actor.username,
            now=step.now,
        )
        data = {
            "name": self.name,
            "value": self.value,
            "effective_from": self.effective_from.isoformat(),
            "source_doc": self.source_doc.strip(),
        }
        step.record(history.OFFICE, "parameter_proposed", data={**data, "proposal_id": proposal_id}, actor=self.actor)
        return {"proposal_id": proposal_id}


@dataclass(frozen=True)
class ConfirmParameter:
    """The archives bureau or the provincial human resources department, and never who proposed it.

    Answers `{"name": parameter, "value": value}`. Raises Forbidden, NotFound, Conflict, Refused (`SAME_PERSON`, and what
    `ProposeParameter` refuses, where it has come to be so since)."""

    proposal_id: str
    actor: Actor

    def execute(self, step: Step) -> dict[str, Any]:
        _require_authority(self.actor)
        row = proposals.confirm(step.connection, self.proposal_id, by=self.actor.username, now=step.now)
        data = {"proposal_id": self.proposal_id, "name": row["name"], "value": row["value"]}
        step.record(history.OFFICE, "parameter_confirmed", data=data, actor=self.actor)
        return {"name": row["name"], "value": row["value"]}


@dataclass(frozen=True)
class TurnDownParameter:
    """An authority does not confirm a proposal, or who made it takes it back. Answers `{"status": "rejected"|"withdrawn"}`.

    Raises Forbidden, NotFound, Conflict, Refused (`REASON_MISSING`, `SAME_PERSON`)."""

    proposal_id: str
    reason: str
    withdrawn: bool
    actor: Actor

    def execute(self, step: Step) -> dict[str, Any]:
        if self.withdrawn:
            if OWNER not in self.actor.groups:
                raise Forbidden(T("只有提出的人可以撤回。"))
        else:
            _require_authority(self.actor)
        row = proposals.turn_down(
            step.connection,
            self.proposal_id,
            withdrawn=self.withdrawn,
            reason=self.reason,
            by=self.actor.username,
            now=step.now,
        )
        status = "withdrawn" if self.withdrawn else "rejected"
        data = {"proposal_id": self.proposal_id, "name": row["name"], "reason": self.reason.strip()}
        step.record(history.OFFICE, f"parameter_{status}", data=data, actor=self.actor)
        return {"status": status}


def _require_authority(actor: Actor) -> None:
    if actor.groups.isdisjoint(AUTHORITIES):
        raise Forbidden(T("参数的新值由省档案局或省人力资源社会保障厅确认。"))
