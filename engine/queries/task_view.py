"""One task, and the form it is done with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Row, select

from engine import drafts, policy
from engine.errors import NotFound
from engine.identity.crypto import Keyring, Unreadable
from engine.policy import TaskFacts
from engine.queries import shaped
from engine.queries.reading import Reading
from engine.queries.veil import Veil
from engine.queries.views import TaskDetail, TaskFormView
from engine.registry import Actor
from engine.store import tables as t
from engine.store.packed import unpack
from forms.i18n import T

log = structlog.get_logger(__name__)

ACTIONS = ("claim", "unclaim", "assign", "delegate", "complete", "draft")


@dataclass(frozen=True)
class TaskView:
    """One task with its case. Six statements at most. Raises NotFound for who may not see it."""

    actor: Actor
    task_id: str

    def answer(self, reading: Reading) -> TaskDetail:
        row, facts = visible(reading, self.actor, self.task_id)
        instance = reading.connection.execute(shaped.instances().where(t.instance.c.id == row.instance_id)).one()
        people = (row.completed_by, instance.started_by)
        known = shaped.names(reading.connection, people)
        item = shaped.task_item(reading, self.actor, row, facts.candidates, facts.barred)
        moving = instance.state in ("active", "incident")
        barred = self.actor.username in facts.barred and policy.may_take(self.actor, facts)
        return TaskDetail(
            task=item,
            instance=shaped.instance_item(instance, known),
            hint=row.properties.get("hint"),
            properties=row.properties,
            data=_data(reading, self.actor, row, facts),
            owner=row.owner,
            assigned_at=row.assigned_at,
            completed_by=row.completed_by,
            completed_by_name=known.get(row.completed_by, row.completed_by),
            closed_at=row.closed_at,
            may=frozenset(
                action for action in ACTIONS if moving and policy.allows(self.actor, f"task.{action}", facts)
            ),
            barred=T("您办理过前面的步骤，这一步须由另一人办理。") if barred else None,
        )


@dataclass(frozen=True)
class TaskForm:
    """The form of a task and what to fill it with. Five statements at most. Raises NotFound."""

    actor: Actor
    task_id: str

    def answer(self, reading: Reading) -> TaskFormView:
        row, facts = visible(reading, self.actor, self.task_id)
        schema = None
        if row.form_key is not None:
            release = reading.engine.releases.get(reading.connection, row.deployment_id)
            schema = release.form(row.form_key).raw
        draft = t.task_draft
        kept = reading.connection.execute(
            select(draft.c.sealed, draft.c.saved_at).where(
                draft.c.task_id == row.id, draft.c.username == self.actor.username
            )
        ).first()
        typed = self._opened(reading, kept.sealed) if kept else None
        return TaskFormView(
            task_id=row.id,
            revision=row.revision,
            schema=schema,
            data=_data(reading, self.actor, row, facts),
            draft=typed,
            draft_saved_at=kept.saved_at if kept else None,
            draft_unreadable=kept is not None and typed is None,
        )

    def _opened(self, reading: Reading, sealed: bytes) -> dict[str, Any] | None:
        """None for a draft whose key is gone: the form must open all the same, and the reader is told."""
        keyring = Keyring(reading.engine.settings.secret_key)
        try:
            return drafts.unseal(keyring, self.task_id, self.actor.username, sealed)
        except Unreadable as error:
            log.warning("draft unreadable", task=self.task_id, error=str(error))
            return None


def visible(reading: Reading, actor: Actor, task_id: str) -> tuple[Row[Any], TaskFacts]:
    """The task with what the policy knows of it. Raises NotFound."""
    columns = (t.task.c.data, t.instance.c.deployment_id, t.instance.c.definition_key.label("root_key"))
    query = shaped.tasks().add_columns(*columns).where(t.task.c.id == task_id)
    row = reading.connection.execute(query).first()
    if row is not None:
        candidates, barred = shaped.concerns(reading.connection, [row])
        facts = policy.TaskFacts.of(row, candidates.get(task_id, []), barred.get(task_id, frozenset()))
        if policy.allows(actor, "task.read", facts):
            return row, facts
    raise NotFound(T("没有这项任务。"))


def _data(reading: Reading, actor: Actor, row: Row[Any], facts: TaskFacts) -> dict[str, Any]:
    veil = Veil.over(reading, actor, row.deployment_id, row.root_key)
    return veil.task_data(unpack(row.data), row.form_key, facts)
