"""What somebody else changed and put in force meanwhile: a change must not take it back unseen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row

from engine.commands import release_rows
from engine.commands.contents import Content
from engine.errors import Refused
from engine.studio import reviews, rows
from engine.studio.release import files_of
from engine.studio.versions import digest
from forms.i18n import T


def behind(connection: Connection, change_id: str, standing: Iterable[Content]) -> list[str]:
    """The files of a change that the active release has in another state than the one they were written over, and in another than
    theirs. `standing`: the active release."""
    now = files_of(list(standing))
    return [
        name
        for name, saved in rows.newest(connection, change_id).items()
        if saved.content is not None and saved.content != now.get(name) and saved.over != digest(now.get(name))
    ]


def require_none(files: Iterable[str]) -> None:
    """Raises Refused (BEHIND)."""
    if names := list(files):
        raise Refused(
            T(
                "“{files}”在改动期间被另一个启用的版本改过，直接启用会把那边的改动盖掉。请先在改动里比较、合并，再提交。",
                files=names,
            ),
            code="BEHIND",
        )


def overtaken(connection: Connection, deployment: Row[Any], current: Row[Any] | None) -> Refused | None:
    """Why a proposed change may not become active: another release, active since, brought one of its files otherwise. None where
    it may, and for an upload, which says itself what is to be."""
    if current is None or deployment.state != "candidate" or deployment.parent_id in (None, current.id):
        return None
    known = reviews.review(connection, deployment.id)
    if known is None or known.change_id is None:
        return None
    before = {each.place: each.sha256 for each in release_rows.contents_of(connection, deployment.parent_id)}
    now = {each.place: each.sha256 for each in release_rows.contents_of(connection, current.id)}
    names = [
        each.file
        for each in release_rows.contents_of(connection, deployment.id, brought=True)
        if now.get(each.place) not in (before.get(each.place), each.sha256)
    ]
    if not names:
        return None
    text = T(
        "“{files}”在提交以后被另一个启用的版本改过，启用会把那边的改动盖掉。请撤回这次提交，合并以后再提交。",
        files=names,
    )
    return Refused(text, code="OVERTAKEN")
