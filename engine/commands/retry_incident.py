from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from engine.commands import incidents
from engine.commands.allowed import require
from engine.commands.background import retry
from engine.commands.case import Case
from engine.commands.held import display_name
from engine.commands.step import Step
from engine.errors import Conflict, NotFound
from engine.jobs import queue
from engine.registry import Actor
from engine.store import tables as t
from forms.i18n import T


@dataclass(frozen=True)
class RetryIncident:
    """A person lets the failed step run again. Answers `{"id", "state", "instance": {"id","state","revision"}}`."""

    incident_id: str
    actor: Actor
    reason: str = ""  # why it can work now; kept in the history

    def execute(self, step: Step) -> dict[str, Any]:
        require(self.actor, "incident.retry")
        incident = t.incident
        row = step.connection.execute(select(incident).where(incident.c.id == self.incident_id)).first()
        if row is None:
            raise NotFound(T("没有这个异常。"))
        case = Case.lock(step, row.instance_id, self.actor)
        row = step.connection.execute(select(incident).where(incident.c.id == self.incident_id)).one()
        if row.state == "resolved":
            raise Conflict(
                T("这个异常已经解决。"),
                code="INCIDENT_RESOLVED",
                by=display_name(step.connection, row.resolved_by),
                at=row.changed_at,
            )
        # What a case wanted done elsewhere (a letter, another case's start) is still wanted when the case itself is over.
        if row.task_id is not None or case.state == "suspended":
            case.require_moving()
        data = {"incident": self.incident_id, **({"reason": self.reason} if self.reason else {})}
        case.note("retried", element_id=row.element_id, definition_key=row.definition_key, data=data)
        if row.task_id is not None:
            retry(case, row.task_id)
            case.save()
        else:
            queue.revive(step.connection, row.job_id, step.now)
            step.stirred = True
            incidents.resolve(case, row)
            if case.moving:
                case.state = "incident" if incidents.any_open(step, case.id) else "active"
            case.save(moved=False)
        state = step.connection.scalar(select(incident.c.state).where(incident.c.id == self.incident_id))
        return {"id": self.incident_id, "state": state, "instance": case.summary()}
