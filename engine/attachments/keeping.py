"""Taking a file in, tying it to an instance, and giving it back to those who may read it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, BinaryIO

from sqlalchemy import ColumnElement, Connection, Row, delete, exists, func, insert, or_, select

from engine import policy
from engine.attachments import kinds
from engine.attachments.storage import CHUNK, storage
from engine.attachments.tables import attachment, attachment_link
from engine.errors import Invalid, NotFound, Refused
from engine.registry import Actor
from engine.store import tables as t
from engine.store.metadata import new_id
from engine.store.upsert import insert_new
from forms.i18n import T, Text

if TYPE_CHECKING:
    from engine.commands.port import Once
    from engine.commands.step import Step
    from engine.engine import Engine
    from engine.queries.reading import Reading

LARGEST = 20 * 1024 * 1024  # bytes; a form's field may allow less
MOST_WAITING = 200  # files of one person that belong to no instance yet
WAITS = timedelta(days=30)  # a file never handed in with a form is removed after that


@dataclass(frozen=True)
class AttachmentItem:
    """What is known of a file. `type` was found in the content; `name` is for people, never a path."""

    id: str
    name: str
    size: int
    type: str
    sha256: str
    uploaded_by: str
    uploaded_at: datetime
    stored_as: str


def upload(
    engine: Engine, file: BinaryIO, name: str, *, actor: Actor, once: Callable[[bytes], Once | None] | None = None
) -> AttachmentItem:
    """Keep one seekable file. The bytes are stored before the row, so that a row always has its bytes.

    `once` makes the idempotency key for what stands for the body (name and hash); a repetition answers the first file.

    Raises Refused: FILE_EMPTY, FILE_TOO_LARGE, FILE_TYPE, TOO_MANY_FILES.
    """
    digest, size = _measure(file)
    kind = kinds.find(file)
    place = storage(engine.settings.attachments_url)
    key = secrets.token_hex(20)
    place.put(key, file)
    command = KeepAttachment(kinds.clean_name(name, kind), kind.mime, size, digest, key, actor=actor)
    try:
        kept = engine.run(command, once(f"{name}\x00{digest}".encode("utf-8", "replace")) if once else None)
    except BaseException:
        place.delete(key)
        raise
    item = AttachmentItem(**kept["item"] | {"uploaded_at": datetime.fromisoformat(kept["item"]["uploaded_at"])})
    for old in kept["swept"] if item.stored_as == key else [key]:
        place.delete(old)
    return item


def open_(engine: Engine, item: AttachmentItem) -> BinaryIO:
    """The bytes. Raises NotFound where the store has lost them."""
    try:
        return storage(engine.settings.attachments_url).open(item.stored_as)
    except FileNotFoundError as error:
        raise NotFound(T("附件“{name}”的内容不在存储中，请联系管理员。", name=item.name), code="FILE_LOST") from error


@dataclass(frozen=True)
class KeepAttachment:
    """The row of a file already stored. Answers `{"item", "swept"}`: as JSON the item, and the keys of this person's
    forgotten files, now to be deleted."""

    name: str
    type: str
    size: int
    sha256: str
    stored_as: str
    actor: Actor

    def execute(self, step: Step) -> dict[str, Any]:
        connection = step.connection
        mine = _waiting(self.actor.username)
        old = mine & (attachment.c.uploaded_at < step.now - WAITS)
        swept = list(connection.execute(select(attachment.c.stored_as).where(old)).scalars())
        connection.execute(delete(attachment).where(old))
        waiting = connection.execute(select(func.count()).select_from(attachment).where(mine)).scalar_one()
        if waiting >= MOST_WAITING:
            raise Refused(
                T("您已上传 {n} 个还没有提交的文件，请先提交或过些天再上传。", n=waiting), code="TOO_MANY_FILES"
            )
        item = AttachmentItem(
            new_id(), self.name, self.size, self.type, self.sha256, self.actor.username, step.now, self.stored_as
        )
        connection.execute(
            insert(attachment).values({name: getattr(item, name) for name in AttachmentItem.__dataclass_fields__})
        )
        return {"item": asdict(item) | {"uploaded_at": item.uploaded_at.isoformat()}, "swept": swept}


@dataclass(frozen=True)
class AttachmentView:
    """What is known of a file: for who handed it in, and who may see the instance (or a task of it) it belongs to.

    Raises NotFound, also for those who must not know of it.
    """

    attachment_id: str
    actor: Actor

    def answer(self, reading: Reading) -> AttachmentItem:
        row = reading.connection.execute(select(attachment).where(attachment.c.id == self.attachment_id)).first()
        if row is None or not (row.uploaded_by == self.actor.username or self._sees_its_case(reading)):
            raise NotFound(T("没有这个附件。"))
        return _item(row)

    def _sees_its_case(self, reading: Reading) -> bool:
        linked = select(attachment_link.c.instance_id).where(attachment_link.c.attachment_id == self.attachment_id)
        case = select(t.instance.c.id).where(t.instance.c.id.in_(linked), policy.instance_filter(self.actor))
        task = select(t.task.c.id).where(t.task.c.instance_id.in_(linked), policy.task_filter(self.actor))
        return any(reading.connection.execute(found.limit(1)).first() for found in (case, task))


def described(connection: Connection, attachment_ids: Sequence[str]) -> dict[str, AttachmentItem]:
    """Id -> item, for a page that already knows its reader may see them; ids that are none are left out."""
    rows = connection.execute(select(attachment).where(attachment.c.id.in_(list(attachment_ids))))
    return {row.id: _item(row) for row in rows}


def usable(
    connection: Connection, attachment_ids: Sequence[str], *, instance_id: str, actor: Actor
) -> dict[str, Text | None]:
    """Id -> what is wrong with it for this person in this instance; None where nothing is. For the form's validation."""
    ids = list(dict.fromkeys(attachment_ids))
    linked = exists().where(
        attachment_link.c.attachment_id == attachment.c.id, attachment_link.c.instance_id == instance_id
    )
    good = set(
        connection.execute(
            select(attachment.c.id).where(
                attachment.c.id.in_(ids), or_(attachment.c.uploaded_by == actor.username, linked)
            )
        ).scalars()
    )
    return {each: None if each in good else T("没有这个附件，请重新上传。") for each in ids}


