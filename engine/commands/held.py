"""A task under its instance's lock, with what the policy needs to know of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, select, update

from engine import policy
from engine.bpmn.elements import split_names
from engine.commands.case import Case
from engine.commands.step import Step
from engine.errors import Conflict, Forbidden, NotFound, Refused
from engine.identity import people
from engine.policy import Candidate, TaskFacts
from engine.registry import Actor
from engine.store import tables as t
from forms.i18n import T


@dataclass(frozen=True)
class Held:
    case: Case
    row: SimpleNamespace  # of the task
    facts: TaskFacts
    actor: Actor

    def require(self, action: str) -> None:
        """Raises Conflict where somebody else has the task, Refused for four eyes, Forbidden."""
        if policy.allows(self.actor, action, self.facts):
            return
        other = self.row.assignee not in (None, self.actor.username)
        if other and policy.matches(self.actor, self.facts.candidates):
            who = display_name(self.case.step.connection, self.row.assignee)
            raise Conflict(
                T("这项任务已由 {who} 领取。", who=who), code="TASK_CLAIMED", by=who, at=self.row.assigned_at
            )
        if self.actor.username in self.facts.barred:
            raise Refused(T("您办理过前面的步骤，这一步须由另一人办理。"), code="FOUR_EYES")
        raise Forbidden(T("您不能办理这项任务。"))

    def change(self, **values: Any) -> None:
        """Write to the task's own row: a new revision of it, not of the instance."""
        self.case.step.connection.execute(
            update(t.task).where(t.task.c.id == self.row.id).values(**values, revision=t.task.c.revision + 1)
        )

    def note(self, kind: str, **data: Any) -> None:
        self.case.note(
            kind,
            definition_key=self.row.definition_key,
            element_id=self.row.element_id,
            name=self.row.name,
            task_id=self.row.id,
            data=data,
        )

    def answer(self) -> dict[str, Any]:
        """How the instance stands, and what of it the actor may see next."""
        return {"instance": self.case.summary(), "next_tasks": self._next()}

    def _next(self) -> list[dict[str, str]]:
        if self.case.state in ("completed", "cancelled"):
            return []
        if self.case.offered is not None:
            seen = [offer for offer in self.case.offered if offer.seen_by(self.actor)]
            return [{"id": offer.id, "element_id": offer.element_id} for offer in seen]
        task = t.task  # the instance did not move, its task did: assigned to somebody, for instance
        found = self.case.step.connection.execute(
            select(task.c.id, task.c.element_id)
            .where(task.c.instance_id == self.case.id, task.c.state == "open", policy.task_filter(self.actor))
            .order_by(task.c.created_at, task.c.id)
        )
        return [{"id": row.id, "element_id": row.element_id} for row in found]


def hold(step: Step, task_id: str, actor: Actor, revision: int | None = None) -> Held:
    """Lock the task's instance and read the task. Raises NotFound for who may not see it; Conflict where it is closed
    (`by`, `at`), was changed since `revision`, or its instance stands still."""
    found = Case.lock_of_task(step, task_id, actor)
    if found is None:
        raise _unknown()
    case, row = found
    if row.state == "open":
        forbidden = barred(step.connection, row.instance_id, row.properties)
        facts = TaskFacts.of(row, case.standing.tasks[row.id].candidates, forbidden)
    else:
        facts = facts_of(step.connection, row)
    if not policy.allows(actor, "task.read", facts):
        raise _unknown()
    if row.state == "completed":
        who = display_name(step.connection, row.completed_by)
        raise Conflict(T("这项任务已由 {who} 办理。", who=who), code="TASK_DONE", by=who, at=row.closed_at)
    if row.state == "cancelled":
        raise Conflict(T("这项任务已不需要办理。"), code="TASK_CANCELLED", by=None, at=row.closed_at)
    case.require_moving()
    if revision is not None and revision != row.revision:
        by = display_name(step.connection, row.assignee) if row.assignee else None
        raise Conflict(T("这项任务已有变化，请刷新后再办理。"), code="TASK_CHANGED", by=by, at=row.assigned_at)
    return Held(case, row, facts, actor)


def facts_of(connection: Connection, row: SimpleNamespace) -> TaskFacts:
    candidate = t.task_candidate
    found = connection.execute(
        select(candidate.c.kind, candidate.c.value, candidate.c.scope).where(candidate.c.task_id == row.id)
    )
    return TaskFacts.of(
        row, (Candidate(*offer) for offer in found), barred(connection, row.instance_id, row.properties)
    )


def barred(connection: Connection, instance_id: str, properties: Mapping[str, str]) -> frozenset[str]:
    """Who completed one of the steps named by the element's `notSameActorAs` in this instance."""
    elements = split_names(properties.get("notSameActorAs"))
    if not elements:
        return frozenset()
    task = t.task
    found = connection.scalars(
        select(task.c.completed_by).where(
            task.c.instance_id == instance_id, task.c.state == "completed", task.c.element_id.in_(elements)
        )
    )
    return frozenset(username for username in found if username is not None)


def display_name(connection: Connection, username: str | None) -> str:
    if username is None:
        return str(T("系统"))
    person = people.find(connection, username)
    return person.actor.name if person else username


def _unknown() -> NotFound:
    return NotFound(T("没有这项任务。"))


def require_receiver(held: Held, username: str) -> None:
    """May the task be handed to this person? Raises NotFound for no such account, Refused otherwise.

    Whoever hands it on, it stays within its offer: the candidates with their scope, or the person the diagram names.
    Distributing work is no way to take it, nor to show a case to somebody who has nothing to do with it. Only where
    there is no offer but one name, an owner or administrator may hand it to another: people leave."""
    receiver = people.actor(held.case.step.connection, username)
    if receiver.username in held.facts.barred:
        raise Refused(T("此人办理过前面的步骤，这一步须由另一人办理。"), code="FOUR_EYES")
    named = receiver.username in (held.row.assignee, held.row.owner)
    distributing = bool(held.actor.groups & {policy.OWNER, policy.ADMIN}) and receiver.username != held.actor.username
    replacing = distributing and not held.facts.candidates
    if not named and not replacing and not policy.matches(receiver, held.facts.candidates):
        raise Refused(T("此人不在这项任务的办理范围内。"), code="NOT_A_CANDIDATE")
