"""Reading changes, their files and every saved version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select

from engine import policy
from engine.commands import contents
from engine.errors import Forbidden, NotFound
from engine.queries import shaped
from engine.queries.reading import Page, Reading
from engine.registry import Actor
from engine.studio import drafts, rows
from engine.studio import tables as s
from engine.studio.drafts import Other
from engine.studio.naming import about, about_all
from engine.studio.release import active_contents, file_of, files_of
from engine.studio.versions import digest
from forms.i18n import T


@dataclass(frozen=True)
class ChangeItem:
    """One change. Datetimes are aware, UTC. `may_edit`: the reader may change its files now."""

    id: str
    title: str
    reason: str
    state: str  # open | proposed | published | dropped
    created_by: str
    created_by_name: str
    created_at: datetime
    ended_at: datetime | None
    deployment_id: str | None
    files: int  # how many it holds
    may_edit: bool


@dataclass(frozen=True)
class FileItem:
    """One file that a change holds, or that somebody has begun to edit in it."""

    name: str
    key: str  # of the (first) definition in it
    title: str  # what it is about: the name of that definition
    kind: str | None  # process | decision | form | test
    number: int  # of the newest version; 0: nothing was saved yet
    held: bool  # the change brings its own content
    new: bool  # the active release has no such file
    behind: bool  # the active release's file is another than the one this was written over
    author: str | None
    author_name: str | None
    at: datetime | None
    comment: str
    there: tuple[Other, ...]  # who has it open now
    mine: bool  # the reader has unsaved changes in it


@dataclass(frozen=True)
class OtherFile:
    """A file of the active release that the change does not hold."""

    name: str
    title: str
    kind: str | None


@dataclass(frozen=True)
class ChangeDetail:
    change: ChangeItem
    files: tuple[FileItem, ...]
    others: tuple[OtherFile, ...]


@dataclass(frozen=True)
class Draft:
    """What the reader has not saved. `base`: number of the version they began from."""

    content: bytes
    base: int
    at: datetime


@dataclass(frozen=True)
class FileDetail:
    """One file as somebody opens it: `content` is the newest version, else the active release's (number 0). `draft`: the reader's
    own. `active`: the active release's bytes, None where it has no such file."""

    change: ChangeItem
    name: str
    key: str  # of the (first) definition in it
    title: str
    kind: str | None
    number: int
    held: bool
    content: bytes
    author_name: str | None
    at: datetime | None
    comment: str
    active: bytes | None
    behind: bool
    draft: Draft | None
    others: tuple[Other, ...]


@dataclass(frozen=True)
class VersionItem:
    """One saved state. `removed`: it only says that the change no longer holds the file."""

    number: int
    author: str
    author_name: str
    at: datetime
    comment: str
    restored_from: int | None
    removed: bool
    size: int  # bytes


@dataclass(frozen=True)
class ChangeList:
    """Changes, newest first. `state` None: all of them. Four statements. Raises Forbidden."""

    actor: Actor
    state: str | None = None
    first_result: int = 0
    max_results: int = 50

    def answer(self, reading: Reading) -> Page[ChangeItem]:
        if not policy.allows(self.actor, "studio.read"):
            raise Forbidden(T("只有流程负责人和管理人员可以查看流程设计。"))
        query = select(s.change)
        if self.state is not None:
            query = query.where(s.change.c.state == self.state)
        ordered = query.order_by(s.change.c.created_at.desc(), s.change.c.id)
        found = reading.connection.execute(shaped.limited(ordered, self.first_result, self.max_results)).all()
        return Page(_items(reading, self.actor, found), shaped.count(reading.connection, query))


@dataclass(frozen=True)
class ChangeView:
    """One change with its files. Raises Forbidden, NotFound."""

    actor: Actor
    change_id: str

    def answer(self, reading: Reading) -> ChangeDetail:
        row = rows.readable(reading.connection, self.actor, self.change_id)
        newest = rows.newest(reading.connection, row.id)
        active = active_contents(reading.connection)
        standing = files_of(active)
        known_files = about_all(active)
        there = drafts.present(reading.connection, row.id, reading.engine.wall.now())
        d = s.change_draft.c
        unsaved = select(d.file_name).where(
            d.change_id == row.id, d.username == self.actor.username, d.content.is_not(None)
        )
        mine = set(reading.connection.scalars(unsaved))
        known = shaped.names(reading.connection, [saved.author for saved in newest.values()])
        names = sorted(newest.keys() | mine | there.keys())
        files = []
        for name in names:
            saved = newest.get(name, rows.Saved())
            held = saved.content is not None
            subject = about(name, saved.content, known_files)
            files.append(
                FileItem(
                    name=name,
                    key=subject.key,
                    title=subject.title,
                    kind=contents.kind_of(name),
                    number=saved.number,
                    held=held,
                    new=name not in standing,
                    behind=held and saved.over != digest(standing.get(name)),
                    author=saved.author,
                    author_name=known.get(saved.author or "", saved.author),
                    at=saved.at,
                    comment=saved.comment,
                    there=tuple(there.get(name, ())),
                    mine=name in mine,
                )
            )
        holding = {file.name for file in files if file.held}
        return ChangeDetail(
            change=_items(reading, self.actor, [row])[0],
            files=tuple(files),
            others=tuple(
                OtherFile(name, known_files[name].title, contents.kind_of(name))
                for name in sorted(standing.keys() - holding)
            ),
        )


