"""Saving versions of a change's files. A version is never changed: to restore one is to save it again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.commands.held import display_name
from engine.commands.step import Step
from engine.errors import Conflict, DeploymentRefused, Invalid, NotFound, Refused
from engine.registry import Actor
from engine.studio import drafts, rows
from engine.studio.checking import admit
from engine.studio.release import active_contents, files_of
from forms.i18n import T

if TYPE_CHECKING:
    from engine.engine import Engine

MOST_FILES = 200  # brought into a change at once


@dataclass(frozen=True)
class SaveVersion:
    """Save what `actor` wrote as the next version of a file; `seen`: number of the version they began from (0: the active
    release's). Answers `{"number"}`, of the newest version also where nothing differs from it. The draft is over then.

    Raises Conflict VERSION_MOVED (facts `latest`, `by`, `at`) where somebody saved meanwhile: `content` is kept as the draft then.
    DeploymentRefused for what `checking.admit` refuses; Forbidden, NotFound, Conflict (CHANGE_CLOSED), Invalid (`comment`)."""

    change_id: str
    file_name: str
    actor: Actor
    content: bytes
    comment: str
    seen: int

    def conduct(self, engine: Engine) -> dict[str, int]:
        try:
            return engine.run(_Save(self.change_id, self.file_name, self.actor, self.content, self.comment, self.seen))
        except Conflict as moved:
            if moved.code == "VERSION_MOVED":
                engine.run(
                    drafts.KeepDraft(self.change_id, self.file_name, self.actor, content=self.content, base=self.seen)
                )
            raise


@dataclass(frozen=True)
class _Save:
    change_id: str
    file_name: str
    actor: Actor
    content: bytes
    comment: str
    seen: int

    def execute(self, step: Step) -> dict[str, int]:
        rows.editable(step, self.actor, self.change_id)
        comment = rows.checked_text("comment", self.comment)
        refuse({self.file_name: self.content})
        saved = rows.latest(step.connection, self.change_id, self.file_name)
        standing = files_of(active_contents(step.connection)).get(self.file_name)
        now_there = saved.content if saved.content is not None else standing
        if self.content != now_there:
            if saved.number != self.seen:
                raise Conflict(
                    T(
                        "{who} 在您打开之后保存了这个文件。您写的内容已留作草稿。",
                        who=display_name(step.connection, saved.author),
                    ),
                    code="VERSION_MOVED",
                    by=display_name(step.connection, saved.author),
                    at=saved.at,
                    latest=saved.number,
                )
            over = saved.over if saved.content is not None else digest(standing)
            number = saved.number + 1
            rows.append(
                step,
                self.change_id,
                self.file_name,
                self.actor,
                self.content,
                number=number,
                comment=comment,
                over=over,
            )
        else:
            number = saved.number
        drafts.forget(step.connection, self.change_id, self.file_name, self.actor)
        return {"number": number}


@dataclass(frozen=True)
class RestoreVersion:
    """Save an earlier version again as the newest; number 0 is the file of the active release, so that the change no longer
    holds it. Answers `{"number"}`. Raises NotFound, Forbidden, Conflict (CHANGE_CLOSED), Invalid (`comment`), DeploymentRefused."""

    change_id: str
    file_name: str
    number: int
    actor: Actor
    comment: str = ""

    def execute(self, step: Step) -> dict[str, int]:
        rows.editable(step, self.actor, self.change_id)
        if self.number == 0:
            return RemoveFile(self.change_id, self.file_name, self.actor, self.comment).execute(step)
        content = rows.content_of(step.connection, self.change_id, self.file_name, self.number)
        if content is None:
            raise NotFound(T("没有这个版本。"))
        refuse({self.file_name: content})
        saved = rows.latest(step.connection, self.change_id, self.file_name)
        standing = files_of(active_contents(step.connection)).get(self.file_name)
        rows.append(
            step,
            self.change_id,
            self.file_name,
            self.actor,
            content,
            number=saved.number + 1,
            comment=rows.checked_text("comment", self.comment),
            over=saved.over if saved.content is not None else digest(standing),
            restored_from=self.number,
        )
        return {"number": saved.number + 1}


@dataclass(frozen=True)
class AcceptRelease:
    """Say that what became active meanwhile was looked at, and that this file of the change stays as it is: the change is no longer
    said to be behind. One version more, of the same content. Answers `{"number"}`.
    Raises NotFound (the change does not hold the file), Forbidden, Conflict (CHANGE_CLOSED)."""

    change_id: str
    file_name: str
    actor: Actor
    comment: str = ""

    def execute(self, step: Step) -> dict[str, int]:
        rows.editable(step, self.actor, self.change_id)
        saved = rows.latest(step.connection, self.change_id, self.file_name)
        if saved.content is None:
            raise NotFound(T("这个改动里没有这个文件。"))
        standing = files_of(active_contents(step.connection)).get(self.file_name)
        rows.append(
            step,
            self.change_id,
            self.file_name,
            self.actor,
            saved.content,
            number=saved.number + 1,
            comment=rows.checked_text("comment", self.comment),
            over=digest(standing),
            restored_from=saved.number,
        )
        return {"number": saved.number + 1}


@dataclass(frozen=True)
class RemoveFile:
    """The change no longer holds the file: the active release's counts. Its versions stay, and the newest says that it was taken
    out. Answers `{"number"}`. Raises NotFound (it holds no such file), Forbidden, Conflict (CHANGE_CLOSED)."""

    change_id: str
    file_name: str
    actor: Actor
    comment: str = ""

    def execute(self, step: Step) -> dict[str, int]:
        rows.editable(step, self.actor, self.change_id)
        saved = rows.latest(step.connection, self.change_id, self.file_name)
        if saved.content is None:
            raise NotFound(T("这个改动里没有这个文件。"))
        rows.append(
            step,
            self.change_id,
            self.file_name,
            self.actor,
            None,
            number=saved.number + 1,
            comment=rows.checked_text("comment", self.comment),
            over=None,
        )
        return {"number": saved.number + 1}


@dataclass(frozen=True)
class BringFiles:
    """Bring files (name -> bytes) into a change, one version each; what is there already, byte for byte, is left alone.
    Answers `{"files": {name: number}}` with those that are new. All of them or none.
    Raises Forbidden, NotFound, Conflict (CHANGE_CLOSED), DeploymentRefused (what `admit` refuses), Refused (TOO_MANY_FILES), Invalid."""

    change_id: str
    files: Mapping[str, bytes]
    actor: Actor
    comment: str = ""

    def execute(self, step: Step) -> dict[str, Any]:
        rows.editable(step, self.actor, self.change_id)
        comment = rows.checked_text("comment", self.comment)
        if not self.files:
            raise Invalid({"files": [T("请选择文件。")]})
        if len(self.files) > MOST_FILES:
            raise Refused(T("一次最多带入 {n} 个文件。", n=MOST_FILES), code="TOO_MANY_FILES")
        refuse(self.files)
        newest = rows.newest(step.connection, self.change_id)
        standing = files_of(active_contents(step.connection))
        made = {}
        for name, content in sorted(self.files.items()):
            saved = newest.get(name, rows.Saved())
            there = saved.content if saved.content is not None else standing.get(name)
            if content == there:
                continue
            made[name] = saved.number + 1
            rows.append(
                step,
                self.change_id,
                name,
                self.actor,
                content,
                number=made[name],
                comment=comment,
                over=digest(standing.get(name)),
            )
        return {"files": made}


def refuse(files: Mapping[str, bytes]) -> None:
    """Raises DeploymentRefused for what may not even be kept."""
    problems = [problem for name, content in sorted(files.items()) for problem in admit(name, content)]
    if problems:
        raise DeploymentRefused(problems)


def digest(content: bytes | None) -> str | None:
    """What `change_version.over` holds of a file of the active release."""
    return hashlib.sha256(content).hexdigest() if content is not None else None
