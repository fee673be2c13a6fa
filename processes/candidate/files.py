"""The files of an application's case, for those who check it and decide on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, RowMapping, select

from engine.attachments.keeping import AttachmentItem, described
from engine.attachments.tables import attachment_link
from engine.store.tables import task
from forms.i18n import T, Text, gettext
from processes.register import applications
from processes.register.application_tables import application

if TYPE_CHECKING:
    from engine.queries.reading import Reading

FORM = "fill_application"
Known = Mapping[str, AttachmentItem]
CONFIDENTIAL = T("涉密/不宜公开，已由单位审核")
MISSING = T("没有上传文件")


@dataclass(frozen=True)
class FileGroup:
    """What belongs together: `what` says of what, `instead` why there is no file."""

    what: Text | str
    files: tuple[AttachmentItem, ...]
    instead: Text | None = None


@dataclass(frozen=True)
class CaseFiles:
    """Evidence for the channel, works, then the files of each step, oldest first. A confidential work has a placeholder
    (R-52). Empty for an instance without an application. For somebody who may see the instance or a task of it: the caller
    has asked the policy before, and a download asks it again."""

    instance_id: str

    def answer(self, reading: Reading) -> list[FileGroup]:
        connection = reading.connection
        row = (
            connection.execute(select(application).where(application.c.instance_id == self.instance_id))
            .mappings()
            .first()
        )
        if row is None:
            return []
        works = applications.details(connection, row["id"], "works")
        linked = _linked(connection, self.instance_id)
        own = [*row["channel_evidence"], *(file for work in works for file in work["file"])]
        known = described(connection, [*own, *(file for file, _ in linked)])
        return [*_of_the_form(row, works, known), *_of_the_steps(linked, set(own), known)]


def _of_the_form(row: RowMapping, works: Sequence[RowMapping], known: Known) -> Iterator[FileGroup]:
    if row["channel_evidence"]:
        yield FileGroup(T("渠道证明材料"), _items(row["channel_evidence"], known))
    for work in works:
        if work["confidential"]:
            yield FileGroup(T("代表作 {n}", n=work["position"]), (), CONFIDENTIAL)
            continue
        files = _items(work["file"], known)
        what = T("代表作 {n}《{title}》", n=work["position"], title=work["title"])
        yield FileGroup(what, files, None if files else MISSING)


def _linked(connection: Connection, instance_id: str) -> list[tuple[str, str]]:
    """(attachment id, name of the step), oldest first. Of the application form only the newest hand-in
    counts: a work may have been replaced, or turned out to be confidential, since the one before."""
    done = select(task.c.id).where(
        task.c.instance_id == instance_id, task.c.element_id == FORM, task.c.state == "completed"
    )
    newest = connection.execute(done.order_by(task.c.closed_at.desc()).limit(1)).scalar()
    query = (
        select(attachment_link.c.attachment_id, task.c.name)
        .join(task, task.c.id == attachment_link.c.task_id)
        .where(attachment_link.c.instance_id == instance_id, (task.c.element_id != FORM) | (task.c.id == newest))
    )
    ordered = query.order_by(attachment_link.c.linked_at, attachment_link.c.attachment_id)
    return [(row.attachment_id, row.name) for row in connection.execute(ordered)]


def _of_the_steps(linked: Sequence[tuple[str, str]], told: set[str], known: Known) -> Iterator[FileGroup]:
    steps: dict[str, list[str]] = {}
    for file, name in linked:
        if file not in told:
            steps.setdefault(name, []).append(file)
    for name, files in steps.items():
        yield FileGroup(T("“{step}”的附件", step=gettext(name)), _items(files, known))


def _items(files: Sequence[str], known: Known) -> tuple[AttachmentItem, ...]:
    return tuple(known[file] for file in files if file in known)
