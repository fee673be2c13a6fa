"""Releases: what was uploaded by whom, and what is active."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from engine import policy
from engine.errors import Forbidden, NotFound
from engine.policy import DeploymentFacts
from engine.queries import shaped
from engine.queries.definitions import items
from engine.queries.reading import Page, Reading
from engine.queries.views import DeploymentDetail, DeploymentItem
from engine.registry import Actor
from engine.store import tables as t
from forms.i18n import T


@dataclass(frozen=True)
class DeploymentList:
    """Releases, newest first. Three statements. Raises Forbidden."""

    actor: Actor
    state: str | None = None
    first_result: int = 0
    max_results: int = 50

    def answer(self, reading: Reading) -> Page[DeploymentItem]:
        _require(self.actor)
        deployment = t.deployment.c
        query = select(t.deployment)
        if self.state is not None:
            query = query.where(deployment.state == self.state)
        ordered = query.order_by(deployment.uploaded_at.desc(), deployment.id)
        rows = reading.connection.execute(shaped.limited(ordered, self.first_result, self.max_results)).all()
        people = [person for row in rows for person in (row.uploaded_by, row.activated_by)]
        known = shaped.names(reading.connection, people)
        found = [_item(reading, self.actor, row, known) for row in rows]
        return Page(found, shaped.count(reading.connection, query))


@dataclass(frozen=True)
class DeploymentView:
    """One release with its definitions. Five statements. Raises NotFound, Forbidden."""

    actor: Actor
    deployment_id: str

    def answer(self, reading: Reading) -> DeploymentDetail:
        _require(self.actor)
        row = reading.connection.execute(select(t.deployment).where(t.deployment.c.id == self.deployment_id)).first()
        if row is None:
            raise NotFound(T("没有这次发布。"))
        part = t.deployment_definition.c
        parts = reading.connection.execute(
            select(part.definition_id, part.deployment_id).where(part.deployment_id.in_([row.id, row.parent_id]))
        ).all()
        mine = {each.definition_id for each in parts if each.deployment_id == row.id}
        before = {each.definition_id for each in parts if each.deployment_id == row.parent_id}
        definitions = items(
            reading, self.actor, t.definition.c.id.in_(select(part.definition_id).where(part.deployment_id == row.id))
        )
        known = shaped.names(reading.connection, [row.uploaded_by, row.activated_by])
        return DeploymentDetail(
            deployment=_item(reading, self.actor, row, known),
            definitions=tuple(definitions),
            changed=frozenset(mine - before),
        )


def _require(actor: Actor) -> None:
    if not policy.allows(actor, "deployment.read"):
        raise Forbidden(T("您没有这项权限。"))


def _item(reading: Reading, actor: Actor, row: Row[Any], known: Mapping[str, str]) -> DeploymentItem:
    facts = DeploymentFacts(row.uploaded_by, reading.engine.settings.four_eyes)
    return DeploymentItem(
        id=row.id,
        state=row.state,
        origin=row.origin,
        uploaded_by=row.uploaded_by,
        uploaded_by_name=known.get(row.uploaded_by, row.uploaded_by),
        uploaded_at=row.uploaded_at,
        activated_by=row.activated_by,
        activated_by_name=known.get(row.activated_by, row.activated_by),
        activated_at=row.activated_at,
        comment=row.comment,
        parent_id=row.parent_id,
        content_hash=row.content_hash,
        warnings=row.warnings,
        may_activate=row.state != "active" and policy.allows(actor, "deployment.activate", facts),
    )
