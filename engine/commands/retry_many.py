"""Many incidents of one cause tried again: asked for once with one reason, done in the background, each in a job of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, insert, select, update

from engine import history
from engine.commands.allowed import require
from engine.commands.proposals import checked
from engine.commands.retry_incident import RetryIncident
from engine.commands.step import Step
from engine.errors import Busy, NotFound, Refused, ZhipingError
from engine.identity import people
from engine.jobs import queue
from engine.registry import Actor
from engine.store import tables as t
from engine.store.metadata import new_id
from forms.i18n import T, Text

MOST = 1_000  # incidents in one go; what is more is asked for again


@dataclass(frozen=True)
class RetryMany:
    """Try again what waits for a person because of `code`, at one step (`definition_key` and `element_id`) or wherever.

    Answers `{"batch_id", "count": how many will be tried, "left": how many there are beyond `MOST`}`.
    Raises Forbidden, Invalid (`reason`), Refused (`NOTHING_TO_RETRY`)."""

    code: str
    actor: Actor
    reason: str
    definition_key: str | None = None
    element_id: str | None = None

    def execute(self, step: Step) -> dict[str, Any]:
        require(self.actor, "incident.retry")
        reason = checked(self.reason)
        incident, instance = t.incident, t.instance
        wanted = [
            incident.c.state == "open",
            incident.c.code == self.code,
            instance.c.id == incident.c.instance_id,
            instance.c.state.in_(("active", "incident")),
        ]
        if self.definition_key is not None:
            wanted.append(incident.c.definition_key == self.definition_key)
        if self.element_id is not None:
            wanted.append(incident.c.element_id == self.element_id)
        oldest = select(incident.c.id).where(*wanted).order_by(incident.c.created_at, incident.c.id).limit(MOST)
        found = list(step.connection.scalars(oldest))
        if not found:
            raise Refused(T("现在没有可以重试的异常，可能别人已经处理了。"), code="NOTHING_TO_RETRY")
        total = step.connection.scalar(select(func.count()).where(*wanted)) or 0
        batch_id = new_id()
        asked = {"code": self.code, "definition_key": self.definition_key, "element_id": self.element_id}
        step.connection.execute(
            insert(t.retry_batch).values(
                id=batch_id, reason=reason, asked_by=self.actor.username, asked_at=step.now, **asked
            )
        )
        step.connection.execute(
            insert(t.retry_item),
            [{"batch_id": batch_id, "incident_id": incident_id, "state": "waiting"} for incident_id in found],
        )
        for incident_id in found:
            payload = {"batch_id": batch_id, "incident_id": incident_id}
            step.put_job(queue.RETRY_MANY, job_key(batch_id, incident_id), payload)
        data = {**asked, "batch": batch_id, "count": len(found), "reason": reason}
        step.record(history.OFFICE, "retried_many", data=data, actor=self.actor)
        return {"batch_id": batch_id, "count": len(found), "left": total - len(found)}


@dataclass(frozen=True)
class RetryOne:
    """One of them, as a job: in the name of who asked, whose right is looked at again. What comes of it stands in its row."""

    batch_id: str
    incident_id: str

    def execute(self, step: Step) -> None:
        batch = step.connection.execute(select(t.retry_batch).where(t.retry_batch.c.id == self.batch_id)).one()
        text: Text | None = None
        try:
            actor = people.actor(step.connection, batch.asked_by)
            with step.connection.begin_nested():  # what cannot be tried leaves nothing but its line here
                state = RetryIncident(self.incident_id, actor, batch.reason).execute(step)["state"]
        except Busy:
            raise
        except ZhipingError as error:  # the account is gone, somebody was quicker, the case has ended
            state, text = "skipped", error.text
        if state not in ("resolved", "skipped"):
            state = "failed"
            why = step.connection.execute(select(t.incident.c.text).where(t.incident.c.id == self.incident_id)).one()
            text = Text.load(why.text)
        row = t.retry_item
        step.connection.execute(
            update(row)
            .where(row.c.batch_id == self.batch_id, row.c.incident_id == self.incident_id)
            .values(state={"resolved": "worked"}.get(state, state), at=step.now, text=text.dump() if text else None)
        )


@dataclass(frozen=True)
class RetryJob:
    """A person lets a job run again that was given up and belongs to no case. Answers `{"id", "key"}`.

    Raises Forbidden, NotFound (none such, or not given up), Invalid (`reason`), Refused (`HAS_INCIDENT`: its incident is
    tried again instead)."""

    job_id: str
    actor: Actor
    reason: str

    def execute(self, step: Step) -> dict[str, Any]:
        require(self.actor, "job.retry")
        reason = checked(self.reason)
        row = step.connection.execute(select(t.job).where(t.job.c.id == self.job_id).with_for_update()).first()
        if row is None or not row.failed:
            raise NotFound(T("没有这项停下的后台工作，可能已经重新办理。"))
        stands = select(t.incident.c.id).where(t.incident.c.job_id == row.id, t.incident.c.state != "resolved")
        if step.connection.scalar(stands) is not None:
            raise Refused(T("这项工作属于一件事，请在这件事的异常里重试。"), code="HAS_INCIDENT")
        queue.revive(step.connection, row.id, step.now)
        step.stirred = True
        step.record(history.OFFICE, "job_retried", data={"job": row.key, "reason": reason}, actor=self.actor)
        return {"id": row.id, "key": row.key}


def job_key(batch_id: str, incident_id: str) -> str:
    return f"{queue.RETRY_MANY}:{batch_id}:{incident_id}"