def link(
    connection: Connection,
    attachment_ids: Sequence[str],
    *,
    instance_id: str,
    task_id: str | None,
    actor: Actor,
    now: datetime,
    field: str = "attachments",
) -> None:
    """The files come with a form: they belong to the instance from now on, once and for all.

    `now` aware. Raises Invalid on `field` for an id that is neither the actor's own file nor already the instance's.
    """
    wrong = [
        found for found in usable(connection, attachment_ids, instance_id=instance_id, actor=actor).values() if found
    ]
    if wrong:
        raise Invalid({field: wrong[:1]})
    for each in dict.fromkeys(attachment_ids):
        connection.execute(
            insert_new(connection, attachment_link).values(
                attachment_id=each, instance_id=instance_id, task_id=task_id, linked_at=now
            )
        )


def _measure(file: BinaryIO) -> tuple[str, int]:
    """SHA-256 and size, without holding the whole file in memory. Raises Refused for an empty or a too large one."""
    digest, size = hashlib.sha256(), 0
    file.seek(0)
    while chunk := file.read(CHUNK):
        digest.update(chunk)
        size += len(chunk)
        if size > LARGEST:
            raise Refused(T("文件超过 {n} MB，请压缩或拆分后再上传。", n=LARGEST // 2**20), code="FILE_TOO_LARGE")
    if not size:
        raise Refused(T("这是一个空文件，请检查后再上传。"), code="FILE_EMPTY")
    return digest.hexdigest(), size


def _waiting(username: str) -> ColumnElement[bool]:
    linked = exists().where(attachment_link.c.attachment_id == attachment.c.id)
    return (attachment.c.uploaded_by == username) & ~linked


def _item(row: Row[tuple[object, ...]]) -> AttachmentItem:
    return AttachmentItem(**{name: getattr(row, name) for name in AttachmentItem.__dataclass_fields__})
