"""Forms whose login was lost while they were sent: kept for their account until shown again, at most a day."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from engine.identity.tables import kept_form
from engine.store.metadata import new_id

if TYPE_CHECKING:
    from engine.commands.step import Step
    from engine.queries.reading import Reading

KEEP = timedelta(days=1)


@dataclass(frozen=True)
class Kept:
    path: str
    sealed: str


@dataclass(frozen=True)
class KeepForm:
    """Returns the id. `sealed` is text only the caller can open; `at` is real time."""

    account_id: str
    path: str
    sealed: str = field(repr=False)
    at: datetime

    def execute(self, step: Step) -> str:
        kept_id = new_id()
        step.connection.execute(delete(kept_form).where(kept_form.c.kept_at < self.at - KEEP))
        step.connection.execute(
            insert(kept_form).values(
                id=kept_id,
                account_id=self.account_id,
                path=self.path[:2000],
                fields=self.sealed.encode(),
                kept_at=self.at,
            )
        )
        return kept_id


@dataclass(frozen=True)
class KeptForm:
    """The form of this account, or None. It stays for its day, so that a page loaded again still shows it."""

    kept_id: str
    account_id: str
    at: datetime

    def answer(self, reading: Reading) -> Kept | None:
        mine = (kept_form.c.id == self.kept_id) & (kept_form.c.account_id == self.account_id)
        row = reading.connection.execute(select(kept_form).where(mine)).first()
        if row is None or self.at - row.kept_at >= KEEP:
            return None
        return Kept(row.path, row.fields.decode())
