"""What can be put right in one case, and what has been proposed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from engine import policy
from engine.bpmn import surgery
from engine.bpmn.drive import Run
from engine.bpmn.guard import Guard
from engine.bpmn.model import OnlyLooking
from engine.bpmn.surgery import Place
from engine.commands.case import CODEC, state_signed
from engine.commands.services import Functions
from engine.errors import NotFound, Refused
from engine.queries.instance_view import visible
from engine.queries.proposals import proposals
from engine.queries.reading import Reading
from engine.registry import Actor
from engine.store import tables as t
from forms.i18n import T


@dataclass(frozen=True)
class Standing:
    """Where a case stands for who would put it right; `revision` is to be sent with the proposal."""

    process_instance_id: str
    state: str
    revision: int
    places: tuple[Place, ...]


@dataclass(frozen=True)
class Repairable:
    """The tokens of a running case, where each may go, and the variables that may be set. Nothing of what its process keeps secret.
    No places where the case has ended. For process owners; for
    everybody else there is no such case. Raises NotFound, Refused (STATE_DAMAGED)."""

    actor: Actor
    instance_id: str

    def answer(self, reading: Reading) -> Standing:
        if not policy.allows(self.actor, "repair.propose"):
            raise NotFound(T("没有这个流程实例。"))
        row = visible(reading, self.actor, self.instance_id)
        state = t.instance_state.c
        kept = reading.connection.execute(
            select(state.codec, state.blob, state.mac).where(state.instance_id == row.id)
        ).one()
        if row.state not in ("active", "incident"):
            return Standing(row.id, row.state, row.revision, ())
        keys = reading.engine.settings.keys_for("state")
        if kept.codec != CODEC or not state_signed(keys, kept.mac, row.id, row.deployment_id, row.revision, kept.blob):
            raise Refused(T("流程状态与保存时不一致，已拒绝读取。"), code="STATE_DAMAGED")
        registry = reading.engine.registry
        release = reading.engine.releases.get(reading.connection, row.deployment_id)
        services = OnlyLooking(reading.now, Functions(registry, reading.connection, reading.now))
        run = Run.load(release.bpmn, row.definition_key, kept.blob, services, release.limits)
        guard = Guard(release.bpmn, registry.protected, registry.handlers)
        return Standing(row.id, row.state, row.revision, tuple(surgery.places(run, guard)))


@dataclass(frozen=True)
class RepairItem:
    """`steps` as `engine.commands.repairs` keeps them. `stale`: the case has gone on since. `by`, `decided_by`: display names."""

    id: str
    process_instance_id: str
    definition_key: str
    business_key: str | None
    instance_state: str
    steps: list[dict[str, Any]]
    reason: str
    status: str  # proposed, confirmed, rejected, withdrawn, lapsed
    stale: bool
    by: str
    at: datetime
    decided_by: str | None
    decided_at: datetime | None
    answer: str | None
    may_decide: bool
    may_withdraw: bool


@dataclass(frozen=True)
class Repairs:
    """Proposals to put a case right, the newest first: those that wait for the second person, or of one case all of them.

    For overseers of the office and those who read everything. Two statements. Raises Forbidden."""

    actor: Actor
    process_instance_id: str | None = None

    def answer(self, reading: Reading) -> list[RepairItem]:
        return [
            RepairItem(
                **shown,
                steps=row.steps,
                stale=row.status == "proposed" and row.revision != row.instance_revision,
            )
            for row, shown in proposals(reading, self.actor, t.repair, self.process_instance_id)
        ]
