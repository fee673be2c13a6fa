"""Which definition an instance starts on: a process of the active release."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, select

from engine.errors import NotFound, Refused
from engine.store import tables as t
from forms.i18n import T


def startable(connection: Connection, *, definition_id: str | None = None, key: str | None = None) -> Row[Any]:
    """The definition with the active release it belongs to (`deployment_id`).

    Raises NotFound; Refused (NOT_ACTIVE) for a version of another release, (NOT_EXECUTABLE) for a drawing."""
    definition, part, deployment = t.definition, t.deployment_definition, t.deployment
    query = (
        select(definition.c.id, definition.c.key, definition.c.kind, definition.c.starter_groups)
        .add_columns(part.c.deployment_id)
        .join(part, part.c.definition_id == definition.c.id)
        .join(deployment, deployment.c.id == part.c.deployment_id)
        .where(deployment.c.state == "active")
    )
    if definition_id is not None:
        query = query.where(definition.c.id == definition_id)
    else:
        query = query.where(definition.c.key == key, definition.c.kind.in_(("process", "drawing")))
    row = connection.execute(query.order_by(definition.c.kind.desc())).first()
    if row is None:
        if definition_id is not None and _exists(connection, definition_id):
            raise Refused(T("这个版本不在当前发布里，不能发起。"), code="NOT_ACTIVE")
        raise NotFound(T("当前发布里没有这个流程。"))
    if row.kind != "process":
        raise Refused(T("这是一张只供查看的图，不能发起。"), code="NOT_EXECUTABLE")
    return row


def _exists(connection: Connection, definition_id: str) -> bool:
    found = connection.scalar(select(t.definition.c.id).where(t.definition.c.id == definition_id))
    return found is not None
