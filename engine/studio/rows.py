"""What the studio's commands and queries share: one change as it stands, locked where something is to be written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, and_, func, insert, select

from engine import policy
from engine.commands.step import Step
from engine.errors import Conflict, Forbidden, Invalid, NotFound
from engine.history import OFFICE
from engine.registry import Actor
from engine.studio import tables as s
from forms.i18n import T, Text

STATES: dict[str, Text] = {
    "open": T("编辑中"),
    "proposed": T("待启用"),
    "published": T("已启用"),
    "dropped": T("已放弃"),
}
LONGEST_TITLE = 100  # characters
LONGEST_TEXT = 2_000  # characters of a reason or comment


def readable(connection: Connection, actor: Actor, change_id: str) -> Row[Any]:
    """The change's row. Raises Forbidden, NotFound."""
    if not policy.allows(actor, "studio.read"):
        raise Forbidden(T("您没有这项权限。"), action="studio.read")
    row = connection.execute(select(s.change).where(s.change.c.id == change_id)).first()
    if row is None:
        raise NotFound(T("没有这个改动。"))
    return row


def editable(step: Step, actor: Actor, change_id: str, *states: str) -> Row[Any]:
    """The change's row, locked until the command ends; it must be in one of `states` (open, where none is named).
    Raises Forbidden, NotFound, Conflict (CHANGE_CLOSED)."""
    if not policy.allows(actor, "studio.edit"):
        raise Forbidden(T("只有流程负责人可以修改流程设计。"), action="studio.edit")
    row = step.connection.execute(select(s.change).where(s.change.c.id == change_id).with_for_update()).first()
    if row is None:
        raise NotFound(T("没有这个改动。"))
    require_state(row, *states)
    return row


def require_state(row: Row[Any], *states: str) -> None:
    """Raises Conflict (CHANGE_CLOSED)."""
    if row.state not in (states or ("open",)):
        text = T("这个改动{state}，不能再修改。", state=STATES[row.state])
        raise Conflict(text, code="CHANGE_CLOSED", by=None, at=row.ended_at)


@dataclass(frozen=True)
class Saved:
    """The newest state of one file of a change. Number 0: nothing was saved yet. `content` None: the change does not hold it."""

    number: int = 0
    content: bytes | None = None
    author: str | None = None
    at: Any = None
    comment: str = ""
    over: str | None = None


def latest(connection: Connection, change_id: str, file_name: str) -> Saved:
    v = s.change_version.c
    row = connection.execute(
        select(s.change_version)
        .where(v.change_id == change_id, v.file_name == file_name)
        .order_by(v.number.desc())
        .limit(1)
    ).first()
    return _saved(row) if row is not None else Saved()


def content_of(connection: Connection, change_id: str, file_name: str, number: int) -> bytes | None:
    """The bytes of one version; None where there is no such version, or it only says that the file was taken out."""
    v = s.change_version.c
    asked = select(v.content).where(v.change_id == change_id, v.file_name == file_name, v.number == number)
    found: bytes | None = connection.scalar(asked)
    return found


def newest(connection: Connection, change_id: str) -> dict[str, Saved]:
    """The newest version of every file that was ever saved in the change, by name."""
    v = s.change_version
    top = (
        select(v.c.file_name, func.max(v.c.number).label("number"))
        .where(v.c.change_id == change_id)
        .group_by(v.c.file_name)
        .subquery()
    )
    query = (
        select(v)
        .join(top, and_(top.c.file_name == v.c.file_name, top.c.number == v.c.number))
        .where(v.c.change_id == change_id)
        .order_by(v.c.file_name)
    )
    return {row.file_name: _saved(row) for row in connection.execute(query)}


def held(connection: Connection, change_id: str) -> dict[str, bytes]:
    """The files the change holds, name -> bytes."""
    return {name: saved.content for name, saved in newest(connection, change_id).items() if saved.content is not None}


def _saved(row: Row[Any]) -> Saved:
    return Saved(row.number, row.content, row.author, row.at, row.comment, row.over)


def append(
    step: Step,
    change_id: str,
    file_name: str,
    actor: Actor,
    content: bytes | None,
    *,
    number: int,
    comment: str,
    over: str | None,
    restored_from: int | None = None,
) -> None:
    """One version more, with a line in the office's history. The change is locked."""
    step.connection.execute(
        insert(s.change_version).values(
            change_id=change_id,
            file_name=file_name,
            number=number,
            content=content,
            author=actor.username,
            at=step.now,
            comment=comment,
            restored_from=restored_from,
            over=over,
        )
    )
    data = {"change": change_id, "file": file_name, "number": number}
    step.record(OFFICE, "change_saved" if content is not None else "change_file_removed", data=data, actor=actor)


def checked_text(name: str, value: str, *, longest: int = LONGEST_TEXT, needed: bool = False) -> str:
    """The text without spaces around it. Raises Invalid where it is too long, or missing although needed."""
    value = value.strip()
    if len(value) > longest:
        raise Invalid({name: [T("太长：最多 {n} 个字。", n=longest)]})
    if needed and not value:
        raise Invalid({name: [T("请填写。")]})
    return value