@dataclass(frozen=True)
class FileView:
    """One file of a change, for its editor. Raises Forbidden, NotFound (neither the change nor the active release has it)."""

    actor: Actor
    change_id: str
    file_name: str

    def answer(self, reading: Reading) -> FileDetail:
        row = rows.readable(reading.connection, self.actor, self.change_id)
        saved = rows.latest(reading.connection, row.id, self.file_name)
        release = active_contents(reading.connection)
        active = files_of(release).get(self.file_name)
        content = saved.content if saved.content is not None else active
        if content is None:
            raise NotFound(T("这个改动里没有这个文件。"))
        known = shaped.names(reading.connection, [saved.author])
        subject = about(self.file_name, content, about_all(release))
        wall = reading.engine.wall.now()
        return FileDetail(
            change=_items(reading, self.actor, [row])[0],
            name=self.file_name,
            key=subject.key,
            title=subject.title,
            kind=contents.kind_of(self.file_name),
            number=saved.number,
            held=saved.content is not None,
            content=content,
            author_name=known.get(saved.author or "", saved.author),
            at=saved.at,
            comment=saved.comment,
            active=active,
            behind=saved.content is not None and saved.over != digest(active),
            draft=draft_of(reading, row.id, self.file_name, self.actor),
            others=tuple(drafts.others(reading.connection, row.id, self.file_name, self.actor, wall)),
        )


@dataclass(frozen=True)
class EditPlaces:
    """Where a definition of the active release can be edited: its file, and the open changes, those first that hold it already.
    `file` None: it is not in the active release. Raises Forbidden."""

    actor: Actor
    definition_id: str

    def answer(self, reading: Reading) -> tuple[str | None, str, list[tuple[ChangeItem, bool]]]:
        changes = ChangeList(self.actor, "open").answer(reading).items
        release = active_contents(reading.connection)
        wanted = next((content for content in release if content.id == self.definition_id), None)
        if wanted is None:
            return None, "", []
        file = file_of(release, wanted)
        placed = [(item, file in rows.held(reading.connection, item.id)) for item in changes]
        return file, wanted.name, sorted(placed, key=lambda one: not one[1])


@dataclass(frozen=True)
class FileHistory:
    """Every version saved of a file, newest first. Raises Forbidden, NotFound."""

    actor: Actor
    change_id: str
    file_name: str

    def answer(self, reading: Reading) -> list[VersionItem]:
        rows.readable(reading.connection, self.actor, self.change_id)
        v = s.change_version.c
        query = (
            select(v.number, v.author, v.at, v.comment, v.restored_from, func.length(v.content).label("size"))
            .where(v.change_id == self.change_id, v.file_name == self.file_name)
            .order_by(v.number.desc())
        )
        found = reading.connection.execute(query).all()
        known = shaped.names(reading.connection, [row.author for row in found])
        return [
            VersionItem(
                number=row.number,
                author=row.author,
                author_name=known.get(row.author, row.author),
                at=row.at,
                comment=row.comment,
                restored_from=row.restored_from,
                removed=row.size is None,
                size=row.size or 0,
            )
            for row in found
        ]


@dataclass(frozen=True)
class VersionContent:
    """The bytes of one version; number 0 is the active release's file. Raises Forbidden, NotFound."""

    actor: Actor
    change_id: str
    file_name: str
    number: int

    def answer(self, reading: Reading) -> bytes:
        rows.readable(reading.connection, self.actor, self.change_id)
        if self.number == 0:
            content = files_of(active_contents(reading.connection)).get(self.file_name)
        else:
            content = rows.content_of(reading.connection, self.change_id, self.file_name, self.number)
        if content is None:
            raise NotFound(T("没有这个版本。"))
        return content


@dataclass(frozen=True)
class DraftContent:
    """What the reader has not saved in a file; None where there is nothing. Raises Forbidden, NotFound."""

    actor: Actor
    change_id: str
    file_name: str

    def answer(self, reading: Reading) -> Draft | None:
        rows.readable(reading.connection, self.actor, self.change_id)
        return draft_of(reading, self.change_id, self.file_name, self.actor)


def draft_of(reading: Reading, change_id: str, file_name: str, actor: Actor) -> Draft | None:
    d = s.change_draft.c
    row = reading.connection.execute(
        select(d.content, d.base, d.at).where(
            d.change_id == change_id,
            d.file_name == file_name,
            d.username == actor.username,
            d.content.is_not(None),
        )
    ).first()
    return Draft(row.content, row.base, row.at) if row is not None else None


def _items(reading: Reading, actor: Actor, found: Sequence[Row[Any]]) -> list[ChangeItem]:
    known = shaped.names(reading.connection, [row.created_by for row in found])
    counted = _counted(reading, [row.id for row in found])
    may = policy.allows(actor, "studio.edit")
    return [
        ChangeItem(
            id=row.id,
            title=row.title,
            reason=row.reason,
            state=row.state,
            created_by=row.created_by,
            created_by_name=known.get(row.created_by, row.created_by),
            created_at=row.created_at,
            ended_at=row.ended_at,
            deployment_id=row.deployment_id,
            files=counted.get(row.id, 0),
            may_edit=may and row.state == "open",
        )
        for row in found
    ]


def _counted(reading: Reading, ids: Sequence[str]) -> Mapping[str, int]:
    """How many files each change holds: those whose newest version has a content."""
    if not ids:
        return {}
    v = s.change_version
    top = (
        select(v.c.change_id, v.c.file_name, func.max(v.c.number).label("number"))
        .where(v.c.change_id.in_(ids))
        .group_by(v.c.change_id, v.c.file_name)
        .subquery()
    )
    same = (v.c.change_id == top.c.change_id) & (v.c.file_name == top.c.file_name) & (v.c.number == top.c.number)
    query = select(v.c.change_id, func.count()).join(top, same).where(v.c.content.is_not(None)).group_by(v.c.change_id)
    return {row[0]: row[1] for row in reading.connection.execute(query)}
