from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import update

from engine import drafts
from engine.clock import local
from engine.commands.held import hold
from engine.commands.step import Step
from engine.errors import Refused
from engine.history import canonical
from engine.identity.crypto import Keyring
from engine.registry import Actor
from engine.store import tables as t
from engine.store.upsert import insert_new
from forms.i18n import T

LARGEST = 1_000_000  # bytes of one draft as JSON


@dataclass(frozen=True)
class SaveDraft:
    """Keep what somebody typed so far; only they read it, and it is kept sealed. Answers `{"saved_at": ISO text}`."""

    task_id: str
    actor: Actor
    data: Mapping[str, Any]

    def execute(self, step: Step) -> dict[str, Any]:
        held = hold(step, self.task_id, self.actor)
        held.require("task.draft")
        written = canonical(self.data)
        if len(written) > LARGEST:
            raise Refused(T("草稿太大，请把资料存为附件。"), code="DRAFT_TOO_LARGE")
        draft = t.task_draft
        mine = (draft.c.task_id == self.task_id) & (draft.c.username == self.actor.username)
        keyring = Keyring(step.engine.settings.secret_key)
        sealed = drafts.seal(keyring, self.task_id, self.actor.username, written)
        values = {"sealed": sealed, "saved_at": step.now}
        row = insert_new(step.connection, draft).values(task_id=self.task_id, username=self.actor.username, **values)
        if step.connection.execute(row).rowcount == 0:
            step.connection.execute(update(draft).where(mine).values(**values))
        return {"saved_at": local(step.now).isoformat()}
