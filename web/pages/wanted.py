"""What a running case wants of its reader now: the links beside a meeting, a notice, an objection."""

from __future__ import annotations

from typing import Any

from engine.queries.work_list import WorkList
from engine.registry import Actor
from forms.i18n import gettext
from web.pages.desk import ask, due


def wanted(actor: Actor, instance_id: str | None) -> list[dict[str, Any]]:
    """The open tasks of this case that the reader may do: id, name, due. One query."""
    if instance_id is None:
        return []
    found = ask(WorkList(actor, mine=True, process_instance_id=instance_id, max_results=20)).items
    return [{"id": one.id, "name": gettext(one.name), "due": due(one.due_at)} for one in found]
