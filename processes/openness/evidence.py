"""Files that the public uploaded with an objection that was never sent: nobody's, and removed after a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from engine.attachments.tables import attachment, attachment_link
from engine.commands.step import Step
from processes.register.objection_tables import objection

OURS = "~%"  # `processes.publicity.objections.uploader`: no account's name begins so
WAITS = timedelta(days=1)
AT_ONCE = 50


@dataclass(frozen=True)
class SweepEvidence:
    """Forget what was uploaded more than a day ago and named by no objection. Answers the keys of the bytes, now to be
    deleted from the store."""

    at: datetime  # as the uploads were dated: the engine's clock

    def execute(self, step: Step) -> list[str]:
        c = attachment.c
        named = sorted({each for used in step.connection.scalars(select(objection.c.evidence)) for each in used})
        rows = step.connection.execute(
            select(c.id, c.stored_as)
            .where(
                c.uploaded_by.like(OURS),
                c.uploaded_at < self.at - WAITS,
                c.id.not_in(named),
                c.id.not_in(select(attachment_link.c.attachment_id)),
            )
            .order_by(c.uploaded_at)
            .limit(AT_ONCE)
        ).all()
        if rows:
            step.connection.execute(delete(attachment).where(c.id.in_([row.id for row in rows])))
        return [row.stored_as for row in rows]
