"""What happens without a person: due timers, delivered messages, requested starts, repeated tries. Run as jobs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from engine.commands import messages
from engine.commands.case import Case
from engine.commands.messages import Receiver
from engine.commands.starting import startable
from engine.commands.step import Step
from engine.store import tables as t


@dataclass(frozen=True)
class FireDue:
    """Fire the timers of one instance that are due (an instant `<= now` is); answers how many fired."""

    instance_id: str

    def execute(self, step: Step) -> int:
        case = Case.lock_to_run(step, self.instance_id, None)
        if not case.moving or all(due_at > step.now for due_at in case.standing.timers.values()):
            return 0
        run, services = case.load()
        run.fire_due()
        case.settle(run, services)
        case.save()
        return case.fired


@dataclass(frozen=True)
class DeliverMessage:
    """Give a stored message to one receiver, or keep it for who will wait; its effect happens once."""

    message_id: str

    def execute(self, step: Step) -> None:
        message = t.message
        row = step.connection.execute(select(message).where(message.c.id == self.message_id).with_for_update()).one()
        if row.state == "delivered":
            return
        found = messages.receivers(step.connection, row.name, row.correlation, row.business_key)
        for receiver in found:
            if deliver(step, receiver, row.name, row.variables):
                step.connection.execute(
                    update(message)
                    .where(message.c.id == row.id)
                    .values(state="delivered", delivered_at=step.now, delivered_to=receiver.instance_id)
                )
                return
        tried = {receiver.waiting_id for receiver in found}
        messages.keep_or_queue(step, row.id, row.name, row.correlation, row.business_key, tried)


@dataclass(frozen=True)
class StartRequested:
    """Start what a handler asked for. The instance's id was chosen with the request, so it starts once."""

    instance_id: str
    key: str
    variables: Mapping[str, Any]
    business_key: str | None

    def execute(self, step: Step) -> None:
        known = select(t.instance.c.id).where(t.instance.c.id == self.instance_id)
        if step.connection.scalar(known) is not None:
            return
        row = startable(step.connection, key=self.key)
        case = Case.create(
            step,
            deployment_id=row.deployment_id,
            definition_id=row.id,
            definition_key=row.key,
            business_key=self.business_key,
            actor=None,
            instance_id=self.instance_id,
        )
        case.start(self.variables)
        case.save()


@dataclass(frozen=True)
class RetryFailed:
    """Try a failed step again by itself, after the pause its incident was given."""

    incident_id: str

    def execute(self, step: Step) -> None:
        incident = t.incident
        row = step.connection.execute(select(incident).where(incident.c.id == self.incident_id)).one()
        case = Case.lock_to_run(step, row.instance_id, None)
        state = step.connection.scalar(select(incident.c.state).where(incident.c.id == self.incident_id))
        if state == "retrying" and case.moving:
            retry(case, row.task_id)
            case.save()


def retry(case: Case, task_id: str) -> None:
    case.strict = False  # a step that is refused again stays an incident
    case.retrying.add(task_id)
    run, services = case.load()
    run.retry(task_id)
    case.settle(run, services)


def deliver(step: Step, receiver: Receiver, name: str, variables: Mapping[str, Any]) -> bool:
    """False where the receiver stopped waiting before its instance could be locked. Who may receive it was settled by
    `messages.receivers`."""
    case = Case.lock_to_run(step, receiver.instance_id, None)
    waiting = step.connection.execute(
        select(t.waiting_message).where(t.waiting_message.c.id == receiver.waiting_id)
    ).first()
    if waiting is None or not case.moving:
        return False
    run, services = case.load()
    if not run.deliver(name, None, variables, receiver=receiver.waiting_id):
        return False
    case.settle(run, services)
    case.save()
    return True
