"""The rows of what waits on, after its instance has moved: the elements are those of the other release, all else stays."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update

from engine.bpmn.model import Picture
from engine.commands.case import Case
from engine.releases import LoadedRelease
from engine.store import tables as t


def refresh(case: Case, picture: Picture, before: LoadedRelease) -> None:
    """Names, forms and properties of open tasks, timers, messages and incidents as `case.release` has them. Due times, assignees, offers
    and drafts are left alone. A task whose form or hints changed gets a new revision: who has it open is told to look again."""
    connection = case.step.connection
    task = t.task
    kept = {
        row.id: row for row in connection.execute(select(task).where(task.c.instance_id == case.id, t.task_open)).all()
    }
    for each in picture.tasks:
        row = kept[each.id]
        values: dict[str, Any] = {
            "element_id": each.element_id,
            "name": each.name or each.element_id,
            "form_key": each.form_key,
            "lane": each.lane,
            "properties": dict(each.properties),
        }
        form = ("form", each.form_key or "")
        other_form = before.definition_ids.get(form) != case.release.definition_ids.get(form)
        if other_form or any(getattr(row, name) != value for name, value in values.items()):
            connection.execute(update(task).where(task.c.id == each.id).values(**values, revision=task.c.revision + 1))
    for timer in picture.timers:
        row_of = update(t.timer).where(t.timer.c.id == timer.id)
        connection.execute(row_of.values(element_id=timer.element_id, name=timer.name))
    for waiting in picture.messages:
        row_of = update(t.waiting_message).where(t.waiting_message.c.id == waiting.id)
        connection.execute(row_of.values(element_id=waiting.element_id, name=waiting.element_name))
    for failure in picture.failures:
        incident = t.incident
        standing = (incident.c.instance_id == case.id) & (incident.c.task_id == failure.task_id)
        open_one = update(incident).where(standing, incident.c.state != "resolved")
        connection.execute(open_one.values(element_id=failure.element_id))
