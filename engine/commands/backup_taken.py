"""That a backup was taken: one row, so that the operator's page can say when the last one was."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from engine.commands.step import Step
from engine.queries.reading import Reading
from engine.store import tables as t
from engine.store.upsert import insert_new

KEY = "backup.last"


@dataclass(frozen=True)
class Backup:
    """`at`: real time, aware, UTC; `size`: bytes of the file; `name`: of the file, without its folder."""

    at: datetime
    size: int
    attachments: int
    name: str


@dataclass(frozen=True)
class BackupTaken:
    """Keep what is known of the latest backup."""

    backup: Backup

    def execute(self, step: Step) -> None:
        one = self.backup
        value = json.dumps(
            {"at": one.at.isoformat(), "size": one.size, "attachments": one.attachments, "name": one.name}
        )
        setting = t.setting
        made = step.connection.execute(insert_new(step.connection, setting).values(key=KEY, value=value))
        if made.rowcount == 0:
            step.connection.execute(update(setting).where(setting.c.key == KEY).values(value=value))


@dataclass(frozen=True)
class LastBackup:
    """The latest backup; None where none was taken since the tables were made."""

    def answer(self, reading: Reading) -> Backup | None:
        kept = reading.connection.scalar(select(t.setting.c.value).where(t.setting.c.key == KEY))
        if kept is None:
            return None
        told = json.loads(kept)
        return Backup(datetime.fromisoformat(told["at"]), told["size"], told["attachments"], told["name"])
