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
from engine.errors import Forbidden, NotFound, Refused
from engine.policy import OWNER, CancellationFacts
from engine.queries import shaped
from engine.queries.instance_view import visible
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
        overseers = reading.engine.registry.overseers
        if not policy.allows(self.actor, "operation.read") and self.actor.groups.isdisjoint({OWNER, *overseers}):
            raise Forbidden(T("您没有这项权限。"), action="operation.read")
        table, instance = t.repair, t.instance
        query = select(
            table,
            instance.c.definition_key,
            instance.c.business_key,
            instance.c.state.label("instance_state"),
            instance.c.revision.label("instance_revision"),
        ).join(instance, instance.c.id == table.c.instance_id)
        if self.process_instance_id is not None:
            query = query.where(table.c.instance_id == self.process_instance_id)
        else:
            going = instance.c.state.in_(("active", "incident", "suspended"))
            query = query.where(table.c.status == "proposed", going)
        rows = reading.connection.execute(query.order_by(table.c.proposed_at.desc(), table.c.id).limit(200)).all()
        known = shaped.names(reading.connection, [name for row in rows for name in (row.proposed_by, row.decided_by)])

        def may(action: str, proposed_by: str) -> bool:
            return policy.allows(self.actor, action, CancellationFacts(proposed_by, overseers))

        return [
            RepairItem(
                id=row.id,
                process_instance_id=row.instance_id,
                definition_key=row.definition_key,
                business_key=row.business_key,
                instance_state=row.instance_state,
                steps=row.steps,
                reason=row.reason,
                status=row.status,
                stale=row.status == "proposed" and row.revision != row.instance_revision,
                by=known.get(row.proposed_by, row.proposed_by),
                at=row.proposed_at,
                decided_by=known.get(row.decided_by, row.decided_by) if row.decided_by else None,
                decided_at=row.decided_at,
                answer=row.answer,
                may_decide=row.status == "proposed" and may("cancellation.decide", row.proposed_by),
                may_withdraw=row.status == "proposed" and may("cancellation.withdraw", row.proposed_by),
            )
            for row in rows
        ]
