"""Where one instance stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from engine import policy
from engine.errors import NotFound
from engine.queries import shaped
from engine.queries.reading import Reading
from engine.queries.veil import Veil
from engine.queries.views import ActiveElementItem, InstanceDetail, WaitingItem
from engine.registry import Actor
from engine.store import tables as t
from engine.store.packed import unpack
from forms.i18n import T


@dataclass(frozen=True)
class InstanceView:
    """Where one instance stands. Ten statements at most. Its variables without what its process keeps secret
    (`engine.queries.veil`). Raises NotFound for who may not see it."""

    actor: Actor
    instance_id: str

    def answer(self, reading: Reading) -> InstanceDetail:
        connection = reading.connection
        row = visible(reading, self.actor, self.instance_id)
        state, timer, waiting, incident, scope = (
            t.instance_state,
            t.timer,
            t.waiting_message,
            t.incident,
            t.instance_scope,
        )
        kept = connection.execute(select(state.c.variables, state.c.active).where(state.c.instance_id == row.id)).one()
        timers = connection.execute(select(timer).where(timer.c.instance_id == row.id).order_by(timer.c.due_at)).all()
        messages = connection.execute(select(waiting).where(waiting.c.instance_id == row.id)).all()
        incidents = connection.execute(
            shaped.incidents()
            .where(incident.c.instance_id == row.id, incident.c.state != "resolved")
            .order_by(incident.c.created_at)
        ).all()
        tasks = connection.execute(
            shaped.tasks()
            .where(t.task.c.instance_id == row.id, t.task.c.state == "open", policy.task_filter(self.actor))
            .order_by(t.task.c.created_at, t.task.c.id)
        ).all()
        scopes = connection.scalars(select(scope.c.scope).where(scope.c.instance_id == row.id).order_by(scope.c.scope))
        veil = Veil.over(reading, self.actor, row.deployment_id, row.definition_key)
        return InstanceDetail(
            instance=shaped.instance_item(row, shaped.names(connection, [row.started_by])),
            variables=veil.variables(unpack(kept.variables)),
            active_elements=tuple(ActiveElementItem(**each) for each in kept.active) if not row.ended_at else (),
            timers=tuple(shaped.timer_item(each) for each in timers),
            waiting=tuple(
                WaitingItem(each.id, each.element_id, each.name, each.definition_key, each.message) for each in messages
            ),
            incidents=tuple(veil.incident(shaped.incident_item(each)) for each in incidents),
            tasks=tuple(shaped.task_items(reading, self.actor, tasks)),
            scopes=tuple(scopes),
            may=self._may(row),
        )

    def _may(self, row: Row[Any]) -> frozenset[str]:
        actions = {
            "active": ("suspend", "cancel", "retry"),
            "incident": ("suspend", "cancel", "retry"),
            "suspended": ("resume", "cancel"),
        }.get(row.state, ())
        named = {action: "incident.retry" if action == "retry" else f"instance.{action}" for action in actions}
        return frozenset(action for action, name in named.items() if policy.allows(self.actor, name))


def visible(reading: Reading, actor: Actor, instance_id: str) -> Row[Any]:
    """The row of an instance the actor may see. Raises NotFound."""
    query = shaped.instances().where(t.instance.c.id == instance_id, policy.instance_filter(actor))
    row = reading.connection.execute(query).first()
    if row is None:
        raise NotFound(T("没有这个流程实例。"))
    return row
