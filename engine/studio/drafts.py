"""What somebody has typed and not saved yet, and who else has the same file open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from engine import policy
from engine.clock import local
from engine.commands import contents
from engine.commands.held import display_name
from engine.commands.step import Step
from engine.errors import DeploymentRefused, Forbidden, Refused
from engine.queries import shaped
from engine.registry import Actor
from engine.store.upsert import insert_new
from engine.studio import rows
from engine.studio import tables as s
from forms.i18n import T

LARGEST = 6_000_000  # bytes of one draft: more than any file that may be saved
HERE = timedelta(seconds=20)  # without a sign of life for so long, somebody has gone


@dataclass(frozen=True)
class Other:
    """Somebody else who has the file open. `typing`: they have changes that are not saved."""

    username: str
    name: str
    at: datetime  # when their editor was last heard of, by the wall clock
    typing: bool


@dataclass(frozen=True)
class KeepDraft:
    """Keep what `actor` has typed in a file of a change and not saved; `content` None only says that they have it open.
    `base`: number of the version they began from. Nobody else reads a draft.

    Answers `{"at": ISO text or None, "latest": number, "latest_by": name or None, "others": [{"name", "at", "typing"}]}`.
    Raises Forbidden, NotFound, Conflict (CHANGE_CLOSED), DeploymentRefused (the file's name), Refused (DRAFT_TOO_LARGE)."""

    change_id: str
    file_name: str
    actor: Actor
    content: bytes | None
    base: int

    def execute(self, step: Step) -> dict[str, Any]:
        if not policy.allows(self.actor, "studio.edit"):
            raise Forbidden(T("只有流程负责人可以修改流程设计。"), action="studio.edit")
        if refused := contents.check_name(self.file_name):
            raise DeploymentRefused(refused)
        if self.content is not None and len(self.content) > LARGEST:
            raise Refused(T("文件太大，请拆分。"), code="DRAFT_TOO_LARGE")
        rows.require_state(rows.readable(step.connection, self.actor, self.change_id))
        keep(step, self.change_id, self.file_name, self.actor, self.content, self.base)
        saved = rows.latest(step.connection, self.change_id, self.file_name)
        wall = step.engine.wall.now()
        return {
            "at": local(step.now).isoformat() if self.content is not None else None,
            "latest": saved.number,
            "latest_by": display_name(step.connection, saved.author) if saved.number else None,
            "others": [
                {"name": other.name, "at": local(other.at).isoformat(), "typing": other.typing}
                for other in others(step.connection, self.change_id, self.file_name, self.actor, wall)
            ],
        }


@dataclass(frozen=True)
class DropDraft:
    """Forget what `actor` has not saved: the saved version counts again. Raises Forbidden, NotFound."""

    change_id: str
    file_name: str
    actor: Actor

    def execute(self, step: Step) -> None:
        rows.readable(step.connection, self.actor, self.change_id)
        forget(step.connection, self.change_id, self.file_name, self.actor)


def keep(step: Step, change_id: str, file_name: str, actor: Actor, content: bytes | None, base: int) -> None:
    """Write the row of `change_draft`; without content only that its owner is there."""
    draft = s.change_draft
    values: dict[str, Any] = {"seen_at": step.engine.wall.now()}
    if content is not None:
        values |= {"content": content, "base": base, "at": step.now}
    row = {"change_id": change_id, "file_name": file_name, "username": actor.username, "base": base} | values
    if step.connection.execute(insert_new(step.connection, draft).values(**row)).rowcount == 0:
        step.connection.execute(update(draft).where(_mine(change_id, file_name, actor)).values(**values))


def forget(connection: Connection, change_id: str, file_name: str, actor: Actor) -> None:
    draft = s.change_draft
    connection.execute(update(draft).where(_mine(change_id, file_name, actor)).values(content=None, at=None))


def others(connection: Connection, change_id: str, file_name: str, actor: Actor, wall: datetime) -> Sequence[Other]:
    """Who else has the file open, in the order of their names. `wall`: the wall clock's now."""
    return [
        other for other in present(connection, change_id, wall).get(file_name, ()) if other.username != actor.username
    ]


def present(connection: Connection, change_id: str, wall: datetime) -> dict[str, list[Other]]:
    """Who has which file of the change open, by file."""
    d = s.change_draft.c
    found = connection.execute(
        select(d.file_name, d.username, d.seen_at, d.content.is_not(None).label("typing"))
        .where(d.change_id == change_id, d.seen_at > wall - HERE)
        .order_by(d.username)
    ).all()
    known = shaped.names(connection, [row.username for row in found])
    there: dict[str, list[Other]] = {}
    for row in found:
        other = Other(row.username, known.get(row.username, row.username), row.seen_at, bool(row.typing))
        there.setdefault(row.file_name, []).append(other)
    return there


def _mine(change_id: str, file_name: str, actor: Actor) -> Any:
    d = s.change_draft.c
    return (d.change_id == change_id) & (d.file_name == file_name) & (d.username == actor.username)
